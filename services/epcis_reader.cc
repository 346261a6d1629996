#include "services/epcis_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_set>

#include <google/protobuf/util/time_util.h>
#include <nlohmann/json.hpp>

#include "db/issued_code.h"
#include "domain/code.h"
#include "domain/gs1.h"
#include "domain/limits.h"
#include "domain/limits_epcis.h"
#include "domain/quantity.h"
#include "services/convert.h"
#include "services/epcis_declaration.h"
#include "services/epcis_event.h"
#include "services/epcis_hash.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;
using domain::CapturedEvent;
using domain::CaptureFault;
using domain::CaptureKind;
using domain::Fail;
using domain::Reason;
using domain::Status;

constexpr int kMostRules = 100'000;
// Clocks of partners differ by this at most.
constexpr auto kAhead = std::chrono::minutes(5);

std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// What stands under the last part of a name: `https://host/bizstep/recycling`, `urn:epcglobal:cbv:bizstep:shipping`,
// `cbv:BizStep-shipping`.
std::string LastWord(const std::string& text) {
  const size_t at = text.find_last_of("/:#");
  std::string word = at == std::string::npos ? text : text.substr(at + 1);
  for (const std::string_view prefix : {"BizStep-", "Disp-"}) {
    if (word.starts_with(prefix)) word.erase(0, prefix.size());
  }
  return word;
}

// Reads a document's events. Every fault is collected with the place of its event.
class Reader {
 public:
  Reader(Call& call, const std::string& partner, const std::string& person) : call_(call), partner_(partner), person_(person) {
    for (const domain::CodeRule& rule : db::ListCodeRules(call.transaction, 0, 0, kMostRules)) {
      if (!rule.gtin.empty()) rules_[rule.gtin] = rule;
    }
  }

  std::vector<CapturedEvent> events;
  std::vector<db::CapturedRow> rows;
  std::vector<CaptureFault> faults;
  int64_t items = 0;

  // Errors: DOCUMENT_INVALID, LIMIT_EXCEEDED. Faults of single events are in `faults`.
  Status Read(const std::string& text) {
    const Json document = Json::parse(text, nullptr, false);
    if (document.is_discarded() || !document.is_object()) return Wrong("", "the document is not JSON in UTF-8");
    const std::string type = document.value("type", Json()).is_string() ? document["type"].get<std::string>() : std::string();
    Json::json_pointer at;
    if (type == "EPCISDocument") {
      at = Json::json_pointer("/epcisBody/eventList");
    } else if (type == "EPCISQueryDocument") {
      at = Json::json_pointer("/epcisBody/queryResults/resultsBody/eventList");
    } else {
      return Wrong("/type", "neither an EPCISDocument nor an EPCISQueryDocument");
    }
    if (!document.contains(at) || !document[at].is_array()) return Wrong(at.to_string(), "no list of events");
    const Json& list = document[at];
    if (list.size() > static_cast<size_t>(domain::kMaxEventsPerDocument)) {
      return Fail(TooMany("document", static_cast<int64_t>(list.size()), domain::kMaxEventsPerDocument));
    }
    const Json context = document.value("@context", Json::array());
    context_ = ContextOf(context);
    std::unordered_set<std::string> seen;
    for (size_t i = 0; i < list.size(); ++i) {
      pointer_ = at.to_string() + "/" + std::to_string(i);
      try {
        ReadEvent(list[i], context, seen);
      } catch (const Json::exception&) {
        faults.push_back({pointer_, Reason::kDocumentInvalid, "a field has another type than EPCIS gives it"});
      }
      if (faults.size() >= domain::kMaxDocumentFaults) break;
    }
    if (items > domain::kMaxItemsPerDocument) return Fail(TooMany("document", items, domain::kMaxItemsPerDocument));
    return {};
  }

 private:
  static Status Wrong(const std::string& pointer, const char* sentence) {
    return Fail(DocumentError({{pointer, Reason::kDocumentInvalid, sentence}}));
  }
  void Fault(const std::string& below, std::string sentence, Reason reason = Reason::kDocumentInvalid) {
    faults.push_back({pointer_ + below, reason, std::move(sentence)});
  }

  std::string TextOf(const Json& event, const char* name, bool required) {
    const auto found = event.find(name);
    if (found != event.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) return *found;
    if (required || found != event.end()) Fault(std::string("/") + name, std::string(name) + " is missing or not a text");
    return {};
  }
  // Of ours among the extensions: any prefix, by its last word.
  const Json* Extension(const Json& object, std::string_view word) const {
    if (!object.is_object()) return nullptr;
    for (const auto& [name, value] : object.items()) {
      if (name.find(':') != std::string::npos && LastWord(name) == word) return &value;
    }
    return nullptr;
  }
  int16_t SmallNumber(const Json& event, std::string_view word) const {
    const Json* value = Extension(event, word);
    if (value == nullptr || !value->is_number_integer()) return 0;
    const auto number = value->get<int64_t>();
    return number > 0 && number < INT16_MAX ? static_cast<int16_t>(number) : int16_t{0};
  }
  std::string ExtensionText(const Json& event, std::string_view word, size_t limit) const {
    const Json* value = Extension(event, word);
    if (value == nullptr || !value->is_string() || value->get_ref<const std::string&>().size() > limit) return {};
    return *value;
  }

  struct Named {
    std::string code;
    int32_t material_id = 0;
  };
  // The code here of what has this address there. Empty = a fault was noted.
  Named NameOf(const Json& item, const std::string& below) {
    ++items;
    if (!item.is_string()) return Fault(below, "not an address"), Named();
    const std::string uri = EpcisCanonical(EpcisExpanded(item.get<std::string>(), context_));
    Named named;
    const size_t last = uri.find_last_of('/');
    const size_t before = last == std::string::npos || last == 0 ? std::string::npos : uri.find_last_of('/', last - 1);
    if (const auto link = domain::ParseDigitalLink(uri, "document")) {
      std::string gtin, serial;
      for (const domain::Gs1Element& element : *link) {
        if (element.ai == "01") gtin = element.value;
        if (element.ai == "21" || element.ai == "10") serial = element.value;
      }
      if (const auto rule = rules_.find(gtin); rule != rules_.end() && !serial.empty()) {
        named.material_id = rule->second.material_id;
        const auto code = rule->second.prefix.empty() ? domain::Result<std::string>(serial)
                                                      : domain::BatteryCodeOf(rule->second.prefix, serial, "document");
        if (!code) return Fault(below, "the serial gives no battery code with the prefix of its GTIN"), Named();
        named.code = *code;
      }
    }
    if (named.code.empty() && before != std::string::npos) {
      const std::string kind = uri.substr(before + 1, last - before - 1);
      if (kind == "unit" || kind == "lot") named.code = Unescaped(std::string_view(uri).substr(last + 1));
    }
    if (named.code.empty()) {
      named.code = uri;
      for (const std::string_view scheme : {"https://id.gs1.org/", "https://", "http://"}) {
        if (named.code.starts_with(scheme)) named.code.erase(0, scheme.size());
      }
    }
    if (Status checked = domain::CheckCode(named.code, "document"); !checked) {
      return Fault(below, "no code of ours can be read from it: " + checked.error().message), Named();
    }
    return named;
  }
  std::vector<Named> NamesOf(const Json& event, const char* name) {
    std::vector<Named> names;
    const auto list = event.find(name);
    if (list == event.end()) return names;
    if (!list->is_array()) return Fault(std::string("/") + name, "not a list"), names;
    for (size_t i = 0; i < list->size(); ++i) {
      Named named = NameOf((*list)[i], std::string("/") + name + "/" + std::to_string(i));
      if (!named.code.empty()) names.push_back(std::move(named));
    }
    return names;
  }

  struct Amount {
    Named lot;
    int64_t quantity_micro = 0;
    std::string uom;
    std::string below;
  };
  std::vector<Amount> AmountsOf(const Json& event, const char* name) {
    std::vector<Amount> amounts;
    const auto list = event.find(name);
    if (list == event.end()) return amounts;
    if (!list->is_array()) return Fault(std::string("/") + name, "not a list"), amounts;
    for (size_t i = 0; i < list->size(); ++i) {
      const std::string below = std::string("/") + name + "/" + std::to_string(i);
      const Json& element = (*list)[i];
      if (!element.is_object() || !element.contains("epcClass")) {
        Fault(below + "/epcClass", "epcClass is missing");
        continue;
      }
      Amount amount{NameOf(element["epcClass"], below + "/epcClass"), 0, "", below};
      if (amount.lot.code.empty()) continue;
      const auto quantity = element.find("quantity");
      if (quantity != element.end()) {
        const double value = quantity->is_number() ? quantity->get<double>() : -1;
        if (!(value > 0 && value < 1e12)) {
          Fault(below + "/quantity", "quantity is not a number above zero", Reason::kQuantityInvalid);
          continue;
        }
        amount.quantity_micro = std::llround(value * domain::kMicro);
      }
      if (element.contains("uom")) amount.uom = element["uom"].is_string() ? element["uom"].get<std::string>() : "?";
      amounts.push_back(std::move(amount));
    }
    return amounts;
  }

  domain::Time TimeOf(const Json& event, const char* name) {
    const std::string text = TextOf(event, name, true);
    if (text.empty()) return {};
    google::protobuf::Timestamp stamp;
    const bool read = google::protobuf::util::TimeUtil::FromString(text, &stamp);
    const auto time = TimeFromProto(stamp, name);
    if (!read || !time) {
      Fault(std::string("/") + name, "not an instant with its time zone (RFC 3339)");
      return {};
    }
    if (*time > call_.now + kAhead) Fault(std::string("/") + name, "in the future", Reason::kTimeInFuture);
    return *time;
  }

  void ReadEvent(const Json& event, const Json& context, std::unordered_set<std::string>& seen) {
    if (!event.is_object()) return Fault("", "an event is an object");
    const size_t faults_before = faults.size();
    CapturedEvent captured;
    captured.pointer = pointer_;
    const std::string type = TextOf(event, "type", true);
    captured.occur_time = TimeOf(event, "eventTime");
    TextOf(event, "eventTimeZoneOffset", true);
    captured.wrong = event.contains("errorDeclaration");
    if (faults.size() > faults_before) return;

    Json body = event;
    if (!body.contains("@context")) {
      Json own = Json::array();
      for (const Json& entry : context.is_array() ? context : Json::array({context})) {
        if (entry.is_object()) own.push_back(entry);
      }
      if (!own.empty()) body["@context"] = std::move(own);
    }
    const std::string id = EpcisHash(event, context_);
    const std::string said = event.contains("eventID") ? TextOf(event, "eventID", true) : std::string();
    if (said.starts_with("ni:///sha-256;") && said != id) {
      return Fault("/eventID", "the hash is another's: the event was changed after it was hashed");
    }
    body["eventID"] = id;
    captured.hash = id.substr(14, 64);
    if (!seen.insert(captured.hash).second) {
      // Told and declared an error in one document: an error from the start.
      for (size_t i = 0; i < events.size() && captured.wrong; ++i) {
        if (events[i].hash == captured.hash) events[i].wrong = rows[i].wrong = true, rows[i].body = body.dump();
      }
      return;
    }

    if (type == "ObjectEvent") {
      ReadObject(event, captured);
    } else if (type == "AssociationEvent") {
      ReadAssociation(event, captured);
    } else if (type == "TransformationEvent") {
      ReadTransformation(event, captured);
    } else if (type == "AggregationEvent" || type == "TransactionEvent") {
      Mention(captured, NamesOf(event, type == "AggregationEvent" ? "childEPCs" : "epcList"));
    } else {
      Fault("/type", "not an event of EPCIS 2.0");
    }
    db::CapturedRow row;
    row.hash = captured.hash;
    row.event_time = captured.occur_time;
    row.record_time = call_.now;
    row.partner = partner_;
    row.person = person_;
    row.wrong = captured.wrong;
    row.body = body.dump();
    rows.push_back(std::move(row));
    events.push_back(std::move(captured));
  }

  static void Mention(CapturedEvent& captured, const std::vector<Named>& names) {
    for (const Named& named : names) captured.unit_codes.push_back(named.code);
  }
  std::string ActionOf(const Json& event) {
    const std::string action = TextOf(event, "action", true);
    if (!action.empty() && action != "ADD" && action != "OBSERVE" && action != "DELETE")
      Fault("/action", "not ADD, OBSERVE or DELETE");
    return action;
  }
  std::string StepOf(const Json& event) { return LastWord(TextOf(event, "bizStep", false)); }
  // A lot's unit of measure, where it is told, is its material's.
  void CheckUom(const Amount& amount, int32_t material_id) {
    const domain::Material* material = material_id == 0 ? nullptr : call_.plant.FindMaterial(material_id);
    if (material == nullptr || amount.uom.empty() || amount.uom == CommonCode(material->uom)) return;
    Fault(amount.below + "/uom", material->code + " is counted in " + material->uom + " (" + CommonCode(material->uom) + ")",
          Reason::kUomMismatch);
  }

  void ReadObject(const Json& event, CapturedEvent& captured) {
    const std::string action = ActionOf(event);
    const std::vector<Named> names = NamesOf(event, "epcList");
    const std::vector<Amount> amounts = AmountsOf(event, "quantityList");
    if (names.empty() && amounts.empty()) {
      if (faults.empty()) Fault("/epcList", "the event is about nothing");
      return;
    }
    Mention(captured, names);
    for (const Amount& amount : amounts) captured.lots.push_back({amount.lot.code, amount.quantity_micro});
    const std::string step = StepOf(event);
    if (action == "ADD" && (step == "commissioning" || step == "creating_class_instance")) {
      if (!names.empty() && !amounts.empty()) return Fault("", "single units and lots come to exist by events of their own");
      captured.kind = names.empty() ? CaptureKind::kMadeLots : CaptureKind::kMadeUnits;
      return ReadMade(event, amounts, names.empty() ? amounts[0].lot.material_id : names[0].material_id, captured);
    }
    if (step == "decommissioning" || step == "destroying") {
      captured.kind = CaptureKind::kScrapped;
      return;
    }
    for (const EpcisStep& known : EpcisSteps()) {
      if (step != known.step || known.event == domain::LifeEvent::kStartSecondLife) continue;
      const bool replaced = known.event == domain::LifeEvent::kTakeOut || known.event == domain::LifeEvent::kBuildIn;
      const Json* around = Extension(event, "around");
      if (replaced && around == nullptr) continue;
      captured.kind = CaptureKind::kLife;
      FillLife(event, known.event, captured);
      if (!replaced) continue;
      // The part's life; where it is, an AssociationEvent says.
      captured.life.other_code = NameOf(*around, "/around").code;
      const Json* used = Extension(event, "used");
      captured.life.used = used != nullptr && used->is_boolean() && used->get<bool>();
    }
  }

  // What comes to exist is told by ilmd, or by a GTIN; lots come with a quantity.
  void ReadMade(const Json& event, const std::vector<Amount>& amounts, int32_t material_of_gtin, CapturedEvent& captured) {
    if (event.contains("ilmd")) {
      const std::string code = ExtensionText(event["ilmd"], "material", domain::kMaxCodeLength);
      const domain::Material* material = code.empty() ? nullptr : call_.plant.FindMaterial(code);
      if (!code.empty() && material == nullptr) return Fault("/ilmd", code + " is no material here", Reason::kMaterialUnknown);
      if (material != nullptr) captured.material_id = material->id;
    }
    if (captured.material_id == 0) captured.material_id = material_of_gtin;
    for (const Amount& amount : amounts) {
      if (amount.quantity_micro == 0)
        Fault(amount.below + "/quantity", "a lot comes to exist with a quantity", Reason::kQuantityInvalid);
      CheckUom(amount, captured.material_id);
    }
  }

  void FillLife(const Json& event, domain::LifeEvent life, CapturedEvent& captured) const {
    captured.life.event = life;
    captured.life.occur_time = captured.occur_time;
    captured.life.record_time = call_.now;
    captured.life.person = person_;
    captured.life.party = ExtensionText(event, "party", domain::kMaxSupplierLength);
    if (captured.life.party.empty()) captured.life.party = partner_;
    captured.life.place = ExtensionText(event, "place", domain::kMaxPlaceLength);
    for (const char* where : {"bizLocation", "readPoint"}) {
      if (!captured.life.place.empty() || !event.contains(where) || !event[where].contains("id")) continue;
      const std::string id = event[where]["id"].get<std::string>();
      if (id.size() <= domain::kMaxPlaceLength) captured.life.place = id;
    }
    // What proves it is the event itself.
    captured.life.evidence = EpcisIdOf(captured.hash);
  }

  void ReadAssociation(const Json& event, CapturedEvent& captured) {
    const std::string action = ActionOf(event);
    if (!event.contains("parentID")) return Fault("/parentID", "parentID is missing");
    captured.parent_code = NameOf(event["parentID"], "/parentID").code;
    const std::vector<Named> names = NamesOf(event, "childEPCs");
    Mention(captured, names);
    if (names.empty()) {
      if (!event.contains("childQuantityList")) Fault("/childEPCs", "nothing is associated");
      return;
    }
    captured.line = SmallNumber(event, "line");
    captured.slot = SmallNumber(event, "slot");
    if (action == "ADD") captured.kind = CaptureKind::kInstalled;
    if (action == "DELETE") captured.kind = CaptureKind::kRemoved;
  }

  void ReadTransformation(const Json& event, CapturedEvent& captured) {
    const std::vector<Named> in = NamesOf(event, "inputEPCList"), out = NamesOf(event, "outputEPCList");
    const std::vector<Amount> lots = AmountsOf(event, "inputQuantityList"), made = AmountsOf(event, "outputQuantityList");
    if (in.empty() && lots.empty() && faults.empty()) return Fault("", "nothing goes in");
    Mention(captured, in);
    for (const Amount& amount : lots) captured.lots.push_back({amount.lot.code, amount.quantity_micro});
    captured.line = SmallNumber(event, "line");
    captured.operation = SmallNumber(event, "operation");
    if (in.empty() && out.empty() && !lots.empty() && !made.empty()) {
      const std::string step = StepOf(event);
      if (step == kSplittingStep && lots.size() == 1) captured.kind = CaptureKind::kSplit;
      if (step == kMergingStep && made.size() == 1) captured.kind = CaptureKind::kMerged;
      if (captured.kind == CaptureKind::kKept && made.size() == 1 && event.contains("ilmd"))
        captured.kind = CaptureKind::kTransformed;
      if (captured.kind != CaptureKind::kKept) {
        for (const Amount& amount : made) captured.made.push_back({amount.lot.code, amount.quantity_micro});
        return ReadMade(event, made, made[0].lot.material_id, captured);
      }
    }
    if (!in.empty() && lots.empty() && out.empty() && (!made.empty() || event.contains("transformationID")) &&
        StepOf(event) == kRecyclingStep) {
      return ReadRecovered(event, made, captured);
    }
    if (!lots.empty() && out.size() + made.size() == 1) {
      captured.kind = CaptureKind::kConsumed;
      captured.parent_code = out.empty() ? made[0].lot.code : out[0].code;
      return;
    }
    if (in.size() == 1 && out.size() == 1 && StepOf(event) == "repurposing") {
      captured.kind = CaptureKind::kSecondLife;
      captured.parent_code = in[0].code;
      captured.new_code = out[0].code;
      FillLife(event, domain::LifeEvent::kStartSecondLife, captured);
      captured.life.other_code = captured.new_code;
      return;
    }
    Mention(captured, out);
    for (const Amount& amount : made) captured.lots.push_back({amount.lot.code, amount.quantity_micro});
  }

  // Units went in, lots came back; an event that names only more units of a batch is one too.
  void ReadRecovered(const Json& event, const std::vector<Amount>& made, CapturedEvent& captured) {
    captured.kind = CaptureKind::kRecovered;
    FillLife(event, domain::LifeEvent::kRecycle, captured);
    // Alone, an event is a batch of its own.
    captured.transformation_id = EpcisIdOf(captured.hash);
    if (event.contains("transformationID")) {
      captured.transformation_id = EpcisCanonical(EpcisExpanded(TextOf(event, "transformationID", true), context_));
    }
    if (captured.transformation_id.size() > domain::kMaxUriLength) {
      Fault("/transformationID", "longer than " + std::to_string(domain::kMaxUriLength) + " characters");
    }
    if (made.empty()) return;
    ReadMade(event, made, made[0].lot.material_id, captured);
    for (const Amount& amount : made) {
      captured.made.push_back({amount.lot.code, amount.quantity_micro});
      if (amount.lot.material_id != 0 && amount.lot.material_id != captured.material_id) {
        Fault(amount.below + "/epcClass", "an event tells lots of one material: others come in events of their own");
      }
    }
  }

  Call& call_;
  const std::string& partner_;
  const std::string& person_;
  std::map<std::string, domain::CodeRule> rules_;
  EpcisContext context_;
  std::string pointer_;
};

}  // namespace

domain::Result<EpcisDocument> ReadEpcis(Call& call, const std::string& text, const std::string& partner,
                                        const std::string& person) {
  Reader reader(call, partner, person);
  if (Status read = reader.Read(text); !read) return Fail(read.error());
  if (!reader.faults.empty()) return Fail(DocumentError(reader.faults));
  return EpcisDocument{std::move(reader.events), std::move(reader.rows)};
}

}  // namespace mes::services
