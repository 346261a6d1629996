#include "services/mesctl/simulate_event.h"

#include <algorithm>
#include <cmath>

#include "services/mesctl/simulate_random.h"

namespace mes::mesctl::simulate {
namespace {

constexpr const char* kGrades[] = {"", "A", "B", "C"};
constexpr int kMaxUnitResults = 20'000;

void SetTime(google::protobuf::Timestamp& timestamp, int64_t micros) {
  timestamp.set_seconds(micros / kMicro);
  timestamp.set_nanos(static_cast<int32_t>(micros % kMicro * 1000));
}

struct Builder {
  const Plan& plan;
  int station;
  const PlannedEvent& planned;
  const Item& item;
  const Operation& operation;

  uint64_t Draw(uint32_t unit, uint16_t run, Topic topic, uint64_t more) const {
    return simulate::Draw({plan.demand.seed, item.hash, plan.units[unit].number, static_cast<uint64_t>(operation.number), run,
                           static_cast<uint64_t>(topic), more});
  }

  // The characteristic that shows the fault: one of those with limits that are measured on each unit; -1 = none.
  int FaultyCharacteristic(uint32_t unit, uint16_t run) const {
    std::vector<int> candidates;
    for (size_t i = 0; i < operation.characteristics.size(); ++i) {
      if (operation.characteristics[i].every_unit) candidates.push_back(static_cast<int>(i));
    }
    if (candidates.empty()) return -1;
    return candidates[Draw(unit, run, Topic::kCause, 1) % candidates.size()];
  }

  bool Reported(const Characteristic& c, Kind kind, bool sampled) const {
    if (kind == Kind::kMeasured) return c.every_unit && c.replicates > 1;
    return c.every_unit ? c.replicates == 1 || planned.flags & kOnCarrier : sampled;
  }

  template <class Message>
  void AddValues(uint32_t unit, uint16_t run, bool fails, bool by_eye, bool sampled, Kind kind, Message& message) const {
    const int faulty = fails && !by_eye ? FaultyCharacteristic(unit, run) : -1;
    for (size_t i = 0; i < operation.characteristics.size(); ++i) {
      const Characteristic& c = operation.characteristics[i];
      if (!Reported(c, kind, sampled)) continue;
      v1::MeasuredValues& values = *message.add_values();
      values.set_characteristic_code(c.code);
      const uint64_t about = Draw(unit, run, Topic::kValue, i);
      const int bad_replicate = static_cast<int>(about % static_cast<uint64_t>(c.replicates));
      for (int r = 0; r < c.replicates; ++r) {
        const bool bad = static_cast<int>(i) == faulty && r == bad_replicate;
        values.add_values(ValueOf(c, Mix(about + static_cast<uint64_t>(r)), bad));
      }
    }
  }

  std::string FailureCode(uint32_t unit, uint16_t run, bool by_eye) const {
    const int faulty = by_eye ? -1 : FaultyCharacteristic(unit, run);
    return (faulty < 0 ? operation.code + "_SEEN" : operation.characteristics[static_cast<size_t>(faulty)].code + "_OUT")
        .substr(0, 32);
  }

  void Start(v1::Started& started) const {
    started.set_recipe_checksum(operation.recipe_checksum);
    started.set_software_version(operation.software_version);
    if (operation.checks_variant) started.set_variant(item.code);
    if ((planned.flags & kCreates) == 0) return;
    const Order& order = plan.orders[planned.object];
    started.set_work_order_code(order.code);
    if (item.IsLot()) {
      started.mutable_quantity()->set_value(DecimalOf(StartedQuantity(planned.subject)));
      started.mutable_quantity()->set_uom(item.uom);
    }
  }

  // The unit's quantity has shrunk since; its first completions tell by how much, so the plan keeps what was started.
  int64_t StartedQuantity(uint32_t unit) const { return plan.units[unit].started_quantity; }

  void Complete(v1::Completed& completed) const {
    if (planned.flags & kOnCarrier) return CompleteCarrier(completed);
    const bool fails = planned.flags & kFails;
    const bool by_eye = planned.flags & kByEye;
    const bool says_fail = fails && !(planned.flags & kStationPasses);
    completed.set_judgement(says_fail ? v1::JUDGEMENT_FAIL : v1::JUDGEMENT_PASS);
    if (says_fail) completed.set_failure_code(FailureCode(planned.subject, planned.run, by_eye));
    AddValues(planned.subject, planned.run, fails, by_eye, planned.flags & kSampled, Kind::kCompleted, completed);
    if (!fails && operation.assigns_identity) completed.set_new_code(plan.UnitCode(planned.subject, planned.stage + 1));
    if (item.IsLot()) {
      if (planned.object != 0) {
        completed.mutable_good_quantity()->set_value(DecimalOf(static_cast<int64_t>(planned.object) * 1000));
        completed.mutable_good_quantity()->set_uom(item.uom);
      }
    } else if (planned.object != 0) {
      completed.set_grade(kGrades[planned.object]);
    }
    if (operation.quality && operation.cycle >= 1'500 * kSecond) AddCurve(completed);
  }

  void AddCurve(v1::Completed& completed) const {
    v1::CurveReference& curve = *completed.add_curves();
    curve.set_name(operation.code);
    curve.set_uri("historian://" + plan.model.stations[static_cast<size_t>(station)].code + "/" +
                  std::to_string(planned.time / kSecond));
    curve.set_points(operation.cycle / kSecond);
    std::string hash;
    for (uint64_t part = 0; part < 4; ++part) {
      char text[20];
      std::snprintf(text, sizeof text, "%016llx",
                    static_cast<unsigned long long>(Draw(planned.subject, planned.run, Topic::kCurve, part)));
      hash += text;
    }
    curve.set_sha256(hash);
  }

  void CompleteCarrier(v1::Completed& completed) const {
    completed.set_judgement(v1::JUDGEMENT_PASS);
    const bool measured = operation.HasEveryUnitValue();
    int32_t slot = 0;
    for (const Carrier::Slot& each : plan.carriers[planned.subject].slots) {
      ++slot;
      if (each.outcome == Outcome::kPass && !measured) continue;  // the judgement above is for it
      if (slot > kMaxUnitResults) break;
      v1::UnitResult& result = *completed.add_unit_results();
      result.set_slot(slot);
      if (each.outcome == Outcome::kMissing) continue;
      const bool fails = each.outcome == Outcome::kFail;
      result.set_judgement(fails ? v1::JUDGEMENT_FAIL : v1::JUDGEMENT_PASS);
      if (fails) result.set_failure_code(FailureCode(each.unit, each.run, each.by_eye));
      AddValues(each.unit, each.run, fails, each.by_eye, false, Kind::kCompleted, result);
    }
  }

  void Consume(v1::Consumed& consumed) const {
    const Lot& lot = plan.lots[planned.object];
    consumed.set_lot_code(plan.LotCode(planned.object));
    int64_t quantity = 0;
    for (const BomLine& line : operation.lines) {
      if (line.item == static_cast<int>(lot.item)) quantity = line.quantity_micro;
    }
    if (item.IsLot())
      quantity = std::max<int64_t>(1, static_cast<int64_t>(static_cast<__int128>(quantity) * QuantityAt() / kMicro));
    consumed.mutable_quantity()->set_value(DecimalOf(quantity));
    consumed.mutable_quantity()->set_uom(plan.model.items[lot.item].uom);
  }

  // What a made lot's materials are reckoned on is kept with the consumption, since the lot shrinks.
  int64_t QuantityAt() const { return plan.consumed_for.at({planned.subject, planned.operation}); }

  void Condition(v1::StationCondition& condition) const {
    const auto kind = static_cast<v1::ConditionKind>(planned.object);
    condition.set_kind(kind);
    condition.set_in_order(true);
    SetTime(*condition.mutable_expire_time(), planned.time + LongestValidity(kind));
    if (IsPersonal(kind)) condition.set_person(plan.Operator(station));
    const double u = Uniform(simulate::Draw({plan.demand.seed, static_cast<uint64_t>(station),
                                             static_cast<uint64_t>(planned.time), static_cast<uint64_t>(Topic::kReading)}));
    auto& readings = *condition.mutable_readings();
    switch (kind) {
      case v1::CONDITION_KIND_TOOL_LIFE:
        readings["uses"] = std::round(u * 9'000);
        readings["uses_limit"] = 10'000;
        break;
      case v1::CONDITION_KIND_H2_SAFETY:
        readings["h2_pct"] = std::round(u * 100) / 1000;
        break;
      case v1::CONDITION_KIND_ENV_DRYROOM:
        readings["dew_point_c"] = -42 - std::round(u * 60) / 10;
        break;
      case v1::CONDITION_KIND_ENV_RH:
        readings["humidity_pct"] = 45 + std::round(u * 100) / 10;
        readings["temperature_c"] = 22 + std::round(u * 20) / 10;
        break;
      case v1::CONDITION_KIND_PGM_CUSTODY:
        readings["balance_error_pct"] = std::round(u * 300) / 1000;
        break;
      default:
        condition.set_evidence(plan.prefix + "CERT-" + std::to_string(station + 1));
    }
  }

  void Load(v1::CarrierLoaded& loaded) const {
    int32_t slot = 0;
    for (const Carrier::Slot& each : plan.carriers[planned.subject].slots) {
      v1::CarrierSlot& place = *loaded.add_slots();
      place.set_slot(++slot);
      place.set_unit_code(plan.UnitCode(each.unit, each.stage));
    }
  }

  // A value that is no number, or too many of them.
  void Distort(v1::Measured& measured) const {
    const Characteristic& c = operation.characteristics.front();
    v1::MeasuredValues& values = *measured.add_values();
    values.set_characteristic_code(c.code);
    for (int r = 0; r < c.replicates; ++r)
      values.add_values(planned.kind == Kind::kBadValue && r == 0 ? std::nan("") : c.nominal);
    if (planned.kind == Kind::kBadReplicates) values.add_values(c.nominal);
  }

  void NameMaterials(v1::Started& started, uint32_t sequence) const {
    if (!operation.names_materials) return;
    const auto& script = plan.scripts[static_cast<size_t>(station)];
    // What it uses follows at once in the station's own script.
    for (size_t i = sequence; i < script.size() && script[i].subject == planned.subject; ++i) {
      const PlannedEvent& next = script[i];
      if (next.flags & kOnCarrier || next.kind == Kind::kCompleted) break;
      if (next.kind == Kind::kConsumed) started.add_material_codes(plan.LotCode(next.object));
      if (next.kind == Kind::kInstalled) started.add_material_codes(plan.UnitCode(next.object));
    }
  }
};

}  // namespace

double ValueOf(const Characteristic& c, uint64_t draw, bool bad) {
  if (c.sigma == 0) return bad ? (c.lower == -0.5 ? 1 : 0) : c.nominal;
  if (!bad) {
    const double value = c.nominal + c.sigma * Normal(draw);
    return std::round(value / c.step) * c.step;
  }
  const bool above = std::isfinite(c.upper) && (!std::isfinite(c.lower) || draw % 2 == 0);
  const double limit = above ? c.upper : c.lower;
  const double value = limit + (limit - c.nominal) * (0.1 + 0.4 * Uniform(Mix(draw)));
  return above ? std::ceil(value / c.step) * c.step : std::floor(value / c.step) * c.step;
}

int UnitsOf(const Plan& plan, const PlannedEvent& event) {
  if (event.kind == Kind::kCondition) return 0;
  return event.flags & kOnCarrier ? static_cast<int>(plan.carriers[event.subject].slots.size()) : 1;
}

void BuildEvent(const Plan& plan, int station, uint32_t sequence, v1::StationEvent& event) {
  const PlannedEvent& planned = plan.scripts[static_cast<size_t>(station)][sequence - 1];
  event.set_sequence(sequence);
  SetTime(*event.mutable_occur_time(), planned.time);
  const bool on_carrier = planned.flags & kOnCarrier;
  const Item& item = plan.model.items[static_cast<size_t>(plan.model.stations[static_cast<size_t>(station)].item)];
  const Operation& operation = item.operations[planned.operation];
  const Builder build{plan, station, planned, item, operation};
  if (planned.kind != Kind::kCondition) {
    if (on_carrier) {
      event.set_carrier_code(plan.CarrierCode(planned.subject));
    } else {
      event.set_unit_code(planned.kind == Kind::kBadUnit ? plan.prefix + "NOBODY"
                                                         : plan.UnitCode(planned.subject, planned.stage));
    }
    event.set_operation(operation.number);
    if (operation.personal) event.set_operator_id(plan.Operator(station));
  }
  switch (planned.kind) {
    case Kind::kArrived:
      event.mutable_arrived();
      break;
    case Kind::kStarted:
      build.Start(*event.mutable_started());
      if (!on_carrier) build.NameMaterials(*event.mutable_started(), sequence);
      break;
    case Kind::kCompleted:
      build.Complete(*event.mutable_completed());
      break;
    case Kind::kMeasured:
      build.AddValues(planned.subject, planned.run, planned.flags & kFails, planned.flags & kByEye, false, Kind::kMeasured,
                      *event.mutable_measured());
      break;
    case Kind::kConsumed:
      build.Consume(*event.mutable_consumed());
      break;
    case Kind::kInstalled:
      event.mutable_installed()->set_component_code(plan.UnitCode(planned.object));
      break;
    case Kind::kScrapped:
      event.mutable_scrapped()->set_failure_code((operation.code + "_SCRAP").substr(0, 32));
      break;
    case Kind::kAborted:
      event.mutable_aborted()->set_reason("no result on this channel or the run was broken off");
      break;
    case Kind::kCondition:
      build.Condition(*event.mutable_condition());
      break;
    case Kind::kLoaded:
      build.Load(*event.mutable_carrier_loaded());
      break;
    case Kind::kUnloaded:
      event.mutable_carrier_unloaded();
      break;
    case Kind::kBadUnit:
      event.mutable_completed()->set_judgement(v1::JUDGEMENT_PASS);
      break;
    case Kind::kBadOperation:
      event.set_operation(9'999);
      event.mutable_started()->set_recipe_checksum(operation.recipe_checksum);
      break;
    case Kind::kBadValue:
    case Kind::kBadReplicates:
      build.Distort(*event.mutable_measured());
      break;
  }
}

}  // namespace mes::mesctl::simulate
