// The office's side of a run: it receives, opens and parts lots, receives units, makes orders and moves them. Every call has a
// request id made of the run and its place in it, so that a run that is picked up repeats them without effect.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "mes/v1/lot.grpc.pb.h"
#include "mes/v1/unit.grpc.pb.h"
#include "services/mesctl/client.h"
#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {

class OfficeCaller {
 public:
  OfficeCaller(const Connection& connection, const Plan& plan);
  // Call number `index` of the plan.
  grpc::Status Do(size_t index);
  std::string Describe(size_t index) const;

 private:
  const Connection& connection_;
  const Plan& plan_;
  v1::LotService::Stub lots_;
  v1::UnitService::Stub units_;
};

// Creates and releases the plan's orders, cancels what is bought instead. Answers differences between the server's explosion and
// ours.
std::vector<std::string> MakeOrders(const Connection& connection, const Plan& plan);
// Completes every order of which nothing is open.
void CompleteOrders(const Connection& connection, const Plan& plan);
// True for an order that CompleteOrders completes.
bool EndsCompleted(const Order& order);

}  // namespace mes::mesctl::simulate
