#include "services/code.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "db/issued_code.h"
#include "db/unit.h"
#include "db/work_order.h"
#include "domain/code.h"
#include "domain/gs1.h"
#include "domain/limits.h"
#include "domain/scan.h"
#include "mes/v1/code.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

domain::Error WithCode(domain::Error error, const std::string& code) {
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return error;
}

domain::Result<const domain::Material*> ParseProduct(const Call& call, const std::string& code) {
  const domain::Material* material = call.plant.FindMaterial(code);
  if (material == nullptr || material->tracking != domain::Tracking::kSerial) {
    return Fail(
        WithCode(FieldError(Reason::kProductUnknown, "product_code",
                            material == nullptr ? "product " + code.substr(0, 64) + " is not known" : code + " has no serials"),
                 code));
  }
  return material;
}

// 0 for an empty filter.
domain::Result<int32_t> ParseProductFilter(const Call& call, const std::string& code) {
  if (code.empty()) return 0;
  return ParseProduct(call, code).map([](const domain::Material* material) { return material->id; });
}

v1::CodeRule RuleToProto(const domain::CodeRule& rule, const domain::Plant& plant) {
  v1::CodeRule message;
  message.set_code_rule_id(rule.id);
  message.set_product_code(MaterialOf(plant, rule.material_id).code);
  message.set_prefix(rule.prefix);
  message.set_traceability(rule.traceability);
  message.set_gtin(rule.gtin);
  message.set_person(rule.person);
  *message.mutable_create_time() = ToProto(rule.create_time);
  return message;
}

v1::CodeBatch BatchToProto(const db::StoredBatch& stored, const domain::Plant& plant) {
  v1::CodeBatch message;
  const domain::CodeBatch& batch = stored.batch;
  message.set_code_batch_id(batch.id);
  message.set_product_code(MaterialOf(plant, stored.material_id).code);
  message.set_first_code(batch.CodeAt(0));
  message.set_last_code(batch.CodeAt(batch.count - 1));
  message.set_count(batch.count);
  message.set_used(stored.used);
  message.set_voided(stored.voided);
  message.set_work_order_code(stored.work_order_code);
  if (batch.station_id != 0) {
    const domain::Station* station = plant.FindStation(batch.station_id);
    if (station == nullptr) throw PlantBehind("station " + std::to_string(batch.station_id) + " is not loaded");
    message.set_station_code(station->code);
  }
  message.set_person(batch.person);
  *message.mutable_issue_time() = ToProto(batch.issue_time);
  return message;
}

// `2026-11-24`.
domain::Result<std::chrono::year_month_day> ParseDay(std::string_view text, std::string_view field) {
  int parts[3] = {};
  const size_t starts[3] = {0, 5, 8}, lengths[3] = {4, 2, 2};
  bool good = text.size() == 10 && text[4] == '-' && text[7] == '-';
  for (int i = 0; good && i < 3; ++i) {
    const std::string_view part = text.substr(starts[i], lengths[i]);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), parts[i]);
    good = error == std::errc() && end == part.data() + part.size() && part[0] != '-';
  }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]), std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!good || !day.ok()) {
    return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not a day that exists, such as 2026-11-24"));
  }
  return day;
}

domain::Result<int64_t> ParseId(const std::string& token, uint64_t digest) {
  const domain::Result<std::string> text = ParsePageToken(token, digest);
  if (!text) return Fail(text.error());
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (text->empty() || (error == std::errc() && end == text->data() + text->size())) return id;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

// Who the codes are reserved for.
Status ParseReservation(Call& call, const v1::IssueCodesRequest& request, domain::CodeBatch& batch,
                        const domain::Material& material) {
  if (!request.work_order_code().empty()) {
    const auto order = db::LoadWorkOrder(call.transaction, request.work_order_code());
    if (!order) {
      return Fail(WithCode(FieldError(Reason::kWorkOrderUnknown, "work_order_code", "the order is not known"),
                           request.work_order_code()));
    }
    if (order->material_id != material.id) {
      return Fail(WithCode(FieldError(Reason::kFieldInvalid, "work_order_code", "the order makes another product"),
                           request.work_order_code()));
    }
    batch.work_order_id = order->id;
  }
  if (request.station_code().empty()) return {};
  const domain::Station* station = call.plant.FindStation(request.station_code());
  if (station == nullptr) {
    return Fail(
        WithCode(FieldError(Reason::kStationUnknown, "station_code", "the station is not known"), request.station_code()));
  }
  batch.station_id = station->id;
  return {};
}

domain::Result<char> ParseLevel(const std::string& level) {
  if (level.size() > 1) return Fail(FieldError(Reason::kCodeInvalid, "reuse_level", "reuse_level is P, M or C"));
  return level.empty() ? char{0} : level[0];
}

std::string DateText(std::chrono::year_month_day day) {
  return domain::FormatTime(domain::Time(std::chrono::sys_days(day))).substr(0, 10);
}

// A GS1 element string or a Digital Link; false = neither.
bool DecodeGs1(const domain::Scan& scan, v1::DecodeCodeResponse& response, std::vector<domain::Gs1Element>& elements) {
  const bool link = scan.text.starts_with("https://") || scan.text.starts_with("http://");
  const bool string = scan.gs1 || scan.text.starts_with("(");
  if (!link && !string) return false;
  const auto parsed = link ? domain::ParseDigitalLink(scan.text, "scan") : domain::ParseElementString(scan.text, "scan");
  response.set_kind(link ? v1::CODE_KIND_GS1_DIGITAL_LINK : v1::CODE_KIND_GS1_ELEMENT_STRING);
  if (!parsed) {
    response.add_faults()->set_sentence(parsed.error().message);
    return true;
  }
  elements = *parsed;
  for (const domain::Gs1Element& element : elements) {
    v1::CodeField& field = *response.add_fields();
    field.set_name("(" + element.ai + ") " + std::string(domain::Gs1Title(element.ai)));
    field.set_value(element.value);
  }
  return true;
}

void AddField(v1::DecodeCodeResponse& response, const char* name, std::string value, std::string meaning, int& position) {
  v1::CodeField& field = *response.add_fields();
  field.set_name(name);
  field.set_meaning(std::move(meaning));
  field.set_position(position);
  position += static_cast<int>(value.size());
  field.set_value(std::move(value));
}

// The fields of a code that has the length of one after GB/T 34014.
void DecodeBattery(const std::string& text, v1::DecodeCodeResponse& response) {
  const domain::BatteryCodeReading reading = domain::ReadBatteryCode(text);
  const domain::BatteryCode& code = reading.code;
  const bool second_life = text.size() == domain::kSecondLifeCodeLength;
  response.set_kind(second_life ? v1::CODE_KIND_SECOND_LIFE_BATTERY : v1::CODE_KIND_BATTERY);
  int position = 1;
  AddField(response, "manufacturer", text.substr(0, 3), "", position);
  AddField(response, "product type", text.substr(3, 1), std::string(domain::ProductTypeName(code.product_type)), position);
  std::string battery(domain::BatteryTypeName(code.battery_type));
  if (!battery.empty() && !domain::IsBatteryTypeProven(code.battery_type)) battery += " (not proven against the standard)";
  AddField(response, "battery type", text.substr(4, 1), battery, position);
  AddField(response, "specification", text.substr(5, 2), "", position);
  if (!second_life) AddField(response, "traceability", text.substr(7, 7), "", position);
  const size_t at = static_cast<size_t>(position) - 1;
  AddField(response, "production date", text.substr(at, 3), code.date.ok() ? DateText(code.date) : "", position);
  AddField(response, "running number", text.substr(at + 3, 7), code.serial > 0 ? std::to_string(code.serial) : "", position);
  if (second_life) {
    AddField(response, "second life", text.substr(at + 10, 1), "used again", position);
    AddField(response, "level of reuse", text.substr(at + 11, 1), std::string(domain::ProductTypeName(code.reuse_level)),
             position);
  }
  for (const domain::CodeFault& fault : reading.faults) {
    v1::CodeFault& message = *response.add_faults();
    message.set_position(fault.position);
    message.set_sentence(fault.sentence);
  }
}

bool LooksLikeBattery(const std::string& text) {
  const bool length = text.size() == domain::kNewBatteryCodeLength || text.size() == domain::kSecondLifeCodeLength;
  return length && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// GTIN and serial lead to a code: of its prefix, or the plain serial.
std::string CodeOfElements(Call& call, const std::vector<domain::Gs1Element>& elements) {
  const auto value = [&](std::string_view ai) {
    const auto found = std::find_if(elements.begin(), elements.end(), [&](const domain::Gs1Element& e) { return e.ai == ai; });
    return found == elements.end() ? std::string() : found->value;
  };
  const std::string gtin = value("01"), serial = value("21");
  if (gtin.empty() || serial.empty()) return value("8004");
  const auto rule = db::FindRuleOfGtin(call.transaction, gtin);
  if (!rule) return {};
  if (rule->prefix.empty()) return serial;
  return domain::BatteryCodeOf(rule->prefix, serial, "scan").value_or(serial);
}

}  // namespace

Status SetCodeRule(Call& call, const v1::SetCodeRuleRequest& request, v1::SetCodeRuleResponse& response) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  const auto material = ParseProduct(call, request.product_code());
  if (!material) return Fail(material.error());
  domain::CodeRule draft;
  draft.material_id = (*material)->id;
  draft.prefix = request.prefix();
  draft.traceability = request.traceability();
  draft.gtin = request.gtin();
  draft.person = request.person();
  draft.create_time = call.now;
  domain::Result<domain::CodeRule> rule = domain::CheckCodeRule(std::move(draft));
  if (!rule) return Fail(rule.error());

  if (!db::InsertCodeRule(call.transaction, *rule)) {
    const bool prefix = !rule->prefix.empty() && db::FindRuleOfPrefix(call.transaction, rule->prefix);
    return Fail(
        FieldError(Reason::kCodeRuleExists, prefix ? "prefix" : "gtin",
                   prefix ? "prefix " + rule->prefix + " has a rule already" : "GTIN " + rule->gtin + " has a rule already"));
  }
  *response.mutable_rule() = RuleToProto(*rule, call.plant);
  return {};
}

Status ListCodeRules(Call& call, const v1::ListCodeRulesRequest& request, v1::ListCodeRulesResponse& response) {
  const auto material = ParseProductFilter(call, request.product_code());
  if (!material) return Fail(material.error());
  const uint64_t digest = FilterDigest({"rules", request.product_code()});
  const domain::Result<int64_t> after = ParseId(request.page_token(), digest);
  if (!after) return Fail(after.error());

  const int page_size = PageSize(request.page_size());
  std::vector<domain::CodeRule> rules =
      db::ListCodeRules(call.transaction, *material, static_cast<int32_t>(*after), page_size + 1);
  if (static_cast<int>(rules.size()) > page_size) {
    rules.pop_back();
    response.set_next_page_token(PageToken(std::to_string(rules.back().id), digest));
  }
  for (const domain::CodeRule& rule : rules) *response.add_rules() = RuleToProto(rule, call.plant);
  return {};
}

Status IssueCodes(Call& call, const v1::IssueCodesRequest& request, v1::IssueCodesResponse& response) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  const auto material = ParseProduct(call, request.product_code());
  if (!material) return Fail(material.error());
  const auto rule = db::FindPrefixRule(call.transaction, (*material)->id);
  if (!rule) {
    return Fail(WithCode(
        FieldError(Reason::kCodeRuleUnknown, "product_code", request.product_code() + " has no coding rule with a prefix"),
        request.product_code()));
  }
  const auto level = ParseLevel(request.reuse_level());
  if (!level) return Fail(level.error());
  domain::CodeDraft draft{*level, request.traceability(), domain::CodeDay(call.now), request.count()};
  if (!request.production_date().empty()) {
    const auto day = ParseDay(request.production_date(), "production_date");
    if (!day) return Fail(day.error());
    draft.date = *day;
  }
  domain::Result<domain::CodeBatch> batch = domain::DraftBatch(*rule, draft);
  if (!batch) return Fail(batch.error());
  batch->person = request.person();
  batch->issue_time = call.now;
  if (Status parsed = ParseReservation(call, request, *batch, **material); !parsed) return parsed;

  if (Status issued = db::IssueBatch(call.transaction, *batch); !issued) return issued;

  for (int32_t i = 0; i < batch->count; ++i) response.add_codes(batch->CodeAt(i));
  *response.mutable_batch() = BatchToProto({*batch, (*material)->id, 0, 0, request.work_order_code()}, call.plant);
  return {};
}

Status VoidCodes(Call& call, const v1::VoidCodesRequest& request, v1::VoidCodesResponse& response) {
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  if (request.codes().empty()) return Fail(FieldError(Reason::kFieldRequired, "codes", "codes is empty"));
  if (request.codes_size() > domain::kMaxCodesPerBatch)
    return Fail(TooMany("codes", request.codes_size(), domain::kMaxCodesPerBatch));
  const std::vector<std::string> codes(request.codes().begin(), request.codes().end());
  const auto issued = db::LoadIssuedCodes(call.transaction, codes);
  const std::vector<db::FoundCode> found = db::FindCodes(call.transaction, codes);
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < codes.size(); ++i) {
    const std::string field = "codes[" + std::to_string(i) + "]";
    const auto known = issued.find(codes[i]);
    if (known == issued.end() || !known->second.issued) {
      return Fail(
          WithCode(FieldError(Reason::kCodeNotIssued, field, codes[i].substr(0, 64) + " was never issued here"), codes[i]));
    }
    const bool used = found[i].unit_id != 0 || found[i].ambiguous;
    if (used || known->second.voided || !seen.insert(codes[i]).second) {
      return Fail(
          WithCode(FieldError(Reason::kCodeUsed, field, codes[i] + (used ? " is a unit's code" : " is void already")), codes[i]));
    }
  }
  const int64_t stored = db::InsertCodeVoids(call.transaction, codes, {request.reason(), request.person(), call.now});
  if (stored != static_cast<int64_t>(codes.size())) {
    return Fail(FieldError(Reason::kCodeUsed, "codes", "some of these codes were voided at the same time"));
  }
  response.set_voided(static_cast<int32_t>(stored));
  return {};
}

Status ListCodeBatches(Call& call, const v1::ListCodeBatchesRequest& request, v1::ListCodeBatchesResponse& response) {
  const auto material = ParseProductFilter(call, request.product_code());
  if (!material) return Fail(material.error());
  const uint64_t digest = FilterDigest({"batches", request.product_code()});
  const domain::Result<int64_t> before = ParseId(request.page_token(), digest);
  if (!before) return Fail(before.error());

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredBatch> batches = db::ListBatches(call.transaction, *material, *before, page_size + 1);
  if (static_cast<int>(batches.size()) > page_size) {
    batches.pop_back();
    response.set_next_page_token(PageToken(std::to_string(batches.back().batch.id), digest));
  }
  for (const db::StoredBatch& batch : batches) *response.add_batches() = BatchToProto(batch, call.plant);
  return {};
}

Status DecodeCode(Call& call, const v1::DecodeCodeRequest& request, v1::DecodeCodeResponse& response) {
  if (Status checked = domain::CheckText(request.scan(), domain::kMaxScanLength, true, "scan"); !checked) return checked;
  const domain::Scan scan = domain::NormalizeScan(request.scan());
  for (const domain::Mend mend : scan.mends) response.add_mended(std::string(domain::NameOf(mend)));
  std::string code = scan.text;
  std::vector<domain::Gs1Element> elements;
  if (DecodeGs1(scan, response, elements)) {
    if (response.faults().empty()) code = CodeOfElements(call, elements);
    if (LooksLikeBattery(code)) DecodeBattery(code, response);
    if (!elements.empty())
      response.set_kind(scan.text.starts_with("http") ? v1::CODE_KIND_GS1_DIGITAL_LINK : v1::CODE_KIND_GS1_ELEMENT_STRING);
  } else if (LooksLikeBattery(code)) {
    DecodeBattery(code, response);
  } else {
    response.set_kind(v1::CODE_KIND_PLAIN);
    if (Status checked = domain::CheckCode(code, "scan"); !checked) response.add_faults()->set_sentence(checked.error().message);
  }
  response.set_code(code);
  if (code.empty() || code.size() > domain::kMaxCodeLength) return {};

  const db::FoundCode found = db::FindCodes(call.transaction, {code}).at(0);
  response.set_ambiguous(found.ambiguous);
  if (found.unit_id != 0 && !found.ambiguous)
    response.set_unit_code(db::LoadUnits(call.transaction, {found.unit_id}).at(0).unit.code);
  if (const auto issued = FindIssuedCode(call, code)) {
    response.set_issue_state(found.unit_id != 0 ? v1::ISSUE_STATE_USED
                             : issued->voided   ? v1::ISSUE_STATE_VOID
                             : issued->issued   ? v1::ISSUE_STATE_OPEN
                                                : v1::ISSUE_STATE_NOT_ISSUED);
  }
  return {};
}

std::optional<domain::IssuedCode> FindIssuedCode(Call& call, const std::string& code) {
  const auto issued = db::LoadIssuedCodes(call.transaction, {code});
  const auto found = issued.find(code);
  return found == issued.end() ? std::nullopt : std::optional<domain::IssuedCode>(found->second);
}

domain::Result<GtinSerial> FindGtinSerial(Call& call, const std::string& code, int32_t material_id, std::string_view field) {
  std::optional<domain::CodeRule> rule;
  const bool battery = domain::ReadBatteryCode(code).Valid();
  if (battery) rule = db::FindRuleOfPrefix(call.transaction, code.substr(0, domain::kBatteryPrefixLength));
  const std::string serial(battery ? domain::GtinSerialOf(code) : std::string_view(code));
  if (!battery) rule = db::FindPlainRule(call.transaction, material_id);
  if (!rule || rule->gtin.empty()) {
    return Fail(WithCode(FieldError(Reason::kCodeRuleUnknown, field,
                                    battery ? "the code's prefix has no GTIN" : "the product has no rule with a GTIN alone"),
                         code));
  }
  if (!domain::FitsSerial(serial)) {
    return Fail(
        WithCode(FieldError(Reason::kCodeInvalid, field, "the code does not fit a GS1 serial of at most 20 characters"), code));
  }
  return GtinSerial{rule->gtin, serial};
}

namespace {

class CodeService final : public v1::CodeService::CallbackService {
 public:
  explicit CodeService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* SetCodeRule(grpc::CallbackServerContext* context, const v1::SetCodeRuleRequest* request,
                                        v1::SetCodeRuleResponse* response) override {
    return Mutate(env_, context, request, response, services::SetCodeRule);
  }
  grpc::ServerUnaryReactor* ListCodeRules(grpc::CallbackServerContext* context, const v1::ListCodeRulesRequest* request,
                                          v1::ListCodeRulesResponse* response) override {
    return Read(env_, context, request, response, services::ListCodeRules);
  }
  grpc::ServerUnaryReactor* IssueCodes(grpc::CallbackServerContext* context, const v1::IssueCodesRequest* request,
                                       v1::IssueCodesResponse* response) override {
    return Mutate(env_, context, request, response, services::IssueCodes);
  }
  grpc::ServerUnaryReactor* VoidCodes(grpc::CallbackServerContext* context, const v1::VoidCodesRequest* request,
                                      v1::VoidCodesResponse* response) override {
    return Mutate(env_, context, request, response, services::VoidCodes);
  }
  grpc::ServerUnaryReactor* ListCodeBatches(grpc::CallbackServerContext* context, const v1::ListCodeBatchesRequest* request,
                                            v1::ListCodeBatchesResponse* response) override {
    return Read(env_, context, request, response, services::ListCodeBatches);
  }
  grpc::ServerUnaryReactor* DecodeCode(grpc::CallbackServerContext* context, const v1::DecodeCodeRequest* request,
                                       v1::DecodeCodeResponse* response) override {
    return Read(env_, context, request, response, services::DecodeCode);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCodeService(Env& env) { return std::make_unique<CodeService>(env); }

}  // namespace mes::services
