#include "domain/spc_ingest.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "domain/world.h"

namespace mes::domain {
namespace {

// `12.35`: six significant digits are what a person reads.
std::string Figure(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, 6).ptr);
}

// Gathers what `measured` rows of the batch brought, up to now; a new start forgets what an earlier run of the unit had.
void Follow(World& world) {
  ChartBook& book = world.charts;
  for (; book.rows_seen < world.effects.rows.size(); ++book.rows_seen) {
    const EventRow& row = world.effects.rows[book.rows_seen];
    if (row.kind == EventKind::kMeasured && !row.measured.empty()) book.measured[row.unit_id].push_back(row.measured);
    if (row.kind == EventKind::kStarted || row.kind == EventKind::kAborted) book.measured.erase(row.unit_id);
  }
}

// The run's values as they count: the completion's own, else the last that was reported before it.
std::vector<double> ValuesOf(World& world, const Operation& operation, const EventRow& row) {
  Follow(world);
  const auto earlier = world.charts.measured.find(row.unit_id);
  if (earlier == world.charts.measured.end()) return row.measured;
  std::vector<std::vector<double>> reports = std::move(earlier->second);
  world.charts.measured.erase(earlier);
  reports.push_back(row.measured);
  return ValuesOfRun(reports, static_cast<size_t>(operation.ValueCount()));
}

bool IsTrial(const World& world, const UnitEntry& entry) {
  const auto order = world.orders.find(entry.unit.work_order_id);
  return order != world.orders.end() && order->second.trial;
}

// One characteristic's chart or charts take the run's values.
class Charting {
 public:
  Charting(World& world, const Station& station, const Operation& operation, const EventRow& row)
      : world_(world),
        station_(station),
        operation_(operation),
        row_(row),
        charts_(world.charts.stations[{station.id, operation.number}]) {}

  void Take(int16_t index, const Characteristic& characteristic, const double* values) {
    static const ChartPlan kNothingDecided;
    const ChartPlan& plan = world_.charts.plan == nullptr ? kNothingDecided : *world_.charts.plan;
    const ChartPlan::Choice choice = plan.ChoiceFor(station_.material_id, operation_.number, characteristic);
    const ChartDesign design = DesignOf(characteristic, choice.by_position);
    if (!choice.by_position) {
      return Take(index, characteristic, 0, design, choice.rules, plan, {values, values + characteristic.replicates});
    }
    for (int32_t i = 0; i < characteristic.replicates; ++i) {
      Take(index, characteristic, static_cast<int16_t>(i + 1), design, choice.rules, plan, {values[i]});
    }
  }

  std::vector<ChartAlarm>& alarms() { return alarms_; }

 private:
  void Take(int16_t index, const Characteristic& characteristic, int16_t position, ChartDesign design, RuleSet rules,
            const ChartPlan& plan, const std::vector<double>& values) {
    const ChartKey key{station_.id, operation_.number, characteristic.code, position};
    const FrozenLimits* limits = plan.LimitsFor(key);
    std::vector<PointChunk> chunks;
    const std::vector<ChartEpisode> episodes =
        domain::Take(charts_.Of(characteristic.code, position), design, rules, limits, row_.occur_time, values, chunks);
    charts_.changed = true;
    for (PointChunk& chunk : chunks) world_.charts.chunks.push_back({key, std::move(chunk)});
    for (const ChartEpisode& episode : episodes) Raise(index, characteristic, key, *limits, episode);
  }

  void Raise(int16_t index, const Characteristic& characteristic, const ChartKey& key, const FrozenLimits& limits,
             const ChartEpisode& episode) {
    ChartAlarm alarm;
    alarm.station_id = station_.id;
    alarm.material_id = station_.material_id;
    alarm.operation = operation_.number;
    alarm.characteristic = index;
    alarm.characteristic_code = characteristic.code;
    alarm.characteristic_class = characteristic.characteristic_class;
    alarm.position = key.position;
    alarm.rule = episode.rule;
    alarm.side = episode.side;
    alarm.on_spread = episode.on_spread;
    alarm.point_time = episode.point_time;
    alarm.value = episode.value;
    alarm.raise_time = world_.now;
    alarm.unit_id = row_.unit_id;
    alarm.late = episode.late;
    alarm.last_in_control = episode.last_in_control;
    alarm.limits_version = limits.version;
    const ChartLimits& l = limits.limits;
    const double lower = episode.on_spread ? l.spread_lower : l.lower;
    const double upper = episode.on_spread ? l.spread_upper : l.upper;
    const std::string what = characteristic.code + (key.position == 0 ? "" : " at position " + std::to_string(key.position));
    alarm.sentence = what + " at " + station_.code + ": " + std::string(SentenceOf(episode.rule)) +
                     (episode.on_spread ? " in its spread" : "") + ", " + std::string(NameOf(episode.side)) + " (" +
                     std::string(NameOf(episode.rule)) + ")" + (episode.late ? "; seen late, by data that came after newer ones" : "");
    alarm.evidence.push_back({"limit", what,
                              (episode.on_spread ? "spread " : "value ") + Figure(episode.value) + " " + characteristic.unit +
                                  ", limits " + Figure(lower) + " to " + Figure(upper) + ", center " +
                                  Figure(episode.on_spread ? l.spread_center : l.center) + ", version " +
                                  std::to_string(limits.version)});
    alarm.evidence.push_back({"event", FormatTime(episode.point_time),
                              episode.last_in_control ? "last in control " + FormatTime(*episode.last_in_control)
                                                      : "no point in control before it is known"});
    world_.charts.alarms.push_back(alarm);
    alarms_.push_back(std::move(alarm));
  }

  World& world_;
  const Station& station_;
  const Operation& operation_;
  const EventRow& row_;
  StationCharts& charts_;
  std::vector<ChartAlarm> alarms_;
};

Error DefinitionError(std::string_view field, std::string message) {
  return FieldError(Reason::kFieldInvalid, field, std::move(message));
}

}  // namespace

std::vector<double> ValuesOfRun(const std::vector<std::vector<double>>& reports, size_t count) {
  std::vector<double> values(count, std::nan(""));
  for (const std::vector<double>& report : reports) {
    for (size_t i = 0; i < std::min(count, report.size()); ++i) {
      if (!std::isnan(report[i])) values[i] = report[i];
    }
  }
  return values;
}

Status CheckDefinition(const ChartDefinition& definition, const std::vector<ChartRule>& rules, const Characteristic* characteristic) {
  if (rules.empty()) return Fail(FieldError(Reason::kFieldRequired, "rules", "rules is empty: a chart without rules sees nothing"));
  RuleSet seen = 0;
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::string field = "rules[" + std::to_string(i) + "]", name(NameOf(rules[i]));
    if ((seen & BitOf(rules[i])) != 0) return Fail(DefinitionError(field, name + " is named twice"));
    const std::optional<ChartRule> twin = TwinOf(rules[i]);
    if (twin && (seen & BitOf(*twin)) != 0) {
      return Fail(DefinitionError(field, name + " finds what " + std::string(NameOf(*twin)) + " finds: every alarm would come twice"));
    }
    seen = static_cast<RuleSet>(seen | BitOf(rules[i]));
  }
  const CharacteristicClass of =
      characteristic != nullptr ? characteristic->characteristic_class : definition.characteristic_class.value();
  if (of != CharacteristicClass::kStandard && (seen & RulesOf({ChartRule::kNelson1, ChartRule::kWesternElectric1})) == 0) {
    return Fail(DefinitionError("rules", "a " + std::string(NameOf(of)) +
                                             " characteristic needs NELSON1 or WE1: SPC_R1 waits for a point beyond 3 sigma"));
  }
  if (!definition.by_position) return {};
  if (characteristic == nullptr) return Fail(DefinitionError("by_position", "positions are those of one characteristic, not of a class"));
  if (characteristic->replicates < 2) {
    return Fail(DefinitionError("by_position", characteristic->code + " has one value per unit: there are no positions"));
  }
  return {};
}

ChartPlan::Choice ChartPlan::ChoiceFor(int32_t material_id, int16_t operation, const Characteristic& characteristic) const {
  const auto own = characteristics.find({material_id, operation, characteristic.code});
  if (own != characteristics.end()) return {own->second.rules, own->second.by_position && characteristic.replicates > 1};
  const auto of_class = classes.find(characteristic.characteristic_class);
  return {of_class == classes.end() ? DefaultRules(characteristic.characteristic_class) : of_class->second.rules, false};
}

const FrozenLimits* ChartPlan::LimitsFor(const ChartKey& key) const {
  const auto found = limits.find(key);
  return found == limits.end() ? nullptr : &found->second;
}

Status Acknowledge(ChartAlarm& alarm, std::string person, std::string reason, Time now) {
  if (!alarm.IsOpen()) {
    Error error{Reason::kChartAlarmAcknowledged, "the alarm was acknowledged by " + alarm.acknowledged_by, {}};
    error.metadata["acknowledged_by"] = alarm.acknowledged_by;
    error.metadata["acknowledge_time"] = FormatTime(*alarm.acknowledge_time);
    return Fail(std::move(error));
  }
  alarm.acknowledged_by = std::move(person);
  alarm.acknowledge_reason = std::move(reason);
  alarm.acknowledge_time = now;
  return {};
}

ChartState& StationCharts::Of(std::string_view characteristic_code, int16_t position) {
  for (Chart& chart : charts) {
    if (chart.position == position && chart.characteristic_code == characteristic_code) return chart.state;
  }
  Chart& made = charts.emplace_back();
  made.characteristic_code = characteristic_code;
  made.position = position;
  return made.state;
}

std::vector<ChartAlarm> JudgeCharts(World& world, const Station& station, const ProductRevision&, const Operation& operation,
                                    const UnitEntry& entry, const EventRow& row) {
  if (operation.characteristics.empty()) return {};
  // Also where the run does not count: its values must not stay behind for the next one.
  const std::vector<double> values = ValuesOf(world, operation, row);
  if ((row.flags & kFlagFirstRun) == 0 || values.empty() || IsTrial(world, entry)) return {};
  Charting charting(world, station, operation, row);
  for (size_t i = 0; i < operation.characteristics.size(); ++i) {
    const Characteristic& characteristic = operation.characteristics[i];
    const double* first = values.data() + characteristic.first_value;
    if (std::any_of(first, first + characteristic.replicates, [](double value) { return std::isnan(value); })) continue;
    charting.Take(static_cast<int16_t>(i), characteristic, first);
  }
  return std::move(charting.alarms());
}

}  // namespace mes::domain
