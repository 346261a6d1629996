// The patterns that betray a process out of control: Western Electric rules 1 to 4 (Statistical Quality Control Handbook, Western
// Electric 1956) and Nelson's tests 1 to 8 (L. S. Nelson, "The Shewhart Control Chart - Tests for Special Causes", Journal of Quality
// Technology 16, 1984). Wording and counts are those of the plant's rules.json.
//
// A rule looks at a window of points, newest last, each as its distance from the center in sigmas. "Beyond" is always strict: a point
// on a line breaks nothing. A rule with two sides is two patterns, above and below, each with episodes of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"

namespace mes::domain {

// Values are stored.
enum class ChartRule : int16_t {
  kWesternElectric1 = 1,  // one point beyond 3 sigma
  kWesternElectric2,      // 2 of 3 beyond 2 sigma, same side
  kWesternElectric3,      // 4 of 5 beyond 1 sigma, same side
  kWesternElectric4,      // 8 in a row, same side
  kNelson1,               // one point beyond 3 sigma
  kNelson2,               // 9 in a row, same side
  kNelson3,               // 6 in a row, steadily up or down
  kNelson4,               // 14 in a row, alternating up and down
  kNelson5,               // 2 of 3 beyond 2 sigma, same side
  kNelson6,               // 4 of 5 beyond 1 sigma, same side
  kNelson7,               // 15 in a row within 1 sigma
  kNelson8,               // 8 in a row beyond 1 sigma, on both sides
};
inline constexpr int kChartRules = 12;
// `WE1` to `WE4`, `NELSON1` to `NELSON8`.
std::string_view NameOf(ChartRule rule);
std::optional<ChartRule> ParseChartRule(std::string_view name);
// `one point beyond 3 sigma` and so on.
std::string_view SentenceOf(ChartRule rule);
// How many points its pattern spans: 1 to 15.
int WindowOf(ChartRule rule);

// Where a pattern lies. Patterns without a side (alternating, hugging, mixture) are kAbove only.
enum class ChartSide : int16_t { kAbove = 1, kBelow };
std::string_view NameOf(ChartSide side);

// A set of rules: bit (rule - 1).
using RuleSet = uint16_t;
constexpr RuleSet BitOf(ChartRule rule) { return static_cast<RuleSet>(1u << (static_cast<int>(rule) - 1)); }
RuleSet RulesOf(const std::vector<ChartRule>& rules);
std::vector<ChartRule> RulesIn(RuleSet rules);
// What rules.json enables where nothing else was decided: Nelson 1, 2, 3, 5, 6 on CC, 1, 2, 3 on SC, 1 elsewhere.
RuleSet DefaultRules(CharacteristicClass characteristic_class);
// The rule whose pattern is the same under another name (WE1 and NELSON1), or which the other contains (WE4 alarms wherever NELSON2
// does): both in one set would give every alarm twice. Null = none.
std::optional<ChartRule> TwinOf(ChartRule rule);

// Patterns that are there: bits 2 * (rule - 1) for above and the next for below; then the two of the spread's own limits.
using Signals = uint32_t;
constexpr Signals SignalOf(ChartRule rule, ChartSide side) {
  return Signals{1} << (2 * (static_cast<int>(rule) - 1) + (side == ChartSide::kAbove ? 0 : 1));
}
inline constexpr Signals kSpreadAbove = Signals{1} << (2 * kChartRules);
inline constexpr Signals kSpreadBelow = Signals{1} << (2 * kChartRules + 1);

// One bit of Signals. The spread's are told as the set's rule for single points, NELSON1 or WE1.
struct ChartSignal {
  ChartRule rule = ChartRule::kNelson1;
  ChartSide side = ChartSide::kAbove;
  bool on_spread = false;
  Signals bit = 0;
};
std::vector<ChartSignal> SignalsIn(Signals signals, RuleSet rules);
// The rule for single points of a set; null = it has none, and its spread is not judged.
std::optional<ChartRule> SinglePointRule(RuleSet rules);

// Every pattern of `rules` that the window ending at the last of `z` holds; `z` may be longer or shorter than a window, a pattern
// that does not fit into it is not there. The last point need not be part of the pattern (2 of 3): an episode lasts as long as its
// pattern is in the window, so that each is told once, when it begins.
Signals SignalsAt(const double* z, size_t count, RuleSet rules);

// The first point of the pattern, counted back from the window's last point (0 = the last point itself).
int PatternStart(const double* z, size_t count, ChartRule rule, ChartSide side);

}  // namespace mes::domain
