// What a run should have left behind, as text, and whether the server's books say the same.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/mesctl/client.h"
#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {

// The same seed and options give the same text.
std::string Summary(const Plan& plan);

// What the server had counted before the run's first event, as the run's record keeps it.
struct Baseline {
  int32_t epoch = 1;
  int64_t recorded = 0;
  int64_t rejected = 0;
};

// Compares orders, yields, cursors, traces and where-used with the plan. Answers every difference, one line each.
std::vector<std::string> CompareWithServer(const Connection& connection, const Plan& plan, const Baseline& baseline);

// The lots that each unit used up, from the scripts; a lot as often as it was used.
std::unordered_map<uint32_t, std::vector<uint32_t>> LotsByUnit(const Plan& plan);
// Units and lots below a unit, by item code: what a trace finds.
std::map<std::string, std::set<std::string>> ContentsOf(const Plan& plan, uint32_t unit);
// Finished units of a product that a bought lot went into.
std::set<std::string> UsersOf(const Plan& plan, uint32_t lot, const std::string& product);

}  // namespace mes::mesctl::simulate
