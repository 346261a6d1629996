#include "services/mesctl/simulate_record.h"

#include <fstream>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "services/mesctl/client.h"
#include "services/mesctl/simulate_check.h"

namespace mes::mesctl::simulate {
namespace {

constexpr std::string_view kVehicle = "VEH-";

// Edges from what went in to what it went into. Nodes are the units, then the bought lots; a lot made here is its unit.
class Uses {
 public:
  explicit Uses(const Plan& plan) : plan_(plan), up_(plan.units.size() + plan.lots.size()), seen_(up_.size(), 0) {
    for (const auto& [unit, lots] : LotsByUnit(plan)) {
      for (const uint32_t lot : lots) up_[NodeOf(lot)].push_back(unit);
    }
    for (uint32_t unit = 0; unit < plan.units.size(); ++unit) {
      for (const uint32_t part : plan.units[unit].inside) up_[part].push_back(unit);
      if (plan.units[unit].mother != UINT32_MAX) up_[plan.units[unit].mother].push_back(unit);
    }
  }

  // Everything that a lot went into.
  std::vector<uint32_t> Of(uint32_t lot) {
    ++round_;
    const uint32_t start = NodeOf(lot);
    seen_[start] = round_;
    std::vector<uint32_t> open = {start}, found;
    while (!open.empty()) {
      const uint32_t node = open.back();
      open.pop_back();
      for (const uint32_t unit : up_[node]) {
        if (seen_[unit] == round_) continue;
        seen_[unit] = round_;
        open.push_back(unit);
        found.push_back(unit);
      }
    }
    return found;
  }

 private:
  uint32_t NodeOf(uint32_t lot) const {
    const uint32_t unit = plan_.lots[lot].unit;
    return unit != UINT32_MAX ? unit : static_cast<uint32_t>(plan_.units.size()) + lot;
  }

  const Plan& plan_;
  std::vector<std::vector<uint32_t>> up_;
  std::vector<uint32_t> seen_;
  uint32_t round_ = 0;
};

}  // namespace

std::string RunLotCode(const std::string& prefix) { return prefix + "RUN"; }

std::string RecordOf(const Plan& plan) {
  Uses uses(plan);
  const auto entry = [](const std::string& code, const std::string& material, const std::map<std::string, int64_t>& went_into,
                        const std::map<std::string, std::set<std::string>>& vehicles) {
    return nlohmann::ordered_json{{"lot", code}, {"material", material}, {"went_into", went_into}, {"vehicles", vehicles}};
  };
  std::map<std::string, nlohmann::ordered_json> lots;
  lots[RunLotCode(plan.prefix)] = entry(RunLotCode(plan.prefix), plan.model.RunLotItem().code, {}, {});
  for (uint32_t lot = 0; lot < plan.lots.size(); ++lot) {
    std::map<std::string, int64_t> went_into;
    std::map<std::string, std::set<std::string>> vehicles;
    for (const uint32_t unit : uses.Of(lot)) {
      const std::string& product = plan.model.items[plan.units[unit].item].code;
      ++went_into[product];
      if (product.starts_with(kVehicle)) vehicles[product].insert(plan.UnitCode(unit));
    }
    const std::string code = plan.LotCode(lot);
    lots[code] = entry(code, plan.model.items[plan.lots[lot].item].code, went_into, vehicles);
  }
  nlohmann::ordered_json record = {{"seed", plan.demand.seed}, {"lots", nlohmann::ordered_json::array()}};
  for (auto& [code, lot] : lots) record["lots"].push_back(std::move(lot));
  return record.dump(1) + "\n";
}

void WriteRecord(const Plan& plan, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << RecordOf(plan);
  if (!file.flush()) FailUsage("--record: " + path + " cannot be written");
}

}  // namespace mes::mesctl::simulate
