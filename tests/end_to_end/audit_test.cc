// The audit as an auditor meets it: mesctl against the real server, and the export verified by a program that shares no code with
// us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"
#include "tests/support/site_key.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kVerify[] = MES_SOURCE_FOLDER "/deploy/verify_audit";

class MesctlAuditTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database = std::make_unique<tests::TestDatabase>();
    key = std::make_unique<tests::SiteKeyFile>();
    folder = std::filesystem::temp_directory_path() / ("mes-audit-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    address = "127.0.0.1:" + std::to_string(tests::FreePort());
    server = std::make_unique<tests::RunningProgram>(
        MES_BINARY_FOLDER "/bin/mesd",
        std::vector<std::string>{"serve", "--database", database->url(), "--listen", address, "--site-key", key->path(),
                                 "--anchor-seconds", "1", "--anchor-folder", folder.string()});
    ASSERT_EQ(Mesctl({"health", "--wait", "50"}).code, 0);
    ASSERT_EQ(Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"}).code, 0);
    Said({"unit", "receive", "STK-148", "STK-A", "STK-B", "--supplier", "SinoStack", "--passport", "P-1", "--goods-in-passed"});
    Said({"hold", "place", "STK-A", "--reason", "dented", "--person", "li.wei"});
    // A refused start: a fact too.
    EXPECT_EQ(tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl",
                                {"--server", address, "record", "--station", "PACK-TRK-70.1.PEOL.1", "--epoch", "1"},
                                R"({"unit_code": "BOX-0001", "occur_time": "2026-11-20T08:00:00+08:00", "started": {}})")
                  .code,
              4);
    Said({"simulate", "--plant", MES_SOURCE_FOLDER "/deploy/plant", "--seed", "1", "--stacks", "1", "--cars", "0", "--trucks",
          "0"});
    Said({"hold", "release", "1", "--reason", "only the box", "--person", "wu.min", "--role", "quality"});
    Said({"trace", "STK-A"});
  }
  static void TearDownTestSuite() {
    server.reset();
    database.reset();
    key.reset();
    std::filesystem::remove_all(folder);
  }
  static tests::Outcome Mesctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", address});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments);
  }
  static std::string Said(const std::vector<std::string>& arguments) {
    const tests::Outcome outcome = Mesctl(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
  static std::string In(const std::string& name) { return (folder / name).string(); }
  static std::vector<std::string> Lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  static void Write(const std::string& path, const std::vector<std::string>& lines) {
    std::ofstream file(path);
    for (const std::string& line : lines) file << line << '\n';
  }
  static tests::Outcome Python(std::vector<std::string> arguments) { return tests::RunProgram("/usr/bin/python3", arguments); }

  static std::unique_ptr<tests::TestDatabase> database;
  static std::unique_ptr<tests::SiteKeyFile> key;
  static std::unique_ptr<tests::RunningProgram> server;
  static std::string address;
  static std::filesystem::path folder;
};

std::unique_ptr<tests::TestDatabase> MesctlAuditTest::database;
std::unique_ptr<tests::SiteKeyFile> MesctlAuditTest::key;
std::unique_ptr<tests::RunningProgram> MesctlAuditTest::server;
std::string MesctlAuditTest::address;
std::filesystem::path MesctlAuditTest::folder;

TEST_F(MesctlAuditTest, WhoDidWhatIsListed) {
  EXPECT_THAT(Said({"audit", "list", "--method", "ReleaseHold"}),
              AllOf(HasSubstr("wu.min (unproved)"), HasSubstr("hold 1"), HasSubstr("only the box")));
  EXPECT_THAT(Said({"audit", "list", "--about", "STK-A"}), AllOf(HasSubstr("PlaceHold"), HasSubstr("Trace")));
  EXPECT_THAT(Said({"audit", "list", "--caller", "nobody"}), HasSubstr("none"));
  EXPECT_THAT(Said({"--json", "audit", "list", "--method", "ReleaseHold"}), HasSubstr("HOLD_STATE_IN_FORCE"));
}

TEST_F(MesctlAuditTest, TheLiveDatabaseIsVerifiedAgainstAHeadKeptElsewhere) {
  EXPECT_THAT(Said({"audit", "anchor", "--out", In("kept.json")}), HasSubstr("is signed in"));
  EXPECT_THAT(Said({"audit", "verify", "--anchor", In("kept.json")}),
              AllOf(StartsWith("audit"), HasSubstr("sound"), Not(HasSubstr("NOT"))));
  EXPECT_THAT(Said({"audit", "anchors"}), HasSubstr("KEY"));
  database->Query(
      "set session_replication_role = replica; update audit_entry set reason = 'nothing' where method = 'ReleaseHold'");
  const tests::Outcome bent = Mesctl({"audit", "verify", "--anchor", In("kept.json")});
  database->Query(
      "set session_replication_role = replica; update audit_entry set reason = 'only the box' where method = 'ReleaseHold'");
  EXPECT_EQ(bent.code, 1);
  EXPECT_THAT(bent.out, AllOf(HasSubstr("NOT SOUND"), HasSubstr("audit_entry"), HasSubstr("is not what was sealed")));
  EXPECT_EQ(Mesctl({"audit", "verify", "--anchor", "/no/such"}).code, 2);
  EXPECT_EQ(Mesctl({"audit", "bypasses", "--from", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z"}).code, 0);
}

TEST_F(MesctlAuditTest, AReleaseIsSignedByThePersonsOwnKey) {
  const tests::SiteKeyFile signer;
  EXPECT_THAT(Said({"signature", "register", "chen.yu", signer.path(), "--person", "li.wei", "--reason", "badge seen"}),
              HasSubstr("chen.yu"));
  EXPECT_EQ(Said({"signature", "require", "ReleaseHold", "--person", "li.wei", "--reason", "customer audit"}),
            "ReleaseHold must be signed\n");
  std::istringstream placed(Said({"hold", "place", "STK-B", "--reason", "dented", "--person", "li.wei"}));
  std::string label, number;
  placed >> label >> number;
  const std::vector<std::string> release = {"hold", "release", number, "--reason", "only the box", "--person", "chen.yu"};
  EXPECT_THAT(Mesctl(release).err, StartsWith("mesctl: SIGNATURE_REQUIRED: "));
  std::vector<std::string> with_key = release;
  with_key.insert(with_key.end(), {"--sign-key", signer.path()});
  EXPECT_EQ(Mesctl(with_key).code, 2);
  with_key.insert(with_key.end(), {"--meaning", "I have seen the records"});
  EXPECT_THAT(Said(with_key), HasSubstr("released"));
  EXPECT_THAT(Said({"signature", "list", "hold", number}),
              AllOf(HasSubstr("chen.yu"), HasSubstr("yes"), HasSubstr("I have seen the")));
  EXPECT_THAT(Said({"signature", "keys"}), HasSubstr("li.wei"));
  EXPECT_EQ(Said({"signature", "require", "ReleaseHold", "--optional", "--person", "li.wei", "--reason", "audit over"}),
            "ReleaseHold may be signed\n");
  EXPECT_EQ(Mesctl({"signature", "revoke", std::string(64, '0'), "--person", "li.wei", "--reason", "lost"}).code, 1);
}

TEST_F(MesctlAuditTest, HeadsAreSignedOnAScheduleIntoTheFolder) {
  bool found = false;
  for (int i = 0; i < 100 && !found; ++i) {
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      found = found || (file.path().filename().string().starts_with("anchor-") && file.path().extension() == ".json");
    }
    usleep(100'000);
  }
  EXPECT_TRUE(found);
}

TEST_F(MesctlAuditTest, APeriodIsVerifiedByItself) {
  const std::string told = Said({"audit", "verify", "--from", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z"});
  EXPECT_THAT(told, AllOf(HasSubstr("sound"), HasSubstr("not looked at"), HasSubstr("0 links before")));
  EXPECT_EQ(Mesctl({"audit", "verify", "--from", "2020-01-02T00:00:00Z", "--until", "2020-01-01T00:00:00Z"}).code, 1);
}

TEST_F(MesctlAuditTest, AChangedSiteKeyIsProvedLiveAndOffline) {
  tests::TestDatabase plant;
  const tests::SiteKeyFile old_key, new_key(S_IRUSR | S_IWUSR, tests::SiteKeyFile::kOtherPem);
  const std::string listen = "127.0.0.1:" + std::to_string(tests::FreePort());
  const auto serve = [&](std::vector<std::string> keys) {
    std::vector<std::string> arguments = {"serve", "--database", plant.url(), "--listen", listen, "--anchor-seconds", "0"};
    arguments.insert(arguments.end(), keys.begin(), keys.end());
    return std::make_unique<tests::RunningProgram>(MES_BINARY_FOLDER "/bin/mesd", arguments);
  };
  const auto say = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", listen});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments);
  };
  auto running = serve({"--site-key", old_key.path()});
  ASSERT_EQ(say({"health", "--wait", "50"}).code, 0);
  ASSERT_EQ(say({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"}).code, 0);
  ASSERT_EQ(say({"audit", "anchor", "--out", In("old.json")}).code, 0);
  running.reset();
  running = serve({"--site-key", new_key.path(), "--former-site-key", old_key.path()});
  ASSERT_EQ(say({"health", "--wait", "50"}).code, 0);
  ASSERT_EQ(say({"audit", "anchor", "--out", In("new.json")}).code, 0);
  EXPECT_THAT(say({"audit", "list", "--method", "RotateSiteKey"}).out, HasSubstr("the site key was"));
  const tests::Outcome live = say({"audit", "verify", "--anchor", In("old.json"), "--anchor", In("new.json")});
  EXPECT_EQ(live.code, 0) << live.out << live.err;
  ASSERT_EQ(say({"audit", "export", "--out", In("changed.jsonl")}).code, 0);

  const auto key_in = [&](const std::string& name) {
    const std::string anchor = Lines(In(name)).at(0);
    return anchor.substr(anchor.find("\"public_key\":\"") + 14, 64);
  };
  const std::vector<std::string> both = {kVerify,   In("changed.jsonl"), "--anchor", In("old.json"), "--anchor", In("new.json"),
                                         "--key",   key_in("old.json"),  "--key",    key_in("new.json")};
  tests::Outcome judged = Python(both);
  EXPECT_EQ(judged.code, 0) << judged.out << judged.err;
  EXPECT_THAT(judged.out, StartsWith("sound"));
  judged = Python({kVerify, In("changed.jsonl"), "--anchor", In("new.json"), "--key", key_in("new.json")});
  EXPECT_EQ(judged.code, 3) << judged.out << judged.err;
  EXPECT_THAT(judged.out, HasSubstr("NOT CHECKABLE: key ID unknown"));
  // The old key's head under a link behind the change, as a thief would sign it.
  const tests::Outcome stolen =
      Python({MES_SOURCE_FOLDER "/tests/support/audit_tampering.py", kVerify, In("changed.jsonl"), old_key.path(), "1"});
  EXPECT_NE(stolen.code, 0);
  EXPECT_THAT(stolen.err, HasSubstr("signed with a key that was replaced"));

  running.reset();
  running = serve({"--site-key", new_key.path()});
  ASSERT_EQ(say({"health", "--wait", "50"}).code, 0);
  const tests::Outcome alone = say({"audit", "verify"});
  EXPECT_EQ(alone.code, 1);
  EXPECT_THAT(alone.out, AllOf(HasSubstr("NOT CHECKABLE"), HasSubstr("key ID unknown")));
}

TEST_F(MesctlAuditTest, AnExportIsVerifiedOfflineAndTenThousandTamperingsAreFound) {
  Said({"audit", "export", "--facts", "--out", In("whole.jsonl")});
  Said({"audit", "anchor", "--out", In("head.json")});
  Said({"audit", "export", "--out", In("short.jsonl")});
  tests::Outcome judged = Python({kVerify, In("short.jsonl"), "--anchor", In("head.json")});
  EXPECT_EQ(judged.code, 0) << judged.out << judged.err;
  EXPECT_THAT(judged.out, HasSubstr("sound: chain"));
  judged = Python({kVerify, In("whole.jsonl")});
  EXPECT_EQ(judged.code, 0) << judged.out << judged.err;
  EXPECT_THAT(judged.out, AllOf(HasSubstr(" facts"), HasSubstr("no anchor was given")));
  judged = Python({kVerify, In("short.jsonl"), "--anchor", In("head.json"), "--key", std::string(64, '0')});
  EXPECT_EQ(judged.code, 1);
  EXPECT_THAT(judged.out, HasSubstr("not with the one wanted"));
  std::vector<std::string> forged = Lines(In("head.json"));
  forged[0].replace(forged[0].find("\"signature\":\"") + 13, 2, "00");
  Write(In("forged.json"), forged);
  judged = Python({kVerify, In("short.jsonl"), "--anchor", In("forged.json")});
  EXPECT_EQ(judged.code, 1);
  EXPECT_THAT(judged.out, HasSubstr("signature is false"));

  // A chain short enough to be tampered with ten thousand times: the first links of the export, facts and all.
  std::vector<std::string> some = Lines(In("whole.jsonl"));
  size_t end = 0;
  for (size_t i = 1; i < some.size() && i <= 150; ++i) {
    if (some[i].starts_with("{\"entry\":")) end = i;
  }
  some.resize(end);
  ASSERT_TRUE(std::any_of(some.begin(), some.end(), [](const std::string& line) { return line.starts_with("{\"fact\":"); }));
  Write(In("some.jsonl"), some);
  for (const char* seed : {"1", "2", "3", "4"}) {
    const tests::Outcome tampered =
        Python({MES_SOURCE_FOLDER "/tests/support/audit_tampering.py", kVerify, In("some.jsonl"), key->path(), "2500", seed});
    EXPECT_EQ(tampered.code, 0) << tampered.out << tampered.err;
  }
}

}  // namespace
}  // namespace mes
