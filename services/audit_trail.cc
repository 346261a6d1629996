#include "services/audit_trail.h"

#include <memory>
#include <mutex>
#include <set>

#include <google/protobuf/util/json_util.h>

#include "db/audit.h"
#include "domain/audit.h"
#include "domain/limits_audit.h"

namespace mes::services {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kHidden[] = "(not kept)";

std::mutex reads_mutex;
std::shared_ptr<const std::set<std::string>> audited_reads;

thread_local std::string old_value;

std::string Json(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok())
    return R"({"error":"not representable as JSON"})";
  return json;
}

bool IsSecret(const std::string& name) {
  static const std::set<std::string> secrets = {"api_key",     "bearer_token", "credential", "passphrase", "password",
                                                "private_key", "proof",        "secret",     "token"};
  return secrets.contains(name);
}

// Replaces what must not be read again, wherever it stands.
void HideSecrets(Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsSecret(field->name()) && !field->is_repeated() &&
        (field->type() == FieldDescriptor::TYPE_STRING || field->type() == FieldDescriptor::TYPE_BYTES)) {
      reflection.SetString(&message, field, kHidden);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map()) {
      if (!field->is_repeated()) {
        HideSecrets(*reflection.MutableMessage(&message, field));
      } else {
        for (int i = 0; i < reflection.FieldSize(message, field); ++i)
          HideSecrets(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

// `unit_code` names a unit, `hold_id` a hold, `code` alone what the RPC is about.
std::string NounOf(const std::string& field) {
  for (const std::string_view suffix : {"_code", "_codes", "_id", "_number"}) {
    if (field.size() > suffix.size() && field.ends_with(suffix)) return field.substr(0, field.size() - suffix.size());
  }
  return field == "code" || field == "codes" || field == "id" || field == "name" ? "code" : "";
}

std::string IdIn(const Message& message, const FieldDescriptor* field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field->is_repeated()) {
    return field->type() == FieldDescriptor::TYPE_STRING && reflection.FieldSize(message, field) > 0
               ? reflection.GetRepeatedString(message, field, 0)
               : "";
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, field);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, field) == 0 ? "" : std::to_string(reflection.GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, field) == 0 ? "" : std::to_string(reflection.GetInt64(message, field));
    default:
      return {};
  }
}

domain::AuditEntry EntryOf(const std::string& method, const Message& request, const domain::Caller& caller, domain::Time now) {
  domain::AuditEntry entry;
  entry.method = method;
  entry.write_time = now;
  entry.proved = !caller.name.empty();
  entry.caller = entry.proved ? caller.name : TextField(request, "person");
  Subject subject = SubjectOf(request);
  entry.noun = std::move(subject.noun);
  entry.noun_id = std::move(subject.id);
  entry.reason = TextField(request, "reason");
  entry.new_value = ContentOf(request);
  return entry;
}

}  // namespace

std::string TextField(const Message& message, const std::string& name, bool deeper) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated())
    return reflection.GetString(message, field);
  if (!deeper) return {};
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* inner = message.GetDescriptor()->field(i);
    if (inner->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || inner->is_repeated() || !reflection.HasField(message, inner))
      continue;
    // What a signer says of itself is not what the request says.
    if (inner->name() == "signature") continue;
    if (std::string text = TextField(reflection.GetMessage(message, inner), name, false); !text.empty()) return text;
  }
  return {};
}

const std::vector<std::string>& DefaultAuditedReads() {
  static const std::vector<std::string> reads = {
      "Trace",  "WhereUsed", "ListUnitEvents", "ListLifeRecords", "GetHold",          "ListHoldItems", "GetUnitHolds",
      "GetNcr", "ListNcrs",  "ListNcrUnits",   "ExportUnitEpcis", "ListAuditEntries", "ExportAudit",   "VerifyAudit",
      "ExportPeriodEpcis", "ListCapturedEpcis", "GetPassport", "GetPassportDocument", "GetDismantling", "GetMassBalance"};
  return reads;
}

void AuditReads(const std::vector<std::string>& methods) {
  const std::lock_guard lock(reads_mutex);
  audited_reads = std::make_shared<const std::set<std::string>>(methods.begin(), methods.end());
}

bool IsAuditedRead(const std::string& method) {
  const std::lock_guard lock(reads_mutex);
  return audited_reads != nullptr && audited_reads->contains(method);
}

Subject SubjectOf(const Message& request) {
  const google::protobuf::Descriptor& type = *request.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->name() == "request_id" || field->is_map()) continue;
    std::string noun = NounOf(field->name());
    if (noun.empty()) continue;
    // Of a question to the audit itself.
    if (noun == "noun") noun = "audit";
    if (std::string id = IdIn(request, field); !id.empty()) return {std::move(noun), std::move(id)};
  }
  const google::protobuf::Reflection& reflection = *request.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated() || !reflection.HasField(request, field))
      continue;
    if (field->message_type()->full_name().starts_with("google.")) continue;
    const Message& inner = reflection.GetMessage(request, field);
    for (int j = 0; j < inner.GetDescriptor()->field_count(); ++j) {
      const FieldDescriptor* deep = inner.GetDescriptor()->field(j);
      std::string noun = deep->is_map() ? "" : NounOf(deep->name());
      if (noun.empty()) continue;
      if (std::string id = IdIn(inner, deep); !id.empty())
        return {noun == "code" ? field->name() : std::move(noun), std::move(id)};
    }
  }
  return {};
}

std::string ContentOf(const Message& request) {
  const std::unique_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  HideSecrets(*copy);
  std::string json = Json(*copy);
  if (json.size() <= domain::kMaxAuditContentBytes) return json;
  return R"({"bytes":)" + std::to_string(json.size()) + R"(,"sha256":")" + domain::HexText(db::Sha256(json)) + "\"}";
}

void NoteOldValue(const Message& old) { NoteOldValue(ContentOf(old)); }
void NoteOldValue(std::string json) { old_value = std::move(json); }
void BeginAudit() { old_value.clear(); }

void AuditChange(db::Transaction& transaction, const std::string& method, const Message& request, const std::string& request_id,
                 const domain::Caller& caller, domain::Time now) {
  domain::AuditEntry entry = EntryOf(method, request, caller, now);
  entry.kind = domain::AuditKind::kChange;
  entry.request_id = request_id;
  entry.old_value = std::move(old_value);
  old_value.clear();
  db::InsertAuditEntry(transaction, entry);
}

void AuditRead(db::Transaction& transaction, const std::string& method, const Message& request, const domain::Caller& caller,
               domain::Time now) {
  domain::AuditEntry entry = EntryOf(method, request, caller, now);
  entry.kind = domain::AuditKind::kRead;
  db::InsertAuditEntry(transaction, entry);
}

}  // namespace mes::services
