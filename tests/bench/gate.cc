#include "tests/bench/gate.h"

#include <stdexcept>

#include <fmt/format.h>

#include "tests/support/server.h"

namespace mes::bench {

void LoadUnits(tests::TestDatabase& database, int64_t count) {
  database.Query(fmt::format(
      "insert into unit (unit_id, code, material_id, revision_id, work_order_id, state, tracking, passed, attempted, lot_lines, "
      "create_time, finish_time) "
      "select base.id + i, 'OLD-' || to_char(i, 'FM00000000'), o.material_id, o.revision_id, o.work_order_id, "
      "case when i % 10 = 0 then 1 else 2 end, 1, case when i % 10 = 0 then 1 else 511 end, case when i % 10 = 0 then 1 else 511 end, "
      "case when i % 10 = 0 then 2 else 62 end, now() - interval '1 day', case when i % 10 = 0 then null else now() end "
      "from work_order o, (select nextval('unit_id_seq') as id) base, generate_series(1, {}) i where o.code = 'BENCH-1-1'",
      count));
  database.Query("select setval('unit_id_seq', (select max(unit_id) from unit) + 4096)");
  database.Query("analyze");
  database.Query("checkpoint");
}

Gate::Gate(const Floor& floor, const std::shared_ptr<grpc::Channel>& channel, int64_t units, uint32_t seed)
    : station_(floor.StationOf(20)),
      stub_(v1::StationService::NewStub(channel)),
      health_(grpc::health::v1::Health::NewStub(channel)),
      random_(seed),
      waiting_(1, units / 10) {}

void Gate::Ask() {
  v1::CanStartRequest request;
  request.set_request_id("bench");
  request.set_station_code(station_.code);
  request.set_unit_code(fmt::format("OLD-{:08d}", waiting_(random_) * 10));
  request.mutable_occur_time()->set_seconds(time(nullptr) - station_.shift_seconds);
  request.mutable_start()->set_recipe_checksum(station_.operation->recipe_checksum);
  request.mutable_start()->add_material_codes(station_.lot);
  v1::CanStartResponse response;
  const grpc::Status status = tests::CallOnce(*stub_, &v1::StationService::Stub::CanStart, request, &response);
  if (!status.ok()) throw std::runtime_error("CanStart: " + status.error_message());
  if (!response.go()) throw std::runtime_error("CanStart: " + response.ShortDebugString());
}

void Gate::Echo() {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse response;
  if (!health_->Check(&context, {}, &response).ok()) throw std::runtime_error("the health check failed");
}

}  // namespace mes::bench
