#include "services/passport_content.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "db/genealogy.h"
#include "db/life.h"
#include "domain/code.h"
#include "domain/issued_code.h"
#include "domain/limits.h"
#include "domain/limits_passport.h"
#include "domain/substance.h"
#include "services/passport_identity.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FactBasis;
using domain::FieldError;
using domain::PassportEntry;
using domain::Reason;

constexpr double kMgPerKg = 1e6;
// Annex VI Part A: critical raw materials above 0.1 % by weight.
constexpr double kCriticalShare = 0.1;

std::string NumberText(double value) {
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr);
}
std::string KgText(int64_t mass_mg) { return NumberText(static_cast<double>(mass_mg) / kMgPerKg); }

nlohmann::json PropertiesOf(const domain::Material& material) {
  nlohmann::json properties = nlohmann::json::parse(material.properties_json, nullptr, false);
  return properties.is_object() ? properties : nlohmann::json::object();
}

// `unit_mass_kg` of the plant's files; process aids that leave weigh nothing in the product.
domain::UnitMasses UnitMassesOf(const domain::Plant& plant) {
  domain::UnitMasses masses;
  for (const domain::Material& material : plant.materials) {
    const nlohmann::json properties = PropertiesOf(material);
    const auto mass = properties.find("unit_mass_kg");
    if (mass != properties.end() && mass->is_number()) masses[material.id] = std::llround(mass->get<double>() * kMgPerKg);
  }
  return masses;
}

// Collects entries by attribute; Take gives them in the table's order with the unknown ones.
class Entries {
 public:
  explicit Entries(domain::PassportKind kind) : kind_(kind) {}

  void Add(const char* attribute, const std::string& value, FactBasis basis, const char* source, const std::string& subject = "") {
    if (value.empty()) return;
    PassportEntry entry;
    entry.attribute = attribute;
    entry.subject = subject;
    entry.value = value;
    entry.basis = basis;
    entry.source = source;
    Put(std::move(entry));
  }
  // False: there is one already.
  bool Put(PassportEntry entry) {
    if (domain::FindEntry(entries_, entry.attribute, entry.subject) != nullptr) return false;
    entries_.push_back(std::move(entry));
    return true;
  }
  domain::Result<std::vector<PassportEntry>> Take() {
    if (entries_.size() > domain::kMaxPassportEntries) {
      return Fail(TooMany("unit_code", static_cast<int64_t>(entries_.size()), domain::kMaxPassportEntries));
    }
    std::vector<PassportEntry> ordered;
    for (const domain::PassportAttribute& attribute : domain::PassportAttributes()) {
      if (!attribute.Of(kind_)) continue;
      const size_t before = ordered.size();
      std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(ordered),
                   [&](const PassportEntry& entry) { return entry.attribute == attribute.name; });
      if (ordered.size() == before) {
        ordered.emplace_back().attribute = attribute.name;
      }
      std::sort(ordered.begin() + static_cast<ptrdiff_t>(before), ordered.end(),
                [](const PassportEntry& left, const PassportEntry& right) { return left.subject < right.subject; });
    }
    return ordered;
  }

 private:
  const domain::PassportKind kind_;
  std::vector<PassportEntry> entries_;
};

void AddIdentity(const PassportSubject& subject, const std::string& first_life_passport, Entries& entries) {
  const domain::Unit& unit = subject.stored.unit;
  entries.Add("passport_identifier", PassportUuid(subject.plant_namespace, subject.id), FactBasis::kRecorded, "unit");
  entries.Add("predecessor_identifier", first_life_passport, FactBasis::kRecorded, "life");
  entries.Add("unit_code", unit.code, FactBasis::kRecorded, "unit");
  entries.Add("product_code", subject.material->code, FactBasis::kRecorded, "unit");
  if (subject.revision != nullptr) {
    entries.Add("product_revision", std::to_string(subject.revision->revision), FactBasis::kRecorded, "unit");
  }
  entries.Add("product_name", subject.material->name, FactBasis::kRecorded, "product");
  const std::string& batch = subject.stored.work_order_code.empty() ? subject.stored.supplier_lot : subject.stored.work_order_code;
  entries.Add("batch", batch, FactBasis::kRecorded, "unit");
  // What was bought, or goes on as a second life, was not finished here when it came in or began anew: its maker may state the day.
  if (!unit.finish_time || subject.revision == nullptr || !subject.stored.supplier.empty()) return;
  entries.Add("manufacturing_date", DayText(*unit.finish_time), FactBasis::kRecorded, "unit");
  entries.Add("manufacturing_time", domain::FormatTime(*unit.finish_time), FactBasis::kRecorded, "unit");
}

// The first shipment and the first day in service of a unit.
void AddLifeRecords(Call& call, int64_t unit_id, Entries& entries) {
  int64_t after = 0;
  for (;;) {
    const auto page = db::ListLifeRecords(call.transaction, unit_id, after, domain::kMaxPageSize);
    for (const db::StoredLifeRecord& stored : page) {
      after = stored.id;
      const domain::LifeRecord& record = stored.record;
      if (record.reversed) continue;
      if (record.event == domain::LifeEvent::kShip) {
        entries.Add("placed_on_market", DayText(record.occur_time), FactBasis::kRecorded, "life");
      }
      if (record.event == domain::LifeEvent::kPutInService) {
        entries.Add("into_service", domain::FormatTime(record.occur_time), FactBasis::kRecorded, "life");
      }
    }
    if (static_cast<int>(page.size()) < domain::kMaxPageSize) return;
  }
}

void AddLife(Call& call, const PassportSubject& subject, Entries& entries) {
  entries.Add("battery_status", std::string(NameOf(domain::StatusOf(subject.life))), FactBasis::kRecorded, "life");
  entries.Add("life_state", std::string(NameOf(subject.life.state)), FactBasis::kRecorded, "life");
  AddLifeRecords(call, subject.id, entries);
  // What is built in lives with what is around it.
  const int64_t outermost = db::FindOutermost(call.transaction, subject.id);
  if (outermost != subject.id) AddLifeRecords(call, outermost, entries);
}

// As it was when it was finished; what never was, as it is.
domain::Scope BuiltScope(const domain::Unit& unit) {
  return unit.finish_time ? domain::Scope{domain::TraceView::kAsBuilt, *unit.finish_time} : domain::Scope{};
}

domain::Result<Structure> ReadStructure(Call& call, int64_t unit_id, const domain::Scope& scope, int32_t max_depth) {
  // To a partner, what is in it now: what was taken out may be in another's, and what a recovered lot came of were others' units.
  const bool to_partner = !call.caller.partner.empty();
  const bool as_is = to_partner || scope.view == domain::TraceView::kAsIs;
  Structure structure;
  std::vector<domain::Edge> installs;
  std::unordered_set<int64_t> with_parts;
  domain::Walk walk({unit_id}, domain::Direction::kDown, 0, domain::kMaxPassportEdges);
  const auto take = [&](const std::vector<domain::Edge>& edges) {
    for (const domain::Edge& edge : edges) {
      if (to_partner && edge.kind == domain::EdgeKind::kRecovered) continue;
      if (!as_is && edge.kind == domain::EdgeKind::kInstalled) installs.push_back(edge);
      if (!domain::Shows(scope, edge) || !walk.Take(edge)) continue;
      structure.edges.push_back(edge);
      with_parts.insert(edge.parent_id);
    }
    return !walk.full();
  };
  do {
    db::ListEdgesBelow(call.transaction, walk.level(), as_is ? db::EdgeSet::kCurrent : db::EdgeSet::kWithRemoved, take);
  } while (!walk.full() && walk.depth() != max_depth && walk.Descend());
  if (walk.cut()) return Fail(TooMany("unit_code", domain::kMaxPassportEdges + 1, domain::kMaxPassportEdges));
  structure.replaced = domain::ReplacedIn(scope, installs);
  structure.ids.assign(walk.met().begin(), walk.met().end());
  structure.with_parts.assign(with_parts.begin(), with_parts.end());
  std::sort(structure.ids.begin(), structure.ids.end());
  return structure;
}

// What stands where since it was built: `1.2/3.1 = CELL-X for CELL-Y, 2026-11-20`.
void AddReplaced(Call& call, const std::vector<domain::ReplacedPart>& replaced, Entries& entries) {
  entries.Add("composition_basis", replaced.empty() ? "as built" : "as maintained", FactBasis::kRecorded, "genealogy");
  if (replaced.empty()) entries.Add("replaced_part", "none", FactBasis::kRecorded, "genealogy");
  std::vector<int64_t> ids;
  for (const domain::ReplacedPart& part : replaced) ids.insert(ids.end(), {part.built_id, part.now_id});
  std::unordered_map<int64_t, std::string> names{{0, "nothing"}};
  for (const db::Identity& identity : db::LoadIdentities(call.transaction, ids)) {
    names[identity.unit_id] = MaterialOf(call.plant, identity.material_id).code;
  }
  for (const domain::ReplacedPart& part : replaced) {
    entries.Add("replaced_part", names[part.now_id] + " for " + names[part.built_id] + ", " + DayText(part.since), FactBasis::kRecorded,
                "genealogy", part.place);
  }
}

// Where computed entries come from.
const char* GenealogySource(const Structure& structure) {
  return structure.replaced.empty() ? "genealogy" : "genealogy as maintained";
}

// A product's cells: battery cells, or the membranes of a stack.
int64_t CellsIn(Call& call, const PassportSubject& subject, const std::vector<domain::BuiltParts>& parts) {
  const std::string area = subject.kind == domain::PassportKind::kStack ? "mea" : "cell";
  int64_t cells = 0;
  for (const domain::BuiltParts& part : parts) {
    if (AreaOf(MaterialOf(call.plant, part.material_id)) == area) cells += part.count;
  }
  return cells;
}

// Every position for a serial was filled, on all levels: else masses are not those of the whole.
bool IsWhole(Call& call, const PassportSubject& subject, const Structure& structure, const std::vector<domain::BuiltParts>& parts) {
  int64_t positions = 0;
  for (const domain::BuiltParts& part : parts) {
    const domain::ProductRevision* revision = call.plant.FindRevision(part.revision_id);
    if (revision != nullptr) positions += part.count * revision->SerialSlots();
  }
  const auto filled = std::count_if(structure.edges.begin(), structure.edges.end(), [&](const domain::Edge& edge) {
    // A second life holds the first one in no position of a bill.
    return edge.kind == domain::EdgeKind::kInstalled && (subject.revision != nullptr || edge.parent_id != subject.id);
  });
  return filled >= positions;
}

void AddMasses(Call& call, const PassportSubject& subject, const Structure& structure, const std::vector<domain::BuiltParts>& parts,
               Entries& entries) {
  const bool whole = IsWhole(call, subject, structure, parts);
  const char* source = GenealogySource(structure);
  const domain::UnitMasses masses = UnitMassesOf(call.plant);
  // 0: not known.
  const int64_t mass = whole ? domain::MassOf(parts, call.plant, masses).value_or(0) : 0;
  if (mass > 0) entries.Add("mass_total", KgText(mass), FactBasis::kComputed, source);
  const auto substances = domain::SubstancesIn(parts, db::LoadCompositions(call.transaction, parts));
  for (const auto& [code, mass_mg] : substances) {
    const domain::Substance* substance = domain::FindSubstance(code);
    if (substance == nullptr) continue;
    entries.Add(substance->element ? "element_mass" : "substance_mass", KgText(mass_mg), FactBasis::kComputed, source, code);
    if (!substance->element || !substance->critical || mass <= 0) continue;
    const double share = std::round(1e6 * static_cast<double>(mass_mg) / static_cast<double>(mass)) / 1e4;
    if (share > kCriticalShare) entries.Add("critical_raw_material", NumberText(share), FactBasis::kComputed, source, code);
  }
  if (const int64_t cells = CellsIn(call, subject, parts); cells > 0) {
    entries.Add("cell_count", std::to_string(cells), FactBasis::kComputed, source);
  }
  if (subject.revision == nullptr) return;
  for (const domain::BomLine& line : subject.revision->bom) {
    const domain::Material& part = MaterialOf(call.plant, line.material_id);
    entries.Add("part_number", part.name, FactBasis::kRecorded, "product", part.code);
  }
}

// Facts about recycled content, by lot.
std::unordered_map<int64_t, domain::LotShare> SharesOf(Call& call, const std::vector<db::LotInside>& lots) {
  std::vector<int64_t> ids;
  std::unordered_map<int64_t, domain::LotShare> shares;
  for (const db::LotInside& lot : lots) {
    ids.push_back(lot.unit_id);
    shares[lot.unit_id].material_id = lot.material_id;
  }
  for (const db::Fact& fact : db::LoadFactsOf(call.transaction, ids, "recycled_")) {
    double value = 0;
    std::from_chars(fact.value.data(), fact.value.data() + fact.value.size(), value);
    domain::LotShare& share = shares[fact.unit_id];
    (fact.attribute == "recycled_pre_consumer" ? share.pre_consumer : share.post_consumer)[fact.subject] = value;
  }
  return shares;
}

void AddRecycled(Call& call, const PassportSubject& subject, const Structure& structure, Entries& entries) {
  const std::vector<db::LotInside> lots = db::LoadLotsInside(call.transaction, structure.ids);
  std::unordered_map<int64_t, double> quantities;
  for (const db::LotInside& lot : lots) quantities[lot.unit_id] = lot.quantity;
  const auto amounts = domain::AmountsIn(subject.id, structure.edges, quantities);
  const domain::UnitMasses masses = UnitMassesOf(call.plant);
  std::vector<domain::LotShare> shares;
  for (auto& [lot_id, share] : SharesOf(call, lots)) {
    const auto amount = amounts.find(lot_id);
    const auto mass = masses.find(share.material_id);
    share.mass = amount == amounts.end() || mass == masses.end() ? 0 : amount->second * static_cast<double>(mass->second);
    shares.push_back(std::move(share));
  }
  for (const auto& [substance, content] : domain::RecycledIn(shares, call.plant)) {
    const std::string method =
        "mean of " + std::to_string(content.lots) + " lots by mass, " + std::to_string(content.declared) + " declared";
    const auto add = [&](const char* attribute, const std::optional<double>& value) {
      PassportEntry entry;
      entry.attribute = attribute;
      entry.subject = substance;
      entry.value = value ? NumberText(*value) : "";
      entry.basis = value ? FactBasis::kComputed : FactBasis::kUnknown;
      entry.source = structure.replaced.empty() ? "lots" : "lots as maintained";
      entry.method = method;
      entries.Put(std::move(entry));
    };
    add("recycled_pre_consumer", content.pre_consumer);
    add("recycled_post_consumer", content.post_consumer);
  }
}

void AddFacts(const std::vector<db::Fact>& facts, domain::PassportKind kind, Entries& entries) {
  for (const db::Fact& fact : facts) {
    const domain::PassportAttribute* attribute = domain::FindAttribute(fact.attribute);
    if (attribute == nullptr || !attribute->Of(kind)) continue;
    entries.Put(EntryOf(fact));
  }
}

}  // namespace

std::string AreaOf(const domain::Material& material) {
  const nlohmann::json properties = PropertiesOf(material);
  const auto area = properties.find("area");
  return area != properties.end() && area->is_string() ? area->get<std::string>() : "";
}

std::string DayText(domain::Time time) {
  const std::chrono::year_month_day day = domain::CodeDay(time);
  char text[40];
  snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
           static_cast<unsigned>(day.day()));
  return text;
}

std::vector<db::Fact> FactsFor(Call& call, const db::StoredUnit& stored) {
  const domain::Unit& unit = stored.unit;
  std::vector<db::Fact> facts = db::LoadFacts(call.transaction, unit.id, unit.material_id, domain::kMaxFactsPerUnit);
  if (!stored.supplier.empty() || !MaterialOf(call.plant, unit.material_id).made) {
    std::erase_if(facts, [](const db::Fact& fact) {
      return fact.scope == domain::FactScope::kPlant &&
             (fact.attribute.starts_with("manufacturer_") || fact.attribute.starts_with("facility_"));
    });
  }
  // The narrower scope counts: of the unit before its model's before the plant's.
  std::stable_sort(facts.begin(), facts.end(), [](const db::Fact& left, const db::Fact& right) { return left.scope > right.scope; });
  return facts;
}

PassportEntry EntryOf(const db::Fact& fact) {
  PassportEntry entry;
  entry.attribute = fact.attribute;
  entry.subject = fact.subject;
  entry.value = fact.value;
  entry.basis = fact.basis;
  entry.source = NameOf(fact.scope);
  entry.observe_time = fact.observe_time;
  entry.method = fact.method;
  entry.evidence = fact.evidence;
  return entry;
}

domain::Result<Structure> LoadStructure(Call& call, const domain::Unit& unit, int32_t max_depth) {
  return ReadStructure(call, unit.id, BuiltScope(unit), max_depth);
}

domain::Result<Structure> LoadPresentStructure(Call& call, int64_t unit_id) {
  return ReadStructure(call, unit_id, domain::Scope{}, 0);
}

domain::Result<PassportSubject> FindSubject(Call& call, const std::string& unit_code) {
  const auto id = FindUnitId(call, unit_code, "unit_code");
  if (!id) return Fail(id.error());
  PassportSubject subject;
  subject.id = *id;
  subject.stored = db::LoadUnits(call.transaction, {*id}).at(0);
  const domain::Unit& unit = subject.stored.unit;
  subject.material = &MaterialOf(call.plant, unit.material_id);
  subject.revision = call.plant.FindRevision(unit.revision_id);
  const std::string area = AreaOf(*subject.material);
  subject.kind = area == "stack" ? domain::PassportKind::kStack : domain::PassportKind::kBattery;
  const bool part = area == "module" || area == "cell";
  if (!part && area != "pack" && area != "system" && area != "stack") {
    return Fail(FieldError(Reason::kDocumentUnavailable, "unit_code",
                           "batteries and stacks have passports, and " + subject.material->code + " is neither"));
  }
  if (part) {
    const std::vector<db::Fact> facts = FactsFor(call, subject.stored);
    const bool alone = std::any_of(facts.begin(), facts.end(), [](const db::Fact& fact) {
      return fact.attribute == "battery_category" && fact.scope != domain::FactScope::kPlant;
    });
    if (!alone) {
      domain::Error error = FieldError(Reason::kDocumentUnavailable, "unit_code",
                                       "a " + area + " has a passport where it is placed on the market by itself: declare its "
                                       "battery_category");
      error.metadata["fact"] = "battery_category";
      return Fail(std::move(error));
    }
  }
  const auto lives = db::LoadLives(call.transaction, {*id});
  const auto known = lives.find(*id);
  const domain::Result<domain::Life> life = known != lives.end() ? known->second : domain::BeginLife(unit, false);
  if (!life) return Fail(life.error());
  subject.life = *life;
  subject.plant_namespace = db::LoadNamespace(call.transaction);
  return subject;
}

std::optional<domain::Time> RecycledAt(Call& call, int64_t unit_id) {
  const auto lives = db::LoadLives(call.transaction, {unit_id, db::FindOutermost(call.transaction, unit_id)});
  for (const auto& [id, life] : lives) {
    if (life.state == domain::LifeState::kRecycled) return life.last_time;
  }
  return std::nullopt;
}

domain::Result<std::vector<PassportEntry>> PassportEntries(Call& call, const PassportSubject& subject) {
  domain::Result<Structure> structure = LoadStructure(call, subject.stored.unit, 0);
  if (structure && !structure->replaced.empty()) {
    // What is built in now is what counts; what it was built of stays the basis that changes are told against.
    domain::Result<Structure> maintained = LoadPresentStructure(call, subject.id);
    if (maintained) maintained->replaced = std::move(structure->replaced);
    structure = std::move(maintained);
  }
  if (!structure) return Fail(structure.error());
  Entries entries(subject.kind);
  std::string first_life_passport;
  if (const db::LifeLinks links = db::LoadLifeLinks(call.transaction, subject.id); !links.first_life_code.empty()) {
    const auto first = FindUnitId(call, links.first_life_code, "unit_code");
    if (first) first_life_passport = PassportUuid(subject.plant_namespace, *first);
  }
  AddIdentity(subject, first_life_passport, entries);
  AddLife(call, subject, entries);
  const std::vector<domain::BuiltParts> parts = db::CountParts(call.transaction, structure->ids, structure->with_parts);
  AddReplaced(call, structure->replaced, entries);
  AddMasses(call, subject, *structure, parts, entries);
  AddRecycled(call, subject, *structure, entries);
  AddFacts(FactsFor(call, subject.stored), subject.kind, entries);
  return entries.Take();
}

}  // namespace mes::services
