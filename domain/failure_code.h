// Failure codes as policies: what a failure for this reason asks for besides the routing. A policy is a version that never
// changes; its scope is a code, a code of one product, or of one operation of it, and the most specific one in force counts.
//
// Policies tighten what the routing allows and never widen it: a repair limit below the routing's, another operation to start the
// rework at, a disposition before anything goes on. They travel with the Plant, so that the gate reads no table for them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct Operation;
struct ProductRevision;

// Values are those of mes.v1.Severity and of the database.
enum class Severity : int16_t { kMinor = 1, kMajor, kCritical };
std::string_view NameOf(Severity severity);

// One version of a policy.
struct FailureCode {
  int32_t id = 0;
  std::string code;
  // 0 and empty = of every product.
  int32_t material_id = 0;
  std::string product_code;
  // 0 = at every operation.
  int16_t operation = 0;
  // From 1 within its scope.
  int32_t version = 0;
  // The unit waits until quality decided what becomes of it.
  bool needs_disposition = false;
  // How often a unit may be reworked for this code; none = as the routing says.
  std::optional<int16_t> repair_limit;
  // Where its rework starts; 0 = as the routing says.
  int16_t route = 0;
  bool opens_ncr = false;
  Severity severity = Severity::kMinor;
  // Not in force: the next less specific one counts.
  bool withdrawn = false;
  std::string reason;
  std::string person;
  Time create_time{};

  // `LEAK/PACK/40/v2`, for evidence.
  std::string Name() const;
};

// Whether a policy can be: every contradiction is named by its field. `newest` is the newest revision of its product; null for
// one of every product. Errors: FIELD_REQUIRED, FIELD_INVALID, LIMIT_EXCEEDED, OPERATION_UNKNOWN, ENUM_UNKNOWN.
Status CheckFailureCode(const FailureCode& policy, const ProductRevision* newest);

// All versions of all policies.
class FailureCodes {
 public:
  void Add(FailureCode policy);
  // The one in force; null = the routing alone says.
  const FailureCode* Find(std::string_view code, int32_t material_id, int16_t operation) const;
  // The newest version of exactly this scope, in force or withdrawn; null = there never was one.
  const FailureCode* Newest(std::string_view code, int32_t material_id, int16_t operation) const;
  // From now on answers as at that time; for looking back.
  void LookBackTo(Time time) { as_of_ = time; }
  const std::map<std::string, std::vector<FailureCode>, std::less<>>& by_code() const { return by_code_; }

 private:
  std::map<std::string, std::vector<FailureCode>, std::less<>> by_code_;
  Time as_of_ = Time::max();
};

// Where a rework after a failure at `failed` starts: the policy's route where it is on this routing at or before the failure,
// else the routing's own; 0 = there is no rework.
int16_t ReworkStart(const FailureCode* policy, const ProductRevision& revision, const Operation& failed);

}  // namespace mes::domain
