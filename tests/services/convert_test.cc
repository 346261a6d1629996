#include "services/convert.h"

#include <gtest/gtest.h>

#include "domain/limits.h"
#include "domain/quantity.h"

namespace mes::services {
namespace {

template <typename Value>
std::string ProblemOf(const domain::Result<Value>& result) {
  return result ? "OK" : std::string(domain::NameOf(result.error().reason)) + " " + result.error().metadata.at("field");
}

v1::Quantity QuantityOf(const std::string& value, const std::string& uom) {
  v1::Quantity quantity;
  quantity.set_value(value);
  quantity.set_uom(uom);
  return quantity;
}

TEST(Convert, QuantitiesAreExactAndInTheMaterialsUnit) {
  EXPECT_EQ(*QuantityFromProto(QuantityOf("4.347", "kg"), "kg", "quantity"), 4'347'000);
  EXPECT_EQ(QuantityToProto(4'347'000, "kg").value(), "4.347");
  EXPECT_EQ(ProblemOf(QuantityFromProto(QuantityOf("1", "pc"), "kg", "quantity")), "UOM_MISMATCH quantity.uom");
  EXPECT_EQ(ProblemOf(QuantityFromProto(QuantityOf("1", "stone"), "kg", "quantity")), "UOM_MISMATCH quantity.uom");
  for (const char* bad : {"", "-1", "1e3", "nan", "inf", "1.2345678", ".5", "1.", "9000000001", " 1"}) {
    EXPECT_EQ(ProblemOf(QuantityFromProto(QuantityOf(bad, "kg"), "kg", "quantity")), "QUANTITY_INVALID quantity.value") << bad;
  }
}

TEST(Convert, TimesRoundTripToTheMicrosecond) {
  const domain::Time time = domain::FromMicros(1'790'000'000'123'456);
  EXPECT_EQ(*TimeFromProto(ToProto(time), "t"), time);
  google::protobuf::Timestamp bad;
  bad.set_nanos(1'000'000'000);
  EXPECT_EQ(ProblemOf(TimeFromProto(bad, "t")), "FIELD_INVALID t");
  bad.set_nanos(0);
  bad.set_seconds(-1);
  EXPECT_EQ(ProblemOf(TimeFromProto(bad, "t")), "FIELD_INVALID t");
  bad.set_seconds(253'402'300'800);
  EXPECT_EQ(ProblemOf(TimeFromProto(bad, "t")), "FIELD_INVALID t");
  EXPECT_EQ(*OptionalTimeFromProto(false, bad, "t"), std::nullopt);
}

TEST(Convert, PageSizesAreBounded) {
  EXPECT_EQ(PageSize(0), domain::kDefaultPageSize);
  EXPECT_EQ(PageSize(-5), domain::kDefaultPageSize);
  EXPECT_EQ(PageSize(7), 7);
  EXPECT_EQ(PageSize(1'000'000), domain::kMaxPageSize);
}

TEST(Convert, APageTokenFitsOnlyTheQuestionItCameFrom) {
  const uint64_t digest = FilterDigest({"PACK", "2"});
  const std::string key("a\0/\xff", 4);
  EXPECT_EQ(*ParsePageToken(PageToken(key, digest), digest), key);
  EXPECT_EQ(*ParsePageToken("", digest), "");
  EXPECT_NE(FilterDigest({"PACK", "2"}), FilterDigest({"PACK2", ""}));
  const auto problem = [&](const std::string& token) { return ProblemOf(ParsePageToken(token, digest)); };
  EXPECT_EQ(problem(PageToken(key, FilterDigest({"PACK", "3"}))), "PAGE_TOKEN_INVALID page_token");
  EXPECT_EQ(problem("x"), "PAGE_TOKEN_INVALID page_token");
  EXPECT_EQ(problem(PageToken(key, digest) + "0"), "PAGE_TOKEN_INVALID page_token");
  EXPECT_EQ(problem(PageToken(key, digest) + "zz"), "PAGE_TOKEN_INVALID page_token");
  EXPECT_EQ(problem(PageToken(std::string(5'000, 'k'), digest)), "PAGE_TOKEN_INVALID page_token");
}

}  // namespace
}  // namespace mes::services
