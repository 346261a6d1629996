// Lives over gRPC: what happens to units after their route.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <grpcpp/impl/service_type.h>

#include "domain/life.h"
#include "domain/world.h"
#include "mes/v1/life.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status RecordLifeEvent(Call& call, const v1::RecordLifeEventRequest& request, v1::RecordLifeEventResponse& response);
domain::Status ReverseLifeRecord(Call& call, const v1::ReverseLifeRecordRequest& request,
                                 v1::ReverseLifeRecordResponse& response);
domain::Status GetLife(Call& call, const v1::GetLifeRequest& request, v1::GetLifeResponse& response);
domain::Status ListLifeRecords(Call& call, const v1::ListLifeRecordsRequest& request, v1::ListLifeRecordsResponse& response);

std::unique_ptr<grpc::Service> MakeLifeService(Env& env);

// What other nouns need of lives: the same events for many units, in their own transaction and under the same rules.

// Units that are locked until the transaction ends, with what they are built into, and their lives.
struct LockedLives {
  domain::World world;
  std::unordered_map<int64_t, domain::Life> lives;
};
LockedLives LockLives(Call& call, const std::vector<std::string>& codes);
// The life of one of them now. Errors: UNIT_STATE.
domain::Result<domain::Life> LifeIn(const LockedLives& locked, int64_t unit_id);

struct LifeStep {
  int64_t unit_id = 0;
  // None: it is only judged whether the unit stands for itself and its life goes on.
  std::optional<domain::LifeRecord> record;
  // The request's field that names the unit, for refusals.
  std::string field;
  // False: the caller raises the reporting duties of this event itself.
  bool raises_duties = true;
};
// Records the steps, each unit's once, or the first refusal and nothing. Errors: as RecordLifeEvent.
domain::Status RecordLives(Call& call, LockedLives& locked, const std::vector<LifeStep>& steps);

struct LifeTakeBack {
  int64_t unit_id = 0;
  int64_t record_id = 0;
  // The request's field that names it, for refusals.
  std::string field;
};
// Takes these records back, newest first, or the first refusal and nothing; the units' states are left in the world, which the caller
// stores. `allowed`, and places by these `captured` events: what may rest on them, since the caller takes it back too. Gives the
// number of duties that were withdrawn. Errors: as ReverseLifeRecord.
domain::Result<int32_t> TakeBackLives(Call& call, LockedLives& locked, std::vector<LifeTakeBack> asked,
                                      const domain::LifeReversal& reversal, std::optional<domain::LifeRest> allowed,
                                      const std::vector<int64_t>& captured = {});

}  // namespace mes::services
