#include "domain/plan.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/quantity.h"

namespace mes::domain {
namespace {

constexpr int32_t kFirstYear = 2000;
constexpr int32_t kLastYear = 2199;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// For a sentence: cut, so that a file's content cannot grow an answer.
std::string Quoted(std::string_view text) { return "`" + std::string(text.substr(0, kMaxCodeLength)) + "`"; }

}  // namespace

std::string FormatMonth(Month month) {
  std::string text = std::to_string(month / 12) + "-";
  const int32_t of_year = month % 12 + 1;
  if (of_year < 10) text += '0';
  return text + std::to_string(of_year);
}

Result<Month> ParseMonth(std::string_view text, std::string_view field) {
  if (text.empty()) return Fail(FieldError(Reason::kFieldRequired, field, "a month is written YYYY-MM"));
  const auto wrong = [&] {
    return Fail(FieldError(Reason::kFieldInvalid, field, Quoted(text) + " is not a month written YYYY-MM"));
  };
  if (text.size() != 7 || text[4] != '-') return wrong();
  for (const size_t i : {0, 1, 2, 3, 5, 6}) {
    if (!IsDigit(text[i])) return wrong();
  }
  const int32_t year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  const int32_t month = (text[5] - '0') * 10 + (text[6] - '0');
  if (year < kFirstYear || year > kLastYear || month < 1 || month > 12) return wrong();
  return year * 12 + month - 1;
}

Month MonthOfDay(Day day) { return YearOf(day) * 12 + static_cast<int32_t>(MonthOf(day)) - 1; }

Day FirstDayOf(Month month) { return DayOf(month / 12, static_cast<unsigned>(month % 12 + 1), 1); }

PlanReading CheckPlan(const std::vector<PlanRow>& rows, const Plant& plant) {
  PlanReading reading;
  if (rows.empty()) reading.faults.push_back({1, "", "the plan has no rows"});
  std::map<std::pair<Month, std::string>, std::pair<int32_t, PlanLine>> lines;
  for (const PlanRow& row : rows) {
    const auto fault = [&](const std::string& field, std::string problem) {
      reading.faults.push_back({row.line, field, std::move(problem)});
    };
    const size_t faults_before = reading.faults.size();
    const Result<Month> month = ParseMonth(row.month, row.month_field);
    if (!month) fault(row.month_field, month.error().message);
    const Material* material = plant.FindMaterial(row.product_code);
    if (row.product_code.empty()) {
      fault(row.product_field, "the product is missing");
    } else if (material == nullptr || !material->made) {
      fault(row.product_field,
            "product " + Quoted(row.product_code) + (material == nullptr ? " is not known" : " is bought, not made here"));
      material = nullptr;
    }
    const Result<int64_t> quantity = ParseQuantity(row.quantity, row.quantity_field);
    if (!quantity) {
      fault(row.quantity_field, quantity.error().message);
    } else if (material != nullptr && material->tracking == Tracking::kSerial && *quantity % kMicro != 0) {
      fault(row.quantity_field, material->code + " is made in whole pieces");
    }
    if (material != nullptr && !row.uom.empty() && row.uom != material->uom) {
      fault(row.uom_field, material->code + " is counted in " + material->uom + ", not in " + Quoted(row.uom));
    }
    if (reading.faults.size() != faults_before) continue;
    const auto [place, fresh] = lines.try_emplace({*month, material->code}, row.line, PlanLine{*month, material->id, *quantity});
    if (!fresh) {
      fault(row.product_field,
            material->code + " is planned for " + row.month + " on line " + std::to_string(place->second.first) + " already");
    }
  }
  std::stable_sort(reading.faults.begin(), reading.faults.end(),
                   [](const PlanFault& left, const PlanFault& right) { return left.line < right.line; });
  if (!reading.faults.empty()) return reading;
  for (const auto& [key, line] : lines) reading.lines.push_back(line.second);
  return reading;
}

std::vector<PlanVariance> CompareWithPlan(const std::vector<HeldPlanLine>& plan, const std::vector<MonthActual>& actuals,
                                          const Plant& plant) {
  std::map<std::pair<Month, std::string>, PlanVariance> rows;
  std::map<Month, int32_t> versions;
  const auto row = [&](Month month, int32_t material_id) -> PlanVariance& {
    const Material* material = plant.FindMaterial(material_id);
    PlanVariance& variance = rows[{month, material != nullptr ? material->code : ""}];
    variance.month = month;
    variance.material_id = material_id;
    return variance;
  };
  for (const HeldPlanLine& held : plan) {
    row(held.line.month, held.line.material_id).plan_micro = held.line.quantity_micro;
    versions[held.line.month] = held.version;
  }
  for (const MonthActual& actual : actuals) row(actual.month, actual.material_id).actual_micro += actual.good_micro;
  std::vector<PlanVariance> variances;
  for (auto& [key, variance] : rows) {
    const auto version = versions.find(key.first);
    variance.version = version == versions.end() ? 0 : version->second;
    variances.push_back(variance);
  }
  return variances;
}

}  // namespace mes::domain
