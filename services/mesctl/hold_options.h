// What a hold is on, as options: the same for `hold preview`, `hold place` and the drill.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mes/v1/hold.pb.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

struct HoldOptions {
  std::vector<std::string> codes, stations;
  std::string supplier, supplier_lot, product, order, tool, from, until, characteristic;
  std::string direction = "where-used";
  int32_t revision = 0, operation = 0;
  std::optional<double> lower, upper;
  bool at_operation = false;

  void AddTo(CLI::App& command);
  void Fill(v1::HoldPredicate& predicate) const;
  // Of PreviewHoldRequest and PlaceHoldRequest. Ends with a usage error where a time cannot be read.
  template <class Request>
  void Fill(Request& request) const {
    for (const auto& code : codes) request.add_codes(code);
    Fill(*request.mutable_predicate());
    request.set_direction(static_cast<v1::HoldDirection>(EnumValue(*v1::HoldDirection_descriptor(), direction)));
    request.set_at_operation(at_operation);
  }
};

}  // namespace mes::mesctl
