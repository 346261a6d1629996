#include "services/yield.h"

#include <charconv>

#include "db/work_order.h"
#include "db/yield.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/quantity.h"
#include "mes/v1/yield.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"
#include "services/yield_query.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

// 0 for an empty code.
domain::Result<int32_t> ParseOrder(Call& call, const std::string& code, std::string_view field) {
  if (code.empty()) return 0;
  const auto order = db::LoadWorkOrder(call.transaction, code);
  if (order) return order->id;
  domain::Error error = FieldError(Reason::kWorkOrderUnknown, field, "order " + code + " is not known");
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return Fail(std::move(error));
}

v1::OperationYield ToProto(const db::OperationYield& yield, const domain::Plant& plant) {
  const domain::ProductRevision* revision = plant.FindRevision(yield.revision_id);
  if (revision == nullptr) throw PlantBehind("revision " + std::to_string(yield.revision_id) + " is not loaded");
  v1::OperationYield message;
  message.set_product_code(revision->product_code);
  message.set_operation(yield.operation);
  if (const int16_t index = revision->OperationIndex(yield.operation); index >= 0) {
    const domain::Operation& operation = revision->operations[static_cast<size_t>(index)];
    message.set_operation_code(operation.code);
    message.set_planned_first_pass_yield(operation.first_pass_yield);
  }
  message.set_first_runs(yield.first_runs);
  message.set_first_passes(yield.first_passes);
  message.set_runs(yield.runs);
  message.set_retests(yield.retests);
  message.set_reworks(yield.reworks);
  message.set_aborts(yield.aborts);
  message.set_scrapped(yield.scrapped);
  return message;
}

const domain::Operation* OperationOf(const domain::ProductRevision* revision, int16_t number) {
  const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(number);
  return index < 0 ? nullptr : &revision->operations[static_cast<size_t>(index)];
}

// Of the newest revision that has it.
const domain::Operation* NewestOperation(const domain::Plant& plant, const domain::Material& product, int16_t number) {
  if (const auto* operation = OperationOf(plant.NewestRevision(product.id), number); operation != nullptr) return operation;
  const domain::Operation* found = nullptr;
  for (const domain::ProductRevision& revision : plant.revisions) {
    const auto* operation = revision.material_id == product.id ? OperationOf(&revision, number) : nullptr;
    if (operation != nullptr) found = operation;
  }
  return found;
}

void AddQuantities(const domain::YieldCounts& counts, const domain::Material& product, v1::YieldGroup& message) {
  if (product.tracking != domain::Tracking::kLot || (counts.input_micro == 0 && counts.cut_micro == 0)) return;
  message.set_input_quantity(domain::FormatQuantity(counts.input_micro));
  message.set_cut_quantity(domain::FormatQuantity(counts.cut_micro));
  *message.mutable_quantity_yield() = services::ToProto(domain::QuantityYield(counts));
  message.set_uom(product.uom);
}

v1::YieldGroup ToProto(const YieldLabel& label, const domain::YieldCounts& counts, const domain::Plant& plant) {
  v1::YieldGroup message;
  message.set_product_code(label.product);
  message.set_line_code(label.line);
  message.set_station_code(label.station);
  message.set_work_order_code(label.order);
  message.set_operation(label.operation);
  if (label.period_day != 0) message.set_period_day(domain::FormatPlantDay(label.period_day));
  message.set_shift(static_cast<v1::PlantShift>(label.shift));
  *message.mutable_first_pass_yield() = services::ToProto(domain::FirstPassYield(counts));
  *message.mutable_final_yield() = services::ToProto(domain::FinalYield(counts));
  message.set_open(domain::OpenUnits(counts));
  *message.mutable_retest_rate() = services::ToProto(domain::RetestRate(counts));
  *message.mutable_rework_rate() = services::ToProto(domain::ReworkRate(counts));
  *message.mutable_scrap_rate() = services::ToProto(domain::ScrapRate(counts));
  *message.mutable_caused_scrap_rate() = services::ToProto(domain::CausedScrapRate(counts));
  *message.mutable_abort_rate() = services::ToProto(domain::AbortRate(counts));
  message.set_aborts_flagged(domain::AbortsFlagged(counts));
  *message.mutable_counts() = services::ToProto(counts);
  const domain::Material* product = plant.FindMaterial(label.product);
  if (product == nullptr) return message;
  AddQuantities(counts, *product, message);
  if (const auto* operation = NewestOperation(plant, *product, label.operation); operation != nullptr) {
    message.set_operation_code(operation->code);
    message.set_planned_first_pass_yield(operation->first_pass_yield);
  }
  return message;
}

// What exactly one of product, line and order means, and the revision whose route is meant.
struct RolledSubject {
  YieldAsk ask;
  const domain::ProductRevision* revision = nullptr;
};

domain::Result<RolledSubject> ParseRolled(Call& call, const v1::GetRolledThroughputYieldRequest& request) {
  const int given = !request.product_code().empty() + !request.line_code().empty() + !request.work_order_code().empty();
  if (given != 1) {
    return Fail(FieldError(given == 0 ? Reason::kFieldRequired : Reason::kFieldInvalid, "product_code",
                           "give exactly one of product_code, line_code and work_order_code"));
  }
  v1::QueryYieldRequest query;
  query.set_first_day(request.first_day());
  query.set_last_day(request.last_day());
  query.set_product_code(request.product_code());
  query.set_line_code(request.line_code());
  query.set_work_order_code(request.work_order_code());
  if (request.has_as_known_at()) *query.mutable_as_known_at() = request.as_known_at();
  query.add_group_by(v1::YIELD_GROUPING_OPERATION);
  domain::Result<YieldAsk> ask = ParseAsk(call, query);
  if (!ask) return Fail(ask.error());
  RolledSubject subject;
  if (ask->some_orders) {
    const auto order = db::LoadWorkOrder(call.transaction, request.work_order_code());
    subject.revision = call.plant.FindRevision(order->revision_id);
    if (order->revision_id != 0 && subject.revision == nullptr) throw PlantBehind("a revision is not loaded");
    if (subject.revision == nullptr) subject.revision = call.plant.NewestRevision(order->material_id);
  } else {
    subject.revision = call.plant.NewestRevision(
        ask->product != nullptr ? ask->product->id : StationsOf(call.plant, ask->line).front()->material_id);
  }
  subject.ask = std::move(*ask);
  return subject;
}

v1::YieldRestatement ToProto(const db::StoredRestatement& stored, const domain::Plant& plant) {
  const domain::YieldRestatement& restatement = stored.restatement;
  const domain::Station* reporting = plant.FindStation(restatement.station_id);
  const domain::Station* station = plant.FindStation(restatement.key.station_id);
  if (reporting == nullptr || station == nullptr) throw PlantBehind("a station is not loaded");
  v1::YieldRestatement message;
  message.set_restatement_id(stored.id);
  *message.mutable_record_time() = ToProto(stored.record_time);
  message.set_unit_code(stored.unit_code);
  message.set_reporting_station_code(reporting->code);
  message.set_epoch(restatement.epoch);
  message.set_sequence(restatement.sequence);
  message.set_reversed_epoch(restatement.reversed_epoch);
  message.set_reversed_sequence(restatement.reversed_sequence);
  message.set_work_order_code(stored.work_order_code);
  message.set_station_code(station->code);
  message.set_operation(restatement.key.operation);
  message.set_plant_day(domain::FormatPlantDay(restatement.key.plant_day));
  message.set_shift(static_cast<v1::PlantShift>(restatement.key.shift));
  *message.mutable_delta() = services::ToProto(restatement.delta);
  return message;
}

// Line codes by id.
std::string LineCodeOf(const domain::Plant& plant, int32_t line_id) {
  for (const domain::Station& station : plant.stations) {
    if (station.line_id == line_id) return station.line_code;
  }
  return {};
}

}  // namespace

Status ListOperationYields(Call& call, const v1::ListOperationYieldsRequest& request, v1::ListOperationYieldsResponse& response) {
  db::YieldFilter filter;
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr || !material->made) {
      return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + " is not known"));
    }
    filter.material_id = material->id;
  }
  const auto order = ParseOrder(call, request.work_order_code(), "work_order_code");
  if (!order) return Fail(order.error());
  const auto root = ParseOrder(call, request.root_work_order_code(), "root_work_order_code");
  if (!root) return Fail(root.error());
  filter.work_order_id = *order;
  filter.root_work_order_id = *root;

  for (const db::OperationYield& yield : db::ListOperationYields(call.transaction, filter)) {
    *response.add_yields() = ToProto(yield, call.plant);
  }
  return {};
}

Status QueryYield(Call& call, const v1::QueryYieldRequest& request, v1::QueryYieldResponse& response) {
  const domain::Result<YieldAsk> ask = ParseAsk(call, request);
  if (!ask) return Fail(ask.error());

  bool complete = true;
  const domain::Result<YieldGroups> groups = Answer(call, *ask, domain::kMaxYieldGroups, complete);
  if (!groups) return Fail(groups.error());

  for (const auto& [label, counts] : *groups) *response.add_groups() = ToProto(label, counts, call.plant);
  response.set_complete(complete);
  return {};
}

Status GetRolledThroughputYield(Call& call, const v1::GetRolledThroughputYieldRequest& request,
                                v1::GetRolledThroughputYieldResponse& response) {
  const domain::Result<RolledSubject> subject = ParseRolled(call, request);
  if (!subject) return Fail(subject.error());
  bool complete = true;
  const domain::Result<YieldGroups> groups = Answer(call, subject->ask, domain::kMaxYieldGroups, complete);
  if (!groups) return Fail(groups.error());

  std::map<int16_t, domain::YieldCounts> by_operation;
  for (const auto& [label, counts] : *groups) by_operation[label.operation].Add(counts);
  std::vector<domain::Share> shares;
  double planned = 1;
  for (const domain::Operation& operation : subject->revision->operations) {
    if (!operation.mandatory) continue;
    shares.push_back(domain::FirstPassYield(by_operation[operation.number]));
    planned *= operation.first_pass_yield;
    v1::RolledFactor& factor = *response.add_factors();
    factor.set_operation(operation.number);
    factor.set_operation_code(operation.code);
    *factor.mutable_first_pass_yield() = services::ToProto(shares.back());
    factor.set_planned(operation.first_pass_yield);
  }
  response.set_product_code(subject->revision->product_code);
  response.set_revision(subject->revision->revision);
  if (const auto rolled = domain::RolledThroughputYield(shares)) response.set_rolled_throughput_yield(*rolled);
  response.set_planned(planned);
  return {};
}

Status ListYieldRestatements(Call& call, const v1::ListYieldRestatementsRequest& request,
                             v1::ListYieldRestatementsResponse& response) {
  const domain::Result<DayRange> days = ParseDays(request.first_day(), request.last_day());
  if (!days) return Fail(days.error());
  const auto order = ParseOrder(call, request.work_order_code(), "work_order_code");
  if (!order) return Fail(order.error());
  db::RestatementFilter filter;
  filter.first_day = days->first;
  filter.last_day = days->last;
  filter.work_order_id = *order;
  if (!request.line_code().empty()) {
    for (const domain::Station* station : StationsOf(call.plant, request.line_code())) filter.station_ids.push_back(station->id);
    if (filter.station_ids.empty()) return Fail(UnknownLine(request.line_code()));
  }
  const uint64_t digest = FilterDigest({request.first_day(), request.last_day(), request.line_code(), request.work_order_code()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  std::from_chars(token->data(), token->data() + token->size(), filter.before_id);

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredRestatement> restatements = db::ListRestatements(call.transaction, filter, page_size + 1);
  if (static_cast<int>(restatements.size()) > page_size) {
    restatements.pop_back();
    response.set_next_page_token(PageToken(std::to_string(restatements.back().id), digest));
  }
  for (const db::StoredRestatement& stored : restatements) *response.add_restatements() = ToProto(stored, call.plant);
  return {};
}

Status ListLotYields(Call& call, const v1::ListLotYieldsRequest& request, v1::ListLotYieldsResponse& response) {
  if (request.lot_codes().empty() && request.supplier_lot().empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "lot_codes", "give lot codes, or a supplier and its lot"));
  }
  if (request.supplier().empty() != request.supplier_lot().empty()) {
    return Fail(FieldError(Reason::kFieldRequired, request.supplier().empty() ? "supplier" : "supplier_lot",
                           "supplier and supplier_lot go together"));
  }
  if (request.lot_codes_size() > domain::kMaxLotsPerYield) {
    return Fail(TooMany("lot_codes", request.lot_codes_size(), domain::kMaxLotsPerYield));
  }
  for (const std::string& code : request.lot_codes()) {
    if (Status checked = domain::CheckText(code, domain::kMaxCodeLength, true, "lot_codes"); !checked) return checked;
  }

  db::LotYieldFilter filter{
      {request.lot_codes().begin(), request.lot_codes().end()}, request.supplier(), request.supplier_lot(), std::nullopt, std::nullopt};
  if (!request.first_day().empty() || !request.last_day().empty()) {
    const domain::Result<DayRange> days = ParseDays(request.first_day(), request.last_day());
    if (!days) return Fail(days.error());
    filter.first_day = days->first;
    filter.last_day = days->last;
  }

  std::vector<db::LotYield> yields =
      db::ListLotYields(call.transaction, filter, static_cast<int>(domain::kMaxYieldGroups) + 1);
  response.set_complete(yields.size() <= domain::kMaxYieldGroups);
  if (!response.complete()) yields.pop_back();
  for (const db::LotYield& yield : yields) {
    const domain::Material* material = call.plant.FindMaterial(yield.material_id);
    if (material == nullptr) throw PlantBehind("material " + std::to_string(yield.material_id) + " is not loaded");
    v1::LotYield& message = *response.add_yields();
    message.set_lot_code(yield.lot_code);
    message.set_material_code(material->code);
    message.set_supplier(yield.supplier);
    message.set_supplier_lot(yield.supplier_lot);
    message.set_line_code(LineCodeOf(call.plant, yield.line_id));
    message.set_operation(yield.operation);
    *message.mutable_first_pass_yield() = services::ToProto(domain::Share{yield.counts.first_passes, yield.counts.first_runs});
    message.set_scrapped(yield.counts.scrapped);
  }
  return {};
}

namespace {

class YieldService final : public v1::YieldService::CallbackService {
 public:
  explicit YieldService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ListOperationYields(grpc::CallbackServerContext* context,
                                                const v1::ListOperationYieldsRequest* request,
                                                v1::ListOperationYieldsResponse* response) override {
    return Read(env_, context, request, response, services::ListOperationYields);
  }
  grpc::ServerUnaryReactor* QueryYield(grpc::CallbackServerContext* context, const v1::QueryYieldRequest* request,
                                       v1::QueryYieldResponse* response) override {
    return Read(env_, context, request, response, services::QueryYield);
  }
  grpc::ServerUnaryReactor* GetRolledThroughputYield(grpc::CallbackServerContext* context,
                                                     const v1::GetRolledThroughputYieldRequest* request,
                                                     v1::GetRolledThroughputYieldResponse* response) override {
    return Read(env_, context, request, response, services::GetRolledThroughputYield);
  }
  grpc::ServerUnaryReactor* ListYieldRestatements(grpc::CallbackServerContext* context,
                                                  const v1::ListYieldRestatementsRequest* request,
                                                  v1::ListYieldRestatementsResponse* response) override {
    return Read(env_, context, request, response, services::ListYieldRestatements);
  }
  grpc::ServerUnaryReactor* ListLotYields(grpc::CallbackServerContext* context, const v1::ListLotYieldsRequest* request,
                                          v1::ListLotYieldsResponse* response) override {
    return Read(env_, context, request, response, services::ListLotYields);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeYieldService(Env& env) { return std::make_unique<YieldService>(env); }

}  // namespace mes::services
