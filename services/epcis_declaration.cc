#include "services/epcis_declaration.h"

#include <set>

#include "db/epcis_declaration.h"
#include "db/genealogy.h"
#include "db/life.h"
#include "db/world.h"
#include "domain/epcis_declaration.h"
#include "domain/limits_epcis.h"
#include "services/epcis_hash.h"
#include "services/life.h"

namespace mes::services {
namespace {

using domain::CapturedEvent;
using domain::CaptureFault;
using domain::CaptureKind;
using domain::Fail;
using domain::Reason;
using domain::Status;

constexpr char kWhy[] = "its sender declared the event an error";

// The units of the events of one kind: those that they name, or what uses lots up.
std::vector<int64_t> UnitsOf(const domain::World& world, const std::vector<CapturedEvent>& events, std::set<CaptureKind> kinds) {
  std::set<int64_t> ids;
  for (const CapturedEvent& event : events) {
    if (!kinds.contains(event.kind)) continue;
    for (const std::string& code : CodesOf(event)) {
      if (const domain::UnitEntry* entry = world.FindUnit(code)) ids.insert(entry->unit.id);
    }
  }
  return {ids.begin(), ids.end()};
}

// Steps of lives go back by their own rules.
Status TakeBackSteps(Call& call, LockedLives& locked, const std::string& person, const std::vector<CapturedEvent>& declared) {
  std::vector<LifeTakeBack> steps;
  const auto standing =
      db::LoadStandingRecords(call.transaction, UnitsOf(locked.world, declared, {CaptureKind::kLife, CaptureKind::kSecondLife}));
  std::vector<int64_t> event_ids;
  for (const CapturedEvent& event : declared) {
    event_ids.push_back(event.id);
    if (event.kind != CaptureKind::kLife && event.kind != CaptureKind::kSecondLife) continue;
    for (const std::string& code : CodesOf(event)) {
      const domain::UnitEntry* entry = locked.world.FindUnit(code);
      const auto records = entry == nullptr ? standing.end() : standing.find(entry->unit.id);
      if (records == standing.end()) continue;
      for (const db::StoredLifeRecord& stored : records->second) {
        if (stored.record.evidence == EpcisIdOf(event.hash)) steps.push_back({entry->unit.id, stored.id, event.pointer});
      }
    }
  }
  if (steps.empty()) return {};
  const auto taken =
      TakeBackLives(call, locked, std::move(steps), {call.now, person, kWhy}, domain::LifeRest::kPartner, event_ids);
  if (taken) return {};
  const domain::Error& error = taken.error();
  // A partner does not learn what of others rests on it.
  std::string told = call.caller.partner.empty() ? error.message : "something rests on it: " + error.metadata.at("rests_on");
  return Fail(DocumentError({{error.metadata.at("field"), error.reason, std::move(told)}}));
}

domain::DeclaredPast LoadPast(Call& call, const domain::World& world, const std::vector<CapturedEvent>& declared) {
  domain::DeclaredPast past;
  const std::vector<int64_t> moved = UnitsOf(world, declared, {CaptureKind::kInstalled, CaptureKind::kRemoved});
  const std::vector<int64_t> used = UnitsOf(
      world, declared, {CaptureKind::kConsumed, CaptureKind::kSplit, CaptureKind::kMerged, CaptureKind::kTransformed});
  const std::vector<int64_t> scrapped = UnitsOf(world, declared, {CaptureKind::kScrapped});
  const auto into = [](std::vector<domain::Edge>& edges) {
    return [&edges](const std::vector<domain::Edge>& chunk) {
      edges.insert(edges.end(), chunk.begin(), chunk.end());
      return true;
    };
  };
  db::ListEdgesAbove(call.transaction, moved, db::EdgeSet::kWithRemoved, into(past.places));
  db::ListEdgesBelow(call.transaction, used, db::EdgeSet::kCurrent, into(past.uses));
  std::vector<int64_t> ids, event_ids;
  for (const auto* list : {&moved, &used, &scrapped}) ids.insert(ids.end(), list->begin(), list->end());
  for (const CapturedEvent& event : declared) event_ids.push_back(event.id);
  for (auto& [unit_id, records] : db::LoadStandingRecords(call.transaction, ids)) {
    for (db::StoredLifeRecord& stored : records) past.lives[unit_id].push_back(std::move(stored.record));
  }
  past.weighed = db::LoadWeighed(call.transaction, ids);
  past.scrapped = db::LoadCaptureEffects(call.transaction, event_ids, db::CaptureEffect::kScrapped);
  return past;
}

// What came to exist by these events and by no other is nothing any more, where nothing else stands of it.
Status Withdraw(Call& call, const domain::World& world, const std::vector<CapturedEvent>& declared) {
  std::vector<int64_t> event_ids;
  for (const CapturedEvent& event : declared) event_ids.push_back(event.id);
  const auto made = db::LoadCaptureEffects(call.transaction, event_ids, db::CaptureEffect::kMade);
  std::vector<int64_t> unit_ids;
  for (const auto& [event_id, unit_id] : made) unit_ids.push_back(unit_id);
  const std::unordered_set<int64_t> withdrawn = db::LoadWithdrawn(call.transaction, unit_ids);
  if (withdrawn.empty()) return {};
  unit_ids.assign(withdrawn.begin(), withdrawn.end());
  const auto traces = db::LoadTraces(call.transaction, unit_ids);
  std::vector<CaptureFault> faults;
  for (const CapturedEvent& event : declared) {
    for (const std::string& code : CodesOf(event)) {
      const domain::UnitEntry* entry = world.FindUnit(code);
      if (entry == nullptr || !made.contains({event.id, entry->unit.id})) continue;
      const auto trace = traces.find(entry->unit.id);
      if (trace == traces.end() || faults.size() >= domain::kMaxDocumentFaults) continue;
      faults.push_back({event.pointer, Reason::kUnitState,
                        code + " has " + trace->second + " that stand: it cannot have come to exist by an error"});
    }
  }
  if (!faults.empty()) return Fail(DocumentError(faults));
  db::WithdrawUnits(call.transaction, unit_ids);
  return {};
}

}  // namespace

Status TakeBackDeclared(Call& call, const std::string& person, const std::vector<CapturedEvent>& declared,
                        const std::vector<db::CapturedRow>& rows) {
  if (declared.empty()) return {};
  LockedLives locked{LockNamed(call, declared), {}};
  if (Status steps = TakeBackSteps(call, locked, person, declared); !steps) return steps;
  const domain::DeclarationOutcome outcome = domain::TakeBack(locked.world, declared, LoadPast(call, locked.world, declared));
  if (!outcome.faults.empty()) return Fail(DocumentError(outcome.faults));
  db::StoreWorld(call.transaction, locked.world);
  db::CollapseEdges(call.transaction, outcome.never, call.now + domain::Duration(1));
  db::DeclareWrong(call.transaction, rows);
  return Withdraw(call, locked.world, declared);
}

}  // namespace mes::services
