#include "services/replacement.h"

#include <algorithm>
#include <charconv>

#include "db/life.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/replacement.h"
#include "mes/v1/replacement.grpc.pb.h"
#include "services/convert.h"
#include "services/duty.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

domain::Result<domain::Replacement> ParseOrder(const Call& call, const v1::ReplacementOrder& order, bool simulated) {
  if (Status checked = domain::CheckText(order.unit_code(), domain::kMaxCodeLength, true, "order.unit_code"); !checked)
    return Fail(checked.error());
  const bool nothing = order.removed_code().empty() && order.installed_code().empty();
  if (Status checked = domain::CheckText(order.removed_code(), domain::kMaxCodeLength, nothing, "order.removed_code"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(order.installed_code(), domain::kMaxCodeLength, false, "order.installed_code"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(order.reason(), domain::kMaxReasonLength, !simulated, "order.reason"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(order.person(), domain::kMaxPersonLength, !simulated, "order.person"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(order.role(), domain::kMaxPersonLength, order.forced(), "order.role"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(order.evidence(), domain::kMaxUriLength, false, "order.evidence"); !checked)
    return Fail(checked.error());
  const auto time = PastTimeFromProto(call, order.has_occur_time(), order.occur_time(), "order.occur_time");
  if (!time) return Fail(time.error());
  domain::Replacement replacement;
  replacement.unit_code = order.unit_code();
  replacement.removed_code = order.removed_code();
  replacement.installed_code = order.installed_code();
  replacement.forced = order.forced();
  replacement.reason = order.reason();
  replacement.person = order.person();
  replacement.role = order.role();
  replacement.evidence = order.evidence();
  replacement.occur_time = std::min(*time, call.now);
  return replacement;
}

db::WorldKeys KeysOf(const Call& call, const domain::Replacement& replacement) {
  db::WorldKeys keys;
  for (const std::string* code : {&replacement.unit_code, &replacement.removed_code, &replacement.installed_code}) {
    if (!code->empty()) keys.codes.insert(*code);
  }
  keys.parents.insert(replacement.unit_code);
  keys.from = keys.until = call.now;
  return keys;
}

std::unordered_map<int64_t, domain::Life> LivesOf(Call& call, const domain::World& world) {
  std::vector<int64_t> ids;
  for (const auto& [id, entry] : world.units) ids.push_back(id);
  return db::LoadLives(call.transaction, ids);
}

domain::Life LifeOf(const std::unordered_map<int64_t, domain::Life>& lives, const domain::Unit& unit) {
  const auto found = lives.find(unit.id);
  return found != lives.end() ? found->second : domain::BeginLife(unit, false).value_or(domain::Life());
}

void Fill(v1::ReplacementEffect& message, const domain::World& world, const domain::ReplacementVerdict& verdict,
          const std::unordered_map<int64_t, domain::Life>& lives) {
  message.set_line(verdict.line);
  message.set_slot(verdict.slot);
  message.set_missing_before(verdict.missing_before);
  message.set_missing_after(verdict.missing_after);
  message.set_structure_gap(verdict.gap_after);
  for (const int16_t operation : verdict.resting_operations) message.add_resting_operations(operation);
  for (const int64_t id : verdict.around_ids) message.add_around_codes(world.units.at(id).unit.code);
  message.set_around_state(static_cast<v1::LifeState>(verdict.around.state));
  for (const domain::Refusal& refusal : verdict.overridden) *message.add_overridden() = ToProto(refusal);
  if (verdict.removed_id == 0) return;
  domain::Life life = LifeOf(lives, world.units.at(verdict.removed_id).unit);
  if (verdict.removed_life) life = domain::Advance(life, *verdict.removed_life);
  message.set_removed_state(static_cast<v1::LifeState>(life.state));
  message.set_removed_used(life.used);
}

// The first reason ends the call; a simulation tells all.
domain::Error ErrorOf(const domain::Refusal& refusal) {
  domain::Error error = FieldError(refusal.reason, "order", refusal.sentence);
  error.metadata["unit_code"] = refusal.unit_code.substr(0, domain::kMaxCodeLength);
  for (const domain::Evidence& evidence : refusal.evidence)
    error.metadata[evidence.kind] = evidence.id.substr(0, domain::kMaxCodeLength);
  return error;
}

void StoreLife(Call& call, domain::World& world, const std::unordered_map<int64_t, domain::Life>& lives, int64_t part_id,
               const std::optional<domain::LifeRecord>& record) {
  if (!record) return;
  domain::Unit& part = world.units.at(part_id).unit;
  const domain::Life before = LifeOf(lives, part);
  db::InsertLifeRecord(call.transaction, part_id, *record, domain::Advance(before, *record));
  RaiseDuties(call, {{part, before, record->event, record->party, record->occur_time}});
}

}  // namespace

Status ReplacePart(Call& call, const v1::ReplacePartRequest& request, v1::ReplacePartResponse& response) {
  const auto replacement = ParseOrder(call, request.order(), false);
  if (!replacement) return Fail(replacement.error());
  db::UnitIds ids;
  domain::World world = db::LockWorld(call.transaction, call.plant, call.now, KeysOf(call, *replacement), ids);
  db::MoveBehindRows(call.transaction, world);
  const auto lives = LivesOf(call, world);

  const domain::ReplacementVerdict verdict = domain::JudgeReplacement(world, *replacement, lives);
  if (!verdict.Go()) return Fail(ErrorOf(verdict.refusals.front()));

  const int64_t id = db::TakeReplacementId(call.transaction);
  domain::Replace(world, *replacement, verdict, id);
  db::StoreWorld(call.transaction, world);
  db::InsertReplacement(call.transaction, id, *replacement, verdict, call.now);
  StoreLife(call, world, lives, verdict.removed_id, verdict.removed_life);
  StoreLife(call, world, lives, verdict.installed_id, verdict.installed_life);
  response.set_replacement_id(id);
  Fill(*response.mutable_effect(), world, verdict, lives);
  return {};
}

Status SimulateReplacement(Call& call, const v1::SimulateReplacementRequest& request, v1::SimulateReplacementResponse& response) {
  const auto replacement = ParseOrder(call, request.order(), true);
  if (!replacement) return Fail(replacement.error());
  const domain::World world = db::LoadWorld(call.transaction, call.plant, call.now, KeysOf(call, *replacement));
  const auto lives = LivesOf(call, world);

  const domain::ReplacementVerdict verdict = domain::JudgeReplacement(world, *replacement, lives);
  response.set_go(verdict.Go());
  for (const domain::Refusal& refusal : verdict.refusals) *response.add_refusals() = ToProto(refusal);
  Fill(*response.mutable_effect(), world, verdict, lives);
  return {};
}

Status ListReplacements(Call& call, const v1::ListReplacementsRequest& request, v1::ListReplacementsResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const uint64_t digest = FilterDigest({"replacements", std::to_string(*id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredReplacement> stored = db::ListReplacements(call.transaction, *id, after, page_size + 1);
  if (static_cast<int>(stored.size()) > page_size) {
    stored.pop_back();
    response.set_next_page_token(PageToken(std::to_string(stored.back().id), digest));
  }
  for (const db::StoredReplacement& row : stored) {
    v1::Replacement& message = *response.add_replacements();
    message.set_replacement_id(row.id);
    message.set_removed_code(row.replacement.removed_code);
    message.set_installed_code(row.replacement.installed_code);
    message.set_line(row.line);
    message.set_slot(row.slot);
    message.set_forced(row.replacement.forced);
    message.mutable_overridden()->Assign(row.overridden.begin(), row.overridden.end());
    message.set_reason(row.replacement.reason);
    message.set_person(row.replacement.person);
    message.set_role(row.replacement.role);
    message.set_evidence(row.replacement.evidence);
    *message.mutable_occur_time() = ToProto(row.replacement.occur_time);
    *message.mutable_record_time() = ToProto(row.record_time);
  }
  return {};
}

namespace {

class ReplacementService final : public v1::ReplacementService::CallbackService {
 public:
  explicit ReplacementService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ReplacePart(grpc::CallbackServerContext* context, const v1::ReplacePartRequest* request,
                                        v1::ReplacePartResponse* response) override {
    return Mutate(env_, context, request, response, services::ReplacePart);
  }
  grpc::ServerUnaryReactor* SimulateReplacement(grpc::CallbackServerContext* context,
                                                const v1::SimulateReplacementRequest* request,
                                                v1::SimulateReplacementResponse* response) override {
    return Read(env_, context, request, response, services::SimulateReplacement);
  }
  grpc::ServerUnaryReactor* ListReplacements(grpc::CallbackServerContext* context, const v1::ListReplacementsRequest* request,
                                             v1::ListReplacementsResponse* response) override {
    return Read(env_, context, request, response, services::ListReplacements);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReplacementService(Env& env) { return std::make_unique<ReplacementService>(env); }

}  // namespace mes::services
