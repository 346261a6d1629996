#include "services/calendar.h"

#include <algorithm>

#include "db/capacity.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "services/capacity.h"
#include "services/convert.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::Day;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

std::string ClockText(int32_t seconds) {
  char text[16];
  snprintf(text, sizeof text, "%02d:%02d", seconds / 3'600, seconds / 60 % 60);
  return text;
}

v1::PatternPlan ToProto(const domain::Calendar& calendar, const domain::ShiftPattern& pattern, int32_t year) {
  v1::PatternPlan plan;
  plan.set_pattern_code(pattern.code);
  plan.set_description(pattern.description);
  for (unsigned month = 1; month <= 12; ++month) {
    const domain::Period period = domain::PeriodOf(domain::PeriodKind::kMonth, domain::DayOf(year, month, 1));
    int32_t days = 0;
    for (Day day = period.first; day < period.end; ++day) days += domain::IsPlanned(calendar, pattern, "", day) ? 1 : 0;
    plan.add_days_by_month(days);
    plan.set_days(plan.days() + days);
  }
  plan.set_planned_seconds(
      domain::PlannedSeconds(calendar, pattern, "", domain::DayOf(year, 1, 1), domain::DayOf(year + 1, 1, 1)));
  for (const domain::Shift& shift : pattern.shifts) {
    plan.add_shifts(shift.code + " " + ClockText(shift.start_seconds) + "-" + ClockText(shift.end_seconds));
  }
  return plan;
}

v1::Shutdown ToProto(const db::StoredShutdown& stored) {
  v1::Shutdown message;
  message.set_shutdown_id(stored.id);
  message.set_first_day(domain::FormatDay(stored.shutdown.first));
  message.set_last_day(domain::FormatDay(stored.shutdown.last));
  message.set_pattern_code(stored.shutdown.pattern_code);
  message.set_product_code(stored.shutdown.product_code);
  message.set_reason(stored.shutdown.reason);
  message.set_person(stored.person);
  return message;
}

domain::Result<domain::CalendarYear> ParseNotice(const v1::PutCalendarYearRequest& request) {
  domain::CalendarYear year;
  year.year = request.year();
  year.source = request.source();
  if (request.days_off_size() + request.make_up_days_size() > 366) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "days_off", "a year has no more than 366 days");
    error.metadata["limit"] = "366";
    return Fail(std::move(error));
  }
  for (int i = 0; i < request.days_off_size(); ++i) {
    const v1::CalendarDayOff& off = request.days_off(i);
    const std::string field = "days_off[" + std::to_string(i) + "]";
    const auto day = domain::ParseDay(off.day(), field + ".day");
    if (!day) return Fail(day.error());
    for (const auto& [text, name] : {std::pair(&off.name(), ".name"), std::pair(&off.name_zh(), ".name_zh")}) {
      if (Status checked = domain::CheckText(*text, domain::kMaxNameLength, false, field + name); !checked) {
        return Fail(checked.error());
      }
    }
    year.days_off.push_back({*day, off.name(), off.name_zh(), off.statutory()});
  }
  for (int i = 0; i < request.make_up_days_size(); ++i) {
    const auto day = domain::ParseDay(request.make_up_days(i), "make_up_days[" + std::to_string(i) + "]");
    if (!day) return Fail(day.error());
    year.make_up_days.push_back(*day);
  }
  std::sort(year.days_off.begin(), year.days_off.end(),
            [](const domain::DayOff& a, const domain::DayOff& b) { return a.day < b.day; });
  std::sort(year.make_up_days.begin(), year.make_up_days.end());
  if (Status checked = domain::CheckCalendarYear(year); !checked) return Fail(checked.error());
  return year;
}

domain::Result<domain::Shutdown> ParseShutdown(Call& call, const v1::Shutdown& message) {
  domain::Shutdown shutdown;
  const auto first = domain::ParseDay(message.first_day(), "shutdown.first_day");
  if (!first) return Fail(first.error());
  const auto last = domain::ParseDay(message.last_day(), "shutdown.last_day");
  if (!last) return Fail(last.error());
  shutdown.first = *first;
  shutdown.last = *last;
  if (shutdown.last < shutdown.first) {
    return Fail(FieldError(Reason::kFieldInvalid, "shutdown.last_day", "last_day is before first_day"));
  }
  if (Status checked = domain::CheckText(message.reason(), domain::kMaxReasonLength, true, "shutdown.reason"); !checked) {
    return Fail(checked.error());
  }
  shutdown.reason = message.reason();
  shutdown.pattern_code = message.pattern_code();
  shutdown.product_code = message.product_code();
  if (shutdown.pattern_code.empty()) return shutdown;
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  if (model.calendar.FindPattern(shutdown.pattern_code) != nullptr) return shutdown;
  return Fail(FieldError(Reason::kFieldInvalid, "shutdown.pattern_code",
                         "there is no shift pattern `" + shutdown.pattern_code + "`"));
}

}  // namespace

Status GetCalendar(Call& call, const v1::GetCalendarRequest& request, v1::GetCalendarResponse& response) {
  const auto year = ParseYear(call, request.year());
  if (!year) return Fail(year.error());
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const Day first = domain::DayOf(*year, 1, 1), end = domain::DayOf(*year + 1, 1, 1);
  response.set_year(*year);
  response.set_state(StateOf(model, *year));
  response.set_days(domain::DaysInYear(*year));
  if (const auto known = model.calendar.years.find(*year); known != model.calendar.years.end()) {
    response.set_source(known->second.source);
    for (const domain::DayOff& off : known->second.days_off) {
      v1::CalendarDayOff& message = *response.add_days_off();
      message.set_day(domain::FormatDay(off.day));
      message.set_name(off.name);
      message.set_name_zh(off.name_zh);
      message.set_statutory(off.statutory);
    }
    for (const Day day : known->second.make_up_days) response.add_make_up_days(domain::FormatDay(day));
  }
  for (unsigned month = 1; month <= 12; ++month) {
    const domain::Period period = domain::PeriodOf(domain::PeriodKind::kMonth, domain::DayOf(*year, month, 1));
    response.add_working_days_by_month(domain::CountWorkingDays(model.calendar, period.first, period.end));
  }
  for (const auto& [code, pattern] : model.calendar.patterns) {
    *response.add_patterns() = ToProto(model.calendar, pattern, *year);
  }
  for (const db::StoredShutdown& stored :
       db::ListShutdowns(call.transaction, call.plant, first, end, domain::kMaxShutdownsPerAnswer)) {
    *response.add_shutdowns() = ToProto(stored);
  }
  if (const auto record = db::LoadCalendarRecord(call.transaction, *year)) {
    response.set_version(record->version);
    response.set_person(record->person);
    *response.mutable_record_time() = ToProto(record->record_time);
  }
  return {};
}

Status PutCalendarYear(Call& call, const v1::PutCalendarYearRequest& request, v1::PutCalendarYearResponse& response) {
  if (Status checked = CheckPlanner(request.person(), request.role()); !checked) return checked;
  const auto number = request.year() == 0 ? domain::Result<int32_t>(-1) : ParseYear(call, request.year());
  if (!number) return Fail(number.error());
  if (*number < 0) return Fail(FieldError(Reason::kFieldRequired, "year", "year is missing"));
  if (Status checked = domain::CheckText(request.source(), domain::kMaxReasonLength, true, "source"); !checked) return checked;
  const auto year = ParseNotice(request);
  if (!year) return Fail(year.error());

  response.set_version(db::InsertCalendarYear(call.transaction, *year, request.person(), call.now));
  domain::Calendar calendar;
  calendar.years[year->year] = *year;
  response.set_working_days(
      domain::CountWorkingDays(calendar, domain::DayOf(year->year, 1, 1), domain::DayOf(year->year + 1, 1, 1)));
  return {};
}

Status PutShutdown(Call& call, const v1::PutShutdownRequest& request, v1::PutShutdownResponse& response) {
  if (Status checked = CheckPlanner(request.person(), request.role()); !checked) return checked;
  const auto shutdown = ParseShutdown(call, request.shutdown());
  if (!shutdown) return Fail(shutdown.error());
  int32_t material_id = 0;
  if (!shutdown->product_code.empty()) {
    const auto product = FindProduct(call, shutdown->product_code);
    if (!product) return Fail(product.error());
    material_id = (*product)->id;
  }
  response.set_shutdown_id(db::InsertShutdown(call.transaction, *shutdown, material_id, request.person(), call.now));
  return {};
}

Status CancelShutdown(Call& call, const v1::CancelShutdownRequest& request, v1::CancelShutdownResponse&) {
  if (Status checked = CheckPlanner(request.person(), request.role()); !checked) return checked;
  if (db::CancelShutdown(call.transaction, request.shutdown_id(), request.person(), call.now)) return {};
  const std::string id = std::to_string(request.shutdown_id());
  domain::Error error = FieldError(Reason::kShutdownUnknown, "shutdown_id", "no shutdown " + id + " is in force");
  error.metadata["shutdown_id"] = id;
  return Fail(std::move(error));
}

Status GetWorkingDay(Call& call, const v1::GetWorkingDayRequest& request, v1::GetWorkingDayResponse& response) {
  const auto time = OptionalTimeFromProto(request.has_time(), request.time(), "time");
  if (!time) return Fail(time.error());
  if (request.working_days() < 0 || request.working_days() > domain::kMaxWorkingDays) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "working_days", "working_days must be 0 to 10,000");
    error.metadata["limit"] = std::to_string(domain::kMaxWorkingDays);
    return Fail(std::move(error));
  }
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const domain::Time instant = time->value_or(call.now);
  Day day = domain::PlantDayOf(instant, PlantTimeZone());
  if (!request.from_day().empty()) {
    const auto from = domain::ParseDay(request.from_day(), "from_day");
    if (!from) return Fail(from.error());
    day = *from;
  }
  response.set_plant_day(domain::FormatDay(day));
  response.set_is_working_day(domain::IsWorkingDay(model.calendar, day));
  response.set_official(!domain::HasUnpublished(model.calendar, day, day + 1));
  response.set_utc_offset_s(PlantTimeZone().OffsetAt(instant));
  if (request.working_days() == 0) return {};
  const domain::WorkingDay end = domain::AddWorkingDays(model.calendar, day, request.working_days());
  response.set_end_day(domain::FormatDay(end.day));
  response.set_official(response.official() && end.official);
  return {};
}

}  // namespace mes::services
