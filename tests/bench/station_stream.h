// One station's stream to the server, driven by its own callbacks: sends what the floor has ready, counts what is acknowledged
// and hands finished plates to the next station.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "tests/bench/floor.h"

namespace mes::bench {

class StationStream final : public grpc::ClientBidiReactor<v1::StreamStationEventsRequest, v1::StreamStationEventsResponse> {
 public:
  // Not paced: keeps `window` events on their way by itself.
  StationStream(Floor& floor, size_t station, bool paced, int window)
      : floor_(floor), index_(station), paced_(paced), window_(window) {}
  void Begin(v1::StationEventService::Stub& stub);
  // Ends once everything sent is acknowledged.
  void Stop();
  void Wait();

  // Paced; the floor's mutex is held. Offer takes the station's next event, due at `moment`; false when it has none. Flush sends.
  bool Offer(Clock::time_point moment);
  void Flush();

  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Sent {
    Clock::time_point moment;
    // The plate that this event completes; 0 = none.
    uint32_t completed = 0;
  };

  // The floor's mutex is held.
  bool Add(v1::StreamStationEventsRequest& request, Clock::time_point moment);
  void Send();
  void FinishIfIdle();
  void Fail(const std::string& what);
  void Take(const v1::StreamStationEventsResponse& response);

  Floor& floor_;
  const size_t index_;
  const bool paced_;
  const int window_;
  grpc::ClientContext context_;
  v1::StreamStationEventsRequest request_;
  v1::StreamStationEventsRequest waiting_;
  v1::StreamStationEventsResponse response_;
  std::deque<Sent> sent_;
  uint64_t batch_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  bool writes_done_ = false;
  std::mutex done_mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
};

}  // namespace mes::bench
