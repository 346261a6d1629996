// Overall equipment effectiveness as the domain defines it.
#include "domain/oee.h"

#include <gtest/gtest.h>

#include "domain/yield.h"

namespace mes::domain {
namespace {

int32_t Day(const char* text) { return *ParsePlantDay(text); }
Time At(const char* day, int hours) {
  return Time(std::chrono::sys_days(std::chrono::days(Day(day)))) + std::chrono::hours(hours);
}

TEST(Oee, IsAvailabilityTimesPerformanceTimesQuality) {
  OeeParts parts;
  parts.planned_seconds = 86'400;
  parts.down_seconds = 8'640;
  parts.ideal_seconds = IdealSeconds(60'000, 1, 1'000);
  parts.runs = 1'000;
  parts.good_first_runs = 950;
  const Oee oee = OeeOf(parts);
  EXPECT_DOUBLE_EQ(*oee.availability, 0.9);
  EXPECT_DOUBLE_EQ(*oee.performance, 60'000.0 / 77'760.0);
  EXPECT_DOUBLE_EQ(*oee.quality, 0.95);
  EXPECT_DOUBLE_EQ(*oee.oee, 0.9 * (60'000.0 / 77'760.0) * 0.95);
}

TEST(Oee, ShowsAPerformanceAboveOneSinceThenTheIdealCycleIsWrong) {
  OeeParts parts;
  parts.planned_seconds = 100;
  parts.ideal_seconds = 150;
  EXPECT_DOUBLE_EQ(*OeeOf(parts).performance, 1.5);
}

TEST(Oee, ABatchsCycleIsSharedByItsUnits) { EXPECT_DOUBLE_EQ(IdealSeconds(72'000'000, 960, 1'920), 144'000); }

TEST(Oee, IsNullWhereNothingWasPlannedOrRan) {
  const Oee oee = OeeOf({});
  EXPECT_FALSE(oee.availability || oee.performance || oee.quality || oee.oee);
  OeeParts down;
  down.planned_seconds = 10;
  down.down_seconds = 10;
  EXPECT_EQ(OeeOf(down).availability, 0.0);
  EXPECT_FALSE(OeeOf(down).performance) << "it never ran";
}

TEST(Oee, AChangeoverIsALossAndNoPlanIsNoPlannedTime) {
  const std::vector<PlannedDay> days = {{Day("2026-11-02"), 86'400}, {Day("2026-11-03"), 86'400}};
  OeeParts parts;
  parts.planned_seconds = 2 * 86'400;
  TakeStandStills(days,
                  {{At("2026-11-02", 20), At("2026-11-03", 4), false},
                   {At("2026-11-02", 22), At("2026-11-03", 2), false},  // a rule's stop in the same time
                   {At("2026-11-03", 12), At("2026-11-05", 0), true},
                   {At("2026-11-03", 13), At("2026-11-03", 14), false}},
                  parts);
  EXPECT_DOUBLE_EQ(parts.down_seconds, 8 * 3'600);
  EXPECT_DOUBLE_EQ(parts.no_plan_seconds, 12 * 3'600) << "only within what was asked";
  EXPECT_DOUBLE_EQ(*OeeOf(parts).availability, 28.0 / 36.0);
}

TEST(Oee, ADowntimeInTimeThatTheCalendarDoesNotPlanCostsNothing) {
  OeeParts parts;
  TakeStandStills({{Day("2026-11-02"), 0}, {Day("2026-11-03"), 43'200}}, {{At("2026-11-02", 0), At("2026-11-04", 0), false}},
                  parts);
  EXPECT_DOUBLE_EQ(parts.down_seconds, 43'200);
}

TEST(Downtime, IsReportedWhenItIsOver) {
  const Time now = At("2026-11-02", 12);
  Downtime downtime;
  downtime.from = now - std::chrono::hours(1);
  downtime.until = now;
  EXPECT_TRUE(CheckDowntime(downtime, now));
  downtime.until = downtime.from;
  EXPECT_EQ(CheckDowntime(downtime, now).error().reason, Reason::kFieldInvalid);
  downtime.until = now + std::chrono::hours(1);
  EXPECT_EQ(CheckDowntime(downtime, now).error().metadata.at("field"), "until_time");
  downtime.until = now;
  downtime.from = now - std::chrono::days(367);
  EXPECT_EQ(CheckDowntime(downtime, now).error().reason, Reason::kLimitExceeded);
}

TEST(DowntimeReasons, AreAListWithoutHolesOrDoubles) {
  const DowntimeReason good{"BREAKDOWN", DowntimeClass::kBreakdown, "Equipment failure"};
  EXPECT_TRUE(CheckDowntimeReasons({good}));
  EXPECT_EQ(CheckDowntimeReasons({}).error().reason, Reason::kFieldRequired);
  EXPECT_EQ(CheckDowntimeReasons({good, good}).error().metadata.at("field"), "reasons[1].code");
  EXPECT_EQ(CheckDowntimeReasons({{"", DowntimeClass::kSafety, "x"}}).error().reason, Reason::kFieldRequired);
  EXPECT_EQ(CheckDowntimeReasons({{"A B", DowntimeClass::kSafety, "x"}}).error().reason, Reason::kCodeInvalid);
  EXPECT_EQ(CheckDowntimeReasons({{"A", DowntimeClass::kSafety, ""}}).error().metadata.at("field"), "reasons[0].name");
  EXPECT_EQ(CheckDowntimeReasons(std::vector<DowntimeReason>(201, good)).error().reason, Reason::kLimitExceeded);
}

}  // namespace
}  // namespace mes::domain
