#include "services/epcis.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "db/captured_event.h"
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
#include "services/convert.h"
#include "services/epcis_event.h"
#include "services/epcis_hash.h"
#include "services/grant.h"
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
  std::string MaterialCodeOf(int64_t id) const { return MaterialOf(call_.plant, by_id_.at(id).material_id).code; }
  // Forgets the others, so that a long document needs no more memory than a short one.
  void LoadOnly(std::vector<int64_t> ids) {
    by_id_.clear();
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    Load(ids);
  }
  const std::string& host() const { return host_; }
  bool Has(int64_t id) const { return by_id_.contains(id); }

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
  std::string host_;
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

EpcisNames NamesOf(const Addresses& addresses) {
  return {addresses.host(),
          [&](int64_t unit_id) { return addresses.OfUnit(unit_id); },
          [&](const std::string& code) { return addresses.OfCode(code); },
          [&](int32_t station) { return addresses.OfStation(station); },
          [&](int64_t unit_id) { return addresses.UomOf(unit_id); },
          [&](int64_t unit_id) { return addresses.MaterialCodeOf(unit_id); }};
}

// A document that goes out in pieces, event by event.
template <typename Piece>
class Document {
 public:
  Document(PageSink<Piece>& sink, const std::string& host, domain::Time now) : sink_(sink) {
    Add("{\"@context\":" + EpcisContextOf(host).dump() +
        ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"" + domain::FormatTime(now) +
        "\",\"epcisBody\":{\"eventList\":[");
  }
  // False = nobody listens any more.
  bool Event(const nlohmann::json& event) {
    if (event.is_null()) return true;
    return Event(event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  bool Event(const std::string& text) { return Add((events_++ == 0 ? "" : ",") + text); }
  void End() {
    Add("]}}\n");
    page_.set_last(true);
    page_.set_events(events_);
    sink_(std::move(page_));
  }

 private:
  bool Add(const std::string& text) {
    page_.mutable_text()->append(text);
    if (page_.text().size() < kPieceBytes) return true;
    return sink_(std::exchange(page_, {}));
  }

  PageSink<Piece>& sink_;
  Piece page_;
  int32_t events_ = 0;
};

std::vector<int64_t> PartsIn(const std::vector<domain::EventRow>& history) {
  std::vector<int64_t> ids;
  for (const domain::EventRow& row : history) {
    if (row.kind == domain::EventKind::kInstalled || row.kind == domain::EventKind::kRemoved) ids.push_back(row.other_unit_id);
  }
  return ids;
}

using BatchUnits = std::unordered_map<int64_t, std::vector<int64_t>>;

std::vector<int64_t> BatchesOf(const std::vector<db::Recovery>& recoveries) {
  std::set<int64_t> ids;
  for (const db::Recovery& recovery : recoveries) ids.insert(recovery.batch_id);
  return {ids.begin(), ids.end()};
}

std::vector<int64_t> ThingsIn(const std::vector<db::Recovery>& recoveries, const BatchUnits& batch_units) {
  std::vector<int64_t> ids;
  for (const db::Recovery& recovery : recoveries) ids.insert(ids.end(), recovery.lot_ids.begin(), recovery.lot_ids.end());
  for (const auto& [batch_id, units] : batch_units) ids.insert(ids.end(), units.begin(), units.end());
  return ids;
}

std::vector<db::CapturedRow> AllCaptured(Call& call, int64_t unit_id) {
  std::vector<db::CapturedRow> all;
  for (;;) {
    const auto page = db::ListCapturedEvents(call.transaction, unit_id, all.empty() ? 0 : all.back().id, domain::kMaxPageSize);
    all.insert(all.end(), page.begin(), page.end());
    if (static_cast<int>(page.size()) < domain::kMaxPageSize) return all;
  }
}

}  // namespace

Status ExportUnitEpcis(Call& call, const v1::ExportUnitEpcisRequest& request, PageSink<v1::ExportUnitEpcisResponse>& sink) {
  if (Status checked = CheckHost(request.host()); !checked) return checked;
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  Addresses addresses(call, request.host().empty() ? kDefaultHost : request.host());
  const std::vector<domain::EventRow> history = db::LoadHistory(call.transaction, *id);
  std::vector<int64_t> ids{*id};
  for (const domain::EventRow& row : history) {
    if (row.other_unit_id != 0) ids.push_back(row.other_unit_id);
  }
  addresses.LoadOnly(std::move(ids));
  const EpcisNames names = NamesOf(addresses);
  const EpcisWriter writer(names);

  // What recycling gave back is written only as it goes out: each names all units of the batch.
  struct Told {
    domain::Time time{};
    nlohmann::json event;
    const db::Recovery* recovery = nullptr;
  };
  std::vector<Told> events;
  const auto add = [&](domain::Time time, nlohmann::json event) {
    if (!event.is_null()) events.push_back({time, std::move(event), nullptr});
  };
  std::set<std::string> captured_ids;
  const bool to_partner = !call.caller.partner.empty();
  for (const db::CapturedRow& row : AllCaptured(call, *id)) {
    captured_ids.insert(EpcisIdOf(row.hash));
    // Another partner's word is not handed on.
    if (!to_partner || row.partner == call.caller.partner) add(row.event_time, nlohmann::json::parse(row.body));
  }
  const db::MadeRow made = db::LoadMade(call.transaction, *id);
  const bool second = !db::LoadLifeLinks(call.transaction, *id).first_life_code.empty();
  bool of_lots = false;
  std::vector<db::Recovery> recoveries;
  BatchUnits batch_units;
  if (!to_partner) {
    recoveries = db::ListRecoveries(call.transaction, *id);
    batch_units = db::LoadBatchUnits(call.transaction, BatchesOf(recoveries));
    addresses.Load(ThingsIn(recoveries, batch_units));
    for (const db::Recovery& recovery : recoveries) {
      of_lots = of_lots || std::find(recovery.lot_ids.begin(), recovery.lot_ids.end(), *id) != recovery.lot_ids.end();
      events.push_back({recovery.recover_time, {}, &recovery});
    }
    // Other lots are nothing that a partner is told of.
    for (const db::LotChange& change : db::ListLotChanges(call.transaction, *id)) {
      std::vector<int64_t> lots = change.from_ids;
      lots.insert(lots.end(), change.to_ids.begin(), change.to_ids.end());
      addresses.Load(lots);
      of_lots = of_lots || std::find(change.to_ids.begin(), change.to_ids.end(), *id) != change.to_ids.end();
      add(change.occur_time, writer.Of(change));
    }
  }
  if (captured_ids.empty() && !second && !of_lots) add(made.create_time, writer.Made(made));
  const domain::ProductRevision* revision = call.plant.FindRevision(made.revision_id);
  const std::unordered_set<int64_t> seen = SeenUnits(call, PartsIn(history));
  for (const domain::EventRow& row : history) {
    // What was in it before may be in another's now.
    const bool part = row.kind == domain::EventKind::kInstalled || row.kind == domain::EventKind::kRemoved;
    if (row.other_unit_id != 0 && (!addresses.Has(row.other_unit_id) || (part && !seen.contains(row.other_unit_id)))) continue;
    add(row.occur_time, writer.Of(*id, row, revision));
  }
  for (const db::StoredLifeRecord& stored : AllLifeRecords(call, *id)) {
    // What a captured event brought about is told by that event.
    if (captured_ids.contains(stored.record.evidence)) continue;
    add(stored.record.occur_time, writer.Of(*id, to_partner ? ForPartner(call, stored.record) : stored.record));
  }
  std::stable_sort(events.begin(), events.end(), [](const Told& a, const Told& b) { return a.time < b.time; });

  Document<v1::ExportUnitEpcisResponse> document(sink, addresses.host(), call.now);
  for (const Told& told : events) {
    const bool listening =
        document.Event(told.recovery == nullptr ? told.event : writer.Of(*told.recovery, batch_units[told.recovery->batch_id]));
    if (!listening) return {};
  }
  document.End();
  return {};
}

Status ExportPeriodEpcis(Call& call, const v1::ExportPeriodEpcisRequest& request, PageSink<v1::ExportPeriodEpcisResponse>& sink) {
  if (Status checked = CheckHost(request.host()); !checked) return checked;
  if (!request.has_from_time()) return Fail(FieldError(Reason::kFieldRequired, "from_time", "from_time is missing"));
  if (!request.has_until_time()) return Fail(FieldError(Reason::kFieldRequired, "until_time", "until_time is missing"));
  const auto from = TimeFromProto(request.from_time(), "from_time");
  if (!from) return Fail(from.error());
  const auto until = TimeFromProto(request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  if (*until <= *from) return Fail(FieldError(Reason::kFieldInvalid, "until_time", "until_time is not after from_time"));

  Addresses addresses(call, request.host().empty() ? kDefaultHost : request.host());
  const EpcisNames names = NamesOf(addresses);
  const EpcisWriter writer(names);
  Document<v1::ExportPeriodEpcisResponse> document(sink, addresses.host(), call.now);
  bool listening = true;
  const auto all = [&](const auto& rows, const auto& event) {
    for (const auto& row : rows) {
      if (!(listening = document.Event(event(row)))) return false;
    }
    return true;
  };
  db::ListMade(call.transaction, *from, *until, [&](const std::vector<db::MadeRow>& rows) {
    std::vector<int64_t> ids;
    for (const db::MadeRow& row : rows) ids.push_back(row.unit_id);
    addresses.LoadOnly(std::move(ids));
    return all(rows, [&](const db::MadeRow& row) { return writer.Made(row); });
  });
  if (!listening) return {};
  db::ListPeriodCaptured(call.transaction, *from, *until, [&](const std::vector<db::CapturedRow>& rows) {
    return all(rows, [&](const db::CapturedRow& row) { return row.body; });
  });
  if (!listening) return {};
  db::ListPeriodRecoveries(call.transaction, *from, *until, [&](const std::vector<db::Recovery>& rows) {
    BatchUnits units = db::LoadBatchUnits(call.transaction, BatchesOf(rows));
    addresses.LoadOnly(ThingsIn(rows, units));
    return all(rows, [&](const db::Recovery& row) { return writer.Of(row, units[row.batch_id]); });
  });
  if (!listening) return {};
  db::ListPeriodLotChanges(call.transaction, *from, *until, [&](const std::vector<db::LotChange>& rows) {
    std::vector<int64_t> ids;
    for (const db::LotChange& row : rows) {
      ids.insert(ids.end(), row.from_ids.begin(), row.from_ids.end());
      ids.insert(ids.end(), row.to_ids.begin(), row.to_ids.end());
    }
    addresses.LoadOnly(std::move(ids));
    return all(rows, [&](const db::LotChange& row) { return writer.Of(row); });
  });
  if (!listening) return {};
  db::ListPeriodEvents(call.transaction, *from, *until, [&](const std::vector<domain::EventRow>& rows) {
    std::vector<int64_t> ids;
    for (const domain::EventRow& row : rows) {
      ids.push_back(row.unit_id);
      if (row.other_unit_id != 0) ids.push_back(row.other_unit_id);
    }
    addresses.LoadOnly(std::move(ids));
    return all(
        rows, [&](const domain::EventRow& row) { return writer.Of(row.unit_id, row, call.plant.FindRevision(row.revision_id)); });
  });
  if (!listening) return {};
  using Lived = std::pair<int64_t, domain::LifeRecord>;
  db::ListPeriodLives(call.transaction, *from, *until, [&](const std::vector<Lived>& rows) {
    std::vector<int64_t> ids;
    for (const Lived& row : rows) ids.push_back(row.first);
    addresses.LoadOnly(std::move(ids));
    return all(rows, [&](const Lived& row) { return writer.Of(row.first, row.second); });
  });
  if (listening) document.End();
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
  grpc::ServerWriteReactor<v1::ExportPeriodEpcisResponse>* ExportPeriodEpcis(
      grpc::CallbackServerContext* context, const v1::ExportPeriodEpcisRequest* request) override {
    return StreamRead<v1::ExportPeriodEpcisRequest, v1::ExportPeriodEpcisResponse>(env_, context, request,
                                                                                   services::ExportPeriodEpcis);
  }
  grpc::ServerUnaryReactor* CaptureEpcis(grpc::CallbackServerContext* context, const v1::CaptureEpcisRequest* request,
                                         v1::CaptureEpcisResponse* response) override {
    return Mutate(env_, context, request, response, services::CaptureEpcis);
  }
  grpc::ServerUnaryReactor* ListCapturedEpcis(grpc::CallbackServerContext* context, const v1::ListCapturedEpcisRequest* request,
                                              v1::ListCapturedEpcisResponse* response) override {
    return Read(env_, context, request, response, services::ListCapturedEpcis);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEpcisService(Env& env) { return std::make_unique<EpcisService>(env); }

}  // namespace mes::services
