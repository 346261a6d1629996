// Partners' documents coming in: read and checked here, decided by domain/epcis_capture, stored whole or not at all.
#include "domain/epcis_capture.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "db/captured_event.h"
#include "db/hold.h"
#include "db/hold_world.h"
#include "db/unit.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_epcis.h"
#include "domain/limits_recycling.h"
#include "services/convert.h"
#include "services/duty.h"
#include "services/epcis.h"
#include "services/epcis_declaration.h"
#include "services/epcis_hash.h"
#include "services/epcis_reader.h"
#include "services/grant.h"
#include "services/unit.h"

namespace mes::services {
namespace {

// Rows of several kinds of one call are recorded apart, since the audit tells its groups of facts by their record times (db/audit_fact.h).
constexpr domain::Duration kNextFacts(1);

using domain::CapturedEvent;
using domain::CaptureFault;
using domain::CaptureKind;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

std::string FaultText(const CaptureFault& fault) {
  return fault.pointer + ": " + std::string(domain::NameOf(fault.reason)) + ": " + fault.sentence;
}

// What a partner does not see is unknown to its documents too; only that a code is taken must be said.
std::vector<CaptureFault> HideFromPartner(Call& call, const std::vector<CapturedEvent>& events, domain::World& world) {
  std::vector<CaptureFault> faults;
  if (call.caller.partner.empty()) return faults;
  std::vector<std::string> codes;
  for (const auto& [code, id] : world.unit_by_code) codes.push_back(code);
  for (const auto& [code, id] : world.unit_by_former_code) codes.push_back(code);
  std::vector<db::FoundCode> found = db::FindCodes(call.transaction, codes);
  services::HideFromPartner(call, found);
  std::unordered_set<std::string> hidden;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (found[i].unit_id != 0) continue;
    hidden.insert(codes[i]);
    world.unit_by_code.erase(codes[i]);
    world.unit_by_former_code.erase(codes[i]);
  }
  for (const CapturedEvent& event : events) {
    const bool makes = event.kind == CaptureKind::kMadeUnits || event.kind == CaptureKind::kMadeLots;
    std::vector<std::string> made = makes ? CodesOf(event) : std::vector<std::string>();
    if (!event.new_code.empty()) made.push_back(event.new_code);
    for (const CapturedEvent::LotAmount& lot : event.made) made.push_back(lot.code);
    for (const std::string& code : made) {
      if (hidden.contains(code)) faults.push_back({event.pointer, Reason::kUnitExists, code + " is somebody's code already"});
    }
  }
  if (faults.size() > domain::kMaxDocumentFaults) faults.resize(domain::kMaxDocumentFaults);
  return faults;
}

// The bounds of a batch are those of one that is kept here.
Status StoreRecoveries(Call& call, const std::string& partner, const std::string& person, const domain::CaptureOutcome& outcome) {
  for (const db::ToldBatch& batch : db::InsertToldRecoveries(call.transaction, outcome.recoveries, partner, person,
                                                              call.now + 2 * kNextFacts)) {
    if (batch.units > domain::kMaxUnitsPerRecyclingBatch)
      return Fail(TooMany("document", batch.units, domain::kMaxUnitsPerRecyclingBatch));
    if (batch.lots > domain::kMaxLotsPerRecyclingBatch) return Fail(TooMany("document", batch.lots, domain::kMaxLotsPerRecyclingBatch));
  }
  return {};
}

void StoreCaptured(Call& call, const std::string& partner, const domain::World& world, const domain::CaptureOutcome& outcome,
                   const std::vector<CapturedEvent>& events) {
  db::StoreWorld(call.transaction, world);
  std::vector<db::LivedRecord> lived;
  std::vector<DutyEvent> events_of_lives;
  for (const auto& row : outcome.lived) {
    lived.push_back({row.unit_id, row.record, row.after});
    // Of the life before, duties ask only whether it began as a second one, which no event changes.
    events_of_lives.push_back(
        {world.units.at(row.unit_id).unit, row.after, row.record.event, row.record.party, row.record.occur_time});
  }
  db::InsertLifeRecords(call.transaction, lived);
  RaiseDuties(call, events_of_lives);
  for (const auto& second : outcome.second_lives) {
    db::InsertSecondLife(call.transaction, second.old_id, second.new_id, second.life, second.time);
  }
  // One round for each kind of material, of which a plant has a few dozen.
  for (const auto& [material_id, unit_ids] : outcome.made_ids) {
    const db::Purchase purchase{partner, "", "", false};
    db::InsertPurchases(call.transaction, unit_ids, purchase, call.now);
    db::CatchReceived(call.transaction, unit_ids, material_id, purchase, call.now);
  }
  std::vector<db::RevivedUnit> revived;
  for (const auto& unit : outcome.revived) revived.push_back({unit.unit_id, unit.material_id, unit.quantity_micro});
  db::ReviveUnits(call.transaction, revived);
  db::InsertCapturedLotEdges(call.transaction, outcome.lot_edges, call.now + kNextFacts);
  std::vector<db::CapturedUnit> named;
  for (const CapturedEvent& event : events) {
    const bool makes = event.kind == CaptureKind::kMadeUnits || event.kind == CaptureKind::kMadeLots;
    std::unordered_set<std::string> made;
    for (const CapturedEvent::LotAmount& lot : event.made) made.insert(lot.code);
    for (const std::string& code : CodesOf(event)) {
      const domain::UnitEntry* entry = world.FindUnit(code);
      if (entry == nullptr) continue;
      const bool scrapped = outcome.scrapped.contains({event.id, entry->unit.id});
      named.push_back({event.id, entry->unit.id,
                       !event.wrong && (makes || made.contains(code)) ? db::CaptureEffect::kMade
                       : scrapped ? db::CaptureEffect::kScrapped
                                  : db::CaptureEffect::kNamed});
    }
  }
  db::InsertCapturedUnits(call.transaction, named);
}

}  // namespace

domain::Error DocumentError(const std::vector<CaptureFault>& faults) {
  std::string all;
  for (const CaptureFault& fault : faults) all += (all.empty() ? "" : "\n") + FaultText(fault);
  return {Reason::kDocumentInvalid,
          FaultText(faults.at(0)),
          {{"field", "document"},
           {"pointer", faults[0].pointer},
           {"fault", std::string(domain::NameOf(faults[0].reason))},
           {"faults", all}}};
}

std::vector<std::string> CodesOf(const CapturedEvent& event) {
  std::vector<std::string> codes = event.unit_codes;
  for (const auto* amounts : {&event.lots, &event.made}) {
    for (const CapturedEvent::LotAmount& lot : *amounts) codes.push_back(lot.code);
  }
  if (!event.parent_code.empty()) codes.push_back(event.parent_code);
  if (!event.new_code.empty()) codes.push_back(event.new_code);
  return codes;
}

domain::World LockNamed(Call& call, const std::vector<CapturedEvent>& events) {
  db::WorldKeys keys;
  keys.from = keys.until = call.now;
  for (const CapturedEvent& event : events) {
    for (std::string& code : CodesOf(event)) keys.codes.insert(std::move(code));
    if (event.kind == CaptureKind::kInstalled || event.kind == CaptureKind::kRemoved) keys.parents.insert(event.parent_code);
  }
  db::UnitIds ids;
  return db::LockWorld(call.transaction, call.plant, call.now, keys, ids);
}

Status CaptureEpcis(Call& call, const v1::CaptureEpcisRequest& request, v1::CaptureEpcisResponse& response) {
  if (Status checked = domain::CheckText(request.partner(), domain::kMaxSupplierLength, true, "partner"); !checked)
    return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  if (!call.caller.partner.empty() && request.partner() != call.caller.partner) {
    return Fail(FieldError(Reason::kFieldInvalid, "partner", "a partner hands in its own word only"));
  }
  if (request.document().empty()) return Fail(FieldError(Reason::kFieldRequired, "document", "document is empty"));
  if (request.document().size() > domain::kMaxDocumentBytes) {
    return Fail(
        TooMany("document", static_cast<int64_t>(request.document().size()), static_cast<int64_t>(domain::kMaxDocumentBytes)));
  }
  domain::Result<EpcisDocument> document = ReadEpcis(call, request.document(), request.partner(), request.person());
  if (!document) return Fail(document.error());

  db::ShareHoldLock(call.transaction);
  db::InsertCapturedEvents(call.transaction, document->rows);
  std::vector<CapturedEvent> fresh, declared;
  std::vector<db::CapturedRow> declared_rows;
  for (size_t i = 0; i < document->rows.size(); ++i) {
    if (document->rows[i].id == 0) {
      response.set_known(response.known() + 1);
      const auto& earlier = document->rows[i].earlier;
      if (!earlier || earlier->wrong) continue;
      document->events[i].id = earlier->id;
      document->events[i].pointer += "/errorDeclaration";
      if (earlier->partner != request.partner()) {
        return Fail(DocumentError({{document->events[i].pointer, Reason::kDocumentInvalid,
                                    "the event is another's word: its sender alone "
                                    "declares it an error"}}));
      }
      declared.push_back(std::move(document->events[i]));
      declared_rows.push_back(std::move(document->rows[i]));
      continue;
    }
    document->events[i].id = document->rows[i].id;
    if (document->events[i].wrong) response.set_wrong(response.wrong() + 1);
    fresh.push_back(std::move(document->events[i]));
  }
  response.set_captured(static_cast<int32_t>(fresh.size()));
  response.set_taken_back(static_cast<int32_t>(declared.size()));
  if (Status taken = TakeBackDeclared(call, request.person(), declared, declared_rows); !taken) return taken;
  if (fresh.empty()) return {};
  // What is new is recorded behind what was taken back.
  if (!declared.empty()) call.now += 2 * kNextFacts;

  domain::World world = LockNamed(call, fresh);
  if (const auto faults = HideFromPartner(call, fresh, world); !faults.empty()) return Fail(DocumentError(faults));
  std::vector<int64_t> ids;
  for (const auto& [id, entry] : world.units) ids.push_back(id);
  auto lives = db::LoadLives(call.transaction, ids);
  size_t may_make = 0;
  for (const CapturedEvent& event : fresh) may_make += event.unit_codes.size() + event.lots.size() + event.made.size() + 1;
  const domain::CaptureOutcome outcome =
      domain::Capture(world, fresh, db::TakeUnitIds(call.transaction, may_make), lives,
                      {db::LoadWithdrawn(call.transaction, ids), db::LoadToldBatches(call.transaction, request.partner(), ids)});
  if (!outcome.faults.empty()) return Fail(DocumentError(outcome.faults));
  StoreCaptured(call, request.partner(), world, outcome, fresh);
  if (Status kept = StoreRecoveries(call, request.partner(), request.person(), outcome); !kept) return kept;
  response.set_made(outcome.made);
  response.set_installed(outcome.installed);
  response.set_removed(outcome.removed);
  response.set_consumed(outcome.consumed);
  response.set_lives(outcome.lives);
  return {};
}

Status ListCapturedEpcis(Call& call, const v1::ListCapturedEpcisRequest& request, v1::ListCapturedEpcisResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const uint64_t digest = FilterDigest({"captured", std::to_string(*id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int page_size = PageSize(request.page_size());
  std::vector<db::CapturedRow> rows = db::ListCapturedEvents(call.transaction, *id, after, page_size + 1);
  if (static_cast<int>(rows.size()) > page_size) {
    rows.pop_back();
    response.set_next_page_token(PageToken(std::to_string(rows.back().id), digest));
  }
  for (db::CapturedRow& row : rows) {
    // Another partner's word is not handed on.
    if (!call.caller.partner.empty() && row.partner != call.caller.partner) continue;
    v1::CapturedEpcis& message = *response.add_events();
    message.set_event_id(EpcisIdOf(row.hash));
    *message.mutable_event_time() = ToProto(row.event_time);
    *message.mutable_record_time() = ToProto(row.record_time);
    message.set_partner(std::move(row.partner));
    message.set_person(std::move(row.person));
    message.set_wrong(row.wrong);
    message.set_body(std::move(row.body));
  }
  return {};
}

}  // namespace mes::services
