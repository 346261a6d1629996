// mes_bench [--only NAME] [--json FILE] [--smoke]: takes the figures of README "Benchmarks". NAME is a group or a figure of it.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/bench/figure.h"

namespace mes::bench {
namespace {

const Clock::time_point kBegin = Clock::now();

struct Group {
  const char* name;
  void (*run)(Run&);
  std::vector<std::string> figures;
};

// Figures stand here so that one of them can be asked for without running the others.
const std::vector<Group>& Groups() {
  static const std::vector<Group> groups = {
      {"ingest",
       RunIngest,
       {"ingest_over_copy", "ingest_events_per_s", "copy_events_per_s", "ingest_batch1024_over_batch64", "disk_bytes_per_event",
        "wal_bytes_per_event"}},
      {"rules", RunRules, {"rules_cost_ratio", "ingest_with_rules_per_s", "ingest_without_rules_per_s"}},
      {"ack",
       RunAck,
       {"ack_p50_ms_at_200", "ack_p99_ms_at_200", "ack_p50_ms_at_2000", "ack_p99_ms_at_2000", "ack_p50_ms_at_10000",
        "ack_p99_ms_at_10000", "offered_10000_taken_per_s"}},
      {"can_start",
       RunCanStart,
       {"can_start_units", "echo_p50_ms", "can_start_p50_ms", "can_start_p50_over_echo", "can_start_p99_ms_idle",
        "can_start_p99_ms_loaded"}},
      {"genealogy",
       RunGenealogy,
       {"genealogy_edges", "trace_truck_p99_ms", "trace_as_built_p99_ms", "trace_as_known_at_p99_ms", "trace_stack_p99_ms",
        "where_used_first_page_p99_ms", "where_used_complete_s", "disk_bytes_per_edge", "genealogy_disk_gib",
        "passport_truck_system_p50_ms", "passport_truck_system_p99_ms", "hold_100000_s", "hold_100000_longest_ack_ms"}},
      {"schedule", RunSchedule, {"schedule_2000_orders_s"}},
      {"utilisation", RunUtilisation, {"utilisation_rollups", "utilisation_p50_ms", "utilisation_p99_ms"}},
      {"yield", RunYield, {"yield_rows", "yield_query_p50_ms", "yield_query_p99_ms", "yield_query_slowest_p99_ms"}},
      {"guard",
       RunGuard,
       {"ingest_tls_ratio", "ingest_audit_ratio", "ingest_guarded_ratio", "can_start_tls_ratio", "can_start_audit_ratio",
        "can_start_guarded_ratio"}},
      {"audit", RunAudit, {"verify_rows_per_minute", "verify_period_rows_per_minute"}},
  };
  return groups;
}

void Print(const std::vector<Figure>& figures) {
  fmt::print("{:<34} {:>14} {:<10} {}\n", "figure", "value", "unit", "aim");
  for (const Figure& figure : figures)
    fmt::print("{:<34} {:>14.3f} {:<10} {}\n", figure.name, figure.value, figure.unit, figure.target);
}

int Main(const std::vector<std::string>& arguments) {
  std::string only, json_file;
  bool smoke = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--smoke") {
      smoke = true;
    } else if ((arguments[i] == "--only" || arguments[i] == "--json") && i + 1 < arguments.size()) {
      (arguments[i] == "--only" ? only : json_file) = arguments[i + 1];
      ++i;
    } else {
      fmt::print(stderr, "usage: tests/bench/run [--only NAME] [--json FILE] [--smoke]\n");
      return 2;
    }
  }
  std::vector<const Group*> chosen;
  for (const Group& group : Groups()) {
    const bool named = std::find(group.figures.begin(), group.figures.end(), only) != group.figures.end();
    if (only.empty() || only == group.name || named) chosen.push_back(&group);
  }
  if (chosen.empty()) {
    std::string names;
    for (const Group& group : Groups()) names += (names.empty() ? "" : ", ") + std::string(group.name);
    fmt::print(stderr, "mes_bench: no group or figure is called {}; groups: {}\n", only, names);
    return 2;
  }
  tests::TestCluster cluster(true);
  Run run{cluster, smoke, {}};
  std::vector<Figure> taken;
  for (const Group* group : chosen) {
    run.figures.clear();
    group->run(run);
    for (const std::string& name : group->figures) {
      const auto figure = std::find_if(run.figures.begin(), run.figures.end(), [&](const Figure& f) { return f.name == name; });
      if (figure == run.figures.end()) throw std::logic_error("figure " + name + " was not taken");
      if (only.empty() || only == group->name || only == name) taken.push_back(*figure);
    }
  }
  Print(taken);
  if (json_file.empty()) return 0;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Figure& f : taken) json.push_back({{"name", f.name}, {"value", f.value}, {"unit", f.unit}, {"target", f.target}});
  std::ofstream file(json_file);
  file << json.dump(2) << "\n";
  return file.good() ? 0 : 1;
}

}  // namespace

void Run::Add(std::string name, double value, std::string unit, std::string target) {
  Say(fmt::format("{} = {:.3f} {}", name, value, unit));
  figures.push_back({std::move(name), value, std::move(unit), std::move(target)});
}

void Say(const std::string& text) { fmt::print(stderr, "[{:6.1f} s] {}\n", SecondsSince(kBegin), text); }

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

}  // namespace mes::bench

int main(int count, char** values) {
  try {
    return mes::bench::Main(std::vector<std::string>(values + 1, values + count));
  } catch (const std::exception& fault) {
    fmt::print(stderr, "mes_bench: {}\n", fault.what());
    return 1;
  }
}
