#include "services/mesctl/simulate_drive.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "mes/v1/station_event.grpc.pb.h"
#include "services/mesctl/simulate_event.h"
#include "services/mesctl/simulate_office.h"
#include "services/mesctl/simulate_random.h"

namespace mes::mesctl::simulate {
namespace {

using Clock = std::chrono::steady_clock;
using Stream = grpc::ClientReaderWriter<v1::StreamStationEventsRequest, v1::StreamStationEventsResponse>;

constexpr int kEventsPerRequest = 64;
constexpr int kUnitsPerRequest = 10'000;
constexpr int kRequestsInFlight = 2;  // per station: while they are under way the next batch gathers
constexpr int64_t kAcksPerConnection = 25'000;
constexpr size_t kMostDifferences = 25;
constexpr auto kPatience = std::chrono::seconds(120);
constexpr auto kOffline = std::chrono::milliseconds(800);

struct Sent {
  uint64_t batch = 0;
  int station = 0;
  std::vector<uint32_t> sequences;
  bool repeated = false;  // must come back as duplicates
};

// One stream and the stations that share it.
struct Lane {
  std::vector<int> stations;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<Stream> stream;
  std::thread reader;
  std::mutex mutex;
  std::deque<Sent> sent;
  std::atomic<bool> broken{false};
  std::atomic<int64_t> acks{0};
  uint64_t next_batch = 1;
  std::string status;
};

struct StationState {
  uint32_t next = 1;
  std::atomic<int> in_flight{0};
  Lane* lane = nullptr;
  bool was_offline = false;
  Clock::time_point back_at{};
};

class Driver {
 public:
  Driver(const Connection& connection, const Plan& plan, const DriveOptions& options)
      : plan_(plan),
        options_(options),
        connection_(connection),
        stub_(connection.Channel()),
        acked_(plan.scripts.size() + 1),
        states_(plan.scripts.size()),
        office_(connection, plan) {
    for (size_t s = 0; s < plan.scripts.size(); ++s) {
      acked_[s] = options.done[s];
      done_ += options.done[s];
      states_[s].next = options.done[s] + 1;
    }
    lanes_.resize(static_cast<size_t>(options.streams));
    for (auto& lane : lanes_) lane = std::make_unique<Lane>();
    for (size_t s = 0; s < plan.scripts.size(); ++s) {
      Lane& lane = *lanes_[s % lanes_.size()];
      lane.stations.push_back(static_cast<int>(s));
      states_[s].lane = &lane;
    }
  }

  DriveResult Run() {
    const auto begin = Clock::now();
    last_progress_ = begin;
    std::thread office([this] { RunOffice(); });
    for (auto& lane : lanes_) Open(*lane);
    while (!Finished() && !stop_) {
      const uint64_t seen = generation_.load();
      bool sent = false;
      for (size_t s = 0; s < states_.size() && !stop_; ++s) sent = Send(static_cast<int>(s)) || sent;
      for (auto& lane : lanes_) sent = Mend(*lane) || sent;
      Show(false);
      if (!sent) WaitFor(seen);
    }
    for (auto& lane : lanes_) Close(*lane);
    stop_ = stop_ || !Finished();
    Touch();
    office.join();
    Show(true);
    result_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(result_);
  }

 private:
  bool Finished() const { return done_ >= plan_.total && acked_.back() >= plan_.office.size(); }

  bool Met(const PlannedEvent& event) const {
    for (uint32_t i = 0; i < event.dependencies; ++i) {
      const Ref& ref = plan_.dependencies[event.first_dependency + i];
      if (acked_[ref.script].load(std::memory_order_acquire) < ref.sequence) return false;
    }
    return true;
  }

  void Touch() {
    ++generation_;
    const std::lock_guard lock(wake_mutex_);
    wake_.notify_all();
  }

  void WaitFor(uint64_t seen) {
    std::unique_lock lock(wake_mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(50), [&] { return generation_.load() != seen || stop_; });
  }

  // A few stations lose the network in the middle of their work and catch up later.
  bool Offline(int station) {
    StationState& state = states_[static_cast<size_t>(station)];
    const auto& script = plan_.scripts[static_cast<size_t>(station)];
    if (!plan_.demand.faults || Mix(static_cast<uint64_t>(station) ^ plan_.demand.seed) % 16 != 0) return false;
    if (!state.was_offline && state.next > script.size() / 2) {
      state.was_offline = true;
      state.back_at = Clock::now() + kOffline;
    }
    return state.was_offline && Clock::now() < state.back_at;
  }

  bool Send(int station) {
    StationState& state = states_[static_cast<size_t>(station)];
    const auto& script = plan_.scripts[static_cast<size_t>(station)];
    if (state.next > script.size() || state.lane->broken || state.in_flight >= kRequestsInFlight) return false;
    if (!Met(script[state.next - 1]) || Offline(station)) return false;
    v1::StreamStationEventsRequest request;
    Sent sent{state.lane->next_batch++, station, {}, false};
    Sent again{0, station, {}, true};
    int units = 0;
    while (state.next <= script.size() && sent.sequences.size() < kEventsPerRequest) {
      const PlannedEvent& planned = script[state.next - 1];
      units += UnitsOf(plan_, planned);
      if ((units > kUnitsPerRequest && !sent.sequences.empty()) || !Met(planned)) break;
      BuildEvent(plan_, station, state.next, *request.add_events());
      sent.sequences.push_back(state.next);
      if (planned.flags & kTwice) again.sequences.push_back(state.next);
      ++state.next;
    }
    Write(*state.lane, station, std::move(sent), request);
    if (!again.sequences.empty()) {
      v1::StreamStationEventsRequest repeat;
      for (const uint32_t sequence : again.sequences) BuildEvent(plan_, station, sequence, *repeat.add_events());
      again.batch = state.lane->next_batch++;
      Write(*state.lane, station, std::move(again), repeat);
    }
    return true;
  }

  void Write(Lane& lane, int station, Sent sent, v1::StreamStationEventsRequest& request) {
    request.set_batch(sent.batch);
    request.set_station_code(plan_.model.stations[static_cast<size_t>(station)].code);
    request.set_epoch(options_.epoch);
    result_.sent += static_cast<int64_t>(sent.sequences.size());
    {
      const std::lock_guard lock(lane.mutex);
      lane.sent.push_back(std::move(sent));
    }
    ++states_[static_cast<size_t>(station)].in_flight;
    if (!lane.stream->Write(request)) lane.broken = true;
  }

  void Open(Lane& lane) {
    lane.context = std::make_unique<grpc::ClientContext>();
    connection_.Prove(*lane.context);
    lane.context->set_wait_for_ready(true);
    lane.broken = false;
    lane.acks = 0;
    lane.stream = stub_.StreamStationEvents(lane.context.get());
    lane.reader = std::thread([this, &lane] { Read(lane); });
  }

  void Close(Lane& lane) {
    if (!lane.stream) return;
    lane.stream->WritesDone();
    if (stop_) lane.context->TryCancel();
    lane.reader.join();
    lane.stream->Finish();
    lane.stream.reset();
  }

  // Opens a broken stream again, and now and then breaks one on purpose; what has no verdict is sent again.
  bool Mend(Lane& lane) {
    const bool on_purpose = plan_.demand.faults && lane.acks > kAcksPerConnection;
    if (!lane.broken && !on_purpose) return false;
    lane.context->TryCancel();
    lane.reader.join();
    const grpc::Status status = lane.stream->Finish();
    if (!on_purpose) {
      if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT)
        return Differ("a stream was ended: " + ErrorLine(status)), Halt();
      if (Clock::now() - last_ack_.load() > kPatience) return Differ("no answer for two minutes: " + ErrorLine(status)), Halt();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    for (const int station : lane.stations) {
      StationState& state = states_[static_cast<size_t>(station)];
      state.next = acked_[static_cast<size_t>(station)] + 1;
      state.in_flight = 0;
    }
    lane.sent.clear();
    Open(lane);
    return true;
  }

  bool Halt() {
    stop_ = true;
    Touch();
    return false;
  }

  void Differ(std::string line) {
    const std::lock_guard lock(result_mutex_);
    if (result_.differences.size() < kMostDifferences) result_.differences.push_back(std::move(line));
    if (result_.differences.size() >= kMostDifferences) stop_ = true;
  }

  void Read(Lane& lane) {
    v1::StreamStationEventsResponse response;
    while (lane.stream->Read(&response)) {
      Sent sent;
      {
        const std::lock_guard lock(lane.mutex);
        if (lane.sent.empty()) break;
        sent = std::move(lane.sent.front());
        lane.sent.pop_front();
      }
      if (response.batch() != sent.batch || response.verdicts_size() != static_cast<int>(sent.sequences.size())) {
        Differ("answer " + std::to_string(response.batch()) + " does not fit request " + std::to_string(sent.batch));
        Halt();
        break;
      }
      int64_t fresh = 0;
      bool in_order = true;
      for (size_t i = 0; i < sent.sequences.size() && in_order; ++i) {
        in_order = Check(sent, sent.sequences[i], response.verdicts(static_cast<int>(i)));
        if (in_order && !sent.repeated) ++fresh;
      }
      if (fresh > 0) {
        auto& acked = acked_[static_cast<size_t>(sent.station)];
        const uint32_t last = sent.sequences[static_cast<size_t>(fresh) - 1];
        if (last > acked) {
          done_ += last - acked;
          acked.store(last, std::memory_order_release);
        }
        last_ack_ = Clock::now();
      }
      lane.acks += static_cast<int64_t>(sent.sequences.size());
      --states_[static_cast<size_t>(sent.station)].in_flight;
      Touch();
    }
    lane.broken = true;
    Touch();
  }

  // Compares a verdict with the plan; false = the event is not with the server.
  bool Check(const Sent& sent, uint32_t sequence, const v1::EventVerdict& verdict) {
    const PlannedEvent& planned = plan_.scripts[static_cast<size_t>(sent.station)][sequence - 1];
    v1::EventOutcome outcome = verdict.outcome();
    const std::string name = plan_.model.stations[static_cast<size_t>(sent.station)].code + "/" + std::to_string(options_.epoch) +
                             "/" + std::to_string(sequence);
    if (outcome == v1::EVENT_OUTCOME_OUT_OF_SEQUENCE) {
      Differ(name + ": out of sequence, expected " + std::to_string(verdict.expected_sequence()));
      Halt();
      return false;
    }
    const bool duplicate = outcome == v1::EVENT_OUTCOME_DUPLICATE;
    if (sent.repeated && !duplicate) Differ(name + ": sent twice, but the second was not answered as a duplicate");
    if (duplicate) outcome = verdict.original_outcome();
    const std::string expected = ExpectedRefusal(planned.kind);
    const bool rejected = outcome == v1::EVENT_OUTCOME_REJECTED;
    const bool named =
        std::any_of(verdict.refusals().begin(), verdict.refusals().end(), [&](const auto& r) { return r.code() == expected; });
    if (rejected != !expected.empty() || (rejected && !named)) {
      std::string line = name + " " + Describe(sent.station, sequence) + ": ";
      line += rejected ? "rejected" : "recorded, though it should be rejected with " + expected;
      for (const auto& refusal : verdict.refusals()) {
        line += " [" + refusal.code() + "] " + refusal.sentence();
        for (const auto& evidence : refusal.evidence())
          line += " (" + evidence.kind() + " " + evidence.id() + ": " + evidence.detail() + ")";
        if (line.size() > 600) break;
      }
      Differ(line);
      const bool acted = std::any_of(verdict.refusals().begin(), verdict.refusals().end(),
                                     [](const auto& r) { return r.code() == "RULE_STOP" || r.code() == "NOT_BLOCKED"; });
      // All that follows at the station would be refused too, and hide the first cause.
      if (acted) {
        Differ(plan_.model.stations[static_cast<size_t>(sent.station)].code +
               ": stopped or held by an alarm or hold that this story does not know: see mesctl alarm list and mesctl hold list");
        Halt();
      }
      return true;
    }
    if (duplicate || rejected) return true;
    if (const int units = UnitsExpected(planned); units != verdict.units() && planned.kind != Kind::kCondition) {
      std::string line = name + " " + Describe(sent.station, sequence) + ": acted on " + std::to_string(verdict.units()) +
                         " units, planned " + std::to_string(units);
      if (verdict.refusals_size() > 0) line += " [" + verdict.refusals(0).code() + "] " + verdict.refusals(0).sentence();
      Differ(line);
    }
    const bool single = planned.kind == Kind::kCompleted && !(planned.flags & kOnCarrier);
    if (single && (verdict.judgement() == v1::JUDGEMENT_FAIL) != ((planned.flags & kFails) != 0)) {
      Differ(name + " " + Describe(sent.station, sequence) + ": judged otherwise than planned");
    }
    return true;
  }

  std::string Describe(int station, uint32_t sequence) const {
    v1::StationEvent event;
    BuildEvent(plan_, station, sequence, event);
    return (event.unit_code().empty() ? event.carrier_code() : event.unit_code()) + " " +
           event.GetDescriptor()->FindFieldByNumber(event.kind_case())->name();
  }

  int UnitsExpected(const PlannedEvent& planned) const {
    int units = UnitsOf(plan_, planned);
    if (planned.kind != Kind::kCompleted || !(planned.flags & kOnCarrier)) return units;
    for (const Carrier::Slot& slot : plan_.carriers[planned.subject].slots) units -= slot.outcome == Outcome::kMissing;
    return units;
  }

  void RunOffice() {
    for (size_t i = 0; i < plan_.office.size() && !stop_; ++i) {
      const Ref& after = plan_.office[i].after;
      while (after.sequence != 0 && acked_[after.script].load(std::memory_order_acquire) < after.sequence && !stop_)
        WaitFor(generation_.load());
      while (!stop_) {
        const grpc::Status status = office_.Do(i);
        if (status.ok()) break;
        const bool again =
            status.error_code() == grpc::StatusCode::UNAVAILABLE || status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
        if (!again || Clock::now() - last_ack_.load() > kPatience) {
          Differ(office_.Describe(i) + ": " + ErrorLine(status));
          Halt();
          return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
      acked_.back().store(static_cast<uint32_t>(i + 1), std::memory_order_release);
      last_ack_ = Clock::now();
      Touch();
    }
  }

  // A bar on a terminal, a line every 5 seconds elsewhere.
  void Show(bool last) {
    const auto now = Clock::now();
    const bool terminal = isatty(STDERR_FILENO) != 0;
    if (!last && now - shown_ < (terminal ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5'000))) return;
    const double seconds = std::chrono::duration<double>(now - last_progress_).count();
    const double rate = seconds > 0 ? static_cast<double>(done_ - shown_events_) / seconds : 0;
    last_progress_ = now;
    shown_ = now;
    shown_events_ = done_;
    const double share = plan_.total == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(plan_.total);
    if (!terminal) {
      fprintf(stderr, "%lld of %lld events (%.1f %%), %.0f/s\n", static_cast<long long>(done_),
              static_cast<long long>(plan_.total), 100 * share, rate);
      return;
    }
    const std::string bar(static_cast<size_t>(30 * std::min(1.0, share)), '#');
    fprintf(stderr, "\r[%-30s] %5.1f %% %lld events %.0f/s   %s", bar.c_str(), 100 * share, static_cast<long long>(done_), rate,
            last ? "\n" : "");
    fflush(stderr);
  }

  const Plan& plan_;
  const DriveOptions& options_;
  const Connection& connection_;
  v1::StationEventService::Stub stub_;
  std::vector<std::atomic<uint32_t>> acked_;  // by script, the office last
  std::vector<StationState> states_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  OfficeCaller office_;
  std::atomic<int64_t> done_{0};
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> generation_{0};
  std::atomic<Clock::time_point> last_ack_{Clock::now()};
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  std::mutex result_mutex_;
  DriveResult result_;
  Clock::time_point shown_{};
  Clock::time_point last_progress_{};
  int64_t shown_events_ = 0;
};

}  // namespace

DriveResult Drive(const Connection& connection, const Plan& plan, const DriveOptions& options) {
  return Driver(connection, plan, options).Run();
}

}  // namespace mes::mesctl::simulate
