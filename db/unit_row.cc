#include "db/unit_row.h"

#include "db/array.h"

namespace mes::db {
namespace {

// 2^56 microseconds reach to the year 4253.
constexpr int kClockShift = 56;
constexpr int64_t kClockMask = (int64_t{1} << kClockShift) - 1;

std::vector<domain::WindowClock> ReadClocks(std::string_view literal) {
  std::vector<domain::WindowClock> clocks;
  if (literal == "{}") return clocks;
  for (const int64_t packed : IntegersIn(literal)) {
    clocks.push_back({static_cast<int16_t>(packed >> kClockShift), domain::FromMicros(packed & kClockMask)});
  }
  return clocks;
}

std::vector<domain::RunCounter> ReadCounters(std::string_view literal) {
  std::vector<domain::RunCounter> counters;
  if (literal == "{}") return counters;
  for (const int64_t packed : IntegersIn(literal)) {
    counters.push_back(
        {static_cast<int16_t>(packed >> 16), static_cast<int16_t>(packed >> 8 & 0xff), static_cast<int16_t>(packed & 0xff)});
  }
  return counters;
}

void ReadFailure(std::string_view literal, domain::Unit& unit) {
  if (literal.empty()) return;
  const std::vector<std::string> parts = TextsIn(literal);
  unit.failure_code = parts.at(0);
  unit.disposition = static_cast<domain::FailureDisposition>(std::stoi(parts.at(1)));
  for (size_t i = 2; i + 1 < parts.size(); i += 2) unit.repairs.push_back({parts[i], static_cast<int16_t>(std::stoi(parts[i + 1]))});
}

}  // namespace

std::optional<std::string> FailureLiteral(const domain::Unit& unit) {
  if (unit.failure_code.empty() && unit.repairs.empty()) return std::nullopt;
  std::vector<std::string> parts = {unit.failure_code, std::to_string(static_cast<int>(unit.disposition))};
  for (const domain::CodeRepairs& repairs : unit.repairs) {
    parts.push_back(repairs.code);
    parts.push_back(std::to_string(repairs.count));
  }
  return ArrayOf(parts);
}

std::string ClocksLiteral(const std::vector<domain::WindowClock>& clocks) {
  std::vector<int64_t> packed;
  for (const domain::WindowClock& clock : clocks) {
    packed.push_back((int64_t{clock.window} << kClockShift) | (domain::ToMicros(clock.since) & kClockMask));
  }
  return ArrayOf(packed);
}

std::string CountersLiteral(const std::vector<domain::RunCounter>& counters) {
  std::vector<int64_t> packed;
  for (const domain::RunCounter& counter : counters) {
    packed.push_back(int64_t{counter.index} << 16 | int64_t{counter.retests} << 8 | int64_t{counter.reworks});
  }
  return ArrayOf(packed);
}

domain::UnitEntry ReadUnit(const pqxx::row& row) {
  RowReader reader(row);
  domain::UnitEntry entry;
  domain::Unit& unit = entry.unit;
  unit.id = reader.Next<int64_t>();
  unit.code = reader.Next<std::string>();
  unit.material_id = reader.Next<int32_t>();
  unit.revision_id = reader.NextOr<int32_t>(0);
  unit.work_order_id = reader.NextOr<int32_t>(0);
  unit.tracking = reader.Next<domain::Tracking>();
  unit.status = reader.Next<domain::UnitStatus>();
  unit.passed = static_cast<uint64_t>(reader.Next<int64_t>());
  unit.attempted = static_cast<uint64_t>(reader.Next<int64_t>());
  unit.lot_lines = static_cast<uint64_t>(reader.Next<int64_t>());
  unit.running_operation = reader.Next<int16_t>();
  unit.run_purpose = reader.Next<domain::RunPurpose>();
  unit.running_station = reader.NextOr<int32_t>(0);
  unit.running_since = reader.NextOr<domain::Time>(domain::Time{});
  unit.run_measured = static_cast<uint64_t>(reader.Next<int64_t>());
  unit.run_tightenings = reader.Next<int16_t>();
  unit.run_out_of_limits = reader.Next<bool>();
  unit.failed_operation = reader.Next<int16_t>();
  unit.unstarted_operation = reader.NextOr<int16_t>(0);
  unit.unstarted_station = reader.NextOr<int32_t>(0);
  unit.clocks = ReadClocks(reader.NextText());
  unit.counters = ReadCounters(reader.NextText());
  unit.grade = reader.Next<std::string>();
  unit.group_grade = reader.Next<std::string>();
  unit.hold_count = reader.Next<int16_t>();
  unit.serial_slots_filled = reader.Next<int16_t>();
  unit.source_proven = reader.Next<bool>();
  unit.use_count = reader.Next<int16_t>();
  unit.parent_id = reader.NextOr<int64_t>(0);
  unit.parent_line = reader.NextOr<int16_t>(0);
  unit.parent_slot = reader.NextOr<int16_t>(0);
  unit.carrier_id = reader.NextOr<int32_t>(0);
  unit.carrier_slot = reader.NextOr<int32_t>(0);
  unit.create_time = reader.Next<domain::Time>();
  unit.finish_time = reader.NextOptional<domain::Time>();
  ReadFailure(reader.NextText(), unit);
  const std::optional<int64_t> quantity = reader.NextOptional<int64_t>();
  if (!quantity) return entry;
  domain::Lot lot;
  lot.quantity_micro = *quantity;
  lot.left_micro = reader.Next<int64_t>();
  lot.expire_time = reader.NextOptional<domain::Time>();
  lot.open_time = reader.NextOptional<domain::Time>();
  lot.floor_life_seconds = reader.Next<int64_t>();
  entry.lot = lot;
  return entry;
}

}  // namespace mes::db
