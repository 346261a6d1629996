// A predicate as it is kept: a JSON object with what is asked, nothing else; times are microseconds since 1970-01-01.
#pragma once

#include <string>

#include "domain/hold.h"

namespace mes::db {

std::string PredicateToJson(const domain::HoldPredicate& predicate);
// Its unit_ids ascend.
domain::HoldPredicate PredicateFromJson(const std::string& json);

}  // namespace mes::db
