// What units contain, between the database, the rule (domain/contents.h) and the API. For the nouns that weigh units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/contents.h"
#include "mes/v1/dismantling.pb.h"
#include "services/rpc.h"

namespace mes::services {

// Kilograms, to the milligram, rounded down.
v1::Quantity KilogramsToProto(int64_t mass_ug);
v1::UnitContents ToProto(const domain::Contents& contents);
void MassesToProto(const domain::Masses& masses, google::protobuf::RepeatedPtrField<v1::ElementMass>& messages);
// Above zero. Errors: QUANTITY_INVALID, UOM_MISMATCH with `field`.
domain::Result<int64_t> KilogramsFromProto(const v1::Quantity& quantity, const std::string& field);

// What these units contain with all parts that are in them now. Errors: LIMIT_EXCEEDED with `field`.
domain::Result<std::unordered_map<int64_t, domain::Contents>> LoadContents(Call& call, const std::vector<int64_t>& unit_ids,
                                                                           std::string_view field);

}  // namespace mes::services
