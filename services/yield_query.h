// A yield question with its codes looked up, and its answer: which parts of the plant it is about, in which groups, read in steps so that a
// cut answer never reads the whole year.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/yield.h"
#include "domain/yield.h"
#include "mes/v1/yield.pb.h"
#include "services/rpc.h"

namespace mes::services {

struct DayRange {
  int32_t first = 0;
  int32_t last = 0;
};
// Errors: FIELD_REQUIRED, FIELD_INVALID, LIMIT_EXCEEDED with `first_day` or `last_day`.
domain::Result<DayRange> ParseDays(const std::string& first_day, const std::string& last_day);

struct YieldAsk {
  DayRange days;
  // What it is about; empty and 0 = all. `orders`: with `some_orders`, only these.
  const domain::Material* product = nullptr;
  std::string line;
  const domain::Station* station = nullptr;
  int16_t operation = 0;
  bool some_orders = false;
  std::vector<db::OrderName> orders;
  int16_t shift = 0;
  bool by_product = false, by_line = false, by_station = false, by_order = false, by_operation = false, by_shift = false;
  db::YieldPeriod period = db::YieldPeriod::kNone;
  std::optional<domain::Time> as_known_at;
};

// A group, in the order of the answer; what is not grouped by is empty or 0.
struct YieldLabel {
  std::string product, line, station, order;
  int16_t operation = 0;
  int32_t period_day = 0;
  int16_t shift = 0;
  auto operator<=>(const YieldLabel&) const = default;
};
using YieldGroups = std::map<YieldLabel, domain::YieldCounts>;

domain::Result<YieldAsk> ParseAsk(Call& call, const v1::QueryYieldRequest& request);
// At most `limit` groups, the first ones; `complete` says whether these are all.
domain::Result<YieldGroups> Answer(Call& call, const YieldAsk& ask, size_t limit, bool& complete);

// A line's stations; none = unknown line.
std::vector<const domain::Station*> StationsOf(const domain::Plant& plant, const std::string& line_code);
// Errors: PRODUCT_UNKNOWN with `product_code`.
domain::Result<const domain::Material*> FindProduct(Call& call, const std::string& code);
domain::Error UnknownLine(const std::string& code);
domain::Error UnknownStation(const std::string& code);

v1::Share ToProto(const domain::Share& share);
v1::YieldCounts ToProto(const domain::YieldCounts& counts);

}  // namespace mes::services
