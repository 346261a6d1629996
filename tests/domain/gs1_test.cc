#include "domain/gs1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

using testing::HasSubstr;
using Elements = std::vector<Gs1Element>;

TEST(Gs1, CheckDigitsAreThoseOfPublishedExamples) {
  EXPECT_TRUE(HasGs1CheckDigit("09521234543213"));
  EXPECT_TRUE(HasGs1CheckDigit("09506000134352"));
  EXPECT_TRUE(HasGs1CheckDigit("106141411234567897"));
  EXPECT_TRUE(HasGs1CheckDigit("4012345000115"));
  EXPECT_FALSE(HasGs1CheckDigit("09521234543214"));
  EXPECT_FALSE(HasGs1CheckDigit("0952123454321X"));
  EXPECT_EQ(ParseGtin("9521234543213", "gtin").value_or(""), "09521234543213");
  EXPECT_EQ(ParseGtin("952123454321", "gtin").error().reason, Reason::kCodeInvalid);
  EXPECT_THAT(ParseGtin("09521234543210", "gtin").error().message, HasSubstr("3 would be right"));
}

TEST(Gs1, DigitalLinksReadAndWriteAsPublished) {
  const Elements elements{{"01", "09521234543213"}, {"10", "ABC123"}, {"21", "12345"}};
  const std::string uri = "https://id.gs1.org/01/09521234543213/10/ABC123/21/12345";
  EXPECT_EQ(FormatDigitalLink("id.gs1.org", elements).value_or(""), uri);
  EXPECT_EQ(ParseDigitalLink(uri, "scan").value_or(Elements{}), elements);
  EXPECT_EQ(FormatDigitalLink("id.gs1.org", {{"21", "12345"}, {"11", "261124"}, {"10", "ABC123"}, {"01", "09521234543213"}})
                .value_or(""),
            uri + "?11=261124")
      << "qualifiers have one order, dates stand in the query";
  EXPECT_EQ(ParseDigitalLink(uri + "?11=261124&lang=zh", "scan")->back(), (Gs1Element{"11", "261124"}));
}

TEST(Gs1, DigitalLinksEncodeWhatAPathCannotHold) {
  const Elements elements{{"01", "09521234543213"}, {"21", "A/B%?&+ü"}};
  EXPECT_FALSE(FormatDigitalLink("id.gs1.org", elements)) << "ü is in no GS1 identifier";
  const Elements odd{{"01", "09521234543213"}, {"21", "A/B%?&+=#"}};
  EXPECT_FALSE(FormatDigitalLink("id.gs1.org", odd)) << "# is not either";
  const Elements good{{"01", "09521234543213"}, {"21", "A/B%?&+="}};
  const std::string uri = FormatDigitalLink("mes.example/dl", good).value_or("");
  EXPECT_EQ(uri, "https://mes.example/dl/01/09521234543213/21/A%2FB%25%3F%26%2B%3D");
  EXPECT_EQ(ParseDigitalLink(uri, "scan").value_or(Elements{}), good);
}

TEST(Gs1, DigitalLinksThatAreWrongAreRefused) {
  EXPECT_FALSE(ParseDigitalLink("https://id.gs1.org/01/09521234543214", "scan")) << "check digit";
  EXPECT_FALSE(ParseDigitalLink("https://id.gs1.org/01/09521234543213/21/1/10/2", "scan")) << "order";
  EXPECT_FALSE(ParseDigitalLink("https://id.gs1.org/01/09521234543213/21/%2", "scan"));
  EXPECT_FALSE(ParseDigitalLink("https://example.com/about/us", "scan"));
  EXPECT_FALSE(ParseDigitalLink("ftp://id.gs1.org/01/09521234543213", "scan"));
  EXPECT_FALSE(ParseDigitalLink("https://id.gs1.org/gtin/09521234543213", "scan")) << "words are withdrawn";
  EXPECT_FALSE(FormatDigitalLink("id.gs1.org", {{"21", "1"}})) << "no primary identifier";
  EXPECT_FALSE(FormatDigitalLink("id.gs1.org", {{"01", "09521234543213"}, {"8004", "X1"}})) << "two of them";
  EXPECT_EQ(FormatDigitalLink("id gs1", {{"01", "09521234543213"}}).error().metadata["field"], "host");
  EXPECT_EQ(FormatDigitalLink("", {{"01", "09521234543213"}}).error().metadata["field"], "host");
  const Error too_long = FormatDigitalLink("id.gs1.org", {{"01", "09521234543213"}, {"21", "04QCB76836300JBC40000903"}}).error();
  EXPECT_EQ(too_long.reason, Reason::kCodeInvalid);
  EXPECT_EQ(too_long.metadata.at("ai"), "21") << "24 characters do not fit";
}

TEST(Gs1, ElementStringsReadAsScannedAndAsPrinted) {
  const Elements elements{{"01", "09521234543213"}, {"10", "L-7"}, {"21", "AB(1)"}};
  EXPECT_EQ(ParseElementString("0109521234543213"
                               "10L-7\x1d"
                               "21AB(1)",
                               "scan")
                .value_or(Elements{}),
            elements);
  EXPECT_EQ(ParseElementString("(01)09521234543213(10)L-7(21)AB(1)", "scan").value_or(Elements{}), elements);
  EXPECT_EQ(FormatElementString(elements), "(01)09521234543213(10)L-7(21)AB(1)");
  EXPECT_EQ(ParseElementString("00106141411234567897", "scan").value_or(Elements{}), (Elements{{"00", "106141411234567897"}}));
  EXPECT_EQ(ParseElementString("8004952123454ABC", "scan").value_or(Elements{}), (Elements{{"8004", "952123454ABC"}}));
  EXPECT_EQ(ParseElementString("(8003)04012345000115X9", "scan").value_or(Elements{}), (Elements{{"8003", "04012345000115X9"}}));
  EXPECT_EQ(FormatDigitalLink("id.gs1.org", {{"8011", "12"}, {"8010", "952123#1"}}).value_or(""),
            "https://id.gs1.org/8010/952123%231/8011/12");
  EXPECT_EQ(FormatDigitalLink("id.gs1.org", {{"8010", "952123a"}}).error().metadata.at("ai"), "8010") << "no small letters";
}

TEST(Gs1, ElementStringsThatAreWrongAreRefused) {
  for (const char* wrong : {"", "0109521234543214", "010952123454321", "9921ABC", "(01)09521234543213(21)", "11261131", "(77)A",
                            "00106141411234567890", "21ABCDEFGHIJKLMNOPQRSTU"}) {
    const auto parsed = ParseElementString(wrong, "scan");
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().reason, Reason::kCodeInvalid) << wrong;
  }
}

TEST(Gs1, AGtinAndWhatFollowsThePrefixLeadBackToTheWholeCode) {
  const std::string code = "NMGCB120000001GBR0000042";
  const std::string_view serial = GtinSerialOf(code);
  EXPECT_EQ(serial, "0000001GBR0000042");
  EXPECT_TRUE(FitsSerial(serial));
  EXPECT_FALSE(FitsSerial(code));
  EXPECT_EQ(BatteryCodeOf("NMGCB12", serial, "scan").value_or(""), code);
  EXPECT_EQ(BatteryCodeOf("NMGCB12", GtinSerialOf("NMGCB12GBR0000001RM"), "scan").value_or(""), "NMGCB12GBR0000001RM");
  EXPECT_EQ(BatteryCodeOf("NMGCB12", "0000001GBR00000", "scan").error().reason, Reason::kCodeInvalid);
}

RC_GTEST_PROP(Gs1Property, AnySerialThatFitsReadsBackFromItsLink, ()) {
  const std::string serial = *rc::gen::resize(
      20, rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ABCxyz0189!\"%&'()*+,-./:;<=>?_")))));
  RC_PRE(FitsSerial(serial));
  const Elements elements{{"01", "09521234543213"}, {"21", serial}};
  const Result<std::string> uri = FormatDigitalLink("id.gs1.org", elements);
  RC_ASSERT(uri.has_value());
  const Result<Elements> parsed = ParseDigitalLink(*uri, "scan");
  RC_ASSERT(parsed.has_value());
  RC_ASSERT((*parsed == elements) == true);
}

RC_GTEST_PROP(Gs1Property, OneWrongDigitOfAGtinIsAlwaysFound, ()) {
  std::string body = *rc::gen::container<std::string>(13, rc::gen::inRange<char>('0', '9' + 1));
  body += Gs1CheckDigit(body);
  RC_ASSERT(HasGs1CheckDigit(body));
  const size_t at = *rc::gen::inRange<size_t>(0, 14);
  const char other = *rc::gen::suchThat(rc::gen::inRange<char>('0', '9' + 1), [&](char c) { return c != body[at]; });
  body[at] = other;
  RC_ASSERT(!HasGs1CheckDigit(body));
}

}  // namespace
}  // namespace mes::domain
