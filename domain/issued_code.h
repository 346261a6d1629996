// Codes that are issued here: the coding rule of a product, the batches of codes given out under it, and what a station may use.
//
// A rule owns a prefix (positions 1 to 7 of GB/T 34014), a GTIN, or both, for good and alone; so a GTIN stands for one prefix.
// Running numbers count per manufacturer, product type, day and life (new, second), without gap or repeat: the counter and the
// batch are written in one transaction, so that one that ends early takes nothing. A number that was given out and will never be
// used is voided with a reason; thus every number is used, open or explained.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/gbt34014.h"
#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct CodeRule {
  int32_t id = 0;
  int32_t material_id = 0;
  // Seven characters; empty = the product has no battery code.
  std::string prefix;
  // Seven characters for positions 8 to 14 where a request gives none; empty without a prefix.
  std::string traceability;
  // 14 digits; empty = none.
  std::string gtin;
  std::string person;
  Time create_time{};
};

// Checks a new rule and pads its GTIN. Errors: FIELD_REQUIRED (neither prefix nor GTIN), CODE_INVALID with `field` (prefix,
// traceability, gtin).
Result<CodeRule> CheckCodeRule(CodeRule rule);

// What a request asks to be given out.
struct CodeDraft {
  // 0 = a new product; else the level of the old one.
  char reuse_level = 0;
  // Empty = the rule's.
  std::string traceability;
  std::chrono::year_month_day date{};
  int32_t count = 0;
};

struct CodeBatch {
  int64_t id = 0;
  int32_t rule_id = 0;
  std::string prefix;
  char reuse_level = 0;
  std::string traceability;
  std::chrono::year_month_day date{};
  int32_t first_serial = 0;
  int32_t count = 0;
  // Only this order's units, only at this station; 0 = any.
  int32_t work_order_id = 0;
  int32_t station_id = 0;
  std::string person;
  Time issue_time{};

  // The `index`th code of the batch, from 0.
  std::string CodeAt(int32_t index) const;
};

// The batch without its numbers. Errors: FIELD_INVALID (the rule has no prefix; a date that cannot be coded), CODE_INVALID
// (traceability, reuse level), LIMIT_EXCEEDED (count beyond kMaxCodesPerBatch), FIELD_REQUIRED (count below 1).
Result<CodeBatch> DraftBatch(const CodeRule& rule, const CodeDraft& draft);
// Numbers the batch after the last one given out that day. Errors: LIMIT_EXCEEDED (the day's 9,999,999 are used up).
Status NumberBatch(CodeBatch& batch, int32_t last_serial);

// What is known of a code whose prefix is issued here.
struct IssuedCode {
  bool issued = false;
  bool voided = false;
  // Of the rule and of the reservation; 0 = any.
  int32_t material_id = 0;
  int32_t work_order_id = 0;
  int32_t station_id = 0;
};

// The calendar day in Asia/Shanghai (+08:00, no daylight saving since 1991), which is the day that codes carry.
std::chrono::year_month_day CodeDay(Time time);

}  // namespace mes::domain
