// What a call leaves in the audit: who, what about, what was asked for. Used by services/rpc once per call; a handler may add
// what was so before.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "db/transaction.h"
#include "domain/caller.h"
#include "domain/time.h"

namespace mes::services {

// Reads that are audited where the server is told nothing else: genealogy, histories, holds' evidence, nonconformances, the audit
// itself.
const std::vector<std::string>& DefaultAuditedReads();
// From now on these reads are audited. Of the process: one process serves one site.
void AuditReads(const std::vector<std::string>& methods);
bool IsAuditedRead(const std::string& method);

// The noun and its id that a request is about: its first field that is a code or number of something, by the field's name.
struct Subject {
  std::string noun;
  std::string id;
};
Subject SubjectOf(const google::protobuf::Message& request);
// A text field of this name, in the message or, where it has none, one level below.
std::string TextField(const google::protobuf::Message& message, const std::string& name, bool deeper = true);
// The request as JSON in the proto3 mapping, fields that hold secrets replaced; past the limit its size and SHA-256.
std::string ContentOf(const google::protobuf::Message& request);

// Says, within a handler, what was so before: kept with the entry of the call that runs on this thread.
void NoteOldValue(const google::protobuf::Message& old);
void NoteOldValue(std::string json);

// Forgets what the run before noted. Called before each run of a handler.
void BeginAudit();
// Writes the entry of a change into its own transaction. Throws db::AuditRefused.
void AuditChange(db::Transaction& transaction, const std::string& method, const google::protobuf::Message& request,
                 const std::string& request_id, const domain::Caller& caller, domain::Time now);
// Writes the entry of a read. Throws db::AuditRefused.
void AuditRead(db::Transaction& transaction, const std::string& method, const google::protobuf::Message& request,
               const domain::Caller& caller, domain::Time now);

}  // namespace mes::services
