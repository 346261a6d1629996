#include "domain/world.h"

namespace mes::domain {

const UnitEntry* World::FindUnit(int64_t id) const {
  const auto found = units.find(id);
  return found == units.end() ? nullptr : &found->second;
}

const UnitEntry* World::FindUnit(std::string_view code) const {
  const std::string key(code);
  if (const auto found = unit_by_code.find(key); found != unit_by_code.end()) return FindUnit(found->second);
  if (ambiguous_codes.contains(key)) return nullptr;
  if (const auto found = unit_by_former_code.find(key); found != unit_by_former_code.end()) return FindUnit(found->second);
  return nullptr;
}

UnitEntry* World::FindUnit(std::string_view code) {
  return const_cast<UnitEntry*>(static_cast<const World*>(this)->FindUnit(code));
}

const OrderState* World::FindOrder(std::string_view code) const {
  const auto found = order_by_code.find(std::string(code));
  return found == order_by_code.end() ? nullptr : &orders.at(found->second);
}

}  // namespace mes::domain
