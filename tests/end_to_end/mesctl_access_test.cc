// The programs with TLS, as deploy/up uses them: deploy/certs makes certificates, mesd admits the first administrator, mesctl lets
// others in and shuts them out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/end_to_end/mesctl_tls_session.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using tests::kCerts;
using tests::kMesd;

class MesctlAccessTest : public tests::MesctlTlsSession {
 protected:
  static void SetUpTestSuite() { Serve({"station/PACK-CAR-60.1.PEOL.1"}, {"admin", "planner"}); }
};

TEST_F(MesctlAccessTest, AStationIsLetInAndShutOut) {
  const std::string name = "ordos://ordos/station/PACK-CAR-60.1.PEOL.1";
  const std::string file = "station-PACK-CAR-60.1.PEOL.1";
  EXPECT_THAT(As(file, {"access", "whoami"}).err, StartsWith("mesctl: CREDENTIAL_INVALID: "));
  EXPECT_THAT(Said(As("service-office", {"access", "register", name, "--role", "station", "--person", "li.wei"})),
              AllOf(HasSubstr("in force"), HasSubstr("station")));
  EXPECT_THAT(Said(As(file, {"access", "whoami"})), AllOf(HasSubstr(name), HasSubstr("PACK-CAR-60.1.PEOL.1")));
  EXPECT_THAT(As(file, {"access", "list"}).err, StartsWith("mesctl: PERMISSION_DENIED: "));
  EXPECT_THAT(As(file, {"can-start", "--station", "PACK-CAR-60.1.PEOL.2", "--unit", "B"}).err, StartsWith("mesctl: STATION_FOREIGN: "));
  EXPECT_THAT(Said(As("service-office", {"access", "revoke", name, "--reason", "PC stolen", "--person", "li.wei"})),
              HasSubstr("PC stolen"));
  EXPECT_THAT(As(file, {"access", "whoami"}).err, StartsWith("mesctl: CREDENTIAL_INVALID: "));
  EXPECT_THAT(Said(As("service-office", {"access", "list"})), AllOf(HasSubstr(name), HasSubstr("revoked")));
}

TEST_F(MesctlAccessTest, AKeyIsGivenOutOnceUsedAndEnded) {
  const std::string told =
      Said(As("service-office", {"--json", "key", "create", "zhao.min", "--role", "quality", "--days", "30", "--person", "li.wei"}));
  const size_t at = told.find("omk_");
  ASSERT_NE(at, std::string::npos) << told;
  const std::string secret = told.substr(at, 64), id = secret.substr(4, 16);
  const std::string file = Write("key", secret + "\n");
  EXPECT_THAT(Said(Mesctl({"--ca", folder + "/ca.pem", "--api-key-file", file, "access", "whoami"})),
              AllOf(HasSubstr("zhao.min"), HasSubstr("quality")));
  EXPECT_THAT(Mesctl({"--ca", folder + "/ca.pem", "--api-key-file", file, "key", "list"}).err, StartsWith("mesctl: PERMISSION_DENIED: "));
  EXPECT_THAT(Said(As("service-office", {"key", "list"})), AllOf(HasSubstr(id), HasSubstr("zhao.min"), Not(HasSubstr(secret))));
  EXPECT_THAT(Said(As("service-office", {"key", "revoke", id, "--reason", "left", "--person", "li.wei"})), HasSubstr("revoked"));
  EXPECT_THAT(Mesctl({"--ca", folder + "/ca.pem", "--api-key-file", file, "access", "whoami"}).err,
              StartsWith("mesctl: CREDENTIAL_INVALID: "));
  EXPECT_THAT(Mesctl({"--ca", folder + "/ca.pem", "--token-file", Write("token", "a.b.c"), "access", "whoami"}).err,
              StartsWith("mesctl: CREDENTIAL_INVALID: "));
}

TEST_F(MesctlAccessTest, NothingIsSaidWithoutACredentialOrInPlaintext) {
  EXPECT_THAT(Mesctl({"--ca", folder + "/ca.pem", "access", "whoami"}).err, StartsWith("mesctl: CREDENTIAL_MISSING: "));
  EXPECT_EQ(Mesctl({"access", "whoami"}).code, 1);
  EXPECT_EQ(Mesctl({"--ca", folder + "/ca.pem", "--cert", folder + "/service-office.pem", "access", "whoami"}).code, 2);
  EXPECT_EQ(Mesctl({"--ca", folder + "/gone.pem", "access", "whoami"}).code, 2);
  const tests::Outcome elsewhere =
      tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl",
                        {"--server", "mes.example:7443", "--api-key-file", Write("key2", "omk_x"), "access", "whoami"});
  EXPECT_EQ(elsewhere.code, 2);
  EXPECT_THAT(elsewhere.err, HasSubstr("plaintext"));
}

TEST_F(MesctlAccessTest, AServerSaysHowItMustBeStarted) {
  const auto told = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"serve", "--database", "postgresql://mes@127.0.0.1:1/mes"});
    const tests::Outcome outcome = tests::RunProgram(kMesd, arguments);
    EXPECT_NE(outcome.code, 0);
    return outcome.err;
  };
  setenv("MES_INSECURE", "0", 1);
  EXPECT_THAT(told({"--listen", "127.0.0.1:0"}), HasSubstr("--tls-cert"));
  EXPECT_THAT(told({"--listen", "0.0.0.0:0", "--insecure"}), HasSubstr("loopback"));
  EXPECT_THAT(told({"--listen", "127.0.0.1:0", "--tls-cert", "x"}), HasSubstr("--tls-"));
  EXPECT_THAT(told({"--listen", "127.0.0.1:0", "--tls-cert", "gone", "--tls-key", "gone", "--tls-ca", "gone"}),
              HasSubstr("cannot read gone"));
  EXPECT_THAT(told({"--listen", "127.0.0.1:0", "--insecure", "--key-secret-file", Write("short", "short")}), HasSubstr("shorter"));
  unsetenv("MES_INSECURE");
}

TEST_F(MesctlAccessTest, CertificatesAreMadeOnceAndReadableByTheirOwnerOnly) {
  const tests::Outcome again = tests::RunProgram(kCerts, {folder, "--name", "service/office"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, "") << "nothing was missing";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".key" && entry.path().extension() != ".secret") continue;
    struct stat info{};
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0077, 0u) << entry.path();
  }
  EXPECT_NE(tests::RunProgram(kCerts, {folder, "--name", "admin/x"}).code, 0);
  EXPECT_NE(tests::RunProgram(kCerts, {folder, "--site", "A/B"}).code, 0);
  EXPECT_NE(tests::RunProgram(kCerts, {}).code, 0);
}

}  // namespace
}  // namespace mes
