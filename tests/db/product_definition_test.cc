#include "db/product_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/cluster.h"
#include "tests/support/plant_builder.h"

namespace mes::db {
namespace {

using domain::Plant;
using domain::PlantDraft;
using domain::ProductRevision;
using tests::PlantBuilder;
using tests::TestDatabase;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const domain::Time kNow = domain::FromMicros(1'790'000'000'123'456);

StoredPlant Store(TestDatabase& database, const PlantDraft& draft, domain::Time now = kNow) {
  StoredPlant stored;
  database.pool().Run([&](Transaction& transaction) {
    stored = StorePlant(transaction, draft, now);
    return true;
  });
  return stored;
}

std::shared_ptr<const Plant> Load(TestDatabase& database) {
  std::shared_ptr<const Plant> plant;
  database.pool().Read([&](Transaction& transaction) { plant = LoadPlant(transaction); });
  return plant;
}

const ProductRevision& Newest(const Plant& plant, const char* code) { return *plant.NewestRevision(plant.FindMaterial(code)->id); }

TEST(ProductDefinition, AnEmptyDatabaseHasAnEmptyPlant) {
  TestDatabase database;
  const auto plant = Load(database);
  EXPECT_EQ(plant->version, 0);
  EXPECT_THAT(plant->materials, IsEmpty());
  EXPECT_THAT(plant->revisions, IsEmpty());
}

TEST(ProductDefinition, WhatIsStoredComesBackWithEveryField) {
  TestDatabase database;
  PlantBuilder builder;
  builder.material("ELY").shelf_life_days = 90;
  builder.material("ELY").name_zh = "电解液 \"A\\B\", {x}";
  builder.material("ELY").properties_json = R"({"hazard": "H226"})";
  builder.operation("CELL", 30).software_version = "CELL/1";
  builder.operation("CELL", 30).characteristics[0].upper_limit = 0.1 + 0.2 + 10;
  builder.operation("CELL", 30).units_per_cycle = 1.0 / 3;
  builder.draft().lines["PACK"] = 2;
  const StoredPlant stored = Store(database, builder.draft());
  EXPECT_THAT(stored.released, ElementsAre(Pair("CELL", 1), Pair("PACK", 1), Pair("INK", 1)));
  EXPECT_EQ(stored.unchanged, 0);
  EXPECT_EQ(stored.materials, 8);
  EXPECT_EQ(stored.stations, 4 + 2 * 6 + 1);

  const auto plant = Load(database);
  EXPECT_EQ(plant->version, 1);
  for (const ProductRevision& product : builder.draft().products) {
    const ProductRevision& loaded = Newest(*plant, product.product_code.c_str());
    // The canonical text holds every field of the content.
    EXPECT_EQ(domain::CanonicalText(loaded), domain::CanonicalText(product));
    EXPECT_EQ(loaded.release_time, kNow);
    EXPECT_EQ(loaded.digest.size(), 64u);
    EXPECT_EQ(loaded.revision, 1);
  }
  const domain::Material& ely = *plant->FindMaterial("ELY");
  EXPECT_EQ(ely.name_zh, builder.material("ELY").name_zh);
  EXPECT_EQ(ely.shelf_life_days, 90);
  EXPECT_EQ(ely.properties_json, builder.material("ELY").properties_json);
  EXPECT_FALSE(ely.made);
  EXPECT_TRUE(plant->FindMaterial("CELL")->made);
  const domain::BomLine& line = Newest(*plant, "CELL").bom[0];
  EXPECT_THAT(line.alternate_ids, ElementsAre(plant->FindMaterial("ELY-B")->id));
  EXPECT_EQ(line.uom, "kg");
  EXPECT_EQ(line.tracking, domain::Tracking::kLot);
  const domain::Station* station = plant->FindStation("PACK.2.TEST.1");
  ASSERT_NE(station, nullptr);
  EXPECT_EQ(station->line_code, "PACK.2");
  EXPECT_EQ(station->product_code, "PACK");
  EXPECT_EQ(station->station_class, "test");
  EXPECT_THAT(station->operations, ElementsAre(40));
}

TEST(ProductDefinition, StoringTheSameAgainChangesNothing) {
  TestDatabase database;
  PlantBuilder builder;
  Store(database, builder.draft());
  const StoredPlant again = Store(database, builder.draft(), kNow + std::chrono::hours(1));
  EXPECT_THAT(again.released, IsEmpty());
  EXPECT_EQ(again.unchanged, 3);
  EXPECT_EQ(again.stations, 11);
  EXPECT_EQ(again.materials, 8);
  EXPECT_EQ(Load(database)->version, 1);
  EXPECT_EQ(database.Value("select count(*) from product_revision"), "3");
}

TEST(ProductDefinition, AChangedLimitReleasesARevisionOfThatProductOnly) {
  TestDatabase database;
  PlantBuilder builder;
  Store(database, builder.draft());
  builder.operation("PACK", 40).characteristics[0].upper_limit = 16;
  const StoredPlant stored = Store(database, builder.draft());
  EXPECT_THAT(stored.released, ElementsAre(Pair("PACK", 2)));
  EXPECT_EQ(stored.unchanged, 2);
  const auto plant = Load(database);
  EXPECT_EQ(plant->version, 2);
  EXPECT_EQ(plant->revisions.size(), 4u);
  EXPECT_EQ(*Newest(*plant, "PACK").operations[3].characteristics[0].upper_limit, 16);
  const ProductRevision* first = plant->FindRevision(plant->FindMaterial("PACK")->id, 1);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first->operations[3].characteristics[0].upper_limit, 15);
}

TEST(ProductDefinition, AnAdditionalStationOrANewNameMovesTheVersionWithoutARevision) {
  TestDatabase database;
  PlantBuilder builder;
  Store(database, builder.draft());
  builder.draft().lines["INK"] = 2;
  EXPECT_THAT(Store(database, builder.draft()).released, IsEmpty());
  EXPECT_EQ(Load(database)->version, 2);
  builder.material("HSG").name = "housing";
  EXPECT_THAT(Store(database, builder.draft()).released, IsEmpty());
  const auto plant = Load(database);
  EXPECT_EQ(plant->version, 3);
  EXPECT_EQ(plant->FindMaterial("HSG")->name, "housing");
  EXPECT_NE(plant->FindStation("INK.2.MIX.1"), nullptr);
}

TEST(ProductDefinition, AStationKeepsTheOperationsOfEarlierRevisions) {
  TestDatabase database;
  PlantBuilder builder;
  Store(database, builder.draft());
  builder.operation("PACK", 50).number = 60;
  Store(database, builder.draft());
  EXPECT_THAT(Load(database)->FindStation("PACK.1.LABEL.1")->operations, ElementsAre(50, 60));
}

TEST(ProductDefinition, AReleasedRevisionCannotBeChanged) {
  TestDatabase database;
  Store(database, PlantBuilder().draft());
  for (const char* statement :
       {"update product_revision set digest = 'x'", "update bom_line set quantity_micro = 1", "delete from operation",
        "update characteristic set upper_limit = 99", "update time_window set max_seconds = 9999", "delete from characteristic"}) {
    EXPECT_THROW(database.Query(statement), std::exception) << statement;
  }
  EXPECT_EQ(database.Value("select count(*) from characteristic"), "11");
}

TEST(ProductDefinition, WhatTheRulesForbidTheConstraintsForbidToo) {
  TestDatabase database;
  Store(database, PlantBuilder().draft());
  for (const char* statement :
       {"insert into bom_line (revision_id, line, material_id, quantity_micro, operation) values (1, 50, 1, 0, 10)",
        "insert into characteristic select revision_id, operation, 9, 'X', name, unit, nominal, null, null, sampling_mode, sampling_n, "
        "class, replicates from characteristic limit 1",
        "insert into time_window select revision_id, 9, 'X', from_operation, from_event, to_operation, to_event, 10, 10, late_action, "
        "repeat_from, repeat_max, on_violation, reason from time_window limit 1",
        "insert into material (code, name, name_zh, uom, tracking, made) values ('X', '', '', 'stone', 1, false)",
        "insert into plant_version (single, version) values (false, 1)"}) {
    EXPECT_THROW(database.Query(statement), std::exception) << statement;
  }
}

}  // namespace
}  // namespace mes::db
