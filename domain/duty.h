// What must be reported to China's national traceability platform, by whom and until when: working days after what happened.
//
// The day limits are those of the interim provisions of 2018 (Articles 10 to 19); the interim measures in force since 2026-04-01
// take over the duties, their own day limits were not read. Clocks count the official working days of the State Council's notices
// after the calendar day of the event in Asia/Shanghai; a due day that rests on a year without a notice is told as not official.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar.h"
#include "domain/life.h"
#include "domain/result.h"

namespace mes::domain {

// Values are those of mes.v1.DutyActor.
enum class DutyActor : int16_t { kVehicleMaker = 1, kCollectionPoint, kDismantler, kSecondLifeMaker, kRecycler };

// Values are those of mes.v1.DutyKind and of the database.
enum class DutyKind : int16_t {
  kVehicleBound = 1,
  kVehicleSold,
  kRepaired,
  kCollected,
  kHandedOver,
  kVehicleScrapped,
  kBatteryRemoved,
  kSecondLifeLeft,
  kRecyclerReceived,
  kRecyclerDone
};

struct DutyRule {
  DutyKind kind;
  DutyActor actor;
  int32_t working_days;
  std::string_view what;
  // False: the day limit was not read in the provisions' text.
  bool read;
};
const std::vector<DutyRule>& AllDutyRules();
const DutyRule& RuleOf(DutyKind kind);

// What happened to a unit.
struct DutySubject {
  bool battery = false;
  bool vehicle = false;
  // Of its life before the event.
  Life before;
};
// The duties that an event of a life brings about.
std::vector<DutyKind> DutiesOf(const DutySubject& subject, LifeEvent event);
// Those of a receipt by a recycler: `was_waste`: somebody had collected it before.
std::vector<DutyKind> DutiesOfReceipt(bool battery, bool was_waste);

// Values are those of mes.v1.DutyState and of the database.
enum class DutyState : int16_t { kOpen = 1, kSent, kWithdrawn };

struct Duty {
  int64_t id = 0;
  DutyKind kind = DutyKind::kVehicleBound;
  int64_t unit_id = 0;
  std::string unit_code;
  std::string party;
  Day trigger_day = 0;
  DutyState state = DutyState::kOpen;
  std::optional<Time> end_time;
  std::string ended_by;
  std::string evidence;
};
// The last day in time.
WorkingDay DueDay(const Calendar& calendar, const Duty& duty);
// True: its last day in time is over on that day, and it is open.
bool IsOverdue(const Calendar& calendar, const Duty& duty, Day day);
// The first trigger day of a kind that is not overdue on that day: every earlier one is.
Day FirstInTime(const Calendar& calendar, DutyKind kind, Day day);
// Errors: DUTY_STATE with `duty_id` and `state`.
Status CheckOpen(const Duty& duty, std::string_view field);
std::string_view NameOf(DutyState state);

}  // namespace mes::domain
