#include "domain/spc_rule.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mes::domain {
namespace {

struct RuleText {
  std::string_view name;
  std::string_view sentence;
  int window;
};
constexpr std::array<RuleText, kChartRules> kTexts{{
    {"WE1", "one point beyond 3 sigma", 1},
    {"WE2", "2 of 3 points beyond 2 sigma on the same side", 3},
    {"WE3", "4 of 5 points beyond 1 sigma on the same side", 5},
    {"WE4", "8 points in a row on the same side", 8},
    {"NELSON1", "one point beyond 3 sigma", 1},
    {"NELSON2", "9 points in a row on the same side", 9},
    {"NELSON3", "6 points in a row steadily up or down", 6},
    {"NELSON4", "14 points in a row alternating up and down", 14},
    {"NELSON5", "2 of 3 points beyond 2 sigma on the same side", 3},
    {"NELSON6", "4 of 5 points beyond 1 sigma on the same side", 5},
    {"NELSON7", "15 points in a row within 1 sigma", 15},
    {"NELSON8", "8 points in a row beyond 1 sigma, on both sides", 8},
}};
const RuleText& TextOf(ChartRule rule) { return kTexts[static_cast<size_t>(rule) - 1]; }

// At least `wanted` of the window's points lie beyond `sigmas`; `sign` +1 above, -1 below.
bool Beyond(const double* window, int size, int wanted, double sigmas, int sign) {
  return std::count_if(window, window + size, [&](double z) { return sign * z > sigmas; }) >= wanted;
}
bool Steady(const double* window, int size, int sign) {
  for (int i = 1; i < size; ++i) {
    if (!(sign * (window[i] - window[i - 1]) > 0)) return false;
  }
  return true;
}
bool Alternates(const double* window, int size) {
  for (int i = 2; i < size; ++i) {
    if (!((window[i] - window[i - 1]) * (window[i - 1] - window[i - 2]) < 0)) return false;
  }
  return true;
}

bool Holds(const double* w, ChartRule rule, int sign) {
  const int size = WindowOf(rule);
  switch (rule) {
    case ChartRule::kWesternElectric1:
    case ChartRule::kNelson1:
      return Beyond(w, 1, 1, 3, sign);
    case ChartRule::kWesternElectric2:
    case ChartRule::kNelson5:
      return Beyond(w, 3, 2, 2, sign);
    case ChartRule::kWesternElectric3:
    case ChartRule::kNelson6:
      return Beyond(w, 5, 4, 1, sign);
    case ChartRule::kWesternElectric4:
    case ChartRule::kNelson2:
      return Beyond(w, size, size, 0, sign);
    case ChartRule::kNelson3:
      return Steady(w, size, sign);
    case ChartRule::kNelson4:
      return sign > 0 && Alternates(w, size);
    case ChartRule::kNelson7:
      return sign > 0 && std::all_of(w, w + size, [](double z) { return std::abs(z) < 1; });
    case ChartRule::kNelson8:
      return sign > 0 && std::all_of(w, w + size, [](double z) { return std::abs(z) > 1; }) && Beyond(w, size, 1, 1, 1) &&
             Beyond(w, size, 1, 1, -1);
  }
  return false;
}

}  // namespace

std::string_view NameOf(ChartRule rule) { return TextOf(rule).name; }
std::string_view SentenceOf(ChartRule rule) { return TextOf(rule).sentence; }
int WindowOf(ChartRule rule) { return TextOf(rule).window; }
std::optional<ChartRule> ParseChartRule(std::string_view name) {
  for (int i = 0; i < kChartRules; ++i) {
    if (kTexts[static_cast<size_t>(i)].name == name) return static_cast<ChartRule>(i + 1);
  }
  return std::nullopt;
}
std::string_view NameOf(ChartSide side) { return side == ChartSide::kAbove ? "above" : "below"; }

RuleSet RulesOf(const std::vector<ChartRule>& rules) {
  RuleSet set = 0;
  for (const ChartRule rule : rules) set = static_cast<RuleSet>(set | BitOf(rule));
  return set;
}

std::vector<ChartRule> RulesIn(RuleSet rules) {
  std::vector<ChartRule> list;
  for (int i = 1; i <= kChartRules; ++i) {
    if ((rules & BitOf(static_cast<ChartRule>(i))) != 0) list.push_back(static_cast<ChartRule>(i));
  }
  return list;
}

RuleSet DefaultRules(CharacteristicClass characteristic_class) {
  using enum ChartRule;
  switch (characteristic_class) {
    case CharacteristicClass::kCritical:
      return RulesOf({kNelson1, kNelson2, kNelson3, kNelson5, kNelson6});
    case CharacteristicClass::kSignificant:
      return RulesOf({kNelson1, kNelson2, kNelson3});
    case CharacteristicClass::kStandard:
      break;
  }
  return BitOf(kNelson1);
}

std::optional<ChartRule> TwinOf(ChartRule rule) {
  using enum ChartRule;
  static constexpr std::pair<ChartRule, ChartRule> kTwins[] = {
      {kWesternElectric1, kNelson1}, {kWesternElectric2, kNelson5}, {kWesternElectric3, kNelson6}, {kWesternElectric4, kNelson2}};
  for (const auto& [one, other] : kTwins) {
    if (rule == one) return other;
    if (rule == other) return one;
  }
  return std::nullopt;
}

std::optional<ChartRule> SinglePointRule(RuleSet rules) {
  if ((rules & BitOf(ChartRule::kNelson1)) != 0) return ChartRule::kNelson1;
  if ((rules & BitOf(ChartRule::kWesternElectric1)) != 0) return ChartRule::kWesternElectric1;
  return std::nullopt;
}

std::vector<ChartSignal> SignalsIn(Signals signals, RuleSet rules) {
  std::vector<ChartSignal> list;
  if (signals == 0) return list;
  for (int i = 1; i <= kChartRules; ++i) {
    for (const ChartSide side : {ChartSide::kAbove, ChartSide::kBelow}) {
      const ChartRule rule = static_cast<ChartRule>(i);
      if ((signals & SignalOf(rule, side)) != 0) list.push_back({rule, side, false, SignalOf(rule, side)});
    }
  }
  const ChartRule single = SinglePointRule(rules).value_or(ChartRule::kNelson1);
  if ((signals & kSpreadAbove) != 0) list.push_back({single, ChartSide::kAbove, true, kSpreadAbove});
  if ((signals & kSpreadBelow) != 0) list.push_back({single, ChartSide::kBelow, true, kSpreadBelow});
  return list;
}

Signals SignalsAt(const double* z, size_t count, RuleSet rules) {
  Signals signals = 0;
  for (int i = 1; i <= kChartRules; ++i) {
    const ChartRule rule = static_cast<ChartRule>(i);
    const size_t window = static_cast<size_t>(WindowOf(rule));
    if ((rules & BitOf(rule)) == 0 || count < window) continue;
    const double* start = z + (count - window);
    if (Holds(start, rule, 1)) signals |= SignalOf(rule, ChartSide::kAbove);
    if (Holds(start, rule, -1)) signals |= SignalOf(rule, ChartSide::kBelow);
  }
  return signals;
}

int PatternStart(const double* z, size_t count, ChartRule rule, ChartSide side) {
  const int window = WindowOf(rule);
  if (count < static_cast<size_t>(window)) return 0;
  const double* start = z + (count - static_cast<size_t>(window));
  const int sign = side == ChartSide::kAbove ? 1 : -1;
  double sigmas = 0;
  if (rule == ChartRule::kWesternElectric2 || rule == ChartRule::kNelson5) sigmas = 2;
  if (rule == ChartRule::kWesternElectric3 || rule == ChartRule::kNelson6) sigmas = 1;
  int first = 0;
  while (sigmas > 0 && first < window - 1 && !(sign * start[first] > sigmas)) ++first;
  return window - 1 - first;
}

}  // namespace mes::domain
