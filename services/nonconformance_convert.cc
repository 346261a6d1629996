#include "services/nonconformance_convert.h"

#include <array>
#include <charconv>

#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;

void Fill(v1::NcrAction& message, const domain::NcrAction& action) {
  message.set_text(action.text);
  message.set_owner(action.owner);
  if (action.due_time) *message.mutable_due_time() = ToProto(*action.due_time);
}

domain::Result<domain::NcrAction> FromProto(const v1::NcrAction& message, const std::string& field) {
  domain::NcrAction action{message.text(), message.owner(), std::nullopt};
  if (!message.has_due_time()) return action;
  const auto due = TimeFromProto(message.due_time(), field + ".due_time");
  if (!due) return Fail(due.error());
  action.due_time = *due;
  return action;
}

std::string StationCode(const domain::Plant& plant, int32_t station_id) {
  if (station_id == 0) return "";
  const domain::Station* station = plant.FindStation(station_id);
  if (station == nullptr) throw PlantBehind("station " + std::to_string(station_id) + " is not loaded");
  return station->code;
}

}  // namespace

v1::Ncr ToProto(const domain::Ncr& ncr, const domain::Plant& plant) {
  v1::Ncr message;
  message.set_ncr_id(ncr.id);
  message.set_state(static_cast<v1::NcrState>(ncr.state));
  message.set_failure_code_id(ncr.failure_code_id);
  if (ncr.material_id != 0) message.set_product_code(MaterialOf(plant, ncr.material_id).code);
  message.set_operation(ncr.operation);
  message.set_station_code(StationCode(plant, ncr.station_id));
  message.set_failure_code(ncr.failure_code);
  message.set_severity(static_cast<v1::Severity>(ncr.severity));
  message.set_description(ncr.description);
  for (const int64_t hold : ncr.hold_ids) message.add_hold_ids(hold);
  message.set_containment(ncr.containment);
  for (const std::string& why : ncr.whys) message.add_whys(why);
  message.set_cause_category(static_cast<v1::CauseCategory>(ncr.cause_category));
  if (!ncr.corrective.text.empty()) Fill(*message.mutable_corrective(), ncr.corrective);
  if (!ncr.preventive.text.empty()) Fill(*message.mutable_preventive(), ncr.preventive);
  message.set_verification(ncr.verification);
  message.set_verification_evidence(ncr.verification_evidence);
  message.set_verified_by(ncr.verified_by);
  message.set_opened_by(ncr.opened_by);
  *message.mutable_open_time() = ToProto(ncr.open_time);
  message.set_units(ncr.units);
  message.set_open_units(ncr.open_units);
  return message;
}

v1::NcrTransition ToProto(const db::NcrTransition& transition) {
  v1::NcrTransition message;
  *message.mutable_transition_time() = ToProto(transition.time);
  message.set_move(static_cast<v1::NcrMove>(transition.move));
  message.set_from_state(static_cast<v1::NcrState>(transition.from));
  message.set_to_state(static_cast<v1::NcrState>(transition.to));
  message.set_person(transition.person);
  message.set_role(transition.role);
  message.set_reason(transition.reason);
  return message;
}

v1::NcrUnit ToProto(const db::NcrUnit& unit, const domain::Plant& plant) {
  v1::NcrUnit message;
  message.set_unit_code(unit.unit_code);
  if (unit.station_id != 0) {
    message.set_event(StationCode(plant, unit.station_id) + "/" + std::to_string(unit.epoch) + "/" +
                      std::to_string(unit.sequence));
  }
  *message.mutable_add_time() = ToProto(unit.add_time);
  message.set_withdrawn(unit.withdrawn);
  message.set_disposition(static_cast<v1::NcrDisposition>(unit.disposition));
  if (unit.disposition != domain::FailureDisposition::kNone) *message.mutable_dispose_time() = ToProto(unit.dispose_time);
  message.set_concession(unit.concession);
  message.set_reason(unit.reason);
  message.set_person(unit.person);
  message.set_second_person(unit.second_person);
  return message;
}

domain::Result<domain::NcrMovement> FromProto(const v1::MoveNcrRequest& request) {
  if (request.move() < v1::NCR_MOVE_CONTAIN || request.move() > v1::NCR_MOVE_CANCEL) {
    return Fail(FieldError(Reason::kEnumUnknown, "move", "move is missing or not one of those known here"));
  }
  if (request.cause_category() < v1::CAUSE_CATEGORY_UNSPECIFIED || request.cause_category() > v1::CAUSE_CATEGORY_ENVIRONMENT) {
    return Fail(FieldError(Reason::kEnumUnknown, "cause_category", "cause_category is not one of those known here"));
  }
  domain::NcrMovement movement;
  movement.move = static_cast<domain::NcrMove>(request.move());
  movement.person = request.person();
  movement.role = request.role();
  movement.reason = request.reason();
  movement.containment = request.containment();
  movement.hold_ids.assign(request.hold_ids().begin(), request.hold_ids().end());
  movement.whys.assign(request.whys().begin(), request.whys().end());
  movement.cause_category = static_cast<domain::CauseCategory>(request.cause_category());
  auto corrective = FromProto(request.corrective(), "corrective");
  if (!corrective) return Fail(corrective.error());
  auto preventive = FromProto(request.preventive(), "preventive");
  if (!preventive) return Fail(preventive.error());
  movement.corrective = std::move(*corrective);
  movement.preventive = std::move(*preventive);
  movement.verification = request.verification();
  movement.verification_evidence = request.verification_evidence();
  return movement;
}

domain::DispositionOrder FromProto(const v1::DisposeNcrUnitsRequest& request) {
  // A number that is not known reads as none, which the check refuses.
  const bool known =
      request.disposition() >= v1::NCR_DISPOSITION_RELEASE && request.disposition() <= v1::NCR_DISPOSITION_RETURN_TO_SUPPLIER;
  return {known ? static_cast<domain::FailureDisposition>(request.disposition()) : domain::FailureDisposition::kNone,
          request.concession(),
          request.reason(),
          request.person(),
          request.role(),
          request.second_person()};
}

std::string KeyText(const db::NcrUnit& unit) {
  return std::to_string(unit.unit_id) + " " + std::to_string(unit.station_id) + " " + std::to_string(unit.epoch) + " " +
         std::to_string(unit.sequence);
}

domain::Result<db::NcrUnitKey> ParseNcrUnitKey(std::string_view text) {
  if (text.empty()) return db::NcrUnitKey{};
  std::array<int64_t, 4> parts{};
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    const bool last = i + 1 == parts.size();
    const size_t read = static_cast<size_t>(end - text.data());
    if (error != std::errc() || (last ? read != text.size() : read >= text.size() || text[read] != ' ')) {
      return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
    }
    text.remove_prefix(last ? read : read + 1);
  }
  return db::NcrUnitKey{parts[0], static_cast<int32_t>(parts[1]), static_cast<int32_t>(parts[2]), parts[3]};
}

}  // namespace mes::services
