// Capacity of the whole reference plant: its handlers in one transaction each, at a time of the test's choice.
#include "services/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "db/line_output.h"
#include "db/product_definition.h"
#include "services/calendar.h"
#include "services/product_definition.h"
#include "services/supply.h"
#include "services/time_zone.h"
#include "services/utilisation.h"
#include "services/work_order.h"
#include "tests/support/cluster.h"
#include "tests/support/plant_folder.h"

namespace mes::services {
namespace {

using domain::DayOf;
using testing::ElementsAre;
using testing::HasSubstr;

// The reference plant, loaded on 1 January 2026, 09:00 plant time.
class ReferencePlant {
 public:
  ReferencePlant() {
    v1::LoadPlantRequest request;
    for (const auto& [path, content] : tests::ReadReferencePlant()) {
      v1::PlantFile& file = *request.add_files();
      file.set_path(path);
      file.set_content(content);
    }
    v1::LoadPlantResponse response;
    EXPECT_EQ(Run(LoadPlant, request, response), "OK");
    EXPECT_EQ(response.faults_total(), 0);
    database_.pool().Read([&](db::Transaction& transaction) { plant_ = db::LoadPlant(transaction); });
  }

  // `OK`, or the reason and the field; the error is kept. A refused call leaves nothing.
  template <typename Request, typename Response>
  std::string Run(domain::Status (*handler)(Call&, const Request&, Response&), const Request& request, Response& response) {
    std::string outcome = "OK";
    database_.pool().Run([&](db::Transaction& transaction) {
      response.Clear();
      const domain::Caller nobody;
      Call call{transaction, *plant_, now_, nobody};
      const domain::Status status = handler(call, request, response);
      if (status) return true;
      error_ = status.error();
      outcome = std::string(domain::NameOf(error_.reason));
      if (const auto field = error_.metadata.find("field"); field != error_.metadata.end()) outcome += " " + field->second;
      return false;
    });
    return outcome;
  }
  template <typename Response, typename Request>
  Response Must(domain::Status (*handler)(Call&, const Request&, Response&), const Request& request) {
    Response response;
    EXPECT_EQ(Run(handler, request, response), "OK") << error_.message;
    return response;
  }

  std::string Release(const std::string& product, const std::string& quantity, const char* due, bool override_it = false,
                      const char* role = "planner") {
    const std::string code = "O-" + std::to_string(++orders_);
    v1::CreateWorkOrderRequest create;
    create.set_work_order_code(code);
    create.set_product_code(product);
    create.mutable_quantity()->set_value(quantity);
    create.mutable_quantity()->set_uom("pc");
    if (*due != '\0') {
      const domain::Day day = *domain::ParseDay(due, "due");
      create.mutable_due_time()->set_seconds(int64_t{day} * 86'400 + 36'000);
    }
    Must<v1::CreateWorkOrderResponse>(CreateWorkOrder, create);
    v1::TransitionWorkOrderRequest move;
    move.set_work_order_code(code);
    move.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    if (override_it) {
      move.set_override_capacity(true);
      move.set_role(role);
      move.set_person("li.wei");
      move.set_reason("the customer waits");
    }
    return Run(TransitionWorkOrder, move, moved_);
  }
  std::string Supply(const std::string& product, const std::string& quantity, const char* day) {
    v1::PutSupplyRequest request;
    request.set_material_code(product);
    request.mutable_quantity()->set_value(quantity);
    request.mutable_quantity()->set_uom("pc");
    request.set_day(day);
    request.set_supplier("SUP-3");
    request.set_person("li.wei");
    request.set_role("planner");
    return Run(PutSupply, request, supply_);
  }
  v1::UtilisationRow Use(const std::string& product, v1::PeriodKind period, const char* first, const char* last) {
    v1::GetUtilisationRequest request;
    request.set_period(period);
    request.set_subject(v1::UTILISATION_SUBJECT_LINE_GROUP);
    request.set_product_code(product);
    request.set_first_day(first);
    request.set_last_day(last);
    use_ = Must<v1::GetUtilisationResponse>(GetUtilisation, request);
    return use_.rows_size() == 0 ? v1::UtilisationRow() : use_.rows(0);
  }

  tests::TestDatabase database_;
  std::shared_ptr<const domain::Plant> plant_ = std::make_shared<domain::Plant>();
  domain::Time now_ = domain::Time(std::chrono::days(DayOf(2026, 1, 1))) + std::chrono::hours(1);
  domain::Error error_;
  v1::TransitionWorkOrderResponse moved_;
  v1::PutSupplyResponse supply_;
  v1::GetUtilisationResponse use_;
  int orders_ = 0;
};

v1::GetCapacityResponse CapacityIn(ReferencePlant& plant, int32_t year, const std::string& product = "") {
  v1::GetCapacityRequest request;
  request.set_year(year);
  request.set_product_code(product);
  return plant.Must<v1::GetCapacityResponse>(GetCapacity, request);
}

struct Row {
  const char* product;
  int lines;
  double plan, net;
  const char* bottleneck;
  double use, rty, final_yield, takt;
};
// The reference table: computed once from the same data by another program.
constexpr Row kTable[] = {
    {"VEH-CAR-BEV", 1, 20000, 41900, "90 VFUN", 47.7, 0.9328, 0.9999, 628.4},
    {"VEH-TRK-BEV", 1, 8000, 10474, "30 VBOLT", 76.4, 0.9328, 0.9999, 1571.1},
    {"VEH-TRK-BEV282", 1, 6000, 8379, "20 MARRY", 71.6, 0.9328, 0.9999, 2094.8},
    {"VEH-TRK-FC", 1, 5400, 8379, "20 MARRY", 64.5, 0.9002, 0.9998, 2327.5},
    {"VEH-TRK-FC240", 1, 1600, 5237, "60 VH2", 30.6, 0.9002, 0.9998, 7855.2},
    {"BSYS-TRK-423", 1, 9600, 14407, "60 SEOL", 66.6, 0.9337, 0.9992, 2025.0},
    {"BSYS-TRK-282", 1, 7200, 14407, "60 SEOL", 50.0, 0.9337, 0.9992, 2700.0},
    {"BSYS-TRK-141", 1, 7005, 14407, "60 SEOL", 48.6, 0.9337, 0.9992, 2775.1},
    {"FCS-120", 2, 9350, 14226, "100 FEOL", 65.7, 0.8564, 0.9971, 4100.7},
    {"FCS-240", 1, 1650, 3557, "100 FEOL", 46.4, 0.8564, 0.9971, 11618.7},
    {"PACK-CAR-60", 1, 39924, 52455, "120 PEOL", 76.1, 0.8770, 0.9971, 491.6},
    {"PACK-TRK-70", 3, 114900, 157365, "120 PEOL", 73.0, 0.8770, 0.9971, 512.5},
    {"STK-148", 1, 5000, 6032, "60 BRKIN", 82.9, 0.8420, 0.9860, 3701.1},
    {"MOD-CAR-18S", 1, 240024, 260626, "30 GLUE", 92.1, 0.9453, 0.9918, 81.3},
    {"MOD-TRK-24S", 2, 460520, 491617, "100 MEOL", 93.7, 0.9453, 0.9918, 84.8},
    {"MEA-7", 1, 1926050, 4486213, "50 MTEST", 42.9, 0.9510, 0.9772, 11.5},
    {"BPP-M", 1, 1920982, 2252151, "80 SEALP", 85.3, 0.9218, 0.9679, 11.4},
    {"CCM", 1, 59129, 86275, "10 INK", 68.5, 0.9509, 0.9782, 350.2},
    {"CELL-LFP-228", 4, 11143547, 11918116, "280 GRADE", 93.5, 0.8906, 0.9633, 8.9},
    {"CELL-LFP-173", 2, 4356021, 4639014, "280 GRADE", 93.9, 0.8906, 0.9633, 11.4},
    {"ELC-C", 3, 65197364, 78526684, "20 MIX", 83.0, 0.9349, 0.9792, 1.1},
    {"ELC-A", 3, 66746052, 79159006, "30 FILT", 84.3, 0.9349, 0.9792, 1.1},
};

TEST(Capacity, OfAllFamiliesEqualsTheReferenceTable) {
  ReferencePlant plant;
  const v1::GetCapacityResponse response = CapacityIn(plant, 2026);
  EXPECT_EQ(response.calendar_state(), v1::CALENDAR_STATE_PUBLISHED);
  ASSERT_EQ(response.products_size(), 22);
  for (const Row& row : kTable) {
    const auto found = std::find_if(response.products().begin(), response.products().end(),
                                    [&](const v1::ProductCapacity& product) { return product.product_code() == row.product; });
    ASSERT_NE(found, response.products().end()) << row.product;
    SCOPED_TRACE(row.product);
    EXPECT_TRUE(found->known());
    EXPECT_EQ(found->lines(), row.lines);
    EXPECT_NEAR(found->planned(), row.plan, 0.51);
    EXPECT_NEAR(found->net_good(), row.net, 0.51);
    EXPECT_EQ(std::to_string(found->bottleneck_operation()) + " " + found->bottleneck_code(), row.bottleneck);
    EXPECT_NEAR(100 * found->planned_share(), row.use, 0.056);  // the table was rounded to four digits first
    EXPECT_NEAR(found->rolled_throughput_yield(), row.rty, 0.000051);
    EXPECT_NEAR(found->final_yield(), row.final_yield, 0.000051);
    EXPECT_NEAR(found->takt_s(), row.takt, 0.051);
    EXPECT_GE(found->nameplate(), found->calendar());
    EXPECT_GE(found->calendar(), found->effective());
    EXPECT_GE(found->effective(), found->net_good());
    double months = 0;
    for (const double month : found->net_good_by_month()) months += month;
    EXPECT_NEAR(months, found->net_good(), 0.001 * row.net);
  }
}

TEST(Capacity, OfFebruaryIsThatOfNineteenDays) {
  ReferencePlant plant;
  const v1::ProductCapacity cell = CapacityIn(plant, 2026, "CELL-LFP-228").products(0);
  EXPECT_NEAR(cell.net_good_by_month(0) / 1e6, 1.056, 0.0005);
  EXPECT_NEAR(cell.net_good_by_month(1) / 1e6, 0.647, 0.0005);
  EXPECT_NEAR(static_cast<double>(cell.residence_s()) / 86'400, 13, 0.5);
  // 14,284,800 s of 31,536,000, and 86,400 s more in a leap year.
  const v1::ProductCapacity car = CapacityIn(plant, 2026, "VEH-CAR-BEV").products(0);
  EXPECT_NEAR(car.calendar() / car.nameplate(), 14'284'800.0 / 31'536'000, 1e-9);
  EXPECT_NEAR(CapacityIn(plant, 2028, "VEH-CAR-BEV").products(0).nameplate() / car.nameplate(), 31'622'400.0 / 31'536'000, 1e-9);
}

TEST(Capacity, KeepsWhatWasStatedAsItWasStated) {
  ReferencePlant plant;
  const v1::GetCapacityResponse response = CapacityIn(plant, 2026);
  ASSERT_EQ(response.stated_size(), 5);
  const v1::StatedCapacity& batteries = response.stated(0);
  EXPECT_EQ(batteries.family_code(), "batteries");
  EXPECT_EQ(batteries.stated_value(), 10.5);
  EXPECT_EQ(batteries.stated_unit(), "GW");
  EXPECT_EQ(batteries.interpreted_unit(), "GWh/year");
  EXPECT_THAT(batteries.interpretation_reason(), HasSubstr("battery output is energy"));
  EXPECT_EQ(batteries.unit(), "kWh");
  EXPECT_EQ(batteries.yearly(), 10'500'000);
  EXPECT_NEAR(batteries.planned() / 1e6, 10.50001, 0.00001);
  EXPECT_EQ(batteries.source_day(), "2024-11-20");
  EXPECT_THAT(batteries.source(), HasSubstr("China Daily"));
  EXPECT_EQ(CapacityIn(plant, 2026, "VEH-TRK-BEV").products(0).rated_kwh(), 422.87616) << "of the system in it";
  EXPECT_EQ(CapacityIn(plant, 2026, "VEH-TRK-FC").products(0).rated_kw(), 120);
}

TEST(Capacity, NeedsOfTheReferenceMixNameTheStacks) {
  ReferencePlant plant;
  v1::GetNeedsRequest request;
  request.set_year(2026);
  for (const auto& [product, quantity] : {std::pair("FCS-120", 9350), std::pair("FCS-240", 1650)}) {
    request.add_mix()->set_product_code(product);
    request.mutable_mix(request.mix_size() - 1)->set_quantity(quantity);
  }
  const auto needs = plant.Must<v1::GetNeedsResponse>(GetNeeds, request);
  EXPECT_EQ(needs.binding_code(), "STK-148");
  EXPECT_EQ(needs.binding_sentence(), "STK-148 bind: 12650 pc are needed, 5000 own (as stated), 0 bought in: 7650 are missing");
  const auto stacks = std::find_if(needs.needs().begin(), needs.needs().end(),
                                   [](const v1::Need& need) { return need.product_code() == "STK-148"; });
  EXPECT_EQ(stacks->needed(), 12'650);
  EXPECT_EQ(stacks->stated(), 5'000);
  EXPECT_EQ(stacks->to_buy(), 7'650);
  for (const v1::Need& need : needs.needs()) {
    if (need.product_code() != "MEA-7") continue;
    EXPECT_EQ(need.needed(), 5'000 * 380) << "of the stacks that are made here";
  }
  EXPECT_EQ(plant.Supply("STK-148", "7650", "2026-06-30"), "OK");
  EXPECT_EQ(plant.Must<v1::GetNeedsResponse>(GetNeeds, request).binding_code(), "");

  // Every mining truck battery-only: 10.08 GWh of the 10.5.
  v1::GetNeedsRequest trucks;
  trucks.set_year(2026);
  for (const auto& [product, quantity] : {std::pair("VEH-CAR-BEV", 20'000), std::pair("VEH-TRK-BEV", 21'000)}) {
    trucks.add_mix()->set_product_code(product);
    trucks.mutable_mix(trucks.mix_size() - 1)->set_quantity(quantity);
  }
  const auto all_electric = plant.Must<v1::GetNeedsResponse>(GetNeeds, trucks);
  EXPECT_EQ(all_electric.families(0).family_code(), "batteries");
  EXPECT_NEAR(all_electric.families(0).needed() / 1e6, 10.08, 0.005);
  EXPECT_EQ(all_electric.binding_code(), "VEH-TRK-BEV") << "one line marries 10,474 of them in a year";
}

TEST(Capacity, ReleasesUntilTheStackYearIsFull) {
  ReferencePlant plant;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(plant.Release("FCS-120", "1000", "2026-12-30"), "OK") << plant.error_.message;
  EXPECT_EQ(plant.Release("FCS-120", "1000", "2026-12-30"), "CAPACITY_EXCEEDED work_order_code");
  EXPECT_EQ(plant.error_.metadata.at("binding"), "stacks");
  EXPECT_EQ(plant.error_.metadata.at("committed"), "5000");
  EXPECT_EQ(plant.error_.metadata.at("needed"), "1000");
  EXPECT_EQ(plant.error_.metadata.at("first_day").substr(0, 4), "2027");
  EXPECT_EQ(plant.error_.metadata.at("calendar"), "not published");
  EXPECT_EQ(domain::RoleOf(domain::Reason::kCapacityExceeded), "planner");

  EXPECT_EQ(plant.Supply("STK-148", "1000", "2026-06-30"), "OK");
  EXPECT_EQ(plant.Release("FCS-120", "1000", "2026-12-30"), "OK") << plant.error_.message;
  EXPECT_EQ(plant.Release("FCS-120", "1", "2026-12-30"), "CAPACITY_EXCEEDED work_order_code") << "the supply is used up";

  EXPECT_EQ(plant.Release("FCS-240", "10", "2026-12-30", true, "operator"), "ROLE_INSUFFICIENT role");
  EXPECT_EQ(plant.Release("FCS-240", "10", "2026-12-30", true), "OK") << plant.error_.message;
  EXPECT_THAT(plant.moved_.over_commitment(), HasSubstr("the stated yearly capacity of stacks (5000 1/year) would be exceeded"));
  const auto over = plant.Must<v1::ListOverCommitmentsResponse>(ListOverCommitments, v1::ListOverCommitmentsRequest());
  ASSERT_EQ(over.over_commitments_size(), 1);
  EXPECT_EQ(over.over_commitments(0).product_code(), "FCS-240");
  EXPECT_EQ(over.over_commitments(0).reason(), "the customer waits");
  EXPECT_EQ(over.over_commitments(0).shortage().needed(), 20);
  EXPECT_EQ(plant.Release("FCS-120", "100000", ""), "OK") << "without a due date it is not refused but counted apart";
  EXPECT_EQ(plant.Release("FCS-120", "100000", "2026-01-01"), "OK") << "nothing lies before a day that is over or running";
  plant.Use("FCS-120", v1::PERIOD_KIND_YEAR, "2026-01-01", "2026-12-31");
  EXPECT_EQ(plant.use_.undated(0).undated(), 100'000);
}

TEST(Capacity, ShowsAnOverriddenYearAsOverCommitted) {
  ReferencePlant plant;
  EXPECT_EQ(plant.Release("STK-148", "5000", "2026-12-30"), "OK") << plant.error_.message;
  EXPECT_EQ(plant.Release("STK-148", "1500", "2026-12-30"), "CAPACITY_EXCEEDED work_order_code");
  EXPECT_EQ(plant.Release("STK-148", "1500", "2026-12-30", true), "OK") << plant.error_.message;
  const v1::UtilisationRow row = plant.Use("STK-148", v1::PERIOD_KIND_YEAR, "2026-01-01", "2026-12-31");
  EXPECT_NEAR(row.capacity(), 6'032.1, 0.1);
  EXPECT_EQ(row.committed(), 6'500);
  EXPECT_NEAR(row.free(), -467.9, 0.1);
  EXPECT_EQ(row.bottleneck_code(), "BRKIN");
}

TEST(Capacity, CellsThatAreToBeInPacksNextWeekHadToBeStartedBefore) {
  ReferencePlant plant;
  EXPECT_EQ(plant.Release("PACK-TRK-70", "10", "2026-01-08"), "CAPACITY_EXCEEDED work_order_code");
  EXPECT_EQ(plant.error_.metadata.at("binding"), "CELL-LFP-228");
  EXPECT_EQ(plant.error_.metadata.at("first_day"), "2026-01-16") << "thirteen days for the cells, two for their electrodes";
  // 960 cells in stock.
  plant.database_.pool().Run([&](db::Transaction& transaction) {
    domain::OutputCounts stock;
    stock.started_micro = stock.good_micro = 960 * domain::kMicro;
    db::StoreOutputs(transaction, {{{plant.plant_->FindMaterial("CELL-LFP-228")->id, DayOf(2025, 12, 20), 1}, stock}});
    return true;
  });
  EXPECT_EQ(plant.Release("PACK-TRK-70", "10", "2026-01-08"), "OK") << plant.error_.message;
}

TEST(Utilisation, CountsAnEventInTheNightToTheMonthBefore) {
  ReferencePlant plant;
  plant.now_ = domain::Time(std::chrono::days(DayOf(2026, 3, 10)));
  const int32_t id = plant.plant_->FindMaterial("STK-148")->id;
  plant.database_.pool().Run([&](db::Transaction& transaction) {
    const domain::Time night = domain::Time(std::chrono::days(DayOf(2026, 2, 28))) + std::chrono::hours(18);
    domain::OutputCounts made;
    made.started_micro = 5 * domain::kMicro;
    made.good_micro = 3 * domain::kMicro;
    made.scrapped_micro = domain::kMicro;
    db::StoreOutputs(transaction, {{{id, domain::PlantDayOf(night, PlantTimeZone()), 1}, made},
                                   {{id, DayOf(2026, 3, 1), 1}, {0, domain::kMicro, 0, 0, 0, 0}}});
    return true;
  });
  const v1::UtilisationRow january = plant.Use("STK-148", v1::PERIOD_KIND_MONTH, "2026-01-01", "2026-03-31");
  ASSERT_EQ(plant.use_.rows_size(), 3);
  EXPECT_EQ(january.produced(), 0);
  EXPECT_GT(january.unattainable(), 0);
  EXPECT_EQ(plant.use_.rows(1).period(), "2026-02");
  EXPECT_EQ(plant.use_.rows(1).produced(), 3);
  EXPECT_EQ(plant.use_.rows(1).in_process(), 1);
  EXPECT_EQ(plant.use_.rows(1).scrapped(), 1);
  EXPECT_EQ(plant.use_.rows(2).produced(), 1);
  for (const v1::UtilisationRow& row : plant.use_.rows()) {
    EXPECT_NEAR(row.capacity(), row.produced() + row.committed() + row.free(), 1e-6);
    EXPECT_NEAR(row.free(), row.available() + row.unattainable(), 1e-6);
  }
  // The same by day, by week and by operation.
  EXPECT_EQ(plant.Use("STK-148", v1::PERIOD_KIND_DAY, "2026-02-28", "2026-03-01").produced(), 3);
  EXPECT_EQ(plant.use_.rows_size(), 2);
  EXPECT_EQ(plant.Use("STK-148", v1::PERIOD_KIND_WEEK, "2026-02-28", "2026-02-28").produced(), 4) << "until Sunday 1 March";
  v1::GetUtilisationRequest operations;
  operations.set_period(v1::PERIOD_KIND_YEAR);
  operations.set_subject(v1::UTILISATION_SUBJECT_OPERATION);
  operations.set_product_code("STK-148");
  const auto by_operation = plant.Must<v1::GetUtilisationResponse>(GetUtilisation, operations);
  double least = 1e300;
  std::string bound;
  for (const v1::UtilisationRow& row : by_operation.rows()) {
    if (row.capacity() >= least) continue;
    least = row.capacity();
    bound = row.subject_name();
  }
  EXPECT_NEAR(least, 6'032.1, 0.1);
  EXPECT_EQ(bound, "BRKIN");
  // Families in their own unit.
  v1::GetUtilisationRequest families;
  families.set_period(v1::PERIOD_KIND_YEAR);
  families.set_subject(v1::UTILISATION_SUBJECT_FAMILY);
  const auto by_family = plant.Must<v1::GetUtilisationResponse>(GetUtilisation, families);
  ASSERT_EQ(by_family.rows_size(), 5);
  EXPECT_EQ(by_family.rows(0).unit(), "kWh");
  EXPECT_NEAR(by_family.rows(0).capacity(), 52'454.9 * 60.16248 + 157'364.7 * 70.47936, 20);
}

TEST(Capacity, KeepsEveryPointAndEveryFigureThatWasTold) {
  ReferencePlant plant;
  const double before = CapacityIn(plant, 2026, "CELL-LFP-228").products(0).net_good();
  v1::SetCapacityRequest set;
  set.set_product_code("CELL-LFP-228");
  set.set_line(4);
  set.set_from_day("2026-01-01");
  set.set_availability_performance(0.2);
  set.set_final_yield(0.6);
  set.set_source("ramp-up, month 1");
  set.set_person("li.wei");
  set.set_role("process engineer");
  plant.Must<v1::SetCapacityResponse>(SetCapacity, set);
  const double ramping = CapacityIn(plant, 2026, "CELL-LFP-228").products(0).net_good();
  EXPECT_LT(ramping, before * 0.95);
  EXPECT_GT(ramping, before * 0.75);
  set.set_from_day("2026-07-01");
  set.set_availability_performance(0.5);
  set.set_final_yield(0.82);
  plant.Must<v1::SetCapacityResponse>(SetCapacity, set);
  EXPECT_GT(CapacityIn(plant, 2026, "CELL-LFP-228").products(0).net_good(), ramping);

  v1::ListCapacityPointsRequest points;
  points.set_product_code("CELL-LFP-228");
  EXPECT_EQ(plant.Must<v1::ListCapacityPointsResponse>(ListCapacityPoints, points).points_size(), 3);
  v1::ListCapacityFiguresRequest figures;
  figures.set_product_code("CELL-LFP-228");
  const auto told = plant.Must<v1::ListCapacityFiguresResponse>(ListCapacityFigures, figures);
  std::vector<double> net_good;
  for (const v1::CapacityFigure& figure : told.figures()) {
    if (figure.kind() == v1::CAPACITY_KIND_NET_GOOD && figure.year() == 2026) net_good.push_back(figure.value());
  }
  ASSERT_EQ(net_good.size(), 3U);
  EXPECT_NEAR(net_good.back(), before, 0.001);
  EXPECT_THROW(plant.database_.Query("update capacity_figure set value = 0"), std::exception) << "never overwritten";
  EXPECT_THROW(plant.database_.Query("delete from stated_capacity"), std::exception);
}

TEST(Capacity, TellsTheBestThirtyDays) {
  ReferencePlant plant;
  EXPECT_EQ(plant.Must<v1::RecordFiguresResponse>(RecordFigures, v1::RecordFiguresRequest()).recorded(), 0) << "told by LoadPlant";
  EXPECT_FALSE(CapacityIn(plant, 2026, "STK-148").products(0).has_demonstrated());
  plant.database_.pool().Run([&](db::Transaction& transaction) {
    domain::Outputs outputs;
    const int32_t id = plant.plant_->FindMaterial("STK-148")->id;
    for (int i = 0; i < 60; ++i) outputs[{id, DayOf(2025, 9, 1) + i, 1}].good_micro = (i < 30 ? 10 : 12) * domain::kMicro;
    db::StoreOutputs(transaction, outputs);
    return true;
  });
  const v1::DemonstratedCapacity best = CapacityIn(plant, 2026, "STK-148").products(0).demonstrated();
  EXPECT_EQ(best.good().value(), "360");
  EXPECT_EQ(best.first_day(), "2025-10-01");
  EXPECT_EQ(plant.Must<v1::RecordFiguresResponse>(RecordFigures, v1::RecordFiguresRequest()).recorded(), 1);
}

TEST(Calendar, SaysWhatIsPublishedAndWhatIsNot) {
  ReferencePlant plant;
  v1::GetCalendarRequest request;
  const auto this_year = plant.Must<v1::GetCalendarResponse>(GetCalendar, request);
  EXPECT_EQ(this_year.year(), 2026);
  EXPECT_EQ(this_year.state(), v1::CALENDAR_STATE_PUBLISHED);
  EXPECT_EQ(this_year.days_off_size(), 33);
  EXPECT_THAT(this_year.make_up_days(),
              ElementsAre("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"));
  EXPECT_THAT(this_year.working_days_by_month(), ElementsAre(21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23));
  ASSERT_EQ(this_year.patterns_size(), 3);
  EXPECT_EQ(this_year.patterns(0).days(), 350);
  EXPECT_EQ(this_year.patterns(1).days(), 248);
  EXPECT_EQ(this_year.patterns(2).days(), 289);
  EXPECT_EQ(this_year.shutdowns_size(), 2);
  request.set_year(2027);
  const auto next_year = plant.Must<v1::GetCalendarResponse>(GetCalendar, request);
  EXPECT_EQ(next_year.state(), v1::CALENDAR_STATE_NOT_PUBLISHED);
  EXPECT_EQ(next_year.days_off_size(), 0);
  EXPECT_EQ(CapacityIn(plant, 2027).calendar_state(), v1::CALENDAR_STATE_NOT_PUBLISHED);
  plant.Use("STK-148", v1::PERIOD_KIND_MONTH, "2026-12-01", "2027-01-31");
  EXPECT_THAT(plant.use_.unpublished_years(), ElementsAre(2027));

  v1::PutCalendarYearRequest put;
  put.set_year(2027);
  put.set_source("the notice of 2027");
  put.add_days_off()->set_day("2027-01-01");
  put.set_person("li.wei");
  put.set_role("planner");
  EXPECT_EQ(plant.Must<v1::PutCalendarYearResponse>(PutCalendarYear, put).version(), 1);
  EXPECT_EQ(plant.Must<v1::GetCalendarResponse>(GetCalendar, request).state(), v1::CALENDAR_STATE_PUBLISHED);
}

TEST(Calendar, CountsWorkingDaysAndKnowsTheOldSummers) {
  ReferencePlant plant;
  v1::GetWorkingDayRequest request;
  request.set_from_day("2026-02-10");
  request.set_working_days(15);
  EXPECT_EQ(plant.Must<v1::GetWorkingDayResponse>(GetWorkingDay, request).end_day(), "2026-03-09");
  request.set_from_day("2026-09-18");
  EXPECT_EQ(plant.Must<v1::GetWorkingDayResponse>(GetWorkingDay, request).end_day(), "2026-10-15");
  request.set_from_day("2026-12-28");
  EXPECT_FALSE(plant.Must<v1::GetWorkingDayResponse>(GetWorkingDay, request).official());
  v1::GetWorkingDayRequest old;
  old.mutable_time()->set_seconds(520'641'000);  // 1986-07-01T22:30:00Z, 07:30 on 2 July with daylight saving
  const auto summer = plant.Must<v1::GetWorkingDayResponse>(GetWorkingDay, old);
  EXPECT_EQ(summer.utc_offset_s(), 32'400);
  EXPECT_EQ(summer.plant_day(), "1986-07-01");
  for (int year = 1986; year <= 1991; ++year) {
    EXPECT_EQ(PlantTimeZone().OffsetAt(domain::Time(std::chrono::days(DayOf(year, 7, 1)))), 32'400) << year;
    EXPECT_EQ(PlantTimeZone().OffsetAt(domain::Time(std::chrono::days(DayOf(year, 12, 1)))), 28'800) << year;
  }
  EXPECT_EQ(PlantTimeZone().OffsetAt(plant.now_), 28'800);
}

TEST(Calendar, AShutdownTakesCapacityAndGivesItBack) {
  ReferencePlant plant;
  const double before = CapacityIn(plant, 2026, "STK-148").products(0).net_good();
  v1::PutShutdownRequest shut;
  shut.mutable_shutdown()->set_first_day("2026-08-03");
  shut.mutable_shutdown()->set_last_day("2026-08-08");
  shut.mutable_shutdown()->set_product_code("STK-148");
  shut.mutable_shutdown()->set_reason("new break-in benches");
  shut.set_person("li.wei");
  shut.set_role("planner");
  const int64_t id = plant.Must<v1::PutShutdownResponse>(PutShutdown, shut).shutdown_id();
  EXPECT_NEAR(CapacityIn(plant, 2026, "STK-148").products(0).net_good(), before * 283 / 289, 0.01);
  v1::CancelShutdownRequest open;
  open.set_shutdown_id(id);
  open.set_person("li.wei");
  open.set_role("planner");
  plant.Must<v1::CancelShutdownResponse>(CancelShutdown, open);
  EXPECT_NEAR(CapacityIn(plant, 2026, "STK-148").products(0).net_good(), before, 0.01);
  v1::CancelShutdownResponse again;
  EXPECT_EQ(plant.Run(CancelShutdown, open, again), "SHUTDOWN_UNKNOWN shutdown_id");
}

TEST(Capacity, FilesAreCheckedWithTheRestOfThePlant) {
  ReferencePlant plant;
  const auto fault = [&](const char* file, const std::string& from, const std::string& to) {
    v1::LoadPlantRequest request;
    request.set_validate_only(true);
    for (auto& [path, content] : tests::ReadReferencePlant()) {
      std::string text = content;
      if (path == file) {
        const size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
      }
      v1::PlantFile& message = *request.add_files();
      message.set_path(path);
      message.set_content(text);
    }
    const auto response = plant.Must<v1::LoadPlantResponse>(LoadPlant, request);
    return response.faults_total() == 0 ? std::string("none") : response.faults(0).path() + ": " + response.faults(0).problem();
  };
  EXPECT_EQ(fault("holidays-2026.json", "2026-01-04", "2026-01-05"), ": 2026-01-05 is no weekend: it needs no making up");
  EXPECT_EQ(fault("holidays-2026.json", "2026-01-04", "2026-02-30"), "/makeup_workdays/0: `2026-02-30` is not a date like 2026-02-28");
  EXPECT_EQ(fault("capacities.json", "\"calendar\": \"TWO-SHIFT-5D\"", "\"calendar\": \"ALWAYS\""),
            "/line_groups/VEH-CAR-BEV: there is no calendar `ALWAYS`");
  EXPECT_EQ(fault("capacities.json", "\"availability_x_performance\": 0.88", "\"availability_x_performance\": 88"),
            "/line_groups/VEH-CAR-BEV: availability_x_performance must be above 0 and at most 1");
  EXPECT_EQ(fault("capacities.json", "\"counted_in\": \"kWh\"", "\"counted_in\": \"GW\""),
            "/stated_capacities/0: counted_in must be pc or kWh");
  EXPECT_EQ(fault("capacities.json", "\"start\": \"08:00\"", "\"start\": \"8 am\""),
            "/calendars/CONT-24x7/shifts/0: `8 am` is not a time of day like 08:00");
}

TEST(Capacity, RefusesByName) {
  ReferencePlant plant;
  const auto refuse = [&](auto handler, auto request, auto response) { return plant.Run(handler, request, response); };
  v1::GetCapacityRequest capacity;
  capacity.set_product_code("NO-SUCH");
  EXPECT_EQ(refuse(GetCapacity, capacity, v1::GetCapacityResponse()), "PRODUCT_UNKNOWN product_code");
  capacity.Clear();
  capacity.set_year(1900);
  EXPECT_EQ(refuse(GetCapacity, capacity, v1::GetCapacityResponse()), "FIELD_INVALID year");
  v1::GetUtilisationRequest use;
  EXPECT_EQ(refuse(GetUtilisation, use, v1::GetUtilisationResponse()), "ENUM_UNKNOWN period");
  use.set_period(v1::PERIOD_KIND_DAY);
  use.set_subject(v1::UTILISATION_SUBJECT_LINE_GROUP);
  use.set_last_day("2020-01-01");
  EXPECT_EQ(refuse(GetUtilisation, use, v1::GetUtilisationResponse()), "FIELD_INVALID last_day");
  use.set_first_day("2016-01-01");
  use.set_last_day("2026-12-31");
  EXPECT_EQ(refuse(GetUtilisation, use, v1::GetUtilisationResponse()), "LIMIT_EXCEEDED last_day");
  v1::GetNeedsRequest needs;
  needs.add_mix()->set_product_code("STK-148");
  EXPECT_EQ(refuse(GetNeeds, needs, v1::GetNeedsResponse()), "FIELD_INVALID mix[0].quantity");
  v1::SetCapacityRequest set;
  EXPECT_EQ(refuse(SetCapacity, set, v1::SetCapacityResponse()), "FIELD_REQUIRED person");
  set.set_person("li.wei");
  set.set_role("operator");
  EXPECT_EQ(refuse(SetCapacity, set, v1::SetCapacityResponse()), "ROLE_INSUFFICIENT role");
  set.set_role("planner");
  set.set_product_code("STK-148");
  set.set_line(2);
  EXPECT_EQ(refuse(SetCapacity, set, v1::SetCapacityResponse()), "FIELD_INVALID line");
  set.set_line(1);
  set.set_from_day("2026-02-30");
  EXPECT_EQ(refuse(SetCapacity, set, v1::SetCapacityResponse()), "FIELD_INVALID from_day");
  set.set_from_day("2026-02-28");
  set.set_availability_performance(1.5);
  EXPECT_EQ(refuse(SetCapacity, set, v1::SetCapacityResponse()), "FIELD_INVALID availability_performance");
  EXPECT_EQ(plant.Supply("NO-SUCH", "1", "2026-06-30"), "MATERIAL_UNKNOWN material_code");
  EXPECT_EQ(plant.Supply("STK-148", "1.5", "2026-06-30"), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(plant.Supply("STK-148", "1", "tomorrow"), "FIELD_INVALID day");
  EXPECT_EQ(plant.Supply("STK-148", "10", "2026-06-30"), "OK");
  v1::CloseSupplyRequest close;
  close.set_supply_id(plant.supply_.supply().supply_id());
  close.set_person("li.wei");
  close.set_role("planner");
  EXPECT_EQ(refuse(CloseSupply, close, v1::CloseSupplyResponse()), "ENUM_UNKNOWN state");
  close.set_state(v1::SUPPLY_STATE_CANCELLED);
  EXPECT_EQ(refuse(CloseSupply, close, v1::CloseSupplyResponse()), "FIELD_REQUIRED reason");
  close.set_reason("the supplier cannot");
  EXPECT_EQ(refuse(CloseSupply, close, v1::CloseSupplyResponse()), "OK");
  EXPECT_EQ(refuse(CloseSupply, close, v1::CloseSupplyResponse()), "SUPPLY_CLOSED supply_id");
  v1::ListSuppliesRequest list;
  EXPECT_EQ(plant.Must<v1::ListSuppliesResponse>(ListSupplies, list).supplies_size(), 1);
  list.set_expected_only(true);
  EXPECT_EQ(plant.Must<v1::ListSuppliesResponse>(ListSupplies, list).supplies_size(), 0);
  close.set_supply_id(99);
  EXPECT_EQ(refuse(CloseSupply, close, v1::CloseSupplyResponse()), "SUPPLY_UNKNOWN supply_id");
  v1::PutCalendarYearRequest put;
  put.set_person("li.wei");
  put.set_role("planner");
  put.set_year(2027);
  put.set_source("notice");
  put.add_make_up_days("2027-01-04");
  EXPECT_EQ(refuse(PutCalendarYear, put, v1::PutCalendarYearResponse()), "FIELD_INVALID days");
}

}  // namespace
}  // namespace mes::services
