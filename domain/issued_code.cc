#include "domain/issued_code.h"

#include "domain/gs1.h"
#include "domain/limits.h"

namespace mes::domain {

Result<CodeRule> CheckCodeRule(CodeRule rule) {
  if (rule.prefix.empty() && rule.gtin.empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "prefix", "a coding rule needs a prefix, a GTIN or both"));
  }
  if (rule.prefix.empty() && !rule.traceability.empty()) {
    return Fail(FieldError(Reason::kCodeInvalid, "traceability", "without a prefix there is no battery code to hold it"));
  }
  if (!rule.prefix.empty()) {
    if (Status checked = CheckIssuedPart(rule.prefix, kBatteryPrefixLength, "prefix"); !checked) return Fail(checked.error());
    if (Status checked = CheckIssuedPart(rule.traceability, kTraceabilityLength, "traceability"); !checked)
      return Fail(checked.error());
    if (ProductTypeName(rule.prefix[3]).empty() || BatteryTypeName(rule.prefix[4]).empty()) {
      return Fail(FieldError(Reason::kCodeInvalid, "prefix", "the fourth character is P, M or C, the fifth A to G or Z"));
    }
  }
  if (rule.gtin.empty()) return rule;
  Result<std::string> gtin = ParseGtin(rule.gtin, "gtin");
  if (!gtin) return Fail(gtin.error());
  rule.gtin = std::move(*gtin);
  return rule;
}

std::string CodeBatch::CodeAt(int32_t index) const {
  BatteryCode code;
  code.manufacturer = prefix.substr(0, 3);
  code.product_type = prefix[3];
  code.battery_type = prefix[4];
  code.specification = prefix.substr(5);
  code.traceability = reuse_level == 0 ? traceability : std::string();
  code.date = date;
  code.serial = first_serial + index;
  code.reuse_level = reuse_level;
  return FormatBatteryCode(code).value_or(std::string());
}

Result<CodeBatch> DraftBatch(const CodeRule& rule, const CodeDraft& draft) {
  if (rule.prefix.empty()) {
    return Fail(
        FieldError(Reason::kFieldInvalid, "product_code", "the product's coding rule has no prefix: it has no battery codes"));
  }
  if (draft.count < 1) return Fail(FieldError(Reason::kFieldRequired, "count", "count is missing"));
  if (draft.count > kMaxCodesPerBatch) {
    Error error = FieldError(Reason::kLimitExceeded, "count", "one request issues 10,000 codes at most");
    error.metadata["limit"] = std::to_string(kMaxCodesPerBatch);
    return Fail(std::move(error));
  }
  CodeBatch batch;
  batch.rule_id = rule.id;
  batch.prefix = rule.prefix;
  batch.reuse_level = draft.reuse_level;
  batch.date = draft.date;
  batch.count = draft.count;
  if (draft.reuse_level != 0) {
    if (ProductTypeName(draft.reuse_level).empty()) {
      return Fail(FieldError(Reason::kCodeInvalid, "reuse_level", "reuse_level is P, M or C"));
    }
    if (!draft.traceability.empty()) {
      return Fail(FieldError(Reason::kCodeInvalid, "traceability", "a second-life code has no traceability information"));
    }
  } else {
    batch.traceability = draft.traceability.empty() ? rule.traceability : draft.traceability;
    if (Status checked = CheckIssuedPart(batch.traceability, kTraceabilityLength, "traceability"); !checked)
      return Fail(checked.error());
  }
  if (Result<std::string> date = FormatBatteryDate(batch.date, "production_date"); !date) return Fail(date.error());
  return batch;
}

Status NumberBatch(CodeBatch& batch, int32_t last_serial) {
  if (last_serial > kLastBatterySerial - batch.count) {
    Error error =
        FieldError(Reason::kLimitExceeded, "count",
                   "only " + std::to_string(kLastBatterySerial - last_serial) + " running numbers are left of that day");
    error.metadata["limit"] = std::to_string(kLastBatterySerial);
    return Fail(std::move(error));
  }
  batch.first_serial = last_serial + 1;
  return {};
}

std::chrono::year_month_day CodeDay(Time time) { return std::chrono::floor<std::chrono::days>(time + std::chrono::hours(8)); }

}  // namespace mes::domain
