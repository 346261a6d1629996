// Whatever stations report, and in whatever order it arrives: what was made, is on its way and was scrapped balances with the events.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "domain/utilisation.h"
#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::EventKind;
using domain::kMicro;
using domain::OutputCounts;

OutputCounts SumOf(const domain::World& world, int32_t material_id) {
  OutputCounts sum;
  for (const auto& [key, counts] : world.effects.outputs) {
    if (key.material_id == material_id) sum += counts;
  }
  return sum;
}

void Do(ShopFloor& floor, const std::string& unit, int16_t operation, int kind, bool pass) {
  floor.Wait(std::chrono::minutes(kind == 6 ? 61 : 1));
  const auto start = floor.StartOf("CELL", operation, floor.world().FindUnit(unit) == nullptr ? "ORD-CELL" : "");
  const auto end = [&] { floor.Say("CELL", operation, unit, pass ? floor.PassOf("CELL", operation) : floor.FailOf("CELL", operation)); };
  if (kind <= 4) {
    if (kind != 4) floor.Say("CELL", operation, unit, start);
    if (kind != 3) end();
  } else if (kind == 7) {
    if (!pass) floor.Say("CELL", operation, unit, domain::Scrapped{"BAD", 0});
  } else if (kind > 7) {
    // The station's last event or one before it.
    const int64_t last = floor.world().cursors[floor.StationOf("CELL", operation).id].last_sequence;
    floor.Say("CELL", operation, unit, domain::Reversed{1, last - kind % 3, "mistake", "li"});
  }
}

RC_GTEST_PROP(Utilisation, BalancesWithTheEventsOfAnyHistory, ()) {
  ShopFloor floor;
  const int32_t cell = floor.plant().FindMaterial("CELL")->id;
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int, bool>>>(rc::gen::tuple(
      rc::gen::inRange(1, 4), rc::gen::inRange(0, 9), rc::gen::inRange(0, 14), rc::gen::weightedElement<bool>({{4, true}, {1, false}})));
  for (const auto& [unit, pick, kind, pass] : steps) {
    const std::string code = "U" + std::to_string(unit);
    const domain::UnitEntry* entry = floor.world().FindUnit(code);
    int16_t operation = std::to_array<int16_t>({10, 20, 30})[static_cast<size_t>(pick) % 3];
    if (pick >= 3) {
      const int16_t next = entry == nullptr ? 10 : domain::NextOperation(*floor.plant().NewestRevision(cell), entry->unit.passed);
      if (next != 0) operation = next;
    }
    Do(floor, code, operation, kind, pass);
  }
  int64_t started = 0, finished = 0, scrapped = 0, in_process = 0;
  for (const auto& [id, entry] : floor.world().units) {
    if (entry.unit.material_id != cell) continue;
    started += kMicro;
    finished += entry.unit.status == domain::UnitStatus::kFinished ? kMicro : 0;
    scrapped += entry.unit.status == domain::UnitStatus::kScrapped ? kMicro : 0;
    in_process += entry.unit.status == domain::UnitStatus::kInProcess ? kMicro : 0;
  }
  int64_t completions = 0, taken_back = 0, scrapped_finished = 0;
  for (const domain::EventRow& row : floor.world().effects.rows) {
    if (row.kind != EventKind::kCompleted || (row.flags & domain::kFlagFinished) == 0) continue;
    completions += kMicro;
    if ((row.flags & domain::kFlagReversed) != 0) {
      taken_back += kMicro;
    } else if (floor.world().units.at(row.unit_id).unit.status == domain::UnitStatus::kScrapped) {
      scrapped_finished += kMicro;
    }
  }
  const OutputCounts sum = SumOf(floor.world(), cell);
  RC_ASSERT(sum.started_micro == started);
  RC_ASSERT(sum.good_micro == finished);
  RC_ASSERT(sum.scrapped_micro == scrapped);
  RC_ASSERT(sum.InProcessMicro() == in_process);
  RC_ASSERT(sum.reversed_micro == taken_back);
  RC_ASSERT(completions == sum.good_micro + sum.reversed_micro + scrapped_finished);
  RC_ASSERT(sum.started_micro == floor.order("ORD-CELL").started_micro);
  RC_ASSERT(sum.good_micro == floor.order("ORD-CELL").good_micro);
  RC_ASSERT(sum.scrapped_micro == floor.order("ORD-CELL").scrapped_micro);
  RC_CLASSIFY(taken_back > 0, "taken back");
  RC_CLASSIFY(finished > 0, "finished");
}

// A unit's whole story, with its own times.
struct Story {
  std::string code;
  std::vector<std::pair<int16_t, domain::StationEvent>> events;
  size_t told = 0;
};

Story StoryOf(const ShopFloor& floor, const std::string& code, domain::Time begin, bool scrapped) {
  Story story{code, {}, 0};
  const auto add = [&](int16_t operation, auto what, std::chrono::seconds at) {
    domain::StationEvent event;
    event.unit_code = code;
    event.occur_time = begin + at;
    event.what = std::move(what);
    story.events.emplace_back(operation, std::move(event));
  };
  add(10, floor.StartOf("CELL", 10, "ORD-CELL"), std::chrono::seconds(0));
  add(10, floor.PassOf("CELL", 10), std::chrono::seconds(600));
  add(20, floor.StartOf("CELL", 20), std::chrono::seconds(700));
  add(20, floor.PassOf("CELL", 20), std::chrono::seconds(1'500));
  if (scrapped) {
    add(20, domain::Scrapped{"BAD", 0}, std::chrono::seconds(1'600));
    return story;
  }
  add(30, floor.StartOf("CELL", 30), std::chrono::seconds(1'700));
  add(30, floor.PassOf("CELL", 30), std::chrono::seconds(1'800));
  return story;
}

RC_GTEST_PROP(Utilisation, DoesNotDependOnTheOrderInWhichLateEventsArrive, ()) {
  // Some begin before 08:00 and end after it.
  const auto begins = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100)));
  const auto picks = *rc::gen::container<std::vector<int>>(begins.size() * 6, rc::gen::inRange(0, 1'000));
  const auto tell = [&](bool shuffled) {
    ShopFloor floor;
    std::vector<Story> stories;
    for (size_t i = 0; i < begins.size(); ++i) {
      stories.push_back(StoryOf(floor, "U" + std::to_string(i), floor.now() + std::chrono::minutes(30 * begins[i]), i % 3 == 2));
    }
    for (size_t step = 0, left = stories.size(); left > 0; ++step) {
      // In turn, or whoever is drawn: another order of arrival for the same events.
      size_t at = shuffled ? static_cast<size_t>(picks[step % picks.size()]) % stories.size() : 0;
      while (stories[at].told == stories[at].events.size()) at = (at + 1) % stories.size();
      Story& story = stories[at];
      const auto& [operation, event] = story.events[story.told++];
      const auto verdict = floor.Say(floor.StationOf("CELL", operation), event);
      RC_ASSERT(verdict.outcome == domain::EventOutcome::kRecorded);
      if (story.told == story.events.size()) --left;
    }
    return floor.world().effects.outputs;
  };
  const domain::Outputs in_turn = tell(false), shuffled = tell(true);
  RC_ASSERT(in_turn == shuffled);
}

TEST(Utilisation, RestatesTheDayOfACompletionThatIsTakenBack) {
  ShopFloor floor;
  floor.Run("CELL", 10, "U1", true, "ORD-CELL");
  floor.Wait(std::chrono::minutes(15));
  floor.Run("CELL", 20, "U1");
  floor.Run("CELL", 30, "U1");
  const domain::Day day = domain::PlantDayOf(floor.now(), domain::ChinaStandardTime());
  floor.Wait(std::chrono::hours(48));
  const auto verdict = floor.Say("CELL", 30, "U1", domain::Reversed{1, 2, "wrong gauge", "li"});
  ASSERT_EQ(verdict.outcome, domain::EventOutcome::kRecorded) << ReasonsOf(verdict.refusals);
  const domain::OutputKey key{floor.plant().FindMaterial("CELL")->id, day, floor.StationOf("CELL", 30).line_id};
  EXPECT_EQ(floor.world().effects.outputs.at(key), (OutputCounts{kMicro, 0, 0, kMicro, 0, 0}));
}

TEST(Utilisation, CountsWhatIsBuiltInAndTakenOutAgain) {
  ShopFloor floor;
  floor.Receive("HSG", "H1");
  floor.Make("CELL", "C1");
  floor.Run("PACK", 10, "P1", true, "ORD-PACK");
  floor.Say("PACK", 20, "P1", floor.StartOf("PACK", 20));
  ASSERT_EQ(floor.Say("PACK", 20, "P1", domain::Installed{"C1", 0}).outcome, domain::EventOutcome::kRecorded);
  const int32_t cell = floor.plant().FindMaterial("CELL")->id;
  EXPECT_EQ(SumOf(floor.world(), cell).consumed_micro, kMicro);
  ASSERT_EQ(floor.Say("PACK", 20, "P1", domain::Removed{"C1", "scratch"}).outcome, domain::EventOutcome::kRecorded);
  EXPECT_EQ(SumOf(floor.world(), cell).consumed_micro, 0);
  EXPECT_EQ(SumOf(floor.world(), floor.plant().FindMaterial("HSG")->id), OutputCounts{}) << "bought parts are not counted";
}

TEST(Utilisation, TellsFreeUnattainableAndAvailable) {
  const domain::Utilisation half = domain::UtilisationOf({100, 50, 30, 5, 40});
  EXPECT_DOUBLE_EQ(half.free, 30);
  EXPECT_DOUBLE_EQ(half.unattainable, 20);
  EXPECT_DOUBLE_EQ(half.available, 10);
  const domain::Utilisation over = domain::UtilisationOf({100, 0, 0, 0, 140});
  EXPECT_DOUBLE_EQ(over.free, -40) << "over-commitment is told, not hidden";
}

}  // namespace
}  // namespace mes::tests
