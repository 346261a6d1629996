// Bearer tokens over real gRPC: what an issuer signed is believed, and each known trick with tokens is refused by name. Tokens are made
// with OpenSSL; the service reads them with another library.
#include "services/token.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/admitted.h"

namespace mes::services {
namespace {

using tests::Base64Url;
using tests::TokenKey;

constexpr char kIssuer[] = "https://id.example/";

std::string Claims(const std::string& more = "", int64_t expire_in_s = 600) {
  const int64_t now = time(nullptr);
  return R"({"iss":"https://id.example/","aud":"ordos","sub":"zhao.min","roles":["quality"],"iat":)" + std::to_string(now) +
         ",\"exp\":" + std::to_string(now + expire_in_s) + more + "}";
}
std::string Header(const std::string& algorithm, const std::string& kid = "k1") {
  return R"({"alg":")" + algorithm + R"(","typ":"JWT","kid":")" + kid + "\"}";
}

class TokenTest : public testing::TestWithParam<const char*> {
 protected:
  tests::Authority folder_;
  TokenKey key_{GetParam()};

  std::string IssuersFile() {
    folder_.Write("keys.json", "{\"keys\":[" + key_.Jwk("k1") + "]}");
    return folder_.Write("issuers.json", R"({"issuers":[{"issuer":")" + std::string(kIssuer) + R"(","audience":"ordos","algorithm":")" +
                                             GetParam() + R"(","key_set_file":"keys.json","leeway_seconds":5}]})");
  }
  tests::GuardedServer server_{{.issuers_file = IssuersFile()}};
  std::shared_ptr<grpc::Channel> channel_ = server_.Channel();

  std::string Sign(const std::string& claims) { return key_.Sign(Header(GetParam()), claims); }
  std::string Told(const std::string& token) { return tests::Told(channel_, {{"authorization", "Bearer " + token}}); }
};

TEST_P(TokenTest, WhatTheIssuerSignedIsBelieved) {
  const std::string token = Sign(Claims());
  const tests::WhoIs who = tests::Ask(channel_, {{"authorization", "Bearer " + token}});
  EXPECT_EQ(who.reason, "OK");
  EXPECT_EQ(who.who.name(), "zhao.min");
  EXPECT_EQ(who.who.roles(0), "quality");
  EXPECT_EQ(Told(token), "OK") << "again, as it is kept";
  EXPECT_EQ(Told(Sign(Claims(R"(,"partner":"R1")"))), "PERMISSION_DENIED") << "a partner's quality role is none";
}

TEST_P(TokenTest, AlgNoneIsNoToken) {
  for (const std::string algorithm : {"none", "None", "NONE", "nOnE"}) {
    const std::string body = Base64Url("{\"alg\":\"" + algorithm + "\"}") + "." + Base64Url(Claims());
    EXPECT_EQ(Told(body + "."), "CREDENTIAL_INVALID") << algorithm;
    EXPECT_EQ(Told(body), "CREDENTIAL_INVALID") << algorithm;
    EXPECT_EQ(Told(body + ".AAAA"), "CREDENTIAL_INVALID") << algorithm;
  }
}

TEST_P(TokenTest, APublicKeyIsNoSharedSecret) {
  for (const std::string& secret : {key_.PublicPem(), key_.Jwk("k1"), std::string()}) {
    const std::string body = Base64Url(Header("HS256")) + "." + Base64Url(Claims());
    EXPECT_EQ(Told(body + "." + Base64Url(tests::HmacSha256(secret, body))), "CREDENTIAL_INVALID");
  }
}

TEST_P(TokenTest, TheIssuersAlgorithmIsTheOnlyOne) {
  for (const char* algorithm : {"RS256", "ES256", "EdDSA"}) {
    if (std::string(algorithm) == GetParam()) continue;
    EXPECT_EQ(Told(TokenKey(algorithm).Sign(Header(algorithm), Claims())), "CREDENTIAL_INVALID") << algorithm;
    EXPECT_EQ(Told(key_.Sign(Header(algorithm), Claims())), "CREDENTIAL_INVALID") << algorithm << " only said";
  }
  EXPECT_EQ(Told(key_.Sign(Header("RS512"), Claims())), "CREDENTIAL_INVALID");
}

TEST_P(TokenTest, ForgedAlteredAndCutTokensAreRefused) {
  EXPECT_EQ(Told(TokenKey(GetParam()).Sign(Header(GetParam()), Claims())), "CREDENTIAL_INVALID") << "another key";
  const std::string token = Sign(Claims());
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  EXPECT_EQ(Told(token.substr(0, first + 1) + Base64Url(Claims(R"(,"x":1)")) + token.substr(second)), "CREDENTIAL_INVALID")
      << "other claims under the same signature";
  for (size_t length : {size_t{1}, first, first + 1, second, second + 1, token.size() - 5, token.size() - 1}) {
    EXPECT_EQ(Told(token.substr(0, length)), "CREDENTIAL_INVALID") << "cut to " << length;
  }
  for (size_t at : {second + 1, second + 10}) {
    std::string flipped = token;
    flipped[at] = flipped[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(Told(flipped), "CREDENTIAL_INVALID");
  }
  EXPECT_EQ(Told(token + ".x"), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(token + "="), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told("a.b.c"), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told("..."), "CREDENTIAL_INVALID");
}

TEST_P(TokenTest, KeysThatATokenBringsAlongAreNotLookedAt) {
  const TokenKey own(GetParam());
  const std::string algorithm = GetParam();
  EXPECT_EQ(Told(own.Sign(R"({"alg":")" + algorithm + R"(","jwk":)" + own.Jwk("k1") + "}", Claims())), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(own.Sign(R"({"alg":")" + algorithm + R"(","kid":"k1","jku":"http://127.0.0.1:1/keys"})", Claims())), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(own.Sign(Header(algorithm, "k2"), Claims())), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(key_.Sign(R"({"alg":")" + algorithm + R"(","kid":"k1","crit":["exp"]})", Claims())), "CREDENTIAL_INVALID");
}

TEST_P(TokenTest, TokensForOthersOfOthersOrOutOfTimeAreRefused) {
  const int64_t now = time(nullptr);
  const std::string end = ",\"exp\":" + std::to_string(now + 600) + "}";
  EXPECT_EQ(Told(Sign(R"({"iss":"https://evil.example/","aud":"ordos","sub":"zhao.min")" + end)), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(Sign(R"({"aud":"ordos","sub":"zhao.min")" + end)), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(Sign(R"({"iss":"https://id.example/","aud":"other","sub":"zhao.min")" + end)), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(Sign(R"({"iss":"https://id.example/","sub":"zhao.min")" + end)), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(Sign(R"({"iss":"https://id.example/","aud":"ordos")" + end)), "CREDENTIAL_INVALID") << "nobody's";
  EXPECT_EQ(Told(Sign(R"({"iss":"https://id.example/","aud":"ordos","sub":"zhao.min"})")), "CREDENTIAL_INVALID") << "for ever";
  EXPECT_EQ(Told(Sign(R"({"iss":"https://id.example/","aud":"ordos","sub":"zhao.min","exp":"9999999999"})")), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(Sign(R"({"iss":"https://id.example/","aud":"ordos","sub":"zhao.min","partner":7)" + end)), "CREDENTIAL_INVALID")
      << "a partner that is no text is not taken for none";
  EXPECT_EQ(Told(Sign(Claims("", -60))), "CREDENTIAL_EXPIRED");
  EXPECT_EQ(Told(Sign(Claims(",\"nbf\":" + std::to_string(now + 60)))), "CREDENTIAL_EXPIRED") << "not valid yet";
  EXPECT_EQ(Told(Sign(Claims("", 3 * 86'400))), "CREDENTIAL_INVALID") << "longer than a day";
}

TEST_P(TokenTest, ATokenThatEndsWhileItIsKeptIsRefused) {
  const std::string token = Sign(Claims("", -3));
  EXPECT_EQ(Told(token), "OK") << "within the leeway";
  std::string told;
  for (int i = 0; i < 60 && (told = Told(token)) == "OK"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(told, "CREDENTIAL_EXPIRED");
}

TEST_P(TokenTest, TheTokensOfAPersonWhoIsShutOutAreRefused) {
  const std::string token = Sign(Claims());
  EXPECT_EQ(Told(token), "OK");
  EXPECT_EQ(server_.Register("person/zhao.min", {"quality"}), "OK");
  EXPECT_EQ(Told(token), "OK");
  EXPECT_EQ(server_.Revoke("person/zhao.min"), "OK");
  EXPECT_EQ(Told(token), "CREDENTIAL_INVALID") << "the token played again";
}

TEST_P(TokenTest, AnIssuersKeysChangeWithoutARestart) {
  const std::string old = Sign(Claims());
  EXPECT_EQ(Told(old), "OK");
  const TokenKey next(GetParam());
  // A file's time has a grain; the second write must not fall into the first one's.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  folder_.Write("keys.json", "{\"keys\":[" + next.Jwk("k2") + "]}");
  const std::string fresh = next.Sign(Header(GetParam(), "k2"), Claims());
  std::string told;
  for (int i = 0; i < 60 && (told = Told(fresh)) != "OK"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(told, "OK");
  EXPECT_EQ(Told(old), "CREDENTIAL_INVALID") << "although it was verified once";
  folder_.Write("keys.json", "no keys at all");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  EXPECT_EQ(Told(fresh), "OK") << "a broken file changes nothing";
}

INSTANTIATE_TEST_SUITE_P(Algorithms, TokenTest, testing::Values("RS256", "ES256", "EdDSA"),
                         [](const auto& info) { return std::string(info.param); });

TEST(IssuersFile, WhatItSaysWrongIsSaidAtTheStart) {
  const tests::Authority folder;
  folder.Write("keys.json", "{\"keys\":[" + TokenKey("ES256").Jwk("k1") + "]}");
  const auto reads = [&](const std::string& text) {
    try {
      TokenVerifier verifier(folder.Write("issuers.json", text));
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  const std::string head = R"({"issuers":[{"issuer":"i","audience":"a","key_set_file":"keys.json","algorithm":")";
  EXPECT_TRUE(reads(head + "ES256\"}]}"));
  for (const char* algorithm : {"none", "HS256", "PS256", ""}) EXPECT_FALSE(reads(head + algorithm + "\"}]}")) << algorithm;
  EXPECT_FALSE(reads(head + "ES256\",\"leeway_seconds\":86400}]}"));
  EXPECT_FALSE(reads(R"({"issuers":[{"issuer":"i","audience":"a","key_set_file":"gone.json","algorithm":"ES256"}]})"));
  EXPECT_FALSE(reads("[]"));
  EXPECT_FALSE(reads("{"));
  EXPECT_THROW(TokenVerifier(folder.folder() + "/gone"), std::runtime_error);
}

}  // namespace
}  // namespace mes::services
