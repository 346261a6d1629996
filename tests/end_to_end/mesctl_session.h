// mesctl against a real server with the reference plant: one server for the tests of a suite.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes::tests {

class MesctlSession : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database = std::make_unique<TestDatabase>();
    address = "127.0.0.1:" + std::to_string(FreePort());
    server = std::make_unique<RunningProgram>(
        MES_BINARY_FOLDER "/bin/mesd", std::vector<std::string>{"serve", "--database", database->url(), "--listen", address});
    ASSERT_EQ(Mesctl({"health", "--wait", "50"}).code, 0);
    ASSERT_EQ(Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"}).code, 0);
  }
  static void TearDownTestSuite() {
    server.reset();
    database.reset();
  }
  static Outcome Mesctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", address});
    return RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments);
  }
  // What the command says; it must succeed.
  static std::string Said(const std::vector<std::string>& arguments) {
    const Outcome outcome = Mesctl(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
  static std::string Refused(const std::vector<std::string>& arguments, int code = 1) {
    const Outcome outcome = Mesctl(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.out;
    return outcome.err;
  }
  static std::string Temporary(const std::string& name) {
    return (std::filesystem::temp_directory_path() / ("mes-" + std::to_string(getpid()) + "-" + name)).string();
  }
  static std::string ReadAway(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    std::filesystem::remove(path);
    return text.str();
  }

  static inline std::unique_ptr<TestDatabase> database;
  static inline std::unique_ptr<RunningProgram> server;
  static inline std::string address;
};

}  // namespace mes::tests
