// A station that talks to a server over gRPC: orders released, events numbered, verdicts as text. For tests of what events bring
// about.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "tests/support/server.h"

namespace mes::tests {

// Not shared between threads.
class StationClient {
 public:
  // `epoch`: another client of the same stations counts in a higher one.
  explicit StationClient(const std::shared_ptr<grpc::Channel>& channel, int epoch = 1)
      : epoch_(epoch),
        events_(v1::StationEventService::NewStub(channel)),
        stations_(v1::StationService::NewStub(channel)),
        orders_(v1::WorkOrderService::NewStub(channel)) {}

  void Release(const std::string& code, const std::string& product, const std::string& quantity, const std::string& uom = "pc") {
    v1::CreateWorkOrderRequest create;
    create.set_request_id("create " + code);
    create.set_work_order_code(code);
    create.set_product_code(product);
    create.mutable_quantity()->set_value(quantity);
    create.mutable_quantity()->set_uom(uom);
    v1::CreateWorkOrderResponse created;
    EXPECT_EQ(ReasonOf(CallOnce(*orders_, &v1::WorkOrderService::Stub::CreateWorkOrder, create, &created)), "OK");
    v1::TransitionWorkOrderRequest release;
    release.set_request_id("release " + code);
    release.set_work_order_code(code);
    release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    v1::TransitionWorkOrderResponse released;
    EXPECT_EQ(ReasonOf(CallOnce(*orders_, &v1::WorkOrderService::Stub::TransitionWorkOrder, release, &released)), "OK");
  }

  // The next event of that station about that unit, now.
  v1::StationEvent About(const std::string& station, const std::string& unit) {
    v1::StationEvent event;
    event.set_sequence(++sequences_[station]);
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    event.mutable_occur_time()->set_seconds(now.tv_sec);
    event.mutable_occur_time()->set_nanos(static_cast<int32_t>(now.tv_nsec));
    event.set_unit_code(unit);
    return event;
  }
  v1::StationEvent Start(const std::string& station, const std::string& unit, const std::string& recipe,
                         const std::string& order = "") {
    v1::StationEvent event = About(station, unit);
    event.mutable_started()->set_recipe_checksum(recipe);
    event.mutable_started()->set_work_order_code(order);
    return event;
  }
  v1::StationEvent Complete(const std::string& station, const std::string& unit, const std::string& characteristic,
                            double value = 10, bool pass = true) {
    v1::StationEvent event = About(station, unit);
    event.mutable_completed()->set_judgement(pass ? v1::JUDGEMENT_PASS : v1::JUDGEMENT_FAIL);
    if (!pass) event.mutable_completed()->set_failure_code("F1");
    auto* values = event.mutable_completed()->add_values();
    values->set_characteristic_code(characteristic);
    values->add_values(value);
    return event;
  }
  v1::StationEvent Consume(const std::string& station, const std::string& unit, const std::string& lot,
                           const std::string& quantity, const std::string& uom) {
    v1::StationEvent event = About(station, unit);
    event.mutable_consumed()->set_lot_code(lot);
    event.mutable_consumed()->mutable_quantity()->set_value(quantity);
    event.mutable_consumed()->mutable_quantity()->set_uom(uom);
    return event;
  }
  v1::StationEvent Install(const std::string& station, const std::string& unit, const std::string& component) {
    v1::StationEvent event = About(station, unit);
    event.mutable_installed()->set_component_code(component);
    return event;
  }

  // `RECORDED` or `REJECTED ROUTE_SEQ ...`, per event.
  std::vector<std::string> Tell(const std::string& station, const std::vector<v1::StationEvent>& list) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(station);
    request.set_epoch(epoch_);
    for (const v1::StationEvent& event : list) *request.add_events() = event;
    const grpc::Status status = CallOnce(*events_, &v1::StationEventService::Stub::RecordStationEvents, request, &response_);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> told;
    for (const v1::EventVerdict& verdict : response_.verdicts()) {
      std::string text = v1::EventOutcome_Name(verdict.outcome()).substr(std::string("EVENT_OUTCOME_").size());
      for (const v1::Refusal& refusal : verdict.refusals()) text += " " + refusal.code();
      told.push_back(std::move(text));
    }
    return told;
  }
  std::string TellOne(const std::string& station, const v1::StationEvent& event) { return Tell(station, {event}).at(0); }
  // The last answer.
  const v1::RecordStationEventsResponse& response() const { return response_; }

  v1::CanStartResponse CanStart(const std::string& station, const std::string& unit, const std::string& recipe,
                                const std::string& order = "") {
    v1::CanStartRequest request;
    request.set_request_id("ask");
    request.set_station_code(station);
    request.set_unit_code(unit);
    request.mutable_start()->set_recipe_checksum(recipe);
    request.mutable_start()->set_work_order_code(order);
    v1::CanStartResponse response;
    const grpc::Status status = CallOnce(*stations_, &v1::StationService::Stub::CanStart, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

 private:
  const int epoch_;
  std::unique_ptr<v1::StationEventService::Stub> events_;
  std::unique_ptr<v1::StationService::Stub> stations_;
  std::unique_ptr<v1::WorkOrderService::Stub> orders_;
  std::map<std::string, int64_t> sequences_;
  v1::RecordStationEventsResponse response_;
};

}  // namespace mes::tests
