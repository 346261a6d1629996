#include "services/mesctl/simulate_options.h"

#include <chrono>
#include <cstdio>

#include "services/mesctl/client.h"

namespace mes::mesctl::simulate {
namespace {

constexpr int64_t kDayMicros = 86'400'000'000;
constexpr int kDefaultDaysAgo = 75;

}  // namespace

void AddOptions(CLI::App& command, Options& options) {
  command.add_option("--plant", options.plant, "The plant's folder, loaded first")->required()->type_name("DIR");
  command.add_option("--seed", options.seed, "The same seed tells the same story; codes begin with S<seed>-")
      ->capture_default_str();
  command.add_option("--cars", options.cars, "Passenger cars to build")->check(CLI::Range(0, 5'000))->capture_default_str();
  command.add_option("--trucks", options.trucks, "Trucks of each of the four kinds")
      ->check(CLI::Range(0, 2'000))
      ->capture_default_str();
  command.add_option("--stacks", options.stacks, "Own fuel cell stacks; others are bought")
      ->check(CLI::Range(0, 2'000))
      ->capture_default_str();
  command
      .add_option("--systems", options.systems, "Fuel cell systems besides the trucks'; default: for the own stacks left over")
      ->check(CLI::Range(0, 5'000));
  command.add_option("--start", options.start, "First day of the story; default: 75 days ago")->type_name("YYYY-MM-DD");
  command.add_option("--stations-per-class", options.stations_per_class, "Stations used for each operation, at most")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  command.add_option("--streams", options.streams, "Streams that the stations share")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  command.add_option("--record", options.record, "Write the story's own record of which lot went into what, for mesctl drill recall")
      ->type_name("FILE");
  command.add_flag("--no-faults", options.no_faults,
                   "No duplicates, reconnects, late or wrong events; units still fail as planned");
  command.add_flag("--drift", options.drift, "Instead: a process drifts until it is stopped; of the options only --seed counts");
  command.add_flag("--plan-only", options.plan_only, "Print what would happen; only definitions are asked from the server");
}

int64_t DefaultStart(int64_t now) {
  const int64_t day = now / kDayMicros - kDefaultDaysAgo;
  return day * kDayMicros;  // 08:00 +08:00 is midnight UTC
}

int64_t ParseStart(const std::string& date) {
  int year = 0, month = 0, day = 0, used = 0;
  if (std::sscanf(date.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || static_cast<size_t>(used) != date.size()) {
    FailUsage("--start: `" + date + "` is not a date like 2026-09-10");
  }
  const std::chrono::year_month_day parsed{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
  if (!parsed.ok()) FailUsage("--start: `" + date + "` is not a date like 2026-09-10");
  return std::chrono::sys_days(parsed).time_since_epoch().count() * kDayMicros;
}

std::string DateOf(int64_t micros) {
  const std::chrono::year_month_day date{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(micros)))};
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace mes::mesctl::simulate
