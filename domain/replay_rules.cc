#include <algorithm>
#include <cmath>
#include <set>

#include "domain/limits.h"
#include "domain/replay.h"

namespace mes::domain {
namespace {

// Applies one product's changes; what is wrong becomes a fault with its pointer.
class Application {
 public:
  Application(ProductRevision& revision, std::string pointer, std::vector<PlantFault>& faults)
      : revision_(revision), pointer_(std::move(pointer)), faults_(faults) {}

  void Run(const ProductChange& change) {
    for (size_t i = 0; i < change.limits.size(); ++i) Limit(change.limits[i], pointer_ + "/limits/" + std::to_string(i));
    for (size_t i = 0; i < change.routing.size(); ++i) Route(change.routing[i], pointer_ + "/routing/" + std::to_string(i));
    for (size_t i = 0; i < change.windows.size(); ++i) Window(change.windows[i], pointer_ + "/windows/" + std::to_string(i));
  }

 private:
  void Fault(const std::string& path, std::string problem) { faults_.push_back({"rules", path, std::move(problem)}); }

  Operation* Find(int16_t number, const std::string& path) {
    const int16_t index = revision_.OperationIndex(number);
    if (index >= 0) return &revision_.operations[static_cast<size_t>(index)];
    Fault(path + "/operation", "operation " + std::to_string(number) + " is not on the routing of " + revision_.product_code);
    return nullptr;
  }

  void Limit(const LimitChange& change, const std::string& path) {
    Operation* operation = Find(change.operation, path);
    if (operation == nullptr) return;
    const int16_t index = operation->CharacteristicIndex(change.characteristic_code);
    if (index < 0) {
      return Fault(path + "/characteristic",
                   "operation " + operation->code + " has no characteristic " + change.characteristic_code);
    }
    if (!taken_.insert("limit " + std::to_string(change.operation) + " " + change.characteristic_code).second) {
      return Fault(path + "/characteristic", "the limits of " + change.characteristic_code + " are changed twice");
    }
    Characteristic& characteristic = operation->characteristics[static_cast<size_t>(index)];
    if (change.lower.given) characteristic.lower_limit = change.lower.value;
    if (change.upper.given) characteristic.upper_limit = change.upper.value;
    const bool finite = (!characteristic.lower_limit || std::isfinite(*characteristic.lower_limit)) &&
                        (!characteristic.upper_limit || std::isfinite(*characteristic.upper_limit));
    if (!finite) return Fault(path, "limits must be finite numbers");
    if (!characteristic.lower_limit && !characteristic.upper_limit) return Fault(path, "no limit would be left");
    if (characteristic.lower_limit && characteristic.upper_limit && *characteristic.lower_limit >= *characteristic.upper_limit) {
      Fault(path + (change.lower.given ? "/lower" : "/upper"), "the lower limit would not be below the upper one");
    }
  }

  void Route(const RoutingChange& change, const std::string& path) {
    Operation* operation = Find(change.operation, path);
    if (operation == nullptr) return;
    if (!taken_.insert("operation " + std::to_string(change.operation)).second) {
      return Fault(path + "/operation", "operation " + operation->code + " is changed twice");
    }
    if (change.max_retests) operation->max_retests = *change.max_retests;
    if (change.max_reworks) operation->max_reworks = *change.max_reworks;
    if (change.max_reworks.value_or(0) > 0 && operation->rework_to == 0) {
      Fault(path + "/max_reworks", "operation " + operation->code + " has no place that a rework could return to");
    }
    if (!change.mandatory) return;
    operation->mandatory = *change.mandatory;
    if (operation->mandatory && operation->alternate_of != 0) {
      Fault(path + "/mandatory", "operation " + operation->code + " stands in for another one and cannot be mandatory itself");
    }
  }

  void Window(const WindowChange& change, const std::string& path) {
    const auto found =
        std::find_if(revision_.windows.begin(), revision_.windows.end(), [&](const TimeWindow& w) { return w.id == change.id; });
    if (found == revision_.windows.end()) {
      return Fault(path + "/id", revision_.product_code + " has no time window " + change.id);
    }
    if (!taken_.insert("window " + change.id).second)
      return Fault(path + "/id", "time window " + change.id + " is changed twice");
    if (found->from_event == WindowEvent::kMaterialAge || found->to_event == WindowEvent::kConsumed) {
      return Fault(path + "/id", "time window " + change.id + " is read on material, which a replay does not judge");
    }
    if (change.min_seconds.given) found->min_seconds = change.min_seconds.value;
    if (change.max_seconds.given) found->max_seconds = change.max_seconds.value;
    if (found->max_seconds && found->min_seconds.value_or(0) >= *found->max_seconds) {
      Fault(path + (change.max_seconds.given ? "/max_s" : "/min_s"), "the most time would not be above the least time");
    }
    if (!found->max_seconds && found->late_action != LateAction::kRefuse) {
      Fault(path + "/max_s", "the window says what to do when it is exceeded, so that it needs a most time");
    }
  }

  ProductRevision& revision_;
  const std::string pointer_;
  std::vector<PlantFault>& faults_;
  std::set<std::string> taken_;
};

}  // namespace

ChangedPlant ApplyRules(const Plant& plant, const ReplayRules& rules, std::vector<PlantFault>& faults) {
  ChangedPlant changed{plant, {}};
  for (size_t i = 0; i < rules.products.size(); ++i) {
    const ProductChange& change = rules.products[i];
    const std::string pointer = "/products/" + std::to_string(i);
    const Material* material = plant.FindMaterial(change.product_code);
    const ProductRevision* newest = material == nullptr ? nullptr : plant.NewestRevision(material->id);
    if (newest == nullptr) {
      faults.push_back({"rules", pointer + "/product", "product " + change.product_code + " is not known"});
      continue;
    }
    const ProductRevision* meant = change.revision == 0 ? newest : plant.FindRevision(material->id, change.revision);
    if (meant == nullptr) {
      faults.push_back(
          {"rules", pointer + "/revision", change.product_code + " has no revision " + std::to_string(change.revision)});
      continue;
    }
    if (std::find(changed.revision_ids.begin(), changed.revision_ids.end(), meant->id) != changed.revision_ids.end()) {
      faults.push_back({"rules", pointer + "/revision", "revision " + std::to_string(meant->revision) + " is changed twice"});
      continue;
    }
    changed.revision_ids.push_back(meant->id);
    const auto copy = std::find_if(changed.plant.revisions.begin(), changed.plant.revisions.end(),
                                   [&](const ProductRevision& revision) { return revision.id == meant->id; });
    Application(*copy, pointer, faults).Run(change);
    copy->Index();
  }
  if (rules.yield_rules) ApplyYieldRules(changed.plant, *rules.yield_rules, faults);
  changed.plant.Index();
  return changed;
}

}  // namespace mes::domain
