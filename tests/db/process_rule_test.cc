#include "db/process_rule.h"

#include <gtest/gtest.h>

#include "db/process_world.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

TEST(RunRing, ReadsBackWhatItWrote) {
  const domain::Time time = tests::StoredPlant::kNow;
  const std::vector<domain::FirstRun> runs = {
      {time, 0, 0, 0, 0, true, ""},
      {time, 7, 8, 9, 10, false, "a;b,c:d"},
      {time + domain::Duration(1), 1, 2, 3, 4, false, ""},
  };
  EXPECT_EQ(RingFrom(RingText(runs)), runs);
  EXPECT_TRUE(RingFrom("").empty());
  EXPECT_THROW(RingFrom("17"), std::invalid_argument);
  EXPECT_THROW(RingFrom("17,1,2,3,4,90:AB;"), std::invalid_argument);
}

TEST(ProcessRuleOfThePlant, IsReplacedOnlyWhenItsTextIsNew) {
  tests::StoredPlant plant;
  tests::PlantBuilder builder;
  domain::ProcessRule rule;
  rule.code = "CF3";
  rule.by_routing = true;
  rule.count = 3;
  rule.stops = domain::StopScope::kStation;
  rule.release_role = "process engineer";
  builder.draft().process_rules.push_back(rule);
  const auto load = [&](const std::string& text) {
    for (auto& line_stop : builder.draft().rules) {
      if (line_stop.code == "CF3") line_stop.definition_json = text;
    }
    std::vector<domain::ProcessRule> in_force;
    plant.Run([&](Transaction& transaction) {
      StorePlant(transaction, builder.draft(), tests::StoredPlant::kNow);
      in_force = ListRulesInForce(transaction);
    });
    return in_force;
  };
  auto in_force = load(R"({"count": 3})");
  ASSERT_EQ(in_force.size(), 1U);
  EXPECT_EQ(in_force[0].version, 1);
  // A person changes it; the same files again leave that alone.
  rule.count = 4;
  rule.created_by = "Li";
  rule.create_time = tests::StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) { InsertProcessRule(transaction, rule); });
  in_force = load(R"({"count": 3})");
  EXPECT_EQ(in_force[0].version, 2);
  EXPECT_EQ(in_force[0].count, 4);
  in_force = load(R"({"count": 3, "new": true})");
  EXPECT_EQ(in_force[0].version, 3);
  EXPECT_EQ(in_force[0].count, 3);
  builder.draft().process_rules.clear();
  EXPECT_TRUE(load("{}").empty());
}

}  // namespace
}  // namespace mes::db
