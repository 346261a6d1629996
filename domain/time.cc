#include "domain/time.h"

#include <array>
#include <cstdio>

namespace mes::domain {

std::string FormatTime(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Duration> clock(time - day);
  std::array<char, 48> text{};
  const int year = static_cast<int>(date.year());
  const unsigned month = static_cast<unsigned>(date.month());
  const unsigned day_of_month = static_cast<unsigned>(date.day());
  const int hours = static_cast<int>(clock.hours().count());
  const int minutes = static_cast<int>(clock.minutes().count());
  const int seconds = static_cast<int>(clock.seconds().count());
  const int micros = static_cast<int>(clock.subseconds().count());
  if (micros == 0) {
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", year, month, day_of_month, hours, minutes, seconds);
  } else {
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", year, month, day_of_month, hours, minutes,
                  seconds, micros);
  }
  return text.data();
}

std::string FormatDuration(Duration duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e6;
  const double size = seconds < 0 ? -seconds : seconds;
  std::array<char, 32> text{};
  if (size < 120) {
    std::snprintf(text.data(), text.size(), "%.3g s", seconds);
  } else if (size < 7200) {
    std::snprintf(text.data(), text.size(), "%.3g min", seconds / 60);
  } else if (size < 172800) {
    std::snprintf(text.data(), text.size(), "%.3g h", seconds / 3600);
  } else {
    std::snprintf(text.data(), text.size(), "%.4g d", seconds / 86400);
  }
  return text.data();
}

}  // namespace mes::domain
