// The programs with TLS, as deploy/up uses them: deploy/certs makes certificates, mesd admits `service/office`, and mesctl speaks for
// whoever's certificate it shows. One server for the tests of a suite.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes::tests {

inline constexpr char kMesd[] = MES_BINARY_FOLDER "/bin/mesd";
inline constexpr char kCerts[] = MES_SOURCE_FOLDER "/deploy/certs";

class MesctlTlsSession : public testing::Test {
 protected:
  // Certificates for the office and for these names; the office is let in with these roles.
  static void Serve(const std::vector<std::string>& names, const std::vector<std::string>& roles) {
    folder = (std::filesystem::temp_directory_path() / ("mes-access-" + std::to_string(getpid()))).string();
    std::vector<std::string> certs{folder, "--name", "service/office"};
    for (const std::string& name : names) certs.insert(certs.end(), {"--name", name});
    const Outcome made = RunProgram(kCerts, certs);
    ASSERT_EQ(made.code, 0) << made.err;
    database = std::make_unique<TestDatabase>();
    std::vector<std::string> admit{"admit", "ordos://ordos/service/office", "--database", database->url()};
    for (const std::string& role : roles) admit.insert(admit.end(), {"--role", role});
    const Outcome admitted = RunProgram(kMesd, admit);
    ASSERT_EQ(admitted.code, 0) << admitted.err;
    address = "127.0.0.1:" + std::to_string(FreePort());
    setenv("MES_INSECURE", "0", 1);
    server = std::make_unique<RunningProgram>(
        kMesd, std::vector<std::string>{"serve", "--database", database->url(), "--listen", address, "--tls-cert", folder + "/server.pem",
                                        "--tls-key", folder + "/server.key", "--tls-ca", folder + "/ca.pem", "--key-secret-file",
                                        folder + "/key.secret"});
    unsetenv("MES_INSECURE");
    ASSERT_EQ(As("service-office", {"health", "--wait", "50"}).code, 0);
  }
  static void TearDownTestSuite() {
    server.reset();
    database.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  static Outcome Mesctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", address, "--deadline", "20"});
    return RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments);
  }
  // Shows that certificate.
  static Outcome As(const std::string& who, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--ca", folder + "/ca.pem", "--cert", folder + "/" + who + ".pem", "--key", folder + "/" + who + ".key"});
    return Mesctl(std::move(arguments));
  }
  static std::string Said(const Outcome& outcome) {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
  static std::string Write(const std::string& name, const std::string& content) {
    std::ofstream(folder + "/" + name) << content;
    return folder + "/" + name;
  }

  static inline std::string folder, address;
  static inline std::unique_ptr<TestDatabase> database;
  static inline std::unique_ptr<RunningProgram> server;
};

}  // namespace mes::tests
