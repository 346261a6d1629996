#include "domain/shipment.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

TEST(Country, IsAnAssignedCode) {
  for (const char* good : {"CN", "DE", "AD", "ZW", "HK", "TW", "MO"}) EXPECT_TRUE(CheckCountry(good, "country")) << good;
  for (const char* bad : {"UK", "ZZ", "cn", "CHN", "C", "D ", " D", "EU"}) {
    const Status refused = CheckCountry(bad, "country");
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().reason, Reason::kFieldInvalid);
  }
  EXPECT_EQ(CheckCountry("", "country").error().reason, Reason::kFieldRequired);
}

TEST(Money, HasTheCurrencysDigits) {
  EXPECT_EQ(*ParseMoney("1234.5", "EUR", "v"), 123'450);
  EXPECT_EQ(*ParseMoney("0.01", "CNY", "v"), 1);
  EXPECT_EQ(*ParseMoney("500", "JPY", "v"), 500);
  EXPECT_EQ(*ParseMoney("1.234", "KWD", "v"), 1'234);
  for (const char* bad : {"", ".5", "1.", "-1", "1,5", "1e3", "1.234", "abc", " 1"}) {
    EXPECT_EQ(ParseMoney(bad, "EUR", "v").error().reason, Reason::kFieldInvalid) << bad;
  }
  EXPECT_EQ(ParseMoney("1.5", "JPY", "v").error().reason, Reason::kFieldInvalid);
  EXPECT_EQ(ParseMoney("1", "eur", "v").error().reason, Reason::kFieldInvalid);
  EXPECT_EQ(ParseMoney("99999999999999999999", "EUR", "v").error().reason, Reason::kLimitExceeded);
  EXPECT_EQ(FormatMoney(123'450, "EUR"), "1234.50");
  EXPECT_EQ(FormatMoney(5, "EUR"), "0.05");
  EXPECT_EQ(FormatMoney(5, "JPY"), "5");
}

RC_GTEST_PROP(Money, IsReadBackAsItWasWritten, ()) {
  const auto minor = *rc::gen::inRange<int64_t>(0, 1'000'000'000'000'000);
  const std::string currency = *rc::gen::element<std::string>("EUR", "JPY", "KWD");
  RC_ASSERT(*ParseMoney(FormatMoney(minor, currency), currency, "v") == minor);
}

TEST(ExportShare, IsByPeriodCurrencyAndProductAndNeverAddsCurrencies) {
  const Day november = DayOf(2026, 11, 3), december = DayOf(2026, 12, 1);
  const std::vector<ExportRow> rows = ExportShares({{november, 1, "CN", "CNY", 2, 200},
                                                    {november, 1, "DE", "CNY", 1, 300},
                                                    {november, 2, "DE", "EUR", 4, 50},
                                                    {december, 1, "CN", "CNY", 1, 100}},
                                                   PeriodKind::kMonth);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0].material_id, 0);
  EXPECT_EQ(rows[0].units, 3);
  EXPECT_EQ(rows[0].exported_units, 1);
  EXPECT_EQ(rows[0].value_minor, 500);
  EXPECT_EQ(rows[0].exported_minor, 300);
  EXPECT_EQ(rows[2].currency, "EUR");
  EXPECT_EQ(LabelOf(rows[4].period), "2026-12");
}

RC_GTEST_PROP(ExportShare, DoesNotDependOnTheOrderAndAddsUp, ()) {
  std::vector<ShippedSum> sums;
  for (const int64_t value : *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 1'000))) {
    sums.push_back({DayOf(2026, 1, 1) + static_cast<Day>(value % 90), static_cast<int32_t>(1 + value % 3),
                    value % 2 ? "CN" : "DE", value % 5 ? "EUR" : "CNY", 1, value});
  }
  const std::vector<ExportRow> rows = ExportShares(sums, PeriodKind::kMonth);
  int64_t all = 0, products = 0, given = 0;
  for (const ExportRow& row : rows) {
    RC_ASSERT(row.exported_minor <= row.value_minor);
    (row.material_id == 0 ? all : products) += row.value_minor;
  }
  for (const ShippedSum& sum : sums) given += sum.value_minor;
  RC_ASSERT(all == given && products == given);
  std::reverse(sums.begin(), sums.end());
  RC_ASSERT(ExportShares(sums, PeriodKind::kMonth) == rows);
}

}  // namespace
}  // namespace mes::domain
