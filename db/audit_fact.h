// Facts under the audit's chain: the rows that a commit stored about units (events, refused events, edges, consumptions, conditions,
// splits, merges, what was recycled), counted and hashed by station, and the same read back from the tables. What a row's bytes are
// is said once, here and in db/event_row.cc: all its columns, but of an event's flags not the one that a later reversal sets, and of
// what was recycled not when it was taken apart. An edge's end names the edge that it ends, a reversal the consumption.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "db/transaction.h"
#include "domain/audit.h"
#include "domain/world.h"

namespace pqxx {
class result;
}

namespace mes::db {

// Record time, station, epoch.
using FactKey = std::tuple<domain::Time, int32_t, int32_t>;

// The hash of a group's rows of one table; the order in which they come does not matter.
domain::FactDigest DigestOf(std::vector<std::string> facts);

// One row as a fact.
struct Fact {
  domain::FactTable table;
  domain::Time record_time{};
  domain::EventKey event;
  std::string bytes;
};
// The columns of a fact behind its key, for reading it back and for the `returning` of the statement that stores it: of edges' ends as
// `a`, of those taken back as `c`, of the office's acts by their bare names. Of the rest the bytes are made of what was told to
// be stored.
#define MES_REMOVAL_FACT                                                                                                         \
  "a.remove_record_time, a.remove_station, a.remove_epoch, a.remove_sequence, false, a.child_id, a.remove_record_time, "         \
  "a.remove_sequence, a.remove_station, a.remove_epoch, coalesce(a.void_end, a.remove_time), a.parent_id, "                      \
  "a.install_record_time, a.install_sequence, a.install_station, a.install_epoch, a.line, a.slot"
#define MES_REVERSAL_FACT                                                                                                 \
  "c.reverse_record_time, c.station_id, c.epoch, c.sequence, false, c.consumer_id, c.reverse_record_time, c.sequence, "   \
  "c.station_id, c.epoch, c.lot_id, c.record_time, c.line"
#define MES_VOID_FACT                                                                                                           \
  "a.void_record_time, a.install_station, a.install_epoch, a.install_sequence, false, a.child_id, a.void_record_time, "         \
  "a.remove_time, a.void_end, a.parent_id, a.install_record_time, a.install_sequence, a.install_station, a.install_epoch, "     \
  "a.line, a.slot"
#define MES_LOT_EDGE_FACT                                                                                                   \
  "record_time, station_id, epoch, sequence, false, lot_id, consumer_id, quantity_micro, consume_time, record_time, kind, " \
  "request_id, sequence, station_id, epoch, operation, line"
#define MES_RECYCLED_UNIT_FACT                                                                                                    \
  "record_time, 0, 0, 0, false, unit_id, recycling_batch_id, receive_time, record_time, observations, total_ug, mass_known, battery"
#define MES_RECOVERED_LOT_FACT \
  "record_time, 0, 0, 0, false, unit_id, recycling_batch_id, recover_time, record_time, person, evidence"
void AppendFacts(domain::FactTable table, const pqxx::result& rows, std::vector<Fact>& facts);

// Writes the audit entry of what StoreWorld stored and of `more`; nothing where that is nothing. Throws AuditRefused.
void InsertFactEntry(Transaction& transaction, const domain::World& world, std::vector<Fact> more);
// The same of what an act of the office stored, which no station reports. Rows of one record time, station and epoch are one group,
// whatever their tables: each call of this, and StoreWorld, needs a record time of its own within a transaction.
void InsertOfficeFacts(Transaction& transaction, domain::Time now, domain::FactTable table, const pqxx::result& rows);
// The groups of such an entry; throws std::runtime_error where its text is none.
std::vector<domain::FactGroup> FactGroupsIn(const std::string& new_value);

// Reads all facts in the order of their record times, with bounded memory, beside a chain that is in nearly the same order.
class FactReader {
 public:
  // Only rows recorded from then on and before.
  struct Period {
    domain::Time from{};
    domain::Time until{};
  };
  // Opens cursors, which live as long as the transaction.
  explicit FactReader(Transaction& transaction, const std::optional<Period>& period = std::nullopt);
  ~FactReader();
  FactReader(const FactReader&) = delete;
  FactReader& operator=(const FactReader&) = delete;

  // The rows of one group, each once and in the group's form: they are gone from the reader then.
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
