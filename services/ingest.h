// The committer: many stations' batches into few transactions. It is self-clocking: a transaction takes whatever arrived while
// the last one committed, at most 1,024 events, so that an idle server answers at once and a busy one batches by itself.
//
// A batch is answered after its commit only. A station's batches keep their order: each line, and so each station, belongs to
// one writer. When the database fails, the batches in hand are answered with DATABASE_UNAVAILABLE; their stations resend and
// nothing is doubled. If one batch makes a transaction fail for another cause, the others are tried without it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "db/world.h"
#include "domain/limits.h"
#include "domain/result.h"
#include "domain/station_event.h"
#include "services/env.h"

namespace mes::services {

struct IngestAnswer {
  std::vector<domain::EventVerdict> verdicts;
  domain::Time record_time{};
};

struct IngestBatch {
  std::string station_code;
  int32_t epoch = 0;
  std::vector<domain::StationEvent> events;
  // Called once, on a writer's thread.
  std::function<void(domain::Result<IngestAnswer>)> done;
};

// What became of each station's last events: a resend is nearly always of these, and finding an old one in the database is slow.
class RecentEvents {
 public:
  static constexpr size_t kPerStation = 512;
  void Add(const domain::EventKey& key, domain::EarlierEvent event);
  const domain::EarlierEvent* Find(const domain::EventKey& key) const;

 private:
  struct Station {
    std::deque<domain::EventKey> order;
    std::map<domain::EventKey, domain::EarlierEvent> events;
  };
  std::map<int32_t, Station> stations_;
};

// What a batch counts in the queue and in a commit: its events, and what their carriers name.
size_t WeightOf(const IngestBatch& batch);

class Ingest {
 public:
  Ingest(Env& env, int writers, size_t max_events_per_commit = domain::kMaxEventsPerCommit);
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Takes the batch; or refuses with QUEUE_FULL or SERVER_DRAINING, `done` is then not called.
  domain::Status Submit(IngestBatch batch);
  // True while there is room: streams read on only then. `resume` is called once, later, when there is room again.
  bool HasRoom();
  void WhenRoom(std::function<void()> resume);
  // Refuses new batches, commits what waits, ends the writers.
  void Drain();

 private:
  struct Writer {
    std::deque<IngestBatch> queue;
    std::condition_variable wake;
    std::thread thread;
    db::UnitIds ids;
    RecentEvents recent;
  };

  void Run(Writer& writer);
  std::vector<IngestBatch> Take(Writer& writer);
  void Commit(Writer& writer, std::vector<IngestBatch> batches, bool again = false);
  db::WorldKeys KeysOf(const Writer& writer, const domain::Plant& plant, const std::vector<IngestBatch>& batches) const;
  void SpreadHolds(const domain::Plant& plant, const std::vector<int64_t>& hold_ids);
  void DecideAndStore(Writer& writer, std::vector<IngestBatch>& batches, std::vector<domain::Result<IngestAnswer>>& answers);

  Env& env_;
  const size_t max_events_per_commit_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::function<void()>> waiting_;
  size_t queued_events_ = 0;
  bool draining_ = false;
};

}  // namespace mes::services
