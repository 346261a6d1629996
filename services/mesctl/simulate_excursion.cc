#include "services/mesctl/simulate_excursion.h"

#include <algorithm>

namespace mes::mesctl::simulate {

Excursion FindExcursion(const std::vector<double>& values, double lower, double center, double upper) {
  constexpr size_t kSameSide = 9;
  constexpr size_t kTrend = 6;
  size_t above = 0, below = 0, rising = 1, falling = 1;
  Excursion found{0, values.size()};
  for (size_t i = 0; i < values.size(); ++i) {
    above = values[i] > center ? above + 1 : 0;
    below = values[i] < center ? below + 1 : 0;
    rising = i > 0 && values[i] > values[i - 1] ? rising + 1 : 1;
    falling = i > 0 && values[i] < values[i - 1] ? falling + 1 : 1;
    if (values[i] > upper || values[i] < lower) {
      found.alarm = i;
      return found;
    }
    if (std::max(above, below) < kSameSide && std::max(rising, falling) < kTrend) found.last_in_control = i;
  }
  return found;
}

}  // namespace mes::mesctl::simulate
