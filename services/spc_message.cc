#include "services/spc_message.h"

#include <cmath>

#include "services/convert.h"
#include "services/rpc.h"

namespace mes::services {
namespace {

void FillKey(const domain::Plant& plant, int32_t station_id, int16_t operation, const std::string& characteristic, int16_t position,
             v1::ChartKey& message) {
  const domain::Station* station = plant.FindStation(station_id);
  if (station == nullptr) throw PlantBehind("station " + std::to_string(station_id) + " is not loaded");
  message.set_station_code(station->code);
  message.set_operation(operation);
  message.set_characteristic_code(characteristic);
  message.set_position(position);
}

}  // namespace

const domain::Characteristic* CharacteristicOf(const domain::Plant& plant, int32_t material_id, int16_t operation,
                                               const std::string& code) {
  const domain::ProductRevision* revision = plant.NewestRevision(material_id);
  const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(operation);
  if (index < 0) return nullptr;
  const domain::Operation& at = revision->operations[static_cast<size_t>(index)];
  const int16_t characteristic = at.CharacteristicIndex(code);
  return characteristic < 0 ? nullptr : &at.characteristics[static_cast<size_t>(characteristic)];
}

v1::ControlLimits ToProto(const domain::FrozenLimits& frozen) {
  v1::ControlLimits message;
  message.set_version(frozen.version);
  message.set_kind(static_cast<v1::ChartKind>(frozen.design.kind));
  message.set_subgroup(frozen.design.subgroup);
  message.set_center(frozen.limits.center);
  message.set_lower(frozen.limits.lower);
  message.set_upper(frozen.limits.upper);
  message.set_sigma(frozen.limits.sigma);
  message.set_spread_center(frozen.limits.spread_center);
  message.set_spread_lower(frozen.limits.spread_lower);
  message.set_spread_upper(frozen.limits.spread_upper);
  message.set_process_sigma(frozen.limits.process_sigma);
  *message.mutable_baseline_from() = ToProto(frozen.baseline_from);
  *message.mutable_baseline_until() = ToProto(frozen.baseline_until);
  message.set_points(frozen.points);
  for (const domain::Time time : frozen.excluded) *message.add_excluded() = ToProto(time);
  message.set_person(frozen.person);
  message.set_reason(frozen.reason);
  *message.mutable_freeze_time() = ToProto(frozen.freeze_time);
  return message;
}

void FillState(const domain::ChartState& state, v1::ChartSummary& message) {
  message.set_kind(static_cast<v1::ChartKind>(state.design.kind));
  message.set_subgroup(state.design.subgroup);
  message.set_points(state.plotted);
  message.set_frozen_gauge(state.FrozenGauge());
  if (state.points.empty()) return;
  *message.mutable_newest_time() = ToProto(state.points.back().time);
  message.set_newest_value(state.points.back().mean);
}

// What the summary of a chart needs beside its state.
void FillDefined(const domain::Plant& plant, const domain::ChartKey& key, v1::ChartSummary& message) {
  FillKey(plant, key.station_id, key.operation, key.characteristic_code, key.position, *message.mutable_key());
  const domain::Station* station = plant.FindStation(key.station_id);
  const auto* characteristic = CharacteristicOf(plant, station->material_id, key.operation, key.characteristic_code);
  if (characteristic != nullptr) message.set_characteristic_class(std::string(NameOf(characteristic->characteristic_class)));
}

v1::ChartPoint ToProto(const db::StoredPoint& stored, const db::StoredPoint* before, domain::ChartDesign now, domain::RuleSet rules) {
  v1::ChartPoint message;
  const domain::Subgroup group = domain::SubgroupOf(stored.design, stored.point);
  *message.mutable_time() = ToProto(stored.point.time);
  message.set_value(group.mean);
  if (stored.design.kind != domain::ChartKind::kIndividuals) {
    message.set_spread(group.spread);
  } else if (before != nullptr && before->design == stored.design) {
    message.set_spread(std::abs(stored.point.mean - before->point.mean));
  }
  if (stored.design.kind != domain::ChartKind::kMeanDeviation) {
    message.mutable_values()->Assign(stored.point.values.begin(), stored.point.values.end());
  }
  for (const domain::ChartSignal& signal : domain::SignalsIn(stored.point.signals, rules)) {
    v1::ChartSignal& entry = *message.add_signals();
    entry.set_rule(std::string(NameOf(signal.rule)));
    entry.set_side(std::string(NameOf(signal.side)));
    entry.set_on_spread(signal.on_spread);
  }
  message.set_late(stored.point.late);
  message.set_other_design(!(stored.design == now));
  return message;
}

v1::ChartAlarm ToProto(const domain::ChartAlarm& alarm, const domain::Plant& plant) {
  v1::ChartAlarm message;
  message.set_alarm_id(alarm.id);
  FillKey(plant, alarm.station_id, alarm.operation, alarm.characteristic_code, alarm.position, *message.mutable_key());
  message.set_characteristic_class(std::string(NameOf(alarm.characteristic_class)));
  message.set_rule(std::string(NameOf(alarm.rule)));
  message.set_side(std::string(NameOf(alarm.side)));
  message.set_on_spread(alarm.on_spread);
  *message.mutable_point_time() = ToProto(alarm.point_time);
  message.set_value(alarm.value);
  *message.mutable_raise_time() = ToProto(alarm.raise_time);
  message.set_late(alarm.late);
  if (alarm.last_in_control) *message.mutable_last_in_control() = ToProto(*alarm.last_in_control);
  message.set_limits_version(alarm.limits_version);
  message.set_sentence(alarm.sentence);
  for (const domain::Evidence& evidence : alarm.evidence) {
    v1::Evidence& entry = *message.add_evidence();
    entry.set_kind(evidence.kind);
    entry.set_id(evidence.id);
    entry.set_detail(evidence.detail);
  }
  message.set_acknowledged_by(alarm.acknowledged_by);
  if (alarm.acknowledge_time) *message.mutable_acknowledge_time() = ToProto(*alarm.acknowledge_time);
  message.set_acknowledge_reason(alarm.acknowledge_reason);
  return message;
}

v1::ChartDefinition ToProto(int32_t id, const domain::ChartDefinition& definition, const domain::Plant& plant) {
  v1::ChartDefinition message;
  message.set_definition_id(id);
  if (definition.characteristic_class) {
    message.set_characteristic_class(std::string(NameOf(*definition.characteristic_class)));
  } else {
    const domain::Material* material = plant.FindMaterial(definition.material_id);
    if (material == nullptr) throw PlantBehind("material " + std::to_string(definition.material_id) + " is not loaded");
    message.set_product_code(material->code);
    message.set_operation(definition.operation);
    message.set_characteristic_code(definition.characteristic_code);
  }
  for (const domain::ChartRule rule : domain::RulesIn(definition.rules)) message.add_rules(std::string(NameOf(rule)));
  message.set_by_position(definition.by_position);
  message.set_person(definition.person);
  message.set_reason(definition.reason);
  *message.mutable_define_time() = ToProto(definition.define_time);
  return message;
}

}  // namespace mes::services
