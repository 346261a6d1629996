// Between what is said (mes.v1) and what is meant (domain): times, quantities, refusals, pages. Every message type's own
// conversions stand beside its handlers; here is what several nouns share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "domain/error.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/time.h"
#include "mes/v1/common.pb.h"

namespace mes::services {

google::protobuf::Timestamp ToProto(domain::Time time);
// Years 1970 to 9999, to the microsecond (finer digits are cut off). Errors: FIELD_INVALID with `field`.
domain::Result<domain::Time> TimeFromProto(const google::protobuf::Timestamp& time, std::string_view field);
// Absent = none.
template <typename Message>
domain::Result<std::optional<domain::Time>> OptionalTimeFromProto(bool present, const Message& time, std::string_view field) {
  if (!present) return std::optional<domain::Time>();
  return TimeFromProto(time, field).map([](domain::Time value) { return std::optional<domain::Time>(value); });
}

v1::Quantity QuantityToProto(int64_t micro, const std::string& uom);
// Not negative. Errors: QUANTITY_INVALID with `field`.value, UOM_MISMATCH with `field`.uom.
domain::Result<int64_t> QuantityFromProto(const v1::Quantity& quantity, const std::string& expected_uom, std::string_view field);

v1::Refusal ToProto(const domain::Refusal& refusal);
v1::Tracking ToProto(domain::Tracking tracking);

// Errors: FIELD_INVALID where any text in the message holds a NUL character, which PostgreSQL cannot keep. Calls are checked by
// services/rpc.
domain::Status CheckTexts(const google::protobuf::Message& message);

// 0 = the default, more than the most is read as the most. Negative is read as the default.
int PageSize(int32_t asked);
// Pages are keysets: a token holds the last key of the page before and a digest of the filter, so that it cannot continue another
// question. `filter_digest` comes from FilterDigest.
std::string PageToken(std::string_view last_key, uint64_t filter_digest);
// The last key; empty for an empty token (the first page). Errors: PAGE_TOKEN_INVALID with `field` = page_token.
domain::Result<std::string> ParsePageToken(std::string_view token, uint64_t filter_digest);
// A digest over the filter's values, in order: `FilterDigest({request.product_code(), std::to_string(request.state())})`.
uint64_t FilterDigest(std::initializer_list<std::string_view> values);

}  // namespace mes::services
