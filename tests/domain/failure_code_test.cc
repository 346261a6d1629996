#include "domain/failure_code.h"

#include <gtest/gtest.h>

#include "domain/product_definition.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

struct FailureCodeTest : testing::Test {
  std::shared_ptr<const Plant> plant = tests::PlantBuilder().Build();
  const ProductRevision& pack = *plant->NewestRevision(plant->FindMaterial("PACK")->id);

  // LEAK at PACK 40, in order as it comes.
  FailureCode Leak() const {
    FailureCode policy;
    policy.code = "LEAK";
    policy.material_id = pack.material_id;
    policy.product_code = "PACK";
    policy.operation = 40;
    policy.needs_disposition = true;
    policy.repair_limit = 1;
    policy.route = 30;
    policy.opens_ncr = true;
    policy.severity = Severity::kMajor;
    policy.reason = "8D 17";
    policy.person = "li";
    return policy;
  }
  // `FIELD_INVALID route`.
  std::string Told(const FailureCode& policy, bool of_a_product = true) const {
    const Status checked = CheckFailureCode(policy, of_a_product ? &pack : nullptr);
    return checked ? "OK" : std::string(NameOf(checked.error().reason)) + " " + checked.error().metadata.at("field");
  }
  template <typename Change>
  std::string ToldOf(const Change& change) const {
    FailureCode policy = Leak();
    change(policy);
    return Told(policy);
  }
};

TEST_F(FailureCodeTest, IsTakenWhenItIsInOrder) {
  EXPECT_EQ(Told(Leak()), "OK");
  FailureCode everywhere = Leak();
  everywhere.material_id = 0;
  everywhere.operation = 0;
  everywhere.route = 0;
  EXPECT_EQ(Told(everywhere, false), "OK");
}

TEST_F(FailureCodeTest, AContradictionIsNamedByItsField) {
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.code.clear(); }), "FIELD_REQUIRED code");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.code = std::string(33, 'X'); }), "LIMIT_EXCEEDED code");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.reason.clear(); }), "FIELD_REQUIRED reason");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.person.clear(); }), "FIELD_REQUIRED person");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.severity = Severity{0}; }), "ENUM_UNKNOWN severity");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.operation = 41; }), "OPERATION_UNKNOWN operation");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.route = 31; }), "OPERATION_UNKNOWN route");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.route = 50; }), "FIELD_INVALID route") << "after the failure";
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.repair_limit = 0; }), "FIELD_INVALID route") << "a route for no rework";
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.repair_limit = 0, p.route = 0; }), "FIELD_INVALID repair_limit")
      << "nothing to decide on";
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.repair_limit = 2; }), "FIELD_INVALID repair_limit") << "the routing allows one";
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.repair_limit = 256; }), "LIMIT_EXCEEDED repair_limit");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.operation = 30, p.route = 0; }), "FIELD_INVALID repair_limit") << "30 has no rework";
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.operation = 30, p.repair_limit.reset(); }), "FIELD_INVALID route")
      << "30 has no rework";
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.opens_ncr = false; }), "FIELD_INVALID opens_ncr");
  EXPECT_EQ(ToldOf([](FailureCode& p) { p.needs_disposition = false, p.opens_ncr = false, p.severity = Severity::kCritical; }),
            "FIELD_INVALID opens_ncr");
  EXPECT_EQ(Told(Leak(), false), "FIELD_INVALID operation") << "an operation of no product";
  FailureCode routed = Leak();
  routed.operation = 0;
  EXPECT_EQ(Told(routed, false), "FIELD_INVALID route") << "a route of no product";
}

TEST_F(FailureCodeTest, TheMostSpecificOneInForceCounts) {
  FailureCodes policies;
  const auto add = [&](int32_t id, int32_t material, int16_t operation, int32_t version, bool withdrawn = false) {
    FailureCode policy = Leak();
    policy.id = id;
    policy.material_id = material;
    policy.operation = operation;
    policy.version = version;
    policy.withdrawn = withdrawn;
    policy.create_time = FromMicros(id);
    policies.Add(policy);
  };
  EXPECT_EQ(policies.Find("LEAK", 7, 40), nullptr);
  add(1, 0, 0, 1);
  add(2, 7, 0, 1);
  add(3, 7, 40, 1);
  EXPECT_EQ(policies.Find("LEAK", 7, 40)->id, 3);
  EXPECT_EQ(policies.Find("LEAK", 7, 30)->id, 2);
  EXPECT_EQ(policies.Find("LEAK", 8, 40)->id, 1);
  EXPECT_EQ(policies.Find("DENT", 7, 40), nullptr);
  add(4, 7, 40, 2);
  EXPECT_EQ(policies.Find("LEAK", 7, 40)->id, 4);
  add(5, 7, 40, 3, true);
  EXPECT_EQ(policies.Find("LEAK", 7, 40)->id, 2) << "a withdrawn one leaves the word to the next";
  EXPECT_EQ(policies.Newest("LEAK", 7, 40)->id, 5);
  policies.LookBackTo(FromMicros(3));
  EXPECT_EQ(policies.Find("LEAK", 7, 40)->id, 3);
  policies.LookBackTo(FromMicros(0));
  EXPECT_EQ(policies.Find("LEAK", 7, 40), nullptr);
}

TEST_F(FailureCodeTest, ARouteThatIsNotOnTheRoutingLeavesTheRoutingsOwn) {
  const Operation& test = pack.operations[static_cast<size_t>(pack.OperationIndex(40))];
  FailureCode policy = Leak();
  EXPECT_EQ(ReworkStart(&policy, pack, test), 30);
  EXPECT_EQ(ReworkStart(nullptr, pack, test), 20);
  policy.route = 31;
  EXPECT_EQ(ReworkStart(&policy, pack, test), 20);
  policy.route = 50;
  EXPECT_EQ(ReworkStart(&policy, pack, test), 20);
  const Operation& bolt = pack.operations[static_cast<size_t>(pack.OperationIndex(30))];
  policy.route = 10;
  EXPECT_EQ(ReworkStart(&policy, pack, bolt), 0) << "a policy never widens the routing";
}

}  // namespace
}  // namespace mes::domain
