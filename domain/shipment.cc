#include "domain/shipment.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "domain/limits_recycling.h"

namespace mes::domain {
namespace {

// The 249 codes that ISO 3166-1 has assigned, in order.
constexpr std::string_view kCountries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI "
    "CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ "
    "GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG "
    "PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK "
    "TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";
constexpr std::string_view kWithoutFraction = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
constexpr std::string_view kWithThreeDigits = "BHD IQD JOD KWD LYD OMR TND ";

bool StandsIn(std::string_view list, std::string_view code) {
  for (size_t at = list.find(code); at != std::string_view::npos; at = list.find(code, at + 1)) {
    if ((at == 0 || list[at - 1] == ' ') && list[at + code.size()] == ' ') return true;
  }
  return false;
}

bool AreCapitals(std::string_view text, size_t count) {
  return text.size() == count && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

Status CheckCountry(std::string_view country, std::string_view field) {
  if (country.empty()) return Fail(FieldError(Reason::kFieldRequired, field, "a country is needed"));
  if (AreCapitals(country, 2) && StandsIn(kCountries, country)) return {};
  return Fail(FieldError(Reason::kFieldInvalid, field,
                         "`" + std::string(country.substr(0, 8)) + "` is not a country's two letters after ISO 3166-1"));
}

std::optional<int> MinorDigits(std::string_view currency) {
  if (!AreCapitals(currency, 3)) return std::nullopt;
  if (StandsIn(kWithoutFraction, currency)) return 0;
  return StandsIn(kWithThreeDigits, currency) ? 3 : 2;
}

Result<int64_t> ParseMoney(std::string_view text, std::string_view currency, std::string_view field) {
  const std::optional<int> digits = MinorDigits(currency);
  const auto invalid = [&](std::string why) {
    return Fail(FieldError(Reason::kFieldInvalid, field, "`" + std::string(text.substr(0, 40)) + "` " + std::move(why)));
  };
  if (!digits) return invalid("has no currency of three capitals");
  int64_t minor = 0;
  int fraction = -1;
  bool any = false;
  for (const char c : text) {
    if (c == '.' && fraction < 0 && any) {
      fraction = 0;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (fraction >= 0 && ++fraction > *digits) {
        return invalid("has more than the " + std::to_string(*digits) + " fraction digits of " + std::string(currency));
      }
      minor = minor * 10 + (c - '0');
      if (minor > kMaxMoneyMinor) {
        Error error = FieldError(Reason::kLimitExceeded, field, "the amount is beyond what is kept");
        error.metadata["limit"] = std::to_string(kMaxMoneyMinor);
        return Fail(std::move(error));
      }
    } else {
      return invalid("is not an amount like 1234.50");
    }
  }
  if (!any || fraction == 0) return invalid("is not an amount like 1234.50");
  for (int i = std::max(fraction, 0); i < *digits; ++i) minor *= 10;
  if (minor <= kMaxMoneyMinor) return minor;
  Error error = FieldError(Reason::kLimitExceeded, field, "the amount is beyond what is kept");
  error.metadata["limit"] = std::to_string(kMaxMoneyMinor);
  return Fail(std::move(error));
}

std::string FormatMoney(int64_t minor, std::string_view currency) {
  const int digits = MinorDigits(currency).value_or(2);
  std::string text = std::to_string(minor);
  if (digits == 0) return text;
  const auto width = static_cast<size_t>(digits);
  if (text.size() <= width) text.insert(0, width + 1 - text.size(), '0');
  text.insert(text.size() - width, ".");
  return text;
}

std::vector<ExportRow> ExportShares(const std::vector<ShippedSum>& sums, PeriodKind kind) {
  std::map<std::tuple<Day, std::string, int32_t>, ExportRow> rows;
  for (const ShippedSum& sum : sums) {
    const Period period = PeriodOf(kind, sum.plant_day);
    for (const int32_t material_id : {0, sum.material_id}) {
      ExportRow& row = rows[{period.first, sum.currency, material_id}];
      row.period = period;
      row.material_id = material_id;
      row.currency = sum.currency;
      row.units += sum.units;
      row.value_minor += sum.value_minor;
      if (sum.country == kHomeCountry) continue;
      row.exported_units += sum.units;
      row.exported_minor += sum.value_minor;
    }
  }
  std::vector<ExportRow> ordered;
  for (auto& [key, row] : rows) ordered.push_back(std::move(row));
  return ordered;
}

}  // namespace mes::domain
