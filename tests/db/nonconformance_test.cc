#include "db/nonconformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/failure_code.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using tests::StoredPlant;

struct NonconformanceTest : testing::Test {
  StoredPlant plant;

  domain::FailureCode Put(const char* product, int16_t operation, bool withdrawn = false) {
    domain::FailureCode policy;
    policy.code = "LEAK";
    if (product != nullptr) policy.material_id = plant.material_id(product), policy.product_code = product;
    policy.operation = operation;
    policy.needs_disposition = policy.opens_ncr = true;
    policy.repair_limit = 1;
    policy.severity = domain::Severity::kMajor;
    policy.withdrawn = withdrawn;
    policy.reason = "8D 17";
    policy.person = "li";
    policy.create_time = StoredPlant::kNow;
    plant.Run([&](Transaction& transaction) { InsertFailureCode(transaction, policy); });
    return policy;
  }
  domain::NcrFinding Finding(int32_t policy_id, int64_t unit_id, int64_t sequence) {
    return {plant.material_id("PACK"), 40,      "LEAK",           policy_id, domain::Severity::kMajor,
            {1, 1, sequence},          unit_id, StoredPlant::kNow};
  }
  // Stores what a batch noted.
  template <typename Note>
  void Store(const Note& note) {
    domain::World world(plant.plant(), StoredPlant::kNow);
    note(world);
    plant.Run([&](Transaction& transaction) { StoreNonconformance(transaction, world); });
  }
};

TEST_F(NonconformanceTest, PoliciesAreVersionsThatComeBackWithThePlant) {
  const std::string version = plant.database().Value("select version from plant_version");
  const domain::FailureCode first = Put("PACK", 40);
  EXPECT_EQ(first.version, 1);
  EXPECT_EQ(Put("PACK", 40).version, 2);
  EXPECT_EQ(Put(nullptr, 0).version, 1);
  EXPECT_NE(plant.database().Value("select version from plant_version"), version) << "servers load the plant again";
  plant.Run([&](Transaction& transaction) {
    const domain::FailureCodes policies = LoadFailureCodes(transaction);
    EXPECT_EQ(policies.Find("LEAK", plant.material_id("PACK"), 40)->version, 2);
    EXPECT_EQ(policies.Find("LEAK", plant.material_id("PACK"), 40)->Name(), "LEAK/PACK/40/v2");
    EXPECT_EQ(policies.Find("LEAK", plant.material_id("CELL"), 10)->material_id, 0);
    EXPECT_EQ(LoadPlant(transaction)->failure_codes.Find("LEAK", plant.material_id("PACK"), 40)->version, 2);
    EXPECT_THAT(ListFailureCodes(transaction, {}, 10), SizeIs(3));
    EXPECT_THAT(ListFailureCodes(transaction, {0, "", 0, true}, 10), SizeIs(2));
    EXPECT_THAT(ListFailureCodes(transaction, {0, "", plant.material_id("PACK"), true}, 10), SizeIs(1));
    EXPECT_THAT(ListFailureCodes(transaction, {0, "DENT", 0, false}, 10), SizeIs(0));
    EXPECT_THAT(ListFailureCodes(transaction, {first.id + 1, "", 0, false}, 10), SizeIs(1));
  });
  Put("PACK", 40, true);
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListFailureCodes(transaction, {0, "", plant.material_id("PACK"), true}, 10), SizeIs(0));
    EXPECT_EQ(LoadFailureCodes(transaction).Find("LEAK", plant.material_id("PACK"), 40)->material_id, 0);
  });
  EXPECT_ANY_THROW(plant.database().Query("update failure_code set route = 1")) << "a version never changes";
}

TEST_F(NonconformanceTest, WhatFailsAlikeGoesOntoOneOpenReport) {
  const int32_t policy = Put("PACK", 40).id;
  const std::vector<int64_t> units = plant.AddUnits("PACK", {"P1", "P2"});
  Store([&](domain::World& world) { world.effects.findings = {Finding(policy, units[0], 1), Finding(policy, units[1], 1)}; });
  Store([&](domain::World& world) { world.effects.findings = {Finding(policy, units[0], 5)}; });
  plant.Run([&](Transaction& transaction) {
    const std::optional<domain::Ncr> ncr = LockNcr(transaction, 1);
    ASSERT_TRUE(ncr);
    EXPECT_EQ(ncr->units, 3);
    EXPECT_EQ(ncr->open_units, 3);
    EXPECT_EQ(ncr->opened_by, "policy");
    EXPECT_EQ(ncr->failure_code_id, policy);
    EXPECT_THAT(ListOpenNcrUnits(transaction, 1, {}), ElementsAre(units[0], units[1]));
    const std::vector<NcrUnit> entries = ListNcrUnits(transaction, 1, {}, false, 10);
    ASSERT_THAT(entries, SizeIs(3));
    EXPECT_EQ(entries[0].unit_code, "P1");
    EXPECT_THAT(ListNcrUnits(transaction, 1, {units[0], 1, 1, 1}, false, 1).at(0).sequence, 5);
    UpdateNcrUnits(transaction, 1, {units[0]}, {domain::FailureDisposition::kUseAsIs, "C-1", "seen", "wu", "quality", "he"},
                   StoredPlant::kNow);
    EXPECT_EQ(LoadNcr(transaction, 1)->open_units, 1);
    EXPECT_EQ(ListNcrUnits(transaction, 1, {}, false, 10)[0].second_person, "he");
    EXPECT_THAT(ListNcrUnits(transaction, 1, {}, true, 10), SizeIs(1));

    domain::Ncr moved = *ncr;
    moved.state = domain::NcrState::kContained;
    moved.containment = "held";
    moved.hold_ids = {3};
    UpdateNcr(transaction, moved, {StoredPlant::kNow, domain::NcrMove::kContain, ncr->state, moved.state, "li", "quality", ""});
    EXPECT_EQ(LoadNcr(transaction, 1)->hold_ids, moved.hold_ids);
    EXPECT_THAT(ListNcrTransitions(transaction, 1), SizeIs(1));
  });
  Store([&](domain::World& world) { world.effects.findings = {Finding(policy, units[1], 9)}; });
  EXPECT_EQ(plant.database().Value("select count(*) from ncr"), "2") << "a contained report takes nothing more";
  Store([&](domain::World& world) { world.effects.withdrawn_findings = {{{1, 1, 9}, units[1]}}; });
  plant.Run([&](Transaction& transaction) {
    ASSERT_THAT(ListNcrs(transaction, {}, 10), SizeIs(2));
    // Numbers have gaps: what joins an open report uses one up.
    const int64_t second = ListNcrs(transaction, {}, 1)[0].id;
    EXPECT_EQ(LoadNcr(transaction, second)->open_units, 0);
    EXPECT_TRUE(ListNcrUnits(transaction, second, {}, false, 10)[0].withdrawn);
    EXPECT_THAT(ListNcrs(transaction, {second, 0, 0, "", 0}, 10), SizeIs(1));
    EXPECT_THAT(ListNcrs(transaction, {0, 1, 0, "", 0}, 10), SizeIs(1));
    EXPECT_THAT(ListNcrs(transaction, {0, 0, plant.material_id("CELL"), "", 0}, 10), SizeIs(0));
    EXPECT_THAT(ListNcrs(transaction, {0, 0, 0, "LEAK", units[0]}, 10), SizeIs(1));
  });
}

TEST_F(NonconformanceTest, TheConstraintsSayTheRulesToo) {
  const auto query = [&](const std::string& sql) { plant.database().Query(sql); };
  const std::vector<int64_t> units = plant.AddUnits("PACK", {"P1"});
  domain::Ncr ncr;
  ncr.description = "bent";
  ncr.opened_by = "li";
  ncr.open_time = StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) { InsertNcr(transaction, ncr, units); });
  EXPECT_ANY_THROW(
      query("update ncr set corrective_owner = 'li', verified_by = 'li', verification = 'x', verification_evidence = 'y'"));
  EXPECT_ANY_THROW(query("update ncr set state = 8"));
  EXPECT_ANY_THROW(query("update ncr_unit set disposition = 4"));
  EXPECT_ANY_THROW(query(
      "insert into failure_code (code, operation, version, needs_disposition, route, opens_ncr, severity, withdrawn, reason, "
      "person, create_time) values ('X', 0, 1, true, 0, false, 1, false, 'r', 'p', now())"));
}

TEST_F(NonconformanceTest, FailureCountsAddUpByDayAndAreTakenBackFromTheirOwn) {
  const int32_t pack = plant.material_id("PACK");
  Store([&](domain::World& world) {
    world.effects.failures[{pack, 100, 40, 1, "LEAK"}] = {3, 2, 1};
    world.effects.failures[{pack, 101, 40, 2, "LEAK"}] = {4, 1, 0};
    world.effects.failures[{pack, 101, 30, 3, "DENT"}] = {5, 5, 0};
  });
  Store([&](domain::World& world) { world.effects.failures[{pack, 100, 40, 1, "LEAK"}] = {-1, -1, 0}; });
  plant.Run([&](Transaction& transaction) {
    const Pareto all =
        LoadPareto(transaction, {FailureMeasure::kFailedRuns, 100, 101, 0, 0, 0, "", false, false, false, false}, 10);
    EXPECT_EQ(all.total, 11);
    ASSERT_THAT(all.bars, SizeIs(2));
    EXPECT_EQ(all.bars[0].failure_code, "LEAK");
    EXPECT_EQ(all.bars[0].count, 6);
    EXPECT_EQ(all.bars[1].cumulative, 11);
    const Pareto days =
        LoadPareto(transaction, {FailureMeasure::kFirstRunFails, 100, 101, pack, 40, 0, "", true, true, true, true}, 10);
    ASSERT_THAT(days.bars, SizeIs(2));
    EXPECT_EQ(days.bars[0].plant_day, 100);
    EXPECT_EQ(days.bars[0].station_id, 1);
    EXPECT_EQ(days.total, 2);
    const Pareto cut = LoadPareto(transaction, {FailureMeasure::kFailedRuns, 0, 200, 0, 0, 0, "", false, false, true, false}, 1);
    EXPECT_THAT(cut.bars, SizeIs(1));
    EXPECT_EQ(cut.total, 11) << "shares are of all bars";
    EXPECT_EQ(LoadPareto(transaction, {FailureMeasure::kScrapped, 101, 101, 0, 0, 0, "", false, false, false, false}, 10).total,
              0);
  });
}

TEST_F(NonconformanceTest, AUnitsLastRunIsWhereItEnded) {
  const int64_t unit = plant.AddUnit("PACK", "P1");
  plant.AddEvent(unit, 1, domain::EventKind::kStarted, 40);
  plant.AddEvent(unit, 2, domain::EventKind::kCompleted, 40, "station_id = 3");
  plant.AddEvent(unit, 3, domain::EventKind::kArrived, 50, "station_id = 4");
  plant.Run([&](Transaction& transaction) {
    const auto runs = LoadLastRuns(transaction, {unit, 99});
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(runs.at(unit).station_id, 3);
    EXPECT_EQ(runs.at(unit).end_time, StoredPlant::kNow + std::chrono::seconds(1));
    EXPECT_EQ(runs.at(unit).record_time, StoredPlant::kNow + std::chrono::seconds(3));
  });
}

}  // namespace
}  // namespace mes::db
