#include "tests/bench/station_stream.h"

#include <algorithm>

#include "domain/limits.h"

namespace mes::bench {
namespace {

constexpr int kEventsPerMessage = 16;

}  // namespace

void StationStream::Begin(v1::StationEventService::Stub& stub) {
  stub.async()->StreamStationEvents(&context_, this);
  StartRead(&response_);
  StartCall();
  const std::lock_guard lock(floor_.mutex_);
  Send();
}

void StationStream::Stop() {
  const std::lock_guard lock(floor_.mutex_);
  stopping_ = true;
  if (!floor_.failure_.empty()) context_.TryCancel();
  FinishIfIdle();
}

void StationStream::Wait() {
  std::unique_lock lock(done_mutex_);
  done_changed_.wait(lock, [this] { return done_; });
}

bool StationStream::Add(v1::StreamStationEventsRequest& request, Clock::time_point moment) {
  BenchStation& station = floor_.stations_[index_];
  const uint32_t unit_before = station.unit;
  v1::StationEvent event;
  if (!floor_.Next(station, event)) return false;
  sent_.push_back({moment, event.has_completed() ? unit_before : 0});
  *request.add_events() = std::move(event);
  return true;
}

bool StationStream::Offer(Clock::time_point moment) {
  if (waiting_.events_size() >= domain::kMaxEventsPerRequest) return false;
  return Add(waiting_, moment);
}

void StationStream::Flush() { Send(); }

void StationStream::Send() {
  if (writing_ || writes_done_) return;
  request_.Clear();
  if (paced_) {
    request_.Swap(&waiting_);
  } else if (!stopping_) {
    // Whole messages only, except where fewer plates wait than fill one.
    const int room = std::min(window_ - static_cast<int>(sent_.size()), kEventsPerMessage);
    for (int i = 0; room == kEventsPerMessage && i < room; ++i) {
      if (!Add(request_, {})) break;
    }
  }
  if (request_.events_size() == 0) return;
  request_.set_batch(++batch_);
  request_.set_station_code(floor_.stations_[index_].code);
  request_.set_epoch(floor_.epoch_);
  writing_ = true;
  StartWrite(&request_);
}

void StationStream::FinishIfIdle() {
  if (!stopping_ || writes_done_ || writing_ || !sent_.empty()) return;
  writes_done_ = true;
  StartWritesDone();
}

void StationStream::Fail(const std::string& what) {
  if (floor_.failure_.empty()) floor_.failure_ = floor_.stations_[index_].code + ": " + what;
}

void StationStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(floor_.mutex_);
  writing_ = false;
  if (!ok) return;
  Send();
  FinishIfIdle();
}

void StationStream::Take(const v1::StreamStationEventsResponse& response) {
  const auto now = Clock::now();
  BenchStation& station = floor_.stations_[index_];
  for (const v1::EventVerdict& verdict : response.verdicts()) {
    if (verdict.outcome() != v1::EVENT_OUTCOME_RECORDED) Fail(verdict.ShortDebugString());
    const Sent sent = sent_.front();
    sent_.pop_front();
    if (paced_) floor_.latencies_.push_back(std::chrono::duration<double, std::milli>(now - sent.moment).count());
    if (sent.completed != 0 && station.next >= 0)
      floor_.stations_[static_cast<size_t>(station.next)].ready.push_back(sent.completed);
  }
  floor_.recorded_ += response.verdicts_size();
}

void StationStream::OnReadDone(bool ok) {
  if (!ok) return;
  {
    const std::lock_guard lock(floor_.mutex_);
    Take(response_);
    Send();
    const int next = floor_.stations_[index_].next;
    if (!paced_ && next >= 0) floor_.streams_[static_cast<size_t>(next)]->Send();
    FinishIfIdle();
  }
  StartRead(&response_);
}

void StationStream::OnDone(const grpc::Status& status) {
  {
    const std::lock_guard lock(floor_.mutex_);
    if (!status.ok()) Fail(status.error_message());
  }
  const std::lock_guard lock(done_mutex_);
  done_ = true;
  done_changed_.notify_all();
}

}  // namespace mes::bench
