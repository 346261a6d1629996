// A shop floor for measuring: eight lines of the reference plant's bipolar plate (BPP-M, nine operations), each with its order,
// its lots and its conditions, so that every rule of the gate is on and every event is recorded. Plates wander from station to
// station.
//
// A unit is eighteen starts and completions and four lot consumptions; completions carry one or two values. Its next station
// hears of it only once the completion before is acknowledged, as on a real line. An event that is not recorded ends the run.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/channel.h>

#include "domain/product_definition.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "tests/bench/figure.h"

namespace mes::bench {

inline constexpr int kLines = 8;
inline constexpr char kProduct[] = "BPP-M";

// The reference plant with eight lines of BPP-M.
domain::PlantDraft BenchPlant();

// One station: what it may report next, and what is on its way.
struct BenchStation {
  std::string code;
  const domain::Operation* operation = nullptr;
  int line = 0;
  // The next station of the line; -1 = the last one.
  int next = -1;
  int64_t shift_seconds = 0;
  std::string lot;
  std::string lot_quantity;
  std::string lot_uom;
  int64_t sequence = 0;
  std::deque<uint32_t> ready;
  // The unit at hand: 0 = none; and its step: 0 start, 1 consume, 2 complete.
  uint32_t unit = 0;
  int step = 0;
};

class Floor {
 public:
  // `epoch` numbers floors on one database from 1. Makes orders, lots and conditions.
  Floor(tests::TestDatabase& database, const std::shared_ptr<grpc::Channel>& channel, int epoch);
  ~Floor();

  // Every station sends messages of 16 events as fast as they are acknowledged, with `window` events on their way.
  // Events acknowledged per second, after a warm-up.
  double Saturate(double seconds, int window);
  // Stations send `rate` events a second in all, each at its moment whatever came back. Milliseconds from that moment to the
  // acknowledgement's arrival, after a warm-up.
  struct Paced {
    std::vector<double> latencies;
    double taken_per_s = 0;
  };
  Paced Pace(double rate, double seconds);
  // As Pace, until `stop` is true.
  Paced PaceUntil(double rate, const std::function<bool()>& stop);

  int epoch() const { return epoch_; }
  int64_t recorded() const { return recorded_; }
  // A station of that operation on line 1, and the lot it uses.
  const BenchStation& StationOf(int16_t operation) const;

 private:
  friend class StationStream;
  // Takes the station's next event; false when no unit is ready. mutex_ is held.
  bool Next(BenchStation& station, v1::StationEvent& event);
  std::string UnitCode(const BenchStation& station, uint32_t unit) const;
  void ReportConditions(const std::shared_ptr<grpc::Channel>& channel);
  void OpenStreams(bool paced, int window);
  void CloseStreams();
  void ThrowIfFailed();

  const int epoch_;
  std::shared_ptr<const domain::Plant> plant_;
  std::unique_ptr<v1::StationEventService::Stub> stub_;
  std::vector<BenchStation> stations_;
  std::vector<uint32_t> units_begun_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<class StationStream>> streams_;
  std::atomic<int64_t> recorded_{0};
  std::string failure_;
  std::vector<double> latencies_;
};

}  // namespace mes::bench
