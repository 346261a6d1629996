#include "services/mesctl/simulate_first_runs.h"

#include <algorithm>

namespace mes::mesctl::simulate {
namespace {

constexpr size_t kStreakRuns = 16;
constexpr int kStreakFails = 2;
constexpr size_t kLeastWindow = 20;
constexpr size_t kWindow = 50;
constexpr double kStopShare = 0.10;

}  // namespace

bool FirstRuns::MayFail(const Place& place, int station, double planned) const {
  const auto found = places_.find(place);
  if (found == places_.end()) return true;
  const History& history = found->second;
  if (const auto at = history.stations.find(station); at != history.stations.end() && at->second.failed) return false;
  int fails = 1;
  for (size_t n = 2; n <= kWindow; ++n) {  // n runs up to this one; what never was counts as passed
    if (n - 1 <= history.passes.size() && !history.passes[history.passes.size() - (n - 1)]) ++fails;
    if (n <= kStreakRuns && fails > kStreakFails) return false;
    const double share = static_cast<double>(n) * (1 - planned + kStopShare) / 2;
    if (n >= kLeastWindow && fails > std::max(1, static_cast<int>(share + 1e-9))) return false;
  }
  return true;
}

void FirstRuns::Add(const Place& place, int station, bool passes) {
  History& history = places_[place];
  history.passes.push_back(passes);
  if (history.passes.size() > kWindow) history.passes.pop_front();
  history.stations[station].failed = !passes;
}

void FirstRuns::Brought(const Place& place, int station, Ref by) { places_[place].stations[station].by = by; }

std::vector<Ref> FirstRuns::Before(const Place& place) const {
  std::vector<Ref> events;
  const auto found = places_.find(place);
  if (found == places_.end()) return events;
  for (const auto& [station, last] : found->second.stations) events.push_back(last.by);
  return events;
}

}  // namespace mes::mesctl::simulate
