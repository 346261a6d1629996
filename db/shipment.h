// Where shipments are kept, with their units and documents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/shipment.h"

namespace mes::db {

// Fills id. `plant_day`: of ship_time.
void InsertShipment(Transaction& transaction, domain::Shipment& shipment, domain::Day plant_day);
// With items and documents.
std::optional<domain::Shipment> LoadShipment(Transaction& transaction, int64_t id);
// As LoadShipment; locked until the transaction ends.
std::optional<domain::Shipment> LockShipment(Transaction& transaction, int64_t id);
// Stores that it was taken back.
void UpdateCancelled(Transaction& transaction, const domain::Shipment& shipment);
void UpdateDelivered(Transaction& transaction, const domain::Shipment& shipment);

struct ShipmentFilter {
  // 0 = all.
  int64_t before_id = 0;
  // Empty = all.
  std::string country;
  std::string customer;
};
// Newest first, at most `limit`; without items and documents.
std::vector<domain::Shipment> ListShipments(Transaction& transaction, const ShipmentFilter& filter, int limit);

// What left and was not taken back, on plant days in [first, end), by day, product, country and currency. `material_id` 0 = all.
std::vector<domain::ShippedSum> SumShipped(Transaction& transaction, domain::Day first, domain::Day end, int32_t material_id);

}  // namespace mes::db
