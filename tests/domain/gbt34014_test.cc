#include "domain/gbt34014.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "domain/issued_code.h"
#include "domain/limits.h"
#include "domain/scan.h"

namespace mes::domain {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;
using std::chrono::year_month_day;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPlainCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDateCharacters = "0123456789ABCDEFGHJKLMNPRSTVWXY";

year_month_day Day(int y, unsigned m, unsigned d) { return {year(y), month(m), day(d)}; }

struct RealLabel {
  const char* code;
  const char* manufacturer;
  char product_type;
  year_month_day date;
  int32_t serial;
};

// Labels seen on cells, from public places.
TEST(Gbt34014, RealLabelsDecode) {
  const RealLabel labels[] = {
      {"04QCB76836300JBC40000903", "04Q", 'C', Day(2021, 12, 4), 903},
      {"001CB240000003B3C0221953", "001", 'C', Day(2021, 3, 12), 221953},
      {"07HCBC1P22G06AC700002596", "07H", 'C', Day(2022, 7, 31), 2596},
      {"04QCB52091380JG120006435", "04Q", 'C', Day(2026, 1, 2), 6435},
  };
  for (const RealLabel& label : labels) {
    const BatteryCodeReading reading = ReadBatteryCode(label.code);
    EXPECT_TRUE(reading.Valid()) << label.code;
    EXPECT_EQ(reading.code.manufacturer, label.manufacturer);
    EXPECT_EQ(reading.code.product_type, label.product_type);
    EXPECT_EQ(reading.code.battery_type, 'B');
    EXPECT_EQ(reading.code.date, label.date) << label.code;
    EXPECT_EQ(reading.code.serial, label.serial);
    EXPECT_EQ(FormatBatteryCode(reading.code).value_or(""), label.code);
  }
}

struct Wrong {
  const char* code;
  int position;
};

TEST(Gbt34014, WrongCodesAreRefusedAtTheirPosition) {
  const Wrong codes[] = {
      {"001PE010000000CAO0000001", 17}, {"001PE010000000CAI0000001", 17}, {"001PE010000000CAU0000001", 17},
      {"001PH010000000CA10000001", 5},  {"001CB24B3C0221953R", 0},        {"001XE010000000CA10000001", 4},
      {"001PE010000000OA10000001", 15}, {"001PE0100000000A10000001", 15}, {"001PE010000000CD10000001", 16},
      {"001PE010000000CA1000000A", 24}, {"001PE010000000CA10000000", 18}, {"001pE010000000CA10000001", 4},
      {"0-1PE010000000CA10000001", 2},  {"001PE01000000#CA10000001", 14}, {"", 0},
      {"001PE010000000F2Y0000001", 17},  // 30 February
      {"001PE010000000FB00000001", 17},  // 31 November
      {"001CB24B3C0221953S1", 18},      {"001CB24B3C0221953RX", 19},
  };
  for (const Wrong& wrong : codes) {
    const BatteryCodeReading reading = ReadBatteryCode(wrong.code);
    ASSERT_FALSE(reading.Valid()) << wrong.code;
    EXPECT_EQ(reading.faults.front().position, wrong.position) << wrong.code << ": " << reading.faults.front().sentence;
    const Result<BatteryCode> parsed = ParseBatteryCode(wrong.code, "code");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().reason, Reason::kCodeInvalid);
    EXPECT_EQ(parsed.error().metadata.at("field"), "code");
    EXPECT_EQ(parsed.error().metadata.at("position"), std::to_string(wrong.position));
  }
}

TEST(Gbt34014, EveryFaultIsTold) {
  const BatteryCodeReading reading = ReadBatteryCode("0o1XH0100000000DO00000a0");
  std::vector<int> positions;
  for (const CodeFault& fault : reading.faults) positions.push_back(fault.position);
  EXPECT_THAT(positions, ElementsAre(2, 4, 5, 15, 16, 17, 23));
}

TEST(Gbt34014, SecondLifeCodesHaveNineteenCharactersAndALevel) {
  const BatteryCodeReading reading = ReadBatteryCode("001PB24B3C0221953RM");
  ASSERT_TRUE(reading.Valid());
  EXPECT_TRUE(reading.code.SecondLife());
  EXPECT_EQ(reading.code.reuse_level, 'M');
  EXPECT_EQ(reading.code.date, Day(2021, 3, 12));
  EXPECT_EQ(reading.code.traceability, "");
  EXPECT_EQ(FormatBatteryCode(reading.code).value_or(""), "001PB24B3C0221953RM");
  EXPECT_TRUE(IsSecondLifeCode("001PB24B3C0221953RM"));
  EXPECT_FALSE(IsNewBatteryCode("001PB24B3C0221953RM"));
}

TEST(Gbt34014, TheTablesNameYearsMonthsAndDays) {
  EXPECT_EQ(FormatBatteryDate(Day(2011, 1, 1), "d").value_or(""), "111");
  EXPECT_EQ(FormatBatteryDate(Day(2019, 9, 9), "d").value_or(""), "999");
  EXPECT_EQ(FormatBatteryDate(Day(2020, 10, 10), "d").value_or(""), "AAA");
  EXPECT_EQ(FormatBatteryDate(Day(2026, 11, 24), "d").value_or(""), "GBR");
  EXPECT_EQ(FormatBatteryDate(Day(2028, 12, 31), "d").value_or(""), "JC0");
  EXPECT_EQ(FormatBatteryDate(Day(2037, 2, 26), "d").value_or(""), "V2T");
  EXPECT_EQ(FormatBatteryDate(Day(2040, 12, 30), "d").value_or(""), "YCY");
  EXPECT_FALSE(FormatBatteryDate(Day(2010, 12, 31), "d"));
  EXPECT_FALSE(FormatBatteryDate(Day(2041, 1, 1), "d"));
  EXPECT_FALSE(FormatBatteryDate(Day(2027, 2, 29), "d"));
  EXPECT_EQ(FormatBatteryDate(Day(2028, 2, 29), "d").value_or(""), "J2X");
  EXPECT_EQ(BatteryTypeName('B'), "lithium iron phosphate");
  EXPECT_TRUE(IsBatteryTypeProven('E'));
  EXPECT_FALSE(IsBatteryTypeProven('A'));
}

rc::Gen<std::string> Text(std::string_view characters, size_t length) {
  return rc::gen::container<std::string>(length, rc::gen::elementOf(std::string(characters)));
}

BatteryCode AnyCode() {
  BatteryCode code;
  code.manufacturer = *Text(kPlainCharacters, 3);
  code.product_type = *rc::gen::element('P', 'M', 'C');
  code.battery_type = *rc::gen::elementOf(std::string("ABCDEFGZ"));
  code.specification = *Text(kPlainCharacters, 2);
  const auto days = std::chrono::sys_days(Day(2011, 1, 1)) + std::chrono::days(*rc::gen::inRange(0, 10'957));
  code.date = days;
  code.serial = *rc::gen::inRange(1, kLastBatterySerial + 1);
  if (*rc::gen::arbitrary<bool>()) {
    code.reuse_level = *rc::gen::element('P', 'M', 'C');
  } else {
    code.traceability = *Text(kPlainCharacters, 7);
  }
  return code;
}

RC_GTEST_PROP(Gbt34014Property, WhatIsWrittenReadsBack, ()) {
  const BatteryCode code = AnyCode();
  const Result<std::string> text = FormatBatteryCode(code);
  RC_ASSERT(text.has_value());
  RC_ASSERT(text->size() == (code.SecondLife() ? kSecondLifeCodeLength : kNewBatteryCodeLength));
  const Result<BatteryCode> parsed = ParseBatteryCode(*text, "code");
  RC_ASSERT(parsed.has_value());
  RC_ASSERT((*parsed == code) == true);
}

// Which characters the standard lets stand at a place of a code.
std::string_view AllowedAt(size_t position, bool second_life) {
  if (position == 4) return "PMC";
  if (position == 5) return "ABCDEFGZ";
  const size_t date = second_life ? 8 : 15;
  if (position < date) return kPlainCharacters;
  if (position == date) return kDateCharacters.substr(1);
  if (position == date + 1) return "123456789ABC";
  if (position == date + 2) return kDateCharacters;
  if (position <= date + 9) return "0123456789";
  return position == date + 10 ? "R" : "PMC";
}

RC_GTEST_PROP(Gbt34014Property, ASingleCharacterOfAWrongClassIsRefusedWhereItStands, ()) {
  const BatteryCode code = AnyCode();
  std::string text = *FormatBatteryCode(code);
  const size_t position = *rc::gen::inRange<size_t>(1, text.size() + 1);
  const char wrong = *rc::gen::suchThat(rc::gen::inRange<char>(0x20, 0x7f), [&](char c) {
    return AllowedAt(position, code.SecondLife()).find(c) == std::string_view::npos;
  });
  text[position - 1] = wrong;
  const BatteryCodeReading reading = ReadBatteryCode(text);
  RC_ASSERT(!reading.Valid());
  RC_ASSERT(reading.faults.front().position == static_cast<int>(position));
}

TEST(Scan, WhatScannersAndInputMethodsDoIsMendedAndTold) {
  const Scan lower = NormalizeScan("04qcb76836300jbc40000903\r\n");
  EXPECT_EQ(lower.text, "04QCB76836300JBC40000903");
  EXPECT_THAT(lower.mends, ElementsAre(Mend::kSuffix, Mend::kLowerCase));
  const Scan wide = NormalizeScan("０４ＱＣＢ７６８３６３００ＪＢＣ４００００９０３　");
  EXPECT_EQ(wide.text, "04QCB76836300JBC40000903");
  EXPECT_THAT(wide.mends, ElementsAre(Mend::kFullWidth, Mend::kSuffix));
  const Scan marked = NormalizeScan("]Q104QCB76836300JBC40000903");
  EXPECT_EQ(marked.text, "04QCB76836300JBC40000903");
  EXPECT_FALSE(marked.gs1);
  const Scan gs1 = NormalizeScan(
      "]d20109521234543213\x1d"
      "21abc");
  EXPECT_TRUE(gs1.gs1);
  EXPECT_EQ(gs1.text,
            "0109521234543213\x1d"
            "21abc")
      << "serials tell capitals from small letters";
  const Scan plain = NormalizeScan("Box-0001");
  EXPECT_EQ(plain.text, "Box-0001");
  EXPECT_TRUE(plain.mends.empty());
  EXPECT_EQ(NormalizeScan("电池").text, "电池") << "what is no code stays";
}

CodeRule RuleOf(const char* prefix, const char* traceability, const char* gtin = "") {
  CodeRule rule;
  rule.id = 3;
  rule.prefix = prefix;
  rule.traceability = traceability;
  rule.gtin = gtin;
  return rule;
}

TEST(IssuedCode, RulesHaveAPrefixOrAGtinWithoutLettersThatPeopleMistake) {
  EXPECT_EQ(CheckCodeRule(RuleOf("NMGCB12", "0000001", "4012345678901"))->gtin, "04012345678901");
  EXPECT_EQ(CheckCodeRule(RuleOf("", "", "09521234543213"))->gtin, "09521234543213");
  EXPECT_EQ(CheckCodeRule(RuleOf("", "")).error().reason, Reason::kFieldRequired);
  EXPECT_EQ(CheckCodeRule(RuleOf("NMGCB1O", "0000001")).error().metadata["field"], "prefix");
  EXPECT_EQ(CheckCodeRule(RuleOf("NMGXB12", "0000001")).error().metadata["field"], "prefix");
  EXPECT_EQ(CheckCodeRule(RuleOf("NMGCB12", "000I001")).error().metadata["field"], "traceability");
  EXPECT_EQ(CheckCodeRule(RuleOf("", "0000001", "09521234543213")).error().metadata["field"], "traceability");
  EXPECT_EQ(CheckCodeRule(RuleOf("NMGCB12", "0000001", "4012345678902")).error().metadata["field"], "gtin");
}

TEST(IssuedCode, BatchesAreNumberedAfterTheDaysLast) {
  const CodeRule rule = RuleOf("NMGCB12", "0000001");
  CodeDraft draft{0, "", Day(2026, 11, 24), 3};
  CodeBatch batch = *DraftBatch(rule, draft);
  ASSERT_TRUE(NumberBatch(batch, 41));
  EXPECT_EQ(batch.CodeAt(0), "NMGCB120000001GBR0000042");
  EXPECT_EQ(batch.CodeAt(2), "NMGCB120000001GBR0000044");
  EXPECT_EQ(NumberBatch(batch, kLastBatterySerial - 2).error().reason, Reason::kLimitExceeded);
  EXPECT_TRUE(NumberBatch(batch, kLastBatterySerial - 3)) << "the last number of the day may be used";
  draft.reuse_level = 'M';
  batch = *DraftBatch(rule, draft);
  ASSERT_TRUE(NumberBatch(batch, 0));
  EXPECT_EQ(batch.CodeAt(0), "NMGCB12GBR0000001RM");
}

TEST(IssuedCode, DraftsThatCannotBeCodedAreRefused) {
  const CodeRule rule = RuleOf("NMGCB12", "0000001");
  const auto field = [&](const CodeRule& of, CodeDraft draft) { return DraftBatch(of, draft).error().metadata["field"]; };
  EXPECT_EQ(field(RuleOf("", "", "09521234543213"), {0, "", Day(2026, 1, 1), 1}), "product_code");
  EXPECT_EQ(field(rule, {0, "", Day(2026, 1, 1), 0}), "count");
  EXPECT_EQ(DraftBatch(rule, {0, "", Day(2026, 1, 1), kMaxCodesPerBatch + 1}).error().reason, Reason::kLimitExceeded);
  EXPECT_EQ(field(rule, {0, "abc", Day(2026, 1, 1), 1}), "traceability");
  EXPECT_EQ(field(rule, {'X', "", Day(2026, 1, 1), 1}), "reuse_level");
  EXPECT_EQ(field(rule, {'P', "0000001", Day(2026, 1, 1), 1}), "traceability");
  EXPECT_EQ(field(rule, {0, "", Day(2041, 1, 1), 1}), "production_date");
}

TEST(IssuedCode, TheDayOfACodeIsThatOfAsiaShanghai) {
  EXPECT_EQ(CodeDay(Time(std::chrono::seconds(1'795'535'999))), Day(2026, 11, 24));
  EXPECT_EQ(CodeDay(Time(std::chrono::seconds(1'795'536'000))), Day(2026, 11, 25)) << "16:00 UTC is midnight";
}

}  // namespace
}  // namespace mes::domain
