// The plan's names: orders, codes of units, lots and carriers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {
namespace {

constexpr const char* kCar = "VEH-CAR-BEV";
constexpr const char* kTrucks[] = {"VEH-TRK-BEV", "VEH-TRK-BEV282", "VEH-TRK-FC", "VEH-TRK-FC240"};
constexpr const char* kStack = "STK-148";
constexpr const char* kSystem = "FCS-120";

// Everything made below an item with its net quantity, top down.
void Explode(const Model& model, int item, int64_t quantity, std::vector<std::pair<int, int64_t>>& needs) {
  for (const Operation& operation : model.items[static_cast<size_t>(item)].operations) {
    for (const BomLine& line : operation.lines) {
      const Item& child = model.items[static_cast<size_t>(line.item)];
      if (!child.made) continue;
      const int64_t need = static_cast<int64_t>(static_cast<__int128>(line.quantity_micro) * quantity / kMicro);
      const auto known = std::find_if(needs.begin(), needs.end(), [&](const auto& n) { return n.first == line.item; });
      if (known == needs.end()) {
        needs.emplace_back(line.item, need);
      } else {
        known->second += need;
      }
      Explode(model, line.item, need, needs);
    }
  }
}

char Letter(int value) { return "0123456789ABCDEFGHJKLMNPRSTVWXY"[value]; }  // without I, O, Q, U, Z

}  // namespace

std::deque<Order> PlanOrders(const Model& model, const Demand& demand, const std::string& prefix) {
  std::deque<Order> orders;
  const int stack = model.FindItem(kStack);
  const auto add = [&](const char* product, int64_t count, bool explode) {
    if (count == 0) return;
    const int item = model.ItemOf(product);
    const int32_t root = static_cast<int32_t>(orders.size());
    orders.push_back({prefix + product, static_cast<uint32_t>(item), count * kMicro, -1, root, explode});
    if (!explode) return;
    std::vector<std::pair<int, int64_t>> needs;
    Explode(model, item, count * kMicro, needs);
    // Stacks come from the stack order and from suppliers: what a vehicle's order would make of them is not made.
    std::vector<std::pair<int, int64_t>> below_stack;
    if (stack >= 0 && item != stack) Explode(model, stack, kMicro, below_stack);
    for (const auto& [child, quantity] : needs) {
      Order order{prefix + product + "/" + model.items[static_cast<size_t>(child)].code, static_cast<uint32_t>(child), quantity,
                  root, root};
      order.bought_instead = item != stack && (child == stack || std::any_of(below_stack.begin(), below_stack.end(),
                                                                             [&](const auto& n) { return n.first == child; }));
      orders.push_back(std::move(order));
    }
  };
  add(kCar, demand.cars, true);
  for (const char* truck : kTrucks) add(truck, demand.trucks, true);
  add(kStack, demand.stacks, true);
  add(kSystem, demand.systems, false);
  return orders;
}

int SystemsForOwnStacks(int stacks, int trucks) {
  const int share = trucks * 2 / 3;  // of the trucks with one stack, and of those with two
  return std::max(0, stacks - 3 * share);
}

std::string ExpectedRefusal(Kind kind) {
  switch (kind) {
    case Kind::kBadUnit:
      return "UNIT_UNKNOWN";
    case Kind::kBadOperation:
      return "STATION_OPERATION";
    case Kind::kBadValue:
      return "VALUE_INVALID";
    case Kind::kBadReplicates:
      return "REPLICATE_COUNT";
    default:
      return {};
  }
}

std::string Gbt34014(char product_type, int specification, uint32_t seed, int64_t time, uint32_t number) {
  const std::chrono::sys_time<std::chrono::microseconds> local{std::chrono::microseconds(time) + std::chrono::hours(8)};
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(local)};
  // FACTS: 2020 = A onward without I, O, Q, U, Z; day 31 = 0.
  const int year = static_cast<int>(date.year());
  const int day = static_cast<int>(static_cast<unsigned>(date.day()));
  std::string code = "NMG";
  code += product_type;
  code += 'B';
  code += Letter(specification / 31 % 31);
  code += Letter(specification % 31);
  std::string trace(7, '0');
  for (int i = 6; i >= 0; --i, seed /= 31) trace[static_cast<size_t>(i)] = Letter(static_cast<int>(seed % 31));
  code += trace;
  code += Letter(std::clamp(year - 2010, 1, 30));
  code += Letter(static_cast<int>(static_cast<unsigned>(date.month())));
  code += Letter(day % 31);
  char serial[16];
  std::snprintf(serial, sizeof serial, "%07u", number % 10'000'000);
  return code + serial;
}

std::string Plan::UnitCode(uint32_t index, int stage) const {
  const Unit& unit = units[index];
  const Item& item = model.items[unit.item];
  char number[16];
  std::snprintf(number, sizeof number, "%06u", unit.number);
  std::string code = prefix + item.code + "-" + number;
  if (stage == 0) return code;
  int seen = 0;
  for (const Operation& operation : item.operations) {
    if (!operation.assigns_identity || ++seen < stage) continue;
    if (!operation.gbt34014) return code + "/" + std::to_string(stage);
    const char type = item.code.starts_with("CELL") ? 'C' : item.code.starts_with("MOD") ? 'M' : 'P';
    return Gbt34014(type, static_cast<int>(unit.item), demand.seed, unit.identity_time, unit.number);
  }
  return code;
}

std::string Plan::LotCode(uint32_t index) const {
  const Lot& lot = lots[index];
  if (lot.unit != UINT32_MAX) return UnitCode(lot.unit);
  return prefix + model.items[lot.item].code + "-L" + std::to_string(lot.number);
}

std::string Plan::CarrierCode(uint32_t carrier) const { return prefix + "TRAY-" + std::to_string(carrier + 1); }

std::string Plan::Operator(int station) const { return prefix + "P" + std::to_string(station + 1); }

}  // namespace mes::mesctl::simulate
