// Catena-X documents of single units and lots, which need no passport: serial_part, batch, single_level_bom_as_built,
// single_level_usage_as_built, traction_battery_code.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "db/genealogy.h"
#include "domain/gbt34014.h"
#include "domain/genealogy.h"
#include "domain/limits_passport.h"
#include "services/grant.h"
#include "services/passport_document.h"
#include "services/passport_identity.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;
using domain::Fail;
using domain::FieldError;
using domain::PassportEntry;
using domain::Reason;

domain::Error Unavailable(std::string message) {
  return FieldError(Reason::kDocumentUnavailable, "document", std::move(message));
}

std::string AssetUrn(const std::string& plant_namespace, int64_t unit_id) {
  return "urn:uuid:" + UnitUuid(plant_namespace, unit_id);
}

// The facts of a unit or lot, with what is recorded of it, as entries.
std::vector<PassportEntry> EntriesOf(Call& call, const db::StoredUnit& stored) {
  std::vector<PassportEntry> entries;
  const auto add = [&](const char* attribute, const std::string& value) {
    if (value.empty()) return;
    PassportEntry& entry = entries.emplace_back();
    entry.attribute = attribute;
    entry.value = value;
    entry.basis = domain::FactBasis::kRecorded;
  };
  const domain::Material& material = MaterialOf(call.plant, stored.unit.material_id);
  add("unit_code", stored.unit.code);
  add("product_code", material.code);
  add("product_name", material.name);
  // Orders and suppliers are the plant's business, and the schemas do without.
  if (call.caller.partner.empty()) add("batch", stored.work_order_code.empty() ? stored.supplier_lot : stored.work_order_code);
  if (stored.lot) {
    add("manufacturing_date", DayText(stored.manufacture_time));
  } else if (stored.unit.finish_time && stored.unit.revision_id != 0 && stored.supplier.empty()) {
    add("manufacturing_date", DayText(*stored.unit.finish_time));
  }
  for (const db::Fact& fact : FactsFor(call, stored)) {
    if (domain::FindEntry(entries, fact.attribute, fact.subject) == nullptr) entries.push_back(EntryOf(fact));
  }
  return entries;
}

constexpr FactSlot kPartSlots[] = {
    {"/globalAssetId", "$asset"},
    {"/partTypeInformation/manufacturerPartId", "product_code"},
    {"/partTypeInformation/nameAtManufacturer", "product_name"},
    {"/partTypeInformation/partClassification/0/standard", "classification_standard"},
    {"/partTypeInformation/partClassification/0/id", "classification_id"},
    {"/localIdentifiers/0/key", "=manufacturerId"},
    {"/localIdentifiers/0/value", "manufacturer_bpnl"},
    {"/localIdentifiers/1/key", "$code_key"},
    {"/localIdentifiers/1/value", "unit_code"},
    {"/manufacturingInformation/productionDate", "manufacturing_date"},
    {"/manufacturingInformation/country", "facility_country"},
    {"/manufacturingInformation/sites/0/siteId", "?facility_bpns"},
};
constexpr FactSlot kCustomerSlots[] = {
    {"/partTypeInformation/nameAtCustomer", "customer_part_name"},
    {"/partTypeInformation/customerPartId", "customer_part_number"},
};

Json PartOf(DocumentFacts& facts, bool lot) {
  Json document;
  facts.Give("code_key", lot ? "batchId" : "partInstanceId");
  facts.Fill(document, kPartSlots);
  if (!lot) facts.Fill(document, kCustomerSlots);
  if (facts.Knows("facility_bpns")) document["manufacturingInformation"]["sites"][0]["function"] = "production";
  if (!lot && facts.Knows("batch")) document["localIdentifiers"].push_back({{"key", "batchId"}, {"value", facts.Of("batch")}});
  return document;
}

// The word of the schema for a unit of measure; empty = none.
std::string UnitWord(const std::string& uom) {
  static const std::map<std::string, std::string> words = {
      {"pc", "unit:piece"}, {"set", "unit:set"}, {"kg", "unit:kilogram"}, {"m2", "unit:squareMetre"}, {"m", "unit:metre"}};
  const auto word = words.find(uom);
  return word == words.end() ? "" : word->second;
}

// One thing of a level, with all its edges to the other side as one item.
struct Item {
  int64_t unit_id = 0;
  int64_t quantity_micro = 0;
  int16_t line = 0;
  domain::Time since{};
};

std::vector<Item> ItemsIn(const std::vector<domain::Edge>& edges, bool children) {
  std::vector<Item> items;
  std::unordered_map<int64_t, size_t> places;
  for (const domain::Edge& edge : edges) {
    const int64_t id = children ? edge.child_id : edge.parent_id;
    const auto [place, first] = places.try_emplace(id, items.size());
    if (first) items.push_back({id, 0, edge.line, edge.install_time});
    Item& item = items[place->second];
    item.quantity_micro += edge.kind == domain::EdgeKind::kInstalled ? domain::kMicro : edge.quantity_micro;
    item.since = std::min(item.since, edge.install_time);
  }
  return items;
}

// Materials and makers of a level's things, each asked for once for all.
class Makers {
 public:
  Makers(Call& call, const std::vector<Item>& items) {
    std::vector<int64_t> ids;
    for (const Item& item : items) ids.push_back(item.unit_id);
    std::vector<int32_t> materials;
    for (const db::StoredUnit& stored : db::LoadUnits(call.transaction, ids)) {
      const domain::Material& material = MaterialOf(call.plant, stored.unit.material_id);
      materials.push_back(material.id);
      known_[stored.unit.id] = {&material, !stored.supplier.empty() || !material.made};
    }
    for (const db::Fact& fact : db::LoadFactsOf(call.transaction, ids, "manufacturer_bpnl")) of_unit_[fact.unit_id] = fact.value;
    of_material_ = db::LoadProductFacts(call.transaction, materials, "manufacturer_bpnl");
    for (const db::Fact& fact : db::LoadFacts(call.transaction, 0, 0, domain::kMaxFactsPerUnit)) {
      if (fact.attribute == "manufacturer_bpnl") own_ = fact.value;
    }
  }
  // False: the database does not show it to the partner that asks.
  bool Sees(int64_t id) const { return known_.contains(id); }
  const domain::Material& MaterialOfUnit(int64_t id) const { return *known_.at(id).first; }
  // Whose business partner number it is: the unit's or lot's, the material's, ours where it is made here.
  Json Of(int64_t id, DocumentFacts& facts) const {
    if (const auto fact = of_unit_.find(id); fact != of_unit_.end()) return fact->second;
    const auto& [material, bought] = known_.at(id);
    if (const auto fact = of_material_.find(material->id); fact != of_material_.end()) return fact->second;
    if (!bought && !own_.empty()) return own_;
    facts.Miss("manufacturer_bpnl of " + (bought ? material->code : std::string("the plant")));
    return {};
  }

 private:
  std::unordered_map<int64_t, std::pair<const domain::Material*, bool>> known_;
  std::unordered_map<int64_t, std::string> of_unit_;
  std::unordered_map<int32_t, std::string> of_material_;
  std::string own_;
};

domain::Result<Json> ItemsOf(const std::vector<Item>& items, const domain::ProductRevision* revision, const Makers& makers,
                             const std::string& uom_of_child, const std::string& plant_namespace, DocumentFacts& facts) {
  Json list = Json::array();
  for (const Item& item : items) {
    if (!makers.Sees(item.unit_id)) continue;
    const bool children = uom_of_child.empty();
    const std::string& uom = children ? makers.MaterialOfUnit(item.unit_id).uom : uom_of_child;
    const std::string word = UnitWord(uom);
    if (word.empty()) return Fail(Unavailable("the schema has no word for the unit of measure " + uom));
    Json entry = {{"quantity", {{"value", static_cast<double>(item.quantity_micro) / domain::kMicro}, {"unit", word}}},
                  {"createdOn", domain::FormatTime(item.since)},
                  {"globalAssetId", AssetUrn(plant_namespace, item.unit_id)},
                  {"businessPartner", makers.Of(item.unit_id, facts)}};
    if (children) {
      const domain::BomLine* line = revision == nullptr ? nullptr : revision->FindLine(item.line);
      entry["hasAlternatives"] = line != nullptr && !line->alternate_ids.empty();
    } else {
      entry["isOnlyPotentialParent"] = false;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

domain::Result<Json> BomOf(Call& call, const db::StoredUnit& stored, const std::string& plant_namespace, DocumentFacts& facts) {
  const domain::Result<Structure> structure = LoadStructure(call, stored.unit, 1);
  if (!structure) return Fail(structure.error());
  const std::vector<Item> items = ItemsIn(structure->edges, true);
  if (static_cast<int64_t>(items.size()) > domain::kMaxDocumentItems) {
    return Fail(TooMany("document", static_cast<int64_t>(items.size()), domain::kMaxDocumentItems));
  }
  const Makers makers(call, items);
  const auto children =
      ItemsOf(items, call.plant.FindRevision(stored.unit.revision_id), makers, "", plant_namespace, facts);
  if (!children) return Fail(children.error());
  return Json{{"globalAssetId", AssetUrn(plant_namespace, stored.unit.id)}, {"childItems", *children}};
}

domain::Result<Json> UsageOf(Call& call, const db::StoredUnit& stored, const std::string& plant_namespace, DocumentFacts& facts) {
  std::vector<domain::Edge> edges;
  db::ListEdgesAbove(call.transaction, {stored.unit.id}, db::EdgeSet::kCurrent, [&](const std::vector<domain::Edge>& more) {
    edges.insert(edges.end(), more.begin(), more.end());
    return static_cast<int64_t>(edges.size()) <= domain::kMaxDocumentItems;
  });
  if (static_cast<int64_t>(edges.size()) > domain::kMaxDocumentItems) {
    return Fail(TooMany("document", static_cast<int64_t>(edges.size()), domain::kMaxDocumentItems));
  }
  std::vector<Item> items = ItemsIn(edges, false);
  std::vector<int64_t> parents;
  for (const Item& item : items) parents.push_back(item.unit_id);
  const std::unordered_set<int64_t> seen = SeenUnits(call, parents);
  std::erase_if(items, [&](const Item& item) { return !seen.contains(item.unit_id); });
  const Makers makers(call, items);
  const std::string& uom = MaterialOf(call.plant, stored.unit.material_id).uom;
  const auto listed = ItemsOf(items, nullptr, makers, uom, plant_namespace, facts);
  if (!listed) return Fail(listed.error());
  return Json{{"globalAssetId", AssetUrn(plant_namespace, stored.unit.id)},
              {"parentItems", *listed},
              {"customers", Json::array({facts.Of("customer_bpnl")})}};
}

int LevelOf(char product_type) { return product_type == 'P' ? 3 : product_type == 'M' ? 2 : 1; }
const char* WordOf(char product_type) { return product_type == 'P' ? "pack" : product_type == 'M' ? "module" : "cell"; }

// The tree of codes below one thing. What has no code of its own, or one of no lower level (the first life inside its second), stands
// aside, and what is in it is told in its place.
class CodeTree {
 public:
  CodeTree(const std::vector<domain::Edge>& edges, const std::vector<db::Identity>& identities) {
    for (const domain::Edge& edge : edges) {
      if (edge.kind == domain::EdgeKind::kInstalled) inside_[edge.parent_id].push_back(edge.child_id);
    }
    for (const db::Identity& identity : identities) codes_[identity.unit_id] = identity.code;
  }
  Json Below(int64_t unit_id, int above) const {
    Json list = Json::array();
    const auto parts = inside_.find(unit_id);
    if (parts == inside_.end()) return list;
    for (const int64_t part : parts->second) {
      // The database does not show it to the partner that asks.
      const auto known = codes_.find(part);
      if (known == codes_.end()) continue;
      const std::string& code = known->second;
      const domain::BatteryCodeReading reading = domain::ReadBatteryCode(code);
      const int level = reading.Valid() ? LevelOf(reading.code.product_type) : 0;
      Json below = Below(part, level > 0 && level < above ? level : above);
      if (level == 0 || level >= above) {
        for (Json& each : below) list.push_back(std::move(each));
        continue;
      }
      Json entry = {{"productType", WordOf(reading.code.product_type)}, {"tractionBatteryCode", code}};
      if (!below.empty()) entry["subcomponents"] = std::move(below);
      list.push_back(std::move(entry));
    }
    return list;
  }

 private:
  std::unordered_map<int64_t, std::vector<int64_t>> inside_;
  std::unordered_map<int64_t, std::string> codes_;
};

domain::Result<Json> TractionBatteryCodeOf(Call& call, const db::StoredUnit& stored) {
  const std::string& code = stored.unit.code;
  const domain::BatteryCodeReading reading = domain::ReadBatteryCode(code);
  if (!reading.Valid()) return Fail(Unavailable(code + " is no code after GB/T 34014"));
  const domain::Result<Structure> structure = LoadPresentStructure(call, stored.unit.id);
  if (!structure) return Fail(structure.error());
  const CodeTree tree(structure->edges, db::LoadIdentities(call.transaction, structure->ids));
  Json document = {{"productType", WordOf(reading.code.product_type)}, {"tractionBatteryCode", code}};
  if (Json below = tree.Below(stored.unit.id, LevelOf(reading.code.product_type)); !below.empty()) {
    document["subcomponents"] = std::move(below);
  }
  return document;
}

}  // namespace

domain::Result<Json> PartDocumentOf(Call& call, const db::StoredUnit& stored, v1::PassportDocument document,
                                    const std::vector<domain::PassportTier>& tiers) {
  const std::string plant_namespace = db::LoadNamespace(call.transaction);
  DocumentFacts facts(EntriesOf(call, stored), tiers, LinkStyle::kDescribed);
  facts.Give("asset", AssetUrn(plant_namespace, stored.unit.id));
  const bool lot = stored.lot.has_value();
  const bool wants_lot = document == v1::PASSPORT_DOCUMENT_BATCH;
  if (document == v1::PASSPORT_DOCUMENT_SERIAL_PART || wants_lot) {
    if (lot != wants_lot) {
      return Fail(Unavailable(stored.unit.code + (lot ? " is a lot: ask for a batch" : " is no lot: ask for a serial part")));
    }
    Json made = PartOf(facts, lot);
    if (domain::Status verdict = facts.Verdict(); !verdict) return Fail(verdict.error());
    return made;
  }
  // What is in what is for persons with a legitimate interest, as the parts of a passport are.
  if (!domain::MayRead(tiers, domain::AttributeAccess::kInterestAndAuthorities)) {
    domain::Error error = FieldError(Reason::kRoleInsufficient, "document", "what is in what is for persons with a legitimate interest");
    error.metadata["facts"] = "part_number";
    return Fail(std::move(error));
  }
  domain::Result<Json> made = document == v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE ? TractionBatteryCodeOf(call, stored)
                              : document == v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT
                                  ? BomOf(call, stored, plant_namespace, facts)
                                  : UsageOf(call, stored, plant_namespace, facts);
  if (!made) return made;
  if (domain::Status verdict = facts.Verdict(); !verdict) return Fail(verdict.error());
  return made;
}

}  // namespace mes::services
