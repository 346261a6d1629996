// `mesctl spc` against the real server: charts from recorded events, limits, a drift that alarms, and how it reads in 80 columns.
#include <cmath>

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "mes/v1/product_definition.pb.h"
#include "mes/v1/spc.pb.h"
#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes {
namespace {

using google::protobuf::util::TimeUtil;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kStation[] = "STK-148.1.SKIT.1";

struct MesctlSpcTest : testing::Test {
  tests::TestDatabase database;
  const std::string address = "127.0.0.1:" + std::to_string(tests::FreePort());
  tests::RunningProgram server{MES_BINARY_FOLDER "/bin/mesd", {"serve", "--database", database.url(), "--listen", address}};
  const google::protobuf::Timestamp begin = TimeUtil::GetCurrentTime() - TimeUtil::HoursToDuration(10);
  std::string recipe;
  int units = 0;

  tests::Outcome Mesctl(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {"--server", address});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments, input);
  }
  void SetUp() override {
    ASSERT_EQ(Mesctl({"health", "--wait", "50"}).code, 0);
    ASSERT_EQ(Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"}).code, 0);
    ASSERT_EQ(Mesctl({"order", "create", "WO-SPC", "--product", "STK-148", "--quantity", "1000"}).code, 0);
    ASSERT_EQ(Mesctl({"order", "release", "WO-SPC"}).code, 0);
    const auto shown = Mesctl({"plant", "show", "STK-148", "--json"});
    v1::GetProductResponse definition;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(shown.out, &definition).ok()) << shown.out;
    recipe = definition.product().operations(0).recipe_checksum();
  }
  // Units at kStation, one a second, with this thickness and a little more or less.
  void Run(int count, double thickness) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      const std::string time = TimeUtil::ToString(begin + TimeUtil::SecondsToDuration(++units));
      const std::string head = R"({"occur_time": ")" + time + R"(", "unit_code": "S)" + std::to_string(units) + R"(", )";
      const double value = thickness + 0.1 * std::sin(units * 2.4) + 0.07 * std::cos(units * 5.1);
      lines += head + R"("started": {"work_order_code": "WO-SPC", "recipe_checksum": ")" + recipe + "\"}}\n";
      lines += head + R"("completed": {"judgement": "JUDGEMENT_PASS", "values": [{"characteristic_code": "K_THK", "values": [)" +
               std::to_string(value) + "]}]}}\n";
    }
    const auto recorded = Mesctl({"record", "--station", kStation, "--epoch", "1"}, lines);
    ASSERT_EQ(recorded.code, 0) << recorded.out << recorded.err;
  }
};

size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

TEST_F(MesctlSpcTest, ShowsADriftFromTheFirstPointToTheAcknowledgement) {
  EXPECT_THAT(Mesctl({"spc", "chart", kStation, "K_THK"}).err, StartsWith("mesctl: CHART_UNKNOWN: "));
  Run(150, 0);
  const std::string from = TimeUtil::ToString(begin);
  const auto silent = Mesctl({"spc", "chart", kStation, "K_THK"});
  EXPECT_THAT(silent.out, AllOf(HasSubstr("X-bar/R of 5"), HasSubstr("no limits are frozen")));
  const auto few = Mesctl({"spc", "freeze", kStation, "K_THK", "--from", from, "--until",
                           TimeUtil::ToString(begin + TimeUtil::SecondsToDuration(30)), "--reason", "try", "--person", "li.wei"});
  EXPECT_EQ(few.code, 1);
  EXPECT_THAT(few.err, StartsWith("mesctl: BASELINE_UNFIT: "));
  const auto frozen = Mesctl({"spc", "freeze", kStation, "K_THK", "--from", from, "--reason", "qualified", "--person", "li.wei"});
  ASSERT_EQ(frozen.code, 0) << frozen.err;
  EXPECT_THAT(frozen.out, AllOf(HasSubstr("30 points"), HasSubstr("li.wei")));
  Run(25, 0);
  Run(10, 0.6);
  const auto chart = Mesctl({"spc", "chart", kStation, "K_THK"});
  EXPECT_THAT(chart.out, AllOf(HasSubstr("UCL"), HasSubstr("LCL"), HasSubstr("CL "), HasSubstr("X"), HasSubstr("NELSON1 above"),
                               HasSubstr("1 open alarms")));
  EXPECT_LE(WidestLine(chart.out), 80u) << chart.out;
  EXPECT_LE(WidestLine(frozen.out), 80u) << frozen.out;
  const auto alarms = Mesctl({"spc", "alarms"});
  EXPECT_THAT(alarms.out, AllOf(HasSubstr("K_THK"), HasSubstr("NELSON1")));
  EXPECT_LE(WidestLine(alarms.out), 80u) << alarms.out;
  ASSERT_EQ(Mesctl({"spc", "ack", "1", "--reason", "shim changed", "--person", "li.wei"}).code, 0);
  EXPECT_THAT(Mesctl({"spc", "alarms"}).out, HasSubstr("none"));
  EXPECT_THAT(Mesctl({"spc", "alarms", "--all"}).out, HasSubstr("li.wei"));
  EXPECT_THAT(Mesctl({"spc", "ack", "1", "--reason", "again", "--person", "li.wei"}).err, StartsWith("mesctl: CHART_ALARM_ACKNOWLEDGED: "));
  const auto capability = Mesctl({"spc", "capability", kStation, "K_THK"});
  EXPECT_THAT(capability.out, AllOf(HasSubstr("official"), HasSubstr("Cp, Cpk")));
  EXPECT_THAT(Mesctl({"spc", "capability", kStation, "K_THK", "--percentiles"}).out, HasSubstr("median"));
  const auto list = Mesctl({"spc", "list", "--product", "STK-148"});
  EXPECT_THAT(list.out, AllOf(HasSubstr(kStation), HasSubstr("v1")));
  EXPECT_LE(WidestLine(list.out), 80u) << list.out;
  EXPECT_THAT(Mesctl({"spc", "limits", kStation, "K_THK"}).out, HasSubstr("qualified"));
  EXPECT_THAT(Mesctl({"spc", "chart", kStation, "K_THK", "--json"}).out, StartsWith("{"));
}

TEST_F(MesctlSpcTest, DecidesRulesAndRefusesContradictions) {
  const auto defined = Mesctl({"spc", "define", "--class", "SC", "--rules", "WE1,WE2,WE3,WE4", "--reason", "audit", "--person", "li.wei"});
  ASSERT_EQ(defined.code, 0) << defined.err;
  EXPECT_THAT(Mesctl({"spc", "definitions"}).out, AllOf(HasSubstr("SC"), HasSubstr("WE1, WE2, WE3, WE4")));
  const auto twice = Mesctl({"spc", "define", "--class", "SC", "--rules", "WE1,NELSON1", "--reason", "audit", "--person", "li.wei"});
  EXPECT_EQ(twice.code, 1);
  EXPECT_THAT(twice.err, AllOf(StartsWith("mesctl: FIELD_INVALID: "), HasSubstr("field=definition.rules[1]")));
}

}  // namespace
}  // namespace mes
