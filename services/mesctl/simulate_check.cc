#include "services/mesctl/simulate_check.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "mes/v1/yield.grpc.pb.h"
#include "services/mesctl/print.h"
#include "services/mesctl/simulate_office.h"

namespace mes::mesctl::simulate {
namespace {

constexpr const char* kKindNames[kKinds] = {"arrived",          "started",  "completed", "measured",  "consumed",
                                            "installed",        "scrapped", "aborted",   "condition", "carrier_loaded",
                                            "carrier_unloaded", "",         "",          "",          ""};

[[gnu::format(printf, 2, 3)]] void Append(std::string& text, const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text += line;
}

long long Wide(int64_t value) { return value; }

void AppendEvents(const Plan& plan, std::string& text) {
  int64_t rejected = 0;
  std::map<std::string, int64_t> by_reason;
  for (int kind = 0; kind < kKinds; ++kind) {
    const std::string reason = ExpectedRefusal(static_cast<Kind>(kind));
    if (reason.empty()) continue;
    by_reason[reason] += plan.events[static_cast<size_t>(kind)];
    rejected += plan.events[static_cast<size_t>(kind)];
  }
  Append(text, "events                %lld at %zu stations\n", Wide(plan.total), plan.model.stations.size());
  Append(text, "  recorded            %lld\n", Wide(plan.total - rejected));
  for (int kind = 0; kind < kKinds; ++kind) {
    if (*kKindNames[kind] != '\0')
      Append(text, "    %-17s %lld\n", kKindNames[kind], Wide(plan.events[static_cast<size_t>(kind)]));
  }
  Append(text, "  rejected, as meant  %lld\n", Wide(rejected));
  for (const auto& [reason, count] : by_reason) Append(text, "    %-17s %lld\n", reason.c_str(), Wide(count));
  Append(text, "  sent twice          %lld\n  out of order        %lld\n\n", Wide(plan.twice), Wide(plan.late));
}

void AppendUnits(const Plan& plan, std::string& text) {
  struct Count {
    int64_t good = 0, scrapped = 0, open = 0, bought = 0;
  };
  std::map<std::string, Count> counts;
  for (const Unit& unit : plan.units) {
    Count& count = counts[plan.model.items[unit.item].code];
    if (unit.job < 0) {
      ++count.bought;
    } else if (unit.status == Status::kFinished) {
      ++count.good;
    } else if (unit.status == Status::kScrapped) {
      ++count.scrapped;
    } else if (unit.status == Status::kInProcess) {
      ++count.open;
    }
  }
  Append(text, "%-16s %8s %9s %6s %8s\n", "units and lots", "good", "scrapped", "open", "bought");
  for (const auto& [code, count] : counts) {
    if (count.good + count.scrapped + count.open == 0) continue;
    Append(text, "  %-14s %8lld %9lld %6lld %8lld\n", code.c_str(), Wide(count.good), Wide(count.scrapped), Wide(count.open),
           Wide(count.bought));
  }
  int64_t lots = 0;
  for (const Lot& lot : plan.lots) lots += lot.unit == UINT32_MAX;
  int64_t parts = 0;
  for (const Unit& unit : plan.units) parts += unit.job < 0;
  Append(text, "  bought: %lld serial parts, %lld lots; carriers: %zu\n\n", Wide(parts), Wide(lots), plan.carriers.size());
}

const char* EndState(const Order& order) {
  if (order.bought_instead) return "cancelled";
  return EndsCompleted(order) ? "completed" : order.started > 0 ? "started" : "released";
}

void AppendOrders(const Plan& plan, std::string& text) {
  Append(text, "%-38s %11s %11s %11s %10s %s\n", "orders", "ordered", "started", "good", "scrapped", "state");
  for (const Order& order : plan.orders) {
    Append(text, "  %-36s %11s %11s %11s %10s %s\n", order.code.c_str(), DecimalOf(order.ordered).c_str(),
           DecimalOf(order.started).c_str(), DecimalOf(order.good).c_str(), DecimalOf(order.scrapped).c_str(), EndState(order));
  }
  text += "\n";
}

std::map<std::pair<uint32_t, uint32_t>, YieldCount> YieldsByItem(const Plan& plan) {
  std::map<std::pair<uint32_t, uint32_t>, YieldCount> sums;
  for (const auto& [key, count] : plan.yields) {
    YieldCount& sum = sums[{key[1], key[2]}];
    sum.first_runs += count.first_runs;
    sum.first_passes += count.first_passes;
    sum.scrapped += count.scrapped;
  }
  return sums;
}

void AppendYields(const Plan& plan, std::string& text) {
  Append(text, "%-24s %10s %10s %9s %9s %9s\n", "first-pass yield", "runs", "passes", "FPY", "planned", "scrapped");
  for (const auto& [key, count] : YieldsByItem(plan)) {
    const Item& item = plan.model.items[key.first];
    const Operation& operation = item.operations[key.second];
    Append(text, "  %-14s %-7s %10lld %10lld %9s %9s %9lld\n", item.code.c_str(), operation.code.c_str(), Wide(count.first_runs),
           Wide(count.first_passes), Percent(count.first_passes, count.first_runs).c_str(),
           Percent(operation.first_pass_yield).c_str(), Wide(count.scrapped));
  }
}

const char* StateName(v1::WorkOrderState state) {
  switch (state) {
    case v1::WORK_ORDER_STATE_RELEASED:
      return "released";
    case v1::WORK_ORDER_STATE_STARTED:
      return "started";
    case v1::WORK_ORDER_STATE_COMPLETED:
      return "completed";
    case v1::WORK_ORDER_STATE_CANCELLED:
      return "cancelled";
    default:
      return "in another state";
  }
}

struct Comparison {
  const Connection& connection;
  const Plan& plan;
  std::vector<std::string> differences;

  void Number(const std::string& what, int64_t planned, int64_t found) {
    if (planned != found)
      differences.push_back(what + ": planned " + std::to_string(planned) + ", the server has " + std::to_string(found));
  }
  void Text(const std::string& what, const std::string& planned, const std::string& found) {
    if (planned != found) differences.push_back(what + ": planned " + planned + ", the server has " + found);
  }

  void Orders() {
    for (const Order& order : plan.orders) {
      v1::GetWorkOrderRequest request;
      request.set_work_order_code(order.code);
      const auto answer = Call(connection, &v1::WorkOrderService::Stub::GetWorkOrder, request).work_order();
      const std::string name = "order " + order.code + " ";
      Text(name + "ordered", DecimalOf(order.ordered), answer.ordered().value());
      Text(name + "started", DecimalOf(order.started), answer.started().value());
      Text(name + "good", DecimalOf(order.good), answer.good().value());
      Text(name + "scrapped", DecimalOf(order.scrapped), answer.scrapped().value());
      Text(name + "open", DecimalOf(order.started - order.good - order.scrapped), answer.open().value());
      Text(name + "state", EndState(order), StateName(answer.state()));
    }
  }

  void Yields() {
    for (size_t i = 0; i < plan.orders.size(); ++i) {
      if (plan.orders[i].root != static_cast<int32_t>(i)) continue;
      v1::ListOperationYieldsRequest request;
      request.set_root_work_order_code(plan.orders[i].code);
      std::map<std::pair<std::string, int>, YieldCount> found;
      const auto answer = Call(connection, &v1::YieldService::Stub::ListOperationYields, request);
      for (const auto& yield : answer.yields()) {
        YieldCount& count = found[{yield.product_code(), yield.operation()}];
        count.first_runs += yield.first_runs();
        count.first_passes += yield.first_passes();
        count.scrapped += yield.scrapped();
      }
      for (const auto& [key, count] : plan.yields) {
        if (key[0] != i) continue;
        const Item& item = plan.model.items[key[1]];
        const Operation& operation = item.operations[key[2]];
        const YieldCount& have = found[{item.code, operation.number}];
        const std::string name = plan.orders[i].code + " " + item.code + " " + operation.code + " ";
        Number(name + "first runs", count.first_runs, have.first_runs);
        Number(name + "first passes", count.first_passes, have.first_passes);
        Number(name + "scrapped", count.scrapped, have.scrapped);
      }
    }
  }

  void Stations(const Baseline& baseline) {
    int64_t recorded = 0;
    int64_t rejected = 0;
    v1::ListStationsRequest request;
    CallPages<v1::StationService::Stub, v1::ListStationsRequest, v1::ListStationsResponse>(
        connection, &v1::StationService::Stub::ListStations, request, 0, [&](const v1::ListStationsResponse& page) {
          for (const v1::Station& station : page.stations()) {
            recorded += station.recorded_events();
            rejected += station.rejected_events();
            const auto found = plan.model.station_by_code.find(station.code());
            if (found == plan.model.station_by_code.end()) continue;
            const auto& script = plan.scripts[static_cast<size_t>(found->second)];
            if (script.empty() || station.epoch() > baseline.epoch) continue;  // another run has passed over it since
            Number("station " + station.code() + " last sequence", static_cast<int64_t>(script.size()), station.last_sequence());
          }
          return static_cast<int64_t>(page.stations_size());
        });
    int64_t wrong = 0;
    for (int kind = 0; kind < kKinds; ++kind) {
      if (!ExpectedRefusal(static_cast<Kind>(kind)).empty()) wrong += plan.events[static_cast<size_t>(kind)];
    }
    Number("events recorded since the run began", plan.total - wrong, recorded - baseline.recorded);
    Number("events rejected since the run began", wrong, rejected - baseline.rejected);
  }

  void Trace(uint32_t unit) {
    const std::string code = plan.UnitCode(unit);
    v1::TraceRequest request;
    request.set_code(code);
    std::map<std::string, std::set<std::string>> found;
    bool complete = false;
    CallStream<v1::GenealogyService::Stub, v1::TraceRequest, v1::TraceResponse>(
        connection, &v1::GenealogyService::Stub::Trace, request, [&](const v1::TraceResponse& page) {
          for (const v1::GenealogyEdge& edge : page.edges()) found[edge.child_material()].insert(edge.child_code());
          if (page.last()) complete = page.complete();
        });
    if (!complete) differences.push_back("trace of " + code + ": not complete");
    for (const auto& [item, codes] : ContentsOf(plan, unit)) {
      const auto& have = found[item];
      if (have == codes) continue;
      differences.push_back("trace of " + code + ": planned " + std::to_string(codes.size()) + " of " + item +
                            ", the server has " + std::to_string(have.size()));
    }
  }

  void WhereUsed(uint32_t lot, const std::string& product) {
    v1::WhereUsedRequest request;
    request.set_code(plan.LotCode(lot));
    request.set_material_code(product);
    std::set<std::string> found;
    CallStream<v1::GenealogyService::Stub, v1::WhereUsedRequest, v1::WhereUsedResponse>(
        connection, &v1::GenealogyService::Stub::WhereUsed, request, [&](const v1::WhereUsedResponse& page) {
          for (const v1::GenealogyEdge& edge : page.edges()) {
            if (edge.parent_material() == product) found.insert(edge.parent_code());
          }
        });
    const std::set<std::string> planned = UsersOf(plan, lot, product);
    if (planned == found) return;
    differences.push_back("where lot " + plan.LotCode(lot) + " was used: planned " + std::to_string(planned.size()) + " of " +
                          product + ", the server has " + std::to_string(found.size()));
  }
};

struct Walk {
  const Plan& plan;
  const std::unordered_map<uint32_t, std::vector<uint32_t>>& lots;
  std::map<std::string, std::set<std::string>> contents;
  std::set<uint32_t> seen_units;

  void Unit(uint32_t id) {
    if (!seen_units.insert(id).second) return;
    const auto& unit = plan.units[id];
    for (const uint32_t part : unit.inside) {
      contents[plan.model.items[plan.units[part].item].code].insert(plan.UnitCode(part));
      Unit(part);
    }
    if (unit.mother != UINT32_MAX) {
      contents[plan.model.items[unit.item].code].insert(plan.UnitCode(unit.mother));
      Unit(unit.mother);
    }
    const auto used = lots.find(id);
    if (used == lots.end()) return;
    for (const uint32_t lot : used->second) {
      contents[plan.model.items[plan.lots[lot].item].code].insert(plan.LotCode(lot));
      if (plan.lots[lot].unit != UINT32_MAX) Unit(plan.lots[lot].unit);
    }
  }
};

// One vehicle of each kind, the first that was finished.
std::vector<uint32_t> FirstVehicles(const Plan& plan) {
  std::vector<uint32_t> first;
  for (size_t i = 0; i < plan.orders.size(); ++i) {
    if (plan.orders[i].root != static_cast<int32_t>(i)) continue;
    for (uint32_t unit = 0; unit < plan.units.size(); ++unit) {
      if (plan.units[unit].order != static_cast<int32_t>(i) || plan.units[unit].status != Status::kFinished) continue;
      first.push_back(unit);
      break;
    }
  }
  return first;
}

}  // namespace

std::string Summary(const Plan& plan) {
  std::string text;
  Append(text, "simulated run %s: seed %u, %d cars, %d trucks of each kind, %d own stacks, %d more systems\n\n",
         plan.prefix.c_str(), plan.demand.seed, plan.demand.cars, plan.demand.trucks, plan.demand.stacks, plan.demand.systems);
  AppendEvents(plan, text);
  AppendUnits(plan, text);
  AppendOrders(plan, text);
  AppendYields(plan, text);
  return text;
}

std::unordered_map<uint32_t, std::vector<uint32_t>> LotsByUnit(const Plan& plan) {
  std::unordered_map<uint32_t, std::vector<uint32_t>> lots;
  for (const auto& script : plan.scripts) {
    for (const PlannedEvent& event : script) {
      if (event.kind != Kind::kConsumed) continue;
      if (!(event.flags & kOnCarrier)) {
        lots[event.subject].push_back(event.object);
        continue;
      }
      for (const Carrier::Slot& slot : plan.carriers[event.subject].slots) lots[slot.unit].push_back(event.object);
    }
  }
  return lots;
}

std::map<std::string, std::set<std::string>> ContentsOf(const Plan& plan, uint32_t unit) {
  const auto lots = LotsByUnit(plan);
  Walk walk{plan, lots, {}, {}};
  walk.Unit(unit);
  return walk.contents;
}

std::set<std::string> UsersOf(const Plan& plan, uint32_t lot, const std::string& product) {
  const auto lots = LotsByUnit(plan);
  std::set<std::string> users;
  const std::string code = plan.LotCode(lot);
  const std::string& item = plan.model.items[plan.lots[lot].item].code;
  const int product_item = plan.model.FindItem(product);
  for (uint32_t unit = 0; unit < plan.units.size(); ++unit) {
    if (static_cast<int>(plan.units[unit].item) != product_item || !plan.units[unit].started) continue;
    Walk walk{plan, lots, {}, {}};
    walk.Unit(unit);
    if (walk.contents[item].contains(code)) users.insert(plan.UnitCode(unit));
  }
  return users;
}

std::vector<std::string> CompareWithServer(const Connection& connection, const Plan& plan, const Baseline& baseline) {
  Comparison comparison{connection, plan, {}};
  comparison.Orders();
  comparison.Yields();
  comparison.Stations(baseline);
  const std::vector<uint32_t> vehicles = FirstVehicles(plan);
  for (const uint32_t vehicle : vehicles) comparison.Trace(vehicle);
  // The first cathode powder lot, and the vehicles made of it.
  const int powder = plan.model.FindItem("RM-LFP");
  for (uint32_t lot = 0; lot < plan.lots.size(); ++lot) {
    if (static_cast<int>(plan.lots[lot].item) != powder) continue;
    for (const uint32_t vehicle : vehicles) comparison.WhereUsed(lot, plan.model.items[plan.units[vehicle].item].code);
    break;
  }
  return std::move(comparison.differences);
}

}  // namespace mes::mesctl::simulate
