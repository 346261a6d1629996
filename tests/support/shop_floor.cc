#include "tests/support/shop_floor.h"

#include <stdexcept>

namespace mes::tests {

using domain::kMicro;

ShopFloor::ShopFloor(const PlantBuilder& builder)
    : plant_(std::make_shared<domain::Plant>(*builder.Build())),
      now_(std::chrono::sys_days(std::chrono::year(2026) / 11 / 2) + std::chrono::hours(8)) {
  world_ = std::make_unique<domain::World>(*plant_, now_ + std::chrono::days(30));
  world_->next_unit_id = 1'000;
  for (const domain::Station& station : plant_->stations) {
    for (const int16_t operation : station.operations) {
      world_->run_rings[{station.line_id, operation, 0}];
      world_->run_rings[{station.line_id, operation, station.id}];
    }
  }
  for (const domain::ProductRevision& revision : plant_->revisions) {
    domain::OrderState order;
    order.id = static_cast<int32_t>(world_->orders.size()) + 1;
    order.code = "ORD-" + revision.product_code;
    order.material_id = revision.material_id;
    order.revision_id = revision.id;
    order.state = domain::WorkOrderState::kReleased;
    order.ordered_micro = 1'000 * kMicro;
    world_->order_by_code[order.code] = order.id;
    world_->orders[order.id] = order;
  }
}

const domain::Station& ShopFloor::StationOf(std::string_view product, int16_t operation) const {
  for (const domain::Station& station : plant_->stations) {
    if (station.product_code == product && station.Does(operation)) return station;
  }
  throw std::invalid_argument("no such station");
}

const domain::Operation& ShopFloor::OperationOf(std::string_view product, int16_t operation) const {
  const domain::ProductRevision* revision = plant_->NewestRevision(plant_->FindMaterial(product)->id);
  return revision->operations.at(static_cast<size_t>(revision->OperationIndex(operation)));
}

domain::OrderState& ShopFloor::order(std::string_view code) { return world_->orders.at(world_->order_by_code.at(std::string(code))); }
domain::UnitEntry& ShopFloor::unit(std::string_view code) {
  domain::UnitEntry* entry = world_->FindUnit(code);
  if (entry == nullptr) throw std::invalid_argument("no such unit");
  return *entry;
}

domain::UnitEntry& ShopFloor::Receive(std::string_view material_code, std::string_view code) {
  const domain::Material* material = plant_->FindMaterial(material_code);
  const int64_t id = world_->next_unit_id++;
  domain::UnitEntry& entry = world_->units[id];
  entry.unit.id = id;
  entry.unit.code = code;
  entry.unit.material_id = material->id;
  entry.unit.tracking = material->tracking;
  entry.unit.status = domain::UnitStatus::kFinished;
  entry.unit.create_time = now_;
  if (material->tracking == domain::Tracking::kLot) entry.lot = domain::Lot{1'000 * kMicro, 1'000 * kMicro, {}, {}, 0};
  world_->unit_by_code[entry.unit.code] = id;
  return entry;
}

domain::UnitEntry& ShopFloor::Make(std::string_view product, std::string_view code) {
  domain::UnitEntry& entry = Receive(product, code);
  const domain::ProductRevision* revision = plant_->NewestRevision(entry.unit.material_id);
  entry.unit.revision_id = revision->id;
  entry.unit.work_order_id = order("ORD-" + std::string(product)).id;
  entry.unit.passed = entry.unit.attempted = revision->MandatoryMask();
  entry.unit.finish_time = now_;
  return entry;
}

domain::EventVerdict ShopFloor::Say(const domain::Station& station, domain::StationEvent event) {
  const domain::Cursor& cursor = world_->cursors[station.id];
  event.sequence = cursor.last_sequence + 1;
  if (event.occur_time == domain::Time{}) event.occur_time = now_;
  event.digest = event.sequence;
  return domain::Decide(*world_, station, 1, event);
}

domain::Started ShopFloor::StartOf(std::string_view product, int16_t operation, std::string_view order) const {
  domain::Started start;
  start.work_order_code = order;
  start.recipe_checksum = OperationOf(product, operation).recipe_checksum;
  start.software_version = OperationOf(product, operation).software_version;
  start.variant = product;
  return start;
}

domain::Completed ShopFloor::PassOf(std::string_view product, int16_t operation) const {
  domain::Completed completed;
  completed.judgement = domain::Judgement::kPass;
  for (const domain::Characteristic& characteristic : OperationOf(product, operation).characteristics) {
    completed.values.push_back(
        {characteristic.code, std::vector<double>(static_cast<size_t>(characteristic.replicates), characteristic.nominal)});
  }
  return completed;
}

domain::Completed ShopFloor::FailOf(std::string_view product, int16_t operation) const {
  domain::Completed completed = PassOf(product, operation);
  completed.judgement = domain::Judgement::kFail;
  completed.failure_code = "BAD";
  completed.values.at(0).values.at(0) = 99;
  return completed;
}

void ShopFloor::Run(std::string_view product, int16_t operation, std::string_view unit, bool pass, std::string_view order) {
  const domain::EventVerdict started = Say(product, operation, unit, StartOf(product, operation, order));
  if (started.outcome != domain::EventOutcome::kRecorded) throw std::logic_error("start refused: " + ReasonsOf(started.refusals));
  const domain::EventVerdict completed =
      Say(product, operation, unit, pass ? PassOf(product, operation) : FailOf(product, operation));
  if (completed.outcome != domain::EventOutcome::kRecorded) throw std::logic_error("completion refused: " + ReasonsOf(completed.refusals));
}

void ShopFloor::Put(domain::FailureCode policy) {
  const domain::FailureCode* newest = plant_->failure_codes.Newest(policy.code, policy.material_id, policy.operation);
  policy.version = newest == nullptr ? 1 : newest->version + 1;
  policy.create_time = now_;
  plant_->failure_codes.Add(std::move(policy));
}

domain::StartDecision ShopFloor::Ask(std::string_view product, int16_t operation, std::string_view unit, const domain::Started& start,
                                     std::string_view person) {
  return domain::JudgeStart(*world_, {&StationOf(product, operation), world_->FindUnit(unit), unit, operation, &start, person, now_});
}

std::string ReasonsOf(const std::vector<domain::Refusal>& refusals) {
  std::string names;
  for (const domain::Refusal& refusal : refusals) {
    const std::string name(domain::NameOf(refusal.reason));
    if (names.find(name) != std::string::npos) continue;
    names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

}  // namespace mes::tests
