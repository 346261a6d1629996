#include "services/epcis_hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "domain/gs1.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string_view>;

constexpr std::string_view kCanonical = "https://id.gs1.org/";
constexpr std::string_view kCbv = "https://ref.gs1.org/cbv/";
constexpr std::string_view kGs1Voc = "https://gs1.org/voc/";

const Names kOrder = {"type",
                      "eventTime",
                      "eventTimeZoneOffset",
                      "certificationInfo",
                      "epcList",
                      "parentID",
                      "inputEPCList",
                      "childEPCs",
                      "quantityList",
                      "childQuantityList",
                      "inputQuantityList",
                      "outputEPCList",
                      "outputQuantityList",
                      "action",
                      "transformationID",
                      "bizStep",
                      "disposition",
                      "persistentDisposition",
                      "readPoint",
                      "bizLocation",
                      "bizTransactionList",
                      "destinationList",
                      "sourceList",
                      "sensorElementList",
                      "ilmd"};
const Names kQuantity = {"epcClass", "quantity", "uom"};
const Names kSensorMetadata = {"time",    "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod",
                               "bizRules"};
const Names kSensorReport = {"type",
                             "exception",
                             "deviceID",
                             "deviceMetadata",
                             "rawData",
                             "dataProcessingMethod",
                             "time",
                             "microorganism",
                             "chemicalSubstance",
                             "value",
                             "component",
                             "stringValue",
                             "booleanValue",
                             "hexBinaryValue",
                             "uriValue",
                             "minValue",
                             "maxValue",
                             "meanValue",
                             "sDev",
                             "percRank",
                             "percValue",
                             "uom",
                             "coordinateReferenceSystem"};
// Finest levels first; of the others all are kept, in their order.
const std::map<std::string_view, Names> kQualifiers = {
    {"00", {}},         {"01", {"22", "10", "21", "235"}},
    {"253", {}},        {"255", {}},
    {"401", {}},        {"402", {}},
    {"414", {"254"}},   {"415", {}},
    {"417", {}},        {"8003", {}},
    {"8004", {}},       {"8006", {"22", "10", "21"}},
    {"8010", {"8011"}}, {"8013", {}},
    {"8017", {}},       {"8018", {}},
};
const Names kFinest = {"21", "235", "254", "8011"};

bool Holds(const Names& names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string_view> Split(std::string_view text, char by, size_t most) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < most && text.find(by) != std::string_view::npos) {
    parts.push_back(text.substr(0, text.find(by)));
    text.remove_prefix(text.find(by) + 1);
  }
  parts.push_back(text);
  return parts;
}

std::string WithCheckDigit(const std::string& body) { return IsDigits(body) ? body + domain::Gs1CheckDigit(body) : body; }

// An EPC URN as a Digital Link; unchanged where it is none.
std::string FromUrn(const std::string& urn) {
  const std::vector<std::string_view> head = Split(urn, ':', 5);
  if (head.size() < 5 || head[0] != "urn" || head[1] != "epc") return urn;
  const std::string_view kind = head[3];
  const std::vector<std::string_view> p = Split(head[4], '.', kind == "sgtin" || kind == "lgtin" ? 3 : kind == "itip" ? 5 : 3);
  const auto part = [&](size_t i) { return i < p.size() ? std::string(p[i]) : std::string(); };
  const auto item = [&] { return WithCheckDigit(part(1).substr(0, 1) + part(0) + (part(1).empty() ? "" : part(1).substr(1))); };
  const std::string base(kCanonical);
  if (kind == "sgtin") return base + "01/" + item() + (part(2) == "*" ? "" : "/21/" + part(2));
  if (kind == "lgtin") return base + "01/" + item() + "/10/" + part(2);
  if (kind == "sscc") return base + "00/" + item();
  if (kind == "sgln") return base + "414/" + WithCheckDigit(part(0) + part(1)) + (part(2) == "0" ? "" : "/254/" + part(2));
  if (kind == "pgln") return base + "417/" + WithCheckDigit(part(0) + part(1));
  if (kind == "grai") return base + "8003/0" + WithCheckDigit(part(0) + part(1)) + part(2);
  if (kind == "gdti") return base + "253/" + WithCheckDigit(part(0) + part(1)) + part(2);
  if (kind == "giai") return base + "8004/" + part(0) + std::string(head[4].substr(std::min(head[4].size(), part(0).size() + 1)));
  if (kind == "ginc") return base + "401/" + part(0) + std::string(head[4].substr(std::min(head[4].size(), part(0).size() + 1)));
  if (kind == "gsin") return base + "402/" + WithCheckDigit(part(0) + part(1));
  if (kind == "gsrn") return base + "8018/" + WithCheckDigit(part(0) + part(1));
  if (kind == "gsrnp") return base + "8017/" + WithCheckDigit(part(0) + part(1));
  if (kind == "cpi") return base + "8010/" + part(0) + part(1) + "/8011/" + part(2);
  if (kind == "itip") return base + "8006/" + item() + part(2) + part(3) + "/21/" + part(4);
  return urn;
}

// Any host's Digital Link as that of id.gs1.org, at its finest level; unchanged where it is none.
std::string Canonical(const std::string& uri) {
  if (!uri.starts_with("https://") && !uri.starts_with("http://")) return FromUrn(uri);
  const std::vector<std::string_view> path = Split(std::string_view(uri).substr(0, uri.find_first_of("?#")), '/', 64);
  for (size_t i = path.size() >= 2 ? path.size() - 2 : 0; i > 2; --i) {
    const auto key = kQualifiers.find(path[i]);
    if (key == kQualifiers.end() || ((path[i] == "01" || path[i] == "00" || path[i] == "414") && !IsDigits(path[i + 1])))
      continue;
    std::map<std::string_view, std::string_view> found;
    bool fits = (path.size() - i) % 2 == 0;
    for (size_t q = i + 2; fits && q + 1 < path.size(); q += 2) {
      fits = Holds(key->second, path[q]);
      found[path[q]] = path[q + 1];
    }
    if (!fits) continue;
    std::string value(path[i + 1]);
    if (path[i] == "01" && value.size() < 14) value.insert(0, 14 - value.size(), '0');
    std::string link = std::string(kCanonical) + std::string(path[i]) + "/" + value;
    const bool fine = std::any_of(found.begin(), found.end(), [](const auto& entry) { return Holds(kFinest, entry.first); });
    for (const std::string_view qualifier : key->second) {
      const auto entry = found.find(qualifier);
      if (entry == found.end() || (fine && !Holds(kFinest, qualifier))) continue;
      link += "/" + std::string(qualifier) + "/" + std::string(entry->second);
    }
    return link;
  }
  return uri;
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional<int>(value) : std::nullopt;
}

// An RFC 3339 instant in UTC, rounded to the millisecond; unchanged where it is none.
std::string InUtc(const std::string& text) {
  const std::string_view t = text;
  if (t.size() < 20 || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' || t[16] != ':') return text;
  const auto y = Number(t.substr(0, 4)), mo = Number(t.substr(5, 2)), d = Number(t.substr(8, 2)), h = Number(t.substr(11, 2)),
             mi = Number(t.substr(14, 2)), s = Number(t.substr(17, 2));
  if (!y || !mo || !d || !h || !mi || !s) return text;
  size_t at = 19;
  int millis = 0, scale = 100;
  bool up = false;
  if (t[at] == '.') {
    for (++at; at < t.size() && t[at] >= '0' && t[at] <= '9'; ++at, scale /= 10) {
      millis += (t[at] - '0') * scale;
      if (at == 23) up = t[at] >= '5';  // the fourth digit
    }
  }
  millis += up ? 1 : 0;
  const std::string_view zone = t.substr(at);
  int offset_minutes = 0;
  if (zone.size() == 6 && zone[3] == ':') {
    const auto zh = Number(zone.substr(1, 2)), zm = Number(zone.substr(4, 2));
    if (!zh || !zm) return text;
    offset_minutes = (*zh * 60 + *zm) * (zone[0] == '-' ? -1 : 1);
  } else if (zone != "Z") {
    return text;
  }
  using namespace std::chrono;
  const sys_days day = year(*y) / static_cast<int>(*mo) / static_cast<int>(*d);
  const sys_time<milliseconds> instant = day + hours(*h) + minutes(*mi - offset_minutes) + seconds(*s) + milliseconds(millis);
  const sys_days utc_day = floor<days>(instant);
  const year_month_day date(utc_day);
  const hh_mm_ss time(instant - utc_day);
  char utc[40];
  std::snprintf(utc, sizeof utc, "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<long>(time.hours().count()),
                static_cast<long>(time.minutes().count()), static_cast<long>(time.seconds().count()),
                static_cast<long>(time.subseconds().count()));
  return utc;
}

std::string NumberText(const Json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  const double number = value.get<double>();
  if (number == std::floor(number) && std::fabs(number) < 1e15) return std::to_string(static_cast<int64_t>(number));
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

class Prehash {
 public:
  explicit Prehash(const EpcisContext& context) : context_(context) {}

  std::string Of(const Json& event) {
    std::string text;
    for (const std::string_view name : kOrder) {
      const auto found = event.find(std::string(name));
      if (found != event.end()) text += Field(name, *found);
    }
    return text + Extensions(event);
  }

 private:
  std::string Field(std::string_view name, const Json& value) {
    const std::string head(name);
    if (name == "type") return "eventType=" + value.get<std::string>();
    if (name == "certificationInfo")
      return List("", value.is_array() ? value : Json::array({value}),
                  [&](const Json& item) { return head + "=" + Canonical(item.get<std::string>()); });
    if (name.ends_with("EPCList") || name == "epcList" || name == "childEPCs") {
      return List(head, value, [&](const Json& item) { return "epc=" + Canonical(item.get<std::string>()); });
    }
    if (name.ends_with("uantityList")) {
      return List(head, value, [&](const Json& item) { return "quantityElement" + Fields(item, kQuantity, head); });
    }
    if (name == "readPoint" || name == "bizLocation") return head + Fields(value, {"id"}, head);
    if (name == "bizTransactionList") return Typed(head, "bizTransaction", value);
    if (name == "sourceList") return Typed(head, "source", value);
    if (name == "destinationList") return Typed(head, "destination", value);
    if (name == "persistentDisposition") return head + Persistent(value);
    if (name == "sensorElementList") return List(head, value, [&](const Json& item) { return Sensor(item); });
    if (name == "ilmd") return head + Extensions(value);
    return head + "=" + Value(name, value, "");
  }

  template <typename Item>
  std::string List(const std::string& head, const Json& list, const Item& item) {
    if (list.empty()) return {};
    std::vector<std::string> items;
    for (const Json& entry : list) items.push_back(item(entry));
    return head + Sorted(std::move(items));
  }
  static std::string Sorted(std::vector<std::string> items) {
    std::sort(items.begin(), items.end());
    std::string text;
    for (const std::string& item : items) text += item;
    return text;
  }
  std::string Typed(const std::string& head, std::string_view name, const Json& value) {
    return List(head, value, [&](const Json& item) { return Fields(item, {"type", name}, head); });
  }
  std::string Persistent(const Json& value) {
    std::string text;
    for (const char* part : {"set", "unset"}) {
      if (value.contains(part)) {
        text += List("", value[part], [&](const Json& item) { return std::string(part) + "=" + Value(part, item, ""); });
      }
    }
    return text;
  }
  std::string Sensor(const Json& element) {
    std::string text = "sensorElement";
    if (element.contains("sensorMetadata"))
      text += "sensorMetadata" + Fields(element["sensorMetadata"], kSensorMetadata, "sensorMetadata");
    if (element.contains("sensorReport")) {
      text += List("", element["sensorReport"],
                   [&](const Json& report) { return "sensorReport" + Fields(report, kSensorReport, "sensorReport"); });
    }
    return text + Extensions(element);
  }
  std::string Fields(const Json& object, const Names& order, const std::string& parent) {
    std::string text;
    for (const std::string_view name : order) {
      const auto found = object.find(std::string(name));
      if (found != object.end()) text += std::string(name) + "=" + Value(name, *found, parent);
    }
    return text + Extensions(object);
  }

  // Words of the vocabularies become addresses.
  std::string Word(std::string_view name, const std::string& word, std::string_view parent) const {
    const auto in = [&](std::string_view vocabulary, const char* kind) { return std::string(vocabulary) + kind + word; };
    if (name == "bizStep") return in(kCbv, "BizStep-");
    if (name == "disposition" || name == "set" || name == "unset") return in(kCbv, "Disp-");
    if (name == "component") return in(kCbv, "Comp-");
    if (name == "exception") return in(kGs1Voc, "");
    if (name != "type") return word;
    if (parent == "bizTransactionList") return in(kCbv, "BTT-");
    if (parent == "sourceList" || parent == "destinationList") return in(kCbv, "SDT-");
    return parent == "sensorReport" ? in(kGs1Voc, "") : word;
  }
  std::string Value(std::string_view name, const Json& value, std::string_view parent) const {
    if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
    if (value.is_number()) return NumberText(value);
    if (!value.is_string()) return {};
    const std::string text = value.get<std::string>();
    if (name.ends_with("ime")) return InUtc(text);
    if (text.find(':') == std::string::npos) return Word(name, text, parent);
    return Canonical(EpcisExpanded(text, context_));
  }
  // Everything with a prefix of the document's context, or with an address for a name.
  std::string Extensions(const Json& object) {
    std::vector<std::string> items;
    for (const auto& [name, value] : object.items()) {
      const size_t colon = name.find(':');
      if (colon == std::string::npos || name.starts_with("@") || name.starts_with("rdfs:")) continue;
      const auto prefix = context_.find(name.substr(0, colon));
      items.push_back(Extension(prefix == context_.end() ? name : "{" + prefix->second + "}" + name.substr(colon + 1), value));
    }
    return Sorted(std::move(items));
  }
  std::string Extension(const std::string& name, const Json& value) {
    if (value.is_object()) return name + Extensions(value);
    if (value.is_array()) return List("", value, [&](const Json& item) { return Extension(name, item); });
    if (value.is_string()) return name + "=" + InUtc(Canonical(value.get<std::string>()));
    return name + "=" + Value("", value, "");
  }

  const EpcisContext& context_;
};

}  // namespace

EpcisContext ContextOf(const nlohmann::json& context) {
  EpcisContext prefixes{{"cbv", std::string(kCbv)}, {"gs1", std::string(kGs1Voc)}};
  const Json list = context.is_array() ? context : Json::array({context});
  for (const Json& entry : list) {
    if (!entry.is_object()) continue;
    for (const auto& [name, value] : entry.items()) {
      if (value.is_string()) prefixes[name] = value.get<std::string>();
    }
  }
  return prefixes;
}

std::string EpcisPrehash(const nlohmann::json& event, const EpcisContext& context) {
  EpcisContext own = context;
  if (event.contains("@context")) {
    for (auto& [name, address] : ContextOf(event["@context"])) own[name] = address;
  }
  return Prehash(own).Of(event);
}

std::string EpcisHash(const nlohmann::json& event, const EpcisContext& context) {
  const std::string text = EpcisPrehash(event, context);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : hash) {
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return EpcisIdOf(hex);
}

std::string EpcisIdOf(const std::string& hex) { return "ni:///sha-256;" + hex + "?ver=CBV2.0"; }

std::string EpcisCanonical(const std::string& uri) { return Canonical(uri); }

std::string EpcisExpanded(const std::string& text, const EpcisContext& context) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || text.compare(colon, 3, "://") == 0) return text;
  const auto prefix = context.find(text.substr(0, colon));
  return prefix == context.end() ? text : prefix->second + text.substr(colon + 1);
}

}  // namespace mes::services
