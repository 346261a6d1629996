// Signers' keys, policies and signatures; all append-only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/signature.h"

namespace mes::db {

// False where the key is known already.
bool InsertSignerKey(Transaction& transaction, const domain::SignerKey& key);
// False where the key is not known or has ended.
bool EndSignerKey(Transaction& transaction, const std::string& public_key, const std::string& person, const std::string& reason,
                  domain::Time now);
std::optional<domain::SignerKey> FindSignerKey(Transaction& transaction, const std::string& public_key);
// By signer and key, behind these.
std::vector<domain::SignerKey> ListSignerKeys(Transaction& transaction, const std::string& after_signer,
                                              const std::string& after_key, int64_t limit);

void InsertSignaturePolicy(Transaction& transaction, const std::string& method, bool required, const std::string& person,
                           const std::string& reason, domain::Time now);
bool IsSignatureRequired(Transaction& transaction, const std::string& method);

// With the content that was signed. False where its token signed before.
bool InsertRecordSignature(Transaction& transaction, const domain::RecordSignature& signature, const std::string& payload);

struct KeptSignature {
  domain::RecordSignature signature;
  // The content that is kept has the hash that was signed, and names the record.
  bool is_of_content = false;
};
// Oldest first, behind an id.
std::vector<KeptSignature> ListRecordSignatures(Transaction& transaction, const std::string& noun, const std::string& noun_id,
                                                int64_t after, int64_t limit);

}  // namespace mes::db
