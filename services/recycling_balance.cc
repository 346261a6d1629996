// The balance of recycling batches, the targets that it is held against, and recycled content. The acts are in recycling.cc.
#include <algorithm>
#include <unordered_map>

#include "db/contents.h"
#include "db/genealogy.h"
#include "db/recycling.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_recycling.h"
#include "services/capacity.h"
#include "services/contents.h"
#include "services/convert.h"
#include "services/grant.h"
#include "services/recycling.h"
#include "services/time_zone.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Chemistry;
using domain::Day;
using domain::Element;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using domain::TargetKind;
using services::ToProto;

v1::RecyclingTarget ToProto(const domain::Target& target) {
  v1::RecyclingTarget message;
  message.set_regime(static_cast<v1::TargetRegime>(target.regime));
  message.set_kind(static_cast<v1::TargetKind>(target.kind));
  if (target.kind == TargetKind::kEfficiency) {
    message.set_chemistry(std::string(domain::NameOf(target.chemistry)));
  } else {
    message.set_element(std::string(domain::NameOf(target.element)));
  }
  message.set_permille(target.permille);
  message.set_from_day(domain::FormatDay(domain::DayOf(target.year, target.month, target.day)));
  message.set_source(std::string(target.source));
  message.set_read_in_law(target.read_in_law);
  return message;
}

domain::Result<std::optional<Day>> ParseOptionalDay(const std::string& text, std::string_view field) {
  if (text.empty()) return std::optional<Day>();
  return domain::ParseDay(text, field).map([](Day day) { return std::optional<Day>(day); });
}

// What counts on the day and what comes next, of both regimes.
void AddChecks(TargetKind kind, Element element, Chemistry chemistry, Day day, int64_t part, int64_t whole,
               google::protobuf::RepeatedPtrField<v1::TargetCheck>& checks) {
  for (const domain::Regime regime : {domain::Regime::kEu, domain::Regime::kChina}) {
    const domain::TargetInForce found = domain::FindTarget(regime, kind, element, chemistry, day);
    for (const domain::Target* target : {found.now, found.next}) {
      if (target == nullptr) continue;
      v1::TargetCheck& check = *checks.Add();
      *check.mutable_target() = ToProto(*target);
      check.set_in_force(target == found.now);
      check.set_met(domain::Meets(part, whole, target->permille));
    }
  }
}

int64_t MassIn(const domain::Masses& masses, Element element) {
  const auto found = masses.find(element);
  return found == masses.end() ? 0 : found->second;
}

domain::Result<db::BalanceFilter> ParseFilter(Call& call, const v1::GetMassBalanceRequest& request) {
  db::BalanceFilter filter;
  if (request.recycling_batch_id() != 0) {
    const auto batch = FindRecyclingBatch(call, request.recycling_batch_id(), false);
    if (!batch) return Fail(batch.error());
    if (!request.partner().empty() && request.partner() != batch->partner) {
      return Fail(FieldError(Reason::kFieldInvalid, "partner", "the batch is of another partner"));
    }
    filter.batch_id = batch->id;
    return filter;
  }
  const auto partner = AskedPartner(call, request.partner(), true);
  if (!partner) return Fail(partner.error());
  filter.partner = *partner;
  const auto from = ParseOptionalDay(request.from_day(), "from_day");
  if (!from) return Fail(from.error());
  const auto until = ParseOptionalDay(request.until_day(), "until_day");
  if (!until) return Fail(until.error());
  if (*from && *until && **until <= **from)
    return Fail(FieldError(Reason::kFieldInvalid, "until_day", "until_day is not after from_day"));
  if (*from) filter.from = domain::StartOf(**from, PlantTimeZone());
  if (*until) filter.until = domain::StartOf(**until, PlantTimeZone());
  return filter;
}

// Everything above the recovered lots, but not what came back of it in its turn.
domain::Result<std::vector<domain::Edge>> LoadEdgesAbove(Call& call, const std::vector<int64_t>& lots) {
  domain::Walk walk(lots, domain::Direction::kUp, 0, domain::kMaxEdgesPerContent);
  std::vector<domain::Edge> edges;
  do {
    db::ListEdgesAbove(call.transaction, walk.level(), db::EdgeSet::kCurrent, [&](const std::vector<domain::Edge>& level) {
      for (const domain::Edge& edge : level) {
        if (edge.kind != domain::EdgeKind::kRecovered && walk.Take(edge)) edges.push_back(edge);
      }
      return !walk.full();
    });
  } while (walk.Descend());
  if (walk.cut()) return Fail(TooMany("product_code", domain::kMaxEdgesPerContent + 1, domain::kMaxEdgesPerContent));
  return edges;
}

domain::Result<std::unordered_map<int64_t, domain::Masses>> LoadRecycled(Call& call) {
  constexpr int kMostSources = 100'000;
  std::vector<domain::RecycledSource> sources;
  std::vector<int64_t> lots;
  for (db::RecoveredLot& lot : db::ListRecoveredLots(call.transaction, 0, kMostSources + 1)) {
    lot.masses.erase(Element::kOther);
    lots.push_back(lot.unit_id);
    sources.push_back({lot.unit_id, std::move(lot.masses)});
  }
  if (lots.size() > kMostSources) return Fail(TooMany("product_code", kMostSources + 1, kMostSources));
  const auto edges = LoadEdgesAbove(call, lots);
  if (!edges) return Fail(edges.error());
  std::vector<int64_t> children = lots;
  for (const domain::Edge& edge : *edges) children.push_back(edge.child_id);
  std::sort(children.begin(), children.end());
  children.erase(std::unique(children.begin(), children.end()), children.end());
  std::unordered_map<int64_t, int64_t> quantities;
  for (const auto& [id, quantity] : db::LoadLotQuantities(call.transaction, children)) quantities[id] = quantity;
  return domain::SpreadRecycled(sources, quantities, *edges);
}

}  // namespace

Status GetMassBalance(Call& call, const v1::GetMassBalanceRequest& request, v1::GetMassBalanceResponse& response) {
  const auto filter = ParseFilter(call, request);
  if (!filter) return Fail(filter.error());
  const auto asked = ParseOptionalDay(request.day(), "day");
  if (!asked) return Fail(asked.error());
  const Day day = asked->value_or(TodayOf(call));

  const db::BalanceSums sums = db::SumBalance(call.transaction, *filter);
  const domain::Masses contained = sums.contained.All();
  const Chemistry chemistry = domain::ChemistryOf(contained);
  const bool batteries = sums.units > 0 && sums.batteries == sums.units;
  std::vector<Element> elements = domain::AllElements();
  elements.push_back(Element::kOther);
  int64_t recovered = 0;
  for (const Element element : elements) {
    const int64_t there = MassIn(contained, element), back = MassIn(sums.recovered, element);
    recovered += back;
    if (there == 0 && back == 0) continue;
    v1::ElementBalance& balance = *response.add_elements();
    balance.set_element(std::string(domain::NameOf(element)));
    *balance.mutable_contained() = KilogramsToProto(there);
    *balance.mutable_recovered() = KilogramsToProto(back);
    if (batteries && element != Element::kOther) {
      AddChecks(TargetKind::kRecovery, element, chemistry, day, back, there, *balance.mutable_targets());
    }
  }
  response.set_batches(sums.batches);
  response.set_units(sums.units);
  response.set_units_unknown(sums.units_unknown);
  *response.mutable_contained() = KilogramsToProto(sums.contained.total_ug);
  *response.mutable_recovered() = KilogramsToProto(recovered);
  response.set_chemistry(std::string(domain::NameOf(chemistry)));
  if (batteries) {
    AddChecks(TargetKind::kEfficiency, Element::kOther, chemistry, day, recovered, sums.contained.total_ug,
              *response.mutable_efficiency());
  }
  response.set_day(domain::FormatDay(day));
  response.set_batteries(batteries);
  response.set_tolerance_permille(domain::kMassTolerancePermille);
  return {};
}

Status ListTargets(Call&, const v1::ListTargetsRequest& request, v1::ListTargetsResponse& response) {
  const auto day = ParseOptionalDay(request.day(), "day");
  if (!day) return Fail(day.error());
  for (const domain::Target& target : domain::AllTargets()) {
    if (*day) {
      const domain::TargetInForce found = domain::FindTarget(target.regime, target.kind, target.element, target.chemistry, **day);
      if (found.now != &target && found.next != &target) continue;
    }
    *response.add_targets() = ToProto(target);
  }
  return {};
}

Status GetRecycledContent(Call& call, const v1::GetRecycledContentRequest& request, v1::GetRecycledContentResponse& response) {
  const domain::Material* material = call.plant.FindMaterial(request.product_code());
  if (material == nullptr || !material->made || material->tracking != domain::Tracking::kSerial) {
    return Fail(
        FieldError(Reason::kProductUnknown, "product_code",
                   "no product with serials is called `" + request.product_code().substr(0, domain::kMaxCodeLength) + "`"));
  }
  const auto year = ParseYear(call, request.year());
  if (!year) return Fail(year.error());
  const domain::Time from = domain::StartOf(domain::DayOf(*year, 1, 1), PlantTimeZone());
  const domain::Time until = domain::StartOf(domain::DayOf(*year + 1, 1, 1), PlantTimeZone());

  domain::ContentsBook book(call.plant, db::LoadMaterialMasses(call.transaction));
  domain::Contents contained;
  for (const db::FinishedUnits& finished : db::CountFinished(call.transaction, material->id, from, until)) {
    const domain::ProductRevision* revision = call.plant.FindRevision(finished.revision_id);
    const domain::Contents& each = revision == nullptr ? book.Nominal(material->id) : book.OfRevision(*revision);
    contained.Add(each, finished.units * domain::kMicro);
    response.set_units(response.units() + finished.units);
  }
  const auto recycled = LoadRecycled(call);
  if (!recycled) return Fail(recycled.error());
  std::vector<int64_t> reached;
  for (const auto& [id, masses] : *recycled) reached.push_back(id);
  domain::Masses sum;
  for (const int64_t id : db::FilterFinished(call.transaction, reached, material->id, from, until)) {
    response.set_units_with_recycled(response.units_with_recycled() + 1);
    for (const auto& [element, mass] : recycled->at(id)) sum[element] += mass;
  }
  response.set_product_code(material->code);
  response.set_year(*year);
  for (const Element element : domain::AllElements()) {
    const int64_t whole = MassIn(contained.elements, element), part = MassIn(sum, element);
    if (whole == 0 && part == 0) continue;
    v1::ElementContent& content = *response.add_elements();
    content.set_element(std::string(domain::NameOf(element)));
    *content.mutable_contained() = KilogramsToProto(whole);
    *content.mutable_recycled() = KilogramsToProto(part);
    AddChecks(TargetKind::kRecycledContent, element, Chemistry::kOther, domain::DayOf(*year, 12, 31), part, whole,
              *content.mutable_targets());
  }
  return {};
}

}  // namespace mes::services
