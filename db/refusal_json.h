// Refusals as they are kept: [{"code", "sentence", "unit_code", "evidence": [{"kind", "id", "detail"}]}].
#pragma once

#include <string>
#include <vector>

#include "domain/error.h"

namespace mes::db {

std::string RefusalsToJson(const std::vector<domain::Refusal>& refusals);
std::vector<domain::Refusal> RefusalsFromJson(const std::string& json);

}  // namespace mes::db
