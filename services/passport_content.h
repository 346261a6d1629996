// What a unit's passport says now: recorded identity, masses and substances counted through the as-built genealogy (where parts were
// replaced since: through what is in it now, and the entries say so), recycled content of the lots in it, status of its life, and the facts
// that count (the unit's before its model's before the plant's). Reads only.
#pragma once

#include <string>
#include <vector>

#include "db/passport.h"
#include "db/unit.h"
#include "domain/life.h"
#include "domain/passport.h"
#include "services/rpc.h"

namespace mes::services {

// A unit that has, or may have, a passport.
struct PassportSubject {
  int64_t id = 0;
  db::StoredUnit stored;
  const domain::Material* material = nullptr;
  const domain::ProductRevision* revision = nullptr;
  domain::PassportKind kind = domain::PassportKind::kBattery;
  domain::Life life;
  std::string plant_namespace;
};

// Where a product stands in the plant: `area` of families.json (cell, module, pack, system, stack, lot products others); empty = none.
std::string AreaOf(const domain::Material& material);

// Packs, battery systems and stacks; modules and cells where a category was declared for them, since only those are placed on the market
// by themselves. Errors: UNIT_UNKNOWN, UNIT_STATE (on its route), DOCUMENT_UNAVAILABLE (no passport for such a unit).
domain::Result<PassportSubject> FindSubject(Call& call, const std::string& unit_code);

// When the unit was recycled, by itself or with what is around it; empty = it was not.
std::optional<domain::Time> RecycledAt(Call& call, int64_t unit_id);

// The entries: all attributes of the kind in their order, unknown ones too. Errors: LIMIT_EXCEEDED (too large a genealogy).
domain::Result<std::vector<domain::PassportEntry>> PassportEntries(Call& call, const PassportSubject& subject);

// The newest fact of each attribute and subject and scope for a unit, narrower scopes first. What the plant says of itself as
// manufacturer is no fact of what it bought.
std::vector<db::Fact> FactsFor(Call& call, const db::StoredUnit& stored);
domain::PassportEntry EntryOf(const db::Fact& fact);

// The as-built genealogy below a unit, read level by level; for a partner's caller what of it is still there.
struct Structure {
  std::vector<domain::Edge> edges;
  // Everything met, the unit with it, and those of it that something is in.
  std::vector<int64_t> ids;
  std::vector<int64_t> with_parts;
  // What gave way to something else since, or to nothing.
  std::vector<domain::ReplacedPart> replaced;
};
// `max_depth` 0 = all levels. Errors: LIMIT_EXCEEDED.
domain::Result<Structure> LoadStructure(Call& call, const domain::Unit& unit, int32_t max_depth);
// What is in it now, all levels; `replaced` is empty. Errors: LIMIT_EXCEEDED.
domain::Result<Structure> LoadPresentStructure(Call& call, int64_t unit_id);

// Calendar day in Asia/Shanghai, YYYY-MM-DD.
std::string DayText(domain::Time time);

}  // namespace mes::services
