#include "services/time_zone.h"

#include <date/tz.h>

#include <stdexcept>

#include <spdlog/spdlog.h>

namespace mes::services {

domain::TimeZone LoadTimeZone(const std::string& name) {
  domain::TimeZone zone{name, {}};
  const date::time_zone* rules = date::locate_zone(name);
  const auto at = [](int year) {
    return std::chrono::time_point_cast<std::chrono::seconds>(date::sys_days{date::year{year} / 1 / 1});
  };
  for (date::sys_seconds time = at(1900); time < at(2100);) {
    const date::sys_info rule = rules->get_info(time);
    zone.offsets.push_back({domain::Time(rule.begin < at(1900) ? at(1900) : rule.begin), static_cast<int32_t>(rule.offset.count())});
    time = rule.end;
  }
  return zone;
}

const domain::TimeZone& PlantTimeZone() {
  static const domain::TimeZone zone = [] {
    try {
      return LoadTimeZone("Asia/Shanghai");
    } catch (const std::exception& failure) {
      spdlog::warn("time zone: {}; taking +08:00 for all time", failure.what());
      return domain::ChinaStandardTime();
    }
  }();
  return zone;
}

}  // namespace mes::services
