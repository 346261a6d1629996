// A plant that takes in partners' documents over real gRPC, and the events that tests make these of.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mes/v1/audit.grpc.pb.h"
#include "mes/v1/epcis.grpc.pb.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/life.grpc.pb.h"
#include "mes/v1/lot.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/standards.h"
#include "tests/support/stored_plant.h"

namespace mes::tests {

using Json = nlohmann::json;

// One plant with its services.
struct EpcisPlant {
  TestServer server{PlantBuilder().draft()};
  StoredPlant stored{server.database()};
  std::unique_ptr<v1::EpcisService::Stub> epcis = v1::EpcisService::NewStub(server.channel());
  std::unique_ptr<v1::GenealogyService::Stub> genealogy = v1::GenealogyService::NewStub(server.channel());
  std::unique_ptr<v1::LifeService::Stub> lives = v1::LifeService::NewStub(server.channel());
  std::unique_ptr<v1::LotService::Stub> lots = v1::LotService::NewStub(server.channel());
  int requests = 0;
  std::string partner = "StackCo";

  void Sql(const std::string& text) { stored.database().Query(text); }

  std::string ExportPeriod(int64_t from_s = 0, int64_t until_s = 4'000'000'000) {
    v1::ExportPeriodEpcisRequest request;
    request.mutable_from_time()->set_seconds(from_s);
    request.mutable_until_time()->set_seconds(until_s);
    request.set_host("o.cn/mes");
    grpc::ClientContext context;
    const auto reader = epcis->ExportPeriodEpcis(&context, request);
    v1::ExportPeriodEpcisResponse piece;
    std::string text;
    while (reader->Read(&piece)) text += piece.text();
    EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
    return text;
  }

  void Split(const char* lot, const std::vector<std::pair<const char*, const char*>>& parts, int64_t at_s) {
    v1::SplitLotRequest request;
    request.set_request_id("c" + std::to_string(++requests));
    request.set_lot_code(lot);
    request.mutable_occur_time()->set_seconds(at_s);
    for (const auto& [code, amount] : parts) {
      v1::LotPart& part = *request.add_parts();
      part.set_lot_code(code);
      part.mutable_quantity()->set_value(amount);
      part.mutable_quantity()->set_uom("kg");
    }
    v1::SplitLotResponse response;
    ASSERT_EQ(ReasonOf(CallOnce(*lots, &v1::LotService::Stub::SplitLot, request, &response)), "OK");
  }
  void Merge(const char* lot, const std::vector<std::string>& sources, int64_t at_s) {
    v1::MergeLotsRequest request;
    request.set_request_id("c" + std::to_string(++requests));
    request.set_lot_code(lot);
    request.mutable_occur_time()->set_seconds(at_s);
    request.mutable_source_codes()->Assign(sources.begin(), sources.end());
    v1::MergeLotsResponse response;
    ASSERT_EQ(ReasonOf(CallOnce(*lots, &v1::LotService::Stub::MergeLots, request, &response)), "OK");
  }

  grpc::Status Capture(const std::string& document, v1::CaptureEpcisResponse* response = nullptr) {
    v1::CaptureEpcisRequest request;
    request.set_request_id("c" + std::to_string(++requests));
    request.set_document(document);
    request.set_partner(partner);
    request.set_person("Li");
    v1::CaptureEpcisResponse own;
    return CallOnce(*epcis, &v1::EpcisService::Stub::CaptureEpcis, request, response == nullptr ? &own : response);
  }
  grpc::Status Capture(const Json& document, v1::CaptureEpcisResponse* response = nullptr) {
    return Capture(document.dump(), response);
  }

  // `parent > child line.slot quantity kind time removed`, sorted; times to the millisecond, as EPCIS has them.
  std::vector<std::string> TraceOf(const std::string& code) {
    v1::TraceRequest request;
    request.set_code(code);
    grpc::ClientContext context;
    const auto reader = genealogy->Trace(&context, request);
    v1::TraceResponse page;
    std::vector<std::string> edges;
    while (reader->Read(&page)) {
      for (const auto& edge : page.edges()) {
        const auto& time = edge.install_time();
        edges.push_back(edge.parent_code() + " > " + edge.child_code() + " " + edge.child_material() + " " +
                        std::to_string(edge.line()) + "." + std::to_string(edge.slot()) + " " + edge.quantity().value() + " " +
                        edge.kind() + " " + std::to_string(time.seconds()) + "." +
                        std::to_string((time.nanos() + 500'000) / 1'000'000));
      }
    }
    EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
    std::sort(edges.begin(), edges.end());
    return edges;
  }
  std::string LifeOf(const std::string& code) {
    v1::GetLifeRequest request;
    request.set_unit_code(code);
    v1::GetLifeResponse response;
    if (const auto status = CallOnce(*lives, &v1::LifeService::Stub::GetLife, request, &response); !status.ok())
      return ReasonOf(status);
    return v1::LifeState_Name(response.life().state());
  }
  // `sound`, or what is wrong.
  std::string Audited() {
    grpc::ClientContext context;
    const auto reader = v1::AuditService::NewStub(server.channel())->VerifyAudit(&context, v1::VerifyAuditRequest());
    v1::VerifyAuditResponse page, told;
    while (reader->Read(&page)) told = page;
    EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
    return told.sound() ? "sound" : told.ShortDebugString();
  }
  std::vector<v1::CapturedEpcis> CapturedOf(const std::string& code) {
    v1::ListCapturedEpcisRequest request;
    request.set_unit_code(code);
    v1::ListCapturedEpcisResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*epcis, &v1::EpcisService::Stub::ListCapturedEpcis, request, &response)), "OK");
    return {response.events().begin(), response.events().end()};
  }
};

// By the official schema; where that is not here (tests/support/standards.h) nothing judges it.
inline void ExpectEpcisSchema(const std::string& document) {
  const auto schema = Standards("gs1-epcis/schema/EPCIS-JSON-Schema.json");
  if (!schema.empty()) {
    EXPECT_EQ(SchemaFaults(document, schema), "");
  }
}

inline Json Document(std::vector<Json> events) {
  return {{"@context", {"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {{"ex", "https://stackco.example/"}}}},
          {"type", "EPCISDocument"},
          {"schemaVersion", "2.0"},
          {"creationDate", "2026-10-01T00:00:00Z"},
          {"epcisBody", {{"eventList", events}}}};
}
inline Json Event(const char* type, const char* time, const char* step) {
  return {{"type", type}, {"eventTime", time}, {"eventTimeZoneOffset", "+08:00"}, {"bizStep", step}};
}
inline Json Made(const char* code, const char* material, const char* time = "2026-09-01T08:00:00+08:00") {
  Json event = Event("ObjectEvent", time, "commissioning");
  event["action"] = "ADD";
  event["epcList"] = {"https://stackco.example/unit/" + std::string(code)};
  event["ilmd"] = {{"ex:material", material}};
  return event;
}
inline Json MadeLot(const char* code, const char* material, double quantity, const char* uom = "KGM") {
  Json event = Event("ObjectEvent", "2026-09-01T08:00:00+08:00", "commissioning");
  event["action"] = "ADD";
  event["quantityList"] = {
      {{"epcClass", "https://stackco.example/lot/" + std::string(code)}, {"quantity", quantity}, {"uom", uom}}};
  event["ilmd"] = {{"ex:material", material}};
  return event;
}
inline Json Put(const char* action, const char* parent, const char* child, const char* time = "2026-09-02T08:00:00+08:00") {
  Json event = Event("AssociationEvent", time, std::string(action) == "ADD" ? "installing" : "removing");
  event["action"] = action;
  event["parentID"] = "https://stackco.example/unit/" + std::string(parent);
  event["childEPCs"] = {"https://stackco.example/unit/" + std::string(child)};
  return event;
}
inline Json Lived(const char* code, const char* step, const char* time) {
  Json event = Event("ObjectEvent", time, step);
  event["action"] = std::string(step).ends_with("recycling") ? "DELETE" : "OBSERVE";
  event["epcList"] = {"https://stackco.example/unit/" + std::string(code)};
  event["bizLocation"] = {{"id", "https://recycler.example/plant/1"}};
  return event;
}

}  // namespace mes::tests
