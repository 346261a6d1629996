// The simulator's story: that it is the same for the same seed, that its dependencies can be met, and that it keeps the plant's
// rules as far as they can be told without a server.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "domain/process_rule.h"
#include "domain/product_definition.h"
#include "services/mesctl/simulate_excursion.h"
#include "services/mesctl/simulate_event.h"
#include "services/mesctl/simulate_plan.h"
#include "services/mesctl/simulate_random.h"
#include "services/plant_files.h"

namespace mes::mesctl::simulate {
namespace {

constexpr int64_t kStart = 1'790'000'000LL / 86'400 * 86'400 * kSecond;

v1::Material MaterialOf(const domain::Material& given) {
  v1::Material material;
  material.set_code(given.code);
  material.set_uom(given.uom);
  material.set_tracking(static_cast<v1::Tracking>(given.tracking));
  material.set_made(given.made);
  return material;
}

v1::Operation OperationOf(const domain::Operation& given) {
  v1::Operation operation;
  operation.set_number(given.number);
  operation.set_code(given.code);
  operation.set_operation_type(given.operation_type);
  operation.set_mandatory(given.mandatory);
  operation.set_cycle_ms(given.cycle_ms);
  operation.set_units_per_cycle(given.units_per_cycle);
  operation.set_first_pass_yield(given.first_pass_yield);
  operation.set_scrap_rate(given.scrap_rate);
  operation.set_max_retests(given.max_retests);
  operation.set_rework_to(given.rework_to);
  operation.set_max_reworks(given.max_reworks);
  operation.set_new_identity(std::string(NameOf(given.new_identity)));
  operation.set_recipe_checksum(given.recipe_checksum);
  operation.set_software_version(given.software_version);
  operation.set_tightenings(given.tightenings);
  for (const domain::Interlock interlock : given.interlocks) operation.add_interlocks(std::string(NameOf(interlock)));
  for (const domain::Characteristic& c : given.characteristics) {
    v1::Characteristic& characteristic = *operation.add_characteristics();
    characteristic.set_code(c.code);
    characteristic.set_nominal(c.nominal);
    if (c.lower_limit) characteristic.set_lower_limit(*c.lower_limit);
    if (c.upper_limit) characteristic.set_upper_limit(*c.upper_limit);
    characteristic.set_sampling_mode(std::string(NameOf(c.sampling)));
    characteristic.set_replicates(c.replicates);
  }
  return operation;
}

v1::ProductDefinition DefinitionOf(const domain::ProductRevision& given, const domain::Material& material) {
  v1::ProductDefinition product;
  *product.mutable_material() = MaterialOf(material);
  for (const domain::Operation& operation : given.operations) *product.add_operations() = OperationOf(operation);
  for (const domain::BomLine& line : given.bom) {
    v1::BomLine& sent = *product.add_bom();
    sent.set_line(line.line);
    sent.set_material_code(line.material_code);
    sent.mutable_quantity()->set_value(DecimalOf(line.quantity_micro));
    sent.set_operation(line.operation);
  }
  for (const domain::TimeWindow& window : given.windows) {
    v1::TimeWindow& sent = *product.add_time_windows();
    sent.set_id(window.id);
    sent.set_from_operation(window.from_operation);
    sent.set_from_event(std::string(NameOf(window.from_event)));
    sent.set_to_operation(window.to_operation);
    sent.set_to_event(std::string(NameOf(window.to_event)));
    if (window.min_seconds) sent.set_min_seconds(*window.min_seconds);
    if (window.max_seconds) sent.set_max_seconds(*window.max_seconds);
    sent.set_late_action(std::string(NameOf(window.late_action)));
  }
  return product;
}

Model ReferenceModel() {
  std::vector<std::pair<std::string, std::string>> texts;
  const std::filesystem::path folder = std::filesystem::path(MES_SOURCE_FOLDER) / "deploy" / "plant";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    texts.emplace_back(entry.path().lexically_relative(folder).generic_string(),
                       std::string(std::istreambuf_iterator<char>(file), {}));
  }
  std::vector<services::PlantText> files;
  for (const auto& [path, content] : texts) files.push_back({path, content});
  const services::PlantReading reading = services::ReadPlant(files);
  EXPECT_TRUE(reading.faults.empty());
  std::vector<v1::Material> materials;
  std::vector<v1::ProductDefinition> products;
  std::vector<v1::Station> stations;
  for (const domain::Material& material : reading.draft.materials) materials.push_back(MaterialOf(material));
  for (const domain::ProductRevision& product : reading.draft.products) {
    for (const domain::Material& material : reading.draft.materials) {
      if (material.code == product.product_code) products.push_back(DefinitionOf(product, material));
    }
    const auto lines = reading.draft.lines.find(product.product_code);
    for (int line = 1; line <= (lines == reading.draft.lines.end() ? 1 : lines->second); ++line) {
      for (const domain::Operation& operation : product.operations) {
        for (int number = 1; number <= operation.stations_per_line; ++number) {
          v1::Station& station = stations.emplace_back();
          station.set_line_code(product.product_code + "." + std::to_string(line));
          station.set_code(station.line_code() + "." + operation.code + "." + std::to_string(number));
          station.set_product_code(product.product_code);
          station.add_operations(operation.number);
        }
      }
    }
  }
  return BuildModel(materials, products, stations, 4);
}

Plan PlanOf(uint32_t seed, int cars, int trucks, int stacks) {
  return MakePlan(ReferenceModel(), {seed, cars, trucks, stacks, -1, kStart, true});
}

TEST(SimulateTest, TheSameSeedTellsTheSameStory) {
  const Plan one = PlanOf(7, 1, 0, 0);
  const Plan two = PlanOf(7, 1, 0, 0);
  ASSERT_EQ(one.total, two.total);
  for (size_t s = 0; s < one.scripts.size(); ++s) {
    ASSERT_EQ(one.scripts[s].size(), two.scripts[s].size());
    for (uint32_t i = 1; i <= one.scripts[s].size(); ++i) {
      v1::StationEvent a, b;
      BuildEvent(one, static_cast<int>(s), i, a);
      BuildEvent(two, static_cast<int>(s), i, b);
      ASSERT_EQ(a.ShortDebugString(), b.ShortDebugString());
    }
  }
}

TEST(SimulateTest, AnotherSeedTellsAnotherStory) { EXPECT_NE(PlanOf(7, 1, 0, 0).total, PlanOf(8, 1, 0, 0).total); }

// Each event once its dependencies are acknowledged, one at a time, ends with everything told.
TEST(SimulateTest, EveryEventCanBeSentInTheEnd) {
  const Plan plan = PlanOf(3, 1, 1, 1);
  std::vector<uint32_t> acked(plan.scripts.size() + 1, 0);
  const auto met = [&](const Ref& ref) { return acked[ref.script] >= ref.sequence; };
  int64_t told = 0;
  for (bool moved = true; moved;) {
    moved = false;
    while (acked.back() < plan.office.size() &&
           (plan.office[acked.back()].after.sequence == 0 || met(plan.office[acked.back()].after))) {
      ++acked.back();
      moved = true;
    }
    for (size_t s = 0; s < plan.scripts.size(); ++s) {
      for (; acked[s] < plan.scripts[s].size(); ++acked[s], ++told, moved = true) {
        const PlannedEvent& event = plan.scripts[s][acked[s]];
        bool ready = true;
        for (uint32_t i = 0; i < event.dependencies; ++i) ready = ready && met(plan.dependencies[event.first_dependency + i]);
        if (!ready) break;
      }
    }
  }
  EXPECT_EQ(told, plan.total);
  EXPECT_EQ(acked.back(), plan.office.size());
}

TEST(SimulateTest, EveryOrderIsMetAndItsBooksBalance) {
  const Plan plan = PlanOf(5, 2, 1, 1);
  for (const Order& order : plan.orders) {
    if (order.bought_instead) continue;
    EXPECT_EQ(order.started, order.good + order.scrapped) << order.code;
    if (!plan.model.items[order.item].IsLot()) EXPECT_GE(order.good, order.supplement ? 0 : order.ordered) << order.code;
  }
}

// As many good ones as ordered, all of the story's starts accounted for, and never more under way than the order still allows.
void ExpectMet(const Plan& plan) {
  for (const Order& order : plan.orders) {
    if (order.bought_instead) continue;
    EXPECT_EQ(order.started, order.good + order.scrapped) << order.code;
    if (plan.model.items[order.item].IsLot()) continue;
    EXPECT_EQ(order.good, order.supplement ? order.ordered - order.scrapped : order.ordered) << order.code;
  }
}

// Scrapped packs and systems ask for modules, and these for cells, that no order has: these seeds scrap some of each.
TEST(SimulateTest, TheUsualDemandIsMetWhateverIsScrapped) {
  const Model model = ReferenceModel();
  for (const uint32_t seed : {1u, 4u, 7u, 8u, 10u, 14u, 15u, 16u, 19u, 23u, 24u, 28u}) {
    SCOPED_TRACE(seed);
    ASSERT_NO_THROW(ExpectMet(MakePlan(model, {seed, 20, 10, 40, -1, kStart, true})));
  }
}

TEST(SimulateTest, ASmallDemandIsMetWhateverIsScrapped) {
  const Model model = ReferenceModel();
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const int cars = 1 + static_cast<int>(seed % 3), trucks = static_cast<int>(seed / 3 % 3), stacks = static_cast<int>(seed % 4);
    ASSERT_NO_THROW(ExpectMet(MakePlan(model, {seed, cars, trucks, stacks, -1, kStart, true})));
  }
}

TEST(SimulateTest, ATruckHoldsItsCells) {
  const Plan plan = PlanOf(5, 0, 1, 0);
  const int truck = plan.model.ItemOf("VEH-TRK-BEV");
  std::function<int(uint32_t)> cells = [&](uint32_t unit) {
    int count = plan.model.items[plan.units[unit].item].code == "CELL-LFP-228";
    for (const uint32_t part : plan.units[unit].inside) count += cells(part);
    return count;
  };
  int trucks = 0;
  for (uint32_t unit = 0; unit < plan.units.size(); ++unit) {
    if (static_cast<int>(plan.units[unit].item) != truck || plan.units[unit].status != Status::kFinished) continue;
    EXPECT_EQ(cells(unit), 576);
    ++trucks;
  }
  EXPECT_EQ(trucks, 1);
}

domain::ProcessRule RuleOf(domain::ProcessRuleKind kind) {
  domain::ProcessRule rule;
  rule.code = NameOf(kind);
  rule.kind = kind;
  rule.count = kind == domain::ProcessRuleKind::kSameCodeStreak ? 3 : 5;
  rule.window = 50;
  rule.min_runs = 20;
  rule.alarm_points = 5;
  rule.stop_points = 10;
  return rule;
}

// First runs as the server sees them: of each station and of each line's operation.
struct Watch {
  const Plan& plan;
  bool only_stops = false;
  std::map<std::pair<std::string, int>, domain::RunRing> rings;  // by station or line, and operation
  std::set<std::pair<uint32_t, int>> seen;                       // unit, operation
  std::vector<std::string> fired;

  void Judge(domain::ProcessRuleKind kind, const std::string& place, const Operation& operation, const domain::FirstRun& run) {
    domain::RunRing& ring = rings[{place, operation.number + 10'000 * static_cast<int>(kind)}];
    const auto at = domain::Insert(ring, run, kind == domain::ProcessRuleKind::kYieldWindow ? 64 : 16);
    if (!at) return;
    const auto pattern = domain::FindPattern(RuleOf(kind), ring.runs, *at, operation.first_pass_yield);
    if (!pattern) return;
    if (only_stops && kind == domain::ProcessRuleKind::kYieldWindow && !pattern->stops) return;
    fired.push_back(std::string(NameOf(kind)) + " at " + place + " " + operation.code);
  }
  void Add(uint32_t unit, int station, const Operation& operation, int64_t time, bool pass, const std::string& code) {
    if (!seen.emplace(unit, operation.number).second) return;
    domain::FirstRun run;
    run.time = domain::Time(std::chrono::microseconds(time));
    run.pass = pass;
    run.failure_code = code;
    const PlantStation& at = plan.model.stations[static_cast<size_t>(station)];
    Judge(domain::ProcessRuleKind::kSameCodeStreak, at.code, operation, run);
    const std::string line = "line " + std::to_string(at.line);
    Judge(domain::ProcessRuleKind::kAnyCodeStreak, line, operation, run);
    Judge(domain::ProcessRuleKind::kYieldWindow, line, operation, run);
  }
  void Tell(int station, uint32_t sequence) {
    const PlannedEvent& planned = plan.scripts[static_cast<size_t>(station)][sequence - 1];
    if (planned.kind != Kind::kCompleted) return;
    const Item& item = plan.model.items[static_cast<size_t>(plan.model.stations[static_cast<size_t>(station)].item)];
    const Operation& operation = item.operations[planned.operation];
    if (planned.flags & kOnCarrier) {
      for (const Carrier::Slot& slot : plan.carriers[planned.subject].slots) {
        if (slot.outcome == Outcome::kMissing) continue;
        Add(slot.unit, station, operation, planned.time, slot.outcome == Outcome::kPass, "ANY");
      }
      return;
    }
    Add(planned.subject, station, operation, planned.time, (planned.flags & kFails) == 0, "ANY");
  }
};

// Tells a story, each event once its dependencies are met: stations in turn of their places, or the other way round, and each as far
// as it can at once or one event at a time.
void TellAll(const Plan& plan, bool backwards, bool greedy, Watch& watch) {
  std::vector<uint32_t> acked(plan.scripts.size() + 1, 0);
  const auto met = [&](const Ref& ref) { return ref.sequence == 0 || acked[ref.script] >= ref.sequence; };
  for (bool moved = true; moved;) {
    moved = false;
    for (; acked.back() < plan.office.size() && met(plan.office[acked.back()].after); moved = true) ++acked.back();
    for (size_t turn = 0; turn < plan.scripts.size(); ++turn) {
      const size_t s = backwards ? plan.scripts.size() - 1 - turn : turn;
      while (acked[s] < plan.scripts[s].size()) {
        const PlannedEvent& event = plan.scripts[s][acked[s]];
        bool ready = true;
        for (uint32_t i = 0; i < event.dependencies; ++i) ready = ready && met(plan.dependencies[event.first_dependency + i]);
        if (!ready) break;
        watch.Tell(static_cast<int>(s), ++acked[s]);
        moved = true;
        if (!greedy) break;
      }
    }
  }
}

// Every failure counts as of one code here: no streak may need different ones to be harmless.
TEST(SimulateTest, AnOrdinaryStoryIsStoppedByNoRuleInWhateverOrderItsEventsArrive) {
  const Model model = ReferenceModel();
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    const Plan plan = MakePlan(model, {seed, 2, 1, 2, -1, kStart, true});
    for (const bool backwards : {false, true}) {
      for (const bool greedy : {false, true}) {
        SCOPED_TRACE(testing::Message() << seed << (backwards ? " backwards" : "") << (greedy ? " greedy" : ""));
        Watch watch{plan, false, {}, {}, {}};
        TellAll(plan, backwards, greedy, watch);
        EXPECT_TRUE(watch.fired.empty()) << watch.fired.size() << ", the first: " << watch.fired.front();
      }
    }
  }
}

TEST(SimulateTest, YieldsStayNearThePlannedOnes) {
  const Plan plan = PlanOf(1, 20, 0, 0);
  int64_t runs = 0, passes = 0;
  double planned = 0;
  for (const auto& [key, count] : plan.yields) {
    runs += count.first_runs;
    passes += count.first_passes;
    planned += static_cast<double>(count.first_runs) * plan.model.items[key[1]].operations[key[2]].first_pass_yield;
  }
  const double share = static_cast<double>(passes) / static_cast<double>(runs);
  EXPECT_NEAR(share, planned / static_cast<double>(runs), 0.002);
  EXPECT_LT(share, 1);
}

TEST(SimulateTest, AnExcursionBeginsAfterTheLastPointThatBrokeNoRule) {
  const std::vector<double> in_control = {1, -1, 1, -1, 1, -1};
  EXPECT_EQ(FindExcursion(in_control, -3, 0, 3).alarm, in_control.size());
  EXPECT_EQ(FindExcursion({1, -1, 4}, -3, 0, 3).last_in_control, 1u);
  EXPECT_EQ(FindExcursion({1, -1, 4}, -3, 0, 3).alarm, 2u);
  // The ninth on one side, and all after it, are not in control.
  const Excursion side = FindExcursion({-1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 4}, -3, 0, 3);
  EXPECT_EQ(side.last_in_control, 8u);
  EXPECT_EQ(side.alarm, 11u);
  // The sixth of a trend.
  const Excursion trend = FindExcursion({-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5}, -3, 0, 3);
  EXPECT_EQ(trend.last_in_control, 4u);
  EXPECT_EQ(trend.alarm, 6u);
}

TEST(SimulateTest, GoodValuesAreInLimitsAndBadOnesAreNot) {
  const Model model = ReferenceModel();
  for (const Item& item : model.items) {
    for (const Operation& operation : item.operations) {
      for (const Characteristic& c : operation.characteristics) {
        for (uint64_t draw = 0; draw < 300; ++draw) {
          const double good = ValueOf(c, Mix(draw), false);
          EXPECT_TRUE(good >= c.lower && good <= c.upper) << item.code << " " << c.code << " " << good;
          const double bad = ValueOf(c, Mix(draw), true);
          EXPECT_FALSE(bad >= c.lower && bad <= c.upper) << item.code << " " << c.code << " " << bad;
        }
      }
    }
  }
}

TEST(SimulateTest, CodesOfTractionBatteriesHave24CharactersAndTheDayOfEngraving) {
  constexpr int64_t kDayOfNovember = 1'795'564'800LL * kSecond;  // 2026-11-24T16:00:00Z: the 25th in Asia/Shanghai
  const std::string code = Gbt34014('C', 5, 1, kDayOfNovember, 42);
  EXPECT_EQ(code.size(), 24u);
  EXPECT_EQ(code.substr(3, 2), "CB");
  EXPECT_EQ(code.substr(14, 3), "GBS");
  EXPECT_EQ(code.substr(17), "0000042");
}

TEST(SimulateTest, SystemsTakeTheStacksThatTrucksLeave) {
  EXPECT_EQ(SystemsForOwnStacks(40, 10), 22);
  EXPECT_EQ(SystemsForOwnStacks(0, 1), 0);
}

}  // namespace
}  // namespace mes::mesctl::simulate
