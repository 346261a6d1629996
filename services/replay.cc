#include "services/replay.h"

#include <algorithm>
#include <unordered_map>

#include "db/replay.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/replay.h"
#include "domain/replay_yield.h"
#include "mes/v1/replay.grpc.pb.h"
#include "mes/v1/station_event.pb.h"
#include "services/convert.h"
#include "services/replay_rules.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

constexpr int kChangesPerPage = 500;

// What a request asks, checked.
struct Question {
  domain::Time from{};
  domain::Time until{};
  domain::ChangedPlant changed;
  std::vector<int32_t> revision_ids;
  bool asks_for_alarms = false;
};

Status Refuse(const std::vector<domain::PlantFault>& faults) {
  const domain::PlantFault& first = faults.front();
  const std::string place = first.path.empty() ? "/" : first.path;
  domain::Error error = FieldError(Reason::kReplayRulesInvalid, place, place + ": " + first.problem);
  error.metadata["faults"] = std::to_string(faults.size());
  return Fail(std::move(error));
}

// The revisions whose units are looked at.
std::vector<int32_t> RevisionsOf(const domain::Plant& plant, const std::vector<int32_t>& changed, int32_t material_id) {
  std::vector<int32_t> ids;
  for (const domain::ProductRevision& revision : plant.revisions) {
    const bool meant = changed.empty() || std::find(changed.begin(), changed.end(), revision.id) != changed.end();
    if (meant && (material_id == 0 || revision.material_id == material_id)) ids.push_back(revision.id);
  }
  return ids;
}

domain::Result<Question> Ask(const Call& call, const v1::ReplayRequest& request) {
  Question question;
  if (!request.has_from_time()) return Fail(FieldError(Reason::kFieldRequired, "from_time", "from_time is missing"));
  const auto from = TimeFromProto(request.from_time(), "from_time");
  if (!from) return Fail(from.error());
  const auto until = OptionalTimeFromProto(request.has_until_time(), request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  question.from = *from;
  question.until = until->value_or(call.now);
  if (question.until <= question.from)
    return Fail(FieldError(Reason::kFieldInvalid, "until_time", "until_time is not after from_time"));
  int32_t material_id = 0;
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr || call.plant.NewestRevision(material->id) == nullptr) {
      return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + " is not known"));
    }
    material_id = material->id;
  }
  if (Status checked = domain::CheckText(request.rules_json(), domain::kMaxReplayRulesBytes, true, "rules_json"); !checked) {
    return Fail(checked.error());
  }
  std::vector<domain::PlantFault> faults;
  const domain::ReplayRules rules = ReadReplayRules(request.rules_json(), faults);
  if (faults.empty()) question.changed = domain::ApplyRules(call.plant, rules, faults);
  if (!faults.empty()) return Fail(Refuse(faults).error());
  question.asks_for_alarms = rules.yield_rules.has_value();
  // Yield rules speak of every product.
  const bool all = rules.yield_rules && !rules.yield_rules->empty();
  question.revision_ids = RevisionsOf(call.plant, all ? std::vector<int32_t>() : question.changed.revision_ids, material_id);
  return question;
}

using RefusedByUnit = std::unordered_map<std::string, std::vector<domain::RefusedStart>>;

// Those that were sent about a unit; false: there are more than are looked at.
bool LoadRefused(Call& call, const Question& question, RefusedByUnit& refused) {
  const std::vector<db::StoredRefusedStart> starts =
      db::ListRefusedStarts(call.transaction, question.from, question.until, domain::kMaxReplayedRefusals + 1);
  for (const db::StoredRefusedStart& stored : starts) {
    v1::StationEvent event;
    if (!event.ParseFromString(stored.content) || event.carrier_code().size() > 0) continue;
    domain::RefusedStart start = stored.start;
    start.operation = static_cast<int16_t>(event.operation());
    start.purpose = static_cast<domain::RunPurpose>(event.started().purpose());
    refused[stored.unit_code].push_back(std::move(start));
  }
  return starts.size() <= static_cast<size_t>(domain::kMaxReplayedRefusals);
}

v1::VerdictChange ToProto(const domain::VerdictChange& change, const domain::Plant& plant) {
  v1::VerdictChange message;
  message.set_unit_code(change.unit_code);
  const domain::Station* station = plant.FindStation(change.station_id);
  message.set_event((station == nullptr ? "?" : station->code) + "/" + std::to_string(change.epoch) + "/" +
                    std::to_string(change.sequence));
  *message.mutable_occur_time() = services::ToProto(change.occur_time);
  if (const domain::ProductRevision* revision = plant.FindRevision(change.revision_id); revision != nullptr) {
    message.set_product_code(revision->product_code);
    message.set_revision(revision->revision);
  }
  message.set_operation(change.operation);
  message.set_kind(std::string(domain::NameOf(change.kind)));
  message.set_was(change.was);
  message.set_would_be(change.would_be);
  message.set_why(change.why);
  return message;
}

v1::VerdictChange ToProto(const domain::AlarmChange& change, const domain::Plant& plant) {
  const std::string alarm = "ALARM " + change.rule_code;
  v1::VerdictChange message =
      ToProto(domain::VerdictChange{change.run.unit_id, change.unit_code, change.run.time, change.run.station_id,
                                    change.run.epoch, change.run.sequence, change.revision_id, change.operation,
                                    domain::EventKind::kCompleted, change.raised_anew ? "no alarm" : alarm,
                                    change.raised_anew ? alarm : "no alarm", "the first runs up to this one"},
              plant);
  message.set_kind("alarm");
  return message;
}

// Goes through the units in pages and sends what changes.
class Walk {
 public:
  Walk(Call& call, const Question& question, PageSink<v1::ReplayResponse>& sink)
      : call_(call), question_(question), sink_(sink), replay_(call.plant, question.changed.plant) {}

  void Run() {
    if (question_.asks_for_alarms) replay_.KeepFirstRuns();
    summary_.set_complete(LoadRefused(call_, question_, refused_));
    for (int64_t after = 0;;) {
      const std::vector<int64_t> ids = db::ListReplayedUnits(call_.transaction, question_.revision_ids, question_.from,
                                                             question_.until, after, domain::kReplayUnitsPerPage);
      if (ids.empty()) break;
      if (summary_.events() >= domain::kMaxReplayEvents) {
        summary_.set_complete(false);
        break;
      }
      for (const db::UnitHistory& history : db::LoadUnitHistories(call_.transaction, ids)) Judge(history);
      if (page_.changes_size() >= kChangesPerPage && !Send()) return;
      after = ids.back();
    }
    if (!AddAlarms()) return;
    *page_.mutable_summary() = summary_;
    Send();
  }

 private:
  void Judge(const db::UnitHistory& history) {
    summary_.set_events(summary_.events() + static_cast<int64_t>(history.rows.size()));
    const auto refused = refused_.find(history.unit.code);
    static const std::vector<domain::RefusedStart> none;
    std::vector<domain::VerdictChange> changes;
    const bool judged = replay_.Judge(history.unit, history.rows, refused == refused_.end() ? none : refused->second,
                                      question_.from, question_.until, changes);
    if (!judged) return summary_.set_units_left_out(summary_.units_left_out() + 1);
    summary_.set_units(summary_.units() + 1);
    summary_.set_changes(summary_.changes() + static_cast<int64_t>(changes.size()));
    if (!changes.empty()) summary_.set_units_changed(summary_.units_changed() + 1);
    for (const domain::VerdictChange& change : changes) *page_.add_changes() = ToProto(change, call_.plant);
  }

  bool AddAlarms() {
    if (!question_.asks_for_alarms) return true;
    for (const domain::AlarmChange& change :
         domain::ReplayYieldRules(call_.plant, question_.changed.plant, replay_.first_runs())) {
      *page_.add_changes() = ToProto(change, call_.plant);
      summary_.set_alarms(summary_.alarms() + 1);
      if (page_.changes_size() >= kChangesPerPage && !Send()) return false;
    }
    return true;
  }

  bool Send() {
    v1::ReplayResponse page;
    page.Swap(&page_);
    return sink_(std::move(page));
  }

  Call& call_;
  const Question& question_;
  PageSink<v1::ReplayResponse>& sink_;
  domain::Replay replay_;
  RefusedByUnit refused_;
  v1::ReplayResponse page_;
  v1::ReplaySummary summary_;
};

}  // namespace

Status Replay(Call& call, const v1::ReplayRequest& request, PageSink<v1::ReplayResponse>& sink) {
  const domain::Result<Question> question = Ask(call, request);
  if (!question) return Fail(question.error());
  Walk(call, *question, sink).Run();
  return {};
}

namespace {

class ReplayService final : public v1::ReplayService::CallbackService {
 public:
  explicit ReplayService(Env& env) : env_(env) {}
  grpc::ServerWriteReactor<v1::ReplayResponse>* Replay(grpc::CallbackServerContext* context,
                                                       const v1::ReplayRequest* request) override {
    return StreamRead<v1::ReplayRequest, v1::ReplayResponse>(env_, context, request, services::Replay);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReplayService(Env& env) { return std::make_unique<ReplayService>(env); }

}  // namespace mes::services
