#include "services/epcis.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "db/genealogy.h"
#include "db/issued_code.h"
#include "db/life.h"
#include "db/unit.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/gbt34014.h"
#include "domain/gs1.h"
#include "domain/limits.h"
#include "mes/v1/epcis.grpc.pb.h"
#include "services/epcis_event.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

constexpr char kDefaultHost[] = "id.mes.invalid";
constexpr char kCanonicalHost[] = "id.gs1.org";
constexpr size_t kPieceBytes = 64 * 1024;
constexpr int kMostRules = 100'000;

std::string PercentEncoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
                       c == '_' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    encoded += '%';
    encoded += kHex[static_cast<unsigned char>(c) >> 4];
    encoded += kHex[static_cast<unsigned char>(c) & 15];
  }
  return encoded;
}

Status CheckHost(const std::string& host) {
  if (Status checked = domain::CheckText(host, domain::kMaxHostLength, false, "host"); !checked) return checked;
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '/' ||
           c == ':';
  });
  if (plain && !host.starts_with("/") && !host.ends_with("/")) return {};
  return Fail(FieldError(Reason::kFieldInvalid, "host", "host is not a web server's name, with a path at most"));
}

// The addresses of things: GTIN and serial or lot where the product has a GTIN, else the host's own.
class Addresses {
 public:
  Addresses(Call& call, std::string host) : call_(call), host_(std::move(host)) {
    for (const domain::CodeRule& rule : db::ListCodeRules(call.transaction, 0, 0, kMostRules)) {
      if (rule.gtin.empty()) continue;
      if (rule.prefix.empty()) {
        gtin_of_material_[rule.material_id] = rule.gtin;
      } else {
        gtin_of_prefix_[rule.prefix] = rule.gtin;
      }
    }
  }

  void Load(const std::vector<int64_t>& ids) {
    for (db::Identity& identity : db::LoadIdentities(call_.transaction, ids)) by_id_[identity.unit_id] = std::move(identity);
  }
  std::string OfUnit(int64_t id) const {
    const db::Identity& identity = by_id_.at(id);
    return Of(identity.code, identity.material_id, identity.tracking == domain::Tracking::kLot);
  }
  std::string OfCode(const std::string& code) const { return Of(code, 0, false); }
  std::string OfStation(int32_t id) const {
    const domain::Station* station = call_.plant.FindStation(id);
    if (station == nullptr) throw PlantBehind("station " + std::to_string(id) + " is not loaded");
    return "https://" + host_ + "/station/" + PercentEncoded(station->code);
  }
  std::string UomOf(int64_t id) const { return MaterialOf(call_.plant, by_id_.at(id).material_id).uom; }

 private:
  std::string Of(const std::string& code, int32_t material_id, bool lot) const {
    std::string gtin, serial = code;
    if (domain::ReadBatteryCode(code).Valid()) {
      const auto rule = gtin_of_prefix_.find(code.substr(0, domain::kBatteryPrefixLength));
      if (rule != gtin_of_prefix_.end()) gtin = rule->second, serial = domain::GtinSerialOf(code);
    } else if (const auto rule = gtin_of_material_.find(material_id); rule != gtin_of_material_.end()) {
      gtin = rule->second;
    }
    if (!gtin.empty()) {
      const auto link = domain::FormatDigitalLink(kCanonicalHost, {{"01", gtin}, {lot ? "10" : "21", serial}});
      if (link) return *link;
    }
    return "https://" + host_ + (lot ? "/lot/" : "/unit/") + PercentEncoded(code);
  }

  Call& call_;
  const std::string host_;
  std::unordered_map<std::string, std::string> gtin_of_prefix_;
  std::unordered_map<int32_t, std::string> gtin_of_material_;
  std::unordered_map<int64_t, db::Identity> by_id_;
};

std::vector<db::StoredLifeRecord> AllLifeRecords(Call& call, int64_t unit_id) {
  std::vector<db::StoredLifeRecord> all;
  for (;;) {
    const auto page = db::ListLifeRecords(call.transaction, unit_id, all.empty() ? 0 : all.back().id, domain::kMaxPageSize);
    all.insert(all.end(), page.begin(), page.end());
    if (static_cast<int>(page.size()) < domain::kMaxPageSize) return all;
  }
}

// Collects text into pieces.
class Pieces {
 public:
  explicit Pieces(PageSink<v1::ExportUnitEpcisResponse>& sink) : sink_(sink) {}
  bool Add(const std::string& text) {
    page_.mutable_text()->append(text);
    if (page_.text().size() < kPieceBytes) return true;
    return sink_(std::exchange(page_, {}));
  }
  void End(int events) {
    page_.set_last(true);
    page_.set_events(events);
    sink_(std::move(page_));
  }

 private:
  PageSink<v1::ExportUnitEpcisResponse>& sink_;
  v1::ExportUnitEpcisResponse page_;
};

}  // namespace

Status ExportUnitEpcis(Call& call, const v1::ExportUnitEpcisRequest& request, PageSink<v1::ExportUnitEpcisResponse>& sink) {
  if (Status checked = CheckHost(request.host()); !checked) return checked;
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const std::string host = request.host().empty() ? kDefaultHost : request.host();
  const domain::Unit unit = db::LoadUnits(call.transaction, {*id}).at(0).unit;
  const std::vector<domain::EventRow> history = db::LoadHistory(call.transaction, *id);
  Addresses addresses(call, host);
  std::vector<int64_t> ids{*id};
  for (const domain::EventRow& row : history) {
    if (row.other_unit_id != 0) ids.push_back(row.other_unit_id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  addresses.Load(ids);

  const EpcisNames names{host, [&](int64_t unit_id) { return addresses.OfUnit(unit_id); },
                         [&](const std::string& code) { return addresses.OfCode(code); },
                         [&](int32_t station) { return addresses.OfStation(station); },
                         [&](int64_t unit_id) { return addresses.UomOf(unit_id); }};
  const std::vector<nlohmann::json> events =
      EpcisEvents(*id, history, AllLifeRecords(call, *id), call.plant.FindRevision(unit.revision_id), names);
  Pieces pieces(sink);
  pieces.Add("{\"@context\":" + EpcisContextOf(host).dump() +
             ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"" + domain::FormatTime(call.now) +
             "\",\"epcisBody\":{\"eventList\":[");
  for (size_t i = 0; i < events.size(); ++i) {
    if (!pieces.Add((i == 0 ? "" : ",") + events[i].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))) return {};
  }
  pieces.Add("]}}\n");
  pieces.End(static_cast<int>(events.size()));
  return {};
}

namespace {

class EpcisService final : public v1::EpcisService::CallbackService {
 public:
  explicit EpcisService(Env& env) : env_(env) {}
  grpc::ServerWriteReactor<v1::ExportUnitEpcisResponse>* ExportUnitEpcis(grpc::CallbackServerContext* context,
                                                                         const v1::ExportUnitEpcisRequest* request) override {
    return StreamRead<v1::ExportUnitEpcisRequest, v1::ExportUnitEpcisResponse>(env_, context, request, services::ExportUnitEpcis);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEpcisService(Env& env) { return std::make_unique<EpcisService>(env); }

}  // namespace mes::services
