#include "services/epcis_event.h"

#include <cmath>
#include <map>

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

// A quantity of a lot.
Json Amount(const EpcisNames& names, int64_t lot_id, int64_t quantity_micro) {
  Json amount = {{"epcClass", names.unit(lot_id)}, {"quantity", static_cast<double>(quantity_micro) / domain::kMicro}};
  const std::string uom = CommonCode(names.uom(lot_id));
  if (!uom.empty()) amount["uom"] = uom;
  return amount;
}

const char* DispositionOf(LifeEvent event) {
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

}  // namespace

std::string CommonCode(std::string_view unit) {
  static const std::map<std::string_view, const char*> kCodes = {
      {"kg", "KGM"},   {"g", "GRM"},   {"mg", "MGM"}, {"m2", "MTK"},  {"mm", "MMT"},   {"um", "4H"},    {"V", "VLT"},
      {"mV", "2Z"},    {"A", "AMP"},   {"N.m", "NU"}, {"N", "NEW"},   {"kN", "B47"},   {"degC", "CEL"}, {"%", "P1"},
      {"s", "SEC"},    {"min", "MIN"}, {"h", "HUR"},  {"bar", "BAR"}, {"kPa", "KPA"},  {"Pa", "PAL"},   {"mbar", "MBR"},
      {"W", "WTT"},    {"kW", "KWT"},  {"Ah", "AMH"}, {"Ohm", "OHM"}, {"MOhm", "B75"}, {"kWh", "KWH"},  {"Wh", "WHR"},
      {"L/min", "L2"}, {"mm2", "MMK"}, {"m", "MTR"},  {"pc", "H87"},  {"set", "SET"},
  };
  const auto found = kCodes.find(unit);
  return found == kCodes.end() ? std::string() : found->second;
}

const std::vector<EpcisStep>& EpcisSteps() {
  static const std::vector<EpcisStep> steps = {
      {LifeEvent::kSell, "selling", true},
      {LifeEvent::kShip, "shipping", false},
      {LifeEvent::kPutInService, "putting_in_service", true},
      {LifeEvent::kRepair, "repairing", false},
      {LifeEvent::kRemanufacture, "remanufacturing", true},
      {LifeEvent::kReturn, "receiving", false},
      {LifeEvent::kTest, "testing", true},
      {LifeEvent::kStartSecondLife, "repurposing", true},
      {LifeEvent::kDeclareWaste, "collecting", false},
      {LifeEvent::kDismantle, "disassembling", false},
      {LifeEvent::kRecycle, kRecyclingStep, true},
      {LifeEvent::kTakeOut, "removing", false},
      {LifeEvent::kBuildIn, "installing", false},
  };
  return steps;
}

EpcisWriter::EpcisWriter(const EpcisNames& names) : names_(names), context_(ContextOf(EpcisContextOf(names.host))) {}

Json EpcisWriter::Begin(const char* type, domain::Time occur, domain::Time record) const {
  return {{"type", type}, {"eventTime", TimeText(occur)}, {"eventTimeZoneOffset", kOffset}, {"recordTime", TimeText(record)}};
}

std::string EpcisWriter::Own(const std::string& kind, const std::string& word) const {
  return "https://" + names_.host + "/" + kind + "/" + word;
}

Json EpcisWriter::WithHash(Json event) const {
  event["eventID"] = EpcisHash(event, context_);
  return event;
}

Json EpcisWriter::Made(const db::MadeRow& made) const {
  Json event = Begin("ObjectEvent", made.create_time, made.create_time);
  event["action"] = "ADD";
  event["bizStep"] = "commissioning";
  if (made.quantity_micro > 0) {
    event["quantityList"] = Json::array({Amount(names_, made.unit_id, made.quantity_micro)});
  } else {
    event["epcList"] = Json::array({names_.unit(made.unit_id)});
  }
  event["ilmd"] = {{"mes:material", names_.material(made.unit_id)}};
  return WithHash(std::move(event));
}

Json EpcisWriter::Of(const db::LotChange& change) const {
  const bool split = change.kind == domain::EdgeKind::kSplit;
  Json event = Begin("TransformationEvent", change.occur_time, change.record_time);
  const std::vector<int64_t>& many = split ? change.to_ids : change.from_ids;
  const int64_t one = split ? change.from_ids.at(0) : change.to_ids.at(0);
  Json all = Json::array();
  int64_t sum = 0;
  for (size_t i = 0; i < many.size(); ++i) {
    all.push_back(Amount(names_, many[i], change.quantities_micro[i]));
    sum += change.quantities_micro[i];
  }
  event[split ? "outputQuantityList" : "inputQuantityList"] = std::move(all);
  event[split ? "inputQuantityList" : "outputQuantityList"] = Json::array({Amount(names_, one, sum)});
  event["bizStep"] = Own("bizstep", split ? kSplittingStep : kMergingStep);
  event["ilmd"] = {{"mes:material", names_.material(one)}};
  return WithHash(std::move(event));
}

Json EpcisWriter::Of(const db::Recovery& recovery, const std::vector<int64_t>& unit_ids) const {
  Json event = Begin("TransformationEvent", recovery.recover_time, recovery.record_time);
  event["transformationID"] = Own(kRecyclingStep, std::to_string(recovery.batch_id));
  Json units = Json::array(), lots = Json::array();
  for (const int64_t id : unit_ids) units.push_back(names_.unit(id));
  for (size_t i = 0; i < recovery.lot_ids.size(); ++i) {
    lots.push_back(Amount(names_, recovery.lot_ids[i], recovery.quantities_micro[i]));
  }
  event["inputEPCList"] = std::move(units);
  event["outputQuantityList"] = std::move(lots);
  event["bizStep"] = Own("bizstep", kRecyclingStep);
  event["ilmd"] = {{"mes:material", names_.material(recovery.lot_ids.at(0))}};
  event["mes:party"] = recovery.partner;
  event["mes:place"] = recovery.place;
  return WithHash(std::move(event));
}

Json EpcisWriter::Of(int64_t unit_id, const domain::EventRow& row, const domain::ProductRevision* revision) const {
  const bool association = row.kind == EventKind::kInstalled || row.kind == EventKind::kRemoved;
  const bool object = row.kind == EventKind::kCompleted || row.kind == EventKind::kScrapped;
  if (!association && !object && row.kind != EventKind::kConsumed) return Json();
  Json event = Begin(association ? "AssociationEvent"
                     : object    ? "ObjectEvent"
                                 : "TransformationEvent",
                     row.occur_time, row.record_time);
  event["readPoint"] = {
      {"id", row.station_id == 0 ? Own("replacement", std::to_string(row.sequence)) : names_.station(row.station_id)}};
  if (association) {
    const bool in = row.kind == EventKind::kInstalled;
    event["action"] = in ? "ADD" : "DELETE";
    event["parentID"] = names_.unit(unit_id);
    event["childEPCs"] = Json::array({names_.unit(row.other_unit_id)});
    event["bizStep"] = in ? "installing" : "removing";
    event["mes:line"] = row.line;
    event["mes:slot"] = row.slot;
  } else if (row.kind == EventKind::kConsumed) {
    event["inputQuantityList"] = Json::array({Amount(names_, row.other_unit_id, row.quantity_micro)});
    event["outputEPCList"] = Json::array({names_.unit(unit_id)});
    event["bizStep"] = "assembling";
    event["mes:line"] = row.line;
    event["mes:operation"] = row.operation;
  } else {
    event["action"] = "OBSERVE";
    event["epcList"] = Json::array({names_.unit(unit_id)});
    event["bizStep"] = row.kind == EventKind::kScrapped ? "decommissioning" : "inspecting";
    event["disposition"] = row.judgement == domain::Judgement::kPass ? "conformant" : "non_conformant";
    if (revision != nullptr) AddValues(row, *revision, event);
  }
  if ((row.flags & domain::kFlagReversed) != 0) {
    event["errorDeclaration"] = {{"declarationTime", TimeText(row.record_time)}, {"reason", "incorrect_data"}};
  }
  return WithHash(std::move(event));
}

void EpcisWriter::AddValues(const domain::EventRow& row, const domain::ProductRevision& revision, Json& event) const {
  const int16_t index = revision.OperationIndex(row.operation);
  if (index < 0 || row.measured.empty()) return;
  Json reports = Json::array();
  for (const domain::Characteristic& characteristic : revision.operations[static_cast<size_t>(index)].characteristics) {
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

Json EpcisWriter::Of(int64_t unit_id, const domain::LifeRecord& record) const {
  const bool second = record.event == LifeEvent::kStartSecondLife;
  Json event = Begin(second ? "TransformationEvent" : "ObjectEvent", record.occur_time, record.record_time);
  if (second) {
    event["inputEPCList"] = Json::array({names_.unit(unit_id)});
    event["outputEPCList"] = Json::array({names_.code(record.other_code)});
  } else {
    event["action"] = record.event == LifeEvent::kRecycle ? "DELETE" : "OBSERVE";
    event["epcList"] = Json::array({names_.unit(unit_id)});
    if (const char* disposition = DispositionOf(record.event)) event["disposition"] = disposition;
  }
  event["bizStep"] = StepOf(record.event);
  // Parties and places are plain names here, not addresses.
  if (!record.party.empty()) event["mes:party"] = record.party;
  if (!record.place.empty()) event["mes:place"] = record.place;
  if (!record.evidence.empty()) event["mes:evidence"] = record.evidence;
  if (!second && !record.other_code.empty()) event["mes:around"] = names_.code(record.other_code);
  if (record.used) event["mes:used"] = true;
  if (record.reversed) {
    event["errorDeclaration"] = {{"declarationTime", TimeText(record.reversed->time)}, {"reason", "did_not_occur"}};
  }
  return WithHash(std::move(event));
}

std::string EpcisWriter::StepOf(LifeEvent event) const {
  for (const EpcisStep& step : EpcisSteps()) {
    if (step.event == event) return step.own ? Own("bizstep", step.step) : step.step;
  }
  return Own("bizstep", "unknown");
}

nlohmann::json EpcisContextOf(const std::string& host) {
  return Json::array({"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {{"mes", "https://" + host + "/"}}});
}

}  // namespace mes::services
