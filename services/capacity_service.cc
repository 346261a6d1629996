// The methods of CapacityService, each handed on to its handler.
#include "mes/v1/capacity.grpc.pb.h"
#include "services/calendar.h"
#include "services/capacity.h"
#include "services/supply.h"
#include "services/utilisation.h"

namespace mes::services {
namespace {

class CapacityService final : public v1::CapacityService::CallbackService {
 public:
  explicit CapacityService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* GetCapacity(grpc::CallbackServerContext* context, const v1::GetCapacityRequest* request,
                                        v1::GetCapacityResponse* response) override {
    return Read(env_, context, request, response, services::GetCapacity);
  }
  grpc::ServerUnaryReactor* ListCapacityFigures(grpc::CallbackServerContext* context, const v1::ListCapacityFiguresRequest* request,
                                                v1::ListCapacityFiguresResponse* response) override {
    return Read(env_, context, request, response, services::ListCapacityFigures);
  }
  grpc::ServerUnaryReactor* RecordFigures(grpc::CallbackServerContext* context, const v1::RecordFiguresRequest* request,
                                          v1::RecordFiguresResponse* response) override {
    return Mutate(env_, context, request, response, services::RecordFigures);
  }
  grpc::ServerUnaryReactor* GetUtilisation(grpc::CallbackServerContext* context, const v1::GetUtilisationRequest* request,
                                           v1::GetUtilisationResponse* response) override {
    return Read(env_, context, request, response, services::GetUtilisation);
  }
  grpc::ServerUnaryReactor* GetNeeds(grpc::CallbackServerContext* context, const v1::GetNeedsRequest* request,
                                     v1::GetNeedsResponse* response) override {
    return Read(env_, context, request, response, services::GetNeeds);
  }
  grpc::ServerUnaryReactor* SetCapacity(grpc::CallbackServerContext* context, const v1::SetCapacityRequest* request,
                                        v1::SetCapacityResponse* response) override {
    return Mutate(env_, context, request, response, services::SetCapacity);
  }
  grpc::ServerUnaryReactor* ListCapacityPoints(grpc::CallbackServerContext* context, const v1::ListCapacityPointsRequest* request,
                                               v1::ListCapacityPointsResponse* response) override {
    return Read(env_, context, request, response, services::ListCapacityPoints);
  }
  grpc::ServerUnaryReactor* PutSupply(grpc::CallbackServerContext* context, const v1::PutSupplyRequest* request,
                                      v1::PutSupplyResponse* response) override {
    return Mutate(env_, context, request, response, services::PutSupply);
  }
  grpc::ServerUnaryReactor* CloseSupply(grpc::CallbackServerContext* context, const v1::CloseSupplyRequest* request,
                                        v1::CloseSupplyResponse* response) override {
    return Mutate(env_, context, request, response, services::CloseSupply);
  }
  grpc::ServerUnaryReactor* ListSupplies(grpc::CallbackServerContext* context, const v1::ListSuppliesRequest* request,
                                         v1::ListSuppliesResponse* response) override {
    return Read(env_, context, request, response, services::ListSupplies);
  }
  grpc::ServerUnaryReactor* GetCalendar(grpc::CallbackServerContext* context, const v1::GetCalendarRequest* request,
                                        v1::GetCalendarResponse* response) override {
    return Read(env_, context, request, response, services::GetCalendar);
  }
  grpc::ServerUnaryReactor* PutCalendarYear(grpc::CallbackServerContext* context, const v1::PutCalendarYearRequest* request,
                                            v1::PutCalendarYearResponse* response) override {
    return Mutate(env_, context, request, response, services::PutCalendarYear);
  }
  grpc::ServerUnaryReactor* PutShutdown(grpc::CallbackServerContext* context, const v1::PutShutdownRequest* request,
                                        v1::PutShutdownResponse* response) override {
    return Mutate(env_, context, request, response, services::PutShutdown);
  }
  grpc::ServerUnaryReactor* CancelShutdown(grpc::CallbackServerContext* context, const v1::CancelShutdownRequest* request,
                                           v1::CancelShutdownResponse* response) override {
    return Mutate(env_, context, request, response, services::CancelShutdown);
  }
  grpc::ServerUnaryReactor* GetWorkingDay(grpc::CallbackServerContext* context, const v1::GetWorkingDayRequest* request,
                                          v1::GetWorkingDayResponse* response) override {
    return Read(env_, context, request, response, services::GetWorkingDay);
  }
  grpc::ServerUnaryReactor* ListOverCommitments(grpc::CallbackServerContext* context, const v1::ListOverCommitmentsRequest* request,
                                                v1::ListOverCommitmentsResponse* response) override {
    return Read(env_, context, request, response, services::ListOverCommitments);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCapacityService(Env& env) { return std::make_unique<CapacityService>(env); }

}  // namespace mes::services
