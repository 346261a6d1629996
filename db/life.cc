#include "db/life.h"

#include <map>

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kLoadLives = R"sql(
select unit_id, state, used, reused, remanufactured, repurposed, last_time
from unit_life
where unit_id = any($1::bigint[]))sql";

constexpr const char* kPutLives = R"sql(
insert into unit_life (unit_id, state, used, reused, remanufactured, repurposed, last_time)
select n.unit_id, n.state, n.used, n.reused, n.remanufactured, n.repurposed, n.last_time
from unnest($1::bigint[], $2::smallint[], $3::boolean[], $4::boolean[], $5::boolean[], $6::boolean[], $7::timestamptz[])
  n (unit_id, state, used, reused, remanufactured, repurposed, last_time)
on conflict (unit_id) do update
set
  state = excluded.state,
  used = excluded.used,
  reused = excluded.reused,
  remanufactured = excluded.remanufactured,
  repurposed = excluded.repurposed,
  last_time = excluded.last_time)sql";

constexpr const char* kInsertRecords = R"sql(
insert into life_record (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used)
select n.unit_id, n.event, n.occur_time, n.record_time, n.person, n.party, n.place, n.evidence, n.other_code, n.used
from unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::boolean[]) with ordinality
  n (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used, place_in_order)
order by n.place_in_order)sql";

constexpr const char* kInsertLink = R"sql(
insert into second_life (old_unit_id, new_unit_id, start_time)
values ($1, $2, $3::timestamptz))sql";

constexpr const char* kListRecords = "select life_record_id, " MES_LIFE_COLUMNS R"sql(
from life_record
where unit_id = $1
  and life_record_id > $2
order by life_record_id
limit $3)sql";

constexpr const char* kLoadStanding = "select unit_id, life_record_id, " MES_LIFE_COLUMNS R"sql(
from life_record
where unit_id = any($1::bigint[])
  and reverse_time is null
order by unit_id, life_record_id)sql";

constexpr const char* kHasRecord = R"sql(
select
from life_record
where unit_id = $1
  and life_record_id = $2)sql";

constexpr const char* kLoadBegun = R"sql(
select s.new_unit_id, s.start_time, old.used
from second_life s
join unit_life old on old.unit_id = s.old_unit_id
where s.new_unit_id = any($1::bigint[]))sql";

// Numbers are those of domain::LifeRest. Edges without length never were. What has one record time came in one document: there the
// times of what happened decide.
constexpr const char* kLoadResting = R"sql(
with recursive asked as (
  select life_record_id, unit_id, event, occur_time, record_time, evidence, other_code
  from life_record
  where life_record_id = any($1::bigint[])
), inside as (
  select unit_id as asked_id, unit_id, 0 as level
  from asked
  union
  select inside.asked_id, a.child_id, inside.level + 1
  from inside
  join assembly a on a.parent_id = inside.unit_id and a.remove_time is null
  where inside.level < 16
)
select life_record_id, 2::smallint, other_code
from asked
where event in (12, 13)
  and not exists (
    select 1 from captured_event c where asked.evidence = 'ni:///sha-256;' || encode(c.hash, 'hex') || '?ver=CBV2.0')
union all
select life_record_id, 3::smallint, other_code
from asked
where event = 8
union all
select asked.life_record_id, 4::smallint, s.shipment_id::text
from asked
join shipment_unit item on item.unit_id = asked.unit_id
join shipment s on s.shipment_id = item.shipment_id and s.record_time = asked.record_time
where asked.event = 2
union all
select asked.life_record_id, 5::smallint, r.recycling_batch_id::text
from asked
join recycling_unit r on r.unit_id = asked.unit_id
join recycling_batch b on b.recycling_batch_id = r.recycling_batch_id
where r.record_time >= asked.record_time
  or (asked.event = 10 and r.dismantle_time is not null)
  or (asked.event = 11 and b.state = 2)
union all
select asked.life_record_id, 6::smallint, parent.code
from asked
join assembly a on a.child_id = asked.unit_id
join unit parent on parent.unit_id = a.parent_id
where a.remove_time is distinct from a.install_time
  and (
    ((a.install_record_time, a.install_time) >= (asked.record_time, asked.occur_time)
      and not (a.install_station = 0 and a.install_epoch = 2 and a.install_sequence = any($2::bigint[])))
    or ((a.remove_record_time, a.remove_time) >= (asked.record_time, asked.occur_time)
      and not (a.remove_station = 0 and a.remove_epoch = 2 and a.remove_sequence = any($2::bigint[]))))
union all
select asked.life_record_id, 7::smallint, unit.code
from asked
join inside on inside.asked_id = asked.unit_id
join replacement r on r.unit_id = inside.unit_id and (r.record_time, r.occur_time) >= (asked.record_time, asked.occur_time)
join unit on unit.unit_id = r.unit_id
union all
select asked.life_record_id, 8::smallint, c.partner
from asked
join captured_event c on asked.evidence = 'ni:///sha-256;' || encode(c.hash, 'hex') || '?ver=CBV2.0'
order by 1, 2, 3)sql";

constexpr const char* kReverse = R"sql(
update life_record
set
  reverse_time = $2::timestamptz,
  reverse_person = $3,
  reverse_reason = $4
where life_record_id = any($1::bigint[]))sql";

constexpr const char* kDropLives = "delete from unit_life where unit_id = any($1::bigint[])";

constexpr const char* kLoadLinks = R"sql(
select
  coalesce((select unit.code from second_life join unit on unit.unit_id = second_life.old_unit_id where second_life.new_unit_id = $1), ''),
  coalesce((select unit.code from second_life join unit on unit.unit_id = second_life.new_unit_id where second_life.old_unit_id = $1), '')
)sql";

constexpr const char* kFindOutermost = R"sql(
with recursive around as (
  select unit_id, parent_id, 0 as level
  from unit
  where unit_id = $1
  union all
  select unit.unit_id, unit.parent_id, around.level + 1
  from around
  join unit on unit.unit_id = around.parent_id
  where around.level < 16
)
select unit_id
from around
order by level desc
limit 1)sql";

constexpr const char* kTakeReplacementId = "select nextval(pg_get_serial_sequence('replacement', 'replacement_id'))";

constexpr const char* kInsertReplacement = R"sql(
insert into replacement (replacement_id, unit_id, removed_id, installed_id, line, slot, forced, overridden, reason, person, role, evidence,
  occur_time, record_time)
overriding system value
values ($1, $2, nullif($3::bigint, 0), nullif($4::bigint, 0), $5, $6, $7, $8::text[], $9, $10, $11, $12, $13::timestamptz, $14::timestamptz)
)sql";

constexpr const char* kListReplacements = R"sql(
select r.replacement_id, coalesce(removed.code, ''), coalesce(installed.code, ''), r.line, r.slot, r.forced, r.overridden, r.reason,
  r.person, r.role, r.evidence, r.occur_time, r.record_time
from replacement r
left join unit removed on removed.unit_id = r.removed_id
left join unit installed on installed.unit_id = r.installed_id
where r.unit_id = $1
  and r.replacement_id > $2
order by r.replacement_id
limit $3)sql";

void PutLives(Transaction& transaction, const std::map<int64_t, domain::Life>& lives) {
  ArrayWriter unit, state, used, reused, remanufactured, repurposed, last;
  for (const auto& [id, life] : lives) {
    unit.Add(id), state.Add(life.state), used.Add(life.used), reused.Add(life.reused);
    remanufactured.Add(life.remanufactured), repurposed.Add(life.repurposed), last.Add(life.last_time);
  }
  Execute(transaction, kPutLives, unit.Take(), state.Take(), used.Take(), reused.Take(), remanufactured.Take(), repurposed.Take(),
          last.Take());
}

}  // namespace

std::unordered_map<int64_t, domain::Life> LoadLives(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::unordered_map<int64_t, domain::Life> lives;
  for (const pqxx::row& row : Execute(transaction, kLoadLives, ArrayOf(unit_ids))) {
    RowReader reader(row);
    domain::Life& life = lives[reader.Next<int64_t>()];
    life.state = reader.Next<domain::LifeState>();
    life.used = reader.Next<bool>();
    life.reused = reader.Next<bool>();
    life.remanufactured = reader.Next<bool>();
    life.repurposed = reader.Next<bool>();
    life.last_time = reader.NextOptional<domain::Time>();
  }
  return lives;
}

void InsertLifeRecords(Transaction& transaction, const std::vector<LivedRecord>& records) {
  if (records.empty()) return;
  ArrayWriter unit, event, occur, recorded, person, party, place, evidence, other, used;
  std::map<int64_t, domain::Life> lives;
  for (const LivedRecord& lived : records) {
    const domain::LifeRecord& record = lived.record;
    unit.Add(lived.unit_id), event.Add(record.event), occur.Add(record.occur_time), recorded.Add(record.record_time);
    person.Add(record.person), party.Add(record.party), place.Add(record.place), evidence.Add(record.evidence);
    other.Add(record.other_code), used.Add(record.used);
    lives[lived.unit_id] = lived.after;
  }
  Execute(transaction, kInsertRecords, unit.Take(), event.Take(), occur.Take(), recorded.Take(), person.Take(), party.Take(), place.Take(),
          evidence.Take(), other.Take(), used.Take());
  PutLives(transaction, lives);
}

void InsertLifeRecord(Transaction& transaction, int64_t unit_id, const domain::LifeRecord& record, const domain::Life& after) {
  InsertLifeRecords(transaction, {{unit_id, record, after}});
}

void InsertSecondLife(Transaction& transaction, int64_t old_unit_id, int64_t new_unit_id, const domain::Life& life,
                      domain::Time time) {
  Execute(transaction, kInsertLink, old_unit_id, new_unit_id, time);
  PutLives(transaction, {{new_unit_id, life}});
}

domain::LifeRecord ReadLifeRecord(RowReader& reader) {
  domain::LifeRecord record;
  record.event = reader.Next<domain::LifeEvent>();
  record.occur_time = reader.Next<domain::Time>();
  record.record_time = reader.Next<domain::Time>();
  record.person = reader.Next<std::string>();
  record.party = reader.Next<std::string>();
  record.place = reader.Next<std::string>();
  record.evidence = reader.Next<std::string>();
  record.other_code = reader.Next<std::string>();
  record.used = reader.Next<bool>();
  const auto reverse_time = reader.NextOptional<domain::Time>();
  domain::LifeReversal reversal{reverse_time.value_or(domain::Time()), reader.Next<std::string>(), ""};
  reversal.reason = reader.Next<std::string>();
  if (reverse_time) record.reversed = std::move(reversal);
  return record;
}

std::vector<StoredLifeRecord> ListLifeRecords(Transaction& transaction, int64_t unit_id, int64_t after_id, int limit) {
  std::vector<StoredLifeRecord> records;
  for (const pqxx::row& row : Execute(transaction, kListRecords, unit_id, after_id, limit)) {
    RowReader reader(row);
    const auto id = reader.Next<int64_t>();
    records.push_back({id, ReadLifeRecord(reader)});
  }
  return records;
}

std::unordered_map<int64_t, std::vector<StoredLifeRecord>> LoadStandingRecords(Transaction& transaction,
                                                                               const std::vector<int64_t>& unit_ids) {
  std::unordered_map<int64_t, std::vector<StoredLifeRecord>> standing;
  for (const pqxx::row& row : Execute(transaction, kLoadStanding, ArrayOf(unit_ids))) {
    RowReader reader(row);
    std::vector<StoredLifeRecord>& records = standing[reader.Next<int64_t>()];
    const auto id = reader.Next<int64_t>();
    records.push_back({id, ReadLifeRecord(reader)});
  }
  return standing;
}

std::unordered_map<int64_t, domain::Life> LoadLivesBegun(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::unordered_map<int64_t, domain::Life> begun;
  for (const pqxx::row& row : Execute(transaction, kLoadBegun, ArrayOf(unit_ids))) {
    RowReader reader(row);
    domain::Life& life = begun[reader.Next<int64_t>()];
    life.repurposed = true;
    life.last_time = reader.Next<domain::Time>();
    life.used = reader.Next<bool>();
  }
  return begun;
}

bool HasLifeRecord(Transaction& transaction, int64_t unit_id, int64_t record_id) {
  return !Execute(transaction, kHasRecord, unit_id, record_id).empty();
}

std::unordered_map<int64_t, std::vector<domain::LifeResting>> LoadResting(Transaction& transaction,
                                                                          const std::vector<int64_t>& record_ids,
                                                                          const std::vector<int64_t>& captured) {
  std::unordered_map<int64_t, std::vector<domain::LifeResting>> resting;
  for (const pqxx::row& row : Execute(transaction, kLoadResting, ArrayOf(record_ids), ArrayOf(captured))) {
    RowReader reader(row);
    domain::LifeResting& found = resting[reader.Next<int64_t>()].emplace_back();
    found.what = reader.Next<domain::LifeRest>();
    found.name = reader.Next<std::string>();
  }
  return resting;
}

void ReverseLifeRecords(Transaction& transaction, const std::vector<ReversedRecord>& records,
                        const domain::LifeReversal& reversal) {
  if (records.empty()) return;
  std::map<int64_t, std::optional<domain::Life>> last;
  for (const ReversedRecord& record : records) last[record.unit_id] = record.life;
  std::map<int64_t, domain::Life> lives;
  std::vector<int64_t> without;
  for (const auto& [unit_id, life] : last) {
    if (life) {
      lives[unit_id] = *life;
    } else {
      without.push_back(unit_id);
    }
  }
  Execute(transaction, kReverse, ArrayOf(records, &ReversedRecord::record_id), reversal.time, reversal.person, reversal.reason);
  PutLives(transaction, lives);
  Execute(transaction, kDropLives, ArrayOf(without));
}

LifeLinks LoadLifeLinks(Transaction& transaction, int64_t unit_id) {
  const pqxx::result rows = Execute(transaction, kLoadLinks, unit_id);
  return {Get<std::string>(rows[0][0]), Get<std::string>(rows[0][1])};
}

int64_t FindOutermost(Transaction& transaction, int64_t unit_id) {
  return Get<int64_t>(Execute(transaction, kFindOutermost, unit_id)[0][0]);
}

int64_t TakeReplacementId(Transaction& transaction) { return Get<int64_t>(Execute(transaction, kTakeReplacementId)[0][0]); }

void InsertReplacement(Transaction& transaction, int64_t replacement_id, const domain::Replacement& replacement,
                       const domain::ReplacementVerdict& verdict, domain::Time now) {
  const std::string overridden =
      ArrayOf(verdict.overridden, [](const domain::Refusal& refusal) { return domain::NameOf(refusal.reason); });
  Execute(transaction, kInsertReplacement, replacement_id, verdict.unit_id, verdict.removed_id, verdict.installed_id,
          verdict.line, verdict.slot, replacement.forced, overridden, replacement.reason, replacement.person, replacement.role,
          replacement.evidence, replacement.occur_time, now);
}

std::vector<StoredReplacement> ListReplacements(Transaction& transaction, int64_t unit_id, int64_t after_id, int limit) {
  std::vector<StoredReplacement> replacements;
  for (const pqxx::row& row : Execute(transaction, kListReplacements, unit_id, after_id, limit)) {
    RowReader reader(row);
    StoredReplacement& stored = replacements.emplace_back();
    stored.id = reader.Next<int64_t>();
    stored.replacement.removed_code = reader.Next<std::string>();
    stored.replacement.installed_code = reader.Next<std::string>();
    stored.line = reader.Next<int16_t>();
    stored.slot = reader.Next<int16_t>();
    stored.replacement.forced = reader.Next<bool>();
    stored.overridden = TextsIn(reader.NextText());
    stored.replacement.reason = reader.Next<std::string>();
    stored.replacement.person = reader.Next<std::string>();
    stored.replacement.role = reader.Next<std::string>();
    stored.replacement.evidence = reader.Next<std::string>();
    stored.replacement.occur_time = reader.Next<domain::Time>();
    stored.record_time = reader.Next<domain::Time>();
  }
  return replacements;
}

}  // namespace mes::db
