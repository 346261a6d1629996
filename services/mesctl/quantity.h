// Amounts as people type them: `20`, `12.5kg`, `0.25 m2`. The server wants the unit of measure always; where it was left out it
// is looked up, so that nobody has to type it and nothing is guessed.
#pragma once

#include <string>

#include "mes/v1/common.pb.h"
#include "services/mesctl/client.h"

namespace mes::mesctl {

// Parts the number from the unit; the server judges both.
v1::Quantity ParseQuantity(const std::string& text);
// As ParseQuantity; without a unit the material's own is asked from the server. An unknown material keeps it empty: the
// command's own call then says what is wrong.
v1::Quantity QuantityOf(const Connection& connection, const std::string& material_code, const std::string& text);

}  // namespace mes::mesctl
