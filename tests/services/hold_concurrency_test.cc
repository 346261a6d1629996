// What several stations, writers and servers do at once: a hold lets nothing slip, a lot is not used twice, a slot takes one
// unit.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "db/hold.h"
#include "mes/v1/hold.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/station_client.h"

namespace mes::tests {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kClients = 8;

domain::PlantDraft ManyLines() {
  PlantBuilder builder;
  builder.draft().lines["PACK"] = kClients;
  builder.draft().lines["CELL"] = 2;
  return builder.draft();
}

std::string KitOf(int client) { return "PACK." + std::to_string(client + 1) + ".KIT.1"; }
std::string LoadOf(int client) { return "PACK." + std::to_string(client + 1) + ".LOAD.1"; }

google::protobuf::Timestamp Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  google::protobuf::Timestamp time;
  time.set_seconds(now.tv_sec);
  time.set_nanos(static_cast<int32_t>(now.tv_nsec));
  return time;
}

struct HoldConcurrency : testing::Test {
  TestServer server{ManyLines()};
  // A second server on the same database: half of the stations talk to it.
  TestServer other{server.database().url()};
  std::unique_ptr<v1::HoldService::Stub> holds = v1::HoldService::NewStub(server.channel());
  int requests = 0;

  v1::Hold Place(v1::PlaceHoldRequest request) {
    request.set_request_id("place " + std::to_string(++requests));
    request.set_reason("suspect");
    request.set_person("Li");
    v1::PlaceHoldResponse response;
    const grpc::Status status = CallOnce(*holds, &v1::HoldService::Stub::PlaceHold, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.hold();
  }
  void Release(int64_t hold) {
    v1::ReleaseHoldRequest request;
    request.set_request_id("release " + std::to_string(hold));
    request.set_hold_id(hold);
    request.set_reason("next round");
    request.set_person("Wu");
    request.set_role("quality");
    v1::ReleaseHoldResponse response;
    const grpc::Status status = CallOnce(*holds, &v1::HoldService::Stub::ReleaseHold, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
};

// One station's worker: makes units and moves them on, and remembers what was recorded after the round's hold was answered.
struct Worker {
  StationClient client;
  int number;
  int made = 0;
  std::vector<std::pair<std::string, Clock::time_point>> starts;  // of units at LOAD: when the start was sent

  // A new unit through KIT, then its start at LOAD, where the hold must meet it. Each worker has an order of its own: lines that
  // share one wait for its row.
  std::string Move() {
    const std::string unit = "U" + std::to_string(number) + "-" + std::to_string(++made);
    client.Tell(KitOf(number), {client.Start(KitOf(number), unit, "PACK.KIT", "ORD-" + std::to_string(number)),
                                client.Complete(KitOf(number), unit, "KIT_V")});
    StartLoad(unit);
    return unit;
  }
  void StartLoad(const std::string& unit) {
    const auto sent = Clock::now();
    const std::vector<std::string> told = client.Tell(
        LoadOf(number), {client.Start(LoadOf(number), unit, "PACK.LOAD"), client.Complete(LoadOf(number), unit, "LOAD_V")});
    if (told[0] == "RECORDED") starts.emplace_back(unit, sent);
  }
};

// 1,000 rounds. In each, eight stations at two servers start and complete while a hold is placed on what they made since the
// round began. Whatever the hold covers must not start once the hold is answered, and everything that it should cover it covers.
TEST_F(HoldConcurrency, NotOneUnitOfAHeldSetStartsAfterTheHoldsAnswer) {
  constexpr int kRounds = 1'000;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < kClients; ++i) StationClient(server.channel()).Release("ORD-" + std::to_string(i), "PACK", "100000");
  for (int i = 0; i < kClients; ++i) {
    workers.push_back(std::make_unique<Worker>(Worker{StationClient(i % 2 == 0 ? server.channel() : other.channel()), i}));
  }
  std::mutex mutex;
  std::condition_variable wake;
  int round = 0, waiting = 0;
  std::atomic<bool> answered = false;
  const auto work = [&](Worker& worker) {
    for (int mine = 1; mine <= kRounds; ++mine) {
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return round >= mine; });
      }
      std::vector<std::string> units;
      // One or two, so that a round is short; the last one is tried again once the hold is answered.
      const size_t most = static_cast<size_t>(1 + (mine + worker.number) % 2);
      while (units.size() < most) units.push_back(worker.Move());
      while (!answered) std::this_thread::sleep_for(std::chrono::microseconds(200));
      // Held or free, they try again.
      worker.StartLoad(units.back());
      const std::lock_guard lock(mutex);
      ++waiting;
      wake.notify_all();
    }
  };
  std::vector<std::thread> threads;
  for (const auto& worker : workers) threads.emplace_back([&, w = worker.get()] { work(*w); });

  int64_t covered = 0, late = 0, uncovered = 0;
  // (hold, unit) of starts that were sent after the hold's answer and recorded: fine where the hold does not cover the unit.
  std::set<std::pair<std::string, std::string>> after;
  for (int r = 1; r <= kRounds; ++r) {
    v1::PlaceHoldRequest request;
    for (int i = 0; i < kClients; ++i) request.mutable_predicate()->add_station_codes(KitOf(i));
    *request.mutable_predicate()->mutable_from_time() = Now();
    for (const auto& worker : workers) worker->starts.clear();
    {
      const std::lock_guard lock(mutex);
      answered = false;
      waiting = 0;
      round = r;
      wake.notify_all();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(r % 8));
    // What is made from here on is free: the held set is known.
    *request.mutable_predicate()->mutable_until_time() = Now();
    const v1::Hold hold = Place(request);
    const auto answer = Clock::now();
    answered = true;
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return waiting == kClients; });
    }
    const std::string id = std::to_string(hold.hold_id());
    for (const auto& worker : workers) {
      for (const auto& [unit, sent] : worker->starts) {
        if (sent > answer) after.insert({id, unit});
      }
    }
    if (r % 50 == 0) {
      // Everything that ran at the stations in the window is covered, and nothing else.
      uncovered += std::stoll(server.database().Value(
          "select count(*) from (select distinct e.unit_id from station_event e join hold h on h.hold_id = " + id +
          " where e.operation = 10 and e.occur_time between to_timestamp((h.predicate->>'from')::bigint / 1e6) - interval '0 s' and "
          "to_timestamp((h.predicate->>'until')::bigint / 1e6) except select unit_id from hold_item where hold_id = " +
          id + ") missed"));
    }
    Release(hold.hold_id());
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& row :
       server.database().Query("select i.hold_id, u.code from hold_item i join unit u on u.unit_id = i.unit_id")) {
    ++covered;
    late += after.contains({row[0], row[1]});
  }
  EXPECT_EQ(late, 0) << "of " << covered << " held";
  EXPECT_EQ(uncovered, 0);
  EXPECT_GT(covered, kRounds) << "the rounds had something to hold";
  EXPECT_EQ(server.database().Value("select count(*) from hold where state <> 3"), "0");
  EXPECT_EQ(server.database().Value("select count(*) from unit where hold_count <> 0"), "0");
  EXPECT_EQ(server.database().Value("select count(*) from hold_edge"), "0");
  // By the database's own record too: no start at LOAD was recorded while an item was in force on the unit.
  EXPECT_EQ(
      server.database().Value("select count(*) from station_event e join hold_item i on i.unit_id = e.unit_id join hold h on "
                              "h.hold_id = i.hold_id where e.kind = 2 and e.operation = 20 and i.catch_time is not null and "
                              "e.record_time > i.catch_time and e.record_time < h.release_time"),
      "0");
}

TEST_F(HoldConcurrency, AHoldPlacedAtOneServerIsSeenByTheOthersStationsInUnderASecond) {
  StationClient here(server.channel()), there(other.channel(), 2);
  here.Release("ORD-PACK", "PACK", "100");
  here.Tell(KitOf(0), {here.Start(KitOf(0), "P1", "PACK.KIT", "ORD-PACK"), here.Complete(KitOf(0), "P1", "KIT_V")});
  ASSERT_TRUE(there.CanStart(LoadOf(0), "P1", "PACK.LOAD").go());
  const auto begin = Clock::now();
  v1::PlaceHoldRequest request;
  request.add_codes("P1");
  const v1::Hold hold = Place(request);
  const v1::CanStartResponse answer = there.CanStart(LoadOf(0), "P1", "PACK.LOAD");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1));
  EXPECT_FALSE(answer.go());
  ASSERT_EQ(answer.refusals_size(), 1);
  EXPECT_EQ(answer.refusals(0).code(), "NOT_BLOCKED");
  EXPECT_EQ(answer.refusals(0).evidence(0).id(), std::to_string(hold.hold_id()));
  EXPECT_EQ(there.TellOne(LoadOf(0), there.Start(LoadOf(0), "P1", "PACK.LOAD")), "REJECTED NOT_BLOCKED");
  Release(hold.hold_id());
  EXPECT_TRUE(there.CanStart(LoadOf(0), "P1", "PACK.LOAD").go()) << "and so is its release";
}

TEST_F(HoldConcurrency, ALotConsumedByTwoWritersAtOnceIsNeverUsedBeyondWhatIsLeft) {
  StationClient(server.channel()).Release("ORD-CELL", "CELL", "1000");
  server.database().Query(
      "insert into unit (unit_id, code, material_id, state, tracking, create_time) "
      "select 100, 'E1', material_id, 2, 2, now() from material where code = 'ELY';"
      "insert into lot (unit_id, quantity_micro, left_micro, manufacture_time) values (100, 20250000, 20250000, now());"
      "select setval('unit_id_seq', 4096)");
  std::atomic<int> used = 0, refused = 0;
  const auto consume = [&](TestServer& at, int line) {
    StationClient client(at.channel());
    const std::string station = "CELL." + std::to_string(line) + ".FILL.1";
    for (int i = 0; i < 30; ++i) {
      const std::string unit = "C" + std::to_string(line) + "-" + std::to_string(i);
      const auto told = client.Tell(
          station, {client.Start(station, unit, "CELL.FILL", "ORD-CELL"), client.Consume(station, unit, "E1", "0.5", "kg")});
      ASSERT_EQ(told[0], "RECORDED");
      ++(told[1] == "RECORDED" ? used : refused);
      if (told[1] != "RECORDED") {
        EXPECT_EQ(told[1], "REJECTED QUANTITY_EXCEEDS_LEFT");
      }
    }
  };
  std::thread first([&] { consume(server, 1); });
  std::thread second([&] { consume(other, 2); });
  first.join();
  second.join();
  EXPECT_EQ(used, 40) << "20.25 kg in portions of half a kilogram";
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(server.database().Value("select left_micro from lot"), "250000");
  EXPECT_EQ(server.database().Value("select sum(quantity_micro) from lot_consumption"), "20000000");
}

TEST_F(HoldConcurrency, TwoStationsThatLoadOneSlotOfACarrierAtOncePutOneUnitThere) {
  StationClient(server.channel()).Release("ORD-CELL", "CELL", "1000");
  constexpr int kRounds = 40;
  for (int line = 1; line <= 2; ++line) {
    StationClient client(server.channel());
    const std::string station = "CELL." + std::to_string(line) + ".FILL.1";
    for (int i = 0; i < kRounds; ++i) {
      ASSERT_EQ(client.TellOne(station, client.Start(station, "C" + std::to_string(line) + "-" + std::to_string(i), "CELL.FILL",
                                                     "ORD-CELL")),
                "RECORDED");
    }
  }
  std::atomic<int> round = -1, done = 0, loaded = 0, occupied = 0;
  const auto load = [&](TestServer& at, int line) {
    StationClient client(at.channel());
    const std::string station = "CELL." + std::to_string(line) + ".SOAK.1";
    for (int i = 0; i < kRounds; ++i) {
      while (round < i) std::this_thread::yield();
      v1::StationEvent event = client.About(station, "");
      event.set_carrier_code("TRAY-" + std::to_string(i));
      auto* slot = event.mutable_carrier_loaded()->add_slots();
      slot->set_slot(1);
      slot->set_unit_code("C" + std::to_string(line) + "-" + std::to_string(i));
      const std::string told = client.TellOne(station, event);
      ++(told == "RECORDED" ? loaded : occupied);
      if (told != "RECORDED") {
        EXPECT_EQ(told, "REJECTED CARRIER_SLOT");
      }
      ++done;
    }
  };
  std::thread first([&] { load(server, 1); });
  std::thread second([&] { load(other, 2); });
  for (int i = 0; i < kRounds; ++i) {
    round = i;
    while (done < 2 * (i + 1)) std::this_thread::yield();
  }
  first.join();
  second.join();
  EXPECT_EQ(loaded, kRounds);
  EXPECT_EQ(occupied, kRounds);
  EXPECT_EQ(
      server.database().Value("select max(n) from (select count(*) n from unit where carrier_id is not null group by carrier_id, "
                              "carrier_slot) s"),
      "1");
  EXPECT_EQ(server.database().Value("select count(*) from unit where carrier_id is not null"), std::to_string(kRounds));
}

}  // namespace
}  // namespace mes::tests
