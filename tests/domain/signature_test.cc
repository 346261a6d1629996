#include "domain/signature.h"

#include <functional>

#include <gtest/gtest.h>

namespace mes::domain {
namespace {

constexpr Time kNow = Time(Duration(1'790'000'000'000'000));

Signature Given() { return {"chen.yu", "released", kNow, std::string(32, 'k'), std::string(64, 's')}; }
SignerKey Key() { return {std::string(32, 'k'), "chen.yu", "li.wei", "badge", kNow - std::chrono::hours(1), std::nullopt}; }

// `good`, or the cause.
std::string Told(const Signature& signature, const SignerKey* key, bool is_the_keys = true, Time now = kNow) {
  const Status judged = JudgeSignature(signature, "chen.yu", key, is_the_keys, now);
  if (judged) return "good";
  EXPECT_EQ(judged.error().reason, Reason::kSignatureInvalid);
  return judged.error().metadata.at("cause");
}

TEST(Signature, ItCountsWithThePersonsOwnKeyUnderTheVeryContentNow) {
  const SignerKey key = Key();
  EXPECT_EQ(Told(Given(), &key), "good");
  EXPECT_EQ(Told(Given(), nullptr), "key");
  EXPECT_EQ(Told(Given(), &key, false), "bytes");
  EXPECT_EQ(Told(Given(), &key, true, kNow + std::chrono::minutes(5)), "good");
  EXPECT_EQ(Told(Given(), &key, true, kNow + std::chrono::minutes(5) + Duration(1)), "time");
  EXPECT_EQ(Told(Given(), &key, true, kNow - std::chrono::minutes(5) - Duration(1)), "time");
  Signature other = Given();
  other.person = "wu.min";
  EXPECT_EQ(Told(other, &key), "person");
  SignerKey theirs = Key();
  theirs.signer = "wu.min";
  EXPECT_EQ(Told(Given(), &theirs), "key");
  SignerKey ended = Key();
  ended.end_time = kNow;
  EXPECT_EQ(Told(Given(), &ended), "key");
}

TEST(Signature, WhatWasSignedStaysSignedWhenItsKeyEnds) {
  SignerKey key = Key();
  key.end_time = kNow + std::chrono::hours(1);
  EXPECT_TRUE(WasGood(Given(), &key, true, kNow));
  EXPECT_FALSE(WasGood(Given(), &key, false, kNow));
  EXPECT_FALSE(WasGood(Given(), nullptr, true, kNow));
  key.register_time = kNow + Duration(1);
  EXPECT_FALSE(WasGood(Given(), &key, true, kNow));
}

TEST(Signature, ACredentialCountsForItsPersonAndATokenWhileItIsFresh) {
  const auto told = [](const Reproof& shown, Time now = kNow) {
    const Status judged = JudgeReproof(Given(), "chen.yu", shown, now);
    return judged ? std::string("good") : judged.error().metadata.at("cause");
  };
  Reproof key{ProofKind::kApiKey, "chen.yu", "", "k1", std::nullopt, ""};
  EXPECT_EQ(told(key), "good");
  EXPECT_EQ(told(key, kNow + std::chrono::minutes(6)), "time");
  key.person = "wu.min";
  EXPECT_EQ(told(key), "person");
  Reproof token{ProofKind::kToken, "chen.yu", "i", "d", kNow - std::chrono::minutes(5), "o"};
  EXPECT_EQ(told(token), "good");
  token.prove_time = kNow - std::chrono::minutes(5) - Duration(1);
  EXPECT_EQ(told(token), "age");
  token.prove_time = kNow + std::chrono::minutes(6);
  EXPECT_EQ(told(token), "age");
  token.prove_time.reset();
  EXPECT_EQ(told(token), "age");
}

TEST(Signature, EachPartIsUnderTheSeal) {
  RecordSignature kept{1, Given(), "ReleaseHold", "hold", "7", std::string(32, 'h'), kNow, ProofKind::kToken, "i", "d", "o", ""};
  kept.signature.public_key.clear(), kept.signature.signature.clear();
  const std::string bytes = SealBytes(kept);
  const auto changed = [&](const std::function<void(RecordSignature&)>& change) {
    RecordSignature other = kept;
    change(other);
    return SealBytes(other) != bytes;
  };
  EXPECT_TRUE(changed([](RecordSignature& s) { s.signature.person = "x"; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.method = "x"; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.noun = "x"; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.noun_id = "8"; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.payload_sha256[0] = 'x'; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.record_time += Duration(1); }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.proof = ProofKind::kApiKey; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.proof_source = "x"; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.proof_id = "x"; }));
  EXPECT_TRUE(changed([](RecordSignature& s) { s.once = "x"; }));
}

TEST(Signature, EachPartIsInTheBytes) {
  const std::string bytes = SignatureBytes(Given(), "ReleaseHold", std::string(32, 'h'));
  const auto changed = [&](const std::function<void(Signature&)>& change) {
    Signature signature = Given();
    change(signature);
    return SignatureBytes(signature, "ReleaseHold", std::string(32, 'h')) != bytes;
  };
  EXPECT_TRUE(changed([](Signature& s) { s.person = "x"; }));
  EXPECT_TRUE(changed([](Signature& s) { s.meaning = "x"; }));
  EXPECT_TRUE(changed([](Signature& s) { s.sign_time += Duration(1); }));
  EXPECT_NE(SignatureBytes(Given(), "DisposeNcrUnits", std::string(32, 'h')), bytes);
  EXPECT_NE(SignatureBytes(Given(), "ReleaseHold", std::string(32, 'i')), bytes);
}

}  // namespace
}  // namespace mes::domain
