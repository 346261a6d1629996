#include "domain/release_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "domain/needs.h"

namespace mes::domain {
namespace {

constexpr int32_t kHorizonDays = 3 * 366;
constexpr int32_t kLongestHorizonDays = 10 * 366;
// Far below a piece, far above what sums of doubles lose.
constexpr double kTolerance = 1e-6;

struct Part {
  size_t child = 0;
  double quantity = 0;
};
struct Product {
  int32_t material_id = 0;
  std::string code;
  std::string uom;
  // Days from start to finish, to the nearest.
  int32_t residence_days = 0;
  std::vector<Part> parts;
  MaterialStand stand;
  std::optional<double> rated_kwh;
  // What can be made by the end of each day from today on; empty = not known.
  std::vector<double> can;
  // Expected by the end of each day.
  std::vector<double> supply;
};

using Curves = std::vector<std::vector<double>>;

std::string Figure(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), std::abs(value - std::round(value)) < 0.05 ? "%.0f" : "%.1f", value);
  return text.data();
}

class Check {
 public:
  Check(const CapacityBook& book, const std::vector<OrderLoad>& released) : book_(book), released_(released) {
    for (const OrderLoad& order : released) {
      if (order.due) horizon_ = std::max(horizon_, std::min(*order.due - book.today + 366, kLongestHorizonDays));
    }
    CollectProducts();
    for (Product& product : products_) Prepare(product);
    base_ = LoadsOf(std::nullopt);
  }

  std::optional<Shortage> Run() {
    Day day = book_.today;
    for (const OrderLoad& order : released_) day = std::max(day, order.due.value_or(day));
    if (day <= book_.today) return std::nullopt;
    std::optional<Shortage> shortage = Worst(LoadsOf(book_.today));
    if (!shortage) return std::nullopt;
    for (Day later = book_.today + 1; later <= book_.today + horizon_; ++later) {
      // Only days after the latest that was asked for would help.
      if (later <= day || Worst(LoadsOf(later))) continue;
      shortage->first_day = later;
      break;
    }
    const Day last = std::max(shortage->until, shortage->first_day.value_or(shortage->until));
    shortage->published = !HasUnpublished(book_.model.calendar, book_.today, last + 1);
    return shortage;
  }

 private:
  // Parents before their parts.
  void CollectProducts() {
    for (const int32_t id : MadeTopDown(book_.plant)) {
      index_[id] = products_.size();
      products_.emplace_back().material_id = id;
    }
  }

  void Prepare(Product& product) {
    const ProductRevision& revision = *book_.plant.NewestRevision(product.material_id);
    const Material& material = *book_.plant.FindMaterial(product.material_id);
    product.code = material.code;
    product.uom = material.uom;
    const Route route = RouteOf(revision);
    product.residence_days = static_cast<int32_t>((route.residence_seconds + kSecondsPerDay / 2) / kSecondsPerDay);
    for (const BomLine& line : revision.bom) {
      const auto child = index_.find(line.material_id);
      if (child != index_.end()) product.parts.push_back({child->second, static_cast<double>(line.quantity_micro) / kMicro});
    }
    if (const auto stand = book_.stands.find(product.material_id); stand != book_.stands.end()) product.stand = stand->second;
    product.supply.assign(static_cast<size_t>(horizon_) + 1, 0);
    for (const Supply& supply : book_.model.supplies) {
      const int32_t at = supply.day - book_.today;
      if (supply.material_id != product.material_id || supply.state != SupplyState::kExpected || at < 0 || at > horizon_) continue;
      product.supply[static_cast<size_t>(at)] += static_cast<double>(supply.quantity_micro) / kMicro;
    }
    for (size_t i = 1; i < product.supply.size(); ++i) product.supply[i] += product.supply[i - 1];
    PrepareCapacity(product, route);
  }

  void PrepareCapacity(Product& product, const Route& route) {
    const LineGroup* group = book_.model.FindGroup(product.material_id);
    if (group == nullptr) return;
    product.rated_kwh = group->rated_kwh;
    if (!daily_) daily_.emplace(book_.model, book_.today + 1, book_.today + 1 + horizon_);
    DailyCapacity::Curve curve = daily_->Of(*group, route);
    if (!curve.known) return;
    // sums[i] is what [tomorrow, tomorrow + i) gives: by the end of day today + i.
    product.can = std::move(curve.sums);
    const auto residence = static_cast<size_t>(std::min(product.residence_days, horizon_));
    const double early = std::min(product.can[residence], std::max(0.0, product.stand.in_process));
    const double at_residence = product.can[residence];
    for (size_t i = 0; i < product.can.size(); ++i) {
      product.can[i] = i < residence ? std::min(product.can[i], early) : early + product.can[i] - at_residence;
    }
  }

  void Add(Curves& own, const OrderLoad& order, Day due) const {
    const auto product = index_.find(order.material_id);
    const int32_t at = std::max(0, due - book_.today);
    if (product == index_.end() || at > horizon_ || order.remaining_micro <= 0) return;
    own[product->second][static_cast<size_t>(at)] += static_cast<double>(order.remaining_micro) / kMicro;
  }

  // What must be made by the end of each day; with `earliest`, with the orders to be released, none due before it.
  Curves LoadsOf(std::optional<Day> earliest) const {
    const size_t days = static_cast<size_t>(horizon_) + 1;
    Curves loads(products_.size(), std::vector<double>(days));
    for (const OrderLoad& order : book_.orders) {
      if (order.due) Add(loads, order, *order.due);
    }
    for (const OrderLoad& order : released_) {
      if (earliest && order.due && *order.due > book_.today) Add(loads, order, std::max(*order.due, *earliest));
    }
    Curves needs(products_.size(), std::vector<double>(days));
    for (size_t p = 0; p < products_.size(); ++p) {
      const Product& product = products_[p];
      std::vector<double>& load = loads[p];
      double most = 0;
      for (size_t i = 0; i < days; ++i) {
        if (i > 0) load[i] += load[i - 1];
      }
      for (size_t i = 0; i < days; ++i) {
        most = std::max({most, load[i], needs[p][i] - product.supply[i] - std::max(0.0, product.stand.stock)});
        load[i] = most;
      }
      for (const Part& part : product.parts) {
        for (size_t i = 0; i < days; ++i) {
          const size_t at = std::min(i + static_cast<size_t>(product.residence_days), days - 1);
          needs[part.child][i] += part.quantity * std::max(0.0, load[at] - std::max(0.0, product.stand.in_process));
        }
      }
    }
    return loads;
  }

  std::optional<Shortage> Worst(const Curves& loads) const {
    std::optional<Shortage> worst;
    double least = 1;
    const auto offer = [&](Shortage shortage) {
      const double share = std::max(0.0, shortage.Free()) / shortage.needed;
      if (worst && share >= least) return;
      least = share;
      worst = std::move(shortage);
    };
    for (size_t p = 0; p < products_.size(); ++p) OfferLines(p, loads[p], offer);
    for (const CapacityFamily& family : book_.model.families) OfferStated(family, loads, offer);
    return worst;
  }

  template <typename Offer>
  void OfferLines(size_t p, const std::vector<double>& load, const Offer& offer) const {
    const Product& product = products_[p];
    if (product.can.empty()) return;
    // The day on which the most is missing.
    size_t at = 0;
    double missing = kTolerance;
    for (size_t i = 0; i < load.size(); ++i) {
      if (load[i] - base_[p][i] <= kTolerance || load[i] - product.can[i] <= missing) continue;
      missing = load[i] - product.can[i];
      at = i;
    }
    if (missing <= kTolerance) return;
    offer({ShortageKind::kLineGroup, product.code, product.uom, book_.today + static_cast<Day>(at), product.can[at], base_[p][at],
           load[at] - base_[p][at], "", std::nullopt, true});
  }

  // What of a curve falls into a year, with what was made in it.
  double InYear(const Product& product, const std::vector<double>& load, int32_t year) const {
    const Day first = DayOf(year, 1, 1), end = DayOf(year + 1, 1, 1);
    const auto at = [&](Day day) {
      const int32_t i = std::min(day - book_.today, horizon_);
      return i < 0 ? 0.0 : load[static_cast<size_t>(i)];
    };
    const auto produced = product.stand.produced.find(year);
    return at(end - 1) - at(first - 1) + (produced == product.stand.produced.end() ? 0 : std::max(0.0, produced->second));
  }

  template <typename Offer>
  void OfferStated(const CapacityFamily& family, const Curves& loads, const Offer& offer) const {
    if (family.yearly <= 0) return;
    for (int32_t year = YearOf(book_.today); year <= YearOf(book_.today + horizon_); ++year) {
      double before = 0, after = 0;
      for (size_t p = 0; p < products_.size(); ++p) {
        const Product& product = products_[p];
        if (std::find(family.product_codes.begin(), family.product_codes.end(), product.code) == family.product_codes.end()) continue;
        const double factor = family.unit == "kWh" ? product.rated_kwh.value_or(0) : 1;
        before += factor * InYear(product, base_[p], year);
        after += factor * InYear(product, loads[p], year);
      }
      if (after - before <= kTolerance || after <= family.yearly + family.rounding + kTolerance) continue;
      offer({ShortageKind::kStated, family.code, family.unit, DayOf(year + 1, 1, 1) - 1, family.yearly + family.rounding, before,
             after - before, FormatStated(family), std::nullopt, true});
    }
  }

  static std::string FormatStated(const CapacityFamily& family) {
    std::array<char, 32> value{};
    std::snprintf(value.data(), value.size(), "%.10g", family.stated_value);
    return value.data() + (" " + family.stated_unit) +
           (family.interpreted_unit.empty() ? "" : ", read as " + family.interpreted_unit);
  }

  const CapacityBook& book_;
  const std::vector<OrderLoad>& released_;
  int32_t horizon_ = kHorizonDays;
  std::optional<DailyCapacity> daily_;
  std::vector<Product> products_;
  std::map<int32_t, size_t> index_;
  Curves base_;
};

}  // namespace

std::string Describe(const Shortage& shortage) {
  const bool stated = shortage.kind == ShortageKind::kStated;
  std::string text = (stated ? "the stated yearly capacity of " + shortage.code + " (" + shortage.stated + ")"
                             : "the lines of " + shortage.code) +
                     " would be exceeded: until " + FormatDay(shortage.until) + " " + Figure(shortage.capacity) + " " + shortage.unit +
                     " can be had, " + Figure(shortage.committed) + " are taken, " + Figure(shortage.needed) + " more are needed; ";
  text += shortage.first_day ? "the first due day that fits is " + FormatDay(*shortage.first_day)
                             : std::string("no due day within the next years fits");
  if (!shortage.published) text += " (estimated: a year's days off are not published yet)";
  return text;
}

std::optional<Shortage> CheckRelease(const CapacityBook& book, const std::vector<OrderLoad>& released) {
  return Check(book, released).Run();
}

}  // namespace mes::domain
