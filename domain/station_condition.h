// Station conditions: facts about equipment, surroundings and people, good until they expire. An interlock that reads one refuses
// when it is missing, expired or not in order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/error.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

// Values are those of mes.v1.ConditionKind and of the database.
enum class ConditionKind : int16_t {
  kCalTester = 1, kCalTorque, kScaleCal, kLeakRef, kGolden, kToolLife, kPotLife, kOperatorHv, kOperatorH2, kH2Safety, kEnvDryroom,
  kEnvRh, kEsd, kPgmCustody
};

// A condition as it is reported.
struct ConditionReport {
  ConditionKind kind = ConditionKind::kCalTester;
  bool in_order = false;
  Time expire_time{};
  std::map<std::string, double> readings;
  // Whom it is about (OPERATOR_*, ESD); empty = the station.
  std::string person;
  std::string evidence;
};

// A condition as it is kept.
struct StationCondition {
  int32_t station_id = 0;  // 0 = about a person, wherever
  ConditionReport report;
  Time occur_time{};
  int32_t reporting_station = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
};

// What the plant's rules say of a kind.
struct ConditionRule {
  ConditionKind kind;
  Interlock interlock;
  Reason reason;
  // About a person rather than the station.
  bool personal;
  // The longest that one report may be good for; the server cuts what is longer.
  int64_t longest_validity_seconds;
  // The readings it needs, and what makes them in order, for a sentence.
  std::string_view readings;
  std::string_view limit;
};

const ConditionRule& RuleOf(ConditionKind kind);
// The rule behind an interlock; null when it reads no condition.
const ConditionRule* RuleOf(Interlock interlock);

// Checks a report and settles it: cuts the validity, judges the readings (a bad reading makes it not in order, whatever the station
// says). Errors: FIELD_REQUIRED, FIELD_INVALID with the field named.
Result<ConditionReport> Settle(ConditionReport report, Time occur_time);

}  // namespace mes::domain
