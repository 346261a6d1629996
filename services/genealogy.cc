#include "services/genealogy.h"

#include <unordered_map>
#include <utility>

#include "db/genealogy.h"
#include "db/unit.h"
#include "domain/genealogy.h"
#include "domain/limits.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

// What the ends of edges are called: read set-wise, each once per walk.
class Names {
 public:
  explicit Names(Call& call) : call_(call) {}

  void Load(const std::vector<domain::Edge>& edges) {
    std::vector<int64_t> unknown;
    for (const domain::Edge& edge : edges) {
      for (const int64_t id : {edge.parent_id, edge.child_id}) {
        if (by_id_.try_emplace(id).second) unknown.push_back(id);
      }
    }
    if (unknown.empty()) return;
    for (db::Identity& identity : db::LoadIdentities(call_.transaction, unknown)) by_id_[identity.unit_id] = std::move(identity);
  }
  const db::Identity& Of(int64_t id) const { return by_id_.at(id); }

 private:
  Call& call_;
  std::unordered_map<int64_t, db::Identity> by_id_;
};

std::string EventName(const domain::Plant& plant, const domain::EdgeEvent& event) {
  if (event.station_id == 0) {
    if (event.sequence == 0) return {};
    return (event.epoch == domain::kCaptureEpoch ? "epcis/" : "replacement/") + std::to_string(event.sequence);
  }
  const domain::Station* station = plant.FindStation(event.station_id);
  if (station == nullptr) throw PlantBehind("station " + std::to_string(event.station_id) + " is not loaded");
  return station->code + "/" + std::to_string(event.epoch) + "/" + std::to_string(event.sequence);
}

void Fill(v1::GenealogyEdge& message, const domain::Edge& edge, int32_t depth, const Names& names, const domain::Plant& plant) {
  const db::Identity& parent = names.Of(edge.parent_id);
  const db::Identity& child = names.Of(edge.child_id);
  const domain::Material& child_material = MaterialOf(plant, child.material_id);
  message.set_parent_code(parent.code);
  message.set_parent_material(MaterialOf(plant, parent.material_id).code);
  message.set_child_code(child.code);
  message.set_child_material(child_material.code);
  message.set_child_tracking(ToProto(child.tracking));
  message.set_line(edge.line);
  message.set_slot(edge.slot);
  if (edge.kind != domain::EdgeKind::kInstalled) {
    *message.mutable_quantity() = QuantityToProto(edge.quantity_micro, child_material.uom);
  }
  message.set_kind(std::string(domain::NameOf(edge.kind)));
  *message.mutable_install_time() = ToProto(edge.install_time);
  if (edge.remove_time) *message.mutable_remove_time() = ToProto(*edge.remove_time);
  message.set_install_event(edge.request_id.empty() ? EventName(plant, edge.install_event) : edge.request_id);
  message.set_remove_event(EventName(plant, edge.remove_event));
  message.set_depth(depth);
}

// Collects edges into pages and sends each when it is full.
template <typename Page>
class Pages {
 public:
  explicit Pages(PageSink<Page>& sink) : sink_(sink) {}
  v1::GenealogyEdge& Add() {
    if (page_.edges_size() == domain::kEdgesPerPage) Flush();
    return *page_.add_edges();
  }
  // A full page leaves now and not with the next edge: what is read meanwhile may take long.
  void FlushFull() {
    if (page_.edges_size() == domain::kEdgesPerPage) Flush();
  }
  void End(bool complete) {
    page_.set_complete(complete);
    page_.set_last(true);
    Flush();
  }
  // Nobody listens any more.
  bool closed() const { return closed_; }

 private:
  void Flush() { closed_ = closed_ || !sink_(std::exchange(page_, {})); }
  PageSink<Page>& sink_;
  Page page_;
  bool closed_ = false;
};

Status CheckBounds(int32_t max_depth, int64_t max_edges) {
  if (max_depth < 0) return Fail(FieldError(Reason::kFieldInvalid, "max_depth", "max_depth is below zero"));
  if (max_edges < 0 || max_edges > domain::kMaxEdgesPerWalk) {
    return Fail(FieldError(Reason::kFieldInvalid, "max_edges",
                           "max_edges is not between 0 and " + std::to_string(domain::kMaxEdgesPerWalk)));
  }
  return {};
}

int64_t MostEdges(int64_t asked) { return asked == 0 ? domain::kMaxEdgesPerWalk : asked; }

domain::Result<domain::Scope> ParseScope(Call& call, const v1::TraceRequest& request, int64_t root) {
  switch (request.view()) {
    case v1::TRACE_VIEW_UNSPECIFIED:
    case v1::TRACE_VIEW_AS_IS:
      return domain::Scope{};
    case v1::TRACE_VIEW_AS_BUILT: {
      const domain::Unit unit = db::LoadUnits(call.transaction, {root}).at(0).unit;
      if (!unit.finish_time) return domain::Scope{};
      return domain::Scope{domain::TraceView::kAsBuilt, *unit.finish_time};
    }
    case v1::TRACE_VIEW_AS_IS_AT:
    case v1::TRACE_VIEW_AS_KNOWN_AT: {
      if (!request.has_at_time()) return Fail(FieldError(Reason::kFieldInvalid, "at_time", "this view needs at_time"));
      const domain::Result<domain::Time> at = TimeFromProto(request.at_time(), "at_time");
      if (!at) return Fail(at.error());
      return domain::Scope{static_cast<domain::TraceView>(request.view()), *at};
    }
    default:
      return Fail(FieldError(Reason::kFieldInvalid, "view", "view is not one of those known here"));
  }
}

// Walks all levels and sends what `wanted` lets through of what `shows` shows.
template <typename Page, typename ListEdges, typename Shows, typename Wanted>
void Send(Call& call, domain::Walk& walk, Pages<Page>& pages, const ListEdges& list, const Shows& shows, const Wanted& wanted) {
  Names names(call);
  do {
    list(walk.level(), [&](const std::vector<domain::Edge>& edges) {
      names.Load(edges);
      for (const domain::Edge& edge : edges) {
        if (!shows(edge) || !walk.Take(edge, wanted(edge, names))) continue;
        Fill(pages.Add(), edge, walk.depth(), names, call.plant);
      }
      pages.FlushFull();
      return !walk.full() && !pages.closed();
    });
  } while (!pages.closed() && walk.Descend());
  if (!pages.closed()) pages.End(!walk.cut());
}

}  // namespace

Status Trace(Call& call, const v1::TraceRequest& request, PageSink<v1::TraceResponse>& sink) {
  const auto root = FindUnitId(call, request.code(), "code");
  if (!root) return Fail(root.error());
  if (Status checked = CheckBounds(request.max_depth(), request.max_edges()); !checked) return checked;
  const auto scope = ParseScope(call, request, *root);
  if (!scope) return Fail(scope.error());
  // What was in it before may be in another's now.
  if (!call.caller.partner.empty() && scope->view != domain::TraceView::kAsIs) {
    return Fail(FieldError(Reason::kFieldInvalid, "view", "partners see what is in a unit now"));
  }

  domain::Walk walk({*root}, domain::Direction::kDown, request.max_depth(), MostEdges(request.max_edges()));
  Pages<v1::TraceResponse> pages(sink);
  // What a recovered lot came of were other partners' units.
  const bool to_partner = !call.caller.partner.empty();
  const db::EdgeSet set = scope->view == domain::TraceView::kAsIs ? db::EdgeSet::kCurrent : db::EdgeSet::kWithRemoved;
  Send(
      call, walk, pages,
      [&](const std::vector<int64_t>& level, const db::TakeEdges& take) {
        db::ListEdgesBelow(call.transaction, level, set, take);
      },
      [&](const domain::Edge& edge) {
        return domain::Shows(*scope, edge) && !(to_partner && edge.kind == domain::EdgeKind::kRecovered);
      },
      [](const domain::Edge&, const Names&) { return true; });
  return {};
}

Status WhereUsed(Call& call, const v1::WhereUsedRequest& request, PageSink<v1::WhereUsedResponse>& sink) {
  const auto root = FindUnitId(call, request.code(), "code");
  if (!root) return Fail(root.error());
  if (Status checked = CheckBounds(request.max_depth(), request.max_edges()); !checked) return checked;
  int32_t only_material = 0;
  if (!request.material_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.material_code());
    if (material == nullptr) {
      return Fail(FieldError(Reason::kFieldInvalid, "material_code", "material " + request.material_code() + " is not known"));
    }
    only_material = material->id;
  }

  domain::Walk walk({*root}, domain::Direction::kUp, request.max_depth(), MostEdges(request.max_edges()));
  Pages<v1::WhereUsedResponse> pages(sink);
  const db::EdgeSet set = request.include_removed() ? db::EdgeSet::kWithRemoved : db::EdgeSet::kCurrent;
  Send(
      call, walk, pages,
      [&](const std::vector<int64_t>& level, const db::TakeEdges& take) {
        db::ListEdgesAbove(call.transaction, level, set, take);
      },
      [](const domain::Edge&) { return true; },
      [&](const domain::Edge& edge, const Names& names) {
        return only_material == 0 || names.Of(edge.parent_id).material_id == only_material;
      });
  return {};
}

namespace {

class GenealogyService final : public v1::GenealogyService::CallbackService {
 public:
  explicit GenealogyService(Env& env) : env_(env) {}
  grpc::ServerWriteReactor<v1::TraceResponse>* Trace(grpc::CallbackServerContext* context,
                                                     const v1::TraceRequest* request) override {
    return StreamRead<v1::TraceRequest, v1::TraceResponse>(env_, context, request, services::Trace);
  }
  grpc::ServerWriteReactor<v1::WhereUsedResponse>* WhereUsed(grpc::CallbackServerContext* context,
                                                             const v1::WhereUsedRequest* request) override {
    return StreamRead<v1::WhereUsedRequest, v1::WhereUsedResponse>(env_, context, request, services::WhereUsed);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGenealogyService(Env& env) { return std::make_unique<GenealogyService>(env); }

}  // namespace mes::services
