#include "db/passport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::StoredPlant;

Fact Statement(domain::FactScope scope, int32_t material, int64_t unit, const char* attribute, const char* value) {
  Fact fact;
  fact.scope = scope;
  fact.material_id = material;
  fact.unit_id = unit;
  fact.attribute = attribute;
  fact.value = value;
  fact.observe_time = fact.record_time = StoredPlant::kNow;
  fact.method = "scale";
  fact.evidence = "E-1";
  fact.person = "Li";
  return fact;
}

TEST(Passport, PartsAreCountedWithTheCompositionThatWasInForceWhenTheyWereMade) {
  StoredPlant plant;
  const auto store = [&](int64_t mass, std::chrono::days when) {
    plant.Run([&](Transaction& transaction) {
      StoreCompositions(transaction, {{"CELL", {{"LFP", mass}}}, {"NOWHERE", {{"LFP", 1}}}}, StoredPlant::kNow + when);
    });
  };
  const int64_t old_cell = plant.AddUnit("CELL", "C1");
  store(100, std::chrono::days(1));
  store(100, std::chrono::days(2));
  store(120, std::chrono::days(3));
  EXPECT_EQ(plant.database().Value("select count(*) from material_composition"), "2") << "the same again is no new version";
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C2", "C3"});
  plant.database().Query("update unit set create_time = create_time + interval '4 days' where code in ('C2', 'C3')");
  plant.Run([&](Transaction& transaction) {
    const std::vector<domain::BuiltParts> parts = CountParts(transaction, {old_cell, cells[0], cells[1]}, {cells[1]});
    ASSERT_EQ(parts.size(), 3u);
    int64_t mass = 0;
    for (const auto& [substance, sum] : domain::SubstancesIn(parts, LoadCompositions(transaction, parts))) mass += sum;
    EXPECT_EQ(mass, 100 + 120 + 120);
    int opaque = 0;
    for (const domain::BuiltParts& part : parts) opaque += part.opaque ? static_cast<int>(part.count) : 0;
    EXPECT_EQ(opaque, 2) << "something is recorded inside C3";
  });
}

TEST(Passport, TheNewestFactOfEachScopeCountsAndAllAreKept) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1"), other = plant.AddUnit("PACK", "P2");
  const int32_t product = plant.material_id("PACK");
  plant.Run([&](Transaction& transaction) {
    using enum domain::FactScope;
    InsertFact(transaction, Statement(kPlant, 0, 0, "manufacturer_name", "Ordos"));
    InsertFact(transaction, Statement(kProduct, product, 0, "rated_capacity", "170"));
    InsertFact(transaction, Statement(kProduct, product, 0, "rated_capacity", "173"));
    InsertFact(transaction, Statement(kUnit, 0, pack, "rated_capacity", "172"));
    InsertFact(transaction, Statement(kUnit, 0, other, "rated_capacity", "1"));
    std::vector<std::string> values;
    for (const Fact& fact : LoadFacts(transaction, pack, product, 100)) values.push_back(fact.value);
    EXPECT_THAT(values, ElementsAre("Ordos", "173", "172"));
    EXPECT_THAT(ListFacts(transaction, product, 0, {"rated_capacity"}, 0, 10), SizeIs(2));
    EXPECT_THAT(ListFacts(transaction, 0, 0, {"rated_capacity"}, 0, 10), IsEmpty());
    EXPECT_THAT(ListFacts(transaction, 0, 0, {"manufacturer_name"}, 0, 10), SizeIs(1));
    EXPECT_THAT(ListFacts(transaction, 0, pack, {"manufacturer_name"}, 0, 10), IsEmpty());
    EXPECT_EQ(LoadFactsOf(transaction, {pack, other}, "rated_").size(), 2u);
    EXPECT_EQ(LoadProductFacts(transaction, {product}, "rated_capacity").at(product), "173");
    EXPECT_EQ(LoadFacts(transaction, pack, product, 100)[0].method, "scale");
  });
}

StoredVersion Version(int number, const std::string& hash, const std::string& previous) {
  StoredVersion stored;
  stored.version.version = number;
  stored.version.passport_identifier = "id";
  stored.version.content_hash = std::string(64, 'c');
  stored.version.version_hash = hash;
  stored.version.previous_hash = previous;
  stored.version.issue_time = StoredPlant::kNow;
  stored.content = std::string("a\0b\xff", 4);
  return stored;
}

TEST(Passport, VersionsAreKeptByteForByteAndTheDatabaseHoldsTheChain) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const std::string first(64, 'a'), second(64, 'b');
  const auto insert = [&](const StoredVersion& version) {
    plant.Run([&](Transaction& transaction) { InsertVersion(transaction, pack, version); });
  };
  insert(Version(1, first, ""));
  EXPECT_ANY_THROW(insert(Version(1, second, ""))) << "one version of a number";
  EXPECT_ANY_THROW(insert(Version(2, first, first))) << "a hash stands once";
  EXPECT_ANY_THROW(insert(Version(2, second, ""))) << "only the first follows nothing";
  insert(Version(2, second, first));
  plant.Run([&](Transaction& transaction) {
    EXPECT_EQ(LoadVersion(transaction, pack, 0)->version.version, 2);
    EXPECT_EQ(LoadVersion(transaction, pack, 1)->content, std::string("a\0b\xff", 4));
    EXPECT_FALSE(LoadVersion(transaction, pack, 3));
    EXPECT_THAT(ListVersions(transaction, pack, 0, 1), SizeIs(1));
    EXPECT_EQ(ListVersions(transaction, pack, 1, 9).at(0).previous_hash, first);
    EXPECT_EQ(LoadNamespace(transaction), LoadNamespace(transaction));
    EXPECT_EQ(LoadNamespace(transaction).size(), 36u);
  });
}

}  // namespace
}  // namespace mes::db
