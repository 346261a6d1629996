#include "domain/duty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The notice for 2026, as far as these days need it.
Calendar Of2026() {
  CalendarYear year{2026, "notice", {}, {}};
  const auto off = [&](unsigned month, unsigned first, unsigned last) {
    for (unsigned day = first; day <= last; ++day) year.days_off.push_back({DayOf(2026, month, day), "", "", false});
  };
  off(1, 1, 3), off(2, 15, 23), off(4, 4, 6), off(5, 1, 5), off(6, 19, 21), off(9, 25, 27), off(10, 1, 7);
  for (const auto& [month, day] : {std::pair(1U, 4U), {2, 14}, {2, 28}, {5, 9}, {9, 20}, {10, 10}}) {
    year.make_up_days.push_back(DayOf(2026, month, day));
  }
  Calendar calendar;
  calendar.years[2026] = year;
  return calendar;
}

Duty Of(DutyKind kind, Day trigger) {
  Duty duty;
  duty.id = 3;
  duty.kind = kind;
  duty.trigger_day = trigger;
  return duty;
}

TEST(Duty, CountsWorkingDaysWithHolidaysAndMakeUpDays) {
  const Calendar calendar = Of2026();
  const WorkingDay spring = DueDay(calendar, Of(DutyKind::kVehicleScrapped, DayOf(2026, 2, 10)));
  EXPECT_EQ(FormatDay(spring.day), "2026-03-09") << "15 working days over the Spring Festival";
  EXPECT_TRUE(spring.official);
  EXPECT_EQ(FormatDay(DueDay(calendar, Of(DutyKind::kVehicleScrapped, DayOf(2026, 9, 18))).day), "2026-10-15");
}

TEST(Duty, ADueDayInAYearWithoutNoticeIsNotOfficial) {
  const WorkingDay due = DueDay(Of2026(), Of(DutyKind::kRecyclerReceived, DayOf(2026, 12, 10)));
  EXPECT_EQ(FormatDay(due.day), "2027-01-21");
  EXPECT_FALSE(due.official);
}

TEST(Duty, IsInTimeOnItsLastDayAndOverdueAfterIt) {
  const Calendar calendar = Of2026();
  Duty duty = Of(DutyKind::kVehicleScrapped, DayOf(2026, 2, 10));
  EXPECT_FALSE(IsOverdue(calendar, duty, DayOf(2026, 3, 9)));
  EXPECT_TRUE(IsOverdue(calendar, duty, DayOf(2026, 3, 10)));
  EXPECT_TRUE(CheckOpen(duty, "duty_ids[0]"));
  duty.state = DutyState::kSent;
  EXPECT_FALSE(IsOverdue(calendar, duty, DayOf(2026, 3, 10)));
  EXPECT_EQ(CheckOpen(duty, "duty_ids[0]").error().reason, Reason::kDutyState);
}

TEST(Duty, EventsBringAboutWhatTheProvisionsName) {
  DutySubject battery, vehicle;
  battery.battery = true;
  vehicle.vehicle = true;
  EXPECT_THAT(DutiesOf(vehicle, LifeEvent::kShip), ElementsAre(DutyKind::kVehicleBound));
  EXPECT_THAT(DutiesOf(vehicle, LifeEvent::kSell), ElementsAre(DutyKind::kVehicleSold));
  EXPECT_THAT(DutiesOf(vehicle, LifeEvent::kDeclareWaste), ElementsAre(DutyKind::kVehicleScrapped));
  EXPECT_THAT(DutiesOf(vehicle, LifeEvent::kDismantle), ElementsAre(DutyKind::kBatteryRemoved));
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kShip), IsEmpty()) << "the vehicle's maker reports, not the battery's";
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kRepair), ElementsAre(DutyKind::kRepaired));
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kTakeOut), ElementsAre(DutyKind::kRepaired));
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kDeclareWaste), ElementsAre(DutyKind::kCollected));
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kRecycle), ElementsAre(DutyKind::kRecyclerDone));
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kTest), IsEmpty());
  battery.before.repurposed = true;
  EXPECT_THAT(DutiesOf(battery, LifeEvent::kShip), ElementsAre(DutyKind::kSecondLifeLeft));
  EXPECT_THAT(DutiesOf(DutySubject(), LifeEvent::kRecycle), IsEmpty()) << "a stack is no battery";
  EXPECT_THAT(DutiesOfReceipt(true, false), ElementsAre(DutyKind::kRecyclerReceived));
  EXPECT_THAT(DutiesOfReceipt(true, true), ElementsAre(DutyKind::kHandedOver, DutyKind::kRecyclerReceived));
  EXPECT_THAT(DutiesOfReceipt(false, true), IsEmpty());
}

TEST(Duty, EveryKindHasARule) {
  EXPECT_EQ(AllDutyRules().size(), 10u);
  for (const DutyRule& rule : AllDutyRules()) EXPECT_TRUE(rule.working_days == 15 || rule.working_days == 30);
}

RC_GTEST_PROP(Duty, FirstInTimeIsExactlyTheBoundaryOfOverdue, ()) {
  const Calendar calendar = Of2026();
  const auto day = DayOf(2026, 1, 1) + *rc::gen::inRange<Day>(0, 500);
  const auto kind = static_cast<DutyKind>(*rc::gen::inRange(1, 11));
  const Day first = FirstInTime(calendar, kind, day);
  RC_ASSERT(!IsOverdue(calendar, Of(kind, first), day));
  RC_ASSERT(IsOverdue(calendar, Of(kind, first - 1), day));
}

RC_GTEST_PROP(Duty, AreDueOnAWorkingDayAndLaterTriggersAreNeverDueEarlier, ()) {
  const Calendar calendar = Of2026();
  const auto trigger = DayOf(2025, 12, 1) + *rc::gen::inRange<Day>(0, 420);
  const auto kind = static_cast<DutyKind>(*rc::gen::inRange(1, 11));
  const Day due = DueDay(calendar, Of(kind, trigger)).day;
  RC_ASSERT(IsWorkingDay(calendar, due));
  RC_ASSERT(CountWorkingDays(calendar, trigger + 1, due + 1) == RuleOf(kind).working_days);
  RC_ASSERT(DueDay(calendar, Of(kind, trigger + 1)).day >= due);
}

}  // namespace
}  // namespace mes::domain
