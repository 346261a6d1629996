#include "services/utilisation.h"

#include <algorithm>
#include <map>

#include "db/capacity.h"
#include "db/line_output.h"
#include "domain/limits.h"
#include "domain/needs.h"
#include "domain/utilisation.h"
#include "services/capacity.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::Day;
using domain::Fail;
using domain::FieldError;
using domain::LineGroup;
using domain::Period;
using domain::PeriodKind;
using domain::Reason;
using domain::Status;
using domain::UtilisationTerms;

double Whole(int64_t micro) { return static_cast<double>(micro) / domain::kMicro; }

// What is asked for.
struct Question {
  std::vector<Period> periods;
  Day today = 0;
  v1::UtilisationSubject subject = v1::UTILISATION_SUBJECT_UNSPECIFIED;
  v1::UtilisationUnit unit = v1::UTILISATION_UNIT_UNSPECIFIED;
};

// One product in every period.
struct Cell {
  UtilisationTerms terms;
  double scrapped = 0;
  double reversed = 0;
  int16_t bottleneck = 0;
  std::string bottleneck_code;
};
struct Series {
  const LineGroup* group = nullptr;
  std::string uom;
  std::vector<Cell> cells;
  double undated = 0;
  double overdue = 0;
};

domain::Result<Question> ParseQuestion(const Call& call, const v1::GetUtilisationRequest& request) {
  Question question;
  question.today = TodayOf(call);
  if (!v1::PeriodKind_IsValid(request.period()) || request.period() == v1::PERIOD_KIND_UNSPECIFIED) {
    return Fail(FieldError(Reason::kEnumUnknown, "period", "period must be day, week, month or year"));
  }
  if (!v1::UtilisationSubject_IsValid(request.subject()) || request.subject() == v1::UTILISATION_SUBJECT_UNSPECIFIED) {
    return Fail(FieldError(Reason::kEnumUnknown, "subject", "subject must be family, line group or operation"));
  }
  if (!v1::UtilisationUnit_IsValid(request.unit())) {
    return Fail(FieldError(Reason::kEnumUnknown, "unit", "unit is not one of those known here"));
  }
  if (request.subject() == v1::UTILISATION_SUBJECT_OPERATION && request.product_code().empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "product_code", "operations are told of one product"));
  }
  question.subject = request.subject();
  question.unit = request.unit();
  Day first = domain::DayOf(domain::YearOf(question.today), 1, 1);
  if (!request.first_day().empty()) {
    const auto parsed = domain::ParseDay(request.first_day(), "first_day");
    if (!parsed) return Fail(parsed.error());
    first = *parsed;
  }
  Day last = domain::DayOf(domain::YearOf(first) + 1, 1, 1) - 1;
  if (!request.last_day().empty()) {
    const auto parsed = domain::ParseDay(request.last_day(), "last_day");
    if (!parsed) return Fail(parsed.error());
    last = *parsed;
  }
  for (const auto& [day, field] : {std::pair(first, "first_day"), std::pair(last, "last_day")}) {
    if (domain::YearOf(day) < domain::kFirstCalendarYear || domain::YearOf(day) > domain::kLastCalendarYear) {
      return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is outside the years 1971 to 2200"));
    }
  }
  if (last < first) return Fail(FieldError(Reason::kFieldInvalid, "last_day", "last_day is before first_day"));
  question.periods = domain::PeriodsIn(static_cast<PeriodKind>(request.period()), first, last + 1);
  return question;
}

bool Counts(const domain::CapacityFamily& family, const std::string& product_code) {
  return std::find(family.product_codes.begin(), family.product_codes.end(), product_code) != family.product_codes.end();
}

// The groups that are asked about.
domain::Result<std::vector<const LineGroup*>> SelectGroups(const Call& call, const domain::CapacityModel& model,
                                                           const v1::GetUtilisationRequest& request) {
  if (!request.product_code().empty()) {
    if (const auto product = FindProduct(call, request.product_code()); !product) return Fail(product.error());
  }
  const domain::CapacityFamily* family = model.FindFamily(request.family_code());
  if (!request.family_code().empty() && family == nullptr) {
    return Fail(FieldError(Reason::kFieldInvalid, "family_code", "there is no family " + request.family_code()));
  }
  std::vector<const LineGroup*> groups;
  for (const LineGroup& group : model.groups) {
    const bool in_family = family != nullptr ? Counts(*family, group.product_code)
                                             : request.subject() != v1::UTILISATION_SUBJECT_FAMILY ||
                                                   model.FamilyOf(group.product_code) != nullptr;
    if (!in_family || (!request.product_code().empty() && group.product_code != request.product_code())) continue;
    if (call.plant.NewestRevision(group.material_id) != nullptr) groups.push_back(&group);
  }
  return groups;
}

// Counters by material and period's first day, with one sum for all before the first: from whole months, then as fine as needed.
std::map<int32_t, std::map<Day, domain::OutputCounts>> LoadOutputs(Call& call, const Question& question,
                                                                   const std::vector<int32_t>& ids) {
  std::map<int32_t, std::map<Day, domain::OutputCounts>> outputs;
  const auto take = [&](const std::vector<db::OutputSum>& sums) {
    for (const db::OutputSum& sum : sums) outputs[sum.material_id][sum.day] += sum.counts;
  };
  std::vector<Day> starts;
  for (const Period& period : question.periods) starts.push_back(period.first);
  const PeriodKind kind = question.periods.front().kind;
  const Day end = question.periods.back().end;
  if (kind == PeriodKind::kMonth || kind == PeriodKind::kYear) {
    take(db::SumMonthlyOutputs(call.transaction, ids, end, starts));
    return outputs;
  }
  const Day month = domain::PeriodOf(PeriodKind::kMonth, starts.front()).first;
  take(db::SumMonthlyOutputs(call.transaction, ids, month, starts));
  if (month <= question.today) take(db::SumDailyOutputs(call.transaction, ids, month, end, starts));
  return outputs;
}

void FillCapacity(domain::DailyCapacity& daily, const domain::Route& route, const Question& question, Series& series) {
  series.cells.resize(question.periods.size());
  const domain::DailyCapacity::Curve curve = daily.Of(*series.group, route);
  const Day first = question.periods.front().first;
  const auto until = [&](Day day) { return curve.sums[static_cast<size_t>(day - first)]; };
  for (size_t i = 0; i < question.periods.size(); ++i) {
    const Period& period = question.periods[i];
    Cell& cell = series.cells[i];
    cell.terms.capacity = until(period.end) - until(period.first);
    if (period.first < question.today) cell.terms.elapsed = until(std::min(period.end, question.today)) - until(period.first);
    cell.bottleneck = curve.bottlenecks[static_cast<size_t>(period.end - 1 - first)];
    for (const domain::OperationRate& operation : route.operations) {
      if (operation.operation == cell.bottleneck) cell.bottleneck_code = operation.code;
    }
  }
}

void FillOutputs(const std::map<Day, domain::OutputCounts>& outputs, const Question& question, Series& series) {
  auto at = outputs.begin();
  int64_t in_process = 0;
  for (size_t i = 0; i < question.periods.size(); ++i) {
    const Period& period = question.periods[i];
    domain::OutputCounts counts;
    for (; at != outputs.end() && at->first < period.end; ++at) {
      in_process += at->second.InProcessMicro();
      if (at->first >= period.first) counts += at->second;
    }
    Cell& cell = series.cells[i];
    cell.terms.produced = Whole(counts.good_micro);
    cell.terms.in_process = period.first <= question.today ? Whole(in_process) : 0;
    cell.scrapped = Whole(counts.scrapped_micro);
    cell.reversed = Whole(counts.reversed_micro);
  }
}

void FillCommitted(const std::vector<db::CommittedSum>& sums, const Question& question, Series& series) {
  for (const db::CommittedSum& sum : sums) {
    if (sum.material_id != series.group->material_id) continue;
    const double remaining = Whole(sum.remaining_micro);
    if (sum.day == db::kNoDueDay) {
      series.undated += remaining;
      continue;
    }
    if (sum.day < question.today) series.overdue += remaining;
    const auto period = std::upper_bound(question.periods.begin(), question.periods.end(), sum.day,
                                         [](Day day, const Period& of) { return day < of.end; });
    if (period == question.periods.end() || sum.day < period->first) continue;
    series.cells[static_cast<size_t>(period - question.periods.begin())].terms.committed += remaining;
  }
}

// How many of the unit asked for are in one piece; none = the product has no such rating and is left out.
std::optional<double> FactorOf(v1::UtilisationUnit unit, const LineGroup& group) {
  if (unit == v1::UTILISATION_UNIT_KWH) return group.rated_kwh;
  if (unit == v1::UTILISATION_UNIT_KW) return group.rated_kw;
  return 1;
}
std::string UnitName(v1::UtilisationUnit unit, const std::string& uom) {
  return unit == v1::UTILISATION_UNIT_KWH ? "kWh" : unit == v1::UTILISATION_UNIT_KW ? "kW" : uom;
}

struct Label {
  std::string code;
  std::string name;
  std::string unit;
};

void AddRow(const Label& label, const Period& period, const Cell& cell, double factor, v1::GetUtilisationResponse& response) {
  const domain::Utilisation utilisation = domain::UtilisationOf(cell.terms * factor);
  v1::UtilisationRow& row = *response.add_rows();
  row.set_subject_code(label.code);
  row.set_subject_name(label.name);
  row.set_period(domain::LabelOf(period));
  row.set_unit(label.unit);
  row.set_capacity(utilisation.terms.capacity);
  row.set_produced(utilisation.terms.produced);
  row.set_in_process(utilisation.terms.in_process);
  row.set_committed(utilisation.terms.committed);
  row.set_free(utilisation.free);
  row.set_unattainable(utilisation.unattainable);
  row.set_available(utilisation.available);
  row.set_scrapped(cell.scrapped * factor);
  row.set_reversed(cell.reversed * factor);
  row.set_bottleneck_operation(cell.bottleneck);
  row.set_bottleneck_code(cell.bottleneck_code);
  const auto& terms = utilisation.terms;
  if (terms.capacity > 0) row.set_share((std::max(terms.produced, 0.0) + terms.committed) / terms.capacity);
}

void AddUndated(const Label& label, double undated, double overdue, v1::GetUtilisationResponse& response) {
  v1::UndatedOrders& orders = *response.add_undated();
  orders.set_subject_code(label.code);
  orders.set_unit(label.unit);
  orders.set_undated(undated);
  orders.set_overdue(overdue);
}

void AddGroups(const Question& question, const std::vector<Series>& all, v1::GetUtilisationResponse& response) {
  for (const Series& series : all) {
    const std::optional<double> factor = FactorOf(question.unit, *series.group);
    if (!factor) continue;
    const Label label{series.group->product_code, "", UnitName(question.unit, series.uom)};
    for (size_t i = 0; i < question.periods.size(); ++i) AddRow(label, question.periods[i], series.cells[i], *factor, response);
    AddUndated(label, series.undated * *factor, series.overdue * *factor, response);
  }
}

// Each operation as if it were the only bound; what was made and is committed is the product's.
void AddOperations(const Call& call, domain::DailyCapacity& daily, const Question& question, const std::vector<Series>& all,
                   v1::GetUtilisationResponse& response) {
  for (const Series& series : all) {
    const domain::Route route = domain::RouteOf(*call.plant.NewestRevision(series.group->material_id));
    const std::optional<double> factor = FactorOf(question.unit, *series.group);
    if (!factor) continue;
    for (const domain::OperationRate& operation : route.operations) {
      domain::Route alone = route;
      alone.operations = {operation};
      Series of = series;
      FillCapacity(daily, alone, question, of);
      const Label label{std::to_string(operation.operation), operation.code, UnitName(question.unit, series.uom)};
      for (size_t i = 0; i < question.periods.size(); ++i) {
        Cell cell = series.cells[i];
        cell.terms.capacity = of.cells[i].terms.capacity;
        cell.terms.elapsed = of.cells[i].terms.elapsed;
        AddRow(label, question.periods[i], cell, *factor, response);
      }
    }
    AddUndated({series.group->product_code, "", UnitName(question.unit, series.uom)}, series.undated * *factor,
               series.overdue * *factor, response);
  }
}

void AddFamilies(const domain::CapacityModel& model, const Question& question, const std::vector<Series>& all,
                 const std::string& only, v1::GetUtilisationResponse& response) {
  for (const domain::CapacityFamily& family : model.families) {
    if (!only.empty() && family.code != only) continue;
    std::vector<Cell> sums(question.periods.size());
    double undated = 0, overdue = 0;
    for (const Series& series : all) {
      if (!Counts(family, series.group->product_code)) continue;
      const double factor = family.unit == "kWh" ? series.group->rated_kwh.value_or(0) : 1;
      for (size_t i = 0; i < sums.size(); ++i) {
        sums[i].terms = sums[i].terms + series.cells[i].terms * factor;
        sums[i].scrapped += series.cells[i].scrapped * factor;
        sums[i].reversed += series.cells[i].reversed * factor;
      }
      undated += series.undated * factor;
      overdue += series.overdue * factor;
    }
    const Label label{family.code, family.name, family.unit};
    for (size_t i = 0; i < sums.size(); ++i) AddRow(label, question.periods[i], sums[i], 1, response);
    AddUndated(label, undated, overdue, response);
  }
}

Status CheckSize(const Call& call, const Question& question, const std::vector<const LineGroup*>& groups) {
  size_t subjects = groups.size();
  if (question.subject == v1::UTILISATION_SUBJECT_OPERATION && !groups.empty()) {
    subjects = call.plant.NewestRevision(groups.front()->material_id)->operations.size();
  }
  if (question.periods.size() * std::max<size_t>(1, subjects) <= domain::kMaxUtilisationRows) return {};
  domain::Error error = FieldError(Reason::kLimitExceeded, "last_day",
                                   "that would be " + std::to_string(question.periods.size() * subjects) +
                                       " rows: ask for fewer days, longer periods or one product");
  error.metadata["limit"] = std::to_string(domain::kMaxUtilisationRows);
  return Fail(std::move(error));
}

domain::Result<std::map<int32_t, double>> ParseMix(const Call& call, const domain::CapacityModel& model,
                                                   const v1::GetNeedsRequest& request) {
  std::map<int32_t, double> mix;
  if (request.mix_size() > domain::kMaxMixEntries) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "mix", "a mix has at most 100 products");
    error.metadata["limit"] = std::to_string(domain::kMaxMixEntries);
    return Fail(std::move(error));
  }
  for (int i = 0; i < request.mix_size(); ++i) {
    const v1::MixEntry& entry = request.mix(i);
    const auto product = FindProduct(call, entry.product_code());
    if (!product) return Fail(product.error());
    if (!(entry.quantity() > 0) || entry.quantity() > 1e12) {
      const std::string field = "mix[" + std::to_string(i) + "].quantity";
      return Fail(FieldError(Reason::kFieldInvalid, field, field + " must be above zero"));
    }
    mix[(*product)->id] += entry.quantity();
  }
  if (!mix.empty()) return mix;
  for (const LineGroup& group : model.groups) {
    if (group.planned_yearly > 0) mix[group.material_id] = group.planned_yearly;
  }
  return mix;
}

std::string Figure(double value) {
  char text[40];
  snprintf(text, sizeof text, "%.0f", value);
  return text;
}

// Keeps what has the greatest needed / available.
struct Bound {
  double share = 1;
  std::string code;
  std::string sentence;

  void Offer(const std::string& a_code, double needed, double available, std::string a_sentence) {
    const double its = available > 0 ? needed / available : 1e300;
    if (needed <= available + 1e-6 || its <= share) return;
    share = its;
    code = a_code;
    sentence = std::move(a_sentence);
  }
};

// One product's own capacity and supply in the year against its need.
v1::Need NeedOf(const Call& call, const domain::CapacityModel& model, int32_t id, double needed, int32_t year) {
  const domain::Material& material = *call.plant.FindMaterial(id);
  v1::Need need;
  need.set_product_code(material.code);
  need.set_uom(material.uom);
  need.set_needed(needed);
  const Day first = domain::DayOf(year, 1, 1), end = domain::DayOf(year + 1, 1, 1);
  if (const LineGroup* group = model.FindGroup(id); group != nullptr) {
    const domain::GroupCapacity capacity =
        domain::CapacityOf(model, *group, domain::RouteOf(*call.plant.NewestRevision(id)), first, end);
    need.set_own(capacity.net_good);
    need.set_known(capacity.known);
  }
  for (const domain::Supply& supply : model.supplies) {
    if (supply.material_id == id && supply.day >= first && supply.day < end) {
      need.set_bought_in(need.bought_in() + Whole(supply.quantity_micro));
    }
  }
  need.set_missing(needed - need.own() - need.bought_in());
  const domain::CapacityFamily* family = model.FamilyOf(material.code);
  if (family != nullptr && family->product_codes.size() == 1 && family->unit == "pc" && family->yearly > 0) {
    need.set_stated(family->yearly);
  }
  const double own = need.has_stated() ? std::min(need.own(), need.stated()) : need.own();
  if (need.known()) need.set_to_buy(std::max(0.0, needed - own));
  return need;
}

void AddFamilyNeeds(const domain::CapacityModel& model, v1::GetNeedsResponse& response, Bound& bound) {
  for (const domain::CapacityFamily& family : model.families) {
    double needed = 0;
    for (const v1::Need& need : response.needs()) {
      if (!Counts(family, need.product_code())) continue;
      const LineGroup* group = model.FindGroup(need.product_code());
      needed += need.needed() * (family.unit == "kWh" && group != nullptr ? group->rated_kwh.value_or(0) : 1);
    }
    if (needed <= 0) continue;
    v1::FamilyNeed& message = *response.add_families();
    message.set_family_code(family.code);
    message.set_unit(family.unit);
    message.set_needed(needed);
    message.set_stated(family.yearly);
    if (family.product_codes.size() == 1 && family.unit == "pc") continue;  // told with its product, with what is bought in
    bound.Offer(family.code, needed, family.yearly + family.rounding,
                family.code + " bind: " + Figure(needed) + " " + family.unit + " are needed, " + Figure(family.yearly) +
                    " are stated for the year");
  }
}

}  // namespace

Status GetUtilisation(Call& call, const v1::GetUtilisationRequest& request, v1::GetUtilisationResponse& response) {
  const domain::Result<Question> question = ParseQuestion(call, request);
  if (!question) return Fail(question.error());
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const auto groups = SelectGroups(call, model, request);
  if (!groups) return Fail(groups.error());
  if (Status checked = CheckSize(call, *question, *groups); !checked) return checked;

  std::vector<int32_t> ids;
  for (const LineGroup* group : *groups) ids.push_back(group->material_id);
  std::vector<Series> all;
  domain::DailyCapacity daily(model, question->periods.front().first, question->periods.back().end);
  if (!ids.empty()) {
    const auto outputs = LoadOutputs(call, *question, ids);
    const std::vector<db::CommittedSum> committed = db::LoadCommitted(call.transaction, ids);
    for (const LineGroup* group : *groups) {
      Series& series = all.emplace_back();
      series.group = group;
      series.uom = call.plant.FindMaterial(group->material_id)->uom;
      FillCapacity(daily, domain::RouteOf(*call.plant.NewestRevision(group->material_id)), *question, series);
      if (const auto own = outputs.find(group->material_id); own != outputs.end()) FillOutputs(own->second, *question, series);
      FillCommitted(committed, *question, series);
    }
  }
  if (question->subject == v1::UTILISATION_SUBJECT_FAMILY) {
    AddFamilies(model, *question, all, request.family_code(), response);
  } else if (question->subject == v1::UTILISATION_SUBJECT_OPERATION) {
    AddOperations(call, daily, *question, all, response);
  } else {
    AddGroups(*question, all, response);
  }
  response.set_today(domain::FormatDay(question->today));
  const int32_t last_year = domain::YearOf(question->periods.back().end - 1);
  for (int32_t year = domain::YearOf(question->periods.front().first); year <= last_year; ++year) {
    if (model.calendar.StateOf(year) == domain::CalendarState::kNotPublished) response.add_unpublished_years(year);
  }
  return {};
}

Status GetNeeds(Call& call, const v1::GetNeedsRequest& request, v1::GetNeedsResponse& response) {
  const auto year = ParseYear(call, request.year());
  if (!year) return Fail(year.error());
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const auto mix = ParseMix(call, model, request);
  if (!mix) return Fail(mix.error());

  // What comes from suppliers, or is beyond what was stated of own output, is not made here.
  const std::map<int32_t, double> needs = domain::NeedsOf(call.plant, *mix, [&](int32_t id, double needed) {
    const v1::Need need = NeedOf(call, model, id, needed, *year);
    const double made = needed - need.bought_in();
    return need.has_stated() ? std::min(made, need.stated()) : made;
  });
  Bound bound;
  for (const int32_t id : domain::MadeTopDown(call.plant)) {
    const auto found = needs.find(id);
    if (found == needs.end()) continue;
    v1::Need& need = *response.add_needs() = NeedOf(call, model, id, found->second, *year);
    if (!need.known()) continue;
    const double own = need.has_stated() ? std::min(need.own(), need.stated()) : need.own();
    bound.Offer(need.product_code(), need.needed(), own + need.bought_in(),
                need.product_code() + " bind: " + Figure(need.needed()) + " " + need.uom() + " are needed, " + Figure(own) +
                    (need.has_stated() && need.stated() <= need.own() ? " own (as stated), " : " own, ") +
                    Figure(need.bought_in()) + " bought in: " + Figure(need.needed() - own - need.bought_in()) + " are missing");
  }
  AddFamilyNeeds(model, response, bound);
  response.set_binding_code(bound.code);
  response.set_binding_sentence(bound.sentence);
  response.set_year(*year);
  response.set_calendar_state(StateOf(model, *year));
  return {};
}

}  // namespace mes::services
