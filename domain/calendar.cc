#include "domain/calendar.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>

namespace mes::domain {
namespace {

std::chrono::year_month_day DateOf(Day day) {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(day)));
}

int32_t Number(std::string_view digits) {
  int32_t value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

bool Contains(const std::vector<Day>& days, Day day) { return std::find(days.begin(), days.end(), day) != days.end(); }

bool IsOff(const CalendarYear& year, Day day) {
  const auto found =
      std::lower_bound(year.days_off.begin(), year.days_off.end(), day, [](const DayOff& off, Day at) { return off.day < at; });
  return found != year.days_off.end() && found->day == day;
}

const CalendarYear* Published(const Calendar& calendar, int32_t year) {
  const auto found = calendar.years.find(year);
  return found == calendar.years.end() ? nullptr : &found->second;
}

bool IsShut(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day day) {
  return std::any_of(calendar.shutdowns.begin(), calendar.shutdowns.end(), [&](const Shutdown& shutdown) {
    return shutdown.first <= day && day <= shutdown.last &&
           (shutdown.pattern_code.empty() || shutdown.pattern_code == pattern.code) &&
           (shutdown.product_code.empty() || shutdown.product_code == product_code);
  });
}

// The year whose experience an unpublished one borrows: the newest before it, or else the oldest there is.
const CalendarYear* YearToBorrow(const Calendar& calendar, int32_t year) {
  if (calendar.years.empty()) return nullptr;
  const auto after = calendar.years.upper_bound(year);
  return after == calendar.years.begin() ? &after->second : &std::prev(after)->second;
}

// What a worked day counts: all of it, or in an unpublished year the share that was planned of the borrowed year's days. Shutdowns of
// single products are no experience: they are planned for each year by themselves.
int64_t SecondsOfWorkedDay(const Calendar& calendar, const ShiftPattern& pattern, int32_t year) {
  if (Published(calendar, year) != nullptr) return pattern.net_seconds_per_day;
  const CalendarYear* borrowed = YearToBorrow(calendar, year);
  if (borrowed == nullptr) return 0;
  int64_t planned = 0, usual = 0;
  const Day first = DayOf(borrowed->year, 1, 1);
  for (Day day = first; day < first + DaysInYear(borrowed->year); ++day) {
    usual += pattern.works[static_cast<size_t>(WeekdayOf(day))] ? 1 : 0;
    planned += IsPlanned(calendar, pattern, "", day) ? 1 : 0;
  }
  return usual == 0 ? 0 : std::min<int64_t>(usual, planned) * pattern.net_seconds_per_day / usual;
}

}  // namespace

std::string FormatDay(Day day) {
  const std::chrono::year_month_day date = DateOf(day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text.data();
}

Result<Day> ParseDay(std::string_view text, std::string_view field) {
  const auto is_digit = [&](size_t i) { return std::isdigit(static_cast<unsigned char>(text[i])) != 0; };
  bool formed = text.size() == 10 && text[4] == '-' && text[7] == '-';
  for (size_t i = 0; formed && i < 10; ++i) formed = i == 4 || i == 7 || is_digit(i);
  if (formed) {
    const std::chrono::year_month_day date(std::chrono::year(Number(text.substr(0, 4))),
                                           std::chrono::month(static_cast<unsigned>(Number(text.substr(5, 2)))),
                                           std::chrono::day(static_cast<unsigned>(Number(text.substr(8, 2)))));
    if (date.ok() && static_cast<int>(date.year()) >= 1) {
      return static_cast<Day>(std::chrono::sys_days(date).time_since_epoch().count());
    }
  }
  return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not a date like 2026-02-28"));
}

Day DayOf(int32_t year, unsigned month, unsigned day_of_month) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day_of_month)};
  return static_cast<Day>(std::chrono::sys_days(date).time_since_epoch().count());
}

int32_t YearOf(Day day) { return static_cast<int>(DateOf(day).year()); }
unsigned MonthOf(Day day) { return static_cast<unsigned>(DateOf(day).month()); }
int WeekdayOf(Day day) {
  return static_cast<int>(std::chrono::weekday(std::chrono::sys_days(std::chrono::days(day))).iso_encoding()) - 1;
}
int32_t DaysInYear(int32_t year) { return std::chrono::year(year).is_leap() ? 366 : 365; }

int32_t TimeZone::OffsetAt(Time time) const {
  const auto after =
      std::upper_bound(offsets.begin(), offsets.end(), time, [](Time at, const Offset& offset) { return at < offset.from; });
  return after == offsets.begin() ? offsets.front().seconds : std::prev(after)->seconds;
}

const TimeZone& ChinaStandardTime() {
  static const TimeZone zone{"Asia/Shanghai", {{Time::min(), 8 * 3'600}}};
  return zone;
}

Day PlantDayOf(Time time, const TimeZone& zone) {
  const Time local = time + std::chrono::seconds(zone.OffsetAt(time) - kPlantDayStartSeconds);
  return static_cast<Day>(std::chrono::floor<std::chrono::days>(local).time_since_epoch().count());
}

Time StartOf(Day day, const TimeZone& zone) {
  const Time local = Time(std::chrono::days(day)) + std::chrono::seconds(kPlantDayStartSeconds);
  // The offset of a time that is itself shifted by it: one more look settles it, since offsets change at night.
  const Time guess = local - std::chrono::seconds(zone.OffsetAt(local));
  return local - std::chrono::seconds(zone.OffsetAt(guess));
}

Period PeriodOf(PeriodKind kind, Day day) {
  const std::chrono::year_month_day date = DateOf(day);
  const int32_t year = static_cast<int>(date.year());
  const unsigned month = static_cast<unsigned>(date.month());
  switch (kind) {
    case PeriodKind::kDay:
      return {kind, day, day + 1};
    case PeriodKind::kWeek:
      return {kind, day - WeekdayOf(day), day - WeekdayOf(day) + 7};
    case PeriodKind::kMonth:
      return {kind, DayOf(year, month, 1), month == 12 ? DayOf(year + 1, 1, 1) : DayOf(year, month + 1, 1)};
    case PeriodKind::kYear:
      return {kind, DayOf(year, 1, 1), DayOf(year + 1, 1, 1)};
  }
  return {kind, day, day + 1};
}

std::vector<Period> PeriodsIn(PeriodKind kind, Day first, Day end) {
  std::vector<Period> periods;
  for (Day day = first; day < end; day = periods.back().end) periods.push_back(PeriodOf(kind, day));
  return periods;
}

std::string LabelOf(const Period& period) {
  const std::string date = FormatDay(period.first);
  switch (period.kind) {
    case PeriodKind::kDay:
      return date;
    case PeriodKind::kMonth:
      return date.substr(0, 7);
    case PeriodKind::kYear:
      return date.substr(0, 4);
    case PeriodKind::kWeek:
      break;
  }
  // ISO 8601: a week is of the year in which its Thursday lies.
  const Day thursday = period.first + 3;
  const int32_t year = YearOf(thursday);
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%04d-W%02d", year, (thursday - DayOf(year, 1, 1)) / 7 + 1);
  return text.data();
}

Status CheckCalendarYear(const CalendarYear& year) {
  const auto wrong = [](std::string message) { return Fail(FieldError(Reason::kFieldInvalid, "days", std::move(message))); };
  std::set<Day> seen;
  const auto check = [&](Day day) -> std::string {
    if (YearOf(day) != year.year) return FormatDay(day) + " is not in " + std::to_string(year.year);
    return seen.insert(day).second ? "" : FormatDay(day) + " is named twice";
  };
  for (const DayOff& off : year.days_off) {
    if (std::string problem = check(off.day); !problem.empty()) return wrong(std::move(problem));
  }
  for (const Day day : year.make_up_days) {
    if (std::string problem = check(day); !problem.empty()) return wrong(std::move(problem));
    if (WeekdayOf(day) < 5) return wrong(FormatDay(day) + " is no weekend: it needs no making up");
  }
  return {};
}

CalendarState Calendar::StateOf(int32_t year) const {
  return years.contains(year) ? CalendarState::kPublished : CalendarState::kNotPublished;
}

const ShiftPattern* Calendar::FindPattern(std::string_view code) const {
  const auto found = patterns.find(std::string(code));
  return found == patterns.end() ? nullptr : &found->second;
}

bool HasUnpublished(const Calendar& calendar, Day first, Day end) {
  if (first >= end) return false;
  for (int32_t year = YearOf(first); year <= YearOf(end - 1); ++year) {
    if (calendar.StateOf(year) == CalendarState::kNotPublished) return true;
  }
  return false;
}

bool IsWorkingDay(const Calendar& calendar, Day day) {
  const bool weekday = WeekdayOf(day) < 5;
  const CalendarYear* year = Published(calendar, YearOf(day));
  if (year == nullptr) return weekday;
  return Contains(year->make_up_days, day) || (weekday && !IsOff(*year, day));
}

int32_t CountWorkingDays(const Calendar& calendar, Day first, Day end) {
  int32_t count = 0;
  for (Day day = first; day < end; ++day) count += IsWorkingDay(calendar, day) ? 1 : 0;
  return count;
}

WorkingDay AddWorkingDays(const Calendar& calendar, Day from, int32_t count) {
  Day day = from;
  for (int32_t left = count; left > 0;) {
    if (IsWorkingDay(calendar, ++day)) --left;
  }
  return {day, !HasUnpublished(calendar, from + 1, day + 1)};
}

bool IsPlanned(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day day) {
  if (IsShut(calendar, pattern, product_code, day)) return false;
  const bool works = pattern.works[static_cast<size_t>(WeekdayOf(day))];
  const CalendarYear* year = pattern.observes_days_off ? Published(calendar, YearOf(day)) : nullptr;
  if (year == nullptr) return works;
  return Contains(year->make_up_days, day) || (works && !IsOff(*year, day));
}

int64_t PlannedDays::SecondsOn(Day day) {
  if (!IsPlanned(calendar_, pattern_, product_code_, day)) return 0;
  if (const int32_t year = YearOf(day); seconds_ < 0 || year != year_) {
    year_ = year;
    seconds_ = SecondsOfWorkedDay(calendar_, pattern_, year);
  }
  return seconds_;
}

int64_t PlannedSeconds(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day day) {
  return PlannedDays(calendar, pattern, product_code).SecondsOn(day);
}

int64_t PlannedSeconds(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day first, Day end) {
  PlannedDays days(calendar, pattern, product_code);
  int64_t seconds = 0;
  for (Day day = first; day < end; ++day) seconds += days.SecondsOn(day);
  return seconds;
}

const Shift* ShiftAt(const ShiftPattern& pattern, Time time, const TimeZone& zone) {
  const Time local = time + std::chrono::seconds(zone.OffsetAt(time));
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const auto second = static_cast<int32_t>(std::chrono::floor<std::chrono::seconds>(local - midnight).count());
  for (const Shift& shift : pattern.shifts) {
    const bool over_midnight = shift.end_seconds <= shift.start_seconds;
    const bool after_start = second >= shift.start_seconds;
    const bool before_end = second < shift.end_seconds;
    if (over_midnight ? after_start || before_end : after_start && before_end) return &shift;
  }
  return nullptr;
}

}  // namespace mes::domain
