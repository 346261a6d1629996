#include "services/epcis_event.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "domain/quantity.h"
#include "services/epcis_hash.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;
using domain::EventKind;
using domain::LifeEvent;

constexpr char kOffset[] = "+08:00";

// To the millisecond, as the hash has it.
std::string TimeText(domain::Time time) {
  const auto rounded = std::chrono::round<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(rounded);
  std::string text = domain::FormatTime(domain::Time(seconds));
  text.pop_back();  // Z
  std::string millis = std::to_string((rounded - seconds).count());
  return text + "." + std::string(3 - millis.size(), '0') + millis + "Z";
}

// UN/ECE recommendation 20; empty = it has no code for it, or we do not know it.
std::string CommonCode(std::string_view unit) {
  static const std::map<std::string_view, const char*> kCodes = {
      {"kg", "KGM"},   {"g", "GRM"},   {"mg", "MGM"}, {"m2", "MTK"},  {"mm", "MMT"},   {"um", "4H"},    {"V", "VLT"},
      {"mV", "2Z"},    {"A", "AMP"},   {"N.m", "NU"}, {"N", "NEW"},   {"kN", "B47"},   {"degC", "CEL"}, {"%", "P1"},
      {"s", "SEC"},    {"min", "MIN"}, {"h", "HUR"},  {"bar", "BAR"}, {"kPa", "KPA"},  {"Pa", "PAL"},   {"mbar", "MBR"},
      {"W", "WTT"},    {"kW", "KWT"},  {"Ah", "AMH"}, {"Ohm", "OHM"}, {"MOhm", "B75"}, {"kWh", "KWH"},  {"Wh", "WHR"},
      {"L/min", "L2"}, {"mm2", "MMK"}, {"m", "MTR"},
  };
  const auto found = kCodes.find(unit);
  return found == kCodes.end() ? std::string() : found->second;
}

class Writer {
 public:
  Writer(int64_t unit_id, const domain::ProductRevision* revision, const EpcisNames& names)
      : unit_id_(unit_id), revision_(revision), names_(names), context_(ContextOf(EpcisContextOf(names.host))) {}

  void Add(const domain::EventRow& row, bool first) {
    Json event = Of(row, first);
    if (event.is_null()) return;
    if ((row.flags & domain::kFlagReversed) != 0) {
      event["errorDeclaration"] = {{"declarationTime", TimeText(row.record_time)}, {"reason", "incorrect_data"}};
    }
    Take(row.occur_time, std::move(event));
  }
  void Add(const domain::LifeRecord& record) { Take(record.occur_time, Of(record)); }

  std::vector<Json> Events() {
    std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Json> events;
    for (auto& [time, event] : events_) events.push_back(std::move(event));
    return events;
  }

 private:
  Json Event(const char* type, domain::Time occur, domain::Time record) const {
    return {{"type", type}, {"eventTime", TimeText(occur)}, {"eventTimeZoneOffset", kOffset}, {"recordTime", TimeText(record)}};
  }
  std::string Own(const std::string& kind, const std::string& word) const {
    return "https://" + names_.host + "/" + kind + "/" + word;
  }
  void Take(domain::Time time, Json event) {
    event["eventID"] = EpcisHash(event, context_);
    events_.emplace_back(time, std::move(event));
  }

  // Null = nothing that partners are told.
  Json Of(const domain::EventRow& row, bool first) const {
    const bool association = row.kind == EventKind::kInstalled || row.kind == EventKind::kRemoved;
    const bool object =
        row.kind == EventKind::kCompleted || row.kind == EventKind::kScrapped || (row.kind == EventKind::kStarted && first);
    if (!association && !object && row.kind != EventKind::kConsumed) return Json();
    Json event = Event(association ? "AssociationEvent"
                       : object    ? "ObjectEvent"
                                   : "TransformationEvent",
                       row.occur_time, row.record_time);
    event["readPoint"] = {
        {"id", row.station_id == 0 ? Own("replacement", std::to_string(row.sequence)) : names_.station(row.station_id)}};
    if (association) {
      const bool in = row.kind == EventKind::kInstalled;
      event["action"] = in ? "ADD" : "DELETE";
      event["parentID"] = names_.unit(unit_id_);
      event["childEPCs"] = Json::array({names_.unit(row.other_unit_id)});
      event["bizStep"] = in ? "installing" : "removing";
    } else if (row.kind == EventKind::kConsumed) {
      Json quantity = {{"epcClass", names_.unit(row.other_unit_id)},
                       {"quantity", static_cast<double>(row.quantity_micro) / domain::kMicro}};
      const std::string uom = CommonCode(names_.uom(row.other_unit_id));
      if (!uom.empty()) quantity["uom"] = uom;
      event["inputQuantityList"] = Json::array({quantity});
      event["outputEPCList"] = Json::array({names_.unit(unit_id_)});
      event["bizStep"] = "assembling";
    } else {
      event["action"] = row.kind == EventKind::kStarted ? "ADD" : "OBSERVE";
      event["epcList"] = Json::array({names_.unit(unit_id_)});
      event["bizStep"] = row.kind == EventKind::kStarted    ? "commissioning"
                         : row.kind == EventKind::kScrapped ? "decommissioning"
                                                            : "inspecting";
      if (row.kind == EventKind::kStarted) {
        event["disposition"] = "in_progress";
      } else {
        event["disposition"] = row.judgement == domain::Judgement::kPass ? "conformant" : "non_conformant";
      }
      AddValues(row, event);
    }
    return event;
  }

  void AddValues(const domain::EventRow& row, Json& event) const {
    const int16_t index = revision_ == nullptr ? int16_t{-1} : revision_->OperationIndex(row.operation);
    if (index < 0 || row.measured.empty()) return;
    Json reports = Json::array();
    for (const domain::Characteristic& characteristic : revision_->operations[static_cast<size_t>(index)].characteristics) {
      for (int32_t r = 0; r < characteristic.replicates; ++r) {
        const size_t at = static_cast<size_t>(characteristic.first_value + r);
        if (at >= row.measured.size() || !std::isfinite(row.measured[at])) continue;
        Json report = {{"type", Own("characteristic", characteristic.code)}, {"value", row.measured[at]}};
        const std::string uom = CommonCode(characteristic.unit);
        if (!uom.empty()) report["uom"] = uom;
        reports.push_back(std::move(report));
      }
    }
    if (reports.empty()) return;
    Json element = Json::object();
    element["sensorMetadata"]["time"] = TimeText(row.occur_time);
    element["sensorReport"] = std::move(reports);
    event["sensorElementList"] = Json::array();
    event["sensorElementList"].push_back(std::move(element));
  }

  Json Of(const domain::LifeRecord& record) const {
    if (record.event == LifeEvent::kStartSecondLife) {
      Json event = Event("TransformationEvent", record.occur_time, record.record_time);
      event["inputEPCList"] = Json::array({names_.unit(unit_id_)});
      event["outputEPCList"] = Json::array({names_.code(record.other_code)});
      event["bizStep"] = Own("bizstep", "repurposing");
      AddRemarks(record, event);
      return event;
    }
    Json event = Event("ObjectEvent", record.occur_time, record.record_time);
    event["action"] = record.event == LifeEvent::kRecycle ? "DELETE" : "OBSERVE";
    event["epcList"] = Json::array({names_.unit(unit_id_)});
    event["bizStep"] = StepOf(record.event);
    if (const char* disposition = DispositionOf(record.event)) event["disposition"] = disposition;
    AddRemarks(record, event);
    return event;
  }
  // Parties and places are plain names here, not addresses.
  static void AddRemarks(const domain::LifeRecord& record, Json& event) {
    if (!record.party.empty()) event["mes:party"] = record.party;
    if (!record.place.empty()) event["mes:place"] = record.place;
    if (!record.evidence.empty()) event["mes:evidence"] = record.evidence;
  }
  std::string StepOf(LifeEvent event) const {
    switch (event) {
      case LifeEvent::kSell:
        return Own("bizstep", "selling");
      case LifeEvent::kShip:
        return "shipping";
      case LifeEvent::kRepair:
        return "repairing";
      case LifeEvent::kReturn:
        return "receiving";
      case LifeEvent::kDeclareWaste:
        return "collecting";
      case LifeEvent::kDismantle:
        return "disassembling";
      case LifeEvent::kTakeOut:
        return "removing";
      case LifeEvent::kBuildIn:
        return "installing";
      case LifeEvent::kTest:
        return "inspecting";
      case LifeEvent::kPutInService:
        return Own("bizstep", "putting_in_service");
      case LifeEvent::kRemanufacture:
        return Own("bizstep", "remanufacturing");
      case LifeEvent::kRecycle:
        return Own("bizstep", "recycling");
      case LifeEvent::kStartSecondLife:
        break;
    }
    return Own("bizstep", "repurposing");
  }
  static const char* DispositionOf(LifeEvent event) {
    switch (event) {
      case LifeEvent::kShip:
        return "in_transit";
      case LifeEvent::kReturn:
      case LifeEvent::kTakeOut:
        return "returned";
      case LifeEvent::kDeclareWaste:
        return "disposed";
      case LifeEvent::kDismantle:
      case LifeEvent::kRecycle:
        return "destroyed";
      default:
        return nullptr;
    }
  }

  const int64_t unit_id_;
  const domain::ProductRevision* const revision_;
  const EpcisNames& names_;
  const EpcisContext context_;
  std::vector<std::pair<domain::Time, Json>> events_;
};

}  // namespace

nlohmann::json EpcisContextOf(const std::string& host) {
  return Json::array({"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {{"mes", "https://" + host + "/"}}});
}

std::vector<nlohmann::json> EpcisEvents(int64_t unit_id, const std::vector<domain::EventRow>& history,
                                        const std::vector<db::StoredLifeRecord>& life, const domain::ProductRevision* revision,
                                        const EpcisNames& names) {
  Writer writer(unit_id, revision, names);
  bool first = true;
  for (const domain::EventRow& row : history) {
    writer.Add(row, first);
    if (row.kind == EventKind::kStarted) first = false;
  }
  for (const db::StoredLifeRecord& stored : life) writer.Add(stored.record);
  return writer.Events();
}

}  // namespace mes::services
