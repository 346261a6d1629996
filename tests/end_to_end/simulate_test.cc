// The simulator against the real server: its books agree, the same seed tells the same story, a killed run is picked up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

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

TEST(SimulateEndToEnd, OtherOptionsUnderTheSameSeedAreRefused) {
  const Simulation simulation;
  ASSERT_EQ(simulation.Run("5").code, 0);
  const Outcome outcome = simulation.Run("5", "2");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("REQUEST_ID_REUSED"));
}

}  // namespace
}  // namespace mes::tests
