// mesctl signs: with a private key (its own reading of the content agrees with the server's), an API key and a token, on every command
// that has a signature.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>

#include "tests/end_to_end/program.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"

namespace mes::tests {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MesctlSignatureTest : public testing::Test {
 protected:
  MesctlSignatureTest() {
    for (const char* key : {"site.key", "chen.key"}) {
      EXPECT_EQ(RunProgram("/usr/bin/openssl", {"genpkey", "-algorithm", "ed25519", "-out", Path(key)}).code, 0);
      chmod(Path(key).c_str(), S_IRUSR | S_IWUSR);
    }
    folder_.Write("secret", "a secret of tests, long enough to be one");
    folder_.Write("keys.json", "{\"keys\":[" + token_key_.Jwk("k1") + "]}");
    folder_.Write("issuers.json", R"({"issuers":[{"issuer":"i","audience":"a","algorithm":"ES256","key_set_file":"keys.json"}]})");
    address_ = "127.0.0.1:" + std::to_string(FreePort());
    server_ = std::make_unique<RunningProgram>(
        MES_BINARY_FOLDER "/bin/mesd",
        std::vector<std::string>{"serve", "--database", database_.url(), "--listen", address_, "--site-key", Path("site.key"),
                                 "--issuers", Path("issuers.json"), "--key-secret-file", Path("secret")});
    EXPECT_EQ(Mesctl({"health", "--wait", "50"}).code, 0);
    EXPECT_EQ(Mesctl({"plant", "load", kPlant}).code, 0);
    EXPECT_EQ(Mesctl({"signature", "register", "chen.yu", Path("chen.key"), "--person", "li.wei", "--reason", "badge seen"}).code, 0);
  }
  static constexpr char kPlant[] = MES_SOURCE_FOLDER "/deploy/plant";
  using Words = std::vector<std::string>;

  std::string Path(const std::string& name) const { return folder_.folder() + "/" + name; }
  Outcome Mesctl(Words arguments) {
    arguments.insert(arguments.begin(), {"--server", address_});
    return RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments);
  }
  Outcome With(Words arguments, const Words& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Mesctl(std::move(arguments));
  }
  // A new API key of chen.yu's, in a file.
  std::string ApiKeyFile() {
    const Outcome made = Mesctl({"key", "create", "chen.yu", "--role", "quality", "--role", "process engineer", "--person", "li.wei"});
    EXPECT_EQ(made.code, 0) << made.err;
    return folder_.Write("api.key", made.out.substr(made.out.find("omk_")));
  }
  std::string TokenFile() {
    const int64_t now = time(nullptr);
    return folder_.Write("token", token_key_.Sign(R"({"alg":"ES256","kid":"k1"})",
                                                  R"({"iss":"i","aud":"a","sub":"chen.yu","roles":["quality"],"iat":)" +
                                                      std::to_string(now) + ",\"exp\":" + std::to_string(now + 600) + "}"));
  }

  const Authority folder_;
  const TokenKey token_key_{"ES256"};
  TestDatabase database_;
  std::string address_;
  std::unique_ptr<RunningProgram> server_;
};

TEST_F(MesctlSignatureTest, EachActThatMayBeSignedIsSignedByItsCommand) {
  const Words signing{"--sign-key", Path("chen.key"), "--meaning", "seen and released"};
  struct Act {
    const char* method;
    Words command;
    // What the signed act itself is refused for; empty = it is done.
    const char* refusal;
  };
  const Words who{"--reason", "audit", "--person", "chen.yu"};
  const auto by = [&](Words words) {
    words.insert(words.end(), who.begin(), who.end());
    return words;
  };
  const std::vector<Act> acts{
      {"LoadPlant", {"plant", "load", kPlant, "--person", "chen.yu"}, ""},
      {"PutProcessRule",
       by({"rule", "put", "SCRAP9", "--kind", "scrap-limit", "--scrap-share", "0.1", "--min-runs", "50", "--role", "quality"}),
       ""},
      {"RetireProcessRule", by({"rule", "retire", "SCRAP9"}), ""},
      {"DefineChart", by({"spc", "define", "--class", "SC", "--rules", "NELSON1"}), ""},
      {"PutFailureCode", by({"failure-code", "put", "LEAK", "--severity", "major"}), ""},
      {"SetCodeRule",
       {"code", "rule", "set", "CELL-LFP-228", "--prefix", "NMGCB12", "--traceability", "0000001", "--person", "chen.yu"},
       ""},
      {"FreezeLimits", by({"spc", "freeze", "PACK-CAR-60.1.PEOL.1", "IR", "--from", "2026-11-20T08:00:00Z"}), "CHART_UNKNOWN"},
      {"ReleaseProcessAlarm", by({"alarm", "release", "17", "--role", "quality"}), "ALARM_UNKNOWN"},
      {"ReleaseHold", by({"hold", "release", "17"}), "HOLD_UNKNOWN"},
      {"ApproveHoldDisposition", by({"hold", "approve", "17"}), "DISPOSITION_UNKNOWN"},
      {"DisposeNcrUnits", by({"ncr", "dispose", "17", "scrap", "--role", "quality"}), "NCR_UNKNOWN"},
      {"TransitionWorkOrder", by({"order", "release", "WO-1", "--override-capacity", "--role", "planner"}), "WORK_ORDER_UNKNOWN"},
      {"ReplacePart", by({"unit", "replace", "B-1", "--out", "C-1", "--force", "--role", "quality"}), "UNIT_UNKNOWN"},
      {"IssuePassport", {"passport", "issue", "B-1", "--person", "chen.yu"}, "UNIT_UNKNOWN"},
  };
  for (const Act& act : acts) {
    EXPECT_EQ(Mesctl({"signature", "require", act.method, "--person", "li.wei", "--reason", "customer audit"}).code, 0) << act.method;
    EXPECT_THAT(Mesctl(act.command).err, StartsWith("mesctl: SIGNATURE_REQUIRED: ")) << act.method;
    const Outcome done = With(act.command, signing);
    if (*act.refusal == 0) {
      EXPECT_EQ(done.code, 0) << act.method << ": " << done.err;
    } else {
      EXPECT_THAT(done.err, StartsWith("mesctl: " + std::string(act.refusal))) << act.method;
    }
  }
  for (const Words& record : {Words{"plant"}, Words{"rule", "SCRAP9"}, Words{"chart", "SC"}, Words{"failure_code", "LEAK"},
                              Words{"product", "CELL-LFP-228"}}) {
    Words list{"signature", "list"};
    list.insert(list.end(), record.begin(), record.end());
    const Outcome told = Mesctl(list);
    EXPECT_THAT(told.out, AllOf(HasSubstr("chen.yu"), HasSubstr("key"), HasSubstr("yes"))) << record[0] << told.err;
    EXPECT_THAT(told.out, Not(HasSubstr("NO"))) << record[0];
  }
}

TEST_F(MesctlSignatureTest, AnApiKeyAndAFreshTokenSignToo) {
  const Words put{"failure-code", "put", "LEAK", "--severity", "major", "--reason", "audit", "--person", "chen.yu"};
  const std::string api_key = ApiKeyFile(), token = TokenFile();
  EXPECT_EQ(With(put, {"--sign-api-key-file", api_key, "--meaning", "released"}).code, 0);
  const Outcome by_token = With(put, {"--sign-token-file", token, "--meaning", "released"});
  EXPECT_EQ(by_token.code, 0) << by_token.err;
  EXPECT_THAT(With(put, {"--sign-token-file", token, "--meaning", "released"}).err, HasSubstr("cause=used"));
  EXPECT_THAT(With(put, {"--api-key-file", api_key, "--sign-api-key-file", api_key, "--meaning", "released"}).err,
              HasSubstr("cause=credential"));
  const Outcome list = Mesctl({"signature", "list", "failure_code", "LEAK"});
  EXPECT_THAT(list.out, AllOf(HasSubstr("api-key"), HasSubstr("token"), HasSubstr("yes")));
  EXPECT_THAT(list.out, Not(HasSubstr("NO"))) << list.out;
  // What cannot be meant.
  EXPECT_EQ(With(put, {"--meaning", "released"}).code, 2);
  EXPECT_EQ(With(put, {"--sign-token-file", token}).code, 2);
  EXPECT_EQ(With(put, {"--sign-token-file", token, "--sign-api-key-file", api_key, "--meaning", "released"}).code, 2);
  EXPECT_EQ(With(put, {"--sign-key", "/no/such/file", "--meaning", "released"}).code, 2);
}

}  // namespace
}  // namespace mes::tests
