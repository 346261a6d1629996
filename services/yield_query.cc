#include "services/yield_query.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "db/work_order.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "services/convert.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Plant;
using domain::Reason;
using domain::Result;
using domain::Station;
using domain::Status;

// Each step but the first may give twice as many groups as the one before; the first gives what may be told at most.
int64_t FirstStep(size_t limit) { return static_cast<int64_t>(limit) + 1; }

Result<std::vector<db::OrderName>> FindOrders(Call& call, const std::string& code, std::string_view field, bool below) {
  const auto order = db::LoadWorkOrder(call.transaction, code);
  if (!order) {
    domain::Error error = FieldError(Reason::kWorkOrderUnknown, field, "order " + code + " is not known");
    error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
    return Fail(std::move(error));
  }
  return db::LoadOrderNames(call.transaction, {order->id}, below);
}

Status ParseGrouping(const v1::QueryYieldRequest& request, YieldAsk& ask) {
  const auto take_period = [&](db::YieldPeriod period) -> Status {
    if (ask.period != db::YieldPeriod::kNone && ask.period != period) {
      return Fail(FieldError(Reason::kFieldInvalid, "group_by", "group_by takes only one of day, week and month"));
    }
    ask.period = period;
    return {};
  };
  for (const int value : request.group_by()) {
    Status taken;
    switch (value) {
      case v1::YIELD_GROUPING_PRODUCT:
        ask.by_product = true;
        break;
      case v1::YIELD_GROUPING_LINE:
        ask.by_line = true;
        break;
      case v1::YIELD_GROUPING_OPERATION:
        ask.by_operation = true;
        break;
      case v1::YIELD_GROUPING_STATION:
        ask.by_station = true;
        break;
      case v1::YIELD_GROUPING_WORK_ORDER:
        ask.by_order = true;
        break;
      case v1::YIELD_GROUPING_SHIFT:
        ask.by_shift = true;
        break;
      case v1::YIELD_GROUPING_DAY:
        taken = take_period(db::YieldPeriod::kDay);
        break;
      case v1::YIELD_GROUPING_WEEK:
        taken = take_period(db::YieldPeriod::kWeek);
        break;
      case v1::YIELD_GROUPING_MONTH:
        taken = take_period(db::YieldPeriod::kMonth);
        break;
      default:
        return Fail(FieldError(Reason::kEnumUnknown, "group_by", "group_by has a value that is not known"));
    }
    if (!taken) return taken;
  }
  ask.by_line = ask.by_line || ask.by_station;
  ask.by_product = ask.by_product || ask.by_line || ask.by_operation || ask.by_order;
  return {};
}

// Something of the plant that is read as one: its parts' groups are no other block's.
struct Block {
  std::vector<db::YieldPart> parts;
  int64_t most_groups = 0;
};

class Reader {
 public:
  Reader(Call& call, const YieldAsk& ask, size_t limit) : call_(call), ask_(ask), limit_(limit) {}

  Result<YieldGroups> Read(bool& complete) {
    BuildBlocks();
    const bool cut = !ReadBlocks();
    if (ask_.as_known_at) {
      if (Status taken = TakeBackRestatements(cut); !taken) return Fail(taken.error());
    }
    std::erase_if(groups_, [](const auto& group) { return group.second.IsZero(); });
    complete = !cut && groups_.size() <= limit_;
    if (groups_.size() > limit_) groups_.erase(std::next(groups_.begin(), static_cast<std::ptrdiff_t>(limit_)), groups_.end());
    return std::move(groups_);
  }

 private:
  bool AtStations() const { return ask_.by_line || ask_.by_station || ask_.station != nullptr || !ask_.line.empty(); }

  bool Meant(const Station& station) const {
    return (ask_.product == nullptr || station.material_id == ask_.product->id) &&
           (ask_.line.empty() || station.line_code == ask_.line) && (ask_.station == nullptr || station.id == ask_.station->id);
  }

  // What the filter tells is in the label too.
  YieldLabel LabelOf(std::string_view product, std::string_view line, std::string_view station, int16_t operation) const {
    YieldLabel label;
    if (ask_.by_product || ask_.product != nullptr || !ask_.line.empty() || ask_.station != nullptr) label.product = product;
    if (ask_.by_line || !ask_.line.empty() || ask_.station != nullptr) label.line = line;
    if (ask_.by_station || ask_.station != nullptr) label.station = station;
    if (ask_.by_operation || ask_.operation != 0) label.operation = operation;
    return label;
  }

  int32_t GroupOf(YieldLabel label) {
    const auto [found, made] = group_by_label_.try_emplace(label, static_cast<int32_t>(labels_.size()));
    if (made) labels_.push_back(std::move(label));
    return found->second;
  }

  // The operations asked for: one, every one of the product's, or 0 for all in one.
  std::vector<int16_t> OperationsOf(int32_t material_id) const {
    if (ask_.operation != 0) return {ask_.operation};
    if (!ask_.by_operation) return {0};
    std::set<int16_t> numbers;
    for (const domain::ProductRevision& revision : call_.plant.revisions) {
      if (revision.material_id != material_id) continue;
      for (const domain::Operation& operation : revision.operations) numbers.insert(operation.number);
    }
    return {numbers.begin(), numbers.end()};
  }

  int64_t PeriodsPerGroup() const {
    const int64_t days = ask_.days.last - ask_.days.first + 1;
    const int64_t periods = ask_.period == db::YieldPeriod::kNone   ? 1
                            : ask_.period == db::YieldPeriod::kDay  ? days
                            : ask_.period == db::YieldPeriod::kWeek ? days / 7 + 2
                                                                    : days / 28 + 2;
    return periods * (ask_.by_shift ? 2 : 1) * (ask_.by_order && !ask_.some_orders ? days / 7 + 2 : 1);
  }

  void AddBlock(std::vector<db::YieldPart> parts) {
    if (!ask_.by_operation || ask_.by_order) return AddWhole(std::move(parts));
    // An answer is in the order of operations before that of periods, so each can be read by itself.
    std::map<int16_t, std::vector<db::YieldPart>> by_operation;
    for (const db::YieldPart& part : parts) by_operation[part.operation].push_back(part);
    for (auto& [operation, of] : by_operation) AddWhole(std::move(of));
  }
  void AddWhole(std::vector<db::YieldPart> parts) {
    if (parts.empty()) return;
    std::set<int32_t> groups;
    for (const db::YieldPart& part : parts) groups.insert(part.group);
    // Lines that share a group have orders of their own.
    const size_t apart = ask_.by_order ? parts.size() : groups.size();
    blocks_.push_back({std::move(parts), static_cast<int64_t>(apart) * PeriodsPerGroup()});
  }

  void BuildBlocks() {
    if (ask_.some_orders) return BuildOrderBlocks();
    std::vector<const Station*> stations;
    for (const Station& station : call_.plant.stations) {
      if (Meant(station)) stations.push_back(&station);
    }
    std::sort(stations.begin(), stations.end(), [](const Station* a, const Station* b) {
      return std::tie(a->product_code, a->line_code, a->code) < std::tie(b->product_code, b->line_code, b->code);
    });
    const bool by_stations = ask_.by_station || ask_.station != nullptr;
    std::vector<db::YieldPart> parts;
    const Station* before = nullptr;
    for (const Station* station : stations) {
      const bool same_line = before != nullptr && before->line_id == station->line_id;
      const bool same_block = ask_.by_station   ? false
                              : ask_.by_line    ? same_line
                              : ask_.by_product ? before != nullptr && before->material_id == station->material_id
                                                : true;
      if (before != nullptr && !same_block) AddBlock(std::exchange(parts, {}));
      before = station;
      if (!by_stations && same_line) continue;
      for (const int16_t operation : OperationsOf(station->material_id)) {
        if (by_stations && operation != 0 && !station->Does(operation)) continue;
        const YieldLabel label = LabelOf(station->product_code, station->line_code, station->code, operation);
        parts.push_back({by_stations ? station->id : station->line_id, operation, GroupOf(label)});
      }
    }
    AddBlock(std::move(parts));
    question_.subject = by_stations ? db::YieldSubject::kStation : db::YieldSubject::kLine;
  }

  void BuildOrderBlocks() {
    question_.subject = db::YieldSubject::kWorkOrder;
    question_.by_station = AtStations() && (ask_.by_line || ask_.by_station);
    std::vector<db::YieldPart> parts;
    for (const db::OrderName& order : ask_.orders) {
      const domain::Material* material = call_.plant.FindMaterial(order.material_id);
      if (material == nullptr) throw PlantBehind("material " + std::to_string(order.material_id) + " is not loaded");
      if (ask_.product != nullptr && ask_.product->id != material->id) continue;
      for (const int16_t operation : OperationsOf(material->id)) {
        YieldLabel label = LabelOf(material->code, ask_.station != nullptr ? ask_.station->line_code : ask_.line,
                                   ask_.station != nullptr ? ask_.station->code : std::string(), operation);
        if (ask_.by_order) label.order = order.code;
        parts.push_back({order.work_order_id, operation, GroupOf(std::move(label))});
      }
    }
    AddWhole(std::move(parts));
    if (!AtStations()) return;
    for (const Station& station : call_.plant.stations) {
      if (Meant(station)) question_.station_ids.push_back(station.id);
    }
  }

  // False: stopped, since there are more groups than may be told.
  bool ReadBlocks() {
    question_.first_day = ask_.days.first;
    question_.last_day = ask_.days.last;
    question_.period = ask_.period;
    question_.by_shift = ask_.by_shift;
    question_.shift = ask_.shift;
    question_.by_order = ask_.by_order && !ask_.some_orders;
    int64_t step = FirstStep(limit_);
    for (size_t i = 0; i < blocks_.size(); step *= 2) {
      question_.parts.clear();
      for (int64_t most = 0; i < blocks_.size() && most < step; ++i) {
        most += blocks_[i].most_groups;
        question_.parts.insert(question_.parts.end(), blocks_[i].parts.begin(), blocks_[i].parts.end());
      }
      Take(db::SumYields(call_.transaction, question_));
      if (groups_.size() > limit_ && i < blocks_.size()) return false;
    }
    return true;
  }

  void Take(const std::vector<db::YieldSum>& sums) {
    if (question_.by_order) NameOrders(sums);
    for (const db::YieldSum& sum : sums) {
      YieldLabel label = labels_[static_cast<size_t>(sum.group)];
      if (question_.by_order) label.order = order_names_[sum.work_order_id];
      if (question_.by_station) NameStation(sum.station_id, label);
      label.period_day = sum.period_day;
      label.shift = ask_.by_shift ? sum.shift : ask_.shift;
      groups_[std::move(label)].Add(sum.counts);
    }
  }

  void NameOrders(const std::vector<db::YieldSum>& sums) {
    std::set<int32_t> missing;
    for (const db::YieldSum& sum : sums) {
      if (!order_names_.contains(sum.work_order_id)) missing.insert(sum.work_order_id);
    }
    if (missing.empty()) return;
    for (db::OrderName& name : db::LoadOrderNames(call_.transaction, {missing.begin(), missing.end()}, false)) {
      order_names_[name.work_order_id] = std::move(name.code);
    }
  }

  void NameStation(int32_t id, YieldLabel& label) const {
    const Station* station = call_.plant.FindStation(id);
    if (station == nullptr) throw PlantBehind("station " + std::to_string(id) + " is not loaded");
    label.line = station->line_code;
    if (ask_.by_station) label.station = station->code;
  }

  int32_t PeriodDay(int32_t day) const {
    switch (ask_.period) {
      case db::YieldPeriod::kNone:
        return 0;
      case db::YieldPeriod::kDay:
        return day;
      case db::YieldPeriod::kWeek:
        return domain::FirstOfWeek(day);
      case db::YieldPeriod::kMonth:
        return domain::FirstOfMonth(day);
    }
    return 0;
  }

  // Without the reversals that were recorded since.
  Status TakeBackRestatements(bool cut) {
    db::RestatementFilter filter;
    filter.first_day = ask_.days.first;
    filter.last_day = ask_.days.last;
    filter.after = ask_.as_known_at;
    const auto since = db::ListRestatements(call_.transaction, filter, domain::kMaxRestatementsSince + 1);
    if (since.size() > static_cast<size_t>(domain::kMaxRestatementsSince)) {
      return Fail(FieldError(Reason::kLimitExceeded, "as_known_at", "too many restatements since then: ask for fewer days"));
    }
    std::set<int32_t> orders;
    for (const db::OrderName& order : ask_.orders) orders.insert(order.work_order_id);
    for (const db::StoredRestatement& stored : since) {
      const domain::YieldKey& key = stored.restatement.key;
      const Station* station = call_.plant.FindStation(key.station_id);
      if (station == nullptr) throw PlantBehind("station " + std::to_string(key.station_id) + " is not loaded");
      if (!Meant(*station) || (ask_.some_orders && !orders.contains(key.work_order_id))) continue;
      if ((ask_.operation != 0 && ask_.operation != key.operation) || (ask_.shift != 0 && ask_.shift != key.shift)) continue;
      YieldLabel label = LabelOf(station->product_code, station->line_code, station->code, key.operation);
      if (ask_.by_order) label.order = stored.work_order_code;
      label.period_day = PeriodDay(key.plant_day);
      label.shift = ask_.by_shift ? key.shift : ask_.shift;
      if (cut && !groups_.contains(label)) continue;
      groups_[std::move(label)].Add(stored.restatement.delta, -1);
    }
    return {};
  }

  Call& call_;
  const YieldAsk& ask_;
  const size_t limit_;
  std::vector<YieldLabel> labels_;
  std::map<YieldLabel, int32_t> group_by_label_;
  std::vector<Block> blocks_;
  db::YieldQuestion question_;
  std::map<int32_t, std::string> order_names_;
  YieldGroups groups_;
};

Status ParsePlace(Call& call, const v1::QueryYieldRequest& request, YieldAsk& ask) {
  if (!request.product_code().empty()) {
    const auto product = FindProduct(call, request.product_code());
    if (!product) return Fail(product.error());
    ask.product = *product;
  }
  if (!request.line_code().empty()) {
    if (StationsOf(call.plant, request.line_code()).empty()) return Fail(UnknownLine(request.line_code()));
    ask.line = request.line_code();
  }
  if (!request.station_code().empty()) {
    ask.station = call.plant.FindStation(request.station_code());
    if (ask.station == nullptr) return Fail(UnknownStation(request.station_code()));
  }
  return {};
}

Status ParseOrders(Call& call, const v1::QueryYieldRequest& request, YieldAsk& ask) {
  if (request.work_order_code().empty() && request.root_work_order_code().empty()) {
    if (ask.by_order && (ask.by_station || ask.station != nullptr)) {
      return Fail(
          FieldError(Reason::kFieldRequired, "work_order_code", "by order and station together needs an order or a tree's root"));
    }
    return {};
  }
  ask.some_orders = true;
  if (!request.root_work_order_code().empty()) {
    auto tree = FindOrders(call, request.root_work_order_code(), "root_work_order_code", true);
    if (!tree) return Fail(tree.error());
    ask.orders = std::move(*tree);
  }
  if (request.work_order_code().empty()) return {};
  const auto one = FindOrders(call, request.work_order_code(), "work_order_code", false);
  if (!one) return Fail(one.error());
  const bool in_tree = request.root_work_order_code().empty() ||
                       std::any_of(ask.orders.begin(), ask.orders.end(),
                                   [&](const db::OrderName& order) { return order.work_order_id == one->front().work_order_id; });
  ask.orders = in_tree ? *one : std::vector<db::OrderName>();
  return {};
}

Status ParseOperation(Call& call, const v1::QueryYieldRequest& request, YieldAsk& ask) {
  if (request.operation() == 0) return {};
  if (ask.product == nullptr && ask.line.empty() && ask.station == nullptr && !ask.some_orders) {
    return Fail(
        FieldError(Reason::kFieldRequired, "product_code", "an operation's number needs a product, line, station or order"));
  }
  const bool known =
      std::any_of(call.plant.revisions.begin(), call.plant.revisions.end(), [&](const domain::ProductRevision& revision) {
        const bool meant = (ask.product == nullptr || revision.material_id == ask.product->id) &&
                           (ask.station == nullptr || revision.material_id == ask.station->material_id);
        return meant && request.operation() > 0 && request.operation() <= INT16_MAX &&
               revision.OperationIndex(static_cast<int16_t>(request.operation())) >= 0;
      });
  if (!known) return Fail(FieldError(Reason::kOperationUnknown, "operation", "no routing has this operation"));
  ask.operation = static_cast<int16_t>(request.operation());
  return {};
}

}  // namespace

Result<DayRange> ParseDays(const std::string& first_day, const std::string& last_day) {
  const auto parse = [](const std::string& text, std::string_view field) -> Result<int32_t> {
    if (text.empty()) return Fail(FieldError(Reason::kFieldRequired, field, std::string(field) + " is empty"));
    if (const auto day = domain::ParsePlantDay(text)) return *day;
    return Fail(
        FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not a date like 2026-11-24, from 1970 to 2199"));
  };
  const Result<int32_t> first = parse(first_day, "first_day");
  if (!first) return Fail(first.error());
  const Result<int32_t> last = parse(last_day, "last_day");
  if (!last) return Fail(last.error());
  if (*last < *first) return Fail(FieldError(Reason::kFieldInvalid, "last_day", "last_day is before first_day"));
  if (*last - *first >= domain::kMaxYieldDays) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "last_day", "the range has too many days");
    error.metadata["limit"] = std::to_string(domain::kMaxYieldDays);
    return Fail(std::move(error));
  }
  return DayRange{*first, *last};
}

std::vector<const Station*> StationsOf(const Plant& plant, const std::string& line_code) {
  std::vector<const Station*> stations;
  for (const Station& station : plant.stations) {
    if (station.line_code == line_code) stations.push_back(&station);
  }
  return stations;
}

Result<const domain::Material*> FindProduct(Call& call, const std::string& code) {
  const domain::Material* material = call.plant.FindMaterial(code);
  if (material != nullptr && material->made) return material;
  return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + code + " is not known"));
}

domain::Error UnknownLine(const std::string& code) {
  return FieldError(Reason::kLineUnknown, "line_code", "line " + code.substr(0, domain::kMaxCodeLength) + " is not known");
}
domain::Error UnknownStation(const std::string& code) {
  return FieldError(Reason::kStationUnknown, "station_code",
                    "station " + code.substr(0, domain::kMaxCodeLength) + " is not known");
}

Result<YieldAsk> ParseAsk(Call& call, const v1::QueryYieldRequest& request) {
  YieldAsk ask;
  const Result<DayRange> days = ParseDays(request.first_day(), request.last_day());
  if (!days) return Fail(days.error());
  ask.days = *days;
  if (!v1::PlantShift_IsValid(request.shift())) {
    return Fail(FieldError(Reason::kEnumUnknown, "shift", "shift has a value that is not known"));
  }
  ask.shift = static_cast<int16_t>(request.shift());
  const auto known = OptionalTimeFromProto(request.has_as_known_at(), request.as_known_at(), "as_known_at");
  if (!known) return Fail(known.error());
  ask.as_known_at = *known;
  if (Status parsed = ParseGrouping(request, ask); !parsed) return Fail(parsed.error());
  if (Status parsed = ParsePlace(call, request, ask); !parsed) return Fail(parsed.error());
  if (Status parsed = ParseOrders(call, request, ask); !parsed) return Fail(parsed.error());
  if (Status parsed = ParseOperation(call, request, ask); !parsed) return Fail(parsed.error());
  return ask;
}

Result<YieldGroups> Answer(Call& call, const YieldAsk& ask, size_t limit, bool& complete) {
  return Reader(call, ask, limit).Read(complete);
}

v1::Share ToProto(const domain::Share& share) {
  v1::Share message;
  message.set_numerator(share.numerator);
  message.set_denominator(share.denominator);
  if (const auto value = share.Value()) message.set_value(*value);
  if (const auto interval = domain::WilsonInterval(share)) {
    message.set_low(interval->low);
    message.set_high(interval->high);
  }
  return message;
}

v1::YieldCounts ToProto(const domain::YieldCounts& counts) {
  v1::YieldCounts message;
  message.set_first_runs(counts.first_runs);
  message.set_first_passes(counts.first_passes);
  message.set_runs(counts.runs);
  message.set_retests(counts.retests);
  message.set_reworks(counts.reworks);
  message.set_aborts(counts.aborts);
  message.set_scrapped(counts.scrapped);
  message.set_inherited_runs(counts.inherited_runs);
  message.set_inherited_passes(counts.inherited_passes);
  message.set_overrides(counts.overrides);
  message.set_entered(counts.entered);
  message.set_left_good(counts.left_good);
  message.set_lost(counts.lost);
  message.set_scrapped_caused(counts.scrapped_caused);
  message.set_destroyed(counts.destroyed);
  return message;
}

}  // namespace mes::services
