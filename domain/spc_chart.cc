#include "domain/spc_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace mes::domain {
namespace {

constexpr size_t kLongestWindow = 15;

// NaN where it is not known any more.
double SpreadAt(ChartDesign design, const std::vector<ChartPoint>& points, size_t index) {
  if (design.kind == ChartKind::kIndividuals) {
    return index == 0 ? std::nan("") : std::abs(points[index].mean - points[index - 1].mean);
  }
  return points[index].values.empty() ? std::nan("") : SubgroupOf(design, points[index]).spread;
}

Signals SpreadSignals(double spread, const ChartLimits& limits) {
  return (spread > limits.spread_upper ? kSpreadAbove : 0) | (spread < limits.spread_lower ? kSpreadBelow : 0);
}

// The window that ends at `index`, in sigmas; only points after `from`.
struct Window {
  std::array<double, kLongestWindow> z{};
  size_t count = 0;
};
Window WindowAt(const std::vector<ChartPoint>& points, size_t index, const ChartLimits& limits, std::optional<Time> from) {
  size_t first = index + 1 >= kLongestWindow ? index + 1 - kLongestWindow : 0;
  while (from && first < index && points[first].time <= *from) ++first;
  Window window;
  for (size_t i = first; i <= index; ++i) window.z[window.count++] = (points[i].mean - limits.center) / limits.sigma;
  return window;
}

// The judging of one state by one version of limits.
class Judge {
 public:
  Judge(ChartState& state, RuleSet rules, const FrozenLimits& frozen) : state_(state), rules_(rules), frozen_(frozen) {}

  // The point at `index` is new; it and those after it are judged. Episodes that begin are added.
  void From(size_t index, std::vector<ChartEpisode>& episodes) {
    std::vector<ChartPoint>& points = state_.points;
    const bool late = index + 1 < points.size();
    std::vector<Signals> before, now;
    for (size_t i = index; i < points.size(); ++i) {
      before.push_back(i == index ? 0 : points[i].signals);
      now.push_back(IsJudged(i) ? SignalsOf(i) : 0);
    }
    // What a point ever broke stays with it, also where a late neighbour breaks the pattern: it was told.
    for (size_t i = index; i < points.size(); ++i) points[i].signals |= now[i - index];
    for (size_t i = index; i < points.size(); ++i) {
      if (!IsJudged(i)) continue;
      const Signals continued = i > index ? now[i - 1 - index] : i > 0 && IsJudged(i - 1) ? points[i - 1].signals : 0;
      for (const ChartSignal& begun : SignalsIn(now[i - index] & ~continued, rules_)) {
        // Told already, when an old episode is part of the new one.
        bool told = false;
        for (size_t k = i - index; k < now.size() && (now[k] & begun.bit) != 0; ++k) told = told || (before[k] & begun.bit) != 0;
        if (!told) episodes.push_back(EpisodeAt(i, begun, late));
      }
    }
  }

  // A point older than all that is remembered: only the rules of single points can see it.
  void Alone(ChartPoint& point, std::vector<ChartEpisode>& episodes) const {
    if (point.time <= state_.judged_after.value_or(Time::min())) return;
    const std::optional<ChartRule> single = SinglePointRule(rules_);
    if (!single) return;
    const double z = (point.mean - frozen_.limits.center) / frozen_.limits.sigma;
    point.signals = SignalsAt(&z, 1, BitOf(*single));
    const bool ranged = state_.design.kind != ChartKind::kIndividuals;
    const double spread = ranged ? SubgroupOf(state_.design, point).spread : 0;
    if (ranged) point.signals |= SpreadSignals(spread, frozen_.limits);
    for (const ChartSignal& s : SignalsIn(point.signals, rules_)) {
      episodes.push_back({s.rule, s.side, s.on_spread, point.time, s.on_spread ? spread : point.mean, true, std::nullopt});
    }
  }

 private:
  bool IsJudged(size_t index) const { return !state_.judged_after || state_.points[index].time > *state_.judged_after; }

  Signals SignalsOf(size_t index) const {
    const Window window = WindowAt(state_.points, index, frozen_.limits, frozen_.baseline_until);
    Signals signals = SignalsAt(window.z.data(), window.count, rules_);
    if (!SinglePointRule(rules_)) return signals;
    const double spread = SpreadAt(state_.design, state_.points, index);
    // What its values said stays known by its signals when they have left.
    if (std::isnan(spread)) return signals | (state_.points[index].signals & (kSpreadAbove | kSpreadBelow));
    return signals | SpreadSignals(spread, frozen_.limits);
  }

  ChartEpisode EpisodeAt(size_t index, const ChartSignal& signal, bool late) const {
    const std::vector<ChartPoint>& points = state_.points;
    ChartEpisode episode{signal.rule, signal.side, signal.on_spread, points[index].time, points[index].mean, late, std::nullopt};
    size_t start = index;
    if (signal.on_spread) {
      episode.value = SpreadAt(state_.design, points, index);
    } else {
      const Window window = WindowAt(points, index, frozen_.limits, frozen_.baseline_until);
      start = index - static_cast<size_t>(PatternStart(window.z.data(), window.count, signal.rule, signal.side));
    }
    while (start > 0 && points[start - 1].signals != 0) --start;
    episode.last_in_control = start > 0 ? std::optional<Time>(points[start - 1].time) : state_.clean_before;
    return episode;
  }

  ChartState& state_;
  const RuleSet rules_;
  const FrozenLimits& frozen_;
};

void StorePoints(ChartState& state, std::vector<PointChunk>& chunks) {
  if (state.stored == state.points.size()) return;
  PointChunk& chunk = chunks.emplace_back();
  chunk.design = state.design;
  for (size_t i = state.stored; i < state.points.size(); ++i) {
    chunk.points.push_back(state.points[i]);
    state.points[i].values.clear();
  }
  state.stored = state.points.size();
}

void Forget(ChartState& state) {
  while (state.points.size() > kRememberedPoints && state.stored > 0) {
    if (state.points.front().signals == 0) state.clean_before = state.points.front().time;
    state.points.erase(state.points.begin());
    --state.stored;
  }
}

void CountEqual(ChartState& state, const ChartPoint& point) {
  const bool flat = state.design.kind == ChartKind::kIndividuals || SubgroupOf(state.design, point).spread == 0;
  const bool same = flat && !state.points.empty() && state.points.back().mean == point.mean;
  state.equal_points = same ? std::min(state.equal_points + 1, kFrozenWindow) : flat ? 1 : 0;
}

void Plot(ChartState& state, RuleSet rules, const FrozenLimits* limits, ChartPoint point, std::vector<PointChunk>& chunks,
          std::vector<ChartEpisode>& episodes) {
  ++state.plotted;
  const auto place = std::upper_bound(state.points.begin(), state.points.end(), point.time,
                                      [](Time time, const ChartPoint& other) { return time < other.time; });
  const size_t index = static_cast<size_t>(place - state.points.begin());
  const bool forgotten_before = state.plotted - 1 > static_cast<int64_t>(state.points.size());
  point.late = place != state.points.end();
  if (!point.late) CountEqual(state, point);
  if (index == 0 && forgotten_before && point.late) {
    if (limits != nullptr) Judge(state, rules, *limits).Alone(point, episodes);
    chunks.push_back({state.design, {std::move(point)}});
    return;
  }
  state.points.insert(place, std::move(point));
  if (limits != nullptr) Judge(state, rules, *limits).From(index, episodes);
  if (index < state.stored) {
    // Its neighbours left for storage before it.
    ++state.stored;
    chunks.push_back({state.design, {state.points[index]}});
    state.points[index].values.clear();
  }
  if (state.points.size() - state.stored >= kPointsPerChunk) StorePoints(state, chunks);
  Forget(state);
}

// The point of a complete subgroup.
ChartPoint PointOf(ChartDesign design, Time time, std::vector<double> values) {
  ChartPoint point;
  point.time = time;
  const Subgroup group = SubgroupOf(design.kind, values);
  point.mean = group.mean;
  if (design.kind == ChartKind::kMeanDeviation) {
    point.values = {group.mean, group.deviation};
  } else {
    point.values = std::move(values);
  }
  return point;
}

void BeginAnew(ChartState& state, ChartDesign design, std::vector<PointChunk>& chunks) {
  StorePoints(state, chunks);
  const int64_t plotted = state.plotted;
  state = ChartState();
  state.design = design;
  state.plotted = plotted;
}

}  // namespace

Subgroup SubgroupOf(ChartDesign design, const ChartPoint& point) {
  if (design.kind != ChartKind::kMeanDeviation) return SubgroupOf(design.kind, point.values);
  return {point.values[0], point.values[1], point.values[1]};
}

Result<std::vector<double>> ValuesBehind(const std::vector<ChartPoint>& points, std::multimap<Time, std::vector<double>> runs) {
  std::vector<double> all;
  for (const ChartPoint& point : points) {
    auto [run, last] = runs.equal_range(point.time);
    for (; run != last; ++run) {
      const Subgroup group = SubgroupOf(ChartKind::kMeanDeviation, run->second);
      if (group.mean == point.values[0] && group.deviation == point.values[1]) break;
    }
    if (run == last) {
      return Fail(FieldError(Reason::kFieldInvalid, "from",
                             "no run in the history has the values of the point at " + FormatTime(point.time) + ": begin after it"));
    }
    all.insert(all.end(), run->second.begin(), run->second.end());
    runs.erase(run);
  }
  return all;
}

bool ChartState::FrozenGauge() const { return equal_points >= kFrozenWindow; }

std::vector<ChartEpisode> Take(ChartState& state, ChartDesign design, RuleSet rules, const FrozenLimits* limits, Time time,
                               const std::vector<double>& values, std::vector<PointChunk>& chunks) {
  std::vector<ChartEpisode> episodes;
  if (state.plotted == 0 && state.open.empty() && state.late.empty()) state.design = design;
  if (!(state.design == design)) BeginAnew(state, design, chunks);
  if (limits != nullptr && !(limits->design == design)) limits = nullptr;
  const int32_t version = limits == nullptr ? 0 : limits->version;
  if (version != state.limits_version) {
    state.limits_version = version;
    if (!state.points.empty()) state.judged_after = state.points.back().time;
  }
  if (values.size() == static_cast<size_t>(design.subgroup)) {
    Plot(state, rules, limits, PointOf(design, time, values), chunks, episodes);
    return episodes;
  }
  const bool late = !state.points.empty() && time < state.points.back().time;
  std::vector<PendingValue>& group = late ? state.late : state.open;
  group.push_back({time, values.at(0)});
  if (group.size() < static_cast<size_t>(design.subgroup)) return episodes;
  Time newest = group.front().time;
  std::vector<double> complete;
  for (const PendingValue& value : group) {
    newest = std::max(newest, value.time);
    complete.push_back(value.value);
  }
  group.clear();
  Plot(state, rules, limits, PointOf(design, newest, std::move(complete)), chunks, episodes);
  return episodes;
}

std::vector<BaselineFault> JudgeBaseline(ChartDesign design, RuleSet rules, const std::vector<ChartPoint>& points,
                                         const ChartLimits& limits) {
  std::vector<BaselineFault> faults;
  for (size_t i = 0; i < points.size(); ++i) {
    const Window window = WindowAt(points, i, limits, std::nullopt);
    Signals signals = SignalsAt(window.z.data(), window.count, rules);
    if (SinglePointRule(rules)) signals |= SpreadSignals(SpreadAt(design, points, i), limits);
    for (const ChartSignal& s : SignalsIn(signals, rules)) faults.push_back({points[i].time, s.rule, s.side, s.on_spread});
  }
  return faults;
}

}  // namespace mes::domain
