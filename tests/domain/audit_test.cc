#include "domain/audit.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

AuditEntry Example() {
  AuditEntry entry;
  entry.audit_id = 7;
  entry.kind = AuditKind::kChange;
  entry.write_time = FromMicros(1'790'000'000'123'456);
  entry.clock = ClockQuality::kSynchronised;
  entry.clock_error_us = 1'500;
  entry.method = "ReleaseHold";
  entry.caller = "li.wei";
  entry.noun = "hold";
  entry.noun_id = "12";
  entry.request_id = "r1";
  entry.reason = "resealed";
  entry.new_value = R"({"hold_id":"12"})";
  return entry;
}

TEST(Audit, AFieldStandsBehindItsLengthAndANullHasNone) {
  std::string bytes;
  AppendField(bytes, "ab");
  AppendField(bytes, int64_t{-5});
  AppendNull(bytes);
  EXPECT_EQ(HexText(bytes), "000000026162000000022d35ffffffff");
}

TEST(Audit, EveryFieldOfAnEntryIsInItsBytes) {
  const std::string bytes = LinkBytes(3, Example());
  const auto changed = [&](auto change) {
    AuditEntry entry = Example();
    change(entry);
    return LinkBytes(3, entry) != bytes;
  };
  EXPECT_TRUE(changed([](AuditEntry& e) { ++e.audit_id; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.kind = AuditKind::kRead; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.write_time += Duration(1); }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.clock = ClockQuality::kUnsynchronised; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.clock_error_us = 1'501; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.clock_error_us.reset(); }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.method = "PlaceHold"; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.caller = "wu.min"; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.proved = true; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.noun = "unit"; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.noun_id = "13"; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.request_id = "r2"; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.reason = ""; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.old_value = "{}"; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.new_value += " "; }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.mac = std::string(32, 'x'); }));
  EXPECT_TRUE(changed([](AuditEntry& e) { e.key_id = std::string(kKeyIdBytes, 'k'); }));
  EXPECT_NE(LinkBytes(4, Example()), bytes);
}

TEST(Audit, AKeysIdIsAFieldOnlyWhereItIsThere) {
  AuditEntry named = Example();
  named.key_id = "12345678";
  std::string bytes = EntryBytes(Example());
  AppendField(bytes, "3132333435363738");
  EXPECT_EQ(EntryBytes(named), bytes);
}

TEST(Audit, AChangeOfKeyIsAboutItsChainBothKeysAndItsTime) {
  const std::string a(32, 'a'), b(32, 'b');
  const std::string bytes = RotationBytes("c", a, b, FromMicros(9));
  EXPECT_NE(RotationBytes("d", a, b, FromMicros(9)), bytes);
  EXPECT_NE(RotationBytes("c", b, a, FromMicros(9)), bytes);
  EXPECT_NE(RotationBytes("c", a, a, FromMicros(9)), bytes);
  EXPECT_NE(RotationBytes("c", a, b, FromMicros(8)), bytes);
  EXPECT_NE(KeyIdBytes(a), KeyIdBytes(b));
}

RC_GTEST_PROP(Audit, TextMovedFromOneFieldToTheNextGivesOtherBytes, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
  const auto at = *rc::gen::inRange<size_t>(0, text.size() + 1);
  const auto other = *rc::gen::inRange<size_t>(0, text.size() + 1);
  AuditEntry one = Example(), two = Example();
  one.noun_id = text.substr(0, at), one.request_id = text.substr(at);
  two.noun_id = text.substr(0, other), two.request_id = text.substr(other);
  RC_ASSERT((at == other) == (EntryBytes(one) == EntryBytes(two)));
}

RC_GTEST_PROP(Audit, FieldsOfAnyBytesAreReadBackByTheirLengths, (const std::vector<std::string>& fields)) {
  std::string bytes;
  for (const std::string& field : fields) AppendField(bytes, field);
  std::vector<std::string> read;
  for (size_t at = 0; at < bytes.size();) {
    size_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[at++]);
    read.push_back(bytes.substr(at, length));
    at += length;
  }
  RC_ASSERT(read == fields);
}

TEST(Audit, AnAnchorIsAboutItsChainLinkHashAndTime) {
  const std::string hash(32, 'h');
  const std::string bytes = AnchorBytes("c", 5, hash, FromMicros(9));
  EXPECT_NE(AnchorBytes("d", 5, hash, FromMicros(9)), bytes);
  EXPECT_NE(AnchorBytes("c", 6, hash, FromMicros(9)), bytes);
  EXPECT_NE(AnchorBytes("c", 5, std::string(32, 'i'), FromMicros(9)), bytes);
  EXPECT_NE(AnchorBytes("c", 5, hash, FromMicros(8)), bytes);
  EXPECT_NE(ChainBytes("c", FromMicros(9), {1, 2}), ChainBytes("c", FromMicros(9), {12}));
}

}  // namespace
}  // namespace mes::domain
