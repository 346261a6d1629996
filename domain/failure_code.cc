#include "domain/failure_code.h"

#include <algorithm>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/product_definition.h"

namespace mes::domain {
namespace {

Error Contradiction(std::string_view field, std::string message) {
  return FieldError(Reason::kFieldInvalid, field, std::move(message));
}

// The most reworks that the routing gives where the policy could apply; 0 = none.
int16_t MostReworks(const FailureCode& policy, const ProductRevision& revision) {
  int16_t most = 0;
  for (const Operation& operation : revision.operations) {
    const bool meant = policy.operation == 0 ? policy.route <= operation.number : policy.operation == operation.number;
    if (meant && operation.rework_to != 0) most = std::max(most, operation.max_reworks);
  }
  return most;
}

Status CheckScope(const FailureCode& policy, const ProductRevision* newest) {
  if (newest == nullptr) {
    if (policy.operation != 0) {
      return Fail(Contradiction("operation", "operation numbers belong to a product: name it, or leave the operation out"));
    }
    if (policy.route != 0) return Fail(Contradiction("route", "a route leads along one product's routing: name the product"));
    return {};
  }
  const auto unknown = [&](std::string_view field, int16_t number) {
    return Fail(FieldError(Reason::kOperationUnknown, field,
                           "operation " + std::to_string(number) + " is not on the routing of " + newest->product_code));
  };
  if (policy.operation != 0 && newest->OperationIndex(policy.operation) < 0) return unknown("operation", policy.operation);
  if (policy.route != 0 && newest->OperationIndex(policy.route) < 0) return unknown("route", policy.route);
  if (policy.operation != 0 && policy.route > policy.operation) {
    return Fail(Contradiction("route", "a rework cannot start at operation " + std::to_string(policy.route) +
                                           ", after the failure at " + std::to_string(policy.operation)));
  }
  return {};
}

Status CheckRepairs(const FailureCode& policy, const ProductRevision* newest) {
  if (policy.route != 0 && policy.repair_limit == 0) {
    return Fail(Contradiction("route", "a route for a rework that repair_limit 0 forbids"));
  }
  if (policy.needs_disposition && policy.repair_limit == 0) {
    return Fail(Contradiction("repair_limit",
                              "a disposition is asked for, but repair_limit 0 forbids the repair that it could decide on"));
  }
  if (newest == nullptr) return {};
  const int16_t most = MostReworks(policy, *newest);
  if (policy.route != 0 && most == 0) {
    return Fail(Contradiction("route", "the routing of " + newest->product_code + " allows no rework that could start there"));
  }
  if (policy.repair_limit.value_or(0) > 0 && most == 0) {
    return Fail(Contradiction("repair_limit",
                              "a repair limit without a rework: the routing of " + newest->product_code + " allows none"));
  }
  if (policy.repair_limit.value_or(0) > most) {
    return Fail(Contradiction("repair_limit", "the routing allows " + std::to_string(most) +
                                                  " reworks there, so that a limit of " + std::to_string(*policy.repair_limit) +
                                                  " is never reached"));
  }
  return {};
}

const FailureCode* NewestOf(const std::vector<FailureCode>& policies, int32_t material_id, int16_t operation, Time as_of) {
  const FailureCode* newest = nullptr;
  for (const FailureCode& policy : policies) {
    if (policy.material_id != material_id || policy.operation != operation || policy.create_time > as_of) continue;
    if (newest == nullptr || policy.version > newest->version) newest = &policy;
  }
  return newest;
}

}  // namespace

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kMinor:
      return "minor";
    case Severity::kMajor:
      return "major";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

std::string FailureCode::Name() const {
  std::string name = code;
  if (!product_code.empty()) name += "/" + product_code;
  if (operation != 0) name += "/" + std::to_string(operation);
  return name + "/v" + std::to_string(version);
}

Status CheckFailureCode(const FailureCode& policy, const ProductRevision* newest) {
  if (Status checked = CheckText(policy.code, kMaxFailureCodeLength, true, "code"); !checked) return checked;
  if (Status checked = CheckText(policy.reason, kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = CheckText(policy.person, kMaxPersonLength, true, "person"); !checked) return checked;
  if (NameOf(policy.severity).empty())
    return Fail(FieldError(Reason::kEnumUnknown, "severity", "severity is missing or not one of those known here"));
  if (policy.repair_limit && (*policy.repair_limit < 0 || *policy.repair_limit > kMaxRepeats)) {
    Error error = FieldError(Reason::kLimitExceeded, "repair_limit", "repair_limit is 0 to " + std::to_string(kMaxRepeats));
    error.metadata["limit"] = std::to_string(kMaxRepeats);
    return Fail(std::move(error));
  }
  if (Status checked = CheckScope(policy, newest); !checked) return checked;
  if (Status checked = CheckRepairs(policy, newest); !checked) return checked;
  if (policy.needs_disposition && !policy.opens_ncr) {
    return Fail(Contradiction("opens_ncr", "a disposition is given on a report: a code that needs one must open it"));
  }
  if (policy.severity == Severity::kCritical && !policy.opens_ncr) {
    return Fail(Contradiction("opens_ncr", "a critical failure without a report"));
  }
  return {};
}

void FailureCodes::Add(FailureCode policy) {
  std::vector<FailureCode>& policies = by_code_[policy.code];
  policies.push_back(std::move(policy));
}

const FailureCode* FailureCodes::Newest(std::string_view code, int32_t material_id, int16_t operation) const {
  const auto found = by_code_.find(code);
  return found == by_code_.end() ? nullptr : NewestOf(found->second, material_id, operation, as_of_);
}

const FailureCode* FailureCodes::Find(std::string_view code, int32_t material_id, int16_t operation) const {
  const auto found = by_code_.find(code);
  if (found == by_code_.end()) return nullptr;
  const std::pair<int32_t, int16_t> scopes[] = {{material_id, operation}, {material_id, 0}, {0, 0}};
  for (const auto& [material, number] : scopes) {
    const FailureCode* newest = NewestOf(found->second, material, number, as_of_);
    if (newest != nullptr && !newest->withdrawn) return newest;
  }
  return nullptr;
}

int16_t ReworkStart(const FailureCode* policy, const ProductRevision& revision, const Operation& failed) {
  if (failed.rework_to == 0 || policy == nullptr || policy->route == 0) return failed.rework_to;
  return policy->route <= failed.number && revision.OperationIndex(policy->route) >= 0 ? policy->route : failed.rework_to;
}

}  // namespace mes::domain
