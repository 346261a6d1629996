// Issuers' keys by URL, from a real web server on loopback: they come, change, fail, and come from nowhere else.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "domain/limits_access.h"
#include "services/token.h"
#include "tests/end_to_end/program.h"
#include "tests/support/authority.h"

namespace mes::services {
namespace {

using tests::NameGiven;
using tests::TokenKey;

class TokenUrlTest : public testing::Test {
 protected:
  TokenUrlTest() {
    const tests::Pair pair = authority_.Issue({{NameGiven::Kind::kDns, "localhost"}});
    authority_.Write("server.pem", pair.certificate);
    authority_.Write("server.key", pair.private_key);
    authority_.Write("ca.pem", authority_.certificate());
    Answer(SetOf(key_, "k1"));
  }
  static std::string SetOf(const TokenKey& key, const std::string& kid) { return "{\"keys\":[" + key.Jwk(kid) + "]}"; }
  std::string Path(const std::string& name) const { return authority_.folder() + "/" + name; }
  void Answer(const std::string& body) { authority_.Write("answer", body); }
  void Start(bool tls = true) {
    std::vector<std::string> arguments{"python3", MES_SOURCE_FOLDER "/tests/support/key_server.py", authority_.folder(),
                                       std::to_string(port_)};
    if (tls) arguments.insert(arguments.end(), {Path("server.pem"), Path("server.key")});
    program_ = std::make_unique<tests::RunningProgram>("/usr/bin/env", arguments);
    Eventually([&] { return std::system(("bash -c '</dev/tcp/127.0.0.1/" + std::to_string(port_) + "' 2>/dev/null").c_str()) == 0; });
  }
  void Stop() { program_.reset(); }
  std::string Url(const std::string& scheme = "https", const std::string& host = "localhost") const {
    return scheme + "://" + host + ":" + std::to_string(port_) + "/keys";
  }
  std::string Issuers(const std::string& url, const std::string& more = R"(,"jwks_ca_file":"ca.pem")") const {
    return authority_.Write("issuers.json", R"({"issuers":[{"issuer":"i","audience":"a","algorithm":"ES256","jwks_url":")" + url + "\"" +
                                                more + "}]}");
  }
  void Read(const std::string& issuers) {
    verifier_ = std::make_unique<TokenVerifier>(issuers, [this] { return Now(); });
  }
  domain::Time Now() const {
    return std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now()) + std::chrono::seconds(ahead_s_);
  }
  // The verifier's clock, not ours.
  void Pass(int64_t seconds) { ahead_s_ += seconds; }

  static std::string Token(const TokenKey& key, const std::string& kid) {
    return key.Sign(R"({"alg":"ES256","kid":")" + kid + "\"}",
                    R"({"iss":"i","aud":"a","sub":"zhao.min","exp":)" + std::to_string(time(nullptr) + 80'000) + "}");
  }
  bool Believes(const std::string& token) { return verifier_->Judge(token, Now()).has_value(); }
  std::string Refusal(const std::string& token) {
    const domain::Result<domain::Caller> caller = verifier_->Judge(token, Now());
    return caller ? "" : caller.error().message;
  }
  int Requests() const {
    std::ifstream file(Path("requests"));
    return static_cast<int>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
  }
  template <typename Holds>
  static bool Eventually(const Holds& holds) {
    for (int i = 0; i < 3'000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  // Until the set was asked for anew and the answer judged: the next question comes after that.
  void FetchTwice() {
    for (int i = 0; i < 2; ++i) {
      const int before = Requests();
      Pass(domain::kDefaultKeySetRefreshSeconds);
      ASSERT_TRUE(Eventually([&] { return Requests() > before; }));
    }
  }

  const tests::Authority authority_;
  const int port_ = tests::FreePort();
  TokenKey key_{"ES256"};
  TokenKey next_{"ES256"};
  std::atomic<int64_t> ahead_s_ = 0;
  std::unique_ptr<tests::RunningProgram> program_;
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(TokenUrlTest, KeysComeByUrlAndChangeBySchedule) {
  Start();
  Read(Issuers(Url()));
  EXPECT_TRUE(Eventually([&] { return Believes(Token(key_, "k1")); }));
  Answer(SetOf(next_, "k2"));
  Pass(domain::kDefaultKeySetRefreshSeconds);
  EXPECT_TRUE(Eventually([&] { return !Believes(Token(key_, "k1")); })) << "a key that the issuer took back";
  EXPECT_TRUE(Believes(Token(next_, "k2")));
}

TEST_F(TokenUrlTest, AnUnknownKeyHasTheSetFetchedOnceAndNotAgainSoon) {
  Start();
  Read(Issuers(Url()));
  ASSERT_TRUE(Eventually([&] { return Believes(Token(key_, "k1")); }));
  const int first = Requests();
  Answer(SetOf(next_, "k2"));
  EXPECT_TRUE(Eventually([&] { return Believes(Token(next_, "k2")); })) << "without the schedule";
  EXPECT_EQ(Requests(), first + 1);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Believes(Token(key_, "k" + std::to_string(100 + i))));
  // Then the flood may have one more; the schedule's own follows it, and there was none between.
  Pass(domain::kUnknownKeySeconds);
  EXPECT_FALSE(Believes(Token(key_, "k200")));
  EXPECT_TRUE(Eventually([&] { return Requests() >= first + 2; }));
  Pass(domain::kDefaultKeySetRefreshSeconds);
  EXPECT_TRUE(Eventually([&] { return Requests() >= first + 3; }));
  EXPECT_EQ(Requests(), first + 3);
}

TEST_F(TokenUrlTest, TheLastGoodSetStandsWhileTheServerIsDownAndNotForEver) {
  Start();
  Read(Issuers(Url(), R"(,"jwks_ca_file":"ca.pem","jwks_keep_seconds":3600)"));
  const std::string token = Token(key_, "k1");
  ASSERT_TRUE(Eventually([&] { return Believes(token); }));
  Stop();
  Pass(3'500);
  EXPECT_TRUE(Believes(token));
  Pass(200);
  EXPECT_EQ(Refusal(token), "the issuer's keys could not be fetched for too long");
  Start();
  Pass(domain::kKeySetRetrySeconds);
  EXPECT_TRUE(Eventually([&] { return Believes(token); }));
}

TEST_F(TokenUrlTest, AWrongAnswerNeverTakesTheGoodSetsPlace) {
  Start();
  Read(Issuers(Url()));
  const std::string token = Token(key_, "k1");
  ASSERT_TRUE(Eventually([&] { return Believes(token); }));
  for (const std::string& wrong :
       {std::string("no keys at all"), std::string(), std::string("{\"keys\":[]}"), std::string("{\"keys\":7}"),
        "{\"keys\":[" + TokenKey("EdDSA").Jwk("k1") + "]}", std::string(domain::kMaxKeySetBytes + 1, ' ') + SetOf(next_, "k2")}) {
    Answer(wrong);
    FetchTwice();
    EXPECT_TRUE(Believes(token)) << wrong.substr(0, 60);
  }
  authority_.Write("unbounded", "yes");
  FetchTwice();
  EXPECT_TRUE(Believes(token)) << "too long, and it does not say how long";
  std::filesystem::remove(Path("unbounded"));
  Answer(SetOf(next_, "k2"));
  for (const char* status : {"500", "404", "203", "302"}) {
    authority_.Write("location", Url());
    authority_.Write("status", status);
    FetchTwice();
    EXPECT_TRUE(Believes(token)) << status;
    EXPECT_FALSE(Believes(Token(next_, "k2"))) << status;
  }
  std::filesystem::remove(Path("status"));
  FetchTwice();
  EXPECT_TRUE(Believes(Token(next_, "k2")));
}

TEST_F(TokenUrlTest, CallsDoNotWaitForAFetch) {
  Start();
  Read(Issuers(Url()));
  const std::string token = Token(key_, "k1");
  ASSERT_TRUE(Eventually([&] { return Believes(token); }));
  authority_.Write("wait", "yes");
  const int before = Requests();
  Pass(domain::kDefaultKeySetRefreshSeconds);
  ASSERT_TRUE(Eventually([&] { return Requests() > before; }));
  EXPECT_TRUE(Believes(token)) << "while the answer is still out";
  EXPECT_FALSE(Believes(Token(next_, "k2")));
  std::filesystem::remove(Path("wait"));
}

TEST_F(TokenUrlTest, AServerOfAnotherAuthorityOrNameGivesNoKeys) {
  Start();
  const tests::Authority other;
  authority_.Write("other.pem", other.certificate());
  Read(Issuers(Url(), R"(,"jwks_ca_file":"other.pem")"));
  EXPECT_EQ(Refusal(Token(key_, "k1")), "the issuer's keys could not be fetched yet");
  Read(Issuers(Url("https", "127.0.0.1")));
  EXPECT_EQ(Refusal(Token(key_, "k1")), "the issuer's keys could not be fetched yet") << "the certificate is localhost's";
  Read(Issuers(Url(), ""));
  EXPECT_EQ(Refusal(Token(key_, "k1")), "the issuer's keys could not be fetched yet") << "the system does not know this authority";
}

TEST_F(TokenUrlTest, PlainHttpIsForLoopbackOnly) {
  Start(false);
  Read(Issuers(Url("http", "127.0.0.1"), ""));
  EXPECT_TRUE(Eventually([&] { return Believes(Token(key_, "k1")); }));
  EXPECT_THROW(Read(Issuers("http://id.example/keys", "")), std::runtime_error);
  EXPECT_THROW(Read(Issuers("http://127.id.example/keys", "")), std::runtime_error);
}

TEST_F(TokenUrlTest, WhatTheFileSaysWrongIsSaidAtTheStart) {
  const auto refused = [&](const std::string& url, const std::string& more = "") {
    try {
      Read(Issuers(url, more));
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  };
  for (const char* url :
       {"ftp://id.example/keys", "file:///etc/passwd", "id.example/keys", "https://", "https://me:secret@id.example/keys", ""})
    EXPECT_TRUE(refused(url)) << url;
  EXPECT_TRUE(refused(Url(), R"(,"key_set_file":"answer")")) << "one of both";
  EXPECT_TRUE(refused(Url(), R"(,"jwks_ca_file":"gone.pem")"));
  EXPECT_TRUE(refused(Url(), R"(,"jwks_refresh_seconds":1)"));
  EXPECT_TRUE(refused(Url(), R"(,"jwks_refresh_seconds":"often")"));
  EXPECT_TRUE(refused(Url(), R"(,"jwks_keep_seconds":5)"));
  EXPECT_TRUE(refused(Url(), R"(,"jwks_keep_seconds":999999999)"));
  EXPECT_FALSE(refused(Url())) << "the server may be down at the start";
}

}  // namespace
}  // namespace mes::services
