#include "services/hold_release.h"

#include <algorithm>

#include "db/unit.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/hold_disposition.h"
#include "domain/limits.h"
#include "services/audit_trail.h"
#include "services/convert.h"
#include "services/hold.h"
#include "services/hold_predicate.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Disposal;
using domain::Fail;
using domain::FieldError;
using domain::HoldDisposition;
using domain::Reason;
using domain::Status;
using services::ToProto;

// Who, as what, and why. Releasing what NOT_BLOCKED refuses is its role's.
template <typename Request>
Status CheckPerson(const Request& request) {
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  if (Status checked = domain::CheckText(request.role(), domain::kMaxPersonLength, true, "role"); !checked) return checked;
  const std::string needed(domain::RoleOf(Reason::kNotBlocked));
  if (request.role() == needed) return {};
  domain::Error error =
      FieldError(Reason::kRoleInsufficient, "role", "a hold is released by " + needed + ", not by " + request.role());
  error.metadata["needed"] = needed;
  return Fail(std::move(error));
}

domain::Result<Disposal> ParseDisposal(const v1::ReleaseHoldRequest& request) {
  if (!v1::HoldDisposition_IsValid(request.disposition())) {
    return Fail(FieldError(Reason::kEnumUnknown, "disposition", "disposition is not one of those known here"));
  }
  if (request.operation() < 0 || request.operation() > 32'767) {
    return Fail(FieldError(Reason::kFieldInvalid, "operation", "operation is not an operation number"));
  }
  Disposal disposal;
  disposal.hold_id = request.hold_id();
  if (request.disposition() != v1::HOLD_DISPOSITION_UNSPECIFIED) {
    disposal.disposition = static_cast<HoldDisposition>(request.disposition());
  }
  disposal.operation = static_cast<int16_t>(request.operation());
  disposal.person = request.person();
  disposal.reason = request.reason();
  if (disposal.disposition == HoldDisposition::kRework && disposal.operation == 0) {
    return Fail(FieldError(Reason::kFieldRequired, "operation", "rework needs the operation that the units go back to"));
  }
  return disposal;
}

// The units of these codes, on all of which the hold is in force (or, at an operation, which it can concern).
domain::Result<std::vector<int64_t>> ParseUnits(Call& call, const domain::Hold& hold, const v1::ReleaseHoldRequest& request) {
  if (request.codes_size() > domain::kMaxCodesPerHold) {
    return Fail(TooMany("codes", request.codes_size(), domain::kMaxCodesPerHold));
  }
  const std::vector<std::string> codes(request.codes().begin(), request.codes().end());
  for (size_t i = 0; i < codes.size(); ++i) {
    const std::string field = "codes[" + std::to_string(i) + "]";
    if (Status checked = domain::CheckText(codes[i], domain::kMaxCodeLength, true, field); !checked) return Fail(checked.error());
  }
  domain::Result<std::vector<int64_t>> ids = FindUnitIds(call, codes, "codes");
  if (!ids) return ids;
  const std::vector<int64_t> in_force = db::ListItemsInForce(call.transaction, hold.id, *ids, domain::kMaxCodesPerHold);
  for (size_t i = 0; i < codes.size() && !hold.draft.at_operation; ++i) {
    if (std::binary_search(in_force.begin(), in_force.end(), ids->at(i))) continue;
    domain::Error error = FieldError(Reason::kHoldItemUnknown, "codes[" + std::to_string(i) + "]",
                                     "hold " + std::to_string(hold.id) + " is not in force on " + codes[i]);
    error.metadata["hold_id"] = std::to_string(hold.id);
    error.metadata["code"] = codes[i];
    return Fail(std::move(error));
  }
  std::sort(ids->begin(), ids->end());
  ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  return ids;
}

// Moves the units themselves, in the same way as a batch of events does.
Status DisposeUnits(Call& call, const std::vector<int64_t>& ids, const Disposal& disposal) {
  if (disposal.disposition == HoldDisposition::kUseAsIs || ids.empty()) return {};
  db::WorldKeys keys;
  for (const db::StoredUnit& stored : db::LoadUnits(call.transaction, ids)) {
    keys.codes.insert(stored.unit.code);
    // The whole past counts: the unit is scrapped or comes back.
    keys.runs.push_back({stored.unit.code, 0, domain::EventKind::kScrapped, false, false});
  }
  db::UnitIds no_new_units;
  domain::World world = db::LockWorld(call.transaction, call.plant, call.now, keys, no_new_units);
  db::MoveBehindRows(call.transaction, world);
  for (const int64_t id : ids) {
    const auto found = world.units.find(id);
    if (found == world.units.end()) throw std::runtime_error("a held unit cannot be found by its code");
    const int32_t revision = found->second.unit.revision_id;
    if (revision != 0 && call.plant.FindRevision(revision) == nullptr) {
      throw PlantBehind("revision " + std::to_string(revision) + " is not loaded");
    }
    if (Status disposed = domain::Dispose(world, found->second, disposal); !disposed) return disposed;
  }
  db::StoreWorld(call.transaction, world);
  return {};
}

// Makes a decision so: the units, their items, the hold.
Status TakeEffect(Call& call, domain::Hold& hold, db::StoredDisposition& decision) {
  const bool whole = decision.unit_ids.empty();
  std::vector<int64_t> units = decision.unit_ids;
  if (whole && decision.disposal.disposition != HoldDisposition::kUseAsIs) {
    units = db::ListItemsInForce(call.transaction, hold.id, {}, domain::kMaxCodesPerHold + 1);
    if (units.size() > static_cast<size_t>(domain::kMaxCodesPerHold)) {
      return Fail(TooMany("hold", static_cast<int64_t>(units.size()), domain::kMaxCodesPerHold));
    }
  }
  if (Status disposed = DisposeUnits(call, units, decision.disposal); !disposed) return disposed;
  decision.effect_time = call.now;
  db::UpdateDisposition(call.transaction, decision);
  if (!units.empty()) {
    db::LockUnits(call.transaction, units);
    db::ReleaseHoldItems(call.transaction, hold.id, units, decision.disposal.disposition_id, call.now, hold.draft.at_operation);
  }
  if (!whole) return {};
  const std::string& person = decision.approved_by.empty() ? decision.disposal.person : decision.approved_by;
  if (Status released = domain::Release(hold, person, decision.disposal.reason, call.now); !released) return released;
  db::UpdateReleasedHold(call.transaction, hold);
  return {};
}

// Locked against everybody who moves units where the whole hold goes, else against other decisions on it.
domain::Result<domain::Hold> LockHoldFor(Call& call, int64_t hold_id, bool whole) {
  if (whole) {
    db::TakeHoldLock(call.transaction);
  } else {
    db::ShareHoldLock(call.transaction);
  }
  std::optional<domain::Hold> hold = db::LockHold(call.transaction, hold_id);
  if (!hold) return Fail(UnknownHold(hold_id));
  if (hold->InForce()) return std::move(*hold);
  domain::Hold released = *hold;
  return Fail(domain::Release(released, "", "", call.now).error());
}

}  // namespace

domain::Error UnknownHold(int64_t hold_id) {
  domain::Error error = FieldError(Reason::kHoldUnknown, "hold_id", "hold " + std::to_string(hold_id) + " is not known");
  error.metadata["hold_id"] = std::to_string(hold_id);
  return error;
}

v1::HoldDecision ToProto(const db::StoredDisposition& stored) {
  v1::HoldDecision message;
  message.set_disposition_id(stored.disposal.disposition_id);
  message.set_disposition(static_cast<v1::HoldDisposition>(stored.disposal.disposition));
  message.set_operation(stored.disposal.operation);
  message.set_person(stored.disposal.person);
  message.set_role(stored.role);
  message.set_reason(stored.disposal.reason);
  *message.mutable_propose_time() = ToProto(stored.propose_time);
  message.set_pending_approval(!stored.effect_time);
  message.set_approved_by(stored.approved_by);
  message.set_approval_role(stored.approval_role);
  message.set_approval_reason(stored.approval_reason);
  if (stored.effect_time) *message.mutable_effect_time() = ToProto(*stored.effect_time);
  message.set_units(stored.unit_ids.empty() ? stored.units : static_cast<int64_t>(stored.unit_ids.size()));
  return message;
}

Status ReleaseHold(Call& call, const v1::ReleaseHoldRequest& request, v1::ReleaseHoldResponse& response) {
  if (Status checked = CheckPerson(request); !checked) return checked;
  domain::Result<Disposal> disposal = ParseDisposal(request);
  if (!disposal) return Fail(disposal.error());
  domain::Result<domain::Hold> hold = LockHoldFor(call, request.hold_id(), request.codes().empty());
  if (!hold) return Fail(hold.error());
  NoteOldValue(ToProto(*db::LoadHold(call.transaction, hold->id), call.plant));

  db::StoredDisposition decision;
  decision.disposal = std::move(*disposal);
  decision.role = request.role();
  decision.propose_time = call.now;
  if (!request.codes().empty()) {
    domain::Result<std::vector<int64_t>> units = ParseUnits(call, *hold, request);
    if (!units) return Fail(units.error());
    decision.unit_ids = std::move(*units);
  }
  db::InsertDisposition(call.transaction, decision);
  if (!hold->draft.four_eyes) {
    if (Status effect = TakeEffect(call, *hold, decision); !effect) return effect;
  }
  *response.mutable_hold() = ToProto(*db::LoadHold(call.transaction, hold->id), call.plant);
  *response.mutable_decision() = ToProto(decision);
  return {};
}

Status ApproveHoldDisposition(Call& call, const v1::ApproveHoldDispositionRequest& request,
                              v1::ApproveHoldDispositionResponse& response) {
  if (Status checked = CheckPerson(request); !checked) return checked;
  // Alone: what is approved may be the whole hold.
  db::TakeHoldLock(call.transaction);
  std::optional<db::StoredDisposition> decision = db::LockDisposition(call.transaction, request.disposition_id());
  const std::string number = std::to_string(request.disposition_id());
  if (!decision) {
    return Fail(FieldError(Reason::kDispositionUnknown, "disposition_id", "disposition " + number + " is not known"));
  }
  if (decision->effect_time) {
    return Fail(FieldError(Reason::kDispositionDone, "disposition_id", "disposition " + number + " has taken effect already"));
  }
  if (decision->disposal.person == request.person()) {
    return Fail(
        FieldError(Reason::kFourEyes, "person", request.person() + " proposed this: a second, different person must approve"));
  }
  domain::Result<domain::Hold> hold = LockHoldFor(call, decision->disposal.hold_id, true);
  if (!hold) return Fail(hold.error());
  NoteOldValue(ToProto(*decision));

  decision->approved_by = request.person();
  decision->approval_role = request.role();
  decision->approval_reason = request.reason();
  if (Status effect = TakeEffect(call, *hold, *decision); !effect) return effect;
  *response.mutable_hold() = ToProto(*db::LoadHold(call.transaction, hold->id), call.plant);
  *response.mutable_decision() = ToProto(*decision);
  return {};
}

}  // namespace mes::services
