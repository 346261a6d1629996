#include "domain/life.h"

#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mes::domain {
namespace {

constexpr Time kFinished = Time(std::chrono::seconds(1'790'000'000));

Unit Pack() {
  Unit unit;
  unit.code = "001PBTRKTRACE0GB50000001";
  unit.status = UnitStatus::kFinished;
  unit.finish_time = kFinished;
  return unit;
}

LifeRecord Record(LifeEvent event, int days = 1) {
  LifeRecord record;
  record.event = event;
  record.occur_time = kFinished + std::chrono::days(days);
  record.person = "Li";
  record.party = "NewBus Ltd";
  record.place = "Baotou, CN";
  record.evidence = "report 7";
  return record;
}

// The life after these events, each a day after the other; a test failure where one is refused.
Life After(std::initializer_list<LifeEvent> events) {
  Life life = *BeginLife(Pack(), false);
  int days = 0;
  for (const LifeEvent event : events) {
    Result<Life> moved = Move(life, Pack(), Record(event, ++days));
    EXPECT_TRUE(moved) << NameOf(event) << " after " << NameOf(life.state);
    if (moved) life = *moved;
  }
  return life;
}

// What may follow what, as people say it; written apart from the table that it checks.
const std::map<LifeState, std::set<std::string>> kMayFollow = {
    {LifeState::kMade, {"sell", "ship", "test", "declare waste", "build in", "take out"}},
    {LifeState::kSold, {"ship", "test"}},
    {LifeState::kShipped, {"sell", "put in service", "return", "declare waste"}},
    {LifeState::kInService, {"sell", "repair", "test", "return", "declare waste"}},
    {LifeState::kReturned, {"test", "repair", "remanufacture", "declare waste", "dismantle", "recycle"}},
    {LifeState::kTested,
     {"test", "repair", "remanufacture", "sell", "ship", "put in service", "build in", "take out", "start second life",
      "declare waste", "dismantle", "recycle"}},
    {LifeState::kWaste, {"dismantle", "recycle"}},
    {LifeState::kSecondLife, {}},
    {LifeState::kDismantled, {"recycle"}},
    {LifeState::kRecycled, {}},
};

TEST(Life, EveryMoveIsTakenOrRefusedByName) {
  int allowed = 0;
  for (int s = 1; s <= 10; ++s) {
    for (int e = 1; e <= 13; ++e) {
      Life life;
      life.state = static_cast<LifeState>(s);
      const LifeRecord record = Record(static_cast<LifeEvent>(e));
      const Result<Life> moved = Move(life, Pack(), record);
      const bool may = kMayFollow.at(life.state).contains(std::string(NameOf(record.event)));
      EXPECT_EQ(moved.has_value(), may) << NameOf(life.state) << " " << NameOf(record.event);
      allowed += may;
      if (may) continue;
      EXPECT_EQ(moved.error().reason, life.Ended() ? Reason::kLifeEnded : Reason::kLifeTransition);
      EXPECT_EQ(moved.error().metadata.at("state"), NameOf(life.state));
      EXPECT_EQ(moved.error().metadata.at("event"), NameOf(record.event));
    }
  }
  EXPECT_EQ(static_cast<size_t>(allowed), kLifeMoves.size()) << "no row stands twice";
}

TEST(Life, BatteriesHaveTheStatusOfAnnexThirteen) {
  using enum LifeEvent;
  EXPECT_EQ(StatusOf(After({})), BatteryStatus::kOriginal);
  EXPECT_EQ(StatusOf(After({kSell, kShip, kPutInService})), BatteryStatus::kOriginal);
  EXPECT_EQ(StatusOf(After({kShip, kReturn, kTest, kShip})), BatteryStatus::kOriginal) << "it was never used";
  EXPECT_EQ(StatusOf(After({kShip, kPutInService, kReturn, kTest})), BatteryStatus::kOriginal);
  EXPECT_EQ(StatusOf(After({kShip, kPutInService, kReturn, kTest, kPutInService})), BatteryStatus::kReused);
  EXPECT_EQ(StatusOf(After({kShip, kPutInService, kReturn, kTest, kBuildIn})), BatteryStatus::kReused);
  EXPECT_EQ(StatusOf(After({kShip, kPutInService, kReturn, kRemanufacture, kTest, kShip})), BatteryStatus::kRemanufactured);
  EXPECT_EQ(StatusOf(After({kShip, kPutInService, kDeclareWaste})), BatteryStatus::kWaste);
  EXPECT_EQ(StatusOf(After({kShip, kReturn, kDismantle})), BatteryStatus::kWaste);
  EXPECT_EQ(StatusOf(After({kShip, kReturn, kRecycle})), BatteryStatus::kWaste);
  EXPECT_EQ(StatusOf(After({kShip, kPutInService, kReturn, kTest, kStartSecondLife})), BatteryStatus::kRepurposed);
  EXPECT_EQ(StatusOf(*BeginLife(Pack(), true)), BatteryStatus::kRepurposed) << "the second life's own";
  EXPECT_EQ(NameOf(BatteryStatus::kReused), "re-used");
}

TEST(Life, AThingIsRecycledOnce) {
  const Life life = After({LifeEvent::kShip, LifeEvent::kReturn, LifeEvent::kRecycle});
  const Result<Life> again = Move(life, Pack(), Record(LifeEvent::kRecycle, 9));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, Reason::kLifeEnded);
}

TEST(Life, RecordsSayWhatTheirEventNeeds) {
  const auto field = [](LifeEvent event, auto clear) {
    Life life;
    life.state = LifeState::kTested;
    LifeRecord record = Record(event);
    clear(record);
    const Result<Life> moved = Move(life, Pack(), record);
    return moved ? std::string() : moved.error().metadata.at("field");
  };
  const auto no_party = [](LifeRecord& record) { record.party.clear(); };
  const auto no_place = [](LifeRecord& record) { record.place.clear(); };
  const auto no_evidence = [](LifeRecord& record) { record.evidence.clear(); };
  EXPECT_EQ(field(LifeEvent::kShip, no_party), "party");
  EXPECT_EQ(field(LifeEvent::kShip, no_place), "place");
  EXPECT_EQ(field(LifeEvent::kShip, no_evidence), "");
  EXPECT_EQ(field(LifeEvent::kTest, no_evidence), "evidence");
  EXPECT_EQ(field(LifeEvent::kTest, no_party), "");
  EXPECT_EQ(field(LifeEvent::kRecycle, no_party), "party");
  EXPECT_EQ(field(LifeEvent::kRecycle, no_place), "place");
  EXPECT_EQ(field(LifeEvent::kRecycle, no_evidence), "evidence");
  EXPECT_EQ(field(LifeEvent::kStartSecondLife, no_evidence), "evidence") << "the test of what is left";
}

TEST(Life, TimeOnlyGoesOn) {
  const Life life = After({LifeEvent::kShip, LifeEvent::kPutInService});
  EXPECT_EQ(Move(life, Pack(), Record(LifeEvent::kReturn, 1)).error().metadata["field"], "occur_time");
  EXPECT_TRUE(Move(life, Pack(), Record(LifeEvent::kReturn, 2)));
  EXPECT_EQ(Move(*BeginLife(Pack(), false), Pack(), Record(LifeEvent::kShip, -1)).error().metadata["field"], "occur_time");
}

TEST(Life, BeginsWhereThePlantLeavesTheUnit) {
  Unit unit = Pack();
  unit.status = UnitStatus::kInProcess;
  EXPECT_EQ(BeginLife(unit, false).error().reason, Reason::kUnitState);
  unit.status = UnitStatus::kScrapped;
  EXPECT_EQ(BeginLife(unit, false)->state, LifeState::kWaste) << "scrap may be recycled";
  unit.tracking = Tracking::kLot;
  EXPECT_EQ(BeginLife(unit, false).error().reason, Reason::kUnitState);
}

// Seeded walks: the last record taken back leaves life and plant's state as they were, again and again down to the beginning.
TEST(Life, TakingRecordsBackLeadsTheSameWayDown) {
  std::mt19937 random(20261126);
  int steps = 0;
  for (int walk = 0; walk < 500; ++walk) {
    Unit unit = Pack();
    std::optional<Life> began;
    if (walk % 5 == 0) unit.status = UnitStatus::kScrapped;
    if (walk % 5 == 1) {
      began = *BeginLife(unit, true);
      began->used = walk % 2 == 0;
      began->last_time = kFinished;
    }
    struct Stand {
      Life life;
      UnitStatus status;
    };
    std::vector<Stand> stands{{began ? *began : *BeginLife(unit, false), unit.status}};
    std::vector<LifeRecord> records;
    for (int step = 0; step < 12; ++step) {
      std::vector<LifeRecord> may;
      for (const LifeMove& move : kLifeMoves) {
        if (move.from != stands.back().life.state) continue;
        may.push_back(Record(move.event, step + 1));
        may.back().used = random() % 2 == 0;
      }
      if (may.empty()) break;
      records.push_back(may[random() % may.size()]);
      stands.push_back({*Move(stands.back().life, unit, records.back()), UnitStatusAfter(records.back()).value_or(stands.back().status)});
    }
    while (!records.empty()) {
      const LifeBefore before = BeforeLast(records, began);
      const Stand& wanted = stands[stands.size() - 2];
      EXPECT_EQ(before.life, wanted.life) << "walk " << walk << ", " << NameOf(records.back().event);
      EXPECT_EQ(before.status.value_or(stands.back().status), wanted.status) << "walk " << walk;
      records.pop_back();
      stands.pop_back();
      ++steps;
    }
    EXPECT_FALSE(BeforeLast(records, began).status) << "nothing stands";
  }
  EXPECT_GT(steps, 2'000);
}

TEST(Life, WhatRestsOnARecordIsNamed) {
  std::set<std::string> names;
  for (int what = 1; what <= static_cast<int>(LifeRest::kState); ++what) {
    const Error error = RestsOnRecord(Pack(), 7, {static_cast<LifeRest>(what), "B-3"});
    EXPECT_EQ(error.reason, Reason::kReversalRefused);
    EXPECT_EQ(error.metadata.at("life_record_id"), "7");
    EXPECT_EQ(error.metadata.at("name"), "B-3");
    EXPECT_NE(error.message.find("B-3"), std::string::npos) << error.message;
    names.insert(error.metadata.at("rests_on"));
  }
  EXPECT_EQ(names.size(), 9u);
}

TEST(Life, ThePlantsStateFollows) {
  EXPECT_EQ(UnitStatusAfter(Record(LifeEvent::kShip)), UnitStatus::kShipped);
  EXPECT_EQ(UnitStatusAfter(Record(LifeEvent::kReturn)), UnitStatus::kFinished);
  EXPECT_EQ(UnitStatusAfter(Record(LifeEvent::kRecycle)), UnitStatus::kScrapped);
  EXPECT_EQ(UnitStatusAfter(Record(LifeEvent::kTest)), std::nullopt);
  EXPECT_TRUE(IsBattery(Pack(), nullptr));
  Unit stack = Pack();
  stack.code = "S-77";
  EXPECT_FALSE(IsBattery(stack, nullptr));
}

}  // namespace
}  // namespace mes::domain
