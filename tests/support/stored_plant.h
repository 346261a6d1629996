// A database with PlantBuilder's plant in it, and a few lines to fill it: for tests of what is kept about units.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "db/product_definition.h"
#include "db/unit.h"
#include "tests/support/cluster.h"
#include "tests/support/plant_builder.h"

namespace mes::tests {

class StoredPlant {
 public:
  StoredPlant() : own_(std::make_unique<TestDatabase>()), database_(*own_) {
    Run([&](db::Transaction& transaction) { db::StorePlant(transaction, PlantBuilder().draft(), kNow); });
    Run([&](db::Transaction& transaction) { plant_ = db::LoadPlant(transaction); });
  }
  // On a database that has a plant already.
  explicit StoredPlant(TestDatabase& database) : database_(database) {
    Run([&](db::Transaction& transaction) { plant_ = db::LoadPlant(transaction); });
  }

  static constexpr domain::Time kNow = domain::Time(domain::Duration(1'790'000'000'123'456));

  TestDatabase& database() { return database_; }
  const domain::Plant& plant() const { return *plant_; }
  int32_t material_id(const char* code) const { return plant_->FindMaterial(code)->id; }

  // Runs `body(transaction)` and commits.
  template <typename Body>
  void Run(const Body& body) {
    database_.pool().Run([&](db::Transaction& transaction) {
      body(transaction);
      return true;
    });
  }

  // Bought units with these codes; their ids, in order.
  std::vector<int64_t> AddUnits(const char* material, const std::vector<std::string>& codes) {
    std::vector<int64_t> ids;
    Run([&](db::Transaction& transaction) {
      ids = db::TakeUnitIds(transaction, codes.size());
      std::vector<domain::Unit> units;
      for (size_t i = 0; i < codes.size(); ++i) {
        domain::Unit& unit = units.emplace_back();
        unit.id = ids[i];
        unit.code = codes[i];
        unit.material_id = material_id(material);
        unit.status = domain::UnitStatus::kFinished;
        unit.create_time = kNow;
      }
      db::InsertUnits(transaction, units);
    });
    return ids;
  }
  int64_t AddUnit(const char* material, const std::string& code) { return AddUnits(material, {code})[0]; }
  // A bought lot with an amount in millionths.
  int64_t AddLot(const char* material, const std::string& code, int64_t quantity_micro) {
    const int64_t id = AddUnit(material, code);
    const std::string amount = std::to_string(quantity_micro);
    database_.Query("update unit set tracking = 2 where unit_id = " + std::to_string(id) +
                    "; insert into lot (unit_id, quantity_micro, left_micro, manufacture_time) values (" + std::to_string(id) +
                    ", " + amount + ", " + amount + ", '2026-11-01')");
    return id;
  }
  void Install(int64_t parent, int64_t child, int line, int slot, const std::string& time = "2026-11-02") {
    database_.Query(
        "insert into assembly (parent_id, child_id, line, slot, install_time, install_record_time, install_station, "
        "install_epoch, "
        "install_sequence) values (" +
        std::to_string(parent) + ", " + std::to_string(child) + ", " + std::to_string(line) + ", " + std::to_string(slot) +
        ", '" + time + "', '" + time + "', 1, 1, 7)");
  }
  void Remove(int64_t child, const std::string& time = "2026-11-03") {
    database_.Query("update assembly set remove_time = '" + time + "', remove_record_time = '" + time +
                    "', remove_station = 1, remove_epoch = 1, remove_sequence = 8 where child_id = " + std::to_string(child) +
                    " and remove_time is null");
  }
  void Consume(int64_t lot, int64_t consumer, int64_t quantity_micro = 1, const std::string& time = "2026-11-02") {
    database_.Query(
        "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, "
        "epoch, "
        "operation, line, kind) values (" +
        std::to_string(lot) + ", " + std::to_string(consumer) + ", " + std::to_string(quantity_micro) + ", '" + time + "', '" +
        time + "', 9, 1, 1, 10, 1, 1)");
  }

  // A stored event of a unit at station 1, recorded `sequence` seconds after kNow; `more`: other columns, `flags = 4, return_to = 20`.
  void AddEvent(int64_t unit, int sequence, domain::EventKind kind, int operation, const std::string& more = "") {
    const std::string number = std::to_string(sequence);
    const std::string time = "timestamptz '" + domain::FormatTime(kNow + std::chrono::seconds(sequence)) + "'";
    database_.Query("create table if not exists station_event_of_tests partition of station_event default");
    database_.Query(
        "insert into station_event (occur_time, record_time, unit_id, sequence, digest, station_id, epoch, operation, kind, judgement, "
        "station_judgement, purpose, return_to, flags) values (" +
        time + " - interval '1 second', " + time + ", " + std::to_string(unit) + ", " + number + ", 0, 1, 1, " +
        std::to_string(operation) + ", " + std::to_string(static_cast<int>(kind)) + ", 0, 0, 0, 0, 0)");
    if (!more.empty()) database_.Query("update station_event set " + more + " where sequence = " + number);
  }

 private:
  std::unique_ptr<TestDatabase> own_;
  TestDatabase& database_;
  std::shared_ptr<const domain::Plant> plant_;
};

}  // namespace mes::tests
