// The reference plant on a server, with things built in it as their bills of materials say: each part of each position, each lot of each
// lot line, through all levels. For tests of passports and their documents.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/passport_attribute.h"
#include "mes/v1/life.grpc.pb.h"
#include "mes/v1/passport.grpc.pb.h"
#include "mes/v1/product_definition.grpc.pb.h"
#include "tests/support/plant_folder.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::tests {

// What is declared by substance in tests.
inline const std::vector<std::string> kCellSubstances = {"LFP", "graphite", "carbon_additives", "PVDF", "aluminium", "copper", "LiPF6",
                                                         "Li",  "Ni",       "Co",               "Pb",   "other_polymers"};
inline const std::vector<std::string> kStackSubstances = {"PFSA_membrane", "ionomer", "GDL", "stainless_steel"};

class PassportPlant {
 public:
  static constexpr char kFinished[] = "2026-11-10T04:00:00Z";

  PassportPlant() : loaded_(Load(server_)), plant_(server_.database()), stub_(v1::PassportService::NewStub(server_.channel())) {}

  TestServer& server() { return server_; }
  StoredPlant& plant() { return plant_; }
  v1::PassportService::Stub& stub() { return *stub_; }
  std::string NextRequest() { return "p" + std::to_string(++requests_); }
  void Sql(const std::string& text) { plant_.database().Query(text); }

  // One finished unit of a product, as built. `deep`: with all parts of all its parts; else parts stand without theirs. Batteries get
  // codes after GB/T 34014.
  int64_t Build(const std::string& product, const std::string& code = "", bool deep = true) {
    const int64_t id = Make(product, 1, deep, code).at(0);
    Flush();
    return id;
  }
  // Parts know their parents, as stations leave them.
  void StandInside() {
    Sql("update unit set parent_id = a.parent_id, parent_line = a.line, parent_slot = a.slot from assembly a "
        "where a.child_id = unit.unit_id and a.remove_time is null");
  }
  // The lot of a material that everything is built of; made on first use.
  int64_t LotOf(const std::string& material) {
    const int64_t lot = MakeLot(material);
    Flush();
    return lot;
  }

  v1::DeclareFactRequest Fact(const std::string& attribute, const std::string& value, const std::string& subject = "") {
    v1::DeclareFactRequest request;
    request.set_request_id(NextRequest());
    request.set_attribute(attribute);
    request.set_subject(subject);
    request.set_value(value);
    request.set_person("Li");
    return request;
  }
  std::string Declare(const v1::DeclareFactRequest& request) {
    v1::DeclareFactResponse response;
    return ReasonOf(CallOnce(*stub_, &v1::PassportService::Stub::DeclareFact, request, &response));
  }
  // Everything that can be declared of a kind of passport: of the plant and model what is theirs, of the unit what is its own.
  void DeclareAll(domain::PassportKind kind, const std::string& product, const std::string& unit,
                  const std::vector<std::string>& substances) {
    for (const domain::PassportAttribute& attribute : domain::PassportAttributes()) {
      if (attribute.kept || !attribute.Of(kind) || attribute.name == "manufacturing_date") continue;
      const std::string name(attribute.name);
      for (const std::string& subject : attribute.by_subject ? SubjectsFor(name, substances) : std::vector<std::string>{""}) {
        v1::DeclareFactRequest request = Fact(name, ValueFor(attribute), subject);
        if (attribute.level == domain::AttributeLevel::kItem) {
          request.set_unit_code(unit);
          request.set_method("GB/T 31467-2023");
          request.set_basis(v1::FACT_BASIS_MEASURED);
        } else if (name.find("_bpn") == std::string::npos && !name.starts_with("manufacturer_") && !name.starts_with("facility_")) {
          request.set_product_code(product);
        }
        ASSERT_EQ(Declare(request), "OK") << name << " " << subject << " = " << request.value();
      }
    }
  }
  v1::IssuePassportResponse Issue(const std::string& unit) {
    v1::IssuePassportRequest request;
    request.set_request_id(NextRequest());
    request.set_unit_code(unit);
    request.set_person("Li");
    v1::IssuePassportResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*stub_, &v1::PassportService::Stub::IssuePassport, request, &response)), "OK") << unit;
    return response;
  }
  void Live(const std::string& unit, v1::LifeEvent event) {
    v1::RecordLifeEventRequest request;
    request.set_request_id(NextRequest());
    request.set_unit_code(unit);
    request.set_event(event);
    request.set_person("Li");
    request.set_party("NewBus Ltd");
    request.set_place("Baotou, CN");
    request.set_evidence("report 7");
    v1::RecordLifeEventResponse response;
    const auto lives = v1::LifeService::NewStub(server_.channel());
    ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::RecordLifeEvent, request, &response)), "OK") << v1::LifeEvent_Name(event);
  }
  grpc::Status Document(const std::string& unit, v1::PassportDocument kind, std::string* text, const std::string& role = "quality") {
    v1::GetPassportDocumentRequest request;
    request.set_unit_code(unit);
    request.set_document(kind);
    request.set_role(role);
    v1::GetPassportDocumentResponse response;
    const grpc::Status status = CallOnce(*stub_, &v1::PassportService::Stub::GetPassportDocument, request, &response);
    if (text != nullptr) *text = response.content();
    return status;
  }

 private:
  static constexpr int64_t kLotQuantity = 1'000'000;

  static bool Load(TestServer& server) {
    v1::LoadPlantRequest request;
    request.set_request_id("load");
    for (const auto& [path, content] : ReadReferencePlant()) {
      v1::PlantFile& file = *request.add_files();
      file.set_path(path);
      file.set_content(content);
    }
    v1::LoadPlantResponse response;
    const auto stub = v1::ProductDefinitionService::NewStub(server.channel());
    EXPECT_EQ(ReasonOf(CallOnce(*stub, &v1::ProductDefinitionService::Stub::LoadPlant, request, &response)), "OK");
    EXPECT_EQ(response.faults_total(), 0) << response.ShortDebugString();
    return true;
  }

  static std::vector<std::string> SubjectsFor(const std::string& attribute, const std::vector<std::string>& substances) {
    if (attribute.starts_with("hazard_")) return {"LiPF6"};
    if (attribute == "concentration") return {"Pb", "Cd", "Hg"};
    if (attribute.starts_with("concern_")) return {"PFSA_membrane"};
    return substances;
  }
  static std::string ValueFor(const domain::PassportAttribute& attribute) {
    static const std::map<std::string_view, std::string> values = {
        {"voltage_minimum", "270"}, {"voltage_nominal", "347.8"}, {"voltage_maximum", "394.2"}, {"rated_capacity", "173"},
        {"rated_energy", "60.16"},  {"idle_temperature_minimum", "-30"},
        {"idle_temperature_maximum", "60"}, {"round_trip_efficiency", "96"},
        {"round_trip_efficiency_half_life", "94"}, {"concentration", "0"}, {"gross_mass", "80"}, {"volume", "40"}, {"gross_volume", "90"},
        {"passport_expiration", "2041-11-10"}, {"warranty_end", "2034-11-10"}, {"warranty_months", "96"}, {"expected_cycles", "3000"}};
    if (const auto value = values.find(attribute.name); value != values.end()) return value->second;
    switch (attribute.type) {
      case domain::FactType::kNumber:
      case domain::FactType::kWhole:
        return "1";
      case domain::FactType::kText:
        return "text of " + std::string(attribute.name);
      case domain::FactType::kDay:
        return "2026-11-20";
      case domain::FactType::kWord:
        return std::string(attribute.words.substr(0, attribute.words.find('|')));
      case domain::FactType::kLink:
        return "https://docs.ordos.example.cn/" + std::string(attribute.name) + ".pdf";
      case domain::FactType::kPartner:
        return std::string(attribute.words) + "00000ORDOS01";
      case domain::FactType::kEmail:
        return "parts@ordos.example.cn";
      case domain::FactType::kRegion:
        return "CN-NM";
      case domain::FactType::kCountry:
        return "CHN";
      case domain::FactType::kPostCode:
        return "017000";
    }
    return "";
  }

  const domain::ProductRevision* RevisionOf(const std::string& product) const {
    return plant_.plant().NewestRevision(plant_.plant().FindMaterial(product)->id);
  }
  static std::string Ids(const std::vector<int64_t>& ids) {
    std::string text;
    for (const int64_t id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
    return text;
  }
  void SetRevision(const std::vector<int64_t>& ids, const domain::ProductRevision& revision) {
    Sql("update unit set revision_id = " + std::to_string(revision.id) + ", finish_time = '" + kFinished +
        "', passed = -1, lot_lines = -1, serial_slots_filled = " + std::to_string(revision.SerialSlots()) +
        " where unit_id in (" + Ids(ids) + ")");
  }
  std::string NextCode(const std::string& product) {
    const int number = ++codes_;
    const char level = product.starts_with("PACK") ? 'P' : product.starts_with("MOD") ? 'M' : product.starts_with("CELL") ? 'C' : 0;
    if (level == 0) return product + "-" + std::to_string(number);
    char code[32];
    snprintf(code, sizeof code, "NMG%cB120000001GBA%07d", level, number);
    return code;
  }

  int64_t MakeLot(const std::string& material) {
    if (const auto known = lots_.find(material); known != lots_.end()) return known->second;
    const int64_t lot = plant_.AddLot(material.c_str(), "LOT-" + material, kLotQuantity * 1'000'000);
    lots_[material] = lot;
    const domain::ProductRevision* revision = RevisionOf(material);
    if (revision == nullptr) return lot;
    SetRevision({lot}, *revision);
    for (const domain::BomLine& line : revision->bom) {
      Consume(MakeLot(line.material_code), {lot}, line, line.quantity_micro * kLotQuantity);
    }
    return lot;
  }

  std::vector<int64_t> Make(const std::string& product, int count, bool deep, const std::string& code = "") {
    std::vector<std::string> codes;
    for (int i = 0; i < count; ++i) codes.push_back(code.empty() ? NextCode(product) : code);
    const std::vector<int64_t> ids = plant_.AddUnits(product.c_str(), codes);
    const domain::ProductRevision* revision = RevisionOf(product);
    if (revision == nullptr) return ids;
    SetRevision(ids, *revision);
    for (const domain::BomLine& line : revision->bom) {
      if (line.tracking != domain::Tracking::kSerial) {
        Consume(MakeLot(line.material_code), ids, line, line.quantity_micro);
        continue;
      }
      const int pieces = count * line.Slots();
      const std::vector<int64_t> parts = deep ? Make(line.material_code, pieces, true)
                                              : plant_.AddUnits(line.material_code.c_str(), Codes(line.material_code, pieces));
      for (size_t i = 0; i < parts.size(); ++i) {
        const int64_t parent = ids[i / static_cast<size_t>(line.Slots())];
        const auto slot = static_cast<int>(i % static_cast<size_t>(line.Slots())) + 1;
        installs_ += (installs_.empty() ? "(" : ",(") + std::to_string(parent) + "," + std::to_string(parts[i]) + "," +
                     std::to_string(line.line) + "," + std::to_string(slot) + ",'2026-11-02','2026-11-02',1,1,7)";
      }
    }
    return ids;
  }
  std::vector<std::string> Codes(const std::string& product, int count) {
    std::vector<std::string> codes;
    for (int i = 0; i < count; ++i) codes.push_back(NextCode(product));
    return codes;
  }
  void Consume(int64_t lot, const std::vector<int64_t>& consumers, const domain::BomLine& line, int64_t quantity_micro) {
    for (const int64_t consumer : consumers) {
      consumptions_ += (consumptions_.empty() ? "(" : ",(") + std::to_string(lot) + "," + std::to_string(consumer) + "," +
                       std::to_string(quantity_micro) + ",'2026-11-01','2026-11-01'," + std::to_string(++sequence_) + ",1,1,10," +
                       std::to_string(line.line) + ",1)";
    }
  }
  void Flush() {
    if (!installs_.empty()) {
      Sql("insert into assembly (parent_id, child_id, line, slot, install_time, install_record_time, install_station, install_epoch, "
          "install_sequence) values " + installs_);
    }
    if (!consumptions_.empty()) {
      Sql("insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, "
          "operation, line, kind) values " + consumptions_);
    }
    installs_.clear();
    consumptions_.clear();
  }

  TestServer server_{PlantBuilder().draft()};
  bool loaded_;
  StoredPlant plant_;
  std::unique_ptr<v1::PassportService::Stub> stub_;
  std::map<std::string, int64_t> lots_;
  std::string installs_, consumptions_;
  int requests_ = 0, codes_ = 0, sequence_ = 0;
};

}  // namespace mes::tests
