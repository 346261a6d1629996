// The planner at the command line, against the real server with the reference plant: the whole question by one command, the
// plan's files in and out, and other people's readers over what was written.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <fstream>

#include "mes/v1/plan.pb.h"
#include "mes/v1/schedule.pb.h"
#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class MesctlPlanTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database = std::make_unique<tests::TestDatabase>();
    address = "127.0.0.1:" + std::to_string(tests::FreePort());
    server = std::make_unique<tests::RunningProgram>(
        MES_BINARY_FOLDER "/bin/mesd", std::vector<std::string>{"serve", "--database", database->url(), "--listen", address});
    ASSERT_EQ(Mesctl({"health", "--wait", "50"}).code, 0);
    const auto loaded = Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"});
    ASSERT_EQ(loaded.code, 0) << loaded.out << loaded.err;
  }
  static void TearDownTestSuite() {
    server.reset();
    database.reset();
  }
  static tests::Outcome Mesctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", address});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments, "");
  }
  template <class Message>
  static Message Json(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const auto outcome = Mesctl(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    Message message;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &message).ok()) << outcome.out;
    return message;
  }
  // 30 September of next year, as the planner asks.
  static std::string NextSeptember() {
    const std::time_t now = std::time(nullptr);
    return std::to_string(std::gmtime(&now)->tm_year + 1901) + "-09-30";
  }
  static std::string ThisYear() {
    const std::time_t now = std::time(nullptr);
    return std::to_string(std::gmtime(&now)->tm_year + 1900);
  }
  static size_t LongestLine(const std::string& text) {
    size_t longest = 0, line = 0;
    for (const char c : text) {
      line = c == '\n' ? 0 : line + 1;
      longest = std::max(longest, line);
    }
    return longest;
  }
  static std::string Write(const std::string& name, const std::string& content) {
    const std::string path = testing::TempDir() + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  static std::string Python(const std::string& script, const std::string& file) {
    const auto outcome = tests::RunProgram("/usr/bin/python3", {"-c", script, file}, "");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }

  static std::unique_ptr<tests::TestDatabase> database;
  static std::unique_ptr<tests::RunningProgram> server;
  static std::string address;
};

std::unique_ptr<tests::TestDatabase> MesctlPlanTest::database;
std::unique_ptr<tests::RunningProgram> MesctlPlanTest::server;
std::string MesctlPlanTest::address;

TEST_F(MesctlPlanTest, CanWeTake500MoreTrucksAndWhatBreaksIsOneCommand) {
  const std::string by = NextSeptember();
  const auto yes = Mesctl({"capacity", "whatif", "--add", "VEH-TRK-BEV=500", "--by", by});
  EXPECT_EQ(yes.code, 0) << yes.out << yes.err;
  EXPECT_THAT(yes.out, AllOf(StartsWith("yes: "), HasSubstr("BSYS-TRK-423"), HasSubstr("CELL-LFP-228"),
                             HasSubstr("Line groups until " + by)));
  EXPECT_LE(LongestLine(yes.out), 80U) << yes.out;
  const auto no = Mesctl({"capacity", "whatif", "--add", "VEH-TRK-BEV=50000", "--by", by});
  EXPECT_EQ(no.code, 3) << no.out << no.err;
  EXPECT_THAT(no.out, AllOf(StartsWith("no: "), HasSubstr("over 100 %"), HasSubstr("VEH-TRK-BEV")));
  EXPECT_LE(LongestLine(no.out), 80U) << no.out;
  const auto answer = Json<v1::WhatIfResponse>({"capacity", "whatif", "--add", "VEH-TRK-BEV=500", "--by", by});
  EXPECT_TRUE(answer.feasible());
  EXPECT_EQ(answer.until_day(), by);
}

TEST_F(MesctlPlanTest, EveryKindOfChangeCanBeAsked) {
  EXPECT_EQ(Mesctl({"order", "create", "WO-W", "--product", "BSYS-TRK-423", "--quantity", "20"}).code, 0);
  const auto outcome = Mesctl({"capacity", "whatif", "--lines", "PACK-TRK-70=1", "--shift", "STK-148=2", "--days-off",
                               "--shutdown", "PACK-TRK-70=" + NextSeptember() + ".." + NextSeptember(), "--yield",
                               "MOD-TRK-24S=0.9", "--supply", "STK-148=400@" + NextSeptember(), "--cancel", "WO-W"});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("not made"));
  EXPECT_EQ(Json<v1::ScheduleResponse>({"capacity", "schedule"}).orders_total(), 1) << "nothing was stored";
  const auto wrong = Mesctl({"capacity", "whatif", "--add", "NO-SUCH=1"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, AllOf(StartsWith("mesctl: PRODUCT_UNKNOWN: "), HasSubstr("field=changes[0].product_code")));
  EXPECT_THAT(Mesctl({"capacity", "whatif"}).err, StartsWith("mesctl: FIELD_REQUIRED: "));
  EXPECT_EQ(Mesctl({"capacity", "whatif", "--add", "VEH-TRK-BEV"}).code, 2);
}

TEST_F(MesctlPlanTest, SchedulesPromisesAndForecastsInTables) {
  EXPECT_EQ(Mesctl({"order", "create", "WO-S", "--product", "BSYS-TRK-282", "--quantity", "20"}).code, 0);
  const auto schedule = Mesctl({"capacity", "schedule", "--days", "--bought-after", "0"});
  EXPECT_EQ(schedule.code, 0) << schedule.err;
  EXPECT_THAT(schedule.out, AllOf(HasSubstr("WO-S"), HasSubstr("LINE GROUP")));
  EXPECT_LE(LongestLine(schedule.out), 80U) << schedule.out;
  const auto late = Mesctl({"capacity", "promise", "FCS-240", "20"});
  EXPECT_THAT(late.out, HasSubstr("(no supply announced)")) << "nobody told of the bought parts";
  EXPECT_LE(LongestLine(late.out), 80U) << late.out;
  const auto promise = Mesctl({"capacity", "promise", "FCS-240", "20", "--bought-after", "0"});
  EXPECT_EQ(promise.code, 0) << promise.err;
  EXPECT_THAT(promise.out, AllOf(StartsWith("promise "), HasSubstr("binding "), HasSubstr("STK-148")));
  EXPECT_LE(LongestLine(promise.out), 80U) << promise.out;
  EXPECT_EQ(Mesctl({"capacity", "promise", "VEH-TRK-BEV", "5000", "--by", ThisYear() + "-12-31"}).code, 3);
  const auto forecast = Mesctl({"capacity", "forecast", "--runs", "100", "--seed", "18446744073709551615"});
  EXPECT_EQ(forecast.code, 0) << forecast.err;
  EXPECT_THAT(forecast.out, AllOf(HasSubstr("seed 18446744073709551615"), HasSubstr("P50"), HasSubstr("STK-148")));
  EXPECT_EQ(Mesctl({"capacity", "forecast", "--runs", "100", "--seed", "18446744073709551615"}).out, forecast.out);
}

TEST_F(MesctlPlanTest, TakesAPlanShowsItAndGivesItOutToOtherReaders) {
  const std::string year = ThisYear();
  const std::string bad =
      Write("plan_bad.csv", "month,product,quantity\n" + year + "-01,PACK-TRK-70,9575\n" + year + "-13,PACK-TRK-70,1.5\n");
  const auto refused = Mesctl({"capacity", "plan", "import", bad, "--person", "li.wei"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("3  month"), HasSubstr("2 faults, nothing was stored")));

  const std::string good =
      Write("plan_good.csv", "month,product,quantity\n" + year + "-01,PACK-TRK-70,9575\n" + year + "-02,STK-148,355\n");
  EXPECT_THAT(Mesctl({"capacity", "plan", "import", good, "--person", "li.wei", "--check"}).out, HasSubstr("nothing was stored"));
  const auto taken = Mesctl({"capacity", "plan", "import", good, "--person", "li.wei"});
  EXPECT_EQ(taken.code, 0) << taken.err;
  EXPECT_EQ(taken.out, "version 1: 2 lines, " + year + "-01 to " + year + "-02\n");
  EXPECT_THAT(Mesctl({"capacity", "plan", "versions"}).out, AllOf(HasSubstr("li.wei"), HasSubstr("plan_good.csv")));
  const auto show = Mesctl({"capacity", "plan", "show"});
  EXPECT_THAT(show.out, AllOf(HasSubstr("PACK-TRK-70"), HasSubstr("-9575"), HasSubstr("-674840")));
  EXPECT_LE(LongestLine(show.out), 80U) << show.out;

  const std::string csv = testing::TempDir() + "plan_out.csv", xlsx = testing::TempDir() + "plan_out.xlsx";
  EXPECT_EQ(Mesctl({"capacity", "plan", "export", csv}).code, 0);
  EXPECT_EQ(Python("import csv,sys\nrows=list(csv.DictReader(open(sys.argv[1],newline='',encoding='utf-8')))\n"
                   "print(len(rows),rows[0]['product'],rows[0]['plan'],rows[0]['difference'])",
                   csv),
            "2 PACK-TRK-70 9575 -9575\n");
  EXPECT_EQ(Mesctl({"capacity", "plan", "export", xlsx}).code, 0);
  EXPECT_EQ(Python("import openpyxl,sys\nbook=openpyxl.load_workbook(sys.argv[1])\nsheet=book['months']\n"
                   "print(book.sheetnames,[c.value for c in sheet[1]][:3],sheet['B2'].value,sheet['E2'].value,sheet['G2'].value,"
                   "round(sheet['H2'].value,3),sheet['E2'].data_type,sheet['B2'].data_type)",
                   xlsx),
            "['months', 'totals'] ['month', 'product', 'family'] PACK-TRK-70 9575 -9575 674839.872 n s\n");
  const auto again = Mesctl({"capacity", "plan", "import", csv, "--person", "li.wei", "--check"});
  EXPECT_EQ(again.code, 1) << "its quantity is called plan, and actual is another thing: nobody takes one for the other";
}

}  // namespace
}  // namespace mes
