// Counters in the transaction of the events: however events are cut into batches, what is stored is what a recount of the stored
// rows gives, and every rollup is the sum of the finest.
#include "db/yield_count.h"

#include <random>

#include <gtest/gtest.h>

#include "db/yield.h"
#include "tests/support/shop_floor.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using domain::YieldCounts;
using domain::YieldKey;
using tests::StoredPlant;

class YieldInBatches : public testing::Test {
 protected:
  YieldInBatches() {
    plant_.database().Query(
        "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, create_time) "
        "select 'ORD-PACK', m.material_id, r.revision_id, 2, 100000000, 1, now() from product_revision r join material m on "
        "m.material_id = r.material_id where m.code = 'PACK'");
    plant_.AddLot("BLT", "B1", 1'000'000'000);
    plant_.AddLot("BLT", "B2", 1'000'000'000);
  }

  struct Said {
    const domain::Station* station;
    domain::StationEvent event;
  };

  template <typename What>
  void Say(int16_t operation, const std::string& unit, What what) {
    const domain::Station& station = StationOf(operation);
    domain::StationEvent event;
    event.sequence = ++sequences_[station.id];
    event.digest = event.sequence;
    event.occur_time = time_ += std::chrono::minutes(31);
    event.unit_code = unit;
    event.what = std::move(what);
    waiting_.push_back({&station, std::move(event)});
  }
  const domain::Station& StationOf(int16_t operation) const {
    for (const domain::Station& station : plant_.plant().stations) {
      if (station.product_code == "PACK" && station.Does(operation)) return station;
    }
    throw std::invalid_argument("no such station");
  }

  // As services/ingest does it.
  void Commit() {
    plant_.Run([&](Transaction& transaction) {
      WorldKeys keys;
      for (const Said& said : waiting_) keys.Add(plant_.plant(), *said.station, 1, said.event);
      // Each commit is later than the one before, as the server's clock is: the record times are the order of a unit's rows.
      now_ += std::chrono::seconds(1);
      domain::World world = LockWorld(transaction, plant_.plant(), now_, keys, ids_);
      for (const Said& said : waiting_) domain::Decide(world, *said.station, 1, said.event);
      ids_.next = world.next_unit_id;
      StoreWorld(transaction, world);
    });
    waiting_.clear();
  }

  void Act(std::mt19937& random) {
    static constexpr int16_t kOperations[] = {10, 20, 30, 40, 45};
    const std::string unit = "P" + std::to_string(random() % 6);
    const int16_t operation = kOperations[random() % 5];
    // Units that hardly fail before the last test come far enough to be retested and sent back to 20 there.
    const bool pass = random() % (operation == 40 ? 2 : 10) != 0;
    switch (random() % 12) {
      case 0:
        return Say(
            operation, unit,
            domain::Reversed{1, sequences_[StationOf(operation).id] - static_cast<int64_t>(random() % 2), "mistake", "li"});
      case 1:
        if (random() % 3 == 0) return Say(operation, unit, domain::Scrapped{"BAD", 10});
        return Say(operation, unit, domain::Aborted{"stop"});
      case 2:
        return Say(operation, unit, domain::Consumed{random() % 2 == 0 ? "B1" : "B2", "4", "pc"});
      default:
        // Only the first operation names the order, else any would make the unit.
        Say(operation, unit, floor_.StartOf("PACK", operation, operation == 10 && made_.insert(unit).second ? "ORD-PACK" : ""));
        if (operation == 30) Say(operation, unit, domain::Consumed{random() % 2 == 0 ? "B1" : "B2", "4", "pc"});
        Say(operation, unit, pass ? floor_.PassOf("PACK", operation) : floor_.FailOf("PACK", operation));
    }
  }

  void ExpectRecount() {
    domain::YieldTally recount;
    std::map<YieldKey, YieldCounts> stored;
    const domain::ProductRevision& revision = *plant_.plant().NewestRevision(plant_.material_id("PACK"));
    plant_.Run([&](Transaction& transaction) {
      for (const auto& row : plant_.database().Query("select unit_id from unit where work_order_id is not null")) {
        std::vector<domain::RunFact> facts;
        for (const domain::EventRow& event : LoadHistory(transaction, std::stoll(row[0]))) facts.push_back(domain::FactOf(event));
        domain::CountUnit({1, false, revision, plant_.plant()}, facts, 1, recount);
      }
      YieldQuestion question;
      question.subject = YieldSubject::kWorkOrder;
      question.parts = {{1, 10, 10}, {1, 20, 20}, {1, 30, 30}, {1, 40, 40}, {1, 45, 45}};
      question.first_day = 0;
      question.last_day = 40'000;
      question.period = YieldPeriod::kDay;
      question.by_shift = question.by_station = true;
      for (const YieldSum& sum : SumYields(transaction, question)) {
        stored[{1, sum.period_day, static_cast<int16_t>(sum.group), sum.shift, sum.station_id}] = sum.counts;
      }
    });
    std::erase_if(recount.yields, [](const auto& entry) { return entry.second.IsZero(); });
    for (const auto& [key, counts] : recount.yields) stored[key];
    for (const auto& [key, counts] : stored) {
      const auto counted = recount.yields.find(key);
      const YieldCounts expected = counted == recount.yields.end() ? YieldCounts{} : counted->second;
      for (size_t i = 0; i < domain::kYieldCounts.size(); ++i) {
        EXPECT_EQ(counts.*domain::kYieldCounts[i], expected.*domain::kYieldCounts[i])
            << "counter " << i << " of operation " << key.operation << " on day " << key.plant_day << ", shift " << key.shift;
      }
    }
    int64_t first_runs = 0, scrapped = 0;
    for (const auto& [key, counts] : recount.lots) first_runs += counts.first_runs, scrapped += counts.scrapped;
    EXPECT_EQ(plant_.database().Value("select coalesce(sum(first_runs), 0) || ' ' || coalesce(sum(scrapped), 0) from lot_yield"),
              std::to_string(first_runs) + " " + std::to_string(scrapped));
    for (const char* counter : {"first_runs", "first_passes", "runs", "retests", "reworks", "aborts", "scrapped", "entered",
                                "left_good", "lost", "scrapped_caused"}) {
      const std::string sum = "select coalesce(sum(" + std::string(counter) + "), 0) from ";
      const std::string fine = plant_.database().Value(sum + "operation_yield");
      EXPECT_EQ(plant_.database().Value(sum + "line_yield_day where operation <> 0"), fine) << counter;
      EXPECT_EQ(plant_.database().Value(sum + "line_yield_day where operation = 0"), fine) << counter;
    }
    ExpectRunningTotals();
  }

  // Each row is its series' days up to its own, and no day with counts is without a row.
  void ExpectRunningTotals() {
    std::string sums, differences;
    for (const char* counter : {"first_runs", "retests", "reworks", "scrapped", "entered", "left_good", "lost"}) {
      sums += ", sum(" + std::string(counter) + ") as " + counter;
      differences += " or d." + std::string(counter) + " is distinct from r." + counter;
    }
    for (const std::string& day : {std::string("select 1 as subject, line_id as subject_id, operation, shift, plant_day") + sums +
                                       " from line_yield_day group by 1, 2, 3, 4, 5",
                                   std::string("select 2 as subject, station_id as subject_id, operation, shift, plant_day") + sums +
                                       " from operation_yield group by 1, 2, 3, 4, 5"}) {
      const std::string subject = day.substr(7, 1);
      const std::string wrong =
          "with day as (" + day +
          ") select count(*) from day k left join yield_running r using (subject, subject_id, operation, shift, plant_day) "
          "cross join lateral (select min(subject) as subject" +
          sums +
          " from day where (subject_id, operation, shift) = (k.subject_id, k.operation, k.shift) and plant_day <= k.plant_day) d "
          "where r.subject is null" +
          differences;
      EXPECT_EQ(plant_.database().Value(wrong), "0");
      const std::string series = "select count(distinct (subject_id, operation, shift)) from yield_running where subject = " + subject;
      EXPECT_EQ(plant_.database().Value(series),
                plant_.database().Value("select count(*) from yield_series where subject = " + subject));
    }
  }

  StoredPlant plant_;
  tests::ShopFloor floor_;
  domain::Time time_ = StoredPlant::kNow;
  domain::Time now_ = StoredPlant::kNow + std::chrono::days(300);
  std::map<int32_t, int64_t> sequences_;
  std::set<std::string> made_;
  std::vector<Said> waiting_;
  UnitIds ids_;
};

TEST_F(YieldInBatches, IsTheRecountOfTheRowsHoweverEventsAreBatched) {
  for (const unsigned batch : {1u, 3u, 40u}) {
    std::mt19937 random(batch);
    made_.clear();
    plant_.database().Query("update unit set code = code || '-" + std::to_string(batch) + "' where work_order_id is not null");
    for (int i = 0; i < 400; ++i) {
      Act(random);
      if (waiting_.size() >= batch) Commit();
    }
    Commit();
    ExpectRecount();
  }
  EXPECT_NE(plant_.database().Value("select count(*) from yield_restatement"), "0") << "reversals happened";
  EXPECT_NE(plant_.database().Value("select sum(scrapped) from operation_yield"), "0");
  EXPECT_NE(plant_.database().Value("select sum(retests) from operation_yield"), "0");
  EXPECT_NE(plant_.database().Value("select sum(reworks) from operation_yield"), "0");
}

}  // namespace
}  // namespace mes::db
