// The recall drill: how long it takes from a suspect lot to the full list of vehicles and to stations that refuse.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Clock = std::chrono::steady_clock;
using Genealogy = v1::GenealogyService::Stub;
using Holds = v1::HoldService::Stub;
using Stations = v1::StationService::Stub;

constexpr std::string_view kVehicle = "VEH-";

struct Drill {
  std::string lot, report, record, reason = "recall drill", person = "drill";
  bool place = false;
};

// What was found, and how long each step took.
struct Findings {
  std::map<std::string, std::set<std::string>> vehicles;  // by product
  bool complete = false;
  double list_ms = 0, preview_ms = 0, hold_ms = 0, refuse_ms = 0;
  v1::PreviewHoldResponse preview;
  int64_t hold_id = 0, held = 0, asked = 0, refused = 0, held_vehicles = 0;
  std::vector<std::string> let_through;
  // Against a simulated run's own record, where one was given: how many it has, what was not found, and what was found besides.
  bool compared = false;
  size_t recorded = 0;
  std::vector<std::string> missing, besides;

  bool AsRecorded() const { return missing.empty() && besides.empty(); }
  size_t Vehicles() const {
    size_t count = 0;
    for (const auto& [product, codes] : vehicles) count += codes.size();
    return count;
  }
};

double Since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

std::string Milliseconds(double ms) {
  char text[32];
  snprintf(text, sizeof text, "%.1f ms", ms);
  return text;
}

void FindVehicles(const Connection& connection, const Drill& drill, Findings& findings) {
  v1::WhereUsedRequest request;
  request.set_code(drill.lot);
  const auto start = Clock::now();
  CallStream(connection, &Genealogy::WhereUsed, request, [&](const v1::WhereUsedResponse& page) {
    if (page.last()) findings.complete = page.complete();
    for (const auto& edge : page.edges()) {
      if (edge.parent_material().starts_with(kVehicle)) findings.vehicles[edge.parent_material()].insert(edge.parent_code());
    }
  });
  findings.list_ms = Since(start);
}

// The lot's entry of the record that mesctl simulate wrote.
nlohmann::json RecordOf(const Drill& drill) {
  std::ifstream file(drill.record, std::ios::binary);
  const nlohmann::json record = nlohmann::json::parse(file, nullptr, false);
  if (!record.is_object() || !record.contains("lots") || !record["lots"].is_array()) {
    FailUsage("--record: " + drill.record + " is not a record of mesctl simulate");
  }
  for (const nlohmann::json& lot : record["lots"]) {
    if (lot.is_object() && lot.value("lot", "") == drill.lot && lot.contains("vehicles") && lot["vehicles"].is_object()) return lot;
  }
  FailUsage("--record: " + drill.record + " has no lot " + drill.lot);
}

void Compare(const nlohmann::json& lot, Findings& findings) {
  std::set<std::string> recorded, found;
  for (const auto& [product, codes] : lot["vehicles"].items()) {
    for (const nlohmann::json& code : codes) recorded.insert(product + " " + (code.is_string() ? code.get<std::string>() : "?"));
  }
  for (const auto& [product, codes] : findings.vehicles) {
    for (const std::string& code : codes) found.insert(product + " " + code);
  }
  findings.compared = true;
  findings.recorded = recorded.size();
  std::set_difference(recorded.begin(), recorded.end(), found.begin(), found.end(), std::back_inserter(findings.missing));
  std::set_difference(found.begin(), found.end(), recorded.begin(), recorded.end(), std::back_inserter(findings.besides));
}

// `3 of 3 (100 %), 0 besides`.
std::string AgainstRecord(const Findings& findings) {
  const size_t right = findings.recorded - findings.missing.size();
  return std::to_string(right) + " of " + std::to_string(findings.recorded) +
         (findings.recorded == 0 ? "" : " (" + Percent(static_cast<int64_t>(right), static_cast<int64_t>(findings.recorded)) + ")") + ", " +
         std::to_string(findings.besides.size()) + " besides";
}

void Preview(const Connection& connection, const Drill& drill, Findings& findings) {
  v1::PreviewHoldRequest request;
  request.add_codes(drill.lot);
  const auto start = Clock::now();
  findings.preview = Call(connection, &Holds::PreviewHold, request);
  findings.preview_ms = Since(start);
}

// A station of each product that was found.
std::string StationOf(const Connection& connection, const std::string& product) {
  v1::ListStationsRequest request;
  request.set_product_code(product);
  request.set_page_size(1);
  const auto page = Call(connection, &Stations::ListStations, request);
  return page.stations().empty() ? "" : page.stations(0).code();
}

bool IsRefused(const Connection& connection, const std::string& station, const std::string& unit) {
  v1::CanStartRequest request;
  request.set_request_id(connection.RequestId());
  request.set_station_code(station);
  request.set_unit_code(unit);
  const auto answer = Call(connection, &Stations::CanStart, request);
  for (const auto& refusal : answer.refusals()) {
    if (refusal.code() == "NOT_BLOCKED") return true;
  }
  return false;
}

// Really holds, then asks the gate about every unit that the hold covers and a station could start.
void PlaceAndAsk(const Connection& connection, const Drill& drill, Findings& findings) {
  v1::PlaceHoldRequest request;
  request.set_request_id(connection.RequestId());
  request.add_codes(drill.lot);
  request.set_reason(drill.reason);
  request.set_person(drill.person);
  const auto start = Clock::now();
  const v1::Hold hold = Call(connection, &Holds::PlaceHold, request).hold();
  findings.hold_ms = Since(start);
  findings.hold_id = hold.hold_id();
  findings.held = hold.covered();

  std::map<std::string, std::string> station_by_product;
  v1::ListHoldItemsRequest items;
  items.set_hold_id(hold.hold_id());
  items.set_page_size(1000);
  do {
    const auto page = Call(connection, &Holds::ListHoldItems, items);
    for (const auto& item : page.items()) {
      if (item.product_code().starts_with(kVehicle)) ++findings.held_vehicles;
      // A million cells need not be asked for one by one: what they went into is.
      if (findings.asked >= 10'000 && !item.product_code().starts_with(kVehicle)) continue;
      auto [station, fresh] = station_by_product.try_emplace(item.product_code());
      if (fresh) station->second = StationOf(connection, item.product_code());
      if (station->second.empty()) continue;  // bought: no station starts it
      ++findings.asked;
      if (IsRefused(connection, station->second, item.code())) {
        ++findings.refused;
      } else {
        findings.let_through.push_back(item.code());
      }
      if (findings.asked == 1) findings.refuse_ms = Since(start);
    }
    items.set_page_token(page.next_page_token());
  } while (!items.page_token().empty());
}

nlohmann::ordered_json ToJson(const Drill& drill, const Findings& findings) {
  nlohmann::ordered_json json;
  json["lot"] = drill.lot;
  json["placed"] = drill.place;
  json["vehicles"] = findings.Vehicles();
  json["vehicles_complete"] = findings.complete;
  json["vehicle_list_ms"] = findings.list_ms;
  if (findings.compared) {
    json["recorded_vehicles"] = findings.recorded;
    json["missing"] = findings.missing;
    json["besides"] = findings.besides;
  }
  json["preview_ms"] = findings.preview_ms;
  json["would_hold"] = findings.preview.units();
  json["shipped"] = findings.preview.shipped();
  if (drill.place) {
    json["hold_id"] = findings.hold_id;
    json["held"] = findings.held;
    json["held_vehicles"] = findings.held_vehicles;
    json["hold_ms"] = findings.hold_ms;
    json["first_refusal_ms"] = findings.refuse_ms;
    json["gate_asked"] = findings.asked;
    json["gate_refused"] = findings.refused;
    json["let_through"] = findings.let_through;
  }
  json["vehicles_by_product"] = nlohmann::ordered_json::object();
  for (const auto& [product, codes] : findings.vehicles) json["vehicles_by_product"][product] = codes;
  return json;
}

std::string Markdown(const Drill& drill, const Findings& findings) {
  std::string text = "# Recall drill: lot " + OneLine(drill.lot) + "\n\n";
  const auto row = [&](const std::string& what, const std::string& value) { text += "| " + what + " | " + value + " |\n"; };
  text += "| step | result |\n|---|---|\n";
  row("time to the full list of vehicles", Milliseconds(findings.list_ms));
  row("vehicles", std::to_string(findings.Vehicles()) + (findings.complete ? "" : " (cut: there are more)"));
  if (findings.compared) row("found of the vehicles on record", AgainstRecord(findings));
  row("time to the preview of a hold", Milliseconds(findings.preview_ms));
  row("units and lots that a hold covers", std::to_string(findings.preview.units()));
  row("of these shipped", std::to_string(findings.preview.shipped()));
  if (drill.place) {
    row("hold placed", std::to_string(findings.hold_id) + ", on " + std::to_string(findings.held) + " units and lots");
    row("vehicles on hold", std::to_string(findings.held_vehicles));
    row("time to the hold", Milliseconds(findings.hold_ms));
    row("time to the first station refusing", Milliseconds(findings.refuse_ms));
    row("stations asked / refusing", std::to_string(findings.asked) + " / " + std::to_string(findings.refused));
  } else {
    row("hold placed", "no: a dry drill");
  }
  const auto list = [&](const std::string& title, const std::vector<std::string>& vehicles) {
    if (vehicles.empty()) return;
    text += "\n## " + title + "\n\n";
    for (const std::string& vehicle : vehicles) text += "- " + OneLine(vehicle) + "\n";
  };
  list("On record and not found", findings.missing);
  list("Found and not on record", findings.besides);
  text += "\n## Vehicles\n\n";
  if (findings.vehicles.empty()) text += "None.\n";
  for (const auto& [product, codes] : findings.vehicles) {
    text += "### " + OneLine(product) + " (" + std::to_string(codes.size()) + ")\n\n";
    for (const auto& code : codes) text += "- " + OneLine(code) + "\n";
    text += "\n";
  }
  text += "\n## Held, by product and stage\n\n| product | stage | units |\n|---|---|---|\n";
  for (const auto& stage : findings.preview.stages()) {
    std::string kind = EnumText(*v1::HoldStageKind_descriptor(), stage.kind());
    if (stage.operation() != 0) kind += " " + std::to_string(stage.operation()) + " " + stage.operation_code();
    text += "| " + OneLine(stage.product_code()) + " | " + OneLine(kind) + " | " + std::to_string(stage.units()) + " |\n";
  }
  return text;
}

void PrintFindings(const Drill& drill, const Findings& findings) {
  Fields fields;
  fields.Add("lot", drill.lot);
  std::string vehicles = std::to_string(findings.Vehicles()) + " in " + Milliseconds(findings.list_ms);
  for (const auto& [product, codes] : findings.vehicles) vehicles += ", " + std::to_string(codes.size()) + " " + product;
  fields.Add("vehicles", vehicles);
  if (findings.compared) fields.Add("on record", AgainstRecord(findings));
  fields.Add("preview", std::to_string(findings.preview.units()) + " units and lots in " + Milliseconds(findings.preview_ms));
  if (drill.place) {
    fields.Add("hold", std::to_string(findings.hold_id) + " on " + std::to_string(findings.held) + " units and lots in " +
                           Milliseconds(findings.hold_ms));
    fields.Add("held vehicles", std::to_string(findings.held_vehicles));
    fields.Add("refusing", std::to_string(findings.refused) + " of " + std::to_string(findings.asked) +
                               " asked, the first after " + Milliseconds(findings.refuse_ms));
  } else {
    fields.Add("hold", "none placed; --place really holds");
  }
  if (!drill.report.empty()) fields.Add("report", drill.report);
  fields.Print();
}

void Recall(const Connection& connection, const Drill& drill) {
  // A record that cannot be read is told before anything is asked or held.
  const nlohmann::json recorded = drill.record.empty() ? nlohmann::json() : RecordOf(drill);
  Findings findings;
  FindVehicles(connection, drill, findings);
  if (!drill.record.empty()) Compare(recorded, findings);
  Preview(connection, drill, findings);
  if (drill.place) PlaceAndAsk(connection, drill, findings);
  if (!drill.report.empty()) {
    std::ofstream file(drill.report, std::ios::binary);
    file << Markdown(drill, findings);
    if (!file.flush()) FailUsage("--report: " + drill.report + " cannot be written");
  }
  if (connection.json) {
    printf("%s\n", ToJson(drill, findings).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    PrintFindings(drill, findings);
  }
  const bool all =
      !drill.place || (findings.refused == findings.asked && findings.held_vehicles == static_cast<int64_t>(findings.Vehicles()));
  if (all && findings.complete && findings.AsRecorded()) return;
  fprintf(stderr, "mesctl: the drill failed: %s\n",
          !findings.complete       ? "the list of vehicles was cut"
          : !findings.AsRecorded() ? "the vehicles are not those on record"
                                   : "not every unit is refused, or not every vehicle is held");
  throw Exit{kExitServer};
}

}  // namespace

void AddDrill(CLI::App& app, const Connection& connection) {
  auto* drill = app.add_subcommand("drill", "Drills: how fast and how completely the plant would react");
  drill->require_subcommand(1);
  auto asked = std::make_shared<Drill>();
  auto* recall = drill->add_subcommand("recall", "From a suspect lot to the vehicles that it is in and to stations refusing");
  recall->footer(
      "Measures; without --place nothing is written. With it, the lot is really held, and the gate is\n"
      "asked about what the hold covers: exit code 1 where a unit is not refused or a vehicle not held.\n"
      "With --record of a simulated run also where the vehicles are not exactly those on record.\nExample:\n"
      "  mesctl drill recall --lot LFP-2611 --report drill.md");
  recall->add_option("--lot", asked->lot, "The suspect lot, or a unit")->required()->type_name("CODE");
  recall->add_option("--report", asked->report, "Write what was measured and every vehicle, as Markdown")->type_name("FILE");
  recall->add_option("--record", asked->record, "Hold what is found against this record, which mesctl simulate --record wrote")
      ->type_name("FILE");
  recall->add_flag("--place", asked->place, "Really hold, and ask the gate");
  recall->add_option("--reason", asked->reason, "Why the hold is placed")->capture_default_str()->type_name("R");
  recall->add_option("--person", asked->person, "Who places it")->capture_default_str()->type_name("P");
  recall->callback([&connection, asked] { Recall(connection, *asked); });
}

}  // namespace mes::mesctl
