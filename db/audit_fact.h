// Facts under the audit's chain: the rows that a commit stored about units (events, refused events, edges, consumptions), counted
// and hashed by station, and the same read back from the tables. What a row's bytes are is said once, here and in
// db/event_row.cc: all its columns, but of an event's flags not the one that a later reversal sets, and of an edge's end not its
// time, which rests on both its events.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "db/transaction.h"
#include "domain/audit.h"
#include "domain/world.h"

namespace mes::db {

// Record time, station, epoch.
using FactKey = std::tuple<domain::Time, int32_t, int32_t>;

// The hash of a group's rows of one table; the order in which they come does not matter.
domain::FactDigest DigestOf(std::vector<std::string> facts);

// Writes the audit entry of what StoreWorld stored; nothing where that is nothing. Throws AuditRefused.
void InsertFactEntry(Transaction& transaction, const domain::World& world);
// The groups of such an entry; throws std::runtime_error where its text is none.
std::vector<domain::FactGroup> FactGroupsIn(const std::string& new_value);

// Reads all facts in the order of their record times, with bounded memory, beside a chain that is in nearly the same order.
class FactReader {
 public:
  // Opens cursors, which live as long as the transaction.
  explicit FactReader(Transaction& transaction);
  ~FactReader();
  FactReader(const FactReader&) = delete;
  FactReader& operator=(const FactReader&) = delete;

  // The rows of one group, each once: they are gone from the reader then.
  std::vector<std::string> Take(domain::FactTable table, const domain::FactGroup& group);
  // Rows recorded before `until` that nobody took.
  struct Stray {
    domain::FactTable table;
    FactKey key;
    int64_t rows = 0;
    int64_t first_sequence = 0;
  };
  std::vector<Stray> TakeStrays(domain::Time until);
  // Rows read so far.
  int64_t rows() const;
  // Events whose mark as reversed and whose reversals disagree; right once all was read. Unit, station, epoch, sequence.
  using EventName = std::tuple<int64_t, int32_t, int32_t, int64_t>;
  std::vector<EventName> FalselyReversed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A row's fields, out of its bytes.
std::vector<std::optional<std::string>> FieldsOf(std::string_view fact);

}  // namespace mes::db
