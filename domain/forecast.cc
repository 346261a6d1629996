#include "domain/forecast.h"

#include <algorithm>
#include <cmath>

#include "domain/counter_random.h"

namespace mes::domain {
namespace {

constexpr int32_t kRecordBlock = 5;
constexpr int32_t kPlanBlock = 20;
constexpr double kLeastOfPlan = 0.7;
constexpr std::array<double, 3> kShares = {0.1, 0.5, 0.9};

// Good units per planned second, drawn for each day of a run.
class Rates {
 public:
  explicit Rates(const ForecastProduct& product) : stream_(StreamOf(product.code)), planned_rate_(product.planned_rate) {
    for (const RecordedDay& day : product.record) {
      const double left = day.good + day.scrapped;
      // Rate and yield of one day belong together: a bad day is often both.
      const double yield = left > 0 ? day.good / left : 0;
      if (day.planned_seconds > 0) recorded_.push_back(left / day.planned_seconds * yield);
    }
    demonstrated_ = recorded_.size() >= kLeastForecastDays;
  }

  bool demonstrated() const { return demonstrated_; }

  double On(uint64_t seed, uint64_t run, int32_t day) const {
    if (!demonstrated_) {
      const double share = DrawShare(DrawBits(seed, stream_, run, static_cast<uint64_t>(day / kPlanBlock)));
      return planned_rate_ * (kLeastOfPlan + (1 - kLeastOfPlan) * share);
    }
    const uint64_t first = DrawBelow(recorded_.size(), DrawBits(seed, stream_, run, static_cast<uint64_t>(day / kRecordBlock)));
    // A block that begins near the end goes on at the beginning.
    return recorded_[(first + static_cast<uint64_t>(day % kRecordBlock)) % recorded_.size()];
  }

 private:
  uint64_t stream_;
  double planned_rate_;
  bool demonstrated_ = false;
  std::vector<double> recorded_;
};

// One figure over all runs.
class Collector {
 public:
  Collector(double made, std::optional<double> target) : made_(made), target_(target) {}

  void Begin() {
    sum_ = made_;
    reached_ = target_ && sum_ >= *target_ ? 0 : -1;
  }
  void Add(int32_t day, double amount) {
    sum_ += amount;
    // A figure of whole pieces is not missed by the last bits of a sum.
    if (reached_ < 0 && target_ && sum_ >= *target_ - 1e-6) reached_ = day;
  }
  void End() {
    outputs_.push_back(sum_);
    if (reached_ >= 0) days_.push_back(reached_);
  }

  OutputForecast Take(Day first_day, bool demonstrated) {
    OutputForecast forecast;
    forecast.made = made_;
    forecast.demonstrated = demonstrated;
    std::sort(outputs_.begin(), outputs_.end());
    std::sort(days_.begin(), days_.end());
    for (size_t i = 0; i < kShares.size(); ++i) {
      if (outputs_.empty()) continue;
      const auto rank = static_cast<size_t>(std::ceil(kShares[i] * static_cast<double>(outputs_.size()))) - 1;
      forecast.output[i] = outputs_[rank];
      if (rank < days_.size()) forecast.reached[i] = first_day + days_[rank];
    }
    if (target_ && !outputs_.empty()) {
      forecast.reached_share = static_cast<double>(days_.size()) / static_cast<double>(outputs_.size());
    }
    return forecast;
  }

 private:
  const double made_;
  const std::optional<double> target_;
  double sum_ = 0;
  int32_t reached_ = -1;
  std::vector<double> outputs_;
  std::vector<int32_t> days_;
};

double MadeOf(const ForecastInput& input, const ForecastSum& sum) {
  double made = 0;
  for (const ForecastSum::Part& part : sum.parts) made += input.products[part.product].made * part.share;
  return made;
}

}  // namespace

Forecast MakeForecast(const ForecastInput& input) {
  std::vector<Rates> rates;
  std::vector<Collector> products, sums;
  for (const ForecastProduct& product : input.products) {
    rates.emplace_back(product);
    products.emplace_back(product.made, product.target);
  }
  for (const ForecastSum& sum : input.sums) sums.emplace_back(MadeOf(input, sum), sum.target);

  std::vector<double> made(input.products.size());
  for (int32_t run = 0; run < input.runs; ++run) {
    for (Collector& collector : products) collector.Begin();
    for (Collector& collector : sums) collector.Begin();
    for (int32_t day = 0; day < input.days; ++day) {
      for (size_t i = 0; i < made.size(); ++i) {
        const std::vector<double>& planned = input.products[i].planned_seconds;
        const double seconds = static_cast<size_t>(day) < planned.size() ? planned[static_cast<size_t>(day)] : 0;
        made[i] = seconds > 0 ? seconds * rates[i].On(input.seed, static_cast<uint64_t>(run), day) : 0;
        products[i].Add(day, made[i]);
      }
      for (size_t i = 0; i < sums.size(); ++i) {
        double amount = 0;
        for (const ForecastSum::Part& part : input.sums[i].parts) amount += made[part.product] * part.share;
        sums[i].Add(day, amount);
      }
    }
    for (Collector& collector : products) collector.End();
    for (Collector& collector : sums) collector.End();
  }

  Forecast forecast;
  for (size_t i = 0; i < products.size(); ++i) {
    forecast.products.push_back(products[i].Take(input.first_day, rates[i].demonstrated()));
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    const std::vector<ForecastSum::Part>& parts = input.sums[i].parts;
    const bool demonstrated = std::all_of(parts.begin(), parts.end(),
                                          [&](const ForecastSum::Part& part) { return rates[part.product].demonstrated(); });
    forecast.sums.push_back(sums[i].Take(input.first_day, demonstrated));
  }
  return forecast;
}

}  // namespace mes::domain
