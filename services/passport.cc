#include "services/passport.h"

#include <algorithm>
#include <charconv>

#include "db/life.h"
#include "db/passport.h"
#include "db/unit.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_passport.h"
#include "domain/passport.h"
#include "mes/v1/passport.grpc.pb.h"
#include "services/convert.h"
#include "services/grant.h"
#include "services/passport_content.h"
#include "services/passport_document.h"
#include "services/passport_identity.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::PassportTier;
using domain::Reason;
using domain::Status;
using services::ToProto;

v1::PassportVersion ToProto(const domain::PassportVersion& version) {
  v1::PassportVersion message;
  message.set_version(version.version);
  message.set_passport_identifier(version.passport_identifier);
  message.set_content_hash(version.content_hash);
  message.set_previous_hash(version.previous_hash);
  message.set_version_hash(version.version_hash);
  message.set_unit_code(version.unit_code);
  message.set_product_code(version.product_code);
  message.set_revision(version.revision);
  message.set_batch(version.batch);
  *message.mutable_issue_time() = ToProto(version.issue_time);
  message.set_person(version.person);
  return message;
}

std::string UnitOf(const std::string& attribute) {
  const domain::PassportAttribute* known = domain::FindAttribute(attribute);
  return known == nullptr ? "" : std::string(known->unit);
}

v1::PassportEntry ToProto(const domain::PassportEntry& entry) {
  v1::PassportEntry message;
  message.set_attribute(entry.attribute);
  message.set_subject(entry.subject);
  message.set_value(entry.value);
  message.set_unit(UnitOf(entry.attribute));
  message.set_basis(static_cast<v1::FactBasis>(entry.basis));
  message.set_source(entry.source);
  if (entry.observe_time) *message.mutable_observe_time() = ToProto(*entry.observe_time);
  message.set_method(entry.method);
  message.set_evidence(entry.evidence);
  return message;
}

v1::Fact ToProto(const db::Fact& fact) {
  v1::Fact message;
  message.set_fact_id(fact.id);
  message.set_scope(std::string(NameOf(fact.scope)));
  message.set_attribute(fact.attribute);
  message.set_subject(fact.subject);
  message.set_value(fact.value);
  message.set_unit(UnitOf(fact.attribute));
  message.set_basis(static_cast<v1::FactBasis>(fact.basis));
  *message.mutable_observe_time() = ToProto(fact.observe_time);
  message.set_method(fact.method);
  message.set_evidence(fact.evidence);
  message.set_person(fact.person);
  *message.mutable_record_time() = ToProto(fact.record_time);
  return message;
}

v1::PassportAttribute ToProto(const domain::PassportAttribute& attribute) {
  v1::PassportAttribute message;
  message.set_name(std::string(attribute.name));
  message.set_label(std::string(attribute.label));
  message.set_point(std::string(attribute.point));
  for (const PassportTier tier : {PassportTier::kPublic, PassportTier::kLegitimateInterest, PassportTier::kAuthorities}) {
    if (domain::Shows(tier, attribute.access)) message.add_tiers(static_cast<v1::PassportTier>(tier));
  }
  message.set_level(static_cast<v1::AttributeLevel>(attribute.level));
  message.set_type(static_cast<v1::FactType>(attribute.type));
  message.set_unit(std::string(attribute.unit));
  std::string_view words = attribute.type == domain::FactType::kWord ? attribute.words : "";
  while (!words.empty()) {
    const size_t bar = std::min(words.find('|'), words.size());
    message.add_words(std::string(words.substr(0, bar)));
    words.remove_prefix(std::min(bar + 1, words.size()));
  }
  message.set_by_subject(attribute.by_subject);
  message.set_of_batteries(attribute.Of(domain::PassportKind::kBattery));
  message.set_of_stacks(attribute.Of(domain::PassportKind::kStack));
  message.set_kept(attribute.kept);
  return message;
}

domain::Error Ended(const std::string& unit_code) {
  return FieldError(Reason::kPassportEnded, "unit_code", unit_code + " was recycled: its passport has ended");
}

// The tier asked for, which the caller may see.
domain::Result<PassportTier> ParseTier(const Call& call, v1::PassportTier asked, const std::string& role) {
  if (Status checked = domain::CheckText(role, domain::kMaxPersonLength, false, "role"); !checked) return Fail(checked.error());
  if (asked < v1::PASSPORT_TIER_UNSPECIFIED || asked > v1::PASSPORT_TIER_AUTHORITIES) {
    return Fail(FieldError(Reason::kEnumUnknown, "tier", "tier is none that is known here"));
  }
  const PassportTier tier = asked == v1::PASSPORT_TIER_UNSPECIFIED ? PassportTier::kPublic : static_cast<PassportTier>(asked);
  if (Status checked = domain::CheckTier(call.caller, role, tier); !checked) return Fail(checked.error());
  return tier;
}

// What the caller's roles show; of a partner's caller no more than the tier at which it sees the unit.
domain::Result<std::vector<PassportTier>> ParseTiers(Call& call, const std::string& unit_code, const std::string& role) {
  if (Status checked = domain::CheckText(role, domain::kMaxPersonLength, false, "role"); !checked) return Fail(checked.error());
  std::vector<PassportTier> tiers = domain::TiersOf(call.caller, role);
  if (call.caller.partner.empty()) return tiers;
  const auto id = FindUnitId(call, unit_code, "unit_code");
  if (!id) return Fail(id.error());
  const int16_t granted = TierOfCaller(call, *id);
  std::erase_if(tiers, [&](PassportTier tier) { return static_cast<int16_t>(tier) > granted; });
  return tiers;
}

// What a fact is about: a product, a unit or lot, else the plant.
struct FactTarget {
  domain::FactScope scope = domain::FactScope::kPlant;
  int32_t material_id = 0;
  int64_t unit_id = 0;
};

domain::Result<FactTarget> FindTarget(Call& call, const std::string& product_code, const std::string& unit_code) {
  FactTarget target;
  if (!product_code.empty() && !unit_code.empty()) {
    return Fail(FieldError(Reason::kFieldInvalid, "unit_code", "a fact is about a product or about a unit, not both"));
  }
  if (!product_code.empty()) {
    if (Status checked = domain::CheckCode(product_code, "product_code"); !checked) return Fail(checked.error());
    const domain::Material* material = call.plant.FindMaterial(product_code);
    if (material == nullptr) {
      return Fail(FieldError(Reason::kMaterialUnknown, "product_code", "no product or material has the code " + product_code));
    }
    target.scope = domain::FactScope::kProduct;
    target.material_id = material->id;
  }
  if (!unit_code.empty()) {
    const auto id = FindUnitId(call, unit_code, "unit_code");
    if (!id) return Fail(id.error());
    target.unit_id = *id;
    const domain::Unit unit = db::LoadUnits(call.transaction, {*id}).at(0).unit;
    target.scope = unit.tracking == domain::Tracking::kLot ? domain::FactScope::kLot : domain::FactScope::kUnit;
  }
  return target;
}

domain::Result<db::Fact> ParseFact(const Call& call, const v1::DeclareFactRequest& request, const FactTarget& target) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(request.evidence(), domain::kMaxFactEvidenceLength, false, "evidence"); !checked)
    return Fail(checked.error());
  if (request.attribute().empty()) return Fail(FieldError(Reason::kFieldRequired, "attribute", "attribute is needed"));
  db::Fact fact;
  switch (request.basis()) {
    case v1::FACT_BASIS_UNSPECIFIED:
    case v1::FACT_BASIS_DECLARED:
      fact.basis = domain::FactBasis::kDeclared;
      break;
    case v1::FACT_BASIS_MEASURED:
      fact.basis = domain::FactBasis::kMeasured;
      break;
    default:
      return Fail(FieldError(Reason::kEnumUnknown, "basis", "a stated fact is measured or declared"));
  }
  const auto claim =
      domain::CheckFact({target.scope, request.attribute(), request.subject(), request.value(), request.method()});
  if (!claim) return Fail(claim.error());
  const auto time = PastTimeFromProto(call, request.has_observe_time(), request.observe_time(), "observe_time");
  if (!time) return Fail(time.error());
  fact.scope = target.scope;
  fact.material_id = target.material_id;
  fact.unit_id = target.unit_id;
  fact.attribute = claim->attribute;
  fact.subject = claim->subject;
  fact.value = claim->value;
  fact.observe_time = std::min(*time, call.now);
  fact.method = claim->method;
  fact.evidence = request.evidence();
  fact.person = request.person();
  fact.record_time = call.now;
  return fact;
}

}  // namespace

Status IssuePassport(Call& call, const v1::IssuePassportRequest& request, v1::IssuePassportResponse& response) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  // Two who issue at once would both make the same next version.
  db::LockUnits(call.transaction, {*id});
  const domain::Result<PassportSubject> subject = FindSubject(call, request.unit_code());
  if (!subject) return Fail(subject.error());
  if (RecycledAt(call, *id)) return Fail(Ended(subject->stored.unit.code));
  const domain::Result<std::vector<domain::PassportEntry>> entries = PassportEntries(call, *subject);
  if (!entries) return Fail(entries.error());
  for (const domain::PassportEntry& entry : *entries) {
    if (entry.value.empty()) response.add_unknown(entry.subject.empty() ? entry.attribute : entry.attribute + "/" + entry.subject);
  }

  db::StoredVersion next;
  next.content = domain::ContentBytes(*entries);
  next.version.content_hash = Sha256Of(next.content);
  const std::optional<db::StoredVersion> last = db::LoadVersion(call.transaction, *id, 0);
  if (last && last->version.content_hash == next.version.content_hash) {
    *response.mutable_version() = ToProto(last->version);
    return {};
  }
  const auto text = [&](const char* attribute) {
    const domain::PassportEntry* entry = domain::FindEntry(*entries, attribute);
    return entry == nullptr ? std::string() : entry->value;
  };
  if (last) {
    const auto before = domain::EntriesIn(last->content);
    if (!before) return Fail(before.error());
    for (const std::string& name : domain::ChangesBetween(*before, *entries)) response.add_changed(name);
  }
  next.version.version = last ? last->version.version + 1 : 1;
  next.version.passport_identifier = text("passport_identifier");
  next.version.previous_hash = last ? last->version.version_hash : "";
  next.version.unit_code = subject->stored.unit.code;
  next.version.product_code = subject->material->code;
  next.version.revision = subject->revision == nullptr ? 0 : subject->revision->revision;
  next.version.batch = text("batch");
  next.version.issue_time = call.now;
  next.version.person = request.person();
  next.version.version_hash = Sha256Of(domain::VersionBytes(next.version));
  db::InsertVersion(call.transaction, *id, next);
  *response.mutable_version() = ToProto(next.version);
  response.set_issued(true);
  return {};
}

Status GetPassport(Call& call, const v1::GetPassportRequest& request, v1::GetPassportResponse& response) {
  const domain::Result<PassportTier> tier = ParseTier(call, request.tier(), request.role());
  if (!tier) return Fail(tier.error());
  if (request.version() < 0) return Fail(FieldError(Reason::kFieldInvalid, "version", "version is below zero: 0 is the newest"));
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  if (static_cast<int16_t>(*tier) > TierOfCaller(call, *id)) {
    return Fail(FieldError(Reason::kRoleInsufficient, "tier", "the unit was not granted at this tier"));
  }
  const std::optional<db::StoredVersion> stored = db::LoadVersion(call.transaction, *id, request.version());
  if (!stored) {
    return Fail(FieldError(Reason::kPassportUnknown, request.version() == 0 ? "unit_code" : "version",
                           "no passport" + (request.version() == 0 ? "" : " version " + std::to_string(request.version())) +
                               " was issued for " + request.unit_code()));
  }
  const auto entries = domain::EntriesIn(stored->content);
  if (!entries) return Fail(entries.error());
  *response.mutable_version() = ToProto(stored->version);
  for (const domain::PassportEntry& entry : domain::EntriesFor(*entries, *tier)) *response.add_entries() = ToProto(entry);
  if (const auto* predecessor = domain::FindEntry(*entries, "predecessor_identifier"); predecessor != nullptr) {
    response.set_predecessor_identifier(predecessor->value);
  }
  response.set_second_life_code(SeenCode(call, db::LoadLifeLinks(call.transaction, *id).second_life_code));
  if (const std::optional<domain::Time> end = RecycledAt(call, *id)) {
    response.set_ended(true);
    *response.mutable_end_time() = ToProto(*end);
  }
  return {};
}

Status ListPassportVersions(Call& call, const v1::ListPassportVersionsRequest& request, v1::ListPassportVersionsResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const uint64_t digest = FilterDigest({"passport", std::to_string(*id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int32_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int page_size = PageSize(request.page_size());
  std::vector<domain::PassportVersion> versions = db::ListVersions(call.transaction, *id, after, page_size + 1);
  if (static_cast<int>(versions.size()) > page_size) {
    versions.pop_back();
    response.set_next_page_token(PageToken(std::to_string(versions.back().version), digest));
  }
  for (const domain::PassportVersion& version : versions) *response.add_versions() = ToProto(version);
  return {};
}

Status DeclareFact(Call& call, const v1::DeclareFactRequest& request, v1::DeclareFactResponse& response) {
  const domain::Result<FactTarget> target = FindTarget(call, request.product_code(), request.unit_code());
  if (!target) return Fail(target.error());
  if (target->scope == domain::FactScope::kUnit && RecycledAt(call, target->unit_id)) return Fail(Ended(request.unit_code()));
  domain::Result<db::Fact> fact = ParseFact(call, request, *target);
  if (!fact) return Fail(fact.error());
  fact->id = db::InsertFact(call.transaction, *fact);
  *response.mutable_fact() = ToProto(*fact);
  return {};
}

Status ListFacts(Call& call, const v1::ListFactsRequest& request, v1::ListFactsResponse& response) {
  const domain::Result<PassportTier> tier = ParseTier(call, request.tier(), request.role());
  if (!tier) return Fail(tier.error());
  const domain::Result<FactTarget> target = FindTarget(call, request.product_code(), request.unit_code());
  if (!target) return Fail(target.error());
  const uint64_t digest = FilterDigest({"facts", std::to_string(target->material_id), std::to_string(target->unit_id),
                                        std::string(NameOf(*tier))});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  std::vector<std::string> shown;
  for (const domain::PassportAttribute& attribute : domain::PassportAttributes()) {
    if (domain::Shows(*tier, attribute.access)) shown.emplace_back(attribute.name);
  }
  const int page_size = PageSize(request.page_size());
  std::vector<db::Fact> facts =
      db::ListFacts(call.transaction, target->material_id, target->unit_id, shown, after, page_size + 1);
  if (static_cast<int>(facts.size()) > page_size) {
    facts.pop_back();
    response.set_next_page_token(PageToken(std::to_string(facts.back().id), digest));
  }
  for (const db::Fact& fact : facts) *response.add_facts() = ToProto(fact);
  return {};
}

Status ListPassportAttributes(Call&, const v1::ListPassportAttributesRequest&, v1::ListPassportAttributesResponse& response) {
  for (const domain::PassportAttribute& attribute : domain::PassportAttributes()) *response.add_attributes() = ToProto(attribute);
  return {};
}

Status GetPassportDocument(Call& call, const v1::GetPassportDocumentRequest& request, v1::GetPassportDocumentResponse& response) {
  if (request.document() <= v1::PASSPORT_DOCUMENT_UNSPECIFIED || request.document() > v1::PASSPORT_DOCUMENT_SUPPLY_CHAIN_DUE_DILIGENCE) {
    return Fail(FieldError(Reason::kEnumUnknown, "document", "document is none that is made here"));
  }
  const auto tiers = ParseTiers(call, request.unit_code(), request.role());
  if (!tiers) return Fail(tiers.error());
  domain::Result<MadeDocument> document = MakePassportDocument(call, request.unit_code(), request.document(), *tiers);
  if (!document) return Fail(document.error());
  if (document->content.size() > domain::kMaxDocumentBytes) {
    return Fail(TooMany("document", static_cast<int64_t>(document->content.size()), domain::kMaxDocumentBytes));
  }
  response.set_content(std::move(document->content));
  response.set_media_type("application/json");
  response.set_schema(document->schema);
  response.set_passport_version(document->passport_version);
  return {};
}

namespace {

class PassportService final : public v1::PassportService::CallbackService {
 public:
  explicit PassportService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* IssuePassport(grpc::CallbackServerContext* context, const v1::IssuePassportRequest* request,
                                          v1::IssuePassportResponse* response) override {
    return Mutate(env_, context, request, response, services::IssuePassport);
  }
  grpc::ServerUnaryReactor* GetPassport(grpc::CallbackServerContext* context, const v1::GetPassportRequest* request,
                                        v1::GetPassportResponse* response) override {
    return Read(env_, context, request, response, services::GetPassport);
  }
  grpc::ServerUnaryReactor* ListPassportVersions(grpc::CallbackServerContext* context, const v1::ListPassportVersionsRequest* request,
                                                 v1::ListPassportVersionsResponse* response) override {
    return Read(env_, context, request, response, services::ListPassportVersions);
  }
  grpc::ServerUnaryReactor* DeclareFact(grpc::CallbackServerContext* context, const v1::DeclareFactRequest* request,
                                        v1::DeclareFactResponse* response) override {
    return Mutate(env_, context, request, response, services::DeclareFact);
  }
  grpc::ServerUnaryReactor* ListFacts(grpc::CallbackServerContext* context, const v1::ListFactsRequest* request,
                                      v1::ListFactsResponse* response) override {
    return Read(env_, context, request, response, services::ListFacts);
  }
  grpc::ServerUnaryReactor* ListPassportAttributes(grpc::CallbackServerContext* context,
                                                   const v1::ListPassportAttributesRequest* request,
                                                   v1::ListPassportAttributesResponse* response) override {
    return Read(env_, context, request, response, services::ListPassportAttributes);
  }
  grpc::ServerUnaryReactor* GetPassportDocument(grpc::CallbackServerContext* context, const v1::GetPassportDocumentRequest* request,
                                                v1::GetPassportDocumentResponse* response) override {
    return Read(env_, context, request, response, services::GetPassportDocument);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePassportService(Env& env) { return std::make_unique<PassportService>(env); }

}  // namespace mes::services
