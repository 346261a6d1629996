#include "services/mesctl/simulate_drift.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/lot.grpc.pb.h"
#include "mes/v1/process_rule.grpc.pb.h"
#include "mes/v1/spc.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/mesctl/simulate_event.h"
#include "services/mesctl/simulate_excursion.h"
#include "services/mesctl/simulate_random.h"

namespace mes::mesctl::simulate {
namespace {

using Stations = v1::StationService::Stub;
using Orders = v1::WorkOrderService::Stub;
using Rules = v1::ProcessRuleService::Stub;
using Holds = v1::HoldService::Stub;
using Spc = v1::SpcService::Stub;
using Events = v1::StationEventService::Stub;

// Seams of the reference plant's bipolar plates: a significant characteristic, watched by SPC_R1.
constexpr const char* kProduct = "BPP-M";
constexpr const char* kWeld = "LWELD";
constexpr const char* kDepth = "BP_WPEN";

constexpr size_t kBaseline = 25;
constexpr size_t kInControl = 10;
constexpr size_t kShifted = 12;
constexpr size_t kPlates = 70;
// What single values scatter by, in the plan's sigma: wide enough for limits that an ordinary story's values stay within.
constexpr double kScatter = 1.1;
constexpr int64_t kFeed = 2 * kSecond;
constexpr int64_t kPace = 15 * kSecond;
constexpr int64_t kRun = 12 * kSecond;
// Feeding one operation takes so long, the whole story four of them and the welding.
constexpr int64_t kFeedTime = (kPlates + 1) * kFeed + 10 * kSecond;
constexpr int kEventsPerCall = 200;
constexpr auto kLimitsInForce = std::chrono::milliseconds(1'500);
constexpr const char* kQuality = "quality";

void SetTime(google::protobuf::Timestamp& timestamp, int64_t micros) {
  timestamp.set_seconds(micros / kMicro);
  timestamp.set_nanos(static_cast<int32_t>(micros % kMicro * 1000));
}

std::string Figure(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string Sentences(const google::protobuf::RepeatedPtrField<v1::Refusal>& refusals) {
  std::string text;
  for (const v1::Refusal& refusal : refusals) text += (text.empty() ? "[" : " [") + refusal.code() + "] " + refusal.sentence();
  return text;
}

const v1::Refusal* Named(const google::protobuf::RepeatedPtrField<v1::Refusal>& refusals, const std::string& code) {
  const auto found = std::find_if(refusals.begin(), refusals.end(), [&](const v1::Refusal& r) { return r.code() == code; });
  return found == refusals.end() ? nullptr : &*found;
}

class Story {
 public:
  Story(const Connection& connection, const Model& model, const std::vector<v1::Station>& stations, uint32_t seed)
      : connection_(connection), model_(model), seed_(seed), prefix_("D" + std::to_string(seed) + "-") {
    const int index = model.FindItem(kProduct);
    if (index < 0) throw std::runtime_error(std::string("the plant makes no ") + kProduct);
    item_ = &model.items[static_cast<size_t>(index)];
    const auto weld = std::find_if(item_->operations.begin(), item_->operations.end(), [](const auto& o) { return o.code == kWeld; });
    if (weld == item_->operations.end() || weld + 1 == item_->operations.end() || weld->stations.size() < 2)
      throw std::runtime_error(std::string(kProduct) + " has no operation " + kWeld + " with two stations and a next operation");
    weld_ = static_cast<size_t>(weld - item_->operations.begin());
    for (const Characteristic& c : weld->characteristics) {
      if (c.code == kDepth) depth_ = &c;
    }
    if (depth_ == nullptr) throw std::runtime_error(std::string(kWeld) + " has no characteristic " + kDepth);
    for (const v1::Station& station : stations) epochs_[station.code()] = station.epoch() + 1;
  }

  void Tell(int64_t now) {
    Begin(now);
    Prepare();
    Feed();
    Baseline();
    Drift();
    const v1::ProcessAlarm alarm = Stopped();
    Compare(alarm.hold_id());
    Release(alarm);
    printf("\nthe hold held what this run reckoned, unit by unit, and nothing besides\n");
  }

 private:
  [[noreturn]] void Differ(const std::string& what) const {
    fflush(stdout);
    fprintf(stderr, "mesctl: DIFFERENT %s\n", what.c_str());
    throw Exit{kExitServer};
  }

  const Operation& Weld() const { return item_->operations[weld_]; }
  const Operation& Next() const { return item_->operations[weld_ + 1]; }
  std::string CodeOf(int station) const { return model_.stations[static_cast<size_t>(station)].code; }
  // The last one: an ordinary story uses the first ones most.
  std::string Welder() const { return CodeOf(Weld().stations.back()); }
  std::string OtherWelder() const { return CodeOf(Weld().stations.front()); }
  std::string Plate(size_t i) const {
    char number[16];
    snprintf(number, sizeof number, "%04zu", i + 1);
    return prefix_ + kProduct + "-" + number;
  }
  std::string Order() const { return prefix_ + kProduct; }
  std::string LotOf(int item) const { return prefix_ + model_.items[static_cast<size_t>(item)].code + "-L"; }
  std::string RequestId(const std::string& what) const { return "drift-" + std::to_string(seed_) + "-" + what; }
  int64_t WeldTime(size_t i) const { return weld_start_ + static_cast<int64_t>(i) * kPace; }

  // Seconds before now, but after all that the chart has seen: a point that comes late would be judged among others' points.
  void Begin(int64_t now) {
    v1::GetWorkOrderRequest known;
    known.set_work_order_code(Order());
    grpc::ClientContext context;
    connection_.Arm(context);
    v1::GetWorkOrderResponse found;
    if (Orders(connection_.Channel()).GetWorkOrder(&context, known, &found).ok())
      FailUsage("--drift: the story of seed " + std::to_string(seed_) + " was told already: give another --seed");
    const int64_t before = static_cast<int64_t>(weld_) * kFeedTime;
    const int64_t length = static_cast<int64_t>(kPlates) * kPace;
    weld_start_ = now / kSecond * kSecond - length - 60 * kSecond;
    v1::ListChartsRequest request;
    request.set_station_code(Welder());
    const auto known_charts = Call(connection_, &Spc::ListCharts, request);
    for (const v1::ChartSummary& chart : known_charts.charts()) {
      if (chart.key().characteristic_code() != kDepth || !chart.has_newest_time()) continue;
      weld_start_ = std::max(weld_start_, (chart.newest_time().seconds() + 60) * kSecond);
    }
    if (const int64_t late = weld_start_ + length - now; late > 0) {
      throw std::runtime_error("the chart of " + Welder() + " has newer points already: tell this story in " +
                               std::to_string(late / kSecond / 60 + 1) + " minutes");
    }
    start_ = weld_start_ - before - 60 * kSecond;
  }

  void Prepare() {
    for (size_t o = 0; o <= weld_ + 1; ++o) {
      for (const BomLine& line : item_->operations[o].lines) Receive(line);
    }
    v1::CreateWorkOrderRequest create;
    create.set_request_id(RequestId("order"));
    create.set_work_order_code(Order());
    create.set_product_code(kProduct);
    create.mutable_quantity()->set_value(std::to_string(kPlates));
    create.mutable_quantity()->set_uom(item_->uom);
    Call(connection_, &Orders::CreateWorkOrder, create);
    v1::TransitionWorkOrderRequest release;
    release.set_request_id(RequestId("release"));
    release.set_work_order_code(Order());
    release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    release.set_person("simulator");
    Call(connection_, &Orders::TransitionWorkOrder, release);
  }

  void Receive(const BomLine& line) {
    const Item& material = model_.items[static_cast<size_t>(line.item)];
    if (!material.IsLot() || !received_.insert(line.item).second) return;
    v1::ReceiveLotRequest request;
    request.set_request_id(RequestId("lot-" + material.code));
    request.set_lot_code(LotOf(line.item));
    request.set_material_code(material.code);
    request.mutable_quantity()->set_value("1000");
    request.mutable_quantity()->set_uom(material.uom);
    request.set_supplier("simulator");
    request.set_supplier_lot(LotOf(line.item));
    SetTime(*request.mutable_manufacture_time(), start_ - kDay);
    Call(connection_, &v1::LotService::Stub::ReceiveLot, request);
  }

  // Events
  // --------------------------------------------------------------------------------------------------------------------------

  v1::StationEvent& Add(const std::string& station, const Operation& operation, int64_t time) {
    v1::StationEvent& event = batches_[station].emplace_back();
    event.set_sequence(++sequences_[station]);
    SetTime(*event.mutable_occur_time(), time);
    if (operation.personal) event.set_operator_id(prefix_ + "P");
    return event;
  }

  // What a station has to say before it may work.
  void AddConditions(const std::string& station, const Operation& operation, int64_t time) {
    for (const v1::ConditionKind kind : operation.conditions) {
      v1::StationEvent& event = Add(station, operation, time);
      v1::StationCondition& condition = *event.mutable_condition();
      condition.set_kind(kind);
      condition.set_in_order(true);
      condition.set_evidence(prefix_ + "CERT");
      SetTime(*condition.mutable_expire_time(), time + LongestValidity(kind));
      if (IsPersonal(kind)) condition.set_person(prefix_ + "P");
      if (kind != v1::CONDITION_KIND_TOOL_LIFE) continue;
      (*condition.mutable_readings())["uses"] = 100;
      (*condition.mutable_readings())["uses_limit"] = 10'000;
    }
  }

  void FillStart(const Operation& operation, v1::Started& started) const {
    started.set_recipe_checksum(operation.recipe_checksum);
    started.set_software_version(operation.software_version);
    if (operation.checks_variant) started.set_variant(item_->code);
    if (&operation == &item_->operations.front()) started.set_work_order_code(Order());
    if (!operation.names_materials) return;
    for (const BomLine& line : operation.lines) started.add_material_codes(LotOf(line.item));
  }

  void AddRun(const std::string& station, const Operation& operation, size_t plate, int64_t time, int64_t length, double depth) {
    const auto about = [&](int64_t at) -> v1::StationEvent& {
      v1::StationEvent& event = Add(station, operation, at);
      event.set_unit_code(Plate(plate));
      event.set_operation(operation.number);
      return event;
    };
    FillStart(operation, *about(time).mutable_started());
    for (const BomLine& line : operation.lines) {
      v1::Consumed& consumed = *about(time + length / 2).mutable_consumed();
      consumed.set_lot_code(LotOf(line.item));
      consumed.mutable_quantity()->set_value(DecimalOf(line.quantity_micro));
      consumed.mutable_quantity()->set_uom(model_.items[static_cast<size_t>(line.item)].uom);
    }
    v1::Completed& completed = *about(time + length).mutable_completed();
    completed.set_judgement(v1::JUDGEMENT_PASS);
    for (const Characteristic& c : operation.characteristics) {
      if (&c != depth_ && !c.every_unit) continue;
      v1::MeasuredValues& values = *completed.add_values();
      values.set_characteristic_code(c.code);
      for (int r = 0; r < c.replicates; ++r) {
        const uint64_t draw = Draw({seed_, plate, HashOf(c.code), static_cast<uint64_t>(r)});
        values.add_values(&c == depth_ ? depth : ValueOf(c, draw, false));
      }
    }
  }

  // Sends what the station has gathered; every verdict in order.
  std::vector<v1::EventVerdict> Send(const std::string& station) {
    std::vector<v1::StationEvent> events;
    events.swap(batches_[station]);
    std::vector<v1::EventVerdict> verdicts;
    for (size_t begin = 0; begin < events.size(); begin += kEventsPerCall) {
      v1::RecordStationEventsRequest request;
      request.set_station_code(station);
      request.set_epoch(epochs_.at(station));
      for (size_t i = begin; i < events.size() && i < begin + kEventsPerCall; ++i) *request.add_events() = events[i];
      const auto response = Call(connection_, &Events::RecordStationEvents, request);
      verdicts.insert(verdicts.end(), response.verdicts().begin(), response.verdicts().end());
    }
    return verdicts;
  }

  void SendGood(const std::string& station) {
    for (const v1::EventVerdict& verdict : Send(station)) {
      if (verdict.outcome() == v1::EVENT_OUTCOME_RECORDED && verdict.judgement() != v1::JUDGEMENT_FAIL) continue;
      Differ("event " + std::to_string(verdict.sequence()) + " of " + station + " should be recorded and pass: " +
             v1::EventOutcome_Name(verdict.outcome()) + " " + Sentences(verdict.refusals()));
    }
  }

  // The story
  // --------------------------------------------------------------------------------------------------------------------------

  // Everything before welding, so that all plates wait for it.
  void Feed() {
    for (size_t o = 0; o < weld_; ++o) {
      const Operation& operation = item_->operations[o];
      const std::string station = CodeOf(operation.stations.back());
      const int64_t begin = start_ + static_cast<int64_t>(o) * kFeedTime;
      AddConditions(station, operation, begin);
      for (size_t i = 0; i < kPlates; ++i)
        AddRun(station, operation, i, begin + static_cast<int64_t>(i + 1) * kFeed, kFeed / 2, 0);
      SendGood(station);
    }
    AddConditions(Welder(), Weld(), weld_start_ - 5 * kSecond);
    SendGood(Welder());
    printf("%zu plates of order %s wait for %s %s\n", kPlates, Order().c_str(), kProduct, kWeld);
  }

  // To and fro around a center: in control, and never six in a row that rise or fall.
  double Depth(size_t plate, double center) const {
    const double part = 0.4 + 0.6 * Uniform(Draw({seed_, plate, static_cast<uint64_t>(Topic::kValue)}));
    const double value = center + (plate % 2 == 0 ? 1 : -1) * part * kScatter * depth_->sigma;
    return std::round(value / depth_->step) * depth_->step;
  }

  void WeldOne(size_t plate, double depth) {
    AddRun(Welder(), Weld(), plate, WeldTime(plate), kRun, depth);
    SendGood(Welder());
    values_.push_back(depth);
  }

  v1::ChartKey Chart() const {
    v1::ChartKey key;
    key.set_station_code(Welder());
    key.set_operation(Weld().number);
    key.set_characteristic_code(kDepth);
    return key;
  }

  void Baseline() {
    for (size_t i = 0; i < kBaseline; ++i) WeldOne(i, Depth(i, depth_->nominal));
    v1::FreezeLimitsRequest request;
    request.set_request_id(RequestId("limits"));
    *request.mutable_key() = Chart();
    SetTime(*request.mutable_from(), WeldTime(0));
    request.set_person("Li Wei");
    request.set_reason("baseline of " + std::to_string(kBaseline) + " plates in control");
    limits_ = Call(connection_, &Spc::FreezeLimits, request).limits();
    printf("%zu plates welded at %s; limits of %s frozen: %s to %s, center %s, version %d\n", kBaseline, Welder().c_str(), kDepth,
           Figure(limits_.lower()).c_str(), Figure(limits_.upper()).c_str(), Figure(limits_.center()).c_str(), limits_.version());
    if (limits_.upper() >= Highest()) throw std::runtime_error("the limits are wider than the specification: give another --seed");
    values_.clear();
    std::this_thread::sleep_for(kLimitsInForce);
  }

  // The deepest seam that still passes.
  double Highest() const { return depth_->upper - 0.02 * (depth_->upper - depth_->nominal); }

  // In control, then a shift that nothing stops, then deeper and deeper until a point is outside the limits.
  void Drift() {
    size_t plate = kBaseline;
    for (size_t i = 0; i < kInControl; ++i, ++plate) WeldOne(plate, Depth(plate, depth_->nominal));
    if (InForce() != nullptr) Differ(Welder() + " should not be stopped while its process is in control: " + alarm_.sentence());
    printf("%zu more in control: no alarm\n", kInControl);
    double center = depth_->nominal + 1.5 * depth_->sigma;
    for (size_t i = 0; i < kShifted; ++i, ++plate) WeldOne(plate, Depth(plate, center));
    for (; plate + 2 < kPlates; ++plate) {
      center += 0.6 * depth_->sigma;
      WeldOne(plate, std::min(Depth(plate, center), Highest()));
      excursion_ = FindExcursion(values_, limits_.lower(), limits_.center(), limits_.upper());
      if (excursion_.alarm < values_.size()) break;
      if (InForce() != nullptr) Differ(Welder() + " is stopped too early: " + alarm_.sentence());
    }
    if (excursion_.alarm >= values_.size()) throw std::runtime_error("the drift ended within the limits: give another --seed");
    printf("then the seams become deeper: plate %s at %s is beyond %s\n", Plate(plate).c_str(), Figure(values_.back()).c_str(),
           Figure(limits_.upper()).c_str());
  }

  const v1::ProcessAlarm* InForce() {
    v1::ListProcessAlarmsRequest request;
    request.set_in_force_only(true);
    request.set_station_code(Welder());
    const auto response = Call(connection_, &Rules::ListProcessAlarms, request);
    if (response.alarms().empty()) return nullptr;
    alarm_ = response.alarms(0);
    return &alarm_;
  }

  v1::CanStartResponse Ask(const std::string& station, const Operation& operation, size_t plate, const std::string& order = "") const {
    v1::CanStartRequest request;
    request.set_request_id(connection_.RequestId());
    request.set_station_code(station);
    request.set_unit_code(Plate(plate));
    request.set_operation(operation.number);
    if (operation.personal) request.set_operator_id(prefix_ + "P");
    FillStart(operation, *request.mutable_start());
    if (!order.empty()) request.mutable_start()->set_work_order_code(order);
    return Call(connection_, &Stations::CanStart, request);
  }

  size_t NextPlate() const { return kBaseline + values_.size(); }

  v1::ProcessAlarm Stopped() {
    if (InForce() == nullptr) Differ(Welder() + " should be stopped by SPC_R1, and no alarm is in force");
    if (alarm_.rule_code() != "SPC_R1" || alarm_.stops() != v1::STOP_SCOPE_STATION || alarm_.hold_id() == 0)
      Differ("SPC_R1 should stop the station and hold: " + alarm_.sentence());
    if (alarm_.unit_code() != Plate(NextPlate() - 1)) Differ("the alarm should name plate " + Plate(NextPlate() - 1));
    printf("\nalarm %lld stops %s: %s\n", static_cast<long long>(alarm_.alarm_id()), Welder().c_str(), alarm_.sentence().c_str());

    const auto no_go = Ask(Welder(), Weld(), NextPlate());
    const v1::Refusal* stop = Named(no_go.refusals(), "RULE_STOP");
    const bool proven = stop != nullptr && std::any_of(stop->evidence().begin(), stop->evidence().end(), [&](const v1::Evidence& e) {
                          return e.kind() == "alarm" && e.id() == std::to_string(alarm_.alarm_id());
                        });
    if (no_go.go() || !proven) Differ("CanStart should refuse with RULE_STOP and the alarm: " + Sentences(no_go.refusals()));
    printf("CanStart of %s: %s\n", Plate(NextPlate()).c_str(), Sentences(no_go.refusals()).c_str());

    AddRun(Welder(), Weld(), NextPlate(), WeldTime(NextPlate()), kRun, depth_->nominal);
    batches_[Welder()].resize(1);  // it cannot go on from a refused start
    sequences_[Welder()] = batches_[Welder()].back().sequence();
    const v1::EventVerdict verdict = Send(Welder()).front();
    if (verdict.outcome() != v1::EVENT_OUTCOME_REJECTED || Named(verdict.refusals(), "RULE_STOP") == nullptr)
      Differ("a start at the stopped station should be rejected with RULE_STOP: " + Sentences(verdict.refusals()));
    const auto other = Ask(OtherWelder(), Weld(), NextPlate());
    if (Named(other.refusals(), "RULE_STOP") != nullptr) Differ("only " + Welder() + " should be stopped: " + Sentences(other.refusals()));
    printf("a start that it reports all the same is rejected; %s is not stopped\n", OtherWelder().c_str());
    return alarm_;
  }

  // Held units by the hold's own list and by the gate of the next operation, against what was welded since the last point in control.
  void Compare(int64_t hold_id) {
    for (size_t i = excursion_.last_in_control; i <= excursion_.alarm; ++i) suspects_.insert(Plate(kBaseline + i));
    std::set<std::string> held;
    v1::ListHoldItemsRequest request;
    request.set_hold_id(hold_id);
    request.set_in_force_only(true);
    request.set_page_size(1000);
    do {
      const auto page = Call(connection_, &Holds::ListHoldItems, request);
      for (const v1::HoldItem& item : page.items()) held.insert(item.code());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    Same("hold " + std::to_string(hold_id), held);

    next_ = CodeOf(Next().stations.back());
    AddConditions(next_, Next(), WeldTime(NextPlate()));
    SendGood(next_);
    std::set<std::string> refused;
    for (size_t i = 0; i < NextPlate(); ++i) {
      const auto answer = Ask(next_, Next(), i);
      const v1::Refusal* blocked = Named(answer.refusals(), "NOT_BLOCKED");
      if (blocked == nullptr) continue;
      const bool proven = std::any_of(blocked->evidence().begin(), blocked->evidence().end(),
                                      [&](const v1::Evidence& e) { return e.kind() == "hold" && e.id() == std::to_string(hold_id); });
      if (!proven) Differ(Plate(i) + " should be refused by hold " + std::to_string(hold_id) + ": " + Sentences(answer.refusals()));
      refused.insert(Plate(i));
    }
    Same("the gate of " + next_, refused);
    printf("\nhold %lld: %zu plates, %s to %s: from the last point in control on, as reckoned here\n", static_cast<long long>(hold_id),
           held.size(), suspects_.begin()->c_str(), suspects_.rbegin()->c_str());
    printf("%s refuses each of them with NOT_BLOCKED, and none of the other %zu\n", next_.c_str(), NextPlate() - refused.size());
  }

  void Same(const std::string& what, const std::set<std::string>& found) const {
    if (found == suspects_) return;
    std::string line = what + ": reckoned " + std::to_string(suspects_.size()) + " plates, the server has " + std::to_string(found.size());
    for (const std::string& code : suspects_) line += found.contains(code) ? "" : "; not held: " + code;
    for (const std::string& code : found) line += suspects_.contains(code) ? "" : "; held besides: " + code;
    Differ(line);
  }

  void Release(const v1::ProcessAlarm& alarm) {
    v1::ReleaseProcessAlarmRequest request;
    request.set_alarm_id(alarm.alarm_id());
    request.set_reason("focus of the laser set anew, ten seams cut and measured");
    request.set_request_id(RequestId("operator"));
    request.set_person("Zhang San");
    request.set_role("shift lead");
    grpc::ClientContext context;
    connection_.Arm(context);
    v1::ReleaseProcessAlarmResponse response;
    const grpc::Status refused = Rules(connection_.Channel()).ReleaseProcessAlarm(&context, request, &response);
    if (ErrorReason(refused) != "ROLE_INSUFFICIENT") Differ("a shift lead should not be able to release the alarm");
    printf("\nthe shift lead may not release it: %s\n", ErrorReason(refused).c_str());
    request.set_request_id(RequestId("alarm"));
    request.set_person("Wu Min");
    request.set_role(alarm.release_role());
    Call(connection_, &Rules::ReleaseProcessAlarm, request);

    v1::ReleaseHoldRequest lift;
    lift.set_request_id(RequestId("hold"));
    lift.set_hold_id(alarm.hold_id());
    lift.set_person("Wu Min");
    lift.set_role(kQuality);
    lift.set_reason("micrographs: depth within specification");
    const auto lifted = Call(connection_, &Holds::ReleaseHold, lift);
    if (lifted.decision().pending_approval()) {
      v1::ApproveHoldDispositionRequest approve;
      approve.set_request_id(RequestId("approve"));
      approve.set_disposition_id(lifted.decision().disposition_id());
      approve.set_person("Chen Yu");
      approve.set_role(kQuality);
      approve.set_reason("micrographs seen");
      Call(connection_, &Holds::ApproveHoldDisposition, approve);
    }
    printf("%s releases the alarm and the hold, with reasons\n", kQuality);

    const size_t plate = NextPlate();
    // Half of the way that the spread's own limit allows: a jump back to the nominal would be an alarm again.
    const double back = std::max(depth_->nominal, values_.back() - limits_.spread_upper() / 2);
    AddRun(Welder(), Weld(), plate, WeldTime(plate) + kSecond, kRun, std::round(back / depth_->step) * depth_->step);
    SendGood(Welder());
    if (InForce() != nullptr) Differ(Welder() + " should not be stopped again: " + alarm_.sentence());
    printf("%s welds again: %s passes\n", Welder().c_str(), Plate(plate).c_str());
    for (size_t i = excursion_.last_in_control; i <= excursion_.alarm; ++i) {
      const auto answer = Ask(next_, Next(), kBaseline + i);
      if (!answer.go()) Differ(Plate(kBaseline + i) + " should go on after the release: " + Sentences(answer.refusals()));
    }
    printf("%s lets all %zu plates on\n", next_.c_str(), suspects_.size());
  }

  const Connection& connection_;
  const Model& model_;
  const uint32_t seed_;
  const std::string prefix_;
  const Item* item_ = nullptr;
  size_t weld_ = 0;
  const Characteristic* depth_ = nullptr;
  int64_t start_ = 0;
  int64_t weld_start_ = 0;
  std::set<int> received_;
  std::map<std::string, int32_t> epochs_;
  std::map<std::string, int64_t> sequences_;
  std::map<std::string, std::vector<v1::StationEvent>> batches_;
  v1::ControlLimits limits_;
  std::vector<double> values_;  // since the limits were frozen
  Excursion excursion_;
  v1::ProcessAlarm alarm_;
  std::set<std::string> suspects_;
  std::string next_;
};

}  // namespace

void TellDrift(const Connection& connection, const Model& model, const std::vector<v1::Station>& stations, uint32_t seed, int64_t now) {
  Story(connection, model, stations, seed).Tell(now);
}

}  // namespace mes::mesctl::simulate
