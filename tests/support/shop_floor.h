// A shop floor in memory: the small plant of PlantBuilder, a world with an order per product, and words to let things happen. For tests
// of the domain's decisions; no database.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "domain/gate.h"
#include "domain/station_event.h"
#include "domain/world.h"
#include "tests/support/plant_builder.h"

namespace mes::tests {

class ShopFloor {
 public:
  // Orders ORD-PACK, ORD-CELL and ORD-INK, of 1,000 each, are released.
  explicit ShopFloor(const PlantBuilder& builder = PlantBuilder());

  domain::World& world() { return *world_; }
  const domain::Plant& plant() const { return *plant_; }
  domain::Time now() const { return now_; }
  void Wait(std::chrono::seconds time) { now_ += time; }

  // The station of a product's operation.
  const domain::Station& StationOf(std::string_view product, int16_t operation) const;
  const domain::Operation& OperationOf(std::string_view product, int16_t operation) const;
  domain::OrderState& order(std::string_view code);
  domain::UnitEntry& unit(std::string_view code);

  // Bought things: finished serials, lots with 1,000 in them.
  domain::UnitEntry& Receive(std::string_view material, std::string_view code);
  // A finished unit of a made product, as if it had gone its whole route.
  domain::UnitEntry& Make(std::string_view product, std::string_view code);

  // The next event of that station about that unit, now; its time may be moved before.
  template <typename What>
  domain::EventVerdict Say(std::string_view product, int16_t operation, std::string_view unit, What what, std::string_view person = "") {
    domain::StationEvent event;
    event.unit_code = unit;
    event.operator_id = person;
    event.what = std::move(what);
    return Say(StationOf(product, operation), std::move(event));
  }
  domain::EventVerdict Say(const domain::Station& station, domain::StationEvent event);

  // What a good station reports with a start.
  domain::Started StartOf(std::string_view product, int16_t operation, std::string_view order = "") const;
  // A completion with every value at its nominal.
  domain::Completed PassOf(std::string_view product, int16_t operation) const;
  domain::Completed FailOf(std::string_view product, int16_t operation) const;
  // Start, then the completion; both must be recorded.
  void Run(std::string_view product, int16_t operation, std::string_view unit, bool pass = true, std::string_view order = "");

  // A policy that counts from now on, the next version of its scope. ShopFloor's plant alone may be changed so.
  void Put(domain::FailureCode policy);

  // The gate's answer to that station about that unit, now.
  domain::StartDecision Ask(std::string_view product, int16_t operation, std::string_view unit, const domain::Started& start,
                            std::string_view person = "");
  domain::StartDecision Ask(std::string_view product, int16_t operation, std::string_view unit) {
    return Ask(product, operation, unit, StartOf(product, operation));
  }

 private:
  std::shared_ptr<domain::Plant> plant_;
  domain::Time now_;
  std::unique_ptr<domain::World> world_;
};

// `ROUTE_SEQ, TIME_WINDOW`: the names of the reasons, in order, each once.
std::string ReasonsOf(const std::vector<domain::Refusal>& refusals);

}  // namespace mes::tests
