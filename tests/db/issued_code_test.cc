#include "db/issued_code.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using tests::StoredPlant;

const std::chrono::year_month_day kDay = std::chrono::year(2026) / 11 / 24;

domain::CodeRule Rule(StoredPlant& plant, const char* material, const char* prefix, const char* gtin = "") {
  domain::CodeRule rule;
  rule.material_id = plant.material_id(material);
  rule.prefix = prefix;
  rule.traceability = rule.prefix.empty() ? "" : "0000001";
  rule.gtin = gtin;
  rule.person = "Li";
  rule.create_time = StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) { EXPECT_TRUE(InsertCodeRule(transaction, rule)); });
  return rule;
}

domain::CodeBatch Draft(const domain::CodeRule& rule, int32_t count, char level = 0) {
  domain::CodeBatch batch = *domain::DraftBatch(rule, {level, "", kDay, count});
  batch.person = "Li";
  batch.issue_time = StoredPlant::kNow;
  return batch;
}

domain::CodeBatch Issue(StoredPlant& plant, const domain::CodeRule& rule, int32_t count, char level = 0) {
  domain::CodeBatch batch = Draft(rule, count, level);
  plant.Run([&](Transaction& transaction) { EXPECT_TRUE(IssueBatch(transaction, batch)); });
  return batch;
}

TEST(CodeRule, APrefixAndAGtinBelongToOneRule) {
  StoredPlant plant;
  const domain::CodeRule first = Rule(plant, "PACK", "NMGPB12", "09521234543213");
  Rule(plant, "CELL", "NMGCB12");
  Rule(plant, "CELL", "", "09506000134352");
  plant.Run([&](Transaction& transaction) {
    domain::CodeRule again = first;
    again.gtin = "";
    EXPECT_FALSE(InsertCodeRule(transaction, again));
    again.prefix = "NMGPB13";
    again.gtin = first.gtin;
    EXPECT_FALSE(InsertCodeRule(transaction, again));
    EXPECT_EQ(FindRuleOfGtin(transaction, "09521234543213")->prefix, "NMGPB12");
    EXPECT_EQ(FindRuleOfPrefix(transaction, "NMGCB12")->material_id, plant.material_id("CELL"));
    EXPECT_EQ(FindPlainRule(transaction, plant.material_id("CELL"))->gtin, "09506000134352");
    EXPECT_EQ(FindPrefixRule(transaction, plant.material_id("CELL"))->prefix, "NMGCB12");
    EXPECT_EQ(FindPlainRule(transaction, plant.material_id("PACK")), std::nullopt);
    EXPECT_EQ(ListCodeRules(transaction, 0, 0, 10).size(), 3u);
    EXPECT_EQ(ListCodeRules(transaction, plant.material_id("CELL"), 2, 10).size(), 1u);
  });
}

TEST(IssuedCode, NumbersRunOnPerManufacturerTypeDayAndLife) {
  StoredPlant plant;
  const domain::CodeRule cell = Rule(plant, "CELL", "NMGCB12");
  const domain::CodeRule other_cell = Rule(plant, "CELL", "NMGCE34");
  const domain::CodeRule pack = Rule(plant, "PACK", "NMGPB12");
  EXPECT_EQ(Issue(plant, cell, 3).CodeAt(2), "NMGCB120000001GBR0000003");
  EXPECT_EQ(Issue(plant, other_cell, 2).CodeAt(0), "NMGCE340000001GBR0000004") << "one series for all cells of the day";
  EXPECT_EQ(Issue(plant, pack, 1).CodeAt(0), "NMGPB120000001GBR0000001");
  EXPECT_EQ(Issue(plant, pack, 1, 'M').CodeAt(0), "NMGPB12GBR0000001RM") << "second lives count apart";
  EXPECT_EQ(Issue(plant, cell, 1).CodeAt(0), "NMGCB120000001GBR0000006");
  plant.database().Query("update code_series set last_serial = 9999998 where product_type = 'C'");
  plant.Run([&](Transaction& transaction) {
    domain::CodeBatch two = Draft(cell, 2);
    EXPECT_EQ(IssueBatch(transaction, two).error().reason, domain::Reason::kLimitExceeded);
    domain::CodeBatch one = Draft(cell, 1);
    EXPECT_TRUE(IssueBatch(transaction, one));
    EXPECT_EQ(one.first_serial, 9'999'999);
  });
}

// Eight threads over four connections; every third transaction ends early after it took its numbers.
TEST(IssuedCode, NumbersNeitherRepeatNorLeaveAGapWhoeverAsksAndWhateverFails) {
  StoredPlant plant;
  const domain::CodeRule cell = Rule(plant, "CELL", "NMGCB12");
  std::mutex mutex;
  std::vector<int32_t> taken;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 12; ++i) {
        domain::CodeBatch batch = Draft(cell, 1 + (t + i) % 5);
        const bool dies = (t + i) % 3 == 0;
        plant.database().pool().Run([&](Transaction& transaction) {
          EXPECT_TRUE(IssueBatch(transaction, batch));
          return !dies;
        });
        if (dies) continue;
        const std::lock_guard lock(mutex);
        for (int32_t n = 0; n < batch.count; ++n) taken.push_back(batch.first_serial + n);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::sort(taken.begin(), taken.end());
  ASSERT_FALSE(taken.empty());
  for (size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i], static_cast<int32_t>(i) + 1);
  EXPECT_EQ(plant.database().Value("select last_serial from code_series"), std::to_string(taken.size()));
  EXPECT_EQ(plant.database().Value("select sum(count) from code_batch"), std::to_string(taken.size()));
}

TEST(IssuedCode, IsKnownByItsTextWithItsReservationAndItsVoid) {
  StoredPlant plant;
  const domain::CodeRule cell = Rule(plant, "CELL", "NMGCB12");
  const domain::CodeBatch batch = Issue(plant, cell, 3);
  Issue(plant, cell, 2);
  const std::string open = batch.CodeAt(0), spoilt = batch.CodeAt(1), beyond = "NMGCB120000001GBR0000009";
  plant.Run([&](Transaction& transaction) {
    EXPECT_EQ(InsertCodeVoids(transaction, {spoilt}, {"torn", "Li", StoredPlant::kNow}), 1);
    EXPECT_EQ(InsertCodeVoids(transaction, {spoilt, beyond}, {"torn", "Li", StoredPlant::kNow}), 0)
        << "once, and only what was issued";
  });
  plant.Run([&](Transaction& transaction) {
    const auto known =
        LoadIssuedCodes(transaction, {open, spoilt, beyond, "NMGCB129999999GBR0000001", "04QCB76836300JBC40000903", "no code"});
    EXPECT_EQ(known.size(), 4u) << "of prefixes issued here only";
    EXPECT_TRUE(known.at(open).issued);
    EXPECT_FALSE(known.at(open).voided);
    EXPECT_EQ(known.at(open).material_id, plant.material_id("CELL"));
    EXPECT_TRUE(known.at(spoilt).voided);
    EXPECT_FALSE(known.at(beyond).issued);
    EXPECT_FALSE(known.at("NMGCB129999999GBR0000001").issued) << "another traceability";
  });
  plant.AddUnit("CELL", open);
  plant.Run([&](Transaction& transaction) {
    const std::vector<StoredBatch> batches = ListBatches(transaction, 0, 0, 10);
    ASSERT_EQ(batches.size(), 2u);
    EXPECT_EQ(batches[1].used, 1);
    EXPECT_EQ(batches[1].voided, 1);
    EXPECT_EQ(batches[0].used, 0);
    EXPECT_EQ(ListBatches(transaction, plant.material_id("PACK"), 0, 10).size(), 0u);
    EXPECT_EQ(ListBatches(transaction, 0, batches[0].batch.id, 10).size(), 1u);
  });
}

}  // namespace
}  // namespace mes::db
