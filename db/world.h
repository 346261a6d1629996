// Loads the world that a batch of station events is decided in, and stores what the decisions left: a handful of set-wise
// statements each, whatever the batch's size.
//
// Locks are taken in one order (station cursors, units by id, orders by id, units that a hold reaches, outputs, lines, reports), so that
// several servers on one database are right by construction; two that meet wait, and a deadlock across codes, carriers and what a hold
// reaches is repeated by the pool.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/transaction.h"
#include "domain/station_event.h"
#include "domain/world.h"

namespace mes::db {

// What the events of a batch name.
struct WorldKeys {
  // Stations whose cursors are advanced; their events' numbers, for duplicates.
  std::set<int32_t> stations;
  struct Numbered {
    domain::EventKey key;
    domain::Time occur_time{};
  };
  std::vector<Numbered> events;
  // What the caller knows of them already; the others are looked for.
  std::map<domain::EventKey, domain::EarlierEvent> earlier;
  std::set<std::string> codes;
  std::set<std::string> carriers;
  // Loaded ones may be new.
  std::set<std::string> carriers_loaded;
  std::set<std::string> orders;
  std::set<std::string> persons;
  // Units whose positions or histories are needed.
  std::set<std::string> parents;
  std::set<std::string> reversed;
  std::set<std::string> completed;
  // Starts, completions and scraps, for the yield's past: by unit or carrier code; `again`: the batch has completed the unit there before.
  struct NamedRun {
    std::string code;
    int16_t operation = 0;  // 0 = the station does several
    domain::EventKind kind = domain::EventKind::kStarted;
    bool carrier = false;
    bool again = false;
  };
  std::vector<NamedRun> runs;
  std::unordered_map<std::string, int16_t> completed_in_batch;
  // Units that the batch itself puts into a carrier, by the carrier's code: what it runs then, they run.
  std::unordered_map<std::string, std::vector<std::string>> put_in;
  // Stations that complete runs: their control charts are needed.
  std::set<int32_t> completing;
  // Codes that the batch gives, with the code that the unit has until then.
  std::map<std::string, std::string> renames;
  // Rings of first runs that completions may move.
  std::set<domain::RunRingKey> rings;
  std::set<int32_t> lines;
  int64_t starts = 0;
  domain::Time from = domain::Time::max();
  domain::Time until = domain::Time::min();

  // `plant`: says which rules apply where.
  void Add(const domain::Plant& plant, const domain::Station& station, int32_t epoch, const domain::StationEvent& event);
  void AddRun(const domain::Station& station, const domain::StationEvent& event);

 private:
  void AddRings(const domain::Plant& plant, const domain::Station& station, const domain::StationEvent& event);
};

// A block of unit ids that a server has left; ids need not be gapless.
struct UnitIds {
  int64_t next = 0;
  int64_t end = 0;
};

// For ingest: locks cursors, units and orders until the transaction ends. `ids` is topped up.
domain::World LockWorld(Transaction& transaction, const domain::Plant& plant, domain::Time now, const WorldKeys& keys,
                        UnitIds& ids);
// For decisions that are no events and whose call began before the locks were had: moves `world.now` behind the last row of every unit
// that is locked, since record times are the order of a unit's rows. (Ingest reads the clock again instead.)
void MoveBehindRows(Transaction& transaction, domain::World& world);
// For CanStart: the same facts without locks.
domain::World LoadWorld(Transaction& transaction, const domain::Plant& plant, domain::Time now, const WorldKeys& keys);
// Writes the world's changes and effects. The ids of its pending holds, in order: to be spread once this is committed (db/hold_spread).
std::vector<int64_t> StoreWorld(Transaction& transaction, const domain::World& world);

// A unit's whole history, oldest first by record; for reversals and for the test that refolds.
std::vector<domain::EventRow> LoadHistory(Transaction& transaction, int64_t unit_id);

}  // namespace mes::db
