// What is made and how (ISA-95: product definition, operations definition): materials, revisions with BOM, routing, characteristics,
// time windows; and the plant's lines and stations. A released revision never changes, so servers keep the whole Plant in memory and
// only look whether its version moved.
//
// The same structs serve the loading (ids are 0, codes count) and the running service (db/product_definition fills the ids).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/process_rule.h"
#include "domain/failure_code.h"
#include "domain/quantity.h"
#include "domain/time.h"

namespace mes::domain {

// How an item is identified. Values are those of mes.v1.Tracking and of the database.
enum class Tracking : int16_t { kSerial = 1, kLot = 2, kNone = 3 };

// A material definition, made or bought.
struct Material {
  int32_t id = 0;
  std::string code;
  std::string name;
  std::string name_zh;
  std::string uom;
  Tracking tracking = Tracking::kSerial;
  // True: has a routing and is made here.
  bool made = false;
  // 0 = no limit.
  int32_t shelf_life_days = 0;
  // Everything else that the plant's files say of it, as a JSON object.
  std::string properties_json = "{}";
};

// How often a characteristic is measured; only kEveryUnit must come with each passing completion.
enum class Sampling : int16_t { kEveryUnit = 1, kPerLot, kPerCycle, kPerShift, kPerInterval, kOneInN, kInlineStream };
// `every_unit` and so on, as in the plant's files; empty for an unknown value.
std::string_view NameOf(Sampling sampling);
std::optional<Sampling> ParseSampling(std::string_view name);

// CC critical, SC significant, std.
enum class CharacteristicClass : int16_t { kStandard = 1, kSignificant, kCritical };
std::string_view NameOf(CharacteristicClass characteristic_class);
std::optional<CharacteristicClass> ParseCharacteristicClass(std::string_view name);

struct Characteristic {
  std::string code;
  std::string name;
  std::string unit;
  double nominal = 0;
  // A value equal to a limit is in order.
  std::optional<double> lower_limit;
  std::optional<double> upper_limit;
  Sampling sampling = Sampling::kEveryUnit;
  int32_t sampling_n = 1;
  CharacteristicClass characteristic_class = CharacteristicClass::kStandard;
  // Values per unit; a report gives exactly so many.
  int32_t replicates = 1;
  // Where its values begin in a stored event's array: the sum of the replicates before it. Filled by Index().
  int32_t first_value = 0;

  bool InLimits(double value) const {
    return (!lower_limit || value >= *lower_limit) && (!upper_limit || value <= *upper_limit);
  }
};

// The interlocks that guard an operation, one bit each.
enum class Interlock : int16_t {
  kRouteSeq, kNotBlocked, kRecipeMatch, kMaterialValid, kRetestLimit, kReworkLimit, kCalTester, kCalTorque, kScaleCal, kLeakRef,
  kGolden, kToolLife, kPotLife, kTimeWindow, kGroupMatch, kUniqueSn, kOperatorHv, kOperatorH2, kH2Safety, kEnvDryroom, kEnvRh, kEsd,
  kBoltCount, kSwVersion, kVariantMatch, kReleasedChild, kStackSource, kGenealogyComplete, kPgmCustody
};
std::string_view NameOf(Interlock interlock);
std::optional<Interlock> ParseInterlock(std::string_view name);

// Which identity a passing completion must assign.
enum class NewIdentity : int16_t { kNone = 1, kPlant, kGbt34014 };
std::string_view NameOf(NewIdentity identity);
std::optional<NewIdentity> ParseNewIdentity(std::string_view name);

// One step of a routing (ISA-95: operations segment).
struct Operation {
  int16_t number = 0;
  std::string code;
  std::string name;
  std::string name_zh;
  // production, quality or inventory.
  std::string operation_type;
  // Equipment class of the stations that can do it.
  std::string station_class;
  bool mandatory = true;
  // The operation that this one may stand in for; 0 = none.
  int16_t alternate_of = 0;
  int64_t cycle_ms = 0;
  double units_per_cycle = 1;
  int32_t stations_per_line = 1;
  double first_pass_yield = 1;
  double scrap_rate = 0;
  int16_t max_retests = 0;
  // Where a failed unit goes back to; 0 = no rework.
  int16_t rework_to = 0;
  int16_t max_reworks = 0;
  // In the plant's order.
  std::vector<Interlock> interlocks;
  std::vector<std::string> line_stops;
  NewIdentity new_identity = NewIdentity::kNone;
  std::string recipe_checksum;
  // Empty = none is checked.
  std::string software_version;
  // Tightenings in order that a passing completion needs (BOLT_COUNT); they are the values of `tightening_characteristic`.
  int32_t tightenings = 0;
  int16_t tightening_characteristic = -1;  // index; filled by Index()
  std::vector<Characteristic> characteristics;
  // Texts and energies for later chapters, as a JSON object.
  std::string properties_json = "{}";

  bool Guards(Interlock interlock) const;
  // Values in a stored event's array: the sum of all replicates.
  int32_t ValueCount() const;
  // The index of a characteristic; -1 = unknown.
  int16_t CharacteristicIndex(std::string_view characteristic_code) const;
};

enum class WindowEvent : int16_t { kStart = 1, kComplete, kQueue, kMaterialOpen, kMaterialAge, kConsumed };
std::string_view NameOf(WindowEvent event);
std::optional<WindowEvent> ParseWindowEvent(std::string_view name);

enum class LateAction : int16_t { kRefuse = 1, kFlag, kRepeat };
std::string_view NameOf(LateAction action);
std::optional<LateAction> ParseLateAction(std::string_view name);

// A limit on the time between two moments of one unit's route (SegmentDependency). Clocks run on event time and never stop.
struct TimeWindow {
  std::string id;
  int16_t from_operation = 0;
  WindowEvent from_event = WindowEvent::kComplete;
  int16_t to_operation = 0;
  WindowEvent to_event = WindowEvent::kStart;
  std::optional<int64_t> min_seconds;
  std::optional<int64_t> max_seconds;
  // Being early is always refused.
  LateAction late_action = LateAction::kRefuse;
  int16_t repeat_from = 0;
  int16_t repeat_max = 0;
  std::string on_violation;
  std::string reason;
};

// One line of a bill of materials, for one unit of the product.
struct BomLine {
  // From 1.
  int16_t line = 0;
  std::string material_code;
  int32_t material_id = 0;
  Tracking tracking = Tracking::kSerial;
  // The material's unit of measure.
  std::string uom;
  int64_t quantity_micro = 0;
  // The operation that consumes it. A material consumed at two operations is two lines.
  int16_t operation = 0;
  std::vector<std::string> alternate_codes;
  std::vector<int32_t> alternate_ids;

  // Slots of a serial line.
  int32_t Slots() const { return static_cast<int32_t>(quantity_micro / kMicro); }
  bool Accepts(int32_t id) const;
};

// One revision of a product: immutable once released.
struct ProductRevision {
  int32_t id = 0;
  int32_t material_id = 0;
  std::string product_code;
  int32_t revision = 0;
  Time release_time{};
  // SHA-256 of the canonical content, hexadecimal.
  std::string digest;
  std::vector<BomLine> bom;            // by line
  std::vector<Operation> operations;   // by number; the position in here is the operation's index, at most 62
  std::vector<TimeWindow> windows;     // the position in here is the window's ordinal, at most 32

  // Fills what is derived (value offsets, masks). Call once after the vectors are complete.
  void Index();
  // The index of an operation number; -1 = not on this route.
  int16_t OperationIndex(int16_t number) const;
  const BomLine* FindLine(int16_t line) const;
  // The line of this operation that takes this material, or the line of any operation when `operation` is 0.
  const BomLine* LineFor(int32_t material_id, int16_t operation) const;
  // Bits of the operations that must be passed before an item is finished.
  uint64_t MandatoryMask() const { return mandatory_mask_; }
  // Bits of the lot lines (bit = line) that GENEALOGY_COMPLETE wants seen, and slots of all serial lines.
  uint64_t LotLinesMask() const { return lot_lines_mask_; }
  int32_t SerialSlots() const { return serial_slots_; }

 private:
  uint64_t mandatory_mask_ = 0;
  uint64_t lot_lines_mask_ = 0;
  int32_t serial_slots_ = 0;
};

struct Line {
  int32_t id = 0;
  std::string code;
  int32_t material_id = 0;
  std::string product_code;
};

struct Station {
  int32_t id = 0;
  // LINE.OPERATION.NUMBER, for example `PACK-TRK-70.1.PEOL.3`.
  std::string code;
  int32_t line_id = 0;
  std::string line_code;
  std::string station_class;
  int32_t material_id = 0;
  std::string product_code;
  std::vector<int16_t> operations;

  bool Does(int16_t operation) const;
};

// Everything that is defined, at one version. Immutable: shared between threads as shared_ptr<const Plant>.
struct Plant {
  int64_t version = 0;
  std::vector<Material> materials;
  std::vector<ProductRevision> revisions;
  std::vector<Station> stations;
  // Those in force, by code.
  std::vector<ProcessRule> rules;
  FailureCodes failure_codes;

  // Builds the maps below. Call once after the vectors are complete.
  void Index();
  const Material* FindMaterial(std::string_view code) const;
  const Material* FindMaterial(int32_t id) const;
  const ProductRevision* FindRevision(int32_t id) const;
  // The newest released revision of a product; null for bought material.
  const ProductRevision* NewestRevision(int32_t material_id) const;
  const ProductRevision* FindRevision(int32_t material_id, int32_t revision) const;
  const Station* FindStation(std::string_view code) const;
  const Station* FindStation(int32_t id) const;

 private:
  std::unordered_map<std::string, size_t> material_by_code_;
  std::unordered_map<int32_t, size_t> material_by_id_;
  std::unordered_map<int32_t, size_t> revision_by_id_;
  std::unordered_map<int32_t, size_t> newest_by_material_;
  std::unordered_map<std::string, size_t> station_by_code_;
  std::unordered_map<int32_t, size_t> station_by_id_;
};

// A fault of a plant's files: where, and what would be right.
struct PlantFault {
  std::string file;
  // JSON pointer (RFC 6901).
  std::string path;
  std::string problem;
};

// A plant as its files say it, before it is stored: ids are 0, codes count. A fault names its place by position: product `p`'s routing
// is file `routings/<code>.json`, its BOM `boms/<code>.json`, materials are in `families.json` (made) or `materials.json` (bought). The
// lines of a product's BOM come from what its operations consume: by operation, then in the order of its `consumes`, counted from 1.
struct PlantDraft {
  std::vector<Material> materials;
  std::vector<ProductRevision> products;
  // Lines per product code, from `capacities.json`; 1 where it is silent.
  std::unordered_map<std::string, int32_t> lines;
  // What a product's BOM file says in all, per product code: held against what the routing consumes.
  struct Component {
    std::string material_code;
    int64_t quantity_micro = 0;
    std::string uom;
    Tracking tracking = Tracking::kSerial;
    std::vector<std::string> alternate_codes;
  };
  std::unordered_map<std::string, std::vector<Component>> components;
  // Line stops that act by themselves, by code; the others are texts only.
  std::vector<ProcessRule> process_rules;
  // Rule texts by (kind, code): `interlock`, `line_stop`, ...; definition as JSON.
  struct Rule {
    std::string kind;
    std::string code;
    std::string definition_json;
  };
  std::vector<Rule> rules;
};

// Everything wrong with a draft as a whole: unknown materials, BOM against routing, windows, limits, cycles, bounds. Empty = good.
std::vector<PlantFault> CheckPlant(const PlantDraft& draft);
// What a draft may not change of a plant that is there: the unit of measure and tracking of a material that lots and units may have.
std::vector<PlantFault> CheckPlantChange(const PlantDraft& draft, const Plant& plant);
// The canonical text of a revision's content, whose SHA-256 is the digest: equal content gives equal text, whatever the files' layout.
std::string CanonicalText(const ProductRevision& revision);
// The same of one operation: what the recipe checksum is made from where the plant's files give none.
std::string CanonicalText(const Operation& operation);
// Codes that the plant's lines and stations have: `PACK-TRK-70.1` and `PACK-TRK-70.1.PEOL.3`.
std::string LineCode(std::string_view product_code, int32_t line);
std::string StationCode(std::string_view line_code, std::string_view operation_code, int32_t number);

}  // namespace mes::domain
