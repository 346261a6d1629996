#include "db/yield.h"

#include <map>
#include <random>
#include <thread>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/downtime.h"
#include "db/yield_count.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::SizeIs;
using tests::StoredPlant;

// Orders 1 (PACK) over 2 (CELL), and 3 (CELL) apart; each ran operation 10 at two stations.
void Fill(StoredPlant& plant) {
  const std::string pack = std::to_string(plant.material_id("PACK"));
  const std::string cell = std::to_string(plant.material_id("CELL"));
  const auto order = [&](const std::string& code, const std::string& material, const std::string& parent) {
    plant.database().Query(
        "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, parent_id, create_time) "
        "select '" +
        code + "', " + material + ", revision_id, 3, 1000000, 1, " + parent +
        ", now() from product_revision where material_id = " + material);
  };
  order("W1", pack, "null");
  order("W1/CELL", cell, "1");
  order("W3", cell, "null");
  plant.database().Query(
      "insert into operation_yield (work_order_id, station_id, plant_day, operation, first_runs, first_passes, runs, retests, "
      "reworks, "
      "aborts, scrapped) select work_order_id, station_id, '2026-11-01', 10, 10, 9, 12, 1, 1, 2, 1 from work_order, "
      "generate_series(1, 2) as station_id");
}

TEST(Yield, IsSummedOverStationsAndOrders) {
  StoredPlant plant;
  Fill(plant);
  plant.Run([&](Transaction& transaction) {
    const std::vector<OperationYield> yields = ListOperationYields(transaction, {});
    ASSERT_THAT(yields, SizeIs(2));
    EXPECT_EQ(yields[0].material_id, plant.material_id("CELL")) << "by product code";
    EXPECT_EQ(yields[0].operation, 10);
    EXPECT_EQ(yields[0].revision_id, plant.plant().NewestRevision(plant.material_id("CELL"))->id);
    EXPECT_EQ(yields[0].first_runs, 40);
    EXPECT_EQ(yields[0].first_passes, 36);
    EXPECT_EQ(yields[0].runs, 48);
    EXPECT_EQ(yields[0].aborts, 8);
    EXPECT_EQ(yields[1].scrapped, 2);
  });
}

TEST(Yield, FiltersByProductOrderAndTree) {
  StoredPlant plant;
  Fill(plant);
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListOperationYields(transaction, {plant.material_id("PACK"), 0, 0}), SizeIs(1));
    EXPECT_THAT(ListOperationYields(transaction, {0, 1, 0}), SizeIs(1));
    const std::vector<OperationYield> tree = ListOperationYields(transaction, {0, 0, 1});
    ASSERT_THAT(tree, SizeIs(2));
    EXPECT_EQ(tree[0].first_runs, 20) << "without the order apart";
  });
}

// ---- Sums from rollups against the single counts ----

using Key = std::tuple<int32_t, int32_t, int32_t, int32_t, int16_t>;  // group, order, station, period, shift

int32_t Day(const char* text) { return *domain::ParsePlantDay(text); }

class YieldSums : public testing::Test {
 protected:
  // Counts of 900 days at every station of the small plant, in several batches as ingest would store them.
  YieldSums() {
    std::mt19937 random(7);
    for (int batch = 0; batch < 6; ++batch) {
      plant_.Run([&](Transaction& transaction) {
        domain::World world(plant_.plant(), StoredPlant::kNow);
        for (int i = 0; i < 400; ++i) {
          const domain::Station& station = plant_.plant().stations[random() % plant_.plant().stations.size()];
          const int32_t day = Day("2024-02-01") + static_cast<int32_t>(random() % 900);
          const domain::YieldKey key{static_cast<int32_t>(1 + random() % 5), day, station.operations.front(),
                                     static_cast<int16_t>(1 + random() % 2), station.id};
          domain::YieldCounts counts;
          for (const auto member : domain::kYieldCounts) counts.*member = static_cast<int64_t>(random() % 50);
          world.effects.yields[key].Add(counts);
          fine_[key].Add(counts);
        }
        StoreYields(transaction, world);
      });
    }
  }

  static int32_t PeriodDay(YieldPeriod period, int32_t day) {
    const std::chrono::sys_days at{std::chrono::days(day)};
    const std::chrono::year_month_day date(at);
    if (period == YieldPeriod::kDay) return day;
    if (period == YieldPeriod::kWeek) return day - static_cast<int32_t>((std::chrono::weekday(at) - std::chrono::Monday).count());
    if (period == YieldPeriod::kMonth) return day - static_cast<int32_t>(static_cast<unsigned>(date.day())) + 1;
    return 0;
  }

  std::map<Key, domain::YieldCounts> Expected(const YieldQuestion& question) const {
    std::map<Key, domain::YieldCounts> sums;
    for (const auto& [key, counts] : fine_) {
      if (key.plant_day < question.first_day || key.plant_day > question.last_day) continue;
      if (question.shift != 0 && key.shift != question.shift) continue;
      const auto& only = question.station_ids;
      if (!only.empty() && std::find(only.begin(), only.end(), key.station_id) == only.end()) continue;
      const domain::Station* station = plant_.plant().FindStation(key.station_id);
      for (const YieldPart& part : question.parts) {
        const int32_t subject = question.subject == YieldSubject::kLine      ? station->line_id
                                : question.subject == YieldSubject::kStation ? station->id
                                                                             : key.work_order_id;
        if (subject != part.subject_id || (part.operation != 0 && part.operation != key.operation)) continue;
        sums[{part.group, question.by_order ? key.work_order_id : 0, question.by_station ? key.station_id : 0,
              PeriodDay(question.period, key.plant_day), question.by_shift ? key.shift : int16_t{0}}]
            .Add(counts);
      }
    }
    std::erase_if(sums, [](const auto& sum) { return sum.second.IsZero(); });
    return sums;
  }

  void ExpectExact(const YieldQuestion& question) {
    std::map<Key, domain::YieldCounts> found;
    plant_.Run([&](Transaction& transaction) {
      for (const YieldSum& sum : SumYields(transaction, question)) {
        const bool fresh =
            found.try_emplace({sum.group, sum.work_order_id, sum.station_id, sum.period_day, sum.shift}, sum.counts).second;
        EXPECT_TRUE(fresh) << "one sum for each group";
      }
    });
    EXPECT_TRUE(found == Expected(question))
        << "subject " << static_cast<int>(question.subject) << " period " << static_cast<int>(question.period) << " "
        << domain::FormatPlantDay(question.first_day) << " to " << domain::FormatPlantDay(question.last_day);
  }

  // Lines, stations or orders, with all operations in one or each of them.
  std::vector<YieldPart> Parts(YieldSubject subject, bool by_operation) const {
    std::map<std::pair<int32_t, int16_t>, int32_t> groups;
    std::vector<YieldPart> parts;
    for (const domain::Station& station : plant_.plant().stations) {
      const int16_t operation = by_operation ? station.operations.front() : int16_t{0};
      const int32_t id = subject == YieldSubject::kLine ? station.line_id : station.id;
      if (subject == YieldSubject::kWorkOrder || !groups.try_emplace({id, operation}, static_cast<int32_t>(parts.size())).second)
        continue;
      parts.push_back({id, operation, static_cast<int32_t>(parts.size() / 2)});  // pairs share a group
    }
    for (int32_t order = 1; subject == YieldSubject::kWorkOrder && order <= 5; ++order) {
      parts.push_back({order, by_operation ? int16_t{20} : int16_t{0}, order / 2});
    }
    return parts;
  }

  StoredPlant plant_;
  std::map<domain::YieldKey, domain::YieldCounts> fine_;
};

TEST_F(YieldSums, AreExactForAnyRangeAndGrouping) {
  std::mt19937 random(11);
  for (int i = 0; i < 120; ++i) {
    YieldQuestion question;
    question.subject = static_cast<YieldSubject>(1 + random() % 3);
    question.parts = Parts(question.subject, random() % 2 == 0);
    question.first_day = Day("2024-01-20") + static_cast<int32_t>(random() % 900);
    question.last_day = question.first_day + static_cast<int32_t>(random() % (random() % 2 == 0 ? 40 : 700));
    question.period = static_cast<YieldPeriod>(random() % 4);
    question.by_shift = random() % 2 == 0;
    question.shift = static_cast<int16_t>(random() % 3);
    if (question.subject != YieldSubject::kStation) question.by_order = random() % 3 == 0;
    if (question.subject == YieldSubject::kWorkOrder && random() % 2 == 0) {
      question.by_station = random() % 2 == 0;
      if (!question.by_station || random() % 2 == 0) question.station_ids = {1, 2, 3};
    }
    ExpectExact(question);
  }
}

TEST_F(YieldSums, OfNothingAreNothing) {
  YieldQuestion question;
  plant_.Run([&](Transaction& transaction) {
    EXPECT_THAT(SumYields(transaction, question), SizeIs(0));
    question.parts = {{9'999, 0, 0}};
    question.first_day = question.last_day = Day("2024-06-01");
    EXPECT_THAT(SumYields(transaction, question), SizeIs(0));
  });
}

TEST(YieldCounts, KeepWhatAReversalChanged) {
  StoredPlant plant;
  const int64_t unit = plant.AddUnit("HSG", "H1");
  domain::YieldRestatement restatement;
  restatement.key = {1, Day("2026-11-02"), 20, domain::kNightShift, plant.plant().stations.front().id};
  restatement.delta.first_runs = -1;
  restatement.delta.cut_micro = 3;
  restatement.unit_id = unit;
  restatement.station_id = restatement.key.station_id;
  restatement.sequence = 7;
  restatement.reversed_sequence = 6;
  plant.Run([&](Transaction& transaction) {
    domain::World world(plant.plant(), StoredPlant::kNow);
    world.effects.restatements = {restatement, restatement};
    StoreYields(transaction, world);
  });
  plant.Run([&](Transaction& transaction) {
    RestatementFilter filter{.first_day = Day("2026-11-02"), .last_day = Day("2026-11-02")};
    const auto all = ListRestatements(transaction, filter, 10);
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_GT(all[0].id, all[1].id) << "newest first";
    EXPECT_EQ(all[0].unit_code, "H1");
    EXPECT_EQ(all[0].restatement.key, restatement.key);
    EXPECT_EQ(all[0].restatement.delta, restatement.delta);
    EXPECT_EQ(all[0].restatement.reversed_sequence, 6);
    filter.before_id = all[0].id;
    EXPECT_THAT(ListRestatements(transaction, filter, 10), SizeIs(1));
    filter.before_id = 0;
    filter.after = StoredPlant::kNow;
    EXPECT_THAT(ListRestatements(transaction, filter, 10), SizeIs(0));
    filter.after = StoredPlant::kNow - std::chrono::seconds(1);
    EXPECT_THAT(ListRestatements(transaction, filter, 10), SizeIs(2));
    filter.station_ids = {9'999};
    EXPECT_THAT(ListRestatements(transaction, filter, 10), SizeIs(0));
  });
}

TEST(LotYields, AreFoundByLotAndBySuppliersLot) {
  StoredPlant plant;
  const int64_t one = plant.AddLot("ELY", "L1", 100), two = plant.AddLot("ELY", "L2", 100);
  plant.database().Query("insert into purchase (unit_id, supplier, supplier_lot, receive_time) values (" + std::to_string(one) +
                         ", 'Dynano', 'S7', now()), (" + std::to_string(two) + ", 'Dynano', 'S7', now())");
  const int32_t line = plant.plant().stations.front().line_id;
  for (int i = 0; i < 2; ++i) {
    plant.Run([&](Transaction& transaction) {
      domain::World world(plant.plant(), StoredPlant::kNow);
      world.effects.lot_yields[{one, line, 10, Day("2026-11-02") + i}] = {5, 4, 1};
      world.effects.lot_yields[{two, line, 10, Day("2026-11-02")}] = {7, 7, 0};
      StoreYields(transaction, world);
    });
  }
  plant.Run([&](Transaction& transaction) {
    const auto by_code = ListLotYields(transaction, {.lot_codes = {"L1"}}, 10);
    ASSERT_THAT(by_code, SizeIs(1));
    EXPECT_EQ(by_code[0].counts, (domain::LotYieldCounts{10, 8, 2})) << "of both days";
    LotYieldFilter delivery{.supplier = "Dynano", .supplier_lot = "S7"};
    EXPECT_THAT(ListLotYields(transaction, delivery, 10), SizeIs(2));
    EXPECT_THAT(ListLotYields(transaction, delivery, 1), SizeIs(1));
    delivery.first_day = delivery.last_day = Day("2026-11-03");
    const auto second_day = ListLotYields(transaction, delivery, 10);
    ASSERT_THAT(second_day, SizeIs(1));
    EXPECT_EQ(second_day[0].counts, (domain::LotYieldCounts{5, 4, 1}));
    EXPECT_EQ(second_day[0].lot_code, "L1");
    delivery.supplier_lot = "S8";
    EXPECT_THAT(ListLotYields(transaction, delivery, 10), SizeIs(0));
  });
}

// Each row of a running total rests on the one before it: whoever makes the next one must have seen it.
TEST(RunningTotals, AreRightWhereWritersOfOneLineMeet) {
  StoredPlant plant;
  const domain::Station& station = plant.plant().stations.front();
  constexpr int kWriters = 4, kCommits = 40;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      std::mt19937 random(static_cast<unsigned>(writer));
      for (int i = 0; i < kCommits; ++i) {
        // The days go on, and some counts come late.
        const int32_t day = Day("2026-11-01") + i / 2 - static_cast<int32_t>(random() % 3 == 0 ? random() % 8 : 0);
        plant.Run([&](Transaction& transaction) {
          domain::World world(plant.plant(), StoredPlant::kNow);
          world.effects.yields[{1, day, station.operations.front(), domain::kDayShift, station.id}].runs = 1;
          StoreYields(transaction, world);
        });
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(plant.database().Value("select sum(runs) from operation_yield"), std::to_string(kWriters * kCommits));
  EXPECT_EQ(plant.database().Value("select count(*) from yield_running r where runs <> (select sum(runs) from operation_yield y where "
                                   "y.plant_day <= r.plant_day)"),
            "0");
  EXPECT_EQ(plant.database().Value("select count(*) from (select distinct plant_day from operation_yield) d"),
            plant.database().Value("select count(*) from yield_running where subject = 2"));
}

TEST(Downtimes, OfOneStationNeverOverlapEvenWhereNobodyLooked) {
  StoredPlant plant;
  domain::Downtime downtime;
  downtime.station_id = 1;
  downtime.from = StoredPlant::kNow;
  downtime.until = StoredPlant::kNow + std::chrono::hours(1);
  downtime.version = 1;
  downtime.reason_code = "BREAKDOWN";
  downtime.person = "li.wei";
  downtime.record_time = downtime.until;
  plant.Run([&](Transaction& transaction) { InsertDowntime(transaction, downtime); });
  domain::Downtime again = downtime;
  again.from += std::chrono::minutes(59);
  again.until += std::chrono::hours(1);
  EXPECT_ANY_THROW(plant.Run([&](Transaction& transaction) { InsertDowntime(transaction, again); }));
  again.from = downtime.until;
  plant.Run([&](Transaction& transaction) { InsertDowntime(transaction, again); });
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListDowntimes(transaction, {}, 10), SizeIs(2));
    EXPECT_THAT(ListDowntimes(transaction, {.until = downtime.until}, 10), SizeIs(1));
    downtime.withdraw_time = again.until;
    downtime.withdrawn_by = downtime.withdraw_note = "li.wei";
    UpdateWithdrawnDowntime(transaction, downtime);
    EXPECT_THAT(ListDowntimes(transaction, {.standing_only = true}, 10), SizeIs(1));
    EXPECT_EQ(LockDowntime(transaction, downtime.id)->downtime_class, domain::DowntimeClass::kBreakdown);
  });
}

}  // namespace
}  // namespace mes::db
