// A plant's folder as a request: what `plant load` and `simulate` send.
#pragma once

#include <string>

#include "mes/v1/product_definition.pb.h"

namespace mes::mesctl {

// All JSON files below the folder, by path, so that the same plant is the same request. Ends with a usage error where they cannot be
// read or are more than the API takes.
void ReadPlant(const std::string& folder, v1::LoadPlantRequest& request);

}  // namespace mes::mesctl
