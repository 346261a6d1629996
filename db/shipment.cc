#include "db/shipment.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::Shipment;
using domain::ShipmentDocument;
using domain::ShipmentItem;

constexpr const char* kInsertShipment = R"sql(
insert into shipment (customer, country, place, currency, ship_time, plant_day, record_time, person)
values ($1, $2, $3, $4, $5::timestamptz, $6::date, $7::timestamptz, $8)
returning shipment_id)sql";

constexpr const char* kInsertItems = R"sql(
insert into shipment_unit (shipment_id, unit_id, value_minor)
select $1::bigint, unit_id, value_minor
from unnest($2::bigint[], $3::bigint[]) as given (unit_id, value_minor))sql";

constexpr const char* kInsertDocuments = R"sql(
insert into shipment_document (shipment_id, ordinal, title, uri, sha256)
select $1::bigint, ordinal, title, uri, sha256
from unnest($2::text[], $3::text[], $4::text[]) with ordinality as given (title, uri, sha256, ordinal))sql";

const std::string kShipmentSelect = R"sql(
select s.shipment_id, s.customer, s.country, s.place, s.currency, s.ship_time, s.record_time, s.person, s.deliver_time, s.delivered_by,
  s.delivery_evidence, s.cancel_time, s.cancelled_by, s.cancel_reason,
  (select count(*) from shipment_unit u where u.shipment_id = s.shipment_id),
  (select coalesce(sum(u.value_minor), 0)::bigint from shipment_unit u where u.shipment_id = s.shipment_id)
from shipment s
)sql";
const std::string kLoadShipment = kShipmentSelect + "where s.shipment_id = $1";
const std::string kLockShipment = kShipmentSelect + "where s.shipment_id = $1 for update of s";
const std::string kListShipments = kShipmentSelect + R"sql(
where ($1::bigint = 0 or s.shipment_id < $1)
  and ($2 = '' or s.country = $2)
  and ($3 = '' or s.customer = $3)
order by s.shipment_id desc
limit $4)sql";

constexpr const char* kLoadItems = R"sql(
select item.unit_id, unit.code, unit.material_id, item.value_minor
from shipment_unit item
join unit on unit.unit_id = item.unit_id
where item.shipment_id = $1
order by unit.code)sql";

constexpr const char* kLoadDocuments = R"sql(
select title, uri, sha256
from shipment_document
where shipment_id = $1
order by ordinal)sql";

constexpr const char* kUpdateDelivered = R"sql(
update shipment
set
  deliver_time = $2::timestamptz,
  delivered_by = $3,
  delivery_evidence = $4
where shipment_id = $1)sql";

constexpr const char* kUpdateCancelled = R"sql(
update shipment
set
  cancel_time = $2::timestamptz,
  cancelled_by = $3,
  cancel_reason = $4
where shipment_id = $1)sql";

constexpr const char* kSumShipped = R"sql(
select s.plant_day - date '1970-01-01', unit.material_id, s.country, s.currency, count(*), sum(item.value_minor)::bigint
from shipment s
join shipment_unit item on item.shipment_id = s.shipment_id
join unit on unit.unit_id = item.unit_id
where s.plant_day >= $1::date
  and s.plant_day < $2::date
  and s.cancel_time is null
  and ($3::integer = 0 or unit.material_id = $3)
group by s.plant_day, unit.material_id, s.country, s.currency
order by s.plant_day, unit.material_id, s.country, s.currency)sql";

Shipment ShipmentIn(const pqxx::row& row) {
  RowReader reader(row);
  Shipment shipment;
  shipment.id = reader.Next<int64_t>();
  shipment.customer = reader.Next<std::string>();
  shipment.country = reader.Next<std::string>();
  shipment.place = reader.Next<std::string>();
  shipment.currency = reader.Next<std::string>();
  shipment.ship_time = reader.Next<domain::Time>();
  shipment.record_time = reader.Next<domain::Time>();
  shipment.person = reader.Next<std::string>();
  shipment.deliver_time = reader.NextOptional<domain::Time>();
  shipment.delivered_by = reader.Next<std::string>();
  shipment.delivery_evidence = reader.Next<std::string>();
  const auto cancel_time = reader.NextOptional<domain::Time>();
  domain::LifeReversal cancelled{cancel_time.value_or(domain::Time()), reader.Next<std::string>(), ""};
  cancelled.reason = reader.Next<std::string>();
  if (cancel_time) shipment.cancelled = std::move(cancelled);
  shipment.units = reader.Next<int64_t>();
  shipment.value_minor = reader.Next<int64_t>();
  return shipment;
}

std::optional<Shipment> Find(Transaction& transaction, const char* statement, int64_t id) {
  const pqxx::result rows = Execute(transaction, statement, id);
  if (rows.empty()) return std::nullopt;
  Shipment shipment = ShipmentIn(rows[0]);
  for (const pqxx::row& row : Execute(transaction, kLoadItems, id)) {
    RowReader reader(row);
    ShipmentItem& item = shipment.items.emplace_back();
    item.unit_id = reader.Next<int64_t>();
    item.unit_code = reader.Next<std::string>();
    item.material_id = reader.Next<int32_t>();
    item.value_minor = reader.Next<int64_t>();
  }
  for (const pqxx::row& row : Execute(transaction, kLoadDocuments, id)) {
    RowReader reader(row);
    ShipmentDocument& document = shipment.documents.emplace_back();
    document.title = reader.Next<std::string>();
    document.uri = reader.Next<std::string>();
    document.sha256 = reader.Next<std::string>();
  }
  return shipment;
}

}  // namespace

void InsertShipment(Transaction& transaction, Shipment& shipment, domain::Day plant_day) {
  const pqxx::result rows =
      Execute(transaction, kInsertShipment, shipment.customer, shipment.country, shipment.place, shipment.currency,
              shipment.ship_time, domain::FormatDay(plant_day), shipment.record_time, shipment.person);
  shipment.id = Get<int64_t>(rows[0][0]);
  Execute(transaction, kInsertItems, shipment.id, ArrayOf(shipment.items, &ShipmentItem::unit_id),
          ArrayOf(shipment.items, &ShipmentItem::value_minor));
  Execute(transaction, kInsertDocuments, shipment.id, ArrayOf(shipment.documents, &ShipmentDocument::title),
          ArrayOf(shipment.documents, &ShipmentDocument::uri), ArrayOf(shipment.documents, &ShipmentDocument::sha256));
}

std::optional<Shipment> LoadShipment(Transaction& transaction, int64_t id) {
  return Find(transaction, kLoadShipment.c_str(), id);
}
std::optional<Shipment> LockShipment(Transaction& transaction, int64_t id) {
  return Find(transaction, kLockShipment.c_str(), id);
}

void UpdateCancelled(Transaction& transaction, const Shipment& shipment) {
  Execute(transaction, kUpdateCancelled, shipment.id, shipment.cancelled->time, shipment.cancelled->person, shipment.cancelled->reason);
}

void UpdateDelivered(Transaction& transaction, const Shipment& shipment) {
  Execute(transaction, kUpdateDelivered, shipment.id, shipment.deliver_time, shipment.delivered_by, shipment.delivery_evidence);
}

std::vector<Shipment> ListShipments(Transaction& transaction, const ShipmentFilter& filter, int limit) {
  std::vector<Shipment> shipments;
  for (const pqxx::row& row :
       Execute(transaction, kListShipments.c_str(), filter.before_id, filter.country, filter.customer, limit)) {
    shipments.push_back(ShipmentIn(row));
  }
  return shipments;
}

std::vector<domain::ShippedSum> SumShipped(Transaction& transaction, domain::Day first, domain::Day end, int32_t material_id) {
  std::vector<domain::ShippedSum> sums;
  for (const pqxx::row& row : Execute(transaction, kSumShipped, domain::FormatDay(first), domain::FormatDay(end), material_id)) {
    RowReader reader(row);
    domain::ShippedSum& sum = sums.emplace_back();
    sum.plant_day = reader.Next<domain::Day>();
    sum.material_id = reader.Next<int32_t>();
    sum.country = reader.Next<std::string>();
    sum.currency = reader.Next<std::string>();
    sum.units = reader.Next<int64_t>();
    sum.value_minor = reader.Next<int64_t>();
  }
  return sums;
}

}  // namespace mes::db
