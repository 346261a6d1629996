#include "services/ingest.h"

#include <algorithm>
#include <functional>

#include <spdlog/spdlog.h>

#include "db/audit.h"
#include "db/hold_spread.h"
#include "domain/limits.h"
#include "services/rpc.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::Reason;

// A hold that spreads for longer has lost whoever spread it.
constexpr auto kOrphanAge = std::chrono::seconds(30);

domain::Error Unavailable(std::string message) { return {Reason::kDatabaseUnavailable, std::move(message), {}}; }

// Rows that name a revision which this server has not loaded yet: another server stored a new plant a moment ago.
bool KnowsAll(const domain::World& world) {
  for (const auto& [id, entry] : world.units) {
    if (entry.unit.revision_id != 0 && world.plant.FindRevision(entry.unit.revision_id) == nullptr) return false;
    if (world.plant.FindMaterial(entry.unit.material_id) == nullptr) return false;
  }
  for (const auto& [id, order] : world.orders) {
    if (order.revision_id != 0 && world.plant.FindRevision(order.revision_id) == nullptr) return false;
  }
  return true;
}

// LINE of `LINE.OPERATION.NUMBER`. A line's stations share its orders, whose rows a transaction locks until it commits: two writers with
// stations of one line would wait for each other all the time.
std::string_view LineOf(std::string_view station_code) {
  const size_t number = station_code.rfind('.');
  const size_t operation = number == std::string_view::npos || number == 0 ? number : station_code.rfind('.', number - 1);
  return station_code.substr(0, operation);
}

}  // namespace

size_t WeightOf(const IngestBatch& batch) {
  size_t weight = batch.events.size();
  for (const domain::StationEvent& event : batch.events) {
    if (const auto* completed = std::get_if<domain::Completed>(&event.what)) weight += completed->unit_results.size();
    if (const auto* loaded = std::get_if<domain::CarrierLoaded>(&event.what)) weight += loaded->slots.size();
    if (const auto* unloaded = std::get_if<domain::CarrierUnloaded>(&event.what)) weight += unloaded->unit_codes.size();
  }
  return weight;
}

Ingest::Ingest(Env& env, int writers, size_t max_events_per_commit) : env_(env), max_events_per_commit_(max_events_per_commit) {
  for (int i = 0; i < writers; ++i) writers_.push_back(std::make_unique<Writer>());
  for (const auto& writer : writers_) {
    writer->thread = std::thread([this, &w = *writer] { Run(w); });
  }
}

Ingest::~Ingest() { Drain(); }

domain::Status Ingest::Submit(IngestBatch batch) {
  const std::lock_guard lock(mutex_);
  if (draining_) return Fail({Reason::kServerDraining, "the server is going down: resend to it later or to another", {}});
  if (queued_events_ >= domain::kMaxQueuedEvents) {
    return Fail({Reason::kQueueFull,
                 "too many events wait for the database: resend later",
                 {{"limit", std::to_string(domain::kMaxQueuedEvents)}}});
  }
  Writer& writer = *writers_[std::hash<std::string_view>()(LineOf(batch.station_code)) % writers_.size()];
  queued_events_ += WeightOf(batch);
  writer.queue.push_back(std::move(batch));
  writer.wake.notify_one();
  return {};
}

bool Ingest::HasRoom() {
  const std::lock_guard lock(mutex_);
  return queued_events_ < domain::kMaxQueuedEvents / 2;
}

void Ingest::WhenRoom(std::function<void()> resume) {
  {
    const std::lock_guard lock(mutex_);
    if (queued_events_ >= domain::kMaxQueuedEvents / 2 && !draining_) {
      waiting_.push_back(std::move(resume));
      return;
    }
  }
  resume();
}

void Ingest::Drain() {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& writer : writers_) writer->wake.notify_one();
  }
  for (const auto& writer : writers_) {
    if (writer->thread.joinable()) writer->thread.join();
  }
}

std::vector<IngestBatch> Ingest::Take(Writer& writer) {
  std::unique_lock lock(mutex_);
  writer.wake.wait(lock, [&] { return draining_ || !writer.queue.empty(); });
  std::vector<IngestBatch> batches;
  size_t events = 0;
  while (!writer.queue.empty() && (batches.empty() || events + WeightOf(writer.queue.front()) <= max_events_per_commit_)) {
    events += WeightOf(writer.queue.front());
    batches.push_back(std::move(writer.queue.front()));
    writer.queue.pop_front();
  }
  queued_events_ -= events;
  std::vector<std::function<void()>> resumed;
  if (queued_events_ < domain::kMaxQueuedEvents / 2) resumed.swap(waiting_);
  lock.unlock();
  for (const auto& resume : resumed) resume();
  return batches;
}

void Ingest::Run(Writer& writer) {
  for (;;) {
    std::vector<IngestBatch> batches = Take(writer);
    if (batches.empty()) return;  // draining
    Commit(writer, std::move(batches));
  }
}

void RecentEvents::Add(const domain::EventKey& key, domain::EarlierEvent event) {
  Station& station = stations_[key.station_id];
  if (!station.events.insert_or_assign(key, std::move(event)).second) return;
  station.order.push_back(key);
  if (station.order.size() <= kPerStation) return;
  station.events.erase(station.order.front());
  station.order.pop_front();
}

const domain::EarlierEvent* RecentEvents::Find(const domain::EventKey& key) const {
  const auto station = stations_.find(key.station_id);
  if (station == stations_.end()) return nullptr;
  const auto found = station->second.events.find(key);
  return found == station->second.events.end() ? nullptr : &found->second;
}

db::WorldKeys Ingest::KeysOf(const Writer& writer, const domain::Plant& plant, const std::vector<IngestBatch>& batches) const {
  db::WorldKeys keys;
  for (const IngestBatch& batch : batches) {
    const domain::Station* station = plant.FindStation(batch.station_code);
    if (station == nullptr) continue;
    for (const domain::StationEvent& event : batch.events) {
      keys.Add(plant, *station, batch.epoch, event);
      const domain::EventKey key{station->id, batch.epoch, event.sequence};
      if (const domain::EarlierEvent* earlier = writer.recent.Find(key); earlier != nullptr) keys.earlier[key] = *earlier;
    }
  }
  return keys;
}

void Ingest::DecideAndStore(Writer& writer, std::vector<IngestBatch>& batches,
                            std::vector<domain::Result<IngestAnswer>>& answers) {
  std::shared_ptr<const domain::Plant> plant = env_.plant.Get();
  const std::shared_ptr<const domain::ChartPlan> charts = env_.charts.Get();
  std::vector<std::pair<domain::EventKey, domain::EarlierEvent>> taken;
  std::vector<int64_t> spreading;
  env_.pool.Run([&](db::Transaction& transaction) {
    answers.clear();
    taken.clear();
    const domain::Time now = env_.now();
    db::WorldKeys keys = KeysOf(writer, *plant, batches);
    auto world = std::make_unique<domain::World>(db::LockWorld(transaction, *plant, now, keys, writer.ids));
    if (!KnowsAll(*world)) {
      env_.plant.Invalidate();
      plant = env_.plant.Get();
      keys = KeysOf(writer, *plant, batches);
      world = std::make_unique<domain::World>(db::LockWorld(transaction, *plant, now, keys, writer.ids));
    }
    world->charts.plan = charts;
    // Read again under the locks: a writer that waited comes after the one that it waited for.
    world->now = std::max(world->now, env_.now());
    for (const IngestBatch& batch : batches) {
      const domain::Station* station = plant->FindStation(batch.station_code);
      if (station == nullptr) {
        answers.push_back(
            Fail(FieldError(Reason::kStationUnknown, "station_code", "station " + batch.station_code + " is not known")));
        continue;
      }
      IngestAnswer answer{{}, world->now};
      answer.verdicts.reserve(batch.events.size());
      for (const domain::StationEvent& event : batch.events) {
        domain::EventVerdict verdict = domain::Decide(*world, *station, batch.epoch, event);
        const domain::EventKey key{station->id, batch.epoch, event.sequence};
        if (const auto known = world->earlier.find(key); known != world->earlier.end()) taken.emplace_back(key, known->second);
        answer.verdicts.push_back(std::move(verdict));
      }
      answers.push_back(std::move(answer));
    }
    writer.ids.next = world->next_unit_id;
    spreading = db::StoreWorld(transaction, *world);
    for (const domain::StandingHold& hold : world->standing.holds) {
      if (hold.spreading && hold.place_time + kOrphanAge < now) spreading.push_back(hold.id);
    }
    return !keys.stations.empty();
  });
  SpreadHolds(*plant, spreading);
  for (auto& [key, event] : taken) writer.recent.Add(key, std::move(event));
}

// Holds that rules placed in the commit, and those whose placer seems gone: before the answers, so that nothing they cover starts after.
void Ingest::SpreadHolds(const domain::Plant& plant, const std::vector<int64_t>& hold_ids) {
  if (hold_ids.empty()) return;
  try {
    db::SpreadPendingHolds(env_.pool, plant, hold_ids);
  } catch (const std::exception& fault) {
    // The events are stored: their resend is told so. The hold is spread with a later commit.
    throw db::Unavailable(std::string("a hold could not be spread: ") + fault.what());
  }
}

void Ingest::Commit(Writer& writer, std::vector<IngestBatch> batches, bool again) {
  std::vector<domain::Result<IngestAnswer>> answers;
  try {
    DecideAndStore(writer, batches, answers);
  } catch (const db::Unavailable& unavailable) {
    spdlog::warn("ingest: database unavailable: {}", unavailable.what());
    answers.assign(batches.size(), Fail(Unavailable("the database cannot be reached: resend, nothing is doubled")));
  } catch (const db::AuditRefused& refused) {
    spdlog::error("ingest: {}", refused.what());
    answers.assign(batches.size(), Fail({Reason::kAuditUnavailable, "the audit record could not be written: resend later", {}}));
  } catch (const std::exception& fault) {
    // Two writers may have met at one new code: the second try sees the first one's.
    if (batches.size() == 1 && !again) return Commit(writer, std::move(batches), true);
    if (batches.size() > 1) {
      // One of them is poison: halve until it stands alone.
      std::vector<IngestBatch> second(std::make_move_iterator(batches.begin() + static_cast<std::ptrdiff_t>(batches.size() / 2)),
                                      std::make_move_iterator(batches.end()));
      batches.resize(batches.size() / 2);
      Commit(writer, std::move(batches));
      Commit(writer, std::move(second));
      return;
    }
    spdlog::error("ingest: station {}: {}", batches.front().station_code, fault.what());
    answers.assign(1, Fail({Reason::kInternal, "the batch could not be stored; the cause is in the server's log", {}}));
  }
  for (size_t i = 0; i < batches.size(); ++i) batches[i].done(std::move(answers[i]));
}

}  // namespace mes::services
