// mesctl failure-code, ncr, pareto and replay against the real server with the reference plant.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <fstream>

#include "mes/v1/product_definition.pb.h"
#include "mes/v1/replay.pb.h"
#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes {
namespace {

using google::protobuf::util::TimeUtil;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct MesctlNonconformance : testing::Test {
  tests::TestDatabase database;
  const std::string address = "127.0.0.1:" + std::to_string(tests::FreePort());
  tests::RunningProgram server{MES_BINARY_FOLDER "/bin/mesd", {"serve", "--database", database.url(), "--listen", address}};
  const google::protobuf::Timestamp now = TimeUtil::GetCurrentTime();

  void SetUp() override {
    ASSERT_EQ(Mesctl({"health", "--wait", "50"}).code, 0);
    ASSERT_EQ(Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"}).code, 0);
  }
  tests::Outcome Mesctl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--server", address});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments, input);
  }
  std::string File(const std::string& content) {
    const std::string path = testing::TempDir() + "rules.json";
    std::ofstream(path) << content;
    return path;
  }
};

TEST_F(MesctlNonconformance, PutsAPolicyInForceAndSaysWhatIsWrongWithOne) {
  const std::vector<std::string> leak = {"failure-code",
                                         "put",
                                         "LEAK",
                                         "--product",
                                         "BPP-M",
                                         "--operation",
                                         "50",
                                         "--severity",
                                         "major",
                                         "--opens-ncr",
                                         "--repair-limit",
                                         "1",
                                         "--reason",
                                         "8D 17",
                                         "--person",
                                         "li.wei",
                                         "--needs-disposition"};
  const auto put = Mesctl(leak);
  EXPECT_EQ(put.code, 0) << put.err;
  EXPECT_THAT(put.out, HasSubstr("disposition, at most 1 repairs, report"));
  auto late = leak;
  late.insert(late.end(), {"--route", "60"});
  const auto refused = Mesctl(late);
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(StartsWith("mesctl: FIELD_INVALID: "), HasSubstr("field=failure_code.route")));
  EXPECT_THAT(Mesctl({"failure-code", "list"}).out, AllOf(HasSubstr("LEAK"), HasSubstr("BPP-M 50")));
  EXPECT_EQ(Mesctl({"failure-code", "put", "LEAK", "--product", "BPP-M", "--operation", "50", "--withdraw", "--reason", "mended",
                    "--person", "li.wei"})
                .code,
            0);
  EXPECT_EQ(Mesctl({"failure-code", "list"}).out, "none\n");
  EXPECT_THAT(Mesctl({"failure-code", "list", "--history"}).out, HasSubstr("withdrawn"));
}

TEST_F(MesctlNonconformance, AReportOfABoughtStackGoesToItsEnd) {
  ASSERT_EQ(
      Mesctl({"unit", "receive", "STK-148", "STK-N", "--supplier", "SinoStack", "--passport", "P-1", "--goods-in-passed"}).code,
      0);
  const auto opened =
      Mesctl({"ncr", "open", "STK-N", "--severity", "major", "--description", "end plate bent", "--person", "li.wei"});
  EXPECT_EQ(opened.code, 0) << opened.err;
  EXPECT_THAT(opened.out, AllOf(HasSubstr("open"), HasSubstr("end plate bent"), HasSubstr("STK-148")));
  const std::string due = TimeUtil::ToString(now + TimeUtil::HoursToDuration(48));
  const auto move = [&](std::vector<std::string> more, const std::string& person = "li.wei") {
    std::vector<std::string> arguments = {"ncr", "move", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--person", person, "--role", "quality"});
    const auto outcome = Mesctl(arguments);
    return outcome.code == 0 ? std::string("OK") : outcome.err.substr(0, outcome.err.find(": ", 8));
  };
  EXPECT_EQ(move({"contain"}), "mesctl: FIELD_REQUIRED");
  EXPECT_EQ(move({"contain", "--containment", "put aside"}), "OK");
  EXPECT_EQ(move({"analyse", "--why", "dropped", "--why", "no hook", "--cause", "method"}), "OK");
  EXPECT_EQ(move({"act", "--corrective", "hook", "--corrective-owner", "li.wei", "--corrective-due", due, "--preventive", "check",
                  "--preventive-owner", "he", "--preventive-due", due}),
            "OK");
  EXPECT_EQ(move({"verify", "--verification", "10 lifts", "--evidence", "report 7"}), "mesctl: FIELD_INVALID")
      << "li.wei owns an action";
  EXPECT_EQ(move({"verify", "--verification", "10 lifts", "--evidence", "report 7"}, "wu.ying"), "OK");
  EXPECT_EQ(move({"close"}), "mesctl: NCR_UNITS_OPEN");
  const auto disposed =
      Mesctl({"ncr", "dispose", "1", "return-to-supplier", "--reason", "bent", "--person", "wu.ying", "--role", "quality"});
  EXPECT_EQ(disposed.code, 0) << disposed.err;
  EXPECT_EQ(disposed.out, "1 decided: return-to-supplier; open on report 1: 0\n");
  EXPECT_EQ(move({"close"}), "OK");
  EXPECT_THAT(Mesctl({"ncr", "show", "1"}).out,
              AllOf(HasSubstr("closed"), HasSubstr("no hook"), HasSubstr("return-to-supplier")));
  EXPECT_THAT(Mesctl({"ncr", "list", "--state", "closed", "--unit", "STK-N"}).out, HasSubstr("end plate bent"));
  EXPECT_THAT(Mesctl({"unit", "show", "STK-N"}).out, HasSubstr("shipped"));
}

TEST_F(MesctlNonconformance, ReplaysAndShowsAParetoAlsoBeforeAnythingRan) {
  const std::string from = TimeUtil::ToString(now - TimeUtil::HoursToDuration(1));
  const auto nothing = Mesctl({"replay", "--from", from, "--rules", File("{}")});
  EXPECT_EQ(nothing.code, 0) << nothing.err;
  EXPECT_THAT(nothing.out, AllOf(StartsWith("none\n"), HasSubstr("0 units, 0 events")));
  const auto json = Mesctl({"--json", "replay", "--from", from, "--rules", File("{}")});
  v1::ReplayResponse answer;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json.out, &answer).ok()) << json.out;
  EXPECT_TRUE(answer.summary().complete());
  const auto wrong =
      Mesctl({"replay", "--from", from, "--rules", File(R"({"products": [{"product": "BPP-M", "limits": [{"operation": 50,
      "characteristic": "NONE", "upper": 1}]}]})")});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err,
              AllOf(StartsWith("mesctl: REPLAY_RULES_INVALID: "), HasSubstr("field=/products/0/limits/0/characteristic")));
  EXPECT_EQ(Mesctl({"replay", "--from", from, "--rules", "no-such-file"}).code, 2);
  EXPECT_EQ(Mesctl({"replay", "--from", "yesterday", "--rules", File("{}")}).code, 2);
  EXPECT_EQ(Mesctl({"pareto", "--from", "2026-11-01", "--until", "2026-11-30", "--by", "station"}).out, "none\n");
  EXPECT_EQ(Mesctl({"pareto", "--from", "2026-11-31", "--until", "2026-11-30"}).code, 1);
}

}  // namespace
}  // namespace mes
