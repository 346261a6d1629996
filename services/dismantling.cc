#include "services/dismantling.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "db/contents.h"
#include "db/dismantling.h"
#include "db/life.h"
#include "db/recycling.h"
#include "db/unit.h"
#include "domain/life.h"
#include "domain/limits_recycling.h"
#include "mes/v1/dismantling.grpc.pb.h"
#include "services/contents.h"
#include "services/convert.h"
#include "services/grant.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::BenchSheet;
using domain::BenchUnit;
using domain::DismantlingSheet;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;
using Sheets = std::unordered_map<int32_t, DismantlingSheet>;

// A unit that has a sheet, and the one that it comes out of (0 = it is the one asked for).
struct Found {
  int64_t id = 0;
  int64_t inside_id = 0;
  int32_t material_id = 0;
};

// Materials that have a sheet, or something with one below them: nothing else is looked into.
std::unordered_set<int32_t> LeadsToSheet(const domain::Plant& plant, const Sheets& sheets) {
  std::unordered_set<int32_t> leads;
  for (const auto& [material_id, sheet] : sheets) leads.insert(material_id);
  for (bool more = true; more;) {
    more = false;
    for (const domain::ProductRevision& revision : plant.revisions) {
      if (leads.contains(revision.material_id)) continue;
      const bool below = std::any_of(revision.bom.begin(), revision.bom.end(),
                                     [&](const domain::BomLine& line) { return leads.contains(line.material_id); });
      if (below) more = leads.insert(revision.material_id).second;
    }
  }
  return leads;
}

// Breadth first, which is the order in which things come out.
domain::Result<std::vector<Found>> FindSheets(Call& call, int64_t root, const Sheets& sheets) {
  const std::unordered_set<int32_t> leads = LeadsToSheet(call.plant, sheets);
  std::vector<Found> found;
  // Unit, and the nearest one around it that has a sheet.
  std::vector<std::pair<domain::WeighedUnit, int64_t>> level;
  for (const domain::WeighedUnit& unit : db::LoadWeighedUnits(call.transaction, {root})) level.emplace_back(unit, 0);
  while (!level.empty()) {
    std::vector<int64_t> ids;
    std::unordered_map<int64_t, int64_t> around;
    for (const auto& [unit, inside_id] : level) {
      const bool has_sheet = sheets.contains(unit.material_id);
      if (has_sheet) found.push_back({unit.id, inside_id, unit.material_id});
      ids.push_back(unit.id);
      around[unit.id] = has_sheet ? unit.id : inside_id;
    }
    if (found.size() > domain::kMaxSheetsPerPlan) {
      return Fail(TooMany("unit_code", static_cast<int64_t>(found.size()), static_cast<int64_t>(domain::kMaxSheetsPerPlan)));
    }
    level.clear();
    const db::PartsBelow below = db::LoadPartsBelow(call.transaction, ids, domain::kMaxPartsPerReceipt);
    for (size_t i = 0; i < below.parts.size(); ++i) {
      // A second life stands around the first, which is of the same material.
      if (leads.contains(below.parts[i].material_id)) level.emplace_back(below.parts[i], around.at(below.inside[i].first));
    }
  }
  return found;
}

bool IsBenchUnit(const std::string& unit) {
  static const std::unordered_set<std::string> units = {"V",      "mV",    "kV", "Mohm", "kohm", "ohm",
                                                        "kohm/V", "ohm/V", "C",  "degC", "K",    "%"};
  return units.contains(unit);
}

// Of a run, the characteristics that a bench asks for.
void AddReadings(const domain::Plant& plant, const db::MeasuredRun& run, std::vector<domain::BenchReading>& readings) {
  const domain::ProductRevision* revision = plant.FindRevision(run.revision_id);
  const int16_t index = revision == nullptr ? -1 : revision->OperationIndex(run.operation);
  if (index < 0) return;
  for (const domain::Characteristic& characteristic : revision->operations[static_cast<size_t>(index)].characteristics) {
    if (!IsBenchUnit(characteristic.unit)) continue;
    std::optional<domain::BenchReading> reading;
    for (int32_t i = 0; i < characteristic.replicates; ++i) {
      const auto at = static_cast<size_t>(characteristic.first_value + i);
      if (at >= run.measured.size() || !run.measured[at]) continue;
      const double value = *run.measured[at];
      if (!reading) {
        reading = {characteristic.code, characteristic.name, characteristic.unit, value, value, run.occur_time};
      } else {
        reading->low = std::min(reading->low, value);
        reading->high = std::max(reading->high, value);
      }
    }
    if (reading) readings.push_back(std::move(*reading));
  }
}

// Leaves out of a partner's sheet what is others' business: the plant's words about a hold, the code of a part that is elsewhere now,
// another party's report. That there is a hold, a removal or a test stays.
void HideOthers(Call& call, BenchUnit& bench, const std::string& tester, const std::unordered_set<int64_t>& seen_parts) {
  for (domain::BenchHold& hold : bench.holds) hold.reason.clear();
  for (domain::BenchRemoval& removal : bench.forced) {
    if (!seen_parts.contains(removal.part_id)) removal.code.clear();
  }
  if (tester != call.caller.partner) bench.test_evidence.clear();
}

// Everything known of these units, set-wise.
std::vector<BenchUnit> LoadBenchUnits(Call& call, const std::vector<Found>& found,
                                      const std::unordered_map<int64_t, domain::Contents>& contents) {
  std::vector<int64_t> ids;
  for (const Found& item : found) ids.push_back(item.id);
  std::unordered_map<int64_t, db::StoredUnit> stored;
  for (db::StoredUnit& unit : db::LoadUnits(call.transaction, ids)) stored[unit.unit.id] = std::move(unit);
  const auto lives = db::LoadLives(call.transaction, ids);
  auto parts = db::LoadBenchParts(call.transaction, ids);
  auto holds = db::LoadBenchHolds(call.transaction, ids);
  auto forced = db::LoadForcedRemovals(call.transaction, ids);
  const auto tests = db::LoadLastTests(call.transaction, ids);
  std::unordered_map<int64_t, std::vector<domain::BenchReading>> readings;
  for (const db::MeasuredRun& run : db::LoadMeasuredRuns(call.transaction, ids))
    AddReadings(call.plant, run, readings[run.unit_id]);
  // What was seen on the whole is true of what is in it.
  std::unordered_map<int64_t, db::RecyclingUnit> received;
  const bool to_partner = !call.caller.partner.empty();
  for (db::RecyclingUnit& unit : db::FindRecyclingUnits(call.transaction, ids)) {
    if (!to_partner || unit.partner == call.caller.partner) received[unit.unit_id] = std::move(unit);
  }
  std::unordered_set<int64_t> seen_parts;
  if (to_partner) {
    std::vector<int64_t> taken_out;
    for (const auto& [id, removals] : forced) {
      for (const domain::BenchRemoval& removal : removals) taken_out.push_back(removal.part_id);
    }
    seen_parts = SeenUnits(call, taken_out);
  }

  std::vector<BenchUnit> units;
  for (const Found& item : found) {
    const domain::Unit& unit = stored.at(item.id).unit;
    BenchUnit& bench = units.emplace_back();
    bench.code = unit.code;
    if (item.inside_id != 0) bench.inside_code = stored.at(item.inside_id).unit.code;
    bench.revision = call.plant.FindRevision(unit.revision_id);
    bench.finish_time = unit.finish_time;
    const auto life = lives.find(item.id);
    const domain::Result<domain::Life> begun = life != lives.end() ? life->second : domain::BeginLife(unit, false);
    bench.life = begun ? std::string(domain::NameOf(begun->state)) : "on its route";
    bench.contents = contents.at(item.id);
    bench.parts = std::move(parts[item.id]);
    bench.holds = std::move(holds[item.id]);
    bench.forced = std::move(forced[item.id]);
    bench.readings = std::move(readings[item.id]);
    std::string tester;
    if (const auto test = tests.find(item.id); test != tests.end()) {
      bench.test_time = test->second.time;
      bench.test_evidence = test->second.evidence;
      tester = test->second.party;
    }
    if (to_partner) HideOthers(call, bench, tester, seen_parts);
    auto seen = received.find(item.id);
    if (seen == received.end() && item.inside_id != 0) seen = received.find(item.inside_id);
    if (seen != received.end()) {
      bench.observations = seen->second.observations;
      bench.observed_by = seen->second.partner + ", " + domain::FormatTime(seen->second.receive_time).substr(0, 10);
    }
  }
  return units;
}

v1::BenchStep ToProto(const domain::OrderedStep& ordered) {
  v1::BenchStep message;
  message.set_step(ordered.step.step);
  message.set_action(ordered.step.action);
  message.set_component_code(ordered.step.component_code);
  message.set_fastener(ordered.step.fastener);
  message.set_count(ordered.step.count);
  message.set_tool(ordered.step.tool);
  message.set_minutes(ordered.step.minutes);
  message.set_hazard(ordered.step.hazard);
  message.set_expected(ordered.expected);
  message.set_present(ordered.present);
  for (const domain::BenchPart& part : ordered.parts) {
    message.add_parts(std::to_string(part.line) + "." + std::to_string(part.slot) + " " + part.code);
  }
  message.mutable_missing()->Assign(ordered.missing.begin(), ordered.missing.end());
  return message;
}

v1::BenchSheet ToProto(const BenchSheet& bench, domain::Time now) {
  v1::BenchSheet message;
  const DismantlingSheet& sheet = bench.sheet;
  message.set_unit_code(bench.unit.code);
  message.set_product_code(sheet.product_code);
  message.set_inside_code(bench.unit.inside_code);
  message.set_life(bench.unit.life);
  message.set_max_voltage_v(sheet.max_voltage_v);
  message.set_nominal_voltage_v(sheet.nominal_voltage_v);
  message.set_safe_energy(sheet.safe_energy);
  message.set_wait_minutes(sheet.wait_minutes);
  message.mutable_hazards()->Assign(sheet.hazards.begin(), sheet.hazards.end());
  message.set_quarantine(sheet.quarantine);
  message.mutable_flags()->Assign(bench.flags.begin(), bench.flags.end());
  for (const domain::BenchHold& hold : bench.unit.holds) message.add_hold_ids(hold.hold_id);
  for (const domain::BenchReading& reading : bench.unit.readings) {
    v1::BenchReading& told = *message.add_readings();
    told.set_code(reading.code);
    told.set_name(reading.name);
    told.set_unit(reading.unit);
    told.set_low(reading.low);
    told.set_high(reading.high);
    *told.mutable_time() = ToProto(reading.time);
  }
  *message.mutable_contents() = ToProto(bench.unit.contents);
  for (const domain::OrderedStep& step : bench.steps) *message.add_steps() = ToProto(step);
  message.mutable_thresholds()->Assign(sheet.thresholds.begin(), sheet.thresholds.end());
  message.set_minutes(bench.minutes);
  message.mutable_standards()->Assign(sheet.standards.begin(), sheet.standards.end());
  message.set_revision(bench.unit.revision ? bench.unit.revision->revision : 0);
  for (const std::vector<std::string>& lines : domain::PrintSheet(bench, now)) {
    std::string page;
    for (const std::string& line : lines) page += line + "\n";
    message.add_pages(std::move(page));
  }
  return message;
}

}  // namespace

Status GetDismantling(Call& call, const v1::GetDismantlingRequest& request, v1::GetDismantlingResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  // How a thing comes apart and what is in it is for persons with a legitimate interest (Annex XIII, point 2).
  if (TierOfCaller(call, *id) < domain::kInterestTier) {
    return Fail(FieldError(Reason::kRoleInsufficient, "unit_code", "the unit was not granted at tier 2, legitimate interest"));
  }
  const Sheets sheets = db::LoadSheets(call.transaction, call.plant);
  const auto found = FindSheets(call, *id, sheets);
  if (!found) return Fail(found.error());
  if (found->empty()) {
    return Fail(FieldError(Reason::kDocumentUnavailable, "unit_code",
                           "neither the product of " + request.unit_code() + " nor anything in it has a dismantling sheet"));
  }
  std::vector<int64_t> ids;
  for (const Found& item : *found) ids.push_back(item.id);
  const auto contents = LoadContents(call, ids, "unit_code");
  if (!contents) return Fail(contents.error());
  std::vector<BenchUnit> units = LoadBenchUnits(call, *found, *contents);
  for (size_t i = 0; i < units.size(); ++i) {
    const DismantlingSheet& sheet = sheets.at(found->at(i).material_id);
    *response.add_sheets() = ToProto(domain::PlanDismantling(sheet, std::move(units[i])), call.now);
  }
  return {};
}

namespace {

class DismantlingService final : public v1::DismantlingService::CallbackService {
 public:
  explicit DismantlingService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* GetDismantling(grpc::CallbackServerContext* context, const v1::GetDismantlingRequest* request,
                                           v1::GetDismantlingResponse* response) override {
    return Read(env_, context, request, response, services::GetDismantling);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDismantlingService(Env& env) { return std::make_unique<DismantlingService>(env); }

}  // namespace mes::services
