#include <algorithm>
#include <cmath>
#include <utility>

#include "domain/hold.h"
#include "domain/limits.h"
#include "domain/product_definition.h"

namespace mes::domain {
namespace {

// By the names of the request's fields: the codes stand beside the predicate.
Error FieldFault(Reason reason, std::string_view name, std::string message) {
  return FieldError(reason, (name == "codes" ? "" : "predicate.") + std::string(name), std::move(message));
}

// The products that a predicate can be about: of its revision, its product, else of its stations. Empty = any.
std::vector<int32_t> MaterialsOf(const Plant& plant, const HoldPredicate& predicate) {
  if (predicate.material_id != 0) return {predicate.material_id};
  if (const ProductRevision* revision = plant.FindRevision(predicate.revision_id); revision != nullptr) {
    return {revision->material_id};
  }
  std::vector<int32_t> materials;
  for (const int32_t id : predicate.station_ids) {
    const Station* station = plant.FindStation(id);
    if (station != nullptr && std::find(materials.begin(), materials.end(), station->material_id) == materials.end()) {
      materials.push_back(station->material_id);
    }
  }
  return materials;
}

const Operation* FindOperation(const ProductRevision& revision, int16_t number) {
  const int16_t index = revision.OperationIndex(number);
  return index < 0 ? nullptr : &revision.operations[static_cast<size_t>(index)];
}

Status CheckBounds(const HoldPredicate& predicate) {
  const auto too_many = [](std::string_view field, size_t count, int64_t limit) {
    Error error =
        FieldFault(Reason::kLimitExceeded, field,
                   std::string(field) + " holds " + std::to_string(count) + " entries, more than " + std::to_string(limit));
    error.metadata["limit"] = std::to_string(limit);
    return Fail(std::move(error));
  };
  if (predicate.unit_ids.size() > static_cast<size_t>(kMaxCodesPerHold)) {
    return too_many("codes", predicate.unit_ids.size(), kMaxCodesPerHold);
  }
  if (predicate.station_ids.size() > static_cast<size_t>(kMaxStationsPerHold)) {
    return too_many("station_codes", predicate.station_ids.size(), kMaxStationsPerHold);
  }
  if (predicate.from && predicate.until && *predicate.until < *predicate.from) {
    return Fail(FieldFault(Reason::kFieldInvalid, "until_time", "until_time lies before from_time: no run can be in the window"));
  }
  for (const auto& [name, bound] : {std::pair("lower", predicate.lower), std::pair("upper", predicate.upper)}) {
    if (bound && !std::isfinite(*bound))
      return Fail(FieldFault(Reason::kFieldInvalid, name, std::string(name) + " is not a finite number"));
  }
  if (predicate.lower && predicate.upper && *predicate.upper < *predicate.lower) {
    return Fail(FieldFault(Reason::kFieldInvalid, "upper", "upper is below lower: no value can be in the range"));
  }
  return {};
}

Status CheckProduct(const Plant& plant, const HoldPredicate& predicate) {
  if (predicate.material_id != 0 && plant.FindMaterial(predicate.material_id) == nullptr) {
    return Fail(FieldFault(Reason::kMaterialUnknown, "product_code", "the product is not known"));
  }
  if (predicate.revision_id != 0) {
    const ProductRevision* revision = plant.FindRevision(predicate.revision_id);
    if (revision == nullptr) return Fail(FieldFault(Reason::kRevisionUnknown, "revision", "the revision is not known"));
    if (predicate.material_id != 0 && revision->material_id != predicate.material_id) {
      return Fail(FieldFault(Reason::kFieldInvalid, "revision",
                             "the revision is one of " + revision->product_code + ", not of the product that is named besides"));
    }
  }
  const std::vector<int32_t> materials = MaterialsOf(plant, predicate);
  for (const int32_t id : predicate.station_ids) {
    const Station* station = plant.FindStation(id);
    if (station == nullptr) return Fail(FieldFault(Reason::kStationUnknown, "station_codes", "a station is not known"));
    if (std::find(materials.begin(), materials.end(), station->material_id) == materials.end()) {
      return Fail(
          FieldFault(Reason::kFieldInvalid, "station_codes",
                     "station " + station->code + " makes " + station->product_code + ", not the product that is named besides"));
    }
    if (predicate.operation != 0 && !station->Does(predicate.operation)) {
      return Fail(FieldFault(Reason::kStationOperation, "operation",
                             "station " + station->code + " does not do operation " + std::to_string(predicate.operation)));
    }
  }
  return {};
}

Status CheckOperation(const Plant& plant, const HoldPredicate& predicate) {
  const std::vector<const ProductRevision*> revisions = RevisionsOf(plant, predicate);
  if (predicate.operation != 0) {
    if (revisions.empty()) {
      return Fail(FieldFault(Reason::kFieldRequired, "product_code",
                             "an operation's number means something only with its product, revision or stations"));
    }
    const bool known = std::any_of(revisions.begin(), revisions.end(), [&](const ProductRevision* revision) {
      return FindOperation(*revision, predicate.operation) != nullptr;
    });
    if (!known) {
      return Fail(FieldFault(
          Reason::kOperationUnknown, "operation",
          "operation " + std::to_string(predicate.operation) + " is not on the route of " + revisions.front()->product_code));
    }
  }
  if (predicate.characteristic.empty()) {
    if (!predicate.lower && !predicate.upper) return {};
    return Fail(
        FieldFault(Reason::kFieldRequired, "characteristic_code", "a range needs the characteristic whose values it is about"));
  }
  if (predicate.operation == 0) {
    return Fail(FieldFault(Reason::kFieldRequired, "operation", "a characteristic needs the operation that measures it"));
  }
  const bool known = std::any_of(revisions.begin(), revisions.end(), [&](const ProductRevision* revision) {
    const Operation* operation = FindOperation(*revision, predicate.operation);
    return operation != nullptr && operation->CharacteristicIndex(predicate.characteristic) >= 0;
  });
  if (known) return {};
  return Fail(
      FieldFault(Reason::kCharacteristicUnknown, "characteristic_code",
                 "operation " + std::to_string(predicate.operation) + " has no characteristic " + predicate.characteristic));
}

// Nothing but a product, an operation, and what narrows it to some of its units.
Status CheckAtOperation(const HoldPredicate& predicate) {
  const auto refuse = [](std::string_view field) {
    return Fail(
        FieldFault(Reason::kFieldInvalid, field,
                   std::string(field) + " asks for what a unit's runs were: a hold at an operation is about what has not begun"));
  };
  if (!predicate.station_ids.empty()) return refuse("station_codes");
  if (!predicate.tool_code.empty()) return refuse("tool_code");
  if (predicate.from) return refuse("from_time");
  if (predicate.until) return refuse("until_time");
  if (!predicate.characteristic.empty()) return refuse("characteristic_code");
  if (!predicate.supplier.empty()) return refuse("supplier");
  if (!predicate.supplier_lot.empty()) return refuse("supplier_lot");
  if (predicate.operation != 0) return {};
  return Fail(FieldFault(Reason::kFieldRequired, "operation", "a hold at an operation needs the operation"));
}

}  // namespace

std::string_view NameOf(HoldDirection direction) {
  switch (direction) {
    case HoldDirection::kWhereUsed:
      return "where used";
    case HoldDirection::kMadeOf:
      return "made of";
    case HoldDirection::kBoth:
      return "both";
    case HoldDirection::kNone:
      return "none";
  }
  return "unknown";
}

std::vector<const ProductRevision*> RevisionsOf(const Plant& plant, const HoldPredicate& predicate) {
  std::vector<const ProductRevision*> revisions;
  const std::vector<int32_t> materials = MaterialsOf(plant, predicate);
  for (const ProductRevision& revision : plant.revisions) {
    const bool meant = predicate.revision_id == 0
                           ? std::find(materials.begin(), materials.end(), revision.material_id) != materials.end()
                           : revision.id == predicate.revision_id;
    if (meant) revisions.push_back(&revision);
  }
  return revisions;
}

Status CheckHold(const Plant& plant, const HoldDraft& draft) {
  const HoldPredicate& predicate = draft.predicate;
  if (Status bounds = CheckBounds(predicate); !bounds) return bounds;
  if (draft.at_operation) {
    if (Status fit = CheckAtOperation(predicate); !fit) return fit;
  }
  if (Status product = CheckProduct(plant, predicate); !product) return product;
  if (Status operation = CheckOperation(plant, predicate); !operation) return operation;
  const bool about_things = !predicate.unit_ids.empty() || !predicate.supplier.empty() || !predicate.supplier_lot.empty() ||
                            predicate.material_id != 0 || predicate.revision_id != 0 || predicate.work_order_id != 0;
  const bool about_runs = !predicate.station_ids.empty() || !predicate.tool_code.empty() || predicate.operation != 0;
  if (!about_things && !about_runs) {
    return Fail(FieldFault(Reason::kFieldRequired, "codes",
                           predicate.from || predicate.until
                               ? "a window alone would hold the whole plant: name units, a supplier, "
                                 "stations, a tool, a product or an order besides"
                               : "nothing is said of what to hold"));
  }
  const bool narrow = !predicate.unit_ids.empty() || !predicate.tool_code.empty() || predicate.work_order_id != 0;
  if (predicate.AsksForRun() && !draft.at_operation && !narrow && !predicate.from) {
    return Fail(
        FieldFault(Reason::kFieldRequired, "from_time", "say since when the runs are suspect: all of history is not searched"));
  }
  return {};
}

bool NeedsFourEyes(const Plant& plant, const HoldDraft& draft) {
  if (draft.four_eyes) return true;
  if (draft.predicate.characteristic.empty()) return false;
  for (const ProductRevision* revision : RevisionsOf(plant, draft.predicate)) {
    const Operation* operation = FindOperation(*revision, draft.predicate.operation);
    const int16_t index = operation == nullptr ? int16_t{-1} : operation->CharacteristicIndex(draft.predicate.characteristic);
    if (index >= 0 &&
        operation->characteristics[static_cast<size_t>(index)].characteristic_class == CharacteristicClass::kCritical) {
      return true;
    }
  }
  return false;
}

}  // namespace mes::domain
