// What captured events change, by property: no document, whatever it says, leaves a part in two places, a lot below nothing, or a
// circle; and the order of events in a document means nothing where their times differ.
#include "domain/epcis_capture.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/epcis_declaration.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

class CaptureProperty : public testing::Test {
 protected:
  const std::shared_ptr<const Plant> plant_ = tests::PlantBuilder().Build();
  static constexpr Time kFirst = Time(Duration(1'790'000'000'000'000));

  CapturedEvent At(int second, CaptureKind kind) const {
    CapturedEvent event;
    event.kind = kind;
    event.occur_time = kFirst + std::chrono::seconds(second);
    event.pointer = "/" + std::to_string(second);
    event.id = second + 1;
    event.life.occur_time = event.occur_time;
    return event;
  }
  static std::string UnitAt(int i) { return "U" + std::to_string(i); }

  // Made first, then anything.
  std::vector<CapturedEvent> AnyDocument() const {
    std::vector<CapturedEvent> events;
    CapturedEvent made = At(0, CaptureKind::kMadeUnits);
    for (int i = 0; i < 6; ++i) made.unit_codes.push_back(UnitAt(i));
    made.material_id = plant_->FindMaterial("CELL")->id;
    events.push_back(made);
    CapturedEvent lot = At(1, CaptureKind::kMadeLots);
    lot.lots.push_back({"L", 5'000'000});
    lot.material_id = plant_->FindMaterial("ELY")->id;
    events.push_back(lot);
    const int count = *rc::gen::inRange(1, 25);
    for (int i = 0; i < count; ++i) {
      const auto kind =
          *rc::gen::element(CaptureKind::kInstalled, CaptureKind::kRemoved, CaptureKind::kConsumed, CaptureKind::kScrapped);
      CapturedEvent event = At(2 + i, kind);
      event.parent_code = UnitAt(*rc::gen::inRange(0, 6));
      event.unit_codes = {UnitAt(*rc::gen::inRange(0, 7))};
      event.lots = {{"L", *rc::gen::inRange<int64_t>(1, 3'000'000)}};
      event.wrong = *rc::gen::inRange(0, 8) == 0;
      events.push_back(event);
    }
    return events;
  }
  CaptureOutcome Run(World& world, const std::vector<CapturedEvent>& events) const {
    std::vector<int64_t> ids;
    for (int64_t id = 100; id < 120; ++id) ids.push_back(id);
    std::unordered_map<int64_t, Life> lives;
    return Capture(world, events, ids, lives);
  }
};

RC_GTEST_FIXTURE_PROP(CaptureProperty, NoDocumentLeavesWhatCannotBe, ()) {
  const std::vector<CapturedEvent> events = AnyDocument();
  World world(*plant_, kFirst + std::chrono::hours(1));
  const CaptureOutcome outcome = Run(world, events);
  RC_ASSERT(outcome.made == 7);
  std::set<std::pair<int64_t, std::pair<int16_t, int16_t>>> places;
  int64_t used = 0;
  for (const auto& [id, entry] : world.units) {
    if (entry.lot) RC_ASSERT(entry.lot->left_micro >= 0 && entry.lot->left_micro <= entry.lot->quantity_micro);
    if (entry.lot) used = entry.lot->quantity_micro - entry.lot->left_micro;
    if (entry.unit.parent_id == 0) continue;
    RC_ASSERT(places.insert({entry.unit.parent_id, {entry.unit.parent_line, entry.unit.parent_slot}}).second);
    const UnitEntry* holder = &entry;
    for (int level = 0; holder != nullptr && holder->unit.parent_id != 0; ++level) {
      RC_ASSERT(level < 7);  // no circle
      holder = world.FindUnit(holder->unit.parent_id);
    }
  }
  int64_t consumed = 0;
  for (const auto& consumption : world.effects.consumptions) consumed += consumption.quantity_micro;
  RC_ASSERT(consumed == used);
  size_t open = 0;
  for (const auto& install : world.effects.installs) open += install.removal ? 0 : 1;
  RC_ASSERT(open == places.size());
}

RC_GTEST_FIXTURE_PROP(CaptureProperty, OrderInTheDocumentMeansNothing, ()) {
  std::vector<CapturedEvent> events = AnyDocument();
  World one(*plant_, kFirst + std::chrono::hours(1)), other(*plant_, kFirst + std::chrono::hours(1));
  const CaptureOutcome first = Run(one, events);
  std::reverse(events.begin(), events.end());
  const CaptureOutcome second = Run(other, events);
  RC_ASSERT(first.faults.size() == second.faults.size());
  RC_ASSERT(first.installed == second.installed && first.removed == second.removed && first.consumed == second.consumed);
  for (const auto& [id, entry] : one.units) RC_ASSERT(other.units.at(id).unit == entry.unit);
}

// Whatever a document did: where its sender declares every event an error, nothing of it is left but what was made.
RC_GTEST_FIXTURE_PROP(CaptureProperty, WhatIsDeclaredAnErrorLeavesNothing, ()) {
  const std::vector<CapturedEvent> events = AnyDocument();
  World world(*plant_, kFirst + std::chrono::hours(1));
  DeclaredPast past;
  past.scrapped = Run(world, events).scrapped;
  const auto edge_of = [](const EventKey& key) { return EdgeEvent{key.station_id, key.epoch, key.sequence}; };
  for (const Effects::Install& install : world.effects.installs) {
    Edge& edge = past.places.emplace_back();
    edge.parent_id = install.parent_id, edge.child_id = install.child_id;
    edge.line = install.line, edge.slot = install.slot;
    edge.install_time = install.time, edge.install_record_time = world.now, edge.install_event = edge_of(install.event);
    if (!install.removal) continue;
    edge.remove_time = install.removal->first, edge.remove_record_time = world.now;
    edge.remove_event = edge_of(install.removal->second);
  }
  for (const Effects::Consumption& used : world.effects.consumptions) {
    Edge& edge = past.uses.emplace_back();
    edge.parent_id = used.consumer_id, edge.child_id = used.lot_id;
    edge.quantity_micro = used.quantity_micro, edge.install_event = edge_of(used.event);
  }
  const size_t ended = static_cast<size_t>(
      std::count_if(past.places.begin(), past.places.end(), [](const Edge& edge) { return edge.remove_time.has_value(); }));
  const size_t places = past.places.size(), uses = past.uses.size();
  world.effects = {};
  const DeclarationOutcome outcome = TakeBack(world, events, std::move(past));
  for (const CaptureFault& fault : outcome.faults) RC_FAIL(fault.pointer + ": " + fault.sentence);
  RC_ASSERT(world.effects.installs.empty());
  RC_ASSERT(world.effects.removals.size() == places - ended);
  RC_ASSERT(outcome.never.size() == ended);
  RC_ASSERT(world.effects.reversed_consumptions.size() == uses);
  for (const auto& [id, entry] : world.units) {
    RC_ASSERT(entry.unit.parent_id == 0 && entry.unit.use_count == 0);
    RC_ASSERT(entry.unit.status == UnitStatus::kFinished);
    if (entry.lot) RC_ASSERT(entry.lot->left_micro == entry.lot->quantity_micro);
  }
  for (const auto& [id, positions] : world.positions) RC_ASSERT(positions.empty());
}

}  // namespace
}  // namespace mes::domain
