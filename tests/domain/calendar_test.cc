#include "domain/calendar.h"

#include <gtest/gtest.h>

namespace mes::domain {
namespace {

// The notice for 2026: 33 days off, 6 make-up days.
CalendarYear Notice2026() {
  CalendarYear year{2026, "notice", {}, {}};
  const auto off = [&](unsigned month, unsigned first, unsigned last) {
    for (unsigned day = first; day <= last; ++day) year.days_off.push_back({DayOf(2026, month, day), "", "", false});
  };
  off(1, 1, 3), off(2, 15, 23), off(4, 4, 6), off(5, 1, 5), off(6, 19, 21), off(9, 25, 27), off(10, 1, 7);
  for (const auto& [month, day] : {std::pair(1U, 4U), {2, 14}, {2, 28}, {5, 9}, {9, 20}, {10, 10}}) {
    year.make_up_days.push_back(DayOf(2026, month, day));
  }
  return year;
}

ShiftPattern Pattern(const char* code, int days, bool observes, int32_t hours) {
  ShiftPattern pattern{code, "", hours * 3'600, {}, observes, {{"D", 8 * 3'600, 20 * 3'600}, {"N", 20 * 3'600, 8 * 3'600}}};
  for (int day = 0; day < days; ++day) pattern.works[static_cast<size_t>(day)] = true;
  return pattern;
}

Calendar PlantCalendar() {
  Calendar calendar;
  calendar.years[2026] = Notice2026();
  for (const ShiftPattern& pattern :
       {Pattern("CONT", 7, false, 24), Pattern("SIX", 6, true, 22), Pattern("FIVE", 5, true, 16)}) {
    calendar.patterns[pattern.code] = pattern;
  }
  calendar.shutdowns.push_back({DayOf(2026, 2, 15), DayOf(2026, 2, 23), "CONT", "", "Spring Festival"});
  calendar.shutdowns.push_back({DayOf(2026, 7, 20), DayOf(2026, 7, 25), "CONT", "", "maintenance"});
  return calendar;
}

std::vector<int32_t> ByMonth(const Calendar& calendar, const char* pattern) {
  std::vector<int32_t> days;
  for (const Period& month : PeriodsIn(PeriodKind::kMonth, DayOf(2026, 1, 1), DayOf(2027, 1, 1))) {
    int32_t count = 0;
    for (Day day = month.first; day < month.end; ++day) {
      count += pattern == nullptr ? IsWorkingDay(calendar, day) : IsPlanned(calendar, calendar.patterns.at(pattern), "", day);
    }
    days.push_back(count);
  }
  return days;
}

Time At(const char* date, int hours, int minutes = 0) {
  return Time(std::chrono::days(*ParseDay(date, "date"))) + std::chrono::hours(hours) + std::chrono::minutes(minutes);
}

TEST(Calendar, HasTheWorkingDaysOf2026ByMonth) {
  const Calendar calendar = PlantCalendar();
  EXPECT_EQ(Notice2026().days_off.size(), 33U);
  EXPECT_EQ(ByMonth(calendar, nullptr), (std::vector<int32_t>{21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23}));
  EXPECT_EQ(CountWorkingDays(calendar, DayOf(2026, 1, 1), DayOf(2027, 1, 1)), 248);
  EXPECT_EQ(ByMonth(calendar, "CONT"), (std::vector<int32_t>{31, 19, 31, 30, 31, 30, 25, 31, 30, 31, 30, 31}));
  EXPECT_EQ(ByMonth(calendar, "SIX"), (std::vector<int32_t>{25, 17, 26, 24, 22, 24, 27, 26, 25, 21, 25, 27}));
  EXPECT_EQ(ByMonth(calendar, "FIVE"), ByMonth(calendar, nullptr));
  const auto seconds = [&](const char* code) {
    return PlannedSeconds(calendar, calendar.patterns.at(code), "", DayOf(2026, 1, 1), DayOf(2027, 1, 1));
  };
  EXPECT_EQ(seconds("CONT"), 30'240'000);
  EXPECT_EQ(seconds("SIX"), 22'888'800);
  EXPECT_EQ(seconds("FIVE"), 14'284'800);
}

TEST(Calendar, CountsWorkingDaysOverHolidaysAndMakeUpDays) {
  const Calendar calendar = PlantCalendar();
  EXPECT_EQ(FormatDay(AddWorkingDays(calendar, DayOf(2026, 2, 10), 15).day), "2026-03-09");
  EXPECT_EQ(FormatDay(AddWorkingDays(calendar, DayOf(2026, 9, 18), 15).day), "2026-10-15");
  EXPECT_TRUE(AddWorkingDays(calendar, DayOf(2026, 9, 18), 15).official);
}

TEST(Calendar, SaysWhereAYearIsNotPublished) {
  const Calendar calendar = PlantCalendar();
  EXPECT_EQ(calendar.StateOf(2026), CalendarState::kPublished);
  EXPECT_EQ(calendar.StateOf(2027), CalendarState::kNotPublished);
  EXPECT_FALSE(AddWorkingDays(calendar, DayOf(2026, 12, 25), 10).official);
  EXPECT_FALSE(HasUnpublished(calendar, DayOf(2026, 1, 1), DayOf(2027, 1, 1)));
  EXPECT_TRUE(HasUnpublished(calendar, DayOf(2026, 12, 31), DayOf(2027, 1, 2)));
}

TEST(Calendar, PlansAnUnpublishedYearByTheShareOfTheLastOneRoundedDown) {
  const Calendar calendar = PlantCalendar();
  // 2026: 289 of 313 days from Monday to Saturday; 350 of 365.
  const Day monday = DayOf(2027, 3, 1);
  EXPECT_EQ(PlannedSeconds(calendar, calendar.patterns.at("SIX"), "", monday), 289 * 79'200 / 313);
  EXPECT_EQ(PlannedSeconds(calendar, calendar.patterns.at("CONT"), "", monday), 350 * 86'400 / 365);
  EXPECT_EQ(PlannedSeconds(calendar, calendar.patterns.at("SIX"), "", monday - 1), 0) << "a Sunday";
  EXPECT_EQ(PlannedSeconds(Calendar{}, calendar.patterns.at("SIX"), "", monday), 0) << "no year is known at all";
}

TEST(Calendar, CountsAnEventInTheNightToTheDayBefore) {
  const TimeZone& zone = ChinaStandardTime();
  const auto month_of = [&](Time time) {
    return LabelOf(PeriodOf(PeriodKind::kMonth, PlantDayOf(time, zone)));
  };
  // 1 March 02:00 local is 28 February 18:00 UTC; the plant day ends at 08:00 local.
  EXPECT_EQ(FormatDay(PlantDayOf(At("2026-02-28", 18), zone)), "2026-02-28");
  EXPECT_EQ(month_of(At("2026-02-28", 18)), "2026-02");
  EXPECT_EQ(month_of(At("2026-02-28", 23, 59)), "2026-02");
  EXPECT_EQ(month_of(At("2026-03-01", 0)), "2026-03");
  EXPECT_EQ(StartOf(PlantDayOf(At("2026-02-28", 18), zone), zone), At("2026-02-28", 0));
}

TEST(Calendar, GivesALeapYearItsDay) {
  EXPECT_EQ(DaysInYear(2028), 366);
  EXPECT_EQ(DaysInYear(2100), 365);
  EXPECT_EQ(FormatDay(PlantDayOf(At("2028-02-29", 18), ChinaStandardTime())), "2028-02-29");
  const Period february = PeriodOf(PeriodKind::kMonth, DayOf(2028, 2, 29));
  EXPECT_EQ(february.end - february.first, 29);
  EXPECT_EQ(PeriodsIn(PeriodKind::kDay, DayOf(2028, 1, 1), DayOf(2029, 1, 1)).size(), 366U);
  EXPECT_FALSE(ParseDay("2026-02-29", "day"));
  EXPECT_TRUE(ParseDay("2028-02-29", "day"));
}

TEST(Calendar, KnowsTheSummersThatHadDaylightSaving) {
  TimeZone zone{"Asia/Shanghai", {{Time::min(), 28'800}, {At("1986-05-03", 18), 32'400}, {At("1986-09-13", 17), 28'800}}};
  // 07:30 by the wall clock in summer: still the day before.
  EXPECT_EQ(FormatDay(PlantDayOf(At("1986-07-01", 22, 30), zone)), "1986-07-01");
  EXPECT_EQ(FormatDay(PlantDayOf(At("1986-07-01", 23), zone)), "1986-07-02");
  EXPECT_EQ(StartOf(*ParseDay("1986-07-02", ""), zone), At("1986-07-01", 23));
  EXPECT_EQ(StartOf(*ParseDay("1986-12-02", ""), zone), At("1986-12-02", 0));
}

TEST(Calendar, NamesWeeksByTheirThursday) {
  EXPECT_EQ(LabelOf(PeriodOf(PeriodKind::kWeek, DayOf(2026, 1, 1))), "2026-W01");
  EXPECT_EQ(LabelOf(PeriodOf(PeriodKind::kWeek, DayOf(2027, 1, 1))), "2026-W53");
  EXPECT_EQ(LabelOf(PeriodOf(PeriodKind::kWeek, DayOf(2025, 12, 29))), "2026-W01");
}

TEST(Calendar, RefusesANoticeThatCannotBe) {
  const auto problem = [](void (*change)(CalendarYear&)) {
    CalendarYear year = Notice2026();
    change(year);
    const Status checked = CheckCalendarYear(year);
    return checked ? std::string("none") : checked.error().message;
  };
  EXPECT_EQ(problem([](CalendarYear&) {}), "none");
  EXPECT_EQ(problem([](CalendarYear& year) { year.make_up_days.push_back(DayOf(2026, 3, 4)); }),
            "2026-03-04 is no weekend: it needs no making up");
  EXPECT_EQ(problem([](CalendarYear& year) { year.make_up_days.push_back(DayOf(2026, 1, 3)); }), "2026-01-03 is named twice");
  EXPECT_EQ(problem([](CalendarYear& year) { year.make_up_days.push_back(DayOf(2027, 1, 2)); }), "2027-01-02 is not in 2026");
}

TEST(Calendar, FindsTheShiftOfATime) {
  const ShiftPattern pattern = Pattern("SIX", 6, true, 22);
  EXPECT_EQ(ShiftAt(pattern, At("2026-03-02", 0), ChinaStandardTime())->code, "D");
  EXPECT_EQ(ShiftAt(pattern, At("2026-03-01", 23, 59), ChinaStandardTime())->code, "N");
}

TEST(Calendar, ShutsOneProductsLinesOnly) {
  Calendar calendar = PlantCalendar();
  calendar.shutdowns.push_back({DayOf(2026, 3, 2), DayOf(2026, 3, 3), "", "STK", "tool change"});
  const ShiftPattern& pattern = calendar.patterns.at("SIX");
  EXPECT_EQ(PlannedSeconds(calendar, pattern, "STK", DayOf(2026, 3, 2)), 0);
  EXPECT_EQ(PlannedSeconds(calendar, pattern, "STK", DayOf(2026, 3, 4)), 79'200);
  EXPECT_EQ(PlannedSeconds(calendar, pattern, "PACK", DayOf(2026, 3, 2)), 79'200);
}

}  // namespace
}  // namespace mes::domain
