#include "services/audit.h"

#include <charconv>

#include "db/audit_fact.h"
#include "db/audit_verify.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_audit.h"
#include "mes/v1/audit.grpc.pb.h"
#include "services/convert.h"
#include "services/rpc.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

constexpr char kChainFormat[] = "ordos-audit/1";
constexpr char kAnchorFormat[] = "ordos-audit-anchor/1";

// Bytes that must be so many hexadecimal digits.
domain::Result<std::string> ParseHex(const std::string& hex, size_t bytes, const std::string& field) {
  std::string parsed = BytesOfHex(hex);
  if (parsed.size() == bytes) return parsed;
  return Fail(FieldError(Reason::kFieldInvalid, field,
                         field + " is not " + std::to_string(bytes * 2) + " lower-case hexadecimal digits"));
}

domain::Result<db::AuditAnchor> FromProto(const v1::AuditAnchor& anchor, const std::string& field) {
  if (anchor.format() != kAnchorFormat) {
    return Fail(FieldError(Reason::kFieldInvalid, field + ".format", field + " is no anchor of the form " + kAnchorFormat));
  }
  db::AuditAnchor parsed;
  parsed.chain_id = anchor.chain_id();
  parsed.link = anchor.link();
  const domain::Result<std::string> hash = ParseHex(anchor.hash(), 32, field + ".hash");
  if (!hash) return Fail(hash.error());
  const domain::Result<std::string> key = ParseHex(anchor.public_key(), 32, field + ".public_key");
  if (!key) return Fail(key.error());
  const domain::Result<std::string> signature = ParseHex(anchor.signature(), 64, field + ".signature");
  if (!signature) return Fail(signature.error());
  const domain::Result<domain::Time> time = TimeFromProto(anchor.anchor_time(), field + ".anchor_time");
  if (!time) return Fail(time.error());
  parsed.hash = *hash, parsed.public_key = *key, parsed.signature = *signature, parsed.time = *time;
  return parsed;
}

constexpr int kMostPublicKeys = static_cast<int>(domain::kMaxFormerSiteKeys) + 1;

domain::Error TooMany(const std::string& field, int limit) {
  domain::Error error = FieldError(Reason::kLimitExceeded, field, field + ": more than " + std::to_string(limit));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

struct Times {
  std::optional<domain::Time> from;
  std::optional<domain::Time> until;
};

// `from_time` and `until_time`, either of which may be absent.
template <typename Request>
domain::Result<Times> ParseTimes(const Request& request) {
  const auto from = OptionalTimeFromProto(request.has_from_time(), request.from_time(), "from_time");
  if (!from) return Fail(from.error());
  const auto until = OptionalTimeFromProto(request.has_until_time(), request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  if (*from && *until && **until <= **from) {
    return Fail(FieldError(Reason::kFieldInvalid, "until_time", "until_time is not after from_time"));
  }
  return Times{*from, *until};
}

domain::Result<db::AuditFilter> ParseFilter(const v1::ListAuditEntriesRequest& request) {
  db::AuditFilter filter;
  if (Status checked = domain::CheckText(request.noun_id(), domain::kMaxNameLength, false, "noun_id"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(request.caller(), domain::kMaxPersonLength, false, "caller"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(request.method(), domain::kMaxCodeLength, false, "method"); !checked)
    return Fail(checked.error());
  filter.noun_id = request.noun_id(), filter.caller = request.caller(), filter.method = request.method();
  const domain::Result<Times> times = ParseTimes(request);
  if (!times) return Fail(times.error());
  filter.from = times->from, filter.until = times->until;
  return filter;
}

Status ListAuditEntries(Call& call, const v1::ListAuditEntriesRequest& request, v1::ListAuditEntriesResponse& response) {
  const domain::Result<db::AuditFilter> filter = ParseFilter(request);
  if (!filter) return Fail(filter.error());
  const uint64_t digest =
      FilterDigest({"audit", request.noun_id(), request.caller(), request.method(), std::to_string(request.from_time().seconds()),
                    std::to_string(request.until_time().seconds())});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t before = 0;
  std::from_chars(token->data(), token->data() + token->size(), before);
  const int page_size = PageSize(request.page_size());
  std::vector<db::LinkedEntry> entries = db::ListAuditEntries(call.transaction, *filter, before, page_size + 1);
  if (static_cast<int>(entries.size()) > page_size) {
    entries.pop_back();
    response.set_next_page_token(PageToken(std::to_string(entries.back().audit_id), digest));
  }
  for (const db::LinkedEntry& entry : entries) *response.add_entries() = ToProto(entry);
  return {};
}

void AddFacts(db::FactReader& reader, const db::LinkedEntry& linked, v1::ExportAuditResponse& page) {
  const std::vector<domain::FactGroup> groups = db::FactGroupsIn(linked.entry->new_value);
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t i = 0; i < domain::kFactTables; ++i) {
      const auto table = static_cast<domain::FactTable>(i);
      for (const std::string& bytes : reader.Take(table, groups[g])) {
        v1::AuditFact& fact = *page.add_records()->mutable_fact();
        fact.set_link(linked.link);
        fact.set_group(static_cast<int32_t>(g));
        fact.set_table(std::string(domain::NameOf(table)));
        for (const std::optional<std::string>& field : db::FieldsOf(bytes)) {
          v1::AuditField& told = *fact.add_fields();
          if (field) told.set_text(*field);
        }
      }
    }
  }
}

Status ExportAudit(Call& call, AuditSealer& sealer, const v1::ExportAuditRequest& request,
                   PageSink<v1::ExportAuditResponse>& sink) {
  if (request.after_link() < 0) return Fail(FieldError(Reason::kFieldInvalid, "after_link", "after_link is below 0"));
  if (request.include_facts() && request.after_link() != 0) {
    return Fail(FieldError(Reason::kFieldInvalid, "after_link", "facts are exported from the beginning of the chain only"));
  }
  // Before this call's first statement, and so within its snapshot.
  sealer.SealNow();
  const db::AuditChain chain = db::LoadAuditChain(call.transaction);
  std::string hash = chain.Genesis();
  if (request.after_link() != 0) {
    const std::vector<db::LinkedEntry> before = db::ListAuditLinks(call.transaction, request.after_link() - 1, 1);
    if (before.empty() || before[0].link != request.after_link()) {
      return Fail(
          FieldError(Reason::kFieldInvalid, "after_link", "the chain has no link " + std::to_string(request.after_link())));
    }
    hash = before[0].hash;
  }
  v1::ExportAuditResponse page;
  v1::AuditChain& told = *page.add_records()->mutable_chain();
  told.set_format(kChainFormat);
  told.set_chain_id(chain.chain_id);
  *told.mutable_create_time() = ToProto(chain.create_time);
  for (const int64_t count : chain.earlier_facts) told.add_earlier_facts(count);
  told.set_after_link(request.after_link());
  told.set_hash(domain::HexText(hash));
  told.set_include_facts(request.include_facts());

  std::optional<db::FactReader> facts;
  if (request.include_facts()) facts.emplace(call.transaction);
  for (int64_t link = request.after_link();;) {
    const std::vector<db::LinkedEntry> links = db::ListAuditLinks(call.transaction, link, domain::kAuditPageEntries);
    domain::Time newest{};
    for (const db::LinkedEntry& linked : links) {
      *page.add_records()->mutable_entry() = ToProto(linked);
      link = linked.link;
      if (!linked.entry) continue;
      newest = std::max(newest, linked.entry->write_time);
      if (!facts || linked.entry->kind != domain::AuditKind::kFacts) continue;
      AddFacts(*facts, linked, page);
      if (page.records_size() < domain::kAuditPageEntries) continue;
      if (!sink(std::move(page))) return {};
      page.Clear();
    }
    // Rows that no entry tells of are the live verification's to find.
    if (facts) facts->TakeStrays(newest - std::chrono::seconds(domain::kLongestAuditDelaySeconds));
    const bool last = links.size() < static_cast<size_t>(domain::kAuditPageEntries);
    if (page.records_size() > 0 && !sink(std::move(page))) return {};
    page.Clear();
    if (last) return {};
  }
}

v1::VerifyAuditResponse ResultOf(const db::AuditVerification& told, bool complete) {
  v1::VerifyAuditResponse response;
  response.set_complete(complete);
  response.set_sound(complete && told.Sound());
  response.set_entries(told.entries);
  response.set_facts(told.facts);
  response.set_anchors(told.anchors);
  response.set_earlier_facts(told.earlier_facts);
  response.set_unsealed(told.unsealed);
  response.set_authenticated(told.authenticated);
  response.set_unauthenticated(told.unauthenticated);
  response.set_not_checkable(told.not_checkable);
  for (const std::string& key_id : told.unknown_keys) response.add_unknown_key_ids(domain::HexText(key_id));
  response.set_links_before(told.links_before);
  response.set_links_after(told.links_after);
  response.set_begins_signed(told.begins_signed);
  response.set_ends_signed(told.ends_signed);
  response.set_head_link(told.head.link);
  response.set_head_hash(domain::HexText(told.head.hash));
  if (!complete) return response;
  for (const domain::AuditFinding& finding : told.findings) {
    v1::AuditFinding& message = *response.add_findings();
    message.set_link(finding.link);
    message.set_audit_id(finding.audit_id);
    message.set_table(finding.table);
    message.set_sentence(finding.sentence);
  }
  response.set_findings_in_all(told.findings_in_all);
  return response;
}

Status VerifyAudit(Call& call, AuditSealer& sealer, const v1::VerifyAuditRequest& request,
                   PageSink<v1::VerifyAuditResponse>& sink) {
  if (request.anchors_size() > domain::kMaxAnchorsPerVerification) {
    return Fail(TooMany("anchors", domain::kMaxAnchorsPerVerification));
  }
  db::VerifyQuestion question;
  for (int i = 0; i < request.anchors_size(); ++i) {
    const domain::Result<db::AuditAnchor> anchor = FromProto(request.anchors(i), "anchors[" + std::to_string(i) + "]");
    if (!anchor) return Fail(anchor.error());
    question.anchors.push_back(*anchor);
  }
  if (request.public_keys_size() > kMostPublicKeys) return Fail(TooMany("public_keys", kMostPublicKeys));
  for (int i = 0; i < request.public_keys_size(); ++i) {
    const domain::Result<std::string> key = ParseHex(request.public_keys(i), 32, "public_keys[" + std::to_string(i) + "]");
    if (!key) return Fail(key.error());
    question.public_keys.push_back(*key);
  }
  const domain::Result<Times> times = ParseTimes(request);
  if (!times) return Fail(times.error());
  question.from = times->from, question.until = times->until;
  question.check_signature = IsSignedBy;
  question.with_facts = !request.skip_facts();
  sealer.SealNow();
  bool gone = false;
  const db::AuditVerification told = db::VerifyAudit(call.transaction, question, [&](const db::AuditVerification& so_far) {
    gone = !sink(ResultOf(so_far, false));
    return !gone;
  });
  if (!gone) sink(ResultOf(told, true));
  return {};
}

Status AnchorAudit(Call& call, AuditSealer& sealer, const v1::AnchorAuditRequest&, v1::AnchorAuditResponse& response) {
  const domain::Result<db::AuditAnchor> anchor = sealer.SignHead();
  if (!anchor) return Fail(anchor.error());
  db::InsertAuditAnchor(call.transaction, *anchor);
  *response.mutable_anchor() = ToProto(*anchor);
  return {};
}

Status ListAuditAnchors(Call& call, const v1::ListAuditAnchorsRequest& request, v1::ListAuditAnchorsResponse& response) {
  const uint64_t digest = FilterDigest({"anchors"});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t link = -1, micros = 0;
  if (!token->empty()) {
    const char* end = token->data() + token->size();
    const auto read = std::from_chars(token->data(), end, link);
    if (read.ptr != end) std::from_chars(read.ptr + 1, end, micros);
  }
  const int page_size = PageSize(request.page_size());
  std::vector<db::AuditAnchor> anchors = db::ListAuditAnchors(call.transaction, link, domain::FromMicros(micros), page_size + 1);
  if (static_cast<int>(anchors.size()) > page_size) {
    anchors.pop_back();
    response.set_next_page_token(
        PageToken(std::to_string(anchors.back().link) + "/" + std::to_string(domain::ToMicros(anchors.back().time)), digest));
  }
  for (const db::AuditAnchor& anchor : anchors) *response.add_anchors() = ToProto(anchor);
  return {};
}

Status ListStartBypasses(Call& call, const v1::ListStartBypassesRequest& request, v1::ListStartBypassesResponse& response) {
  if (!request.has_from_time()) return Fail(FieldError(Reason::kFieldRequired, "from_time", "from_time is missing"));
  if (!request.has_until_time()) return Fail(FieldError(Reason::kFieldRequired, "until_time", "until_time is missing"));
  const domain::Result<domain::Time> from = TimeFromProto(request.from_time(), "from_time");
  if (!from) return Fail(from.error());
  const domain::Result<domain::Time> until = TimeFromProto(request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  if (*until <= *from) return Fail(FieldError(Reason::kFieldInvalid, "until_time", "until_time is not after from_time"));
  if (*until - *from > std::chrono::days(domain::kMaxBypassDays)) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "until_time", "more than 31 days");
    error.metadata["limit"] = std::to_string(domain::kMaxBypassDays);
    return Fail(std::move(error));
  }
  std::vector<db::StartBypasses> stations =
      db::ListStartBypasses(call.transaction, *from, *until, domain::kMaxBypassStations + 1);
  response.set_complete(stations.size() <= static_cast<size_t>(domain::kMaxBypassStations));
  if (!response.complete()) stations.pop_back();
  for (const db::StartBypasses& station : stations) {
    v1::StartBypasses& told = *response.add_stations();
    told.set_station_code(station.station_code);
    told.set_starts(station.starts);
    told.set_bypasses(station.bypasses);
  }
  return {};
}

class AuditService final : public v1::AuditService::CallbackService {
 public:
  AuditService(Env& env, AuditSealer& sealer) : env_(env), sealer_(sealer) {}
  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext* context, const v1::ListAuditEntriesRequest* request,
                                             v1::ListAuditEntriesResponse* response) override {
    return Read(env_, context, request, response, services::ListAuditEntries);
  }
  grpc::ServerWriteReactor<v1::ExportAuditResponse>* ExportAudit(grpc::CallbackServerContext* context,
                                                                 const v1::ExportAuditRequest* request) override {
    return StreamRead<v1::ExportAuditRequest, v1::ExportAuditResponse>(
        env_, context, request,
        [this](Call& call, const auto& asked, auto& sink) { return services::ExportAudit(call, sealer_, asked, sink); });
  }
  grpc::ServerWriteReactor<v1::VerifyAuditResponse>* VerifyAudit(grpc::CallbackServerContext* context,
                                                                 const v1::VerifyAuditRequest* request) override {
    return StreamRead<v1::VerifyAuditRequest, v1::VerifyAuditResponse>(
        env_, context, request,
        [this](Call& call, const auto& asked, auto& sink) { return services::VerifyAudit(call, sealer_, asked, sink); });
  }
  grpc::ServerUnaryReactor* AnchorAudit(grpc::CallbackServerContext* context, const v1::AnchorAuditRequest* request,
                                        v1::AnchorAuditResponse* response) override {
    return Mutate(env_, context, request, response, [this](Call& call, const auto& asked, auto& told) {
      return services::AnchorAudit(call, sealer_, asked, told);
    });
  }
  grpc::ServerUnaryReactor* ListAuditAnchors(grpc::CallbackServerContext* context, const v1::ListAuditAnchorsRequest* request,
                                             v1::ListAuditAnchorsResponse* response) override {
    return Read(env_, context, request, response, services::ListAuditAnchors);
  }
  grpc::ServerUnaryReactor* ListStartBypasses(grpc::CallbackServerContext* context, const v1::ListStartBypassesRequest* request,
                                              v1::ListStartBypassesResponse* response) override {
    return Read(env_, context, request, response, services::ListStartBypasses);
  }

 private:
  Env& env_;
  AuditSealer& sealer_;
};

}  // namespace

v1::AuditAnchor ToProto(const db::AuditAnchor& anchor) {
  v1::AuditAnchor message;
  message.set_format(kAnchorFormat);
  message.set_chain_id(anchor.chain_id);
  message.set_link(anchor.link);
  message.set_hash(domain::HexText(anchor.hash));
  *message.mutable_anchor_time() = ToProto(anchor.time);
  message.set_public_key(domain::HexText(anchor.public_key));
  message.set_signature(domain::HexText(anchor.signature));
  return message;
}

v1::AuditEntry ToProto(const db::LinkedEntry& linked) {
  v1::AuditEntry message;
  message.set_link(linked.link);
  message.set_hash(domain::HexText(linked.hash));
  message.set_audit_id(linked.audit_id);
  if (!linked.entry) return message;
  const domain::AuditEntry& entry = *linked.entry;
  message.set_kind(static_cast<v1::AuditKind>(entry.kind));
  *message.mutable_write_time() = ToProto(entry.write_time);
  message.set_clock_quality(static_cast<v1::ClockQuality>(entry.clock));
  if (entry.clock_error_us) message.set_clock_error_us(*entry.clock_error_us);
  message.set_method(entry.method);
  message.set_caller(entry.caller);
  message.set_proved(entry.proved);
  message.set_noun(entry.noun);
  message.set_noun_id(entry.noun_id);
  message.set_request_id(entry.request_id);
  message.set_reason(entry.reason);
  message.set_old_value(entry.old_value);
  message.set_new_value(entry.new_value);
  message.set_mac(domain::HexText(entry.mac));
  if (!entry.key_id.empty()) message.set_key_id(domain::HexText(entry.key_id));
  return message;
}

std::unique_ptr<grpc::Service> MakeAuditService(Env& env, AuditSealer& sealer) {
  return std::make_unique<AuditService>(env, sealer);
}

}  // namespace mes::services
