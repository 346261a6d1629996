#include "tests/bench/floor.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "db/product_definition.h"
#include "domain/station_condition.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/plant_files.h"
#include "tests/bench/station_stream.h"
#include "tests/support/plant_folder.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

// Plates cure for at least four hours before the last operation: stations before it report what happened five hours ago.
constexpr int64_t kShift = 5 * 3'600;
constexpr int64_t kShiftLast = 1'200;
constexpr double kWarmUp = 1.0;

void Want(const grpc::Status& status, const std::string& what) {
  if (!status.ok()) throw std::runtime_error(what + ": " + status.error_message());
}

void MakeOrder(const std::shared_ptr<grpc::Channel>& channel, const std::string& code) {
  const auto stub = v1::WorkOrderService::NewStub(channel);
  v1::CreateWorkOrderRequest create;
  create.set_request_id("create " + code);
  create.set_work_order_code(code);
  create.set_product_code(kProduct);
  create.mutable_quantity()->set_value("100000000");
  create.mutable_quantity()->set_uom("pc");
  v1::CreateWorkOrderResponse created;
  Want(tests::CallOnce(*stub, &v1::WorkOrderService::Stub::CreateWorkOrder, create, &created), "order " + code);
  v1::TransitionWorkOrderRequest release;
  release.set_request_id("release " + code);
  release.set_work_order_code(code);
  release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
  v1::TransitionWorkOrderResponse released;
  Want(tests::CallOnce(*stub, &v1::WorkOrderService::Stub::TransitionWorkOrder, release, &released), "order " + code);
}

}  // namespace

domain::PlantDraft BenchPlant() {
  const tests::PlantFolder folder = tests::ReadReferencePlant();
  std::vector<services::PlantText> files;
  for (const auto& [path, content] : folder) files.push_back({path, content});
  services::PlantReading reading = services::ReadPlant(files);
  if (!reading.faults.empty()) throw std::runtime_error("the reference plant has faults");
  reading.draft.lines[kProduct] = kLines;
  return reading.draft;
}

Floor::Floor(tests::TestDatabase& database, const std::shared_ptr<grpc::Channel>& channel, int epoch)
    : epoch_(epoch), stub_(v1::StationEventService::NewStub(channel)), units_begun_(kLines) {
  database.pool().Read([&](db::Transaction& transaction) { plant_ = db::LoadPlant(transaction); });
  const domain::ProductRevision* product = plant_->NewestRevision(plant_->FindMaterial(kProduct)->id);
  std::string lots;
  for (int line = 0; line < kLines; ++line) {
    MakeOrder(channel, fmt::format("BENCH-{}-{}", epoch_, line + 1));
    for (const domain::Operation& operation : product->operations) {
      BenchStation& station = stations_.emplace_back();
      station.code = domain::StationCode(domain::LineCode(kProduct, line + 1), operation.code, 1);
      station.operation = &operation;
      station.line = line;
      const bool last = &operation == &product->operations.back();
      station.next = last ? -1 : static_cast<int>(stations_.size());
      station.shift_seconds = last ? kShiftLast : kShift;
      for (const domain::BomLine& used : product->bom) {
        if (used.operation != operation.number) continue;
        station.lot = fmt::format("LOT-{}-{}-{}", epoch_, line + 1, operation.code);
        station.lot_quantity =
            fmt::format("{}.{:06d}", used.quantity_micro / domain::kMicro, used.quantity_micro % domain::kMicro);
        station.lot_uom = used.uom;
        lots += fmt::format("{}('{}', {})", lots.empty() ? "" : ", ", station.lot, used.material_id);
      }
    }
  }
  database.Query(
      fmt::format("with made as (insert into unit (unit_id, code, material_id, state, tracking, create_time) "
                  "select first.id + row_number() over (), lots.code, lots.material_id, 2, 2, now() - interval '2 days' "
                  "from (select nextval('unit_id_seq') as id) first, (values {}) lots (code, material_id) returning unit_id) "
                  "insert into lot (unit_id, quantity_micro, left_micro, manufacture_time) "
                  "select unit_id, 1000000000000000, 1000000000000000, now() - interval '2 days' from made",
                  lots));
  ReportConditions(channel);
}

Floor::~Floor() = default;

void Floor::ReportConditions(const std::shared_ptr<grpc::Channel>& channel) {
  const int64_t now = time(nullptr);
  const auto events = v1::StationEventService::NewStub(channel);
  for (BenchStation& station : stations_) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(station.code);
    request.set_epoch(epoch_);
    for (int kind = 1; kind < v1::ConditionKind_ARRAYSIZE; ++kind) {
      const domain::ConditionRule& rule = domain::RuleOf(static_cast<domain::ConditionKind>(kind));
      if (!station.operation->Guards(rule.interlock)) continue;
      v1::StationEvent& event = *request.add_events();
      event.set_sequence(++station.sequence);
      event.mutable_occur_time()->set_seconds(now - station.shift_seconds - 60);
      v1::StationCondition& condition = *event.mutable_condition();
      condition.set_kind(static_cast<v1::ConditionKind>(kind));
      condition.set_in_order(true);
      condition.mutable_expire_time()->set_seconds(now + 86'400);
      (*condition.mutable_readings())["uses"] = 1;
      (*condition.mutable_readings())["uses_limit"] = 1e9;
    }
    if (request.events_size() == 0) continue;
    v1::RecordStationEventsResponse response;
    Want(tests::CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, request, &response),
         "conditions of " + station.code);
    for (const v1::EventVerdict& verdict : response.verdicts()) {
      if (verdict.outcome() != v1::EVENT_OUTCOME_RECORDED) throw std::runtime_error("conditions: " + verdict.ShortDebugString());
    }
  }
}

std::string Floor::UnitCode(const BenchStation& station, uint32_t unit) const {
  return fmt::format("PLATE-{}-{}-{:07d}", epoch_, station.line + 1, unit);
}

bool Floor::Next(BenchStation& station, v1::StationEvent& event) {
  if (station.unit == 0) {
    const bool first = station.operation->number == 10;
    if (!first && station.ready.empty()) return false;
    station.unit = first ? ++units_begun_[static_cast<size_t>(station.line)] : station.ready.front();
    if (!first) station.ready.pop_front();
    station.step = 0;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  event.set_sequence(++station.sequence);
  event.mutable_occur_time()->set_seconds(micros / 1'000'000 - station.shift_seconds);
  event.mutable_occur_time()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
  event.set_unit_code(UnitCode(station, station.unit));
  if (station.step == 0) {
    v1::Started& started = *event.mutable_started();
    started.set_recipe_checksum(station.operation->recipe_checksum);
    started.set_software_version(station.operation->software_version);
    if (station.operation->number == 10) started.set_work_order_code(fmt::format("BENCH-{}-{}", epoch_, station.line + 1));
    if (!station.lot.empty()) started.add_material_codes(station.lot);
    station.step = station.lot.empty() ? 2 : 1;
  } else if (station.step == 1) {
    event.mutable_consumed()->set_lot_code(station.lot);
    event.mutable_consumed()->mutable_quantity()->set_value(station.lot_quantity);
    event.mutable_consumed()->mutable_quantity()->set_uom(station.lot_uom);
    station.step = 2;
  } else {
    v1::Completed& completed = *event.mutable_completed();
    completed.set_judgement(v1::JUDGEMENT_PASS);
    for (const domain::Characteristic& characteristic : station.operation->characteristics) {
      v1::MeasuredValues& values = *completed.add_values();
      values.set_characteristic_code(characteristic.code);
      for (int i = 0; i < characteristic.replicates; ++i) values.add_values(characteristic.nominal);
    }
    station.unit = 0;
  }
  return true;
}

const BenchStation& Floor::StationOf(int16_t operation) const {
  for (const BenchStation& station : stations_) {
    if (station.operation->number == operation) return station;
  }
  throw std::invalid_argument("no such operation");
}

void Floor::ThrowIfFailed() {
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) throw std::runtime_error(failure_);
}

void Floor::OpenStreams(bool paced, int window) {
  streams_.clear();
  for (size_t i = 0; i < stations_.size(); ++i) streams_.push_back(std::make_unique<StationStream>(*this, i, paced, window));
  for (const auto& stream : streams_) stream->Begin(*stub_);
}

void Floor::CloseStreams() {
  for (const auto& stream : streams_) stream->Stop();
  for (const auto& stream : streams_) stream->Wait();
  streams_.clear();
  ThrowIfFailed();
}

double Floor::Saturate(double seconds, int window) {
  OpenStreams(false, window);
  const auto wait = [this](double time) {
    for (const auto begin = Clock::now(); SecondsSince(begin) < time;) {
      ThrowIfFailed();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  };
  wait(std::min(kWarmUp, seconds));
  const int64_t before = recorded_;
  const auto begin = Clock::now();
  wait(seconds);
  const double rate = static_cast<double>(recorded_ - before) / SecondsSince(begin);
  CloseStreams();
  return rate;
}

Floor::Paced Floor::Pace(double rate, double seconds) {
  const auto begin = Clock::now();
  const double whole = std::min(kWarmUp, seconds) + seconds;
  return PaceUntil(rate, [&] { return SecondsSince(begin) >= whole; });
}

Floor::Paced Floor::PaceUntil(double rate, const std::function<bool()>& stop) {
  OpenStreams(true, 0);
  latencies_.clear();
  const auto begin = Clock::now();
  const auto moment = [&](int64_t slot) {
    return begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(slot) / rate));
  };
  size_t turn = 0;
  auto wake = begin;
  int64_t begin_count = recorded_;
  Clock::time_point counted_from = begin;
  bool warm = false;
  for (int64_t slot = 0; !stop();) {
    // Waking up oftener would cost the server more than it tells.
    wake = std::max(moment(slot), wake + std::chrono::microseconds(250));
    std::this_thread::sleep_until(wake);
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) break;
    const auto now = Clock::now();
    if (!warm && now - begin > std::chrono::duration<double>(kWarmUp)) {
      warm = true;
      latencies_.clear();
      begin_count = recorded_;
      counted_from = now;
    }
    while (moment(slot) <= now) {
      // The next station in turn that has something to say; first stations always have, unless the server is far behind.
      const size_t last = turn + streams_.size();
      while (turn < last && !streams_[turn % streams_.size()]->Offer(moment(slot))) ++turn;
      if (turn == last) break;
      ++turn;
      ++slot;
    }
    for (const auto& stream : streams_) stream->Flush();
  }
  Paced paced;
  paced.taken_per_s = static_cast<double>(recorded_ - begin_count) / SecondsSince(counted_from);
  CloseStreams();
  paced.latencies = std::move(latencies_);
  return paced;
}

}  // namespace mes::bench
