// Where lives are kept: the records, and the fold of them beside, one row per unit. Callers lock the units first (db/world).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/transaction.h"
#include "domain/life.h"
#include "domain/replacement.h"

namespace mes::db {

// Of those that have records.
std::unordered_map<int64_t, domain::Life> LoadLives(Transaction& transaction, const std::vector<int64_t>& unit_ids);
// Stores a record and the life after it.
void InsertLifeRecord(Transaction& transaction, int64_t unit_id, const domain::LifeRecord& record, const domain::Life& after);
// Many, in order; set-wise.
struct LivedRecord {
  int64_t unit_id = 0;
  domain::LifeRecord record;
  domain::Life after;
};
void InsertLifeRecords(Transaction& transaction, const std::vector<LivedRecord>& records);
// The life of a unit that begins as the second one of another, and that link.
void InsertSecondLife(Transaction& transaction, int64_t old_unit_id, int64_t new_unit_id, const domain::Life& life,
                      domain::Time time);

struct StoredLifeRecord {
  int64_t id = 0;
  domain::LifeRecord record;
};
class RowReader;
#define MES_LIFE_COLUMNS                                                                                                        \
  "event, occur_time, record_time, person, party, place, evidence, other_code, used, reverse_time, reverse_person, reverse_reason "
domain::LifeRecord ReadLifeRecord(RowReader& reader);
// Oldest first, after `after_id`.
std::vector<StoredLifeRecord> ListLifeRecords(Transaction& transaction, int64_t unit_id, int64_t after_id, int limit);

// Taking records back. By unit, oldest first, those that stand.
std::unordered_map<int64_t, std::vector<StoredLifeRecord>> LoadStandingRecords(Transaction& transaction,
                                                                               const std::vector<int64_t>& unit_ids);
// The lives that those of these units began with which are the second ones of others.
std::unordered_map<int64_t, domain::Life> LoadLivesBegun(Transaction& transaction, const std::vector<int64_t>& unit_ids);
bool HasLifeRecord(Transaction& transaction, int64_t unit_id, int64_t record_id);
// What rests on these records, by record; but for newer records and the plant's state of the unit, which callers see themselves, and for
// places that these captured events brought about.
std::unordered_map<int64_t, std::vector<domain::LifeResting>> LoadResting(Transaction& transaction,
                                                                          const std::vector<int64_t>& record_ids,
                                                                          const std::vector<int64_t>& captured);
struct ReversedRecord {
  int64_t unit_id = 0;
  int64_t record_id = 0;
  // None: no record stands any more.
  std::optional<domain::Life> life;
};
// Marks them and stores the lives without them; of several of a unit the last one's.
void ReverseLifeRecords(Transaction& transaction, const std::vector<ReversedRecord>& records, const domain::LifeReversal& reversal);

// Codes of the unit before and after in a chain of lives; empty = none.
struct LifeLinks {
  std::string first_life_code;
  std::string second_life_code;
};
LifeLinks LoadLifeLinks(Transaction& transaction, int64_t unit_id);

// The outermost unit around this one; itself where nothing is.
int64_t FindOutermost(Transaction& transaction, int64_t unit_id);

// Takes a number for a replacement, and stores it under that number.
int64_t TakeReplacementId(Transaction& transaction);
void InsertReplacement(Transaction& transaction, int64_t replacement_id, const domain::Replacement& replacement,
                       const domain::ReplacementVerdict& verdict, domain::Time now);

struct StoredReplacement {
  int64_t id = 0;
  domain::Replacement replacement;
  std::vector<std::string> overridden;
  int16_t line = 0;
  int16_t slot = 0;
  domain::Time record_time{};
};
// Oldest first, after `after_id`; codes as they are now.
std::vector<StoredReplacement> ListReplacements(Transaction& transaction, int64_t unit_id, int64_t after_id, int limit);

}  // namespace mes::db
