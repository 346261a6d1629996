// The picture that a schedule starts from, put together out of what is stored: products with their line groups (rates, planned
// time, what each takes, how long it resides), open orders, what lies in stock, supplies that are announced. Pure.
//
// What is missing errs on the late side and is listed as a gap:
//   calendar      a year is not published: its planned time is the estimate of domain/calendar.h
//   rate          nothing is known of a product's lines: nothing is made of it
//   supply        an announced supply whose day is over is not counted; bought material of which no supply is announced is there as far
//                 as it lies in stock, and more of it only after kAssumedLeadDays, or whatever the question says instead
//   order         an order on hold is planned as if it went on now; one without due date is behind the dated ones of its priority
// Today counts with the share of the plant day that is left. Residence is rounded up to whole days, but for less than a quarter
// of a day it is none: what was made is there for others on the next day in any case.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/capacity.h"
#include "domain/product_definition.h"
#include "domain/schedule.h"
#include "domain/work_order.h"

namespace mes::domain {

// Longer than most purchases take, so that a date that rests on it is late rather than wrong.
inline constexpr int32_t kAssumedLeadDays = 90;

struct ScheduleGap {
  std::string kind;
  std::string code;
  std::string sentence;
};

// What lies in stock of a material: made or received, not built in.
struct ComponentStock {
  int32_t material_id = 0;
  int64_t quantity_micro = 0;
};

struct PictureSources {
  const Plant& plant;
  const CapacityModel& model;
  const TimeZone& zone;
  Time now{};
  int32_t days = 0;
  // Open ones; their products are made here.
  std::vector<WorkOrder> orders;
  std::vector<ComponentStock> stocks;
  bool share_component_orders = false;
  // After how many days bought material comes that nobody announced; 0 = it is taken as there.
  int32_t assumed_lead_days = kAssumedLeadDays;
};
struct SchedulePicture {
  ScheduleInput input;
  // By kind, then code.
  std::vector<ScheduleGap> gaps;
};
SchedulePicture MakePicture(const PictureSources& sources);

// Planned seconds of one line on a day (mean over the lines, rounded down), and the good units of all of them.
struct GroupDay {
  int64_t planned_seconds = 0;
  double net_good = 0;
};
std::vector<GroupDay> GroupDaysOf(const CapacityModel& model, const LineGroup& group, const Route& route, Day first,
                                  int32_t days);

// Whole days, as told above.
int32_t ResidenceDays(int64_t seconds);

}  // namespace mes::domain
