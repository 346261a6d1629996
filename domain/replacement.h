// Parts taken out of units that have left their route, and put in: in the plant's rework area, in a workshop, at a dismantler.
// Stations do the same by events while a unit is on its route.
//
// The judgement tells every reason against it and everything that it brings about, so that the same function answers a dry run.
// Forced means: although a hold or the place inside another unit says no; it needs the role that may release the reason, and
// stays marked.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/life.h"
#include "domain/world.h"

namespace mes::domain {

struct Replacement {
  std::string unit_code;
  // Either may be empty: only put in, only taken out.
  std::string removed_code;
  std::string installed_code;
  bool forced = false;
  std::string reason;
  std::string person;
  std::string role;
  std::string evidence;
  Time occur_time{};
};

struct ReplacementVerdict {
  // Why not.
  std::vector<Refusal> refusals;
  // What forcing overrode; only of forced ones.
  std::vector<Refusal> overridden;
  int64_t unit_id = 0;
  int64_t removed_id = 0;
  int64_t installed_id = 0;
  // The position.
  int16_t line = 0;
  int16_t slot = 0;
  // Empty positions for serials in the unit before and after.
  int32_t missing_before = 0;
  int32_t missing_after = 0;
  bool gap_after = false;
  // Operations from the part's own on that the unit has passed: what rests on it.
  std::vector<int16_t> resting_operations;
  // What the unit is inside of, from the nearest to the outermost.
  std::vector<int64_t> around_ids;
  // Where the outermost unit stands in its life; the part has lived it too.
  Life around;
  // Records to be added to the parts' lives.
  std::optional<LifeRecord> removed_life;
  std::optional<LifeRecord> installed_life;

  bool Go() const { return refusals.empty(); }
};

// `lives`: of the unit, everything around it and both parts, by unit; those missing have no records.
ReplacementVerdict JudgeReplacement(const World& world, const Replacement& replacement,
                                    const std::unordered_map<int64_t, Life>& lives);

// Does what was judged: moves the units, leaves rows and edges under the event (station 0, epoch 0 out and 1 in, `change_id`).
void Replace(World& world, const Replacement& replacement, const ReplacementVerdict& verdict, int64_t change_id);

}  // namespace mes::domain
