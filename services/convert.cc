#include "services/convert.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "domain/limits.h"
#include "domain/quantity.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;

constexpr int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::array<std::string_view, 4> kUnitsOfMeasure = {"pc", "set", "kg", "m2"};

std::string Part(std::string_view field, std::string_view part) { return std::string(field) + "." + std::string(part); }

// FNV-1a: tokens are not secret, they only must not fit another question by accident.
constexpr uint64_t kFnvOffset = 14'695'981'039'346'656'037U;
constexpr uint64_t kFnvPrime = 1'099'511'628'211U;
constexpr char kHex[] = "0123456789abcdef";
constexpr size_t kDigestLength = 16;

std::string HexOf(uint64_t value) {
  std::string text(kDigestLength, '0');
  for (size_t i = kDigestLength; i-- > 0; value >>= 4) text[i] = kHex[value & 15];
  return text;
}

// Nested and repeated messages too; `path` names the field that holds the NUL.
bool FindNul(const google::protobuf::Message& message, std::string& path) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const Field*> fields;
  reflection.ListFields(message, &fields);
  for (const Field* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string at = path.empty() ? field->name() : path + "." + field->name();
      if (field->cpp_type() == Field::CPPTYPE_STRING && field->type() == Field::TYPE_STRING) {
        std::string scratch;
        const std::string& text = field->is_repeated() ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                                                       : reflection.GetStringReference(message, field, &scratch);
        if (text.find('\0') == std::string::npos) continue;
        path = at;
        return true;
      }
      if (field->cpp_type() != Field::CPPTYPE_MESSAGE) continue;
      std::string below = at;
      if (FindNul(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i) : reflection.GetMessage(message, field),
                  below)) {
        path = below;
        return true;
      }
    }
  }
  return false;
}

}  // namespace

google::protobuf::Timestamp ToProto(domain::Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.time_since_epoch().count());
  timestamp.set_nanos(static_cast<int32_t>((time - seconds).count()) * 1000);
  return timestamp;
}

domain::Result<domain::Time> TimeFromProto(const google::protobuf::Timestamp& time, std::string_view field) {
  if (time.seconds() < 0 || time.seconds() > kLastSecond || time.nanos() < 0 || time.nanos() > 999'999'999) {
    return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not an instant between 1970 and 9999"));
  }
  return domain::FromMicros(time.seconds() * 1'000'000 + time.nanos() / 1000);
}

v1::Quantity QuantityToProto(int64_t micro, const std::string& uom) {
  v1::Quantity quantity;
  quantity.set_value(domain::FormatQuantity(micro));
  quantity.set_uom(uom);
  return quantity;
}

domain::Result<int64_t> QuantityFromProto(const v1::Quantity& quantity, const std::string& expected_uom, std::string_view field) {
  const domain::Result<int64_t> micro = domain::ParseQuantity(quantity.value(), Part(field, "value"));
  if (!micro) return micro;
  if (quantity.uom() == expected_uom) return micro;
  const bool known = std::find(kUnitsOfMeasure.begin(), kUnitsOfMeasure.end(), quantity.uom()) != kUnitsOfMeasure.end();
  const std::string uom = quantity.uom().substr(0, 16);
  domain::Error error = FieldError(Reason::kUomMismatch, Part(field, "uom"),
                                   known ? "the material is counted in " + expected_uom + ", not in " + uom
                                         : "`" + uom + "` is not a unit of measure; the material is counted in " + expected_uom);
  error.metadata["expected"] = expected_uom;
  return Fail(std::move(error));
}

v1::Refusal ToProto(const domain::Refusal& refusal) {
  v1::Refusal message;
  message.set_code(std::string(domain::NameOf(refusal.reason)));
  message.set_sentence(refusal.sentence);
  message.set_releasable_by(std::string(domain::RoleOf(refusal.reason)));
  message.set_unit_code(refusal.unit_code);
  for (const domain::Evidence& evidence : refusal.evidence) {
    v1::Evidence& entry = *message.add_evidence();
    entry.set_kind(evidence.kind);
    entry.set_id(evidence.id);
    entry.set_detail(evidence.detail);
  }
  return message;
}

v1::Tracking ToProto(domain::Tracking tracking) { return static_cast<v1::Tracking>(tracking); }

int PageSize(int32_t asked) { return asked <= 0 ? domain::kDefaultPageSize : std::min<int32_t>(asked, domain::kMaxPageSize); }

uint64_t FilterDigest(std::initializer_list<std::string_view> values) {
  uint64_t digest = kFnvOffset;
  const auto take = [&](unsigned char byte) { digest = (digest ^ byte) * kFnvPrime; };
  for (const std::string_view value : values) {
    for (const char c : value) take(static_cast<unsigned char>(c));
    take(0);
  }
  return digest;
}

// The digest in hexadecimal, then the key, each byte in hexadecimal: fit for any transport, and nobody takes it for something to
// edit.
std::string PageToken(std::string_view last_key, uint64_t filter_digest) {
  std::string token = HexOf(filter_digest);
  token.reserve(token.size() + 2 * last_key.size());
  for (const char c : last_key) {
    token += kHex[static_cast<unsigned char>(c) >> 4];
    token += kHex[static_cast<unsigned char>(c) & 15];
  }
  return token;
}

domain::Result<std::string> ParsePageToken(std::string_view token, uint64_t filter_digest) {
  if (token.empty()) return std::string();
  const auto invalid = [](const char* why) { return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", why)); };
  constexpr size_t kLongest = 2'048;
  if (token.size() < kDigestLength || token.size() % 2 != 0 || token.size() > kLongest) {
    return invalid("page_token is not one of ours");
  }
  if (token.substr(0, kDigestLength) != HexOf(filter_digest)) {
    return invalid("page_token belongs to another question: the filter must stay the same from page to page");
  }
  std::string key;
  for (size_t i = kDigestLength; i < token.size(); i += 2) {
    const char* const high = std::strchr(kHex, token[i]);
    const char* const low = std::strchr(kHex, token[i + 1]);
    if (high == nullptr || low == nullptr || *high == '\0' || *low == '\0') return invalid("page_token is not one of ours");
    key += static_cast<char>((high - kHex) << 4 | (low - kHex));
  }
  return key;
}

domain::Status CheckTexts(const google::protobuf::Message& message) {
  std::string path;
  if (!FindNul(message, path)) return {};
  return Fail(FieldError(Reason::kFieldInvalid, path, path + " holds a NUL character"));
}

}  // namespace mes::services
