// The plant as the simulator needs it: what ListProducts, GetProduct and ListStations answer, with names turned into indices.
// Items are made products and bought materials alike; an operation knows the stations that do it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mes/v1/product_definition.pb.h"
#include "mes/v1/station.pb.h"

namespace mes::mesctl::simulate {

inline constexpr int64_t kMicro = 1'000'000;
inline constexpr int64_t kSecond = 1'000'000;  // times are microseconds since 1970-01-01 UTC
inline constexpr int64_t kHour = 3'600 * kSecond;
inline constexpr int64_t kDay = 24 * kHour;

struct Characteristic {
  std::string code;
  double nominal = 0;
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
  // Scatter of good values, and the step that they are rounded to; 0 = a count or yes/no, always the nominal.
  double sigma = 0;
  double step = 0;
  bool every_unit = false;
  int replicates = 1;
};

struct BomLine {
  int number = 0;
  int item = 0;
  int64_t quantity_micro = 0;
  int Slots() const { return static_cast<int>(quantity_micro / kMicro); }
};

enum class Moment : uint8_t { kStart, kComplete, kQueue, kMaterialOpen, kMaterialAge, kConsumed };

// Times are microseconds; 0 = none.
struct Window {
  int from = 0;  // operation index
  Moment from_moment = Moment::kComplete;
  int to = 0;
  Moment to_moment = Moment::kStart;
  int64_t min = 0;
  int64_t max = 0;
  // Being late is accepted and marked.
  bool only_flags = false;
};

struct Operation {
  int number = 0;
  std::string code;
  int64_t cycle = 0;
  double units_per_cycle = 1;
  // Many units at once, in a carrier.
  bool batch = false;
  int capacity = 1;
  // A station does one run at a time; long batch operations stand for many chambers.
  bool exclusive = true;
  double first_pass_yield = 1;
  double scrap_rate = 0;
  int max_retests = 0;
  int rework_to = -1;
  int max_reworks = 0;
  bool quality = false;
  bool assigns_identity = false;
  bool gbt34014 = false;
  bool checks_variant = false;
  bool names_materials = false;  // a window of the material's age is read at start
  bool personal = false;
  bool tightens = false;
  std::string recipe_checksum;
  std::string software_version;
  std::vector<v1::ConditionKind> conditions;
  std::vector<Characteristic> characteristics;
  std::vector<BomLine> lines;  // what it uses, lots and units
  std::vector<int> stations;
  bool HasEveryUnitValue() const;
};

struct Item {
  std::string code;
  std::string uom;
  v1::Tracking tracking = v1::TRACKING_SERIAL;
  bool made = false;
  uint64_t hash = 0;
  std::vector<Operation> operations;
  std::vector<Window> windows;
  bool IsLot() const { return tracking == v1::TRACKING_LOT; }
  // The operation before which a mother roll is cut into reels; -1 = never.
  int split_before = -1;
  // Components of one parent share a grade, so the last operation sorts; group = slots of the parent's line; 0 = not sorted.
  int group = 0;
  // Time between two starts that the busiest operation bears.
  int64_t takt = 0;
  // The sum of the cycles: how long one takes at least.
  int64_t lead_time = 0;
  // A lot's usual quantity.
  int64_t batch_micro = 0;
};

struct PlantStation {
  std::string code;
  int item = 0;
  // Stations of one line share a number.
  int line = 0;
};

struct Model {
  std::vector<Item> items;
  std::vector<PlantStation> stations;
  std::unordered_map<std::string, int> item_by_code;
  std::unordered_map<std::string, int> station_by_code;

  int ItemOf(std::string_view code) const;
  // -1 = unknown.
  int FindItem(std::string_view code) const;
  // The bought material that the run's own lot is of: received first of all, and used for nothing.
  const Item& RunLotItem() const;
};

// How long a report of a condition may be good for, as the server cuts it (README, table of conditions).
int64_t LongestValidity(v1::ConditionKind kind);
bool IsPersonal(v1::ConditionKind kind);

// Builds a model. Each operation gets at most `stations_per_operation` stations. Throws std::runtime_error for a plant that
// cannot run (an operation without stations).
Model BuildModel(const std::vector<v1::Material>& materials, const std::vector<v1::ProductDefinition>& products,
                 const std::vector<v1::Station>& stations, int stations_per_operation);

// `4.347`: a decimal without exponent.
std::string DecimalOf(int64_t micro);
// Reads what the server writes; throws std::runtime_error for what it never writes.
int64_t MicroOf(const std::string& decimal);

}  // namespace mes::mesctl::simulate
