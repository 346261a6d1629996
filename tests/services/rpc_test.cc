#include "services/gatekeeper.h"
#include "services/rpc.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <future>
#include <latch>
#include <sstream>
#include <thread>

#include "db/work_order.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/work_order.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::services {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using v1::GenealogyService;
using v1::WorkOrderService;

v1::CreateWorkOrderRequest NewOrder(const std::string& request_id, const std::string& code, const std::string& quantity = "10") {
  v1::CreateWorkOrderRequest request;
  request.set_request_id(request_id);
  request.set_work_order_code(code);
  request.set_product_code("PACK");
  request.mutable_quantity()->set_value(quantity);
  request.mutable_quantity()->set_uom("pc");
  return request;
}

// Services whose handlers a test writes itself.
class WrittenWorkOrders final : public WorkOrderService::CallbackService {
 public:
  explicit WrittenWorkOrders(Env& env) : env_(env) {}
  std::function<domain::Status(Call&, const v1::CreateWorkOrderRequest&, v1::CreateWorkOrderResponse&)> create =
      CreateWorkOrderHandler;
  std::function<domain::Status(Call&, const v1::GetWorkOrderRequest&, v1::GetWorkOrderResponse&)> get;
  std::atomic<int> after_commits = 0;

  grpc::ServerUnaryReactor* CreateWorkOrder(grpc::CallbackServerContext* context, const v1::CreateWorkOrderRequest* request,
                                            v1::CreateWorkOrderResponse* response) override {
    return Mutate(env_, context, request, response, create, [this] { ++after_commits; });
  }
  grpc::ServerUnaryReactor* GetWorkOrder(grpc::CallbackServerContext* context, const v1::GetWorkOrderRequest* request,
                                         v1::GetWorkOrderResponse* response) override {
    return Read(env_, context, request, response, get);
  }

 private:
  static domain::Status CreateWorkOrderHandler(Call& call, const v1::CreateWorkOrderRequest& request,
                                               v1::CreateWorkOrderResponse& response) {
    return services::CreateWorkOrder(call, request, response);
  }
  Env& env_;
};

class WrittenTraces final : public GenealogyService::CallbackService {
 public:
  explicit WrittenTraces(Env& env) : env_(env) {}
  std::function<domain::Status(Call&, PageSink<v1::TraceResponse>&)> produce;

  grpc::ServerWriteReactor<v1::TraceResponse>* Trace(grpc::CallbackServerContext* context,
                                                     const v1::TraceRequest* request) override {
    return StreamRead<v1::TraceRequest, v1::TraceResponse>(
        env_, context, request,
        [this](Call& call, const v1::TraceRequest&, PageSink<v1::TraceResponse>& sink) { return produce(call, sink); });
  }

 private:
  Env& env_;
};

class RpcTest : public testing::Test {
 protected:
  RpcTest() {
    spdlog::set_level(spdlog::level::off);
    tests::StorePlant(database_, tests::PlantBuilder().draft());
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&orders_);
    builder.RegisterService(&traces_);
    server_ = builder.BuildAndStart();
    const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
    stub_ = WorkOrderService::NewStub(channel);
    trace_stub_ = GenealogyService::NewStub(channel);
  }
  ~RpcTest() override { server_->Shutdown(); }

  grpc::Status Create(const v1::CreateWorkOrderRequest& request, v1::CreateWorkOrderResponse* response = nullptr) {
    v1::CreateWorkOrderResponse ignored;
    return CallOnce(*stub_, &WorkOrderService::Stub::CreateWorkOrder, request, response == nullptr ? &ignored : response);
  }
  grpc::Status Get() {
    v1::GetWorkOrderResponse response;
    return CallOnce(*stub_, &WorkOrderService::Stub::GetWorkOrder, v1::GetWorkOrderRequest(), &response);
  }
  std::string OrderCount() { return database_.Value("select count(*) from work_order"); }

  // Keeps both threads of the executor busy until `release` is counted down.
  void Block(std::latch& release) {
    std::latch busy(2);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(executor_.Submit([&] {
        busy.count_down();
        release.wait();
      }));
    }
    busy.wait();
  }

  tests::TestDatabase database_;
  Executor executor_{2, 3};
  PlantCache plant_{database_.pool()};
  ChartCache charts_{database_.pool()};
  Gatekeeper gatekeeper_{{.database_url = database_.url(), .site = "ordos", .now = [] { return domain::Time(); }}};
  Env env_{database_.pool(), executor_, plant_, [] { return domain::FromMicros(1'790'000'000'000'000); }, charts_, gatekeeper_};
  WrittenWorkOrders orders_{env_};
  WrittenTraces traces_{env_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<WorkOrderService::Stub> stub_;
  std::unique_ptr<GenealogyService::Stub> trace_stub_;
};

TEST_F(RpcTest, AMutationNeedsARequestIdOfAtMost64Characters) {
  const grpc::Status missing = Create(NewOrder("", "WO-1"));
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(missing), "FIELD_REQUIRED");
  EXPECT_EQ(FieldOf(missing), "request_id");
  const grpc::Status longer = Create(NewOrder(std::string(65, 'r'), "WO-1"));
  EXPECT_EQ(ReasonOf(longer), "LIMIT_EXCEEDED");
  EXPECT_EQ(FieldOf(longer), "request_id");
  EXPECT_TRUE(Create(NewOrder(std::string(64, 'r'), "WO-1")).ok());
}

TEST_F(RpcTest, AResendGetsTheFirstAnswerAndDoesNothingTwice) {
  v1::CreateWorkOrderResponse first;
  v1::CreateWorkOrderResponse second;
  ASSERT_TRUE(Create(NewOrder("r-1", "WO-1"), &first).ok());
  database_.Query("update work_order set good_micro = 5000000, started_micro = 5000000");
  ASSERT_TRUE(Create(NewOrder("r-1", "WO-1"), &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString()) << "as it was then, not as it is now";
  EXPECT_EQ(OrderCount(), "1");
  EXPECT_EQ(orders_.after_commits, 2) << "a resend may come because the first answer was lost before the cache moved";
}

TEST_F(RpcTest, ARequestIdThatWasUsedForOtherContentIsRefused) {
  ASSERT_TRUE(Create(NewOrder("r-1", "WO-1")).ok());
  const grpc::Status status = Create(NewOrder("r-1", "WO-1", "11"));
  EXPECT_EQ(ReasonOf(status), "REQUEST_ID_REUSED");
  EXPECT_EQ(FieldOf(status), "request_id");
  EXPECT_EQ(database_.Value("select ordered_micro from work_order"), "10000000");
}

TEST_F(RpcTest, ARefusedCallStoresNothingAndLeavesItsIdFree) {
  EXPECT_EQ(ReasonOf(Create(NewOrder("r-1", "WO 1"))), "CODE_INVALID");
  EXPECT_EQ(OrderCount(), "0");
  EXPECT_TRUE(Create(NewOrder("r-1", "WO-1")).ok());
}

TEST_F(RpcTest, TheSameRequestManyTimesAtOnceIsDoneOnceAndAnsweredAlike) {
  std::vector<std::future<std::string>> answers;
  // As many as the queue holds, should no thread have woken up yet.
  for (int i = 0; i < 3; ++i) {
    answers.push_back(std::async(std::launch::async, [&] {
      v1::CreateWorkOrderResponse response;
      const grpc::Status status = Create(NewOrder("r-1", "WO-1"), &response);
      return status.ok() ? response.SerializeAsString() : ReasonOf(status);
    }));
  }
  const std::string first = answers[0].get();
  for (size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].get(), first);
  EXPECT_EQ(OrderCount(), "1");
}

TEST_F(RpcTest, TheLoserOfARaceThatIsRefusedStillGetsTheWinnersAnswer) {
  // Between this request's look into the log and its work, another one like it does the work and commits.
  std::atomic<int> runs = 0;
  orders_.create = [&](Call& call, const v1::CreateWorkOrderRequest& request, v1::CreateWorkOrderResponse& response) {
    if (runs++ == 0) {
      EXPECT_TRUE(Create(request).ok());
    }
    return services::CreateWorkOrder(call, request, response);
  };
  EXPECT_TRUE(Create(NewOrder("r-1", "WO-1")).ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(OrderCount(), "1");
}

TEST_F(RpcTest, ANulCharacterIsRefusedWithThePathOfItsField) {
  v1::CreateWorkOrderRequest request = NewOrder("r-1", "WO-1");
  request.mutable_quantity()->set_uom(std::string("p\0c", 3));
  const grpc::Status status = Create(request);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  EXPECT_EQ(FieldOf(status), "quantity.uom");
}

TEST_F(RpcTest, WhatNobodyForesawIsInternalWithANumberAndWithoutDetails) {
  orders_.get = [](Call&, const auto&, auto&) -> domain::Status { throw std::runtime_error("select secret from table"); };
  const grpc::Status status = Get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), Not(HasSubstr("secret")));
  const v1::ErrorInfo info = tests::ErrorInfoOf(status);
  EXPECT_EQ(info.reason(), "INTERNAL");
  EXPECT_EQ(info.metadata().at("correlation_id").size(), 16U);
  EXPECT_THAT(status.error_message(), HasSubstr(info.metadata().at("correlation_id")));
}

TEST_F(RpcTest, ADatabaseThatBreaksMeanwhileIsUnavailable) {
  orders_.get = [](Call&, const auto&, auto&) -> domain::Status { throw db::Unavailable("postgres at 10.0.0.1 broke"); };
  const grpc::Status status = Get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DATABASE_UNAVAILABLE");
  EXPECT_THAT(status.error_message(), Not(HasSubstr("10.0.0.1")));
}

TEST_F(RpcTest, APlantThatIsBehindIsLoadedAgainAndTheCallRunOnceMore) {
  ASSERT_TRUE(Create(NewOrder("r-1", "WO-1")).ok());
  tests::PlantBuilder builder;
  builder.operation("PACK", 10).cycle_ms += 1;
  tests::StorePlant(database_, builder.draft());
  std::vector<int64_t> versions;
  orders_.get = [&](Call& call, const auto&, auto&) -> domain::Status {
    versions.push_back(call.plant.version);
    if (versions.size() == 1) throw PlantBehind("a revision is not loaded");
    return {};
  };
  EXPECT_TRUE(Get().ok());
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_GT(versions[1], versions[0]);
}

TEST_F(RpcTest, AFullQueueRefusesInsteadOfGrowing) {
  std::latch release(1);
  Block(release);
  orders_.get = [](Call&, const auto&, auto&) -> domain::Status { return {}; };
  std::vector<std::future<grpc::Status>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(std::async(std::launch::async, [&] { return Get(); }));
  // One of the four finds three waiting already.
  int refused = 0;
  while (refused == 0) {
    for (auto& call : waiting) {
      if (call.valid() && call.wait_for(std::chrono::milliseconds(5)) == std::future_status::ready) {
        const grpc::Status status = call.get();
        EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        EXPECT_EQ(ReasonOf(status), "QUEUE_FULL");
        ++refused;
      }
    }
  }
  EXPECT_EQ(refused, 1);
  release.count_down();
  for (auto& call : waiting) {
    if (call.valid()) {
      EXPECT_TRUE(call.get().ok());
    }
  }
}

// What is logged while it lives.
class LogCapture {
 public:
  LogCapture() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~LogCapture() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

TEST_F(RpcTest, ACallWhoseDeadlinePassedInTheQueueIsNotStarted) {
  const LogCapture log;
  ASSERT_TRUE(Create(NewOrder("r-0", "WO-0")).ok()) << "connects, so that the deadline is spent in the queue";
  std::latch release(1);
  Block(release);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  v1::CreateWorkOrderResponse response;
  EXPECT_EQ(stub_->CreateWorkOrder(&context, NewOrder("r-1", "WO-1"), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  release.count_down();
  ASSERT_TRUE(Create(NewOrder("r-2", "WO-2")).ok());
  EXPECT_EQ(database_.Value("select string_agg(code, ',' order by code) from work_order"), "WO-0,WO-2");
  EXPECT_THAT(log.text(), HasSubstr("CreateWorkOrder DEADLINE_TOO_SHORT")) << "the client is gone, so only the log tells";
  server_->Shutdown();
}

TEST_F(RpcTest, EachCallLeavesOneLineWithMethodReasonAndTime) {
  const LogCapture log;
  EXPECT_TRUE(Create(NewOrder("r-1", "WO-1")).ok());
  EXPECT_FALSE(Create(NewOrder("r-2", "WO 2")).ok());
  // The line is written before the answer leaves.
  EXPECT_THAT(log.text(), testing::ContainsRegex("CreateWorkOrder OK [0-9.]+ ms\n"));
  EXPECT_THAT(log.text(), testing::ContainsRegex("CreateWorkOrder CODE_INVALID [0-9.]+ ms: work_order_code"));
}

TEST_F(RpcTest, ADrainedExecutorSaysThatTheServerGoesDown) {
  executor_.Drain();
  const grpc::Status status = Create(NewOrder("r-1", "WO-1"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "SERVER_DRAINING");
}

// Pages of a stream
// ---------------------------------------------------------------------------------------------------------------------

v1::TraceResponse PageOf(int number, size_t bytes = 0) {
  v1::TraceResponse page;
  page.add_edges()->set_line(number);
  page.mutable_edges(0)->set_child_code(std::string(bytes, 'x'));
  return page;
}

TEST_F(RpcTest, PagesArriveInOrderAndThenTheStatus) {
  traces_.produce = [](Call&, PageSink<v1::TraceResponse>& sink) -> domain::Status {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(sink(PageOf(i)));
    return domain::Fail(domain::FieldError(domain::Reason::kUnitUnknown, "code", "at last"));
  };
  grpc::ClientContext context;
  const auto reader = trace_stub_->Trace(&context, v1::TraceRequest());
  v1::TraceResponse page;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(reader->Read(&page));
    EXPECT_EQ(page.edges(0).line(), i);
  }
  EXPECT_FALSE(reader->Read(&page));
  EXPECT_EQ(ReasonOf(reader->Finish()), "UNIT_UNKNOWN");
}

TEST_F(RpcTest, AnEmptyStreamIsAnAnswerToo) {
  traces_.produce = [](Call&, PageSink<v1::TraceResponse>&) { return domain::Status(); };
  grpc::ClientContext context;
  const auto reader = trace_stub_->Trace(&context, v1::TraceRequest());
  v1::TraceResponse page;
  EXPECT_FALSE(reader->Read(&page));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(RpcTest, ASlowReaderHoldsTheProducerBack) {
  std::atomic<int> produced = 0;
  traces_.produce = [&](Call&, PageSink<v1::TraceResponse>& sink) -> domain::Status {
    for (int i = 0; i < 100 && sink(PageOf(i, 1 << 20)); ++i) ++produced;
    return {};
  };
  grpc::ClientContext context;
  const auto reader = trace_stub_->Trace(&context, v1::TraceRequest());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LT(produced, 20) << "two wait, the others are on their way";
  v1::TraceResponse page;
  int read = 0;
  while (reader->Read(&page)) ++read;
  EXPECT_EQ(read, 100);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(RpcTest, AClientThatGoesAwayStopsTheProducer) {
  std::promise<int> stopped;
  traces_.produce = [&](Call&, PageSink<v1::TraceResponse>& sink) -> domain::Status {
    int count = 0;
    while (sink(PageOf(count, 1 << 16))) ++count;
    stopped.set_value(count);
    return {};
  };
  {
    grpc::ClientContext context;
    const auto reader = trace_stub_->Trace(&context, v1::TraceRequest());
    v1::TraceResponse page;
    ASSERT_TRUE(reader->Read(&page));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(stopped.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(RpcTest, AStreamThatFailsHalfWayIsNotRunAgain) {
  std::atomic<int> runs = 0;
  traces_.produce = [&](Call&, PageSink<v1::TraceResponse>& sink) -> domain::Status {
    ++runs;
    sink(PageOf(0));
    throw PlantBehind("a revision is not loaded");
  };
  grpc::ClientContext context;
  const auto reader = trace_stub_->Trace(&context, v1::TraceRequest());
  v1::TraceResponse page;
  while (reader->Read(&page)) {
  }
  EXPECT_EQ(ReasonOf(reader->Finish()), "DATABASE_UNAVAILABLE");
  EXPECT_EQ(runs, 1);
}

TEST_F(RpcTest, AStreamThatFailsBeforeItsFirstPageIsRunOnceMore) {
  std::atomic<int> runs = 0;
  traces_.produce = [&](Call&, PageSink<v1::TraceResponse>& sink) -> domain::Status {
    if (++runs == 1) throw PlantBehind("a revision is not loaded");
    sink(PageOf(7));
    return {};
  };
  grpc::ClientContext context;
  const auto reader = trace_stub_->Trace(&context, v1::TraceRequest());
  v1::TraceResponse page;
  ASSERT_TRUE(reader->Read(&page));
  EXPECT_EQ(page.edges(0).line(), 7);
  EXPECT_FALSE(reader->Read(&page));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(runs, 2);
}

TEST_F(RpcTest, StreamsLeaveAThreadForShortCalls) {
  std::latch release(1);
  std::atomic<int> running = 0;
  traces_.produce = [&](Call&, PageSink<v1::TraceResponse>&) -> domain::Status {
    ++running;
    release.wait();
    return {};
  };
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::TraceResponse>>> readers;
  for (int i = 0; i < 3; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(trace_stub_->Trace(contexts.back().get(), v1::TraceRequest()));
  }
  while (running == 0) std::this_thread::yield();
  EXPECT_TRUE(Create(NewOrder("r-1", "WO-1")).ok());
  EXPECT_EQ(running, 1);
  release.count_down();
  for (auto& reader : readers) EXPECT_TRUE(reader->Finish().ok());
}

}  // namespace
}  // namespace mes::services
