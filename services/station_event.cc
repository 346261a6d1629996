#include "services/station_event.h"

#include <algorithm>
#include <deque>
#include <set>

#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "services/admission.h"
#include "services/convert.h"
#include "services/station_event_parse.h"
#include "services/status.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;

// Events of one stream that may wait for their verdicts; past it the stream is not read.
constexpr size_t kMaxStreamEvents = 4'096;

// The bounds of a whole request; single events are judged one by one.
template <typename Request>
domain::Result<IngestBatch> ParseBatch(const Request& request) {
  if (domain::Status code = domain::CheckCode(request.station_code(), "station_code"); !code) return Fail(code.error());
  if (request.epoch() < 1) return Fail(FieldError(Reason::kFieldInvalid, "epoch", "epoch is below 1"));
  if (request.events_size() == 0) return Fail(FieldError(Reason::kFieldRequired, "events", "events is empty"));
  int64_t units = 0;
  for (const v1::StationEvent& event : request.events()) {
    units +=
        event.completed().unit_results_size() + event.carrier_loaded().slots_size() + event.carrier_unloaded().unit_codes_size();
  }
  const auto exceeded = [](std::string_view field, int64_t count, int64_t limit) {
    domain::Error error =
        FieldError(Reason::kLimitExceeded, field,
                   std::string(field) + " holds " + std::to_string(count) + ", more than " + std::to_string(limit));
    error.metadata["limit"] = std::to_string(limit);
    return Fail(std::move(error));
  };
  if (request.events_size() > domain::kMaxEventsPerRequest)
    return exceeded("events", request.events_size(), domain::kMaxEventsPerRequest);
  if (units > domain::kMaxUnitsPerRequest) return exceeded("events.units", units, domain::kMaxUnitsPerRequest);
  IngestBatch batch;
  batch.station_code = request.station_code();
  batch.epoch = request.epoch();
  batch.events.reserve(static_cast<size_t>(request.events_size()));
  for (const v1::StationEvent& event : request.events()) {
    if (event.sequence() < 1) return Fail(FieldError(Reason::kFieldInvalid, "events.sequence", "sequence is below 1"));
    batch.events.push_back(FromProto(event));
  }
  return batch;
}

template <typename Response>
void Fill(Response& response, const IngestAnswer& answer) {
  for (const domain::EventVerdict& verdict : answer.verdicts) *response.add_verdicts() = ToProto(verdict);
  *response.mutable_record_time() = ToProto(answer.record_time);
}

class Service;

// One station's (or gateway's) stream. Requests are answered in their order, however the writers finish them.
class Stream final : public grpc::ServerBidiReactor<v1::StreamStationEventsRequest, v1::StreamStationEventsResponse> {
 public:
  Stream(Service& service, Ingest& ingest) : service_(service), ingest_(ingest) {}
  // Reads on for a caller that is let in; ends at once for another.
  void Begin(std::shared_ptr<Stream> self, Gatekeeper& gatekeeper, domain::Result<Admission> admission) {
    self_ = std::move(self);
    if (!admission) return End(admission.error());
    caller_ = std::move(admission->caller);
    if (!admission->credentials.empty()) {
      watched_ = gatekeeper.Watch(std::move(admission->credentials), [weak = std::weak_ptr<Stream>(self_)](const domain::Error& error) {
        if (const std::shared_ptr<Stream> stream = weak.lock()) stream->End(error);
      });
    }
    StartRead(&request_);
  }

  // Ends the stream once what it sent is answered.
  void Drain() { End({Reason::kServerDraining, "the server is going down: reconnect and resend what has no verdict", {}}); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      const std::lock_guard lock(mutex_);
      EndWith(grpc::Status::OK);
      return;
    }
    auto slot = std::make_shared<Slot>();
    slot->response.set_batch(request_.batch());
    domain::Result<IngestBatch> batch = ParseBatch(request_);
    if (const domain::Status own = domain::CheckOwnStation(caller_, request_.station_code(), "station_code"); batch && !own) {
      batch = Fail(own.error());
    }
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      if (!batch) {
        EndWith(ToStatus(batch.error()));
        return;
      }
      slot->events = WeightOf(*batch);
      in_flight_ += slot->events;
      slots_.push_back(slot);
    }
    batch->done = [self = self_, slot](domain::Result<IngestAnswer> answer) { self->Answer(*slot, std::move(answer)); };
    if (domain::Status submitted = ingest_.Submit(std::move(*batch)); !submitted) {
      Answer(*slot, Fail(submitted.error()));
      return;
    }
    ReadOn();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!slots_.empty()) slots_.pop_front();
    if (!ok) EndWith(grpc::Status::OK);
    Advance();
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    EndWith(grpc::Status::CANCELLED);
    slots_.erase(slots_.begin() + (writing_ ? 1 : 0), slots_.end());
    Advance();
  }

  void OnDone() override;

 private:
  void End(const domain::Error& error) {
    const std::lock_guard lock(mutex_);
    EndWith(ToStatus(error));
  }

  struct Slot {
    v1::StreamStationEventsResponse response;
    size_t events = 0;
    bool ready = false;
  };

  void Answer(Slot& slot, domain::Result<IngestAnswer> answer) {
    const std::lock_guard lock(mutex_);
    in_flight_ -= slot.events;
    if (answer) {
      Fill(slot.response, *answer);
      slot.ready = true;
    } else {
      // What follows must not be taken before this is resent; answered batches ahead of it still leave.
      const auto failed = std::find_if(slots_.begin(), slots_.end(), [&](const auto& other) { return other.get() == &slot; });
      slots_.erase(failed, slots_.end());
      EndWith(ToStatus(answer.error()));
    }
    Advance();
    if (want_read_ && !end_ && in_flight_ < kMaxStreamEvents / 2) {
      want_read_ = false;
      StartRead(&request_);
    }
  }

  void ReadOn() {
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      if (in_flight_ >= kMaxStreamEvents) {
        want_read_ = true;
        return;
      }
    }
    ingest_.WhenRoom([self = self_] {
      const std::lock_guard lock(self->mutex_);
      if (!self->end_) self->StartRead(&self->request_);
    });
  }

  // Below: mutex_ is held.
  void EndWith(grpc::Status status) {
    if (!end_) end_ = std::move(status);
    Advance();
  }
  void Advance() {
    if (writing_ || finished_) return;
    if (!slots_.empty()) {
      if (!slots_.front()->ready) return;
      writing_ = true;
      StartWrite(&slots_.front()->response);
      return;
    }
    if (!end_) return;
    finished_ = true;
    Finish(*end_);
  }

  Service& service_;
  Ingest& ingest_;
  std::shared_ptr<Stream> self_;
  // Set before the first read.
  domain::Caller caller_;
  std::shared_ptr<Watched> watched_;
  std::mutex mutex_;
  v1::StreamStationEventsRequest request_;
  std::deque<std::shared_ptr<Slot>> slots_;
  size_t in_flight_ = 0;
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool want_read_ = false;
  bool finished_ = false;
};

class Service final : public v1::StationEventService::CallbackService, public StationEvents {
 public:
  Service(Env& env, Ingest& ingest) : env_(env), ingest_(ingest) {}
  grpc::Service& service() override { return *this; }

  grpc::ServerBidiReactor<v1::StreamStationEventsRequest, v1::StreamStationEventsResponse>* StreamStationEvents(
      grpc::CallbackServerContext* context) override {
    auto stream = std::make_shared<Stream>(*this, ingest_);
    {
      const std::lock_guard lock(mutex_);
      streams_.insert(stream);
    }
    stream->Begin(stream, env_.gatekeeper, AdmitStream(env_, *context, *v1::StreamStationEventsRequest::descriptor()));
    return stream.get();
  }

  grpc::ServerUnaryReactor* RecordStationEvents(grpc::CallbackServerContext* context,
                                                const v1::RecordStationEventsRequest* request,
                                                v1::RecordStationEventsResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (const domain::Result<Admission> admission = Admit(env_, *context, *request); !admission) {
      reactor->Finish(ToStatus(admission.error()));
      return reactor;
    }
    domain::Result<IngestBatch> batch = ParseBatch(*request);
    if (!batch) {
      reactor->Finish(ToStatus(batch.error()));
      return reactor;
    }
    batch->done = [reactor, response](domain::Result<IngestAnswer> answer) {
      if (answer) Fill(*response, *answer);
      reactor->Finish(answer ? grpc::Status::OK : ToStatus(answer.error()));
    };
    if (domain::Status submitted = ingest_.Submit(std::move(*batch)); !submitted) reactor->Finish(ToStatus(submitted.error()));
    return reactor;
  }

  void DrainStreams() override {
    std::set<std::shared_ptr<Stream>> streams;
    {
      const std::lock_guard lock(mutex_);
      streams = streams_;
    }
    for (const auto& stream : streams) stream->Drain();
  }

  void Forget(const std::shared_ptr<Stream>& stream) {
    const std::lock_guard lock(mutex_);
    streams_.erase(stream);
  }

 private:
  Env& env_;
  Ingest& ingest_;
  std::mutex mutex_;
  std::set<std::shared_ptr<Stream>> streams_;
};

// gRPC is done with it; a batch that is still in the committer holds it a little longer.
void Stream::OnDone() {
  const std::shared_ptr<Stream> self = std::move(self_);
  service_.Forget(self);
}

}  // namespace

std::unique_ptr<StationEvents> MakeStationEventService(Env& env, Ingest& ingest) { return std::make_unique<Service>(env, ingest); }

}  // namespace mes::services
