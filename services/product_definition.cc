#include "services/product_definition.h"

#include <algorithm>

#include "db/passport.h"
#include "db/product_definition.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/product_definition.grpc.pb.h"
#include "services/capacity.h"
#include "services/convert.h"
#include "services/plant_capacity.h"
#include "services/plant_charts.h"
#include "services/plant_composition.h"
#include "services/plant_files.h"
#include "services/plant_recycling.h"

namespace mes::services {
namespace {

using domain::FieldError;
using domain::Plant;
using domain::ProductRevision;
using domain::Reason;
using services::ToProto;

v1::Material ToProto(const domain::Material& material, const Plant& plant) {
  v1::Material message;
  message.set_code(material.code);
  message.set_name(material.name);
  message.set_name_zh(material.name_zh);
  message.set_uom(material.uom);
  message.set_tracking(ToProto(material.tracking));
  message.set_made(material.made);
  const ProductRevision* newest = plant.NewestRevision(material.id);
  message.set_revision(newest ? newest->revision : 0);
  message.set_shelf_life_days(material.shelf_life_days);
  return message;
}

v1::BomLine ToProto(const domain::BomLine& line) {
  v1::BomLine message;
  message.set_line(line.line);
  message.set_material_code(line.material_code);
  *message.mutable_quantity() = QuantityToProto(line.quantity_micro, line.uom);
  message.set_tracking(ToProto(line.tracking));
  message.mutable_alternate_codes()->Add(line.alternate_codes.begin(), line.alternate_codes.end());
  message.set_operation(line.operation);
  return message;
}

v1::Characteristic ToProto(const domain::Characteristic& characteristic) {
  v1::Characteristic message;
  message.set_code(characteristic.code);
  message.set_name(characteristic.name);
  message.set_unit(characteristic.unit);
  message.set_nominal(characteristic.nominal);
  if (characteristic.lower_limit) message.set_lower_limit(*characteristic.lower_limit);
  if (characteristic.upper_limit) message.set_upper_limit(*characteristic.upper_limit);
  message.set_sampling_mode(std::string(NameOf(characteristic.sampling)));
  message.set_sampling_n(characteristic.sampling_n);
  message.set_characteristic_class(std::string(NameOf(characteristic.characteristic_class)));
  message.set_replicates(characteristic.replicates);
  return message;
}

v1::Operation ToProto(const domain::Operation& operation) {
  v1::Operation message;
  message.set_number(operation.number);
  message.set_code(operation.code);
  message.set_name(operation.name);
  message.set_name_zh(operation.name_zh);
  message.set_operation_type(operation.operation_type);
  message.set_station_class(operation.station_class);
  message.set_mandatory(operation.mandatory);
  message.set_alternate_of(operation.alternate_of);
  message.set_cycle_ms(operation.cycle_ms);
  message.set_units_per_cycle(operation.units_per_cycle);
  message.set_first_pass_yield(operation.first_pass_yield);
  message.set_scrap_rate(operation.scrap_rate);
  message.set_max_retests(operation.max_retests);
  message.set_rework_to(operation.rework_to);
  message.set_max_reworks(operation.max_reworks);
  for (const domain::Interlock interlock : operation.interlocks) message.add_interlocks(std::string(NameOf(interlock)));
  message.mutable_line_stops()->Add(operation.line_stops.begin(), operation.line_stops.end());
  for (const domain::Characteristic& characteristic : operation.characteristics) *message.add_characteristics() = ToProto(characteristic);
  message.set_new_identity(std::string(NameOf(operation.new_identity)));
  message.set_recipe_checksum(operation.recipe_checksum);
  message.set_software_version(operation.software_version);
  message.set_tightenings(operation.tightenings);
  return message;
}

v1::TimeWindow ToProto(const domain::TimeWindow& window) {
  v1::TimeWindow message;
  message.set_id(window.id);
  message.set_from_operation(window.from_operation);
  message.set_from_event(std::string(NameOf(window.from_event)));
  message.set_to_operation(window.to_operation);
  message.set_to_event(std::string(NameOf(window.to_event)));
  if (window.min_seconds) message.set_min_seconds(*window.min_seconds);
  if (window.max_seconds) message.set_max_seconds(*window.max_seconds);
  message.set_late_action(std::string(NameOf(window.late_action)));
  message.set_repeat_from(window.repeat_from);
  message.set_repeat_max(window.repeat_max);
  message.set_on_violation(window.on_violation);
  message.set_reason(window.reason);
  return message;
}

v1::ProductDefinition ToProto(const ProductRevision& revision, const domain::Material& material, const Plant& plant) {
  v1::ProductDefinition message;
  *message.mutable_material() = ToProto(material, plant);
  message.set_revision(revision.revision);
  *message.mutable_release_time() = ToProto(revision.release_time);
  message.set_digest(revision.digest);
  for (const domain::BomLine& line : revision.bom) *message.add_bom() = ToProto(line);
  for (const domain::Operation& operation : revision.operations) *message.add_operations() = ToProto(operation);
  for (const domain::TimeWindow& window : revision.windows) *message.add_time_windows() = ToProto(window);
  return message;
}

domain::Error OverLimit(const char* field, size_t is, size_t limit, const char* what) {
  domain::Error error = FieldError(Reason::kLimitExceeded, field,
                                   "a plant has at most " + std::to_string(limit) + " " + what + ", not " + std::to_string(is));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

// The files' texts, which live as long as the request.
domain::Result<std::vector<PlantText>> ParseFiles(const v1::LoadPlantRequest& request) {
  if (const auto count = static_cast<size_t>(request.files_size()); count > domain::kMaxPlantFiles) {
    return domain::Fail(OverLimit("files", count, domain::kMaxPlantFiles, "files"));
  }
  std::vector<PlantText> files;
  size_t bytes = 0;
  for (const v1::PlantFile& file : request.files()) {
    const std::string field = "files[" + std::to_string(files.size()) + "].path";
    if (domain::Status checked = domain::CheckText(file.path(), domain::kMaxPlantPathLength, true, field); !checked) {
      return domain::Fail(std::move(checked.error()));
    }
    bytes += file.content().size();
    files.push_back({file.path(), file.content()});
  }
  if (bytes > domain::kMaxPlantBytes) return domain::Fail(OverLimit("files", bytes, domain::kMaxPlantBytes, "bytes"));
  return files;
}

void AddFaults(const std::vector<domain::PlantFault>& faults, v1::LoadPlantResponse& response) {
  response.set_faults_total(static_cast<int32_t>(faults.size()));
  for (size_t i = 0; i < faults.size() && i < domain::kMaxPlantFaults; ++i) {
    v1::PlantFault& fault = *response.add_faults();
    fault.set_file(faults[i].file);
    fault.set_path(faults[i].path);
    fault.set_problem(faults[i].problem);
  }
}

class ProductDefinitionService final : public v1::ProductDefinitionService::CallbackService {
 public:
  explicit ProductDefinitionService(Env& env) : env_(env) {}

  grpc::ServerUnaryReactor* LoadPlant(grpc::CallbackServerContext* context, const v1::LoadPlantRequest* request,
                                      v1::LoadPlantResponse* response) override {
    // This server works with the new plant from the next call on; others see it within the cache's interval.
    return Mutate(env_, context, request, response, services::LoadPlant, [&env = env_] { env.plant.Invalidate(); });
  }
  grpc::ServerUnaryReactor* GetProduct(grpc::CallbackServerContext* context, const v1::GetProductRequest* request,
                                       v1::GetProductResponse* response) override {
    return Read(env_, context, request, response, services::GetProduct);
  }
  grpc::ServerUnaryReactor* ListProducts(grpc::CallbackServerContext* context, const v1::ListProductsRequest* request,
                                         v1::ListProductsResponse* response) override {
    return Read(env_, context, request, response, services::ListProducts);
  }

 private:
  Env& env_;
};

}  // namespace

domain::Status LoadPlant(Call& call, const v1::LoadPlantRequest& request, v1::LoadPlantResponse& response) {
  if (domain::Status person = domain::CheckText(request.person(), domain::kMaxPersonLength, false, "person"); !person) return person;
  const domain::Result<std::vector<PlantText>> files = ParseFiles(request);
  if (!files) return domain::Fail(files.error());
  PlantReading reading = ReadPlant(*files);
  domain::CapacityDraft capacity;
  RecyclingDraft recycling;
  std::vector<domain::ChartDefinition> charts;
  std::vector<domain::Composition> compositions;
  if (reading.faults.empty()) {
    reading.faults = domain::CheckPlantChange(reading.draft, call.plant);
    capacity = ReadPlantCapacity(*files, reading.draft, reading.faults);
    charts = ReadPlantCharts(*files, reading.faults);
    compositions = ReadPlantCompositions(*files, reading.draft, reading.faults);
    recycling = ReadPlantRecycling(*files, reading.draft, reading.faults);
    SortFaults(reading.faults);
  }
  AddFaults(reading.faults, response);
  response.set_stations(static_cast<int32_t>(call.plant.stations.size()));
  response.set_materials(static_cast<int32_t>(call.plant.materials.size()));
  if (!reading.faults.empty() || request.validate_only()) return {};

  const db::StoredPlant stored = db::StorePlant(call.transaction, reading.draft, call.now);
  StorePlantCapacity(call, capacity);
  StorePlantCharts(call, charts);
  db::StoreCompositions(call.transaction, compositions, call.now);
  StorePlantRecycling(call, recycling);
  for (const auto& [product_code, revision] : stored.released) {
    v1::RevisionReleased& released = *response.add_released();
    released.set_product_code(product_code);
    released.set_revision(revision);
  }
  response.set_unchanged_products(stored.unchanged);
  response.set_stations(stored.stations);
  response.set_materials(stored.materials);
  return {};
}

domain::Status GetProduct(Call& call, const v1::GetProductRequest& request, v1::GetProductResponse& response) {
  if (domain::Status checked = domain::CheckCode(request.product_code(), "product_code"); !checked) return checked;
  if (request.revision() < 0) {
    return domain::Fail(FieldError(Reason::kFieldInvalid, "revision", "revision is below zero: give 0 for the newest"));
  }
  const domain::Material* material = call.plant.FindMaterial(request.product_code());
  if (!material || !material->made) {
    const char* why = material ? " is bought, not made here: it has no definition" : " is unknown";
    return domain::Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + why));
  }
  const ProductRevision* revision = request.revision() == 0 ? call.plant.NewestRevision(material->id)
                                                            : call.plant.FindRevision(material->id, request.revision());
  if (!revision) {
    return domain::Fail(FieldError(Reason::kRevisionUnknown, "revision",
                                   "product " + request.product_code() + " has no revision " + std::to_string(request.revision())));
  }
  *response.mutable_product() = ToProto(*revision, *material, call.plant);
  return {};
}

domain::Status ListProducts(Call& call, const v1::ListProductsRequest& request, v1::ListProductsResponse& response) {
  const uint64_t filter = FilterDigest({"products", request.made_only() ? "made" : "all"});
  const domain::Result<std::string> after = ParsePageToken(request.page_token(), filter);
  if (!after) return domain::Fail(after.error());
  std::vector<const domain::Material*> page;
  for (const domain::Material& material : call.plant.materials) {
    if (material.code > *after && (material.made || !request.made_only())) page.push_back(&material);
  }
  std::sort(page.begin(), page.end(), [](const auto* left, const auto* right) { return left->code < right->code; });
  const auto size = static_cast<size_t>(PageSize(request.page_size()));
  if (page.size() > size) {
    page.resize(size);
    response.set_next_page_token(PageToken(page.back()->code, filter));
  }
  for (const domain::Material* material : page) *response.add_materials() = ToProto(*material, call.plant);
  return {};
}

std::unique_ptr<grpc::Service> MakeProductDefinitionService(Env& env) { return std::make_unique<ProductDefinitionService>(env); }

}  // namespace mes::services
