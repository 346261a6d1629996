// A small and varied past under the audit's chain: commits with facts of every table, changes, reads, splits, a recycling batch,
// a change of the site key, signed heads; for tests that bend it. Keys and signatures are toys that bind as real ones do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "db/audit.h"
#include "db/audit_key.h"
#include "db/audit_verify.h"
#include "db/epcis_declaration.h"
#include "db/lot.h"
#include "db/recycling.h"
#include "db/world.h"
#include "tests/support/stored_plant.h"

namespace mes::db {

inline std::string ToySignature(std::string_view public_key, std::string_view bytes) {
  const std::string both = std::string(public_key) + std::string(bytes);
  return Sha256(both) + Sha256("again" + both);
}
inline bool IsToySigned(std::string_view public_key, std::string_view bytes, std::string_view signature) {
  return signature == ToySignature(public_key, bytes);
}
inline AuditKey ToyKey(char letter) {
  const std::string public_key(32, letter);
  return {AuditKeyId(public_key), Sha256(public_key + "secret"), public_key,
          [public_key](std::string_view bytes) { return ToySignature(public_key, bytes); }};
}

class AuditHistory {
 public:
  // Later than the chain, which begins with the database.
  static constexpr domain::Time kBegin = domain::Time(domain::Duration(2'000'000'000'000'000));

  ~AuditHistory() { UseAuditKeys({}); }

  tests::StoredPlant& plant() { return plant_; }
  tests::TestDatabase& database() { return plant_.database(); }
  domain::Time now() const { return now_; }
  const std::vector<AuditAnchor>& anchors() const { return anchors_; }

  void Pass(domain::Duration time) { now_ += time; }

  // A change that somebody asked for.
  int64_t Enter(const std::string& noun_id, domain::AuditKind kind = domain::AuditKind::kChange) {
    domain::AuditEntry entry;
    entry.kind = kind;
    entry.method = kind == domain::AuditKind::kRead ? "Trace" : "PlaceHold";
    entry.caller = "li.wei";
    entry.proved = kind == domain::AuditKind::kRead;
    entry.noun = "unit";
    entry.noun_id = noun_id;
    entry.request_id = kind == domain::AuditKind::kRead ? "" : "r" + noun_id;
    entry.reason = "seen";
    entry.new_value = R"({"code":")" + noun_id + "\"}";
    entry.write_time = now_ += std::chrono::milliseconds(70);
    plant_.Run([&](Transaction& transaction) { InsertAuditEntry(transaction, entry); });
    return entry.audit_id;
  }

  // A commit of two stations: events, an edge, a consumption, a condition, a refused event.
  void Commit() {
    domain::World world(plant_.plant(), now_ += std::chrono::milliseconds(130));
    const int64_t n = ++commits_;
    for (int32_t station = 1; station <= 2; ++station) {
      const domain::EventKey key{station, 1, 10 * n};
      world.effects.rows.push_back(Row(key, n));
      world.effects.rows.push_back(Row({station, 1, 10 * n + 1}, n));
      const int64_t unit = 100 * n + station;
      world.effects.installs.push_back(
          {unit, unit + 10, static_cast<int16_t>(n), station == 1 ? int16_t{1} : int16_t{2}, now_ - std::chrono::seconds(2), key, {}});
      world.effects.consumptions.push_back(
          {5, unit, 1'000'000 * n, int16_t{10}, int16_t{2}, now_ - std::chrono::seconds(1), {station, 1, 10 * n + 1}});
    }
    // Taken out in the same batch.
    world.effects.installs[1].removal = {now_ - std::chrono::seconds(1), {2, 1, 10 * n + 1}};
    if (n > 1) {
      // What the commit before built in and used.
      world.effects.removals.push_back({100 * (n - 1) + 11, now_ - std::chrono::seconds(1), {1, 1, 10 * n + 1}});
      world.effects.reversed_consumptions.push_back({{2, 1, 10 * n - 9}, 100 * (n - 1) + 2});
      Reverse(world, n);
    }
    domain::StationCondition condition;
    condition.station_id = condition.reporting_station = 1;
    condition.epoch = 1;
    condition.sequence = 10 * n + 2;
    condition.occur_time = now_;
    condition.report = {domain::ConditionKind::kEnvDryroom, n % 3 != 0, now_ + std::chrono::hours(1), {}, "", "meter 7"};
    condition.report.readings = {{"dew_point_c", -41.5 - static_cast<double>(n)}, {"count", 3e17}, {"half", 0.5}};
    world.effects.conditions.push_back(condition);
    world.effects.refused.push_back({{2, 1, 10 * n + 3},
                                     now_ - std::chrono::seconds(3),
                                     77 + n,
                                     domain::EventKind::kStarted,
                                     "P" + std::to_string(n),
                                     {{domain::Reason::kUnitUnknown, "no such unit", {{"unit", "P", ""}}, "P"}},
                                     std::string("\x08\x01\xff", 3)});
    plant_.Run([&](Transaction& transaction) { StoreWorld(transaction, world); });
    now_ = world.now;
  }

  // A split and a merge, as the office asks for them.
  void Split() {
    now_ += std::chrono::milliseconds(90);
    const int64_t n = ++splits_;
    plant_.Run([&](Transaction& transaction) {
      InsertLotEdges(transaction, n % 2 == 0 ? domain::EdgeKind::kMerged : domain::EdgeKind::kSplit,
                     {{9'000 + n, 9'100 + n, 4'000'000}, {9'000 + n, 9'200 + n, 5'000'000}}, "split " + std::to_string(n),
                     now_ - std::chrono::minutes(3), now_);
    });
  }

  // Units that go into a batch, and a lot that comes back of it.
  void Recycle() {
    now_ += std::chrono::milliseconds(110);
    const std::string n = std::to_string(++batches_);
    const std::vector<int64_t> units = plant_.AddUnits("HSG", {"OLD-" + n, "OLDER-" + n});
    const int64_t lot = plant_.AddLot("BLT", "BACK-" + n, 5'000'000);
    plant_.Run([&](Transaction& transaction) {
      domain::RecyclingBatch batch;
      batch.partner = "REC", batch.place = "Ningde", batch.person = "li", batch.open_time = now_;
      InsertRecyclingBatch(transaction, batch);
      std::vector<RecyclingUnit> taken(2);
      for (size_t i = 0; i < 2; ++i) {
        taken[i].unit_id = units[i];
        taken[i].batch_id = batch.id;
        taken[i].receive_time = now_ - std::chrono::hours(1);
        taken[i].contents.total_ug = 1'000 + static_cast<int64_t>(i);
      }
      InsertRecyclingUnits(transaction, taken, now_);
      RecoveredLot back;
      back.unit_id = lot;
      InsertRecoveredLots(transaction, batch.id, {back}, now_ - std::chrono::minutes(1), now_ + domain::Duration(5), "li", "weighed");
    });
  }

  void Seal() {
    plant_.Run([&](Transaction& transaction) {
      SealProgress everything;
      SealAudit(transaction, everything);
    });
  }

  // Seals and signs the head, as the server does, and keeps a copy.
  void Anchor(const AuditKey& key) {
    Seal();
    now_ += std::chrono::milliseconds(10);
    AuditAnchor anchor;
    plant_.Run([&](Transaction& transaction) {
      const AuditHead head = LoadAuditHead(transaction);
      anchor = {LoadAuditChain(transaction).chain_id, head.link, head.hash, now_, key.public_key, ""};
      anchor.signature = key.sign(domain::AnchorBytes(anchor.chain_id, anchor.link, anchor.hash, anchor.time));
      InsertAuditAnchor(transaction, anchor);
    });
    anchors_.push_back(anchor);
  }

  // All of that, with a change from key a to key b in the middle.
  void Live() {
    UseAuditKeys({ToyKey('a')});
    for (int round = 0; round < 10; ++round) {
      if (round == 5) UseAuditKeys({ToyKey('b'), ToyKey('a')});
      Enter("U-" + std::to_string(round));
      Commit();
      if (round % 2 == 0) Enter("V-" + std::to_string(round), domain::AuditKind::kRead);
      if (round % 3 == 0) Split();
      if (round % 4 == 1) Recycle();
      if (round % 4 == 2) Void();
      if (round % 3 == 1) Anchor(ToyKey(round < 5 ? 'a' : 'b'));
    }
    Anchor(ToyKey('b'));
  }

  // A captured edge that ended, and of which its sender says since that it never was.
  void Void() {
    const int64_t child = 50'000 + ++voids_;
    const domain::EventKey put{0, domain::kCaptureEpoch, child}, out{0, domain::kCaptureEpoch, child + 1'000};
    domain::World in(plant_.plant(), now_ += std::chrono::milliseconds(50));
    in.effects.installs.push_back({child + 10'000, child, int16_t{1}, int16_t{1}, now_ - std::chrono::seconds(5), put, {}});
    plant_.Run([&](Transaction& transaction) { StoreWorld(transaction, in); });
    domain::World after(plant_.plant(), now_ += std::chrono::milliseconds(50));
    after.effects.removals.push_back({child, now_ - std::chrono::seconds(4), out});
    plant_.Run([&](Transaction& transaction) { StoreWorld(transaction, after); });
    now_ += std::chrono::milliseconds(50);
    plant_.Run([&](Transaction& transaction) {
      CollapseEdges(transaction, {{child, {put.station_id, put.epoch, put.sequence}}}, now_);
    });
  }

  AuditVerification Verify(VerifyQuestion question = {}) {
    AuditVerification told;
    question.check_signature = IsToySigned;
    database().pool().Read([&](Transaction& transaction) {
      told = VerifyAudit(transaction, question, [](const AuditVerification&) { return true; });
    });
    return told;
  }
  // What a database superuser can do.
  void Tamper(const std::string& sql) { database().Query("set session_replication_role = replica; " + sql); }

 private:
  domain::EventRow Row(const domain::EventKey& key, int64_t n) const {
    domain::EventRow row;
    row.occur_time = now_ - std::chrono::seconds(1);
    row.record_time = now_;
    row.unit_id = 100 * n + key.station_id;
    row.sequence = key.sequence;
    row.digest = 1'234'567 * n;
    row.station_id = key.station_id;
    row.epoch = key.epoch;
    row.revision_id = n % 2 == 0 ? 0 : 3;
    row.operation = 10;
    row.kind = domain::EventKind::kCompleted;
    row.judgement = row.station_judgement = domain::Judgement::kPass;
    row.flags = static_cast<int16_t>(n % 3);
    row.operator_id = n % 2 == 0 ? "wu" : "";
    row.grade = n % 4 == 0 ? "A" : "";
    row.measured = {9.75 + static_cast<double>(n), std::nan(""), 1e-7};
    if (n % 2 == 0) {
      domain::EventDetails details;
      details.reason = "dented";
      details.tools = {"T1", "T2"};
      row.details = std::make_shared<domain::EventDetails>(details);
    }
    return row;
  }

  // An event of the commit before is taken back: its row is marked, and one tells of it.
  void Reverse(domain::World& world, int64_t n) const {
    const domain::EventKey before{1, 1, 10 * (n - 1)};
    domain::EventRow row = Row({1, 1, 10 * n + 4}, n);
    row.unit_id = 100 * (n - 1) + 1;
    row.kind = domain::EventKind::kReversed;
    domain::EventDetails details;
    details.reversed_epoch = before.epoch;
    details.reversed_sequence = before.sequence;
    row.details = std::make_shared<domain::EventDetails>(details);
    world.effects.rows.push_back(row);
    world.effects.reversed_rows.push_back({before, row.unit_id});
  }

  tests::StoredPlant plant_;
  domain::Time now_ = kBegin;
  int64_t commits_ = 0, splits_ = 0, batches_ = 0;
  int64_t voids_ = 0;
  std::vector<AuditAnchor> anchors_;
};

}  // namespace mes::db
