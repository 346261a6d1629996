#include "services/mesctl/sign.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

namespace mes::mesctl {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string Behind(const std::string& text) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(text.size() >> shift & 0xff);
  return bytes + text;
}

std::string Hex(const std::string& bytes) {
  std::string text;
  char digits[3];
  for (const unsigned char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

std::string TextOf(const Message& message, const FieldDescriptor* field, int index) {
  const auto& r = *message.GetReflection();
  const bool list = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(list ? r.GetRepeatedInt32(message, field, index) : r.GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(list ? r.GetRepeatedInt64(message, field, index) : r.GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::to_string(list ? r.GetRepeatedEnumValue(message, field, index) : r.GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? r.GetRepeatedBool(message, field, index) : r.GetBool(message, field)) ? "1" : "0";
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double value = list ? r.GetRepeatedDouble(message, field, index) : r.GetDouble(message, field);
      uint64_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      char digits[17];
      std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(bits));
      return digits;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = list ? r.GetRepeatedString(message, field, index) : r.GetString(message, field);
      return field->type() == FieldDescriptor::TYPE_BYTES ? Hex(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SignedContent(list ? r.GetRepeatedMessage(message, field, index) : r.GetMessage(message, field));
    default:
      FailUsage("this act cannot be signed here");
  }
}

Key ReadKey(const std::string& path, bool with_private) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) FailUsage(path + ": cannot be read");
  Key key(PEM_read_PrivateKey(file, nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (key == nullptr && !with_private) {
    std::rewind(file);
    key.reset(PEM_read_PUBKEY(file, nullptr, nullptr, nullptr));
  }
  std::fclose(file);
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) FailUsage(path + ": no Ed25519 key in PEM form");
  return key;
}

std::string RawPublic(const Key& key) {
  unsigned char raw[32];
  size_t length = sizeof raw;
  if (EVP_PKEY_get_raw_public_key(key.get(), raw, &length) != 1) FailUsage("the key has no public half");
  return Hex(std::string(reinterpret_cast<const char*>(raw), length));
}

// The request's person, or that of the order or definition in it.
std::string PersonOf(const Message& request) {
  const FieldDescriptor* person = request.GetDescriptor()->FindFieldByName("person");
  if (person != nullptr) return request.GetReflection()->GetString(request, person);
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) continue;
    const Message& inner = request.GetReflection()->GetMessage(request, field);
    if (inner.GetDescriptor()->FindFieldByName("person") != nullptr) return PersonOf(inner);
  }
  return "";
}

// `ReleaseHold`: requests are named after their RPC.
std::string MethodOf(const Message& request) {
  const std::string& name = request.GetDescriptor()->name();
  return name.substr(0, name.size() - std::string("Request").size());
}

// The Ed25519 signature under what `signature` says so far.
void SignWithKey(const std::string& key_file, const Message& request, v1::Signature& signature) {
  const Key key = ReadKey(key_file, true);
  const std::string content = SignedContent(request);
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), reinterpret_cast<unsigned char*>(hash.data()));
  const int64_t micros = signature.sign_time().seconds() * 1'000'000 + signature.sign_time().nanos() / 1000;
  const std::string bytes = Behind("ordos-signature/1") + Behind(MethodOf(request)) + Behind(signature.person()) +
                            Behind(signature.meaning()) + Behind(std::to_string(micros)) + Behind(Hex(hash));
  std::string raw(64, '\0');
  size_t length = raw.size();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(raw.data()), &length,
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1) {
    FailUsage(key_file + ": cannot sign");
  }
  signature.set_public_key(RawPublic(key));
  signature.set_signature(Hex(raw));
}

}  // namespace

void AddSigning(CLI::App& command, Signing& signing) {
  auto* key = command.add_option("--sign-key", signing.key_file, "Sign with this Ed25519 private key (PEM)")->type_name("FILE");
  auto* api_key = command.add_option("--sign-api-key-file", signing.api_key_file, "Sign with this API key, not the call's own")
                      ->type_name("FILE")
                      ->excludes(key);
  command.add_option("--sign-token-file", signing.token_file, "Sign with this token, at most 5 minutes old, once")
      ->type_name("FILE")
      ->excludes(key)
      ->excludes(api_key);
  command.add_option("--meaning", signing.meaning, "What the signature means")->type_name("TEXT");
}

std::string SignedContent(const Message& request) {
  // ListFields is in the order of the numbers, and leaves out what is not set.
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  std::string bytes;
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "signature") continue;
    const int count = field->is_repeated() ? request.GetReflection()->FieldSize(request, field) : 1;
    for (int i = 0; i < count; ++i) bytes += Behind(field->name()) + Behind(TextOf(request, field, i));
  }
  return bytes;
}

Connection Sign(const Connection& connection, const Signing& signing, Message& request) {
  Connection signed_connection = connection;
  if (signing.key_file.empty() && signing.api_key_file.empty() && signing.token_file.empty()) {
    if (!signing.meaning.empty()) FailUsage("--meaning needs --sign-key, --sign-api-key-file or --sign-token-file");
    return signed_connection;
  }
  if (signing.meaning.empty()) FailUsage("a signature needs --meaning: say what it means");
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  v1::Signature signature;
  signature.set_person(PersonOf(request));
  signature.set_meaning(signing.meaning);
  signature.mutable_sign_time()->set_seconds(now.tv_sec);
  signature.mutable_sign_time()->set_nanos(static_cast<int32_t>(now.tv_nsec / 1000 * 1000));
  if (!signing.key_file.empty()) SignWithKey(signing.key_file, request, signature);
  signed_connection.signing_api_key_file = signing.api_key_file;
  signed_connection.signing_token_file = signing.token_file;
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("signature");
  request.GetReflection()->MutableMessage(&request, field)->CopyFrom(signature);
  return signed_connection;
}

std::string PublicKeyIn(const std::string& path) { return RawPublic(ReadKey(path, false)); }

}  // namespace mes::mesctl
