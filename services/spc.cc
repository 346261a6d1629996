#include "services/spc.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "db/spc.h"
#include "db/spc_chart.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/spc_baseline.h"
#include "mes/v1/spc.grpc.pb.h"
#include "services/convert.h"
#include "services/spc_message.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Result;
using domain::Status;
using services::ToProto;

// A chart that a request names. The characteristic is the newest definition's; null when it has none of that code any more.
struct NamedChart {
  const domain::Station* station = nullptr;
  domain::ChartKey key;
  const domain::Characteristic* characteristic = nullptr;
};

domain::Error Unknown(Reason reason, std::string_view field, std::string_view what, const std::string& code) {
  domain::Error error = FieldError(reason, field, std::string(what) + " " + code.substr(0, domain::kMaxCodeLength) + " is not known");
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return error;
}

Result<NamedChart> ParseKey(const Call& call, const v1::ChartKey& key) {
  NamedChart named;
  named.station = call.plant.FindStation(key.station_code());
  if (named.station == nullptr) {
    return Fail(Unknown(Reason::kStationUnknown, "key.station_code", "station", key.station_code()));
  }
  int32_t operation = key.operation();
  if (operation == 0) {
    if (named.station->operations.size() != 1) {
      return Fail(FieldError(Reason::kFieldRequired, "key.operation", "the station does several operations: say which"));
    }
    operation = named.station->operations.front();
  }
  if (operation < 0 || operation > 32'767 || !named.station->Does(static_cast<int16_t>(operation))) {
    return Fail(FieldError(Reason::kOperationUnknown, "key.operation",
                           "station " + named.station->code + " does not do operation " + std::to_string(operation)));
  }
  if (key.position() < 0 || key.position() > domain::kMaxValuesPerEvent) {
    return Fail(FieldError(Reason::kFieldInvalid, "key.position", "position is 0 or counts from 1"));
  }
  if (Status checked = domain::CheckText(key.characteristic_code(), domain::kMaxCodeLength, true, "key.characteristic_code"); !checked) {
    return Fail(checked.error());
  }
  named.key = {named.station->id, static_cast<int16_t>(operation), key.characteristic_code(), static_cast<int16_t>(key.position())};
  named.characteristic = CharacteristicOf(call.plant, named.station->material_id, named.key.operation, key.characteristic_code());
  return named;
}

domain::Error UnknownChart(const domain::ChartKey& key) {
  return FieldError(Reason::kChartUnknown, "key",
                    "nothing was plotted of " + key.characteristic_code +
                        (key.position == 0 ? "" : " at position " + std::to_string(key.position)) + " at this station");
}

Status CheckReasonAndPerson(const std::string& reason, const std::string& person, const std::string& of = "") {
  if (Status checked = domain::CheckText(person, domain::kMaxPersonLength, true, of + "person"); !checked) return checked;
  return domain::CheckText(reason, domain::kMaxReasonLength, true, of + "reason");
}

// The rules that watch a chart; of a characteristic that is not defined any more the standard ones.
domain::RuleSet RulesFor(Call& call, const NamedChart& named) {
  const domain::Characteristic undefined;
  const domain::Characteristic& of = named.characteristic == nullptr ? undefined : *named.characteristic;
  return db::LoadDefinitions(call.transaction).ChoiceFor(named.station->material_id, named.key.operation, of).rules;
}

struct TimeRange {
  domain::Time from = domain::FromMicros(0);
  domain::Time until = domain::FromMicros(253'402'300'799'000'000);  // year 9999
};
template <typename Request>
Result<TimeRange> ParseRange(const Request& request) {
  TimeRange range;
  const auto from = OptionalTimeFromProto(request.has_from(), request.from(), "from");
  if (!from) return Fail(from.error());
  const auto until = OptionalTimeFromProto(request.has_until(), request.until(), "until");
  if (!until) return Fail(until.error());
  if (*from) range.from = **from;
  if (*until) range.until = **until;
  if (range.from >= range.until) return Fail(FieldError(Reason::kFieldInvalid, "until", "until must come after from"));
  return range;
}

Result<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return number;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}
Result<int64_t> ParseNumberToken(const std::string& token, uint64_t digest) { return ParsePageToken(token, digest).and_then(ParseNumber); }

uint64_t DigestOf(std::string_view call, const domain::ChartKey& key, std::string_view more = "") {
  return FilterDigest({call, std::to_string(key.station_id), std::to_string(key.operation), key.characteristic_code,
                       std::to_string(key.position), more});
}

// The chart's points in a time, all of its present design. Errors: LIMIT_EXCEEDED (more than `most`), FIELD_INVALID (`from`: the design
// changed within).
Result<std::vector<domain::ChartPoint>> PointsOf(Call& call, const domain::ChartKey& key, const domain::ChartState& state,
                                                 const TimeRange& range, int most) {
  std::vector<domain::ChartPoint> points;
  std::vector<db::StoredPoint> stored = db::ListPoints(call.transaction, key, range.from, range.until, most + 1);
  if (stored.size() > static_cast<size_t>(most)) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "from", "more than " + std::to_string(most) + " points: take a shorter time");
    error.metadata["limit"] = std::to_string(most);
    return Fail(std::move(error));
  }
  for (db::StoredPoint& point : stored) {
    if (!(point.design == state.design)) {
      return Fail(FieldError(Reason::kFieldInvalid, "from",
                             "the chart was another one at " + domain::FormatTime(point.point.time) +
                                 " (its values per point changed): begin after it"));
    }
    points.push_back(std::move(point.point));
  }
  return points;
}

// Of points that keep mean and standard deviation: their single values, from the runs.
Result<std::vector<double>> ValuesBehind(Call& call, const domain::ChartKey& key, const std::vector<domain::ChartPoint>& points) {
  std::vector<domain::Time> times;
  for (const domain::ChartPoint& point : points) times.push_back(point.time);
  std::multimap<domain::Time, std::vector<double>> values;
  for (const db::StoredRun& run : db::ListFirstRuns(call.transaction, key.station_id, key.operation, times)) {
    const domain::ProductRevision* revision = call.plant.FindRevision(run.revision_id);
    if (revision == nullptr) throw PlantBehind("revision " + std::to_string(run.revision_id) + " is not loaded");
    const int16_t index = revision->OperationIndex(key.operation);
    if (index < 0) continue;
    const domain::Operation& operation = revision->operations[static_cast<size_t>(index)];
    const std::vector<double> all = domain::ValuesOfRun(run.reports, static_cast<size_t>(operation.ValueCount()));
    for (const domain::Characteristic& characteristic : operation.characteristics) {
      if (characteristic.code != key.characteristic_code) continue;
      const auto first = all.begin() + characteristic.first_value;
      values.emplace(run.end_time, std::vector<double>(first, first + characteristic.replicates));
    }
  }
  return domain::ValuesBehind(points, std::move(values));
}

Result<domain::ChartDefinition> ParseDefinition(Call& call, const v1::ChartDefinition& message) {
  domain::ChartDefinition definition;
  definition.by_position = message.by_position();
  definition.person = message.person();
  definition.reason = message.reason();
  definition.define_time = call.now;
  const bool of_one = !message.product_code().empty() || message.operation() != 0 || !message.characteristic_code().empty();
  if (of_one == !message.characteristic_class().empty()) {
    return Fail(FieldError(of_one ? Reason::kFieldInvalid : Reason::kFieldRequired, "definition.characteristic_class",
                           "a definition is for a class or for one characteristic"));
  }
  const domain::Characteristic* characteristic = nullptr;
  if (of_one) {
    const domain::Material* material = call.plant.FindMaterial(message.product_code());
    if (material == nullptr || !material->made) {
      return Fail(Unknown(Reason::kProductUnknown, "definition.product_code", "product", message.product_code()));
    }
    const domain::ProductRevision* revision = call.plant.NewestRevision(material->id);
    const bool in_range = message.operation() > 0 && message.operation() <= 32'767;
    if (!in_range || revision == nullptr || revision->OperationIndex(static_cast<int16_t>(message.operation())) < 0) {
      return Fail(Unknown(Reason::kOperationUnknown, "definition.operation", "operation", std::to_string(message.operation())));
    }
    definition.material_id = material->id;
    definition.operation = static_cast<int16_t>(message.operation());
    definition.characteristic_code = message.characteristic_code();
    characteristic = CharacteristicOf(call.plant, material->id, definition.operation, definition.characteristic_code);
    if (characteristic == nullptr) {
      return Fail(Unknown(Reason::kCharacteristicUnknown, "definition.characteristic_code", "characteristic",
                          message.characteristic_code()));
    }
  } else {
    definition.characteristic_class = domain::ParseCharacteristicClass(message.characteristic_class());
    if (!definition.characteristic_class) {
      return Fail(FieldError(Reason::kFieldInvalid, "definition.characteristic_class", "a class is CC, SC or std"));
    }
  }
  std::vector<domain::ChartRule> rules;
  for (const std::string& name : message.rules()) {
    const std::string field = "rules[" + std::to_string(rules.size()) + "]";
    const std::optional<domain::ChartRule> rule = domain::ParseChartRule(name);
    if (!rule || rules.size() >= static_cast<size_t>(domain::kChartRules)) {
      return Fail(FieldError(Reason::kFieldInvalid, "definition." + field, "no such rule: " + name.substr(0, domain::kMaxCodeLength)));
    }
    rules.push_back(*rule);
  }
  if (Status checked = domain::CheckDefinition(definition, rules, characteristic); !checked) {
    domain::Error error = checked.error();
    error.metadata["field"] = "definition." + error.metadata["field"];
    return Fail(std::move(error));
  }
  definition.rules = domain::RulesOf(rules);
  return definition;
}

}  // namespace

Status ListCharts(Call& call, const v1::ListChartsRequest& request, v1::ListChartsResponse& response) {
  std::vector<int32_t> stations;
  int32_t material_id = 0;
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr || !material->made) {
      return Fail(Unknown(Reason::kProductUnknown, "product_code", "product", request.product_code()));
    }
    material_id = material->id;
  }
  if (!request.station_code().empty() && call.plant.FindStation(request.station_code()) == nullptr) {
    return Fail(Unknown(Reason::kStationUnknown, "station_code", "station", request.station_code()));
  }
  for (const domain::Station& station : call.plant.stations) {
    if (material_id != 0 && station.material_id != material_id) continue;
    if (request.station_code().empty() || station.code == request.station_code()) stations.push_back(station.id);
  }
  const uint64_t digest = FilterDigest({"charts", request.station_code(), request.product_code()});
  const Result<int64_t> after = ParseNumberToken(request.page_token(), digest);
  if (!after) return Fail(after.error());

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredCharts> page = db::ListStationCharts(call.transaction, stations, static_cast<int32_t>(*after >> 16),
                                                             static_cast<int16_t>(*after & 0xffff), page_size + 1);
  if (static_cast<int>(page.size()) > page_size) {
    page.pop_back();
    response.set_next_page_token(PageToken(std::to_string((int64_t{page.back().station_id} << 16) | page.back().operation), digest));
  }
  for (const db::StoredCharts& stored : page) {
    for (const domain::StationCharts::Chart& chart : stored.charts.charts) {
      v1::ChartSummary& summary = *response.add_charts();
      FillDefined(call.plant, {stored.station_id, stored.operation, chart.characteristic_code, chart.position}, summary);
      FillState(chart.state, summary);
      const std::pair<std::string, int16_t> of{chart.characteristic_code, chart.position};
      if (const auto version = stored.limits_versions.find(of); version != stored.limits_versions.end()) {
        summary.set_limits_version(static_cast<int32_t>(version->second));
      }
      if (const auto open = stored.open_alarms.find(of); open != stored.open_alarms.end()) summary.set_open_alarms(open->second);
    }
  }
  return {};
}

Status GetChart(Call& call, const v1::GetChartRequest& request, v1::GetChartResponse& response) {
  const Result<NamedChart> named = ParseKey(call, request.key());
  if (!named) return Fail(named.error());
  Result<TimeRange> range = ParseRange(request);
  if (!range) return Fail(range.error());
  const uint64_t digest = DigestOf("chart", named->key,
                                   std::to_string(domain::ToMicros(range->from)) + "/" + std::to_string(domain::ToMicros(range->until)));
  const Result<int64_t> before = ParseNumberToken(request.page_token(), digest);
  if (!before) return Fail(before.error());
  if (*before != 0) range->until = std::min(range->until, domain::FromMicros(*before));
  const std::optional<domain::ChartState> state = db::LoadChart(call.transaction, named->key);
  if (!state) return Fail(UnknownChart(named->key));
  const domain::RuleSet rules = RulesFor(call, *named);

  const int page_size = PageSize(request.page_size());
  // One more: it says whether there are older ones, and gives the first moving range.
  std::vector<db::StoredPoint> points = db::ListPoints(call.transaction, named->key, range->from, range->until, page_size + 1);
  size_t first = 0;
  if (static_cast<int>(points.size()) > page_size) {
    first = points.size() - static_cast<size_t>(page_size);
    while (first > 0 && points[first - 1].point.time == points[first].point.time) --first;
    if (first > 0) response.set_next_page_token(PageToken(std::to_string(domain::ToMicros(points[first].point.time)), digest));
  }
  for (size_t i = first; i < points.size(); ++i) {
    *response.add_points() = ToProto(points[i], i == 0 ? nullptr : &points[i - 1], state->design, rules);
  }
  v1::ChartSummary& summary = *response.mutable_chart();
  FillDefined(call.plant, named->key, summary);
  FillState(*state, summary);
  db::AlarmFilter open;
  open.chart = named->key;
  open.open_only = true;
  summary.set_open_alarms(static_cast<int64_t>(db::ListAlarms(call.transaction, open, domain::kMaxPageSize).size()));
  for (const domain::FrozenLimits& frozen : db::ListLimits(call.transaction, named->key, 0, 1)) {
    summary.set_limits_version(frozen.version);
    *response.mutable_limits() = ToProto(frozen);
  }
  for (const domain::ChartRule rule : domain::RulesIn(rules)) response.add_rules(std::string(NameOf(rule)));
  if (named->characteristic == nullptr) return {};
  response.set_unit(named->characteristic->unit);
  if (named->characteristic->lower_limit) response.set_lower_limit(*named->characteristic->lower_limit);
  if (named->characteristic->upper_limit) response.set_upper_limit(*named->characteristic->upper_limit);
  return {};
}

Status FreezeLimits(Call& call, const v1::FreezeLimitsRequest& request, v1::FreezeLimitsResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  const Result<NamedChart> named = ParseKey(call, request.key());
  if (!named) return Fail(named.error());
  if (!request.has_from()) return Fail(FieldError(Reason::kFieldRequired, "from", "say where the baseline begins"));
  const Result<TimeRange> range = ParseRange(request);
  if (!range) return Fail(range.error());
  if (request.excluded_size() > domain::kMaxExcludedPoints) {
    return Fail(TooMany("excluded", request.excluded_size(), domain::kMaxExcludedPoints));
  }
  domain::BaselineRequest baseline;
  for (const auto& message : request.excluded()) {
    const Result<domain::Time> time = TimeFromProto(message, "excluded[" + std::to_string(baseline.excluded.size()) + "]");
    if (!time) return Fail(time.error());
    baseline.excluded.push_back(*time);
  }
  db::LockChartPlan(call.transaction);
  const std::optional<domain::ChartState> state = db::LoadChart(call.transaction, named->key);
  if (!state) return Fail(UnknownChart(named->key));
  Result<std::vector<domain::ChartPoint>> points = PointsOf(call, named->key, *state, *range, domain::kMaxPointsPerBaseline);
  if (!points) return Fail(points.error());
  baseline.design = state->design;
  baseline.rules = RulesFor(call, *named);
  baseline.points = std::move(*points);
  baseline.person = request.person();
  baseline.reason = request.reason();

  Result<domain::FrozenLimits> frozen = domain::FreezeBaseline(baseline, call.now);
  if (!frozen) return Fail(frozen.error());

  db::InsertLimits(call.transaction, named->key, *frozen);
  *response.mutable_limits() = ToProto(*frozen);
  return {};
}

Status ListLimits(Call& call, const v1::ListLimitsRequest& request, v1::ListLimitsResponse& response) {
  const Result<NamedChart> named = ParseKey(call, request.key());
  if (!named) return Fail(named.error());
  const uint64_t digest = DigestOf("limits", named->key);
  const Result<int64_t> before = ParseNumberToken(request.page_token(), digest);
  if (!before) return Fail(before.error());
  const int page_size = PageSize(request.page_size());
  std::vector<domain::FrozenLimits> versions =
      db::ListLimits(call.transaction, named->key, static_cast<int32_t>(*before), page_size + 1);
  if (versions.empty() && *before == 0 && !db::LoadChart(call.transaction, named->key)) return Fail(UnknownChart(named->key));
  if (static_cast<int>(versions.size()) > page_size) {
    versions.pop_back();
    response.set_next_page_token(PageToken(std::to_string(versions.back().version), digest));
  }
  for (const domain::FrozenLimits& frozen : versions) *response.add_limits() = ToProto(frozen);
  return {};
}

Status GetCapability(Call& call, const v1::GetCapabilityRequest& request, v1::GetCapabilityResponse& response) {
  const Result<NamedChart> named = ParseKey(call, request.key());
  if (!named) return Fail(named.error());
  const Result<TimeRange> range = ParseRange(request);
  if (!range) return Fail(range.error());
  const std::optional<domain::ChartState> state = db::LoadChart(call.transaction, named->key);
  if (!state || named->characteristic == nullptr) return Fail(UnknownChart(named->key));
  const bool of_runs = request.by_percentiles() && state->design.kind == domain::ChartKind::kMeanDeviation;
  const Result<std::vector<domain::ChartPoint>> points =
      PointsOf(call, named->key, *state, *range, of_runs ? domain::kMaxPointsOfRuns : domain::kMaxPointsPerCapability);
  if (!points) return Fail(points.error());

  const domain::Characteristic& of = *named->characteristic;
  std::vector<domain::Subgroup> groups;
  std::vector<double> values;
  for (const domain::ChartPoint& point : *points) {
    groups.push_back(domain::SubgroupOf(state->design, point));
    if (!of_runs) values.insert(values.end(), point.values.begin(), point.values.end());
  }
  if (of_runs) {
    Result<std::vector<double>> behind = ValuesBehind(call, named->key, *points);
    if (!behind) return Fail(behind.error());
    values = std::move(*behind);
  }
  const domain::Capability capability =
      request.by_percentiles() ? domain::CapabilityByPercentiles(std::move(values), of.lower_limit, of.upper_limit)
                               : domain::CapabilityOf(state->design, groups, of.lower_limit, of.upper_limit);

  response.set_values(capability.values);
  response.set_standing(static_cast<v1::CapabilityStanding>(capability.standing));
  response.set_mean(capability.mean);
  response.set_within_sigma(capability.within_sigma);
  response.set_overall_sigma(capability.overall_sigma);
  response.set_frozen_gauge(capability.frozen_gauge);
  if (capability.cp) response.set_cp(*capability.cp);
  if (capability.cpk) response.set_cpk(*capability.cpk);
  if (capability.pp) response.set_pp(*capability.pp);
  if (capability.ppk) response.set_ppk(*capability.ppk);
  if (capability.by_percentiles && capability.values > 0) {
    response.set_median(capability.median);
    response.set_low_percentile(capability.low_percentile);
    response.set_high_percentile(capability.high_percentile);
  }
  if (of.lower_limit) response.set_lower_limit(*of.lower_limit);
  if (of.upper_limit) response.set_upper_limit(*of.upper_limit);
  if (const auto required = domain::RequiredCpk(of.characteristic_class)) response.set_required_cpk(*required);
  if (capability.cpk && capability.standing == domain::CapabilityStanding::kOfficial) {
    response.set_advice(std::string(domain::AdviceFor(of.characteristic_class, *capability.cpk)));
  }
  response.set_unit(of.unit);
  if (points->empty()) return {};
  *response.mutable_first_time() = ToProto(points->front().time);
  *response.mutable_last_time() = ToProto(points->back().time);
  return {};
}

Status ListChartAlarms(Call& call, const v1::ListChartAlarmsRequest& request, v1::ListChartAlarmsResponse& response) {
  db::AlarmFilter filter;
  filter.open_only = request.open_only();
  if (!request.station_code().empty()) {
    const domain::Station* station = call.plant.FindStation(request.station_code());
    if (station == nullptr) return Fail(Unknown(Reason::kStationUnknown, "station_code", "station", request.station_code()));
    filter.station_id = station->id;
  }
  const uint64_t digest = FilterDigest({"alarms", request.station_code(), request.open_only() ? "open" : ""});
  const Result<int64_t> before = ParseNumberToken(request.page_token(), digest);
  if (!before) return Fail(before.error());
  filter.before_id = *before;
  const int page_size = PageSize(request.page_size());
  std::vector<domain::ChartAlarm> alarms = db::ListAlarms(call.transaction, filter, page_size + 1);
  if (static_cast<int>(alarms.size()) > page_size) {
    alarms.pop_back();
    response.set_next_page_token(PageToken(std::to_string(alarms.back().id), digest));
  }
  for (const domain::ChartAlarm& alarm : alarms) *response.add_alarms() = ToProto(alarm, call.plant);
  return {};
}

Status AcknowledgeChartAlarm(Call& call, const v1::AcknowledgeChartAlarmRequest& request,
                             v1::AcknowledgeChartAlarmResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  std::optional<domain::ChartAlarm> alarm = db::LockAlarm(call.transaction, request.alarm_id());
  if (!alarm) {
    return Fail(Unknown(Reason::kChartAlarmUnknown, "alarm_id", "alarm", std::to_string(request.alarm_id())));
  }

  if (Status noted = domain::Acknowledge(*alarm, request.person(), request.reason(), call.now); !noted) return noted;

  db::UpdateAcknowledgedAlarm(call.transaction, *alarm);
  *response.mutable_alarm() = ToProto(*alarm, call.plant);
  return {};
}

Status DefineChart(Call& call, const v1::DefineChartRequest& request, v1::DefineChartResponse& response) {
  const v1::ChartDefinition& message = request.definition();
  if (Status checked = CheckReasonAndPerson(message.reason(), message.person(), "definition."); !checked) return checked;
  const Result<domain::ChartDefinition> definition = ParseDefinition(call, message);
  if (!definition) return Fail(definition.error());

  db::LockChartPlan(call.transaction);
  const int32_t id = db::InsertDefinition(call.transaction, *definition);
  *response.mutable_definition() = ToProto(id, *definition, call.plant);
  return {};
}

Status ListChartDefinitions(Call& call, const v1::ListChartDefinitionsRequest& request, v1::ListChartDefinitionsResponse& response) {
  const uint64_t digest = FilterDigest({"definitions"});
  const Result<int64_t> before = ParseNumberToken(request.page_token(), digest);
  if (!before) return Fail(before.error());
  const int page_size = PageSize(request.page_size());
  auto definitions = db::ListDefinitions(call.transaction, static_cast<int32_t>(*before), page_size + 1);
  if (static_cast<int>(definitions.size()) > page_size) {
    definitions.pop_back();
    response.set_next_page_token(PageToken(std::to_string(definitions.back().first), digest));
  }
  for (const auto& [id, definition] : definitions) *response.add_definitions() = ToProto(id, definition, call.plant);
  return {};
}

namespace {

class SpcService final : public v1::SpcService::CallbackService {
 public:
  explicit SpcService(Env& env) : env_(env) {}
#define MES_SPC_READ(Method)                                                                                              \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, const v1::Method##Request* request,              \
                                   v1::Method##Response* response) override {                                             \
    return Read(env_, context, request, response, services::Method);                                                      \
  }
  MES_SPC_READ(ListCharts)
  MES_SPC_READ(GetChart)
  MES_SPC_READ(ListLimits)
  MES_SPC_READ(GetCapability)
  MES_SPC_READ(ListChartAlarms)
  MES_SPC_READ(ListChartDefinitions)
#undef MES_SPC_READ
  grpc::ServerUnaryReactor* FreezeLimits(grpc::CallbackServerContext* context, const v1::FreezeLimitsRequest* request,
                                         v1::FreezeLimitsResponse* response) override {
    return Mutate(env_, context, request, response, services::FreezeLimits, [&env = env_] { env.charts.Invalidate(); });
  }
  grpc::ServerUnaryReactor* DefineChart(grpc::CallbackServerContext* context, const v1::DefineChartRequest* request,
                                        v1::DefineChartResponse* response) override {
    return Mutate(env_, context, request, response, services::DefineChart, [&env = env_] { env.charts.Invalidate(); });
  }
  grpc::ServerUnaryReactor* AcknowledgeChartAlarm(grpc::CallbackServerContext* context,
                                                  const v1::AcknowledgeChartAlarmRequest* request,
                                                  v1::AcknowledgeChartAlarmResponse* response) override {
    return Mutate(env_, context, request, response, services::AcknowledgeChartAlarm);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSpcService(Env& env) { return std::make_unique<SpcService>(env); }

}  // namespace mes::services
