#include "services/station_event_parse.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_audit.h"
#include "services/convert.h"
#include "services/start_permit.h"

namespace mes::services {
namespace {

using domain::CheckCode;
using domain::CheckText;
using domain::Error;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Result;
using domain::Status;

constexpr size_t kMaxNumberLength = 40;
constexpr size_t kMaxUomLength = 16;

// Collects the first thing that is wrong.
class Parser {
 public:
  void Check(Status status) {
    if (!status && !error_) error_ = std::move(status.error());
  }
  std::string Code(const std::string& code, std::string_view field) {
    Check(CheckCode(code, field));
    return code;
  }
  std::string OptionalCode(const std::string& code, std::string_view field) { return code.empty() ? code : Code(code, field); }
  std::string Text(const std::string& text, size_t limit, bool required, std::string_view field) {
    Check(CheckText(text, limit, required, field));
    if (text.find('\0') != std::string::npos)
      Fault(FieldError(Reason::kFieldInvalid, field, std::string(field) + " holds a NUL byte"));
    return text;
  }
  int16_t Operation(int32_t number, std::string_view field) {
    if (number < 0 || number > 32'767)
      Fault(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not an operation number"));
    return static_cast<int16_t>(number);
  }
  void Count(int64_t count, int64_t limit, std::string_view field) {
    if (count <= limit) return;
    Error error =
        FieldError(Reason::kLimitExceeded, field,
                   std::string(field) + " has " + std::to_string(count) + " entries, more than " + std::to_string(limit));
    error.metadata["limit"] = std::to_string(limit);
    Fault(std::move(error));
  }
  void Fault(Error error) {
    if (!error_) error_ = std::move(error);
  }
  std::optional<Error>& error() { return error_; }

 private:
  std::optional<Error> error_;
};

domain::Judgement ParseJudgement(Parser& parser, v1::Judgement judgement, bool may_be_missing, std::string_view field) {
  switch (judgement) {
    case v1::JUDGEMENT_PASS:
      return domain::Judgement::kPass;
    case v1::JUDGEMENT_FAIL:
      return domain::Judgement::kFail;
    case v1::JUDGEMENT_UNSPECIFIED:
      if (!may_be_missing) parser.Fault(FieldError(Reason::kFieldRequired, field, std::string(field) + " is missing"));
      return domain::Judgement::kNone;
    default:
      parser.Fault(
          FieldError(Reason::kEnumUnknown, field, std::string(field) + " has an unknown value " + std::to_string(judgement)));
      return domain::Judgement::kNone;
  }
}

template <typename Repeated>
std::vector<domain::MeasuredValues> ParseValues(Parser& parser, const Repeated& list, std::string_view field) {
  int64_t count = 0;
  for (const v1::MeasuredValues& values : list) count += std::max(1, values.values_size());
  parser.Count(count, domain::kMaxValuesPerEvent, field);
  std::vector<domain::MeasuredValues> parsed;
  if (parser.error()) return parsed;
  parsed.reserve(static_cast<size_t>(list.size()));
  for (const v1::MeasuredValues& values : list) {
    parsed.push_back({parser.Text(values.characteristic_code(), domain::kMaxCodeLength, true, "values.characteristic_code"),
                      {values.values().begin(), values.values().end()}});
  }
  return parsed;
}

template <typename Repeated>
std::vector<domain::CurveReference> ParseCurves(Parser& parser, const Repeated& list) {
  parser.Count(list.size(), domain::kMaxCurvesPerEvent, "curves");
  std::vector<domain::CurveReference> parsed;
  for (const v1::CurveReference& curve : list) {
    parsed.push_back({parser.Text(curve.name(), domain::kMaxCodeLength, true, "curves.name"),
                      parser.Text(curve.uri(), domain::kMaxUriLength, true, "curves.uri"), curve.sha256(), curve.points()});
    const bool hash = curve.sha256().size() == 64 && curve.sha256().find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hash)
      parser.Fault(FieldError(Reason::kFieldInvalid, "curves.sha256", "curves.sha256 is not 64 lower-case hexadecimal digits"));
    if (curve.points() < 0) parser.Fault(FieldError(Reason::kFieldInvalid, "curves.points", "curves.points is negative"));
  }
  return parsed;
}

domain::Started ParseStarted(Parser& parser, const v1::Started& started) {
  domain::Started parsed;
  parsed.work_order_code = parser.OptionalCode(started.work_order_code(), "started.work_order_code");
  if (started.purpose() < v1::RUN_PURPOSE_UNSPECIFIED || started.purpose() > v1::RUN_PURPOSE_REWORK) {
    parser.Fault(FieldError(Reason::kEnumUnknown, "started.purpose",
                            "started.purpose has an unknown value " + std::to_string(started.purpose())));
  } else {
    parsed.purpose = static_cast<domain::RunPurpose>(started.purpose());
  }
  parsed.recipe_checksum = parser.Text(started.recipe_checksum(), domain::kMaxCodeLength, false, "started.recipe_checksum");
  parsed.software_version = parser.Text(started.software_version(), domain::kMaxCodeLength, false, "started.software_version");
  parsed.variant = parser.Text(started.variant(), domain::kMaxCodeLength, false, "started.variant");
  parser.Count(started.material_codes_size(), domain::kMaxMaterialsPerStart, "started.material_codes");
  if (parser.error()) return parsed;
  for (const std::string& code : started.material_codes())
    parsed.material_codes.push_back(parser.Code(code, "started.material_codes"));
  parser.Count(started.tool_codes_size(), domain::kMaxToolsPerStart, "started.tool_codes");
  if (parser.error()) return parsed;
  for (const std::string& code : started.tool_codes()) parsed.tool_codes.push_back(parser.Code(code, "started.tool_codes"));
  if (started.has_quantity()) {
    parsed.quantity = parser.Text(started.quantity().value(), kMaxNumberLength, false, "started.quantity.value");
    parsed.quantity_uom = parser.Text(started.quantity().uom(), kMaxUomLength, false, "started.quantity.uom");
  }
  const std::string permit = parser.Text(started.permit(), domain::kMaxPermitLength, false, "started.permit");
  if (!permit.empty()) parsed.permit = OpenPermit(permit);
  return parsed;
}

domain::Completed ParseCompleted(Parser& parser, const v1::Completed& completed) {
  domain::Completed parsed;
  parsed.judgement = ParseJudgement(parser, completed.judgement(), false, "completed.judgement");
  parsed.failure_code = parser.Text(completed.failure_code(), domain::kMaxFailureCodeLength,
                                    parsed.judgement == domain::Judgement::kFail, "completed.failure_code");
  parsed.values = ParseValues(parser, completed.values(), "completed.values");
  parsed.curves = ParseCurves(parser, completed.curves());
  parsed.new_code = parser.OptionalCode(completed.new_code(), "completed.new_code");
  parsed.overridden_by = parser.Text(completed.overridden_by(), domain::kMaxPersonLength, false, "completed.overridden_by");
  parsed.grade = parser.Text(completed.grade(), domain::kMaxGradeLength, false, "completed.grade");
  if (parsed.grade.find_first_of(":;") != std::string::npos) {
    parser.Fault(FieldError(Reason::kFieldInvalid, "completed.grade", "completed.grade holds `:` or `;`"));
  }
  parser.Count(completed.unit_results_size(), domain::kMaxUnitsPerCarrier, "completed.unit_results");
  if (parser.error()) return parsed;
  parsed.unit_results.reserve(static_cast<size_t>(completed.unit_results_size()));
  for (const v1::UnitResult& result : completed.unit_results()) {
    domain::UnitResult unit;
    if (result.unit_case() == v1::UnitResult::kUnitCode) {
      unit.unit_code = parser.Code(result.unit_code(), "completed.unit_results.unit_code");
    } else if (result.unit_case() == v1::UnitResult::kSlot) {
      unit.slot = result.slot();
    } else {
      parser.Fault(
          FieldError(Reason::kFieldRequired, "completed.unit_results.unit", "completed.unit_results needs unit_code or slot"));
    }
    unit.judgement = ParseJudgement(parser, result.judgement(), true, "completed.unit_results.judgement");
    unit.failure_code = parser.Text(result.failure_code(), domain::kMaxFailureCodeLength,
                                    unit.judgement == domain::Judgement::kFail, "completed.unit_results.failure_code");
    unit.values = ParseValues(parser, result.values(), "completed.unit_results.values");
    unit.grade = parser.Text(result.grade(), domain::kMaxGradeLength, false, "completed.unit_results.grade");
    parsed.unit_results.push_back(std::move(unit));
    if (parser.error()) return parsed;
  }
  if (completed.has_good_quantity()) {
    parsed.good_quantity = {
        parser.Text(completed.good_quantity().value(), kMaxNumberLength, false, "completed.good_quantity.value"),
        parser.Text(completed.good_quantity().uom(), kMaxUomLength, false, "completed.good_quantity.uom")};
  }
  return parsed;
}

domain::ConditionReport ParseCondition(Parser& parser, const v1::StationCondition& condition) {
  domain::ConditionReport parsed;
  if (condition.kind() < v1::CONDITION_KIND_CAL_TESTER || condition.kind() > v1::CONDITION_KIND_PGM_CUSTODY) {
    parser.Fault(FieldError(condition.kind() == v1::CONDITION_KIND_UNSPECIFIED ? Reason::kFieldRequired : Reason::kEnumUnknown,
                            "condition.kind", "condition.kind is missing or unknown"));
    return parsed;
  }
  parsed.kind = static_cast<domain::ConditionKind>(condition.kind());
  parsed.in_order = condition.in_order();
  if (!condition.has_expire_time()) {
    parser.Fault(FieldError(Reason::kFieldRequired, "condition.expire_time", "condition.expire_time is missing"));
  } else if (const auto time = TimeFromProto(condition.expire_time(), "condition.expire_time"); time) {
    parsed.expire_time = *time;
  } else {
    parser.Fault(time.error());
  }
  parser.Count(condition.readings_size(), domain::kMaxReadingsPerCondition, "condition.readings");
  for (const auto& [name, value] : condition.readings()) {
    parsed.readings[parser.Text(name, domain::kMaxCodeLength, true, "condition.readings")] = value;
  }
  parsed.person = parser.Text(condition.person(), domain::kMaxPersonLength, false, "condition.person");
  parsed.evidence = parser.Text(condition.evidence(), domain::kMaxEvidenceLength, false, "condition.evidence");
  return parsed;
}

domain::Reversed ParseReversed(Parser& parser, const v1::Reversed& reversed) {
  if (reversed.epoch() < 1) parser.Fault(FieldError(Reason::kFieldInvalid, "reversed.epoch", "reversed.epoch is below 1"));
  if (reversed.sequence() < 1)
    parser.Fault(FieldError(Reason::kFieldInvalid, "reversed.sequence", "reversed.sequence is below 1"));
  return {reversed.epoch(), reversed.sequence(),
          parser.Text(reversed.reason(), domain::kMaxReasonLength, true, "reversed.reason"),
          parser.Text(reversed.person(), domain::kMaxPersonLength, true, "reversed.person")};
}

void ParseKind(Parser& parser, const v1::StationEvent& event, domain::StationEvent& parsed) {
  switch (event.kind_case()) {
    case v1::StationEvent::kArrived:
      parsed.what = domain::Arrived{};
      return;
    case v1::StationEvent::kStarted:
      parsed.what = ParseStarted(parser, event.started());
      return;
    case v1::StationEvent::kCompleted:
      parsed.what = ParseCompleted(parser, event.completed());
      return;
    case v1::StationEvent::kMeasured:
      parsed.what = domain::Measured{ParseValues(parser, event.measured().values(), "measured.values"),
                                     ParseCurves(parser, event.measured().curves())};
      return;
    case v1::StationEvent::kConsumed:
      parsed.what =
          domain::Consumed{parser.Code(event.consumed().lot_code(), "consumed.lot_code"),
                           parser.Text(event.consumed().quantity().value(), kMaxNumberLength, false, "consumed.quantity.value"),
                           parser.Text(event.consumed().quantity().uom(), kMaxUomLength, false, "consumed.quantity.uom")};
      return;
    case v1::StationEvent::kInstalled:
      parsed.what = domain::Installed{parser.Code(event.installed().component_code(), "installed.component_code"),
                                      event.installed().slot()};
      return;
    case v1::StationEvent::kRemoved:
      parsed.what = domain::Removed{parser.Code(event.removed().component_code(), "removed.component_code"),
                                    parser.Text(event.removed().reason(), domain::kMaxReasonLength, false, "removed.reason")};
      return;
    case v1::StationEvent::kScrapped:
      parsed.what = domain::Scrapped{
          parser.Text(event.scrapped().failure_code(), domain::kMaxFailureCodeLength, true, "scrapped.failure_code"),
          parser.Operation(event.scrapped().caused_by_operation(), "scrapped.caused_by_operation")};
      return;
    case v1::StationEvent::kReversed:
      parsed.what = ParseReversed(parser, event.reversed());
      return;
    case v1::StationEvent::kAborted:
      parsed.what = domain::Aborted{parser.Text(event.aborted().reason(), domain::kMaxReasonLength, false, "aborted.reason")};
      return;
    case v1::StationEvent::kCondition:
      parsed.what = ParseCondition(parser, event.condition());
      return;
    case v1::StationEvent::kCarrierLoaded: {
      domain::CarrierLoaded loaded;
      parser.Count(event.carrier_loaded().slots_size(), domain::kMaxUnitsPerCarrier, "carrier_loaded.slots");
      if (parser.error()) return;
      for (const v1::CarrierSlot& slot : event.carrier_loaded().slots()) {
        loaded.slots.push_back({slot.slot(), parser.Code(slot.unit_code(), "carrier_loaded.slots.unit_code")});
      }
      parsed.what = std::move(loaded);
      return;
    }
    case v1::StationEvent::kCarrierUnloaded: {
      domain::CarrierUnloaded unloaded;
      parser.Count(event.carrier_unloaded().unit_codes_size(), domain::kMaxUnitsPerCarrier, "carrier_unloaded.unit_codes");
      if (parser.error()) return;
      for (const std::string& code : event.carrier_unloaded().unit_codes()) {
        unloaded.unit_codes.push_back(parser.Code(code, "carrier_unloaded.unit_codes"));
      }
      parsed.what = std::move(unloaded);
      return;
    }
    case v1::StationEvent::KIND_NOT_SET:
      parser.Fault(FieldError(Reason::kFieldRequired, "kind", "kind is missing or not known to this server"));
      return;
  }
}

void ParseSubject(Parser& parser, const v1::StationEvent& event, domain::StationEvent& parsed) {
  switch (event.subject_case()) {
    case v1::StationEvent::kUnitCode:
      parsed.unit_code = parser.Code(event.unit_code(), "unit_code");
      break;
    case v1::StationEvent::kCarrierCode:
      parsed.carrier_code = parser.Code(event.carrier_code(), "carrier_code");
      break;
    case v1::StationEvent::SUBJECT_NOT_SET:
      if (!event.has_condition())
        parser.Fault(FieldError(Reason::kFieldRequired, "subject", "unit_code or carrier_code is missing"));
      break;
  }
  const bool carrier_only = event.has_carrier_loaded() || event.has_carrier_unloaded();
  const bool unit_only = event.has_installed() || event.has_removed() || event.has_reversed();
  if (carrier_only && event.subject_case() != v1::StationEvent::kCarrierCode) {
    parser.Fault(FieldError(Reason::kFieldRequired, "carrier_code", "carrier_code is missing"));
  }
  if (unit_only && event.subject_case() != v1::StationEvent::kUnitCode) {
    parser.Fault(FieldError(Reason::kFieldRequired, "unit_code", "unit_code is missing"));
  }
}

}  // namespace

int64_t ContentDigest(const google::protobuf::Message& message, std::string& bytes) {
  bytes.clear();
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  // FNV-1a, 64 bits: no secret is guarded by it, it only tells a resend from a mistake.
  uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return static_cast<int64_t>(hash);
}

domain::Result<domain::Started> FromProto(const v1::Started& started) {
  Parser parser;
  domain::Started parsed = ParseStarted(parser, started);
  if (parser.error()) return Fail(std::move(*parser.error()));
  return parsed;
}

domain::StationEvent FromProto(const v1::StationEvent& event) {
  domain::StationEvent parsed;
  Parser parser;
  parsed.sequence = event.sequence();
  parsed.digest = ContentDigest(event, parsed.content);
  if (!event.has_occur_time()) {
    parser.Fault(FieldError(Reason::kFieldRequired, "occur_time", "occur_time is missing"));
  } else if (const auto time = TimeFromProto(event.occur_time(), "occur_time"); time) {
    parsed.occur_time = *time;
  } else {
    parser.Fault(time.error());
  }
  ParseSubject(parser, event, parsed);
  parsed.operation = parser.Operation(event.operation(), "operation");
  parsed.operator_id = parser.Text(event.operator_id(), domain::kMaxPersonLength, false, "operator_id");
  ParseKind(parser, event, parsed);
  parsed.malformed = std::move(parser.error());
  if (parsed.malformed) {
    // Whatever it named is no key; the event as it was sent is kept with its refusal.
    parsed.unit_code = domain::CheckCode(parsed.unit_code, "unit_code") ? parsed.unit_code : "";
    parsed.carrier_code = domain::CheckCode(parsed.carrier_code, "carrier_code") ? parsed.carrier_code : "";
  }
  return parsed;
}

v1::EventVerdict ToProto(const domain::EventVerdict& verdict) {
  v1::EventVerdict message;
  message.set_sequence(verdict.sequence);
  message.set_outcome(static_cast<v1::EventOutcome>(verdict.outcome));
  for (const domain::Refusal& refusal : verdict.refusals) {
    if (message.refusals_size() == domain::kMaxRefusalsPerAnswer) break;
    *message.add_refusals() = ToProto(refusal);
  }
  message.set_expected_sequence(verdict.expected_sequence);
  message.set_judgement(static_cast<v1::Judgement>(verdict.judgement));
  message.set_judgement_mismatch(verdict.judgement_mismatch);
  message.set_units(verdict.units);
  if (verdict.outcome == domain::EventOutcome::kDuplicate) {
    message.set_original_outcome(static_cast<v1::EventOutcome>(verdict.original_outcome));
  }
  return message;
}

}  // namespace mes::services
