#include "domain/start_permit.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

constexpr Time kIssue = Time(Duration(1'790'000'000'000'000));
constexpr Time kExpire = kIssue + std::chrono::minutes(5);

Started Shown(const std::function<void(StartPermit&)>& change = [](StartPermit&) {}) {
  Started start;
  start.permit = StartPermit{true, "P1", "PACK.1.KIT.1", 10, 7, kIssue, kExpire};
  change(*start.permit);
  return start;
}

std::string Told(const Started& start, Time time = kIssue + std::chrono::minutes(1)) {
  Station station;
  station.code = "PACK.1.KIT.1";
  std::vector<Refusal> refusals;
  JudgePermit(start, station, "P1", 10, 7, time, refusals);
  return refusals.empty() ? "go" : std::string(NameOf(refusals[0].reason));
}

TEST(StartPermit, ItIsGoodForItsUnitOperationStationAndRevisionOnly) {
  EXPECT_EQ(Told(Shown()), "go");
  EXPECT_EQ(Told(Started{}), "go");
  EXPECT_EQ(Told(Shown([](StartPermit& p) { p.unit_code = "P2"; })), "PERMIT_INVALID");
  EXPECT_EQ(Told(Shown([](StartPermit& p) { p.station_code = "PACK.1.KIT.2"; })), "PERMIT_INVALID");
  EXPECT_EQ(Told(Shown([](StartPermit& p) { p.operation = 20; })), "PERMIT_INVALID");
  EXPECT_EQ(Told(Shown([](StartPermit& p) { p.revision_id = 8; })), "PERMIT_INVALID");
  EXPECT_EQ(Told(Shown([](StartPermit& p) { p.genuine = false; })), "PERMIT_INVALID");
}

TEST(StartPermit, ItIsGoodFromItsIssueToItsExpiryOnTheStationsClock) {
  EXPECT_EQ(Told(Shown(), kExpire), "go");
  EXPECT_EQ(Told(Shown(), kExpire + Duration(1)), "PERMIT_EXPIRED");
  // The station's clock may be behind the server's by as much as it may be ahead.
  EXPECT_EQ(Told(Shown(), kIssue - std::chrono::minutes(5)), "go");
  EXPECT_EQ(Told(Shown(), kIssue - std::chrono::minutes(5) - Duration(1)), "PERMIT_INVALID");
}

RC_GTEST_PROP(StartPermit, ItsTextIsReadBackAndNothingElseIs,
              (int16_t operation, int32_t revision, int32_t issue, int32_t life)) {
  const auto code = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>('!', '~')));
  const StartPermit permit{false, code, "S" + code, operation, revision, FromMicros(issue), FromMicros(int64_t{issue} + life)};
  const std::string text = PermitText(permit);
  const auto read = ParsePermitText(text);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->unit_code == permit.unit_code && read->station_code == permit.station_code && read->operation == operation);
  RC_ASSERT(read->revision_id == revision && read->issue_time == permit.issue_time && read->expire_time == permit.expire_time);
  RC_ASSERT(!ParsePermitText(text + " 1") && !ParsePermitText(text.substr(0, text.rfind(' '))) &&
            !ParsePermitText("2" + text.substr(1)));
}

}  // namespace
}  // namespace mes::domain
