// Between what is said of nonconformance reports (mes.v1) and what is meant.
#pragma once

#include <string>
#include <string_view>

#include "db/nonconformance.h"
#include "domain/nonconformance.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "mes/v1/nonconformance.pb.h"

namespace mes::services {

v1::Ncr ToProto(const domain::Ncr& ncr, const domain::Plant& plant);
v1::NcrTransition ToProto(const db::NcrTransition& transition);
v1::NcrUnit ToProto(const db::NcrUnit& unit, const domain::Plant& plant);

// Errors: ENUM_UNKNOWN, FIELD_INVALID (a time), with `field`.
domain::Result<domain::NcrMovement> FromProto(const v1::MoveNcrRequest& request);
domain::DispositionOrder FromProto(const v1::DisposeNcrUnitsRequest& request);

// The last key of a page of entries, both ways; an empty text is the first page. Errors: PAGE_TOKEN_INVALID.
std::string KeyText(const db::NcrUnit& unit);
domain::Result<db::NcrUnitKey> ParseNcrUnitKey(std::string_view text);

}  // namespace mes::services
