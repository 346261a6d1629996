// The simulator against the real server: its books agree, the same seed tells the same story, a killed run is picked up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include <nlohmann/json.hpp>

#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes::tests {
namespace {

using testing::HasSubstr;

constexpr const char* kAgree = "the server's books agree";

// A server of its own on an empty database.
struct Simulation {
  TestDatabase database;
  int port = FreePort();
  RunningProgram server{
      MES_BINARY_FOLDER "/bin/mesd",
      {"serve", "--database", database.url(), "--listen", "127.0.0.1:" + std::to_string(port), "--log-level", "warn"}};

  Simulation() {
    for (int i = 0; i < 100; ++i) {
      if (RunProgram(MES_BINARY_FOLDER "/bin/mesctl", {"--server", Address(), "health"}).code == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    ADD_FAILURE() << "mesd did not become healthy";
  }
  std::string Address() const { return "127.0.0.1:" + std::to_string(port); }
  std::vector<std::string> Arguments(const std::string& seed, const std::string& cars = "1") const {
    return {"--server", Address(), "simulate", "--plant", MES_SOURCE_FOLDER "/deploy/plant", "--seed", seed, "--cars", cars,
            "--trucks", "0",       "--stacks", "0"};
  }
  Outcome Run(const std::string& seed, const std::string& cars = "1") const {
    return RunProgram(MES_BINARY_FOLDER "/bin/mesctl", Arguments(seed, cars));
  }
};

TEST(SimulateEndToEnd, EndsEqualToTheServerAlsoWhenRunAgainAndWithASecondSeed) {
  const Simulation simulation;
  const Outcome first = simulation.Run("1");
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr(kAgree));
  const Outcome again = simulation.Run("1");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, first.out);
  const Outcome other = simulation.Run("2");
  EXPECT_EQ(other.code, 0) << other.out << other.err;
  EXPECT_THAT(other.out, HasSubstr(kAgree));
}

TEST(SimulateEndToEnd, KilledInTheMiddleItIsPickedUpAndEndsTheSame) {
  const Simulation broken;
  std::vector<std::string> arguments = broken.Arguments("3");
  arguments.insert(arguments.begin(), {"-s", "KILL", "1", MES_BINARY_FOLDER "/bin/mesctl"});
  RunProgram("/usr/bin/timeout", arguments);
  const Outcome resumed = broken.Run("3");
  ASSERT_EQ(resumed.code, 0) << resumed.out << resumed.err;
  const Simulation whole;
  EXPECT_EQ(resumed.out, whole.Run("3").out);
}

TEST(SimulateEndToEnd, ADifferenceInTheBooksIsToldAndIsAnErrorExit) {
  Simulation simulation;
  ASSERT_EQ(simulation.Run("4").code, 0);
  simulation.database.Query(
      "update operation_yield set first_passes = first_passes - 1 where operation = 330 and first_passes > 1");
  const Outcome outcome = simulation.Run("4");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("DIFFERENT S4-VEH-CAR-BEV CELL-LFP-173 SORT first passes: planned"));
}

// The story itself compares the held units with its own record and ends with 1 on any difference.
TEST(SimulateEndToEnd, ADriftIsStoppedItsSuspectsAreHeldAndBothAreLetGo) {
  const Simulation simulation;
  const auto drift = [&](const std::string& seed) {
    return RunProgram(MES_BINARY_FOLDER "/bin/mesctl", {"--server", simulation.Address(), "simulate", "--plant",
                                                        MES_SOURCE_FOLDER "/deploy/plant", "--seed", seed, "--drift"});
  };
  const Outcome told = drift("9");
  ASSERT_EQ(told.code, 0) << told.out << told.err;
  EXPECT_THAT(told.out, HasSubstr("[RULE_STOP]"));
  EXPECT_THAT(told.out, HasSubstr("stops BPP-M.1.LWELD.2: SPC_R1: "));
  EXPECT_THAT(told.out, HasSubstr("refuses each of them with NOT_BLOCKED, and none of the other"));
  EXPECT_THAT(told.out, HasSubstr("may not release it: ROLE_INSUFFICIENT"));
  EXPECT_THAT(told.out, HasSubstr("and nothing besides"));
  EXPECT_EQ(drift("9").code, 2) << "told already";
}

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What the story knows of its lots was never told by the server: both must name the same vehicles, all of them and none besides.
TEST(SimulateEndToEnd, ARecallFindsExactlyTheVehiclesOnTheStorysOwnRecord) {
  const Simulation simulation;
  const std::string record = testing::TempDir() + "record.json", report = testing::TempDir() + "recall.md";
  std::vector<std::string> arguments = simulation.Arguments("6", "2");
  arguments.insert(arguments.end(), {"--record", record});
  const Outcome told = RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments);
  ASSERT_EQ(told.code, 0) << told.out << told.err;
  const nlohmann::json lots = nlohmann::json::parse(FileText(record))["lots"];
  ASSERT_FALSE(lots.empty());

  const auto drill = [&](const std::string& lot, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"--server", simulation.Address(), "--json", "drill", "recall", "--lot", lot};
    words.insert(words.end(), more.begin(), more.end());
    return RunProgram(MES_BINARY_FOLDER "/bin/mesctl", words);
  };
  // Of each kind of reach the first few: a powder lot in all vehicles and in some, one in cells that went into no vehicle, one in nothing.
  std::map<std::string, int> drilled;
  for (const nlohmann::json& lot : lots) {
    const size_t vehicles = lot["vehicles"].empty() ? 0 : lot["vehicles"].begin()->size();
    const bool powder = lot["material"] == "RM-LFP" || lot["material"] == "RM-GRA";
    const std::string kind = vehicles > 0 ? (powder ? "powder in " : "other in ") + std::to_string(vehicles)
                             : lot["went_into"].empty() ? "nowhere"
                                                        : "in no vehicle";
    if (++drilled[kind] > 3) continue;
    const std::string code = lot["lot"];
    const Outcome found = drill(code, {"--record", record, "--report", report});
    EXPECT_EQ(found.code, 0) << code << " " << kind << ": " << found.err;
    const nlohmann::json answer = nlohmann::json::parse(found.out);
    EXPECT_EQ(answer["vehicles_by_product"], lot["vehicles"]) << code << " " << kind;
    EXPECT_EQ(answer["recorded_vehicles"], vehicles);
    const std::string text = FileText(report);
    for (const auto& [product, codes] : lot["vehicles"].items()) {
      for (const std::string vehicle : codes) EXPECT_THAT(text, HasSubstr("- " + vehicle + "\n"));
    }
    EXPECT_THAT(text, HasSubstr("| found of the vehicles on record | " + std::to_string(vehicles) + " of " + std::to_string(vehicles)));
  }
  EXPECT_GT(drilled["powder in 2"] + drilled["powder in 1"], 0);
  EXPECT_GT(drilled["other in 1"], 0) << "something that is in one vehicle and not in the other";
  EXPECT_GT(drilled["in no vehicle"], 0);
  EXPECT_GT(drilled["nowhere"], 0);

  // A record that says otherwise is told.
  const nlohmann::json& lot = *std::find_if(lots.begin(), lots.end(), [](const auto& of) { return !of["vehicles"].empty(); });
  nlohmann::json wrong = lot;
  const std::string product = lot["vehicles"].begin().key();
  wrong["vehicles"][product] = {"NO-SUCH-CAR"};
  std::ofstream(record) << nlohmann::json{{"lots", {wrong}}};
  const Outcome differs = drill(lot["lot"], {"--record", record});
  EXPECT_EQ(differs.code, 1);
  EXPECT_THAT(differs.err, HasSubstr("the vehicles are not those on record"));
  EXPECT_EQ(nlohmann::json::parse(differs.out)["missing"], nlohmann::json({product + " NO-SUCH-CAR"}));
  EXPECT_EQ(nlohmann::json::parse(differs.out)["besides"].size(), lot["vehicles"].begin()->size());
  EXPECT_EQ(drill("NO-SUCH-LOT", {"--record", record}).code, 2) << "not on record";
  std::ofstream(record) << "not a record";
  EXPECT_EQ(drill(lot["lot"], {"--record", record}).code, 2);
}

TEST(SimulateEndToEnd, OtherOptionsUnderTheSameSeedAreRefused) {
  const Simulation simulation;
  ASSERT_EQ(simulation.Run("5").code, 0);
  const Outcome outcome = simulation.Run("5", "2");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("REQUEST_ID_REUSED"));
}

}  // namespace
}  // namespace mes::tests
