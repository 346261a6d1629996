#include "domain/nonconformance.h"

#include <algorithm>

#include "domain/code.h"
#include "domain/gate.h"
#include "domain/limits.h"

namespace mes::domain {
namespace {

constexpr std::string_view kQuality = "quality";

Error NcrError(Reason reason, const Ncr& ncr, std::string message) {
  return {reason, std::move(message), {{"ncr_id", std::to_string(ncr.id)}, {"state", std::string(NameOf(ncr.state))}}};
}

Status CheckAction(const NcrAction& action, const std::string& field, Time now) {
  if (Status checked = CheckText(action.text, kMaxNarrativeLength, true, field + ".text"); !checked) return checked;
  if (Status checked = CheckText(action.owner, kMaxPersonLength, true, field + ".owner"); !checked) return checked;
  if (!action.due_time) return Fail(FieldError(Reason::kFieldRequired, field + ".due_time", field + ".due_time is missing"));
  if (*action.due_time < now)
    return Fail(FieldError(Reason::kFieldInvalid, field + ".due_time", "the action would be due in the past"));
  return {};
}

Status Contain(Ncr& ncr, const NcrMovement& movement) {
  if (Status checked = CheckText(movement.containment, kMaxNarrativeLength, true, "containment"); !checked) return checked;
  if (movement.hold_ids.size() > static_cast<size_t>(kMaxHoldsPerNcr)) {
    Error error =
        FieldError(Reason::kLimitExceeded, "hold_ids", "a report names at most " + std::to_string(kMaxHoldsPerNcr) + " holds");
    error.metadata["limit"] = std::to_string(kMaxHoldsPerNcr);
    return Fail(std::move(error));
  }
  ncr.containment = movement.containment;
  ncr.hold_ids.insert(ncr.hold_ids.end(), movement.hold_ids.begin(), movement.hold_ids.end());
  std::sort(ncr.hold_ids.begin(), ncr.hold_ids.end());
  ncr.hold_ids.erase(std::unique(ncr.hold_ids.begin(), ncr.hold_ids.end()), ncr.hold_ids.end());
  return {};
}

Status Analyse(Ncr& ncr, const NcrMovement& movement) {
  if (movement.whys.empty())
    return Fail(FieldError(Reason::kFieldRequired, "whys", "the root cause is missing: answer why, up to five times"));
  if (movement.whys.size() > static_cast<size_t>(kMaxWhys)) {
    Error error = FieldError(Reason::kLimitExceeded, "whys", "more than five answers to why");
    error.metadata["limit"] = std::to_string(kMaxWhys);
    return Fail(std::move(error));
  }
  for (size_t i = 0; i < movement.whys.size(); ++i) {
    const std::string field = "whys[" + std::to_string(i) + "]";
    if (Status checked = CheckText(movement.whys[i], kMaxReasonLength, true, field); !checked) return checked;
  }
  if (movement.cause_category < CauseCategory::kMachine || movement.cause_category > CauseCategory::kEnvironment) {
    return Fail(FieldError(Reason::kEnumUnknown, "cause_category", "cause_category is missing or not one of those known here"));
  }
  ncr.whys = movement.whys;
  ncr.cause_category = movement.cause_category;
  return {};
}

Status Act(Ncr& ncr, const NcrMovement& movement, Time now) {
  if (Status checked = CheckAction(movement.corrective, "corrective", now); !checked) return checked;
  if (Status checked = CheckAction(movement.preventive, "preventive", now); !checked) return checked;
  ncr.corrective = movement.corrective;
  ncr.preventive = movement.preventive;
  return {};
}

Status Verify(Ncr& ncr, const NcrMovement& movement) {
  if (Status checked = CheckText(movement.verification, kMaxNarrativeLength, true, "verification"); !checked) return checked;
  if (Status checked = CheckText(movement.verification_evidence, kMaxUriLength, true, "verification_evidence"); !checked)
    return checked;
  if (movement.person == ncr.corrective.owner || movement.person == ncr.preventive.owner) {
    return Fail(FieldError(Reason::kFieldInvalid, "person",
                           movement.person + " owns an action of this report: another person verifies it"));
  }
  ncr.verification = movement.verification;
  ncr.verification_evidence = movement.verification_evidence;
  ncr.verified_by = movement.person;
  return {};
}

// A field that the step does not keep would be lost in silence.
Status CheckForeignFields(const NcrMovement& movement) {
  const auto given = [](const NcrAction& action) { return !action.text.empty() || !action.owner.empty() || action.due_time; };
  const std::tuple<bool, NcrMove, std::string_view> fields[] = {
      {!movement.containment.empty(), NcrMove::kContain, "containment"},
      {!movement.hold_ids.empty(), NcrMove::kContain, "hold_ids"},
      {!movement.whys.empty(), NcrMove::kAnalyse, "whys"},
      {movement.cause_category != CauseCategory::kNone, NcrMove::kAnalyse, "cause_category"},
      {given(movement.corrective), NcrMove::kAct, "corrective"},
      {given(movement.preventive), NcrMove::kAct, "preventive"},
      {!movement.verification.empty(), NcrMove::kVerify, "verification"},
      {!movement.verification_evidence.empty(), NcrMove::kVerify, "verification_evidence"}};
  for (const auto& [filled, move, field] : fields) {
    if (!filled || move == movement.move) continue;
    return Fail(FieldError(Reason::kFieldInvalid, field,
                           std::string(field) + " belongs to the step `" + std::string(NameOf(move)) + "`, not to `" +
                               std::string(NameOf(movement.move)) + "`"));
  }
  return {};
}

Status TakeStep(Ncr& ncr, const NcrMovement& movement, Time now) {
  switch (movement.move) {
    case NcrMove::kContain:
      return Contain(ncr, movement);
    case NcrMove::kAnalyse:
      return Analyse(ncr, movement);
    case NcrMove::kAct:
      return Act(ncr, movement, now);
    case NcrMove::kVerify:
      return Verify(ncr, movement);
    case NcrMove::kClose:
      return {};
    case NcrMove::kCancel:
      return CheckText(movement.reason, kMaxReasonLength, true, "reason");
  }
  return {};
}

FailureCounts& CountsOf(World& world, const UnitEntry& entry, const EventRow& row) {
  return world.effects
      .failures[{entry.unit.material_id, PlantDay(row.occur_time), row.operation, row.station_id, row.failure_code}];
}

}  // namespace

std::string_view NameOf(NcrState state) {
  static constexpr std::array<std::string_view, 7> kNames = {"open",     "contained", "analysed", "actioned",
                                                             "verified", "closed",    "cancelled"};
  const auto index = static_cast<size_t>(state) - 1;
  return index < kNames.size() ? kNames[index] : std::string_view();
}

std::string_view NameOf(NcrMove move) {
  static constexpr std::array<std::string_view, 6> kNames = {"contain", "analyse", "act", "verify", "close", "cancel"};
  const auto index = static_cast<size_t>(move) - 1;
  return index < kNames.size() ? kNames[index] : std::string_view();
}

Result<Ncr> Move(const Ncr& ncr, const NcrMovement& movement, Time now) {
  const auto row = std::find_if(kNcrMoves.begin(), kNcrMoves.end(), [&](const NcrMoveRow& candidate) {
    return candidate.from == ncr.state && candidate.move == movement.move;
  });
  if (row == kNcrMoves.end()) {
    Error error = NcrError(Reason::kNcrTransition, ncr,
                           "report " + std::to_string(ncr.id) + " is " + std::string(NameOf(ncr.state)) + "; the step `" +
                               std::string(NameOf(movement.move)) + "` is not open to it");
    error.metadata["move"] = NameOf(movement.move);
    return Fail(std::move(error));
  }
  if (Status checked = CheckText(movement.person, kMaxPersonLength, true, "person"); !checked) return Fail(checked.error());
  if (Status checked = CheckText(movement.role, kMaxPersonLength, true, "role"); !checked) return Fail(checked.error());
  if (Status checked = CheckText(movement.reason, kMaxReasonLength, false, "reason"); !checked) return Fail(checked.error());
  const bool of_quality = movement.move == NcrMove::kVerify || movement.move == NcrMove::kClose;
  if (of_quality && movement.role != kQuality) {
    return Fail(
        FieldError(Reason::kRoleInsufficient, "role", "to " + std::string(NameOf(movement.move)) + " a report is quality's"));
  }
  const bool ends = movement.move == NcrMove::kClose || movement.move == NcrMove::kCancel;
  if (ends && ncr.open_units > 0) {
    Error error = NcrError(Reason::kNcrUnitsOpen, ncr,
                           "nothing is decided yet about " + std::to_string(ncr.open_units) + " of the report's units and lots");
    error.metadata["open_units"] = std::to_string(ncr.open_units);
    return Fail(std::move(error));
  }
  if (Status checked = CheckForeignFields(movement); !checked) return Fail(checked.error());
  Ncr moved = ncr;
  if (Status taken = TakeStep(moved, movement, now); !taken) return Fail(taken.error());
  moved.state = row->to;
  return moved;
}

Status CheckDisposition(const Ncr& ncr, const DispositionOrder& order) {
  if (order.disposition < FailureDisposition::kRelease || order.disposition > FailureDisposition::kReturnToSupplier) {
    return Fail(FieldError(Reason::kEnumUnknown, "disposition", "disposition is missing or not one of those known here"));
  }
  if (Status checked = CheckText(order.reason, kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = CheckText(order.person, kMaxPersonLength, true, "person"); !checked) return checked;
  if (Status checked = CheckText(order.role, kMaxPersonLength, true, "role"); !checked) return checked;
  if (Status checked = CheckText(order.second_person, kMaxPersonLength, false, "second_person"); !checked) return checked;
  if (order.role != kQuality) {
    return Fail(FieldError(Reason::kRoleInsufficient, "role", "what becomes of nonconforming units is decided by quality"));
  }
  if (ncr.state == NcrState::kClosed || ncr.state == NcrState::kCancelled) {
    return Fail(
        NcrError(Reason::kNcrTransition, ncr, "the report is " + std::string(NameOf(ncr.state)) + ": nothing is open on it"));
  }
  const bool conceded = order.disposition == FailureDisposition::kUseAsIs || order.disposition == FailureDisposition::kDowngrade;
  if (Status checked = CheckText(order.concession, kMaxCodeLength, conceded, "concession"); !checked) return checked;
  if (!conceded && !order.concession.empty()) {
    return Fail(FieldError(Reason::kFieldInvalid, "concession", "a concession is for use as is and downgrade"));
  }
  if (order.second_person == order.person) {
    return Fail(FieldError(Reason::kFieldInvalid, "second_person", "the second person is the first one"));
  }
  if (conceded && ncr.severity == Severity::kCritical && order.second_person.empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "second_person", "a concession on a critical failure needs a second person"));
  }
  return {};
}

void NoteFailedRun(World& world, const UnitEntry& entry, const EventRow& row) {
  if (row.judgement != Judgement::kFail) return;
  FailureCounts& counts = CountsOf(world, entry, row);
  ++counts.failed_runs;
  if ((row.flags & kFlagFirstRun) != 0) ++counts.first_run_fails;
  const FailureCode* policy = world.plant.failure_codes.Find(row.failure_code, entry.unit.material_id, row.operation);
  if (policy == nullptr || !policy->opens_ncr) return;
  world.effects.findings.push_back({entry.unit.material_id, row.operation, row.failure_code, policy->id, policy->severity,
                                    EventKey{row.station_id, row.epoch, row.sequence}, entry.unit.id, row.record_time});
  world.ncrs[entry.unit.id] = "new";
}

void NoteScrap(World& world, const UnitEntry& entry, const EventRow& row) { ++CountsOf(world, entry, row).scrapped; }

void UndoFailure(World& world, const UnitEntry& entry, const EventRow& original) {
  if (original.kind == EventKind::kScrapped) {
    --CountsOf(world, entry, original).scrapped;
    return;
  }
  if (original.kind != EventKind::kCompleted || original.judgement != Judgement::kFail) return;
  FailureCounts& counts = CountsOf(world, entry, original);
  --counts.failed_runs;
  if ((original.flags & kFlagFirstRun) != 0) --counts.first_run_fails;
  world.effects.withdrawn_findings.push_back({{original.station_id, original.epoch, original.sequence}, entry.unit.id});
}

void Cumulate(std::vector<ParetoBar>& bars) {
  std::erase_if(bars, [](const ParetoBar& bar) { return bar.count <= 0; });
  std::stable_sort(bars.begin(), bars.end(), [](const ParetoBar& a, const ParetoBar& b) { return a.count > b.count; });
  int64_t sum = 0;
  for (ParetoBar& bar : bars) bar.cumulative = sum += bar.count;
}

}  // namespace mes::domain
