// What counts where, and the shares that come of it: the domain's examples, published values, and any history against a plain
// recount.
#include "domain/yield.h"

#include <cmath>
#include <regex>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "domain/limits.h"
#include "tests/support/plant_folder.h"
#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::EventKind;
using domain::EventRow;
using domain::Judgement;
using domain::kMicro;
using domain::RunPurpose;
using domain::Share;
using domain::YieldCounts;
using domain::YieldKey;

YieldCounts Sum(const domain::World& world, int16_t operation) {
  YieldCounts sum;
  for (const auto& [key, counts] : world.effects.yields) {
    if (key.operation == operation) sum.Add(counts);
  }
  return sum;
}

std::map<YieldKey, YieldCounts> NonZero(std::map<YieldKey, YieldCounts> yields) {
  std::erase_if(yields, [](const auto& entry) { return entry.second.IsZero(); });
  return yields;
}

PlantBuilder Plain() {
  PlantBuilder builder;
  builder.operation("PACK", 50).interlocks.pop_back();  // components are another test's matter
  builder.operation("PACK", 50).new_identity = domain::NewIdentity::kNone;
  return builder;
}

// ---- A recount that knows nothing of how ingest counts: counter by counter, straight from the stored rows ----

std::map<YieldKey, YieldCounts> RecountRows(ShopFloor& floor) {
  std::map<YieldKey, YieldCounts> yields;
  std::map<int64_t, std::vector<const EventRow*>> by_unit;
  for (const EventRow& row : floor.world().effects.rows) {
    if (row.unit_id != 0 && (row.flags & domain::kFlagReversed) == 0) by_unit[row.unit_id].push_back(&row);
  }
  for (const auto& [id, rows] : by_unit) {
    const int32_t order = floor.world().FindUnit(id)->unit.work_order_id;
    const auto at = [&, order = order](const EventRow& row, int16_t operation) -> YieldCounts& {
      const int64_t hours = std::chrono::floor<std::chrono::hours>(row.occur_time).time_since_epoch().count();
      return yields[{order, static_cast<int32_t>(hours / 24), operation, static_cast<int16_t>(hours % 24 < 12 ? 1 : 2),
                     row.station_id}];
    };
    std::set<int16_t> operations;
    for (const EventRow* row : rows) {
      if (row->kind == EventKind::kCompleted || row->kind == EventKind::kScrapped) operations.insert(row->operation);
      if (row->kind == EventKind::kAborted) ++at(*row, row->operation).aborts;
    }
    for (const int16_t operation : operations) {
      const EventRow* first = nullptr;
      const EventRow* scrap = nullptr;
      bool good = false;
      for (const EventRow* row : rows) {
        if (row->return_to != 0 && row->return_to <= operation) good = false;
        if (row->kind == EventKind::kScrapped && row->operation == operation) scrap = row;
        if (row->kind != EventKind::kCompleted || row->operation != operation) continue;
        good = row->judgement == Judgement::kPass;
        if (first == nullptr || row->occur_time < first->occur_time) first = row;
        YieldCounts& counts = at(*row, operation);
        ++counts.runs;
        if (row->purpose == RunPurpose::kRework) ++counts.reworks;
        if (row->purpose == RunPurpose::kRetest) ++counts.retests;
      }
      if (first != nullptr && first->purpose != RunPurpose::kRework) {
        ++at(*first, operation).first_runs;
        if (first->judgement == Judgement::kPass) ++at(*first, operation).first_passes;
      }
      YieldCounts& entry = at(first != nullptr ? *first : *scrap, operation);
      ++entry.entered;
      if (scrap != nullptr) {
        ++entry.lost;
        ++at(*scrap, operation).scrapped;
      } else if (good) {
        ++entry.left_good;
      }
    }
  }
  return NonZero(yields);
}

struct Action {
  int16_t operation;
  int kind;
  bool pass;
};

void Do(ShopFloor& floor, const std::string& unit, const Action& action) {
  floor.Wait(std::chrono::minutes(97));  // through shifts and days
  const auto start = floor.StartOf("PACK", action.operation, floor.world().FindUnit(unit) == nullptr ? "ORD-PACK" : "");
  const auto complete = action.pass ? floor.PassOf("PACK", action.operation) : floor.FailOf("PACK", action.operation);
  if (action.kind <= 4) {
    floor.Say("PACK", action.operation, unit, start);
    floor.Say("PACK", action.operation, unit, complete);
  } else if (action.kind == 5) {
    floor.Say("PACK", action.operation, unit, start);
    floor.Say("PACK", action.operation, unit, domain::Aborted{"stop"});
  } else if (action.kind == 6) {
    floor.Say("PACK", action.operation, unit, complete);
  } else if (action.kind == 7) {
    if (!action.pass) floor.Say("PACK", action.operation, unit, domain::Scrapped{"BAD", 0});
  } else {
    const domain::Cursor& cursor = floor.world().cursors[floor.StationOf("PACK", action.operation).id];
    floor.Say("PACK", action.operation, unit, domain::Reversed{1, cursor.last_sequence - (action.kind - 8), "mistake", "li"});
  }
}

constexpr int16_t kOperations[] = {10, 20, 30, 40, 45, 50};

std::vector<std::pair<std::string, Action>> AnyActions(ShopFloor&) {
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int, bool>>>(
      rc::gen::tuple(rc::gen::inRange(0, 3), rc::gen::inRange(0, 18), rc::gen::inRange(0, 12),
                     rc::gen::weightedElement<bool>({{3, true}, {1, false}})));
  std::vector<std::pair<std::string, Action>> actions;
  for (const auto& [unit, pick, kind, pass] : steps) {
    // 0: what the route wants next.
    const int16_t operation = pick < 6 ? kOperations[pick] : int16_t{0};
    actions.push_back({"U" + std::to_string(unit), {operation, kind, pass}});
  }
  return actions;
}

void DoAny(ShopFloor& floor, const std::string& unit, Action action) {
  if (action.operation == 0) {
    const domain::UnitEntry* entry = floor.world().FindUnit(unit);
    const domain::ProductRevision& revision = *floor.plant().NewestRevision(floor.plant().FindMaterial("PACK")->id);
    action.operation = entry == nullptr                    ? int16_t{10}
                       : entry->unit.failed_operation != 0 ? (action.kind % 2 == 0 ? entry->unit.failed_operation : int16_t{20})
                                                           : domain::NextOperation(revision, entry->unit.passed);
    if (action.operation == 0) action.operation = 50;
  }
  Do(floor, unit, action);
}

RC_GTEST_PROP(YieldCounting, AgreesWithAPlainRecountOfTheRowsWhateverHappens, ()) {
  ShopFloor floor(Plain());
  for (const auto& [unit, action] : AnyActions(floor)) DoAny(floor, unit, action);
  RC_ASSERT(NonZero(floor.world().effects.yields) == RecountRows(floor));
  for (const auto& [key, counts] : floor.world().effects.yields) {
    RC_ASSERT(domain::OpenUnits(counts) >= 0);
    RC_ASSERT(counts.first_passes <= counts.first_runs);
    RC_ASSERT(counts.left_good + counts.lost <= counts.entered);
  }
  const YieldCounts test = Sum(floor.world(), 40);
  RC_CLASSIFY(test.reworks + Sum(floor.world(), 20).reworks > 0, "with rework");
  RC_CLASSIFY(!floor.world().effects.restatements.empty(), "with reversals");
}

RC_GTEST_PROP(YieldCounting, AReversalRestatesToWhatWouldHaveBeenAndKeepsTheEarlierFigure, ()) {
  ShopFloor floor(Plain());
  for (const auto& [unit, action] : AnyActions(floor)) {
    const auto before = NonZero(floor.world().effects.yields);
    const size_t restatements = floor.world().effects.restatements.size();
    DoAny(floor, unit, action);
    auto known = floor.world().effects.yields;
    for (size_t i = restatements; i < floor.world().effects.restatements.size(); ++i) {
      const domain::YieldRestatement& restatement = floor.world().effects.restatements[i];
      known[restatement.key].Add(restatement.delta, -1);
    }
    if (restatements != floor.world().effects.restatements.size()) RC_ASSERT(NonZero(known) == before);
  }
}

// ---- Examples ----

TEST(YieldCounting, AUnitThatPassesOnRetestIsNotFirstPass) {
  ShopFloor floor(Plain());
  for (const int16_t operation : {10, 20, 30}) floor.Run("PACK", operation, "P1", true, operation == 10 ? "ORD-PACK" : "");
  floor.Run("PACK", 40, "P1", false);
  EXPECT_EQ(domain::OpenUnits(Sum(floor.world(), 40)), 1) << "failed: neither good nor lost";
  floor.Run("PACK", 40, "P1", true);
  const YieldCounts counts = Sum(floor.world(), 40);
  EXPECT_EQ(counts.first_runs, 1);
  EXPECT_EQ(counts.first_passes, 0);
  EXPECT_EQ(counts.retests, 1);
  EXPECT_EQ(counts.runs, 2);
  EXPECT_EQ(counts.left_good, 1);
  EXPECT_EQ(domain::FinalYield(counts).Value(), 1.0);
  EXPECT_EQ(domain::RetestRate(counts).Value(), 0.5);
}

TEST(YieldCounting, AUnitThatLeftGoodAndCameBackByReworkIsCountedOnce) {
  ShopFloor floor(Plain());
  for (const int16_t operation : {10, 20, 30}) floor.Run("PACK", operation, "P1", true, operation == 10 ? "ORD-PACK" : "");
  floor.Run("PACK", 40, "P1", false);
  floor.Run("PACK", 40, "P1", false);  // the retest
  EXPECT_EQ(Sum(floor.world(), 20).left_good, 1);
  floor.Wait(std::chrono::hours(13));
  domain::Started rework = floor.StartOf("PACK", 20);
  rework.purpose = RunPurpose::kRework;
  ASSERT_EQ(floor.Say("PACK", 20, "P1", rework).outcome, domain::EventOutcome::kRecorded);
  EXPECT_EQ(Sum(floor.world(), 20).left_good, 0) << "it is back";
  EXPECT_EQ(domain::OpenUnits(Sum(floor.world(), 20)), 1);
  EXPECT_EQ(domain::OpenUnits(Sum(floor.world(), 30)), 1) << "to be run again";
  EXPECT_EQ(Sum(floor.world(), 10).left_good, 1);
  ASSERT_EQ(floor.Say("PACK", 20, "P1", domain::Scrapped{"BAD", 10}).outcome, domain::EventOutcome::kRecorded);
  const YieldCounts counts = Sum(floor.world(), 20);
  EXPECT_EQ(counts.left_good, 0);
  EXPECT_EQ(counts.lost, 1);
  EXPECT_EQ(counts.scrapped, 1);
  EXPECT_EQ(counts.first_passes, 1) << "its first run passed all the same";
  EXPECT_EQ(Sum(floor.world(), 10).scrapped_caused, 1) << "attributed a second time to the operation that caused it";
  EXPECT_EQ(Sum(floor.world(), 10).scrapped, 0);
}

TEST(YieldCounting, APersonsOverrideIsNotFirstPass) {
  ShopFloor floor(Plain());
  floor.Say("PACK", 10, "P1", floor.StartOf("PACK", 10, "ORD-PACK"));
  domain::Completed pass = floor.PassOf("PACK", 10);
  pass.overridden_by = "li.wei";
  ASSERT_EQ(floor.Say("PACK", 10, "P1", pass).outcome, domain::EventOutcome::kRecorded);
  const YieldCounts counts = Sum(floor.world(), 10);
  EXPECT_EQ(counts.first_runs, 1);
  EXPECT_EQ(counts.first_passes, 0);
  EXPECT_EQ(counts.overrides, 1);
  EXPECT_EQ(counts.left_good, 1);
  EXPECT_EQ(floor.world().effects.rows.back().details->person, "li.wei");
}

TEST(YieldCounting, RunsCountOnTheDayAndShiftOfTheirCompletion) {
  using std::chrono::hours;
  const domain::Time first_of_march = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  EXPECT_EQ(domain::FormatPlantDay(domain::PlantDay(first_of_march - hours(6))), "2026-02-28") << "02:00 on 1 March, Shanghai";
  EXPECT_EQ(domain::ShiftOf(first_of_march - hours(6)), domain::kNightShift);
  EXPECT_EQ(domain::FormatPlantDay(domain::PlantDay(first_of_march)), "2026-03-01") << "08:00, Shanghai";
  EXPECT_EQ(domain::ShiftOf(first_of_march), domain::kDayShift);
  EXPECT_EQ(domain::ShiftOf(first_of_march + hours(12)), domain::kNightShift) << "20:00, Shanghai";
  EXPECT_EQ(domain::FormatPlantDay(domain::PlantDay(std::chrono::sys_days(std::chrono::year(2028) / 2 / 29) + hours(1))),
            "2028-02-29");
}

TEST(YieldCounting, ARunThatCameLateIsTheFirstByItsTime) {
  ShopFloor floor;
  const domain::CountedUnit unit{1, false, *floor.plant().NewestRevision(floor.plant().FindMaterial("CELL")->id), floor.plant()};
  domain::RunFact run;
  run.kind = EventKind::kCompleted;
  run.operation = 30;
  run.station_id = floor.StationOf("CELL", 30).id;
  run.purpose = RunPurpose::kRegular;
  run.flags = domain::kFlagFirstRun;
  run.judgement = Judgement::kFail;
  run.occur_time = floor.now();
  domain::RunFact late = run;
  late.purpose = RunPurpose::kRetest;
  late.flags = 0;
  late.judgement = Judgement::kPass;
  late.occur_time = floor.now() - std::chrono::hours(24);
  domain::YieldTally tally;
  domain::CountUnit(unit, {run, late}, 1, tally);
  const YieldCounts& yesterday = tally.yields.at({1, domain::PlantDay(late.occur_time), 30, 1, run.station_id});
  const YieldCounts& today = tally.yields.at({1, domain::PlantDay(run.occur_time), 30, 1, run.station_id});
  EXPECT_EQ(yesterday.first_passes, 1);
  EXPECT_EQ(yesterday.retests, 0);
  EXPECT_EQ(today.first_runs, 0);
  EXPECT_EQ(today.retests, 1);
}

TEST(YieldCounting, LotsCountByQuantityToo) {
  ShopFloor floor;
  floor.Receive("POW", "POW-1");
  domain::Started start = floor.StartOf("INK", 10, "ORD-INK");
  start.quantity = "100";
  start.quantity_uom = "kg";
  ASSERT_EQ(floor.Say("INK", 10, "I1", start).outcome, domain::EventOutcome::kRecorded);
  ASSERT_EQ(floor.Say("INK", 10, "I1", domain::Consumed{"POW-1", "25", "kg"}).outcome, domain::EventOutcome::kRecorded);
  domain::Completed pass = floor.PassOf("INK", 10);
  pass.good_quantity = {"95.5", "kg"};
  ASSERT_EQ(floor.Say("INK", 10, "I1", pass).outcome, domain::EventOutcome::kRecorded);
  const YieldCounts counts = Sum(floor.world(), 10);
  EXPECT_EQ(counts.input_micro, 100 * kMicro);
  EXPECT_EQ(counts.cut_micro, 4'500'000) << "scrap when it is cut";
  EXPECT_EQ(domain::QuantityYield(counts).Value(), 0.955);
  EXPECT_EQ(counts.first_passes, 1);
  const auto& [key, lot] = *floor.world().effects.lot_yields.begin();
  EXPECT_EQ(key.lot_id, floor.unit("POW-1").unit.id);
  EXPECT_EQ(lot.first_runs, 1);
  EXPECT_EQ(lot.first_passes, 1);
}

TEST(YieldCounting, ASampleOnlyOperationsFpyIsOverSamplesAndTestedPiecesAreNoScrap) {
  PlantBuilder builder;
  domain::Operation& soak = builder.operation("CELL", 30);
  soak.operation_type = "quality";
  soak.characteristics[0].sampling = domain::Sampling::kPerCycle;
  ASSERT_TRUE(domain::IsSampleOnly(soak));
  builder.product("CELL").windows.clear();
  ShopFloor floor(builder);
  for (const char* cell : {"C1", "C2", "C3"}) {
    floor.Run("CELL", 10, cell, true, "ORD-CELL");
    floor.Run("CELL", 20, cell);
    floor.Say("CELL", 30, cell, floor.StartOf("CELL", 30));
    domain::Completed pass = floor.PassOf("CELL", 30);
    if (cell[1] != '1') pass.values.clear();
    ASSERT_EQ(floor.Say("CELL", 30, cell, pass).outcome, domain::EventOutcome::kRecorded);
  }
  ASSERT_EQ(floor.Say("CELL", 30, "C1", domain::Scrapped{std::string(domain::kDestroyedForTest), 0}).outcome,
            domain::EventOutcome::kRecorded);
  const YieldCounts counts = Sum(floor.world(), 30);
  EXPECT_EQ(domain::FirstPassYield(counts).numerator, 1);
  EXPECT_EQ(domain::FirstPassYield(counts).denominator, 1) << "one sample; two inherit its verdict";
  EXPECT_EQ(counts.inherited_runs, 2);
  EXPECT_EQ(counts.destroyed, 1);
  EXPECT_EQ(counts.scrapped, 0);
  EXPECT_EQ(counts.entered, 2) << "outside the yield";
  EXPECT_EQ(domain::FinalYield(counts).Value(), 1.0);
}

TEST(YieldShares, AreNullWhereNothingWasCounted) {
  EXPECT_EQ(domain::FirstPassYield({}).Value(), std::nullopt);
  EXPECT_EQ(domain::FirstPassYield({}).denominator, 0);
  EXPECT_EQ(domain::WilsonInterval({0, 0}).has_value(), false);
  EXPECT_EQ(domain::RolledThroughputYield({{9, 10}, {0, 0}}), std::nullopt) << "never 1 and never 0";
  EXPECT_EQ(domain::RolledThroughputYield({}), std::nullopt);
  EXPECT_DOUBLE_EQ(*domain::RolledThroughputYield({{9, 10}, {8, 10}}), 0.72);
}

TEST(YieldShares, FlagAbortsAboveTwoPercentOfRuns) {
  YieldCounts counts;
  counts.runs = 98;
  counts.aborts = 2;
  EXPECT_FALSE(domain::AbortsFlagged(counts));
  counts.aborts = 3;
  EXPECT_TRUE(domain::AbortsFlagged(counts));
  EXPECT_EQ(domain::AbortRate(counts).denominator, 101);
}

TEST(YieldShares, WilsonsIntervalGivesThePublishedLimits) {
  // R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I,
  // method 3.
  const struct {
    Share share;
    double low, high;
  } published[] = {
      {{81, 263}, 0.2553, 0.3662}, {{15, 148}, 0.0624, 0.1605}, {{0, 20}, 0.0000, 0.1611}, {{1, 29}, 0.0061, 0.1718}};
  for (const auto& [share, low, high] : published) {
    const domain::Interval interval = *domain::WilsonInterval(share);
    EXPECT_NEAR(interval.low, low, 0.00005) << share.numerator << "/" << share.denominator;
    EXPECT_NEAR(interval.high, high, 0.00005) << share.numerator << "/" << share.denominator;
  }
}

TEST(YieldShares, ThePlannedRoutesOfTheReferencePlantGiveTheDomainsRolledYields) {
  const PlantFolder plant = ReadReferencePlant();
  const auto rolled = [&](const std::string& product) {
    // Every operation of these four routes is mandatory.
    const std::string& routing = plant.at("routings/" + product + ".json");
    const std::regex planned("\"fpy\": *([0-9.]+)");
    std::vector<Share> shares;
    for (std::sregex_iterator at(routing.begin(), routing.end(), planned), end; at != end; ++at) {
      shares.push_back({std::llround(std::stod((*at)[1]) * 1e6), 1'000'000});
    }
    return domain::RolledThroughputYield(shares).value_or(-1);
  };
  EXPECT_NEAR(rolled("CELL-LFP-228"), 0.8906, 0.00005);
  EXPECT_NEAR(rolled("PACK-TRK-70"), 0.8770, 0.00005);
  EXPECT_NEAR(rolled("STK-148"), 0.8420, 0.00005);
  EXPECT_NEAR(rolled("FCS-120"), 0.8564, 0.00005);
}

int32_t Day(const char* text) { return *domain::ParsePlantDay(text); }

TEST(Days, AreWrittenAndReadAsDates) {
  EXPECT_EQ(domain::ParsePlantDay("2026-02-29"), std::nullopt);
  EXPECT_EQ(domain::ParsePlantDay("2026-2-01"), std::nullopt);
  EXPECT_EQ(domain::ParsePlantDay("1969-12-31"), std::nullopt);
  EXPECT_EQ(domain::FormatPlantDay(Day("2028-02-29")), "2028-02-29");
}

}  // namespace
}  // namespace mes::tests
