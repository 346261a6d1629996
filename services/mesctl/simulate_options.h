// The command line of `mesctl simulate`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace mes::mesctl::simulate {

struct Options {
  std::string plant;
  uint32_t seed = 1;
  int cars = 20;
  int trucks = 10;
  int stacks = 40;
  int systems = -1;
  std::string start;
  // Where to write what went into what; empty = nowhere.
  std::string record;
  int stations_per_class = 4;
  int streams = 16;
  bool no_faults = false;
  bool plan_only = false;
  bool drift = false;
};

void AddOptions(CLI::App& command, Options& options);

// 08:00 in Asia/Shanghai, 75 days before `now`: long enough ago for cells to age and be built in. Microseconds since 1970 UTC.
int64_t DefaultStart(int64_t now);
// `2026-09-10` (08:00 +08:00 of that day). Throws Exit with a usage error.
int64_t ParseStart(const std::string& date);
std::string DateOf(int64_t micros);

}  // namespace mes::mesctl::simulate
