#include "db/station.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;
using tests::StoredPlant;

TEST(Station, CursorsComeByStation) {
  StoredPlant plant;
  plant.database().Query(
      "insert into station_cursor (station_id, epoch, last_sequence, recorded_events, rejected_events) values (1, 2, 30, 40, 5)");
  plant.Run([&](Transaction& transaction) {
    const auto cursors = LoadCursors(transaction, {1, 2});
    ASSERT_THAT(cursors, SizeIs(1));
    EXPECT_EQ(cursors.at(1).epoch, 2);
    EXPECT_EQ(cursors.at(1).last_sequence, 30);
    EXPECT_EQ(cursors.at(1).recorded, 40);
    EXPECT_EQ(cursors.at(1).rejected, 5);
  });
}

TEST(Station, ConditionsAreTheNewestOfEachKindAndPerson) {
  StoredPlant plant;
  const auto report = [&](int station, const char* person, int kind, const char* day, int reporting) {
    plant.database().Query(
        "insert into station_condition (station_id, person, kind, in_order, occur_time, expire_time, readings, evidence, "
        "sequence, reporting_station, epoch) values (" +
        std::to_string(station) + ", '" + person + "', " + std::to_string(kind) + ", true, '" + day +
        "', '2027-01-01', '{\"dew_point_c\": -41.5}', '" + day + "', 1, " + std::to_string(reporting) + ", 1)");
  };
  report(1, "", 11, "2026-11-01", 1);
  report(1, "", 11, "2026-11-03", 1);
  report(1, "", 5, "2026-11-02", 1);
  report(2, "", 11, "2026-11-09", 2);
  report(0, "Li", 13, "2026-11-01", 1);
  report(0, "Li", 13, "2026-11-04", 2);
  report(0, "Wu", 13, "2026-11-05", 2);
  plant.Run([&](Transaction& transaction) {
    const std::vector<domain::StationCondition> conditions = LoadNewestConditions(transaction, 1);
    ASSERT_THAT(conditions, SizeIs(3)) << "Wu was never here";
    EXPECT_EQ(conditions[0].report.kind, domain::ConditionKind::kGolden);
    EXPECT_EQ(conditions[1].report.evidence, "2026-11-03");
    EXPECT_THAT(conditions[1].report.readings, ElementsAre(Pair("dew_point_c", -41.5)));
    EXPECT_EQ(conditions[2].report.person, "Li");
    EXPECT_EQ(conditions[2].report.evidence, "2026-11-04") << "reported elsewhere, but newer";
  });
}

}  // namespace
}  // namespace mes::db
