// When the plant works: plant days, shifts, days off and make-up days per year, shutdowns, shift patterns, working-day arithmetic.
//
// Everything here is data that comes in as an argument. A plant day begins at 08:00 plant time and has the date on which it begins: a
// run at 02:00 on 1 March is of 28 February (29 in a leap year), and of February in every monthly figure. Months and years are those
// of plant days.
// Days off and make-up days are the State Council's yearly notice. They are never extrapolated: a year without a notice is
// "not published", which every answer that rests on it says. For planning such a year's days count the share of their time that was
// planned in the newest published year before it (rounded down), so that a plan errs on the late side; official working days
// there are the weekdays, and the answer says that they are not official.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

// A plant day: days since 1970-01-01 of its date.
using Day = int32_t;

inline constexpr int64_t kSecondsPerDay = 86'400;
// The plant day begins at 08:00.
inline constexpr int32_t kPlantDayStartSeconds = 8 * 3'600;

// `2026-02-28`, years 1 to 9999.
std::string FormatDay(Day day);
// Errors: FIELD_INVALID with `field` (not a date of the form YYYY-MM-DD that exists).
Result<Day> ParseDay(std::string_view text, std::string_view field);
Day DayOf(int32_t year, unsigned month, unsigned day_of_month);
int32_t YearOf(Day day);
unsigned MonthOf(Day day);
// 0 = Monday to 6 = Sunday.
int WeekdayOf(Day day);
// 365, or 366 in a leap year.
int32_t DaysInYear(int32_t year);

// A time zone's rules as data: the offset from UTC from an instant on (services/time_zone takes them from the system's tz database
// through the date library, which the domain does not know).
struct TimeZone {
  struct Offset {
    Time from{};
    int32_t seconds = 0;
  };
  std::string name;
  // By `from`; the first holds for everything before it too. Never empty.
  std::vector<Offset> offsets;

  int32_t OffsetAt(Time time) const;
};
// +08:00 without daylight saving: Asia/Shanghai since 1991-09-15.
const TimeZone& ChinaStandardTime();

// The plant day of an instant, and the instant at which a plant day begins.
Day PlantDayOf(Time time, const TimeZone& zone);
Time StartOf(Day day, const TimeZone& zone);

// Periods of plant days: weeks begin on Monday and are named by ISO 8601.
enum class PeriodKind : int16_t { kDay = 1, kWeek, kMonth, kYear };
struct Period {
  PeriodKind kind = PeriodKind::kDay;
  Day first = 0;
  // The day after its last.
  Day end = 0;

  bool operator==(const Period&) const = default;
};
Period PeriodOf(PeriodKind kind, Day day);
// The whole periods that meet [first, end), in order.
std::vector<Period> PeriodsIn(PeriodKind kind, Day first, Day end);
// `2026-02-28`, `2026-W09`, `2026-02`, `2026`.
std::string LabelOf(const Period& period);

// Values are those of mes.v1.CalendarState and of the database.
enum class CalendarState : int16_t { kPublished = 1, kNotPublished = 2 };

struct DayOff {
  Day day = 0;
  std::string name;
  std::string name_zh;
  // One of the days with triple pay.
  bool statutory = false;
};
// One year's notice.
struct CalendarYear {
  int32_t year = 0;
  std::string source;
  std::vector<DayOff> days_off;    // by day
  std::vector<Day> make_up_days;   // by day; days of the weekend that are worked
};
// Errors: FIELD_INVALID (a day outside the year, twice, both off and make-up, or a make-up day that is no weekend).
Status CheckCalendarYear(const CalendarYear& year);

struct Shift {
  std::string code;
  // Seconds after midnight, plant time; `end` at or before `start` is of the next day.
  int32_t start_seconds = 0;
  int32_t end_seconds = 0;
};
// When lines of one kind work, for example `CONT-24x7`, `TWO-SHIFT-6D`.
struct ShiftPattern {
  std::string code;
  std::string description;
  // Of a worked plant day, without breaks.
  int32_t net_seconds_per_day = 0;
  // From Monday.
  std::array<bool, 7> works{};
  // Closed on the notice's days off; and then also worked on its make-up days.
  bool observes_days_off = false;
  std::vector<Shift> shifts;
};

// Days on which something that would work does not (Spring Festival, maintenance).
struct Shutdown {
  Day first = 0;
  // Inclusive.
  Day last = 0;
  // Which pattern, and which product's lines; empty = all.
  std::string pattern_code;
  std::string product_code;
  std::string reason;
};

struct Calendar {
  std::map<int32_t, CalendarYear> years;
  std::map<std::string, ShiftPattern> patterns;
  std::vector<Shutdown> shutdowns;

  CalendarState StateOf(int32_t year) const;
  // Null where there is none.
  const ShiftPattern* FindPattern(std::string_view code) const;
};

// True where no whole notice is known for a year that [first, end) touches: what rests on those days is an estimate.
bool HasUnpublished(const Calendar& calendar, Day first, Day end);

// Official working days (State Council): weekdays that are not off, and make-up days. In an unpublished year: weekdays.
bool IsWorkingDay(const Calendar& calendar, Day day);
int32_t CountWorkingDays(const Calendar& calendar, Day first, Day end);
struct WorkingDay {
  Day day = 0;
  // False: an unpublished year was met on the way; the day may move.
  bool official = true;
};
// The `count`-th working day after `from` (which does not count itself); count >= 1.
WorkingDay AddWorkingDays(const Calendar& calendar, Day from, int32_t count);

// What lines of a pattern and a product plan on a plant day; `product_code` empty = of no shutdown of its own.
bool IsPlanned(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day day);
// In a published year net_seconds_per_day or 0; in an unpublished one the estimate told above.
int64_t PlannedSeconds(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day day);
int64_t PlannedSeconds(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code, Day first, Day end);
// The same day by day, for loops: an unpublished year's share is worked out once. The calendar and the pattern must outlive it.
class PlannedDays {
 public:
  PlannedDays(const Calendar& calendar, const ShiftPattern& pattern, std::string_view product_code)
      : calendar_(calendar), pattern_(pattern), product_code_(product_code) {}
  int64_t SecondsOn(Day day);

 private:
  const Calendar& calendar_;
  const ShiftPattern& pattern_;
  const std::string product_code_;
  // What a worked day of this year counts.
  int32_t year_ = 0;
  int64_t seconds_ = -1;
};
// The shift that an instant falls into; null in the pattern's breaks. A run that crosses 08:00 is of the shift in which it completes.
const Shift* ShiftAt(const ShiftPattern& pattern, Time time, const TimeZone& zone);

}  // namespace mes::domain
