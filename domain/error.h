// The catalogue of reasons: everything that the service can say no with, each once, with its stable name, the role that may lift it,
// and how it travels. README lists them in this order; tests/tidy_test holds both against each other.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mes::domain {

// How a reason maps to a transport status (services/status.cc) when it ends a whole call.
enum class ErrorKind : uint8_t { kInvalid, kNotFound, kExists, kRule, kLimit, kConflict, kUnavailable, kInternal, kIdentity, kPermission };

// X(enumerator, NAME, kind, who may release it). The first block are the plant's interlocks by their own names (rules.json).
#define MES_REASONS(X)                                                          \
  X(RouteSeq, "ROUTE_SEQ", kRule, "quality")                                    \
  X(NotBlocked, "NOT_BLOCKED", kRule, "quality")                                \
  X(RecipeMatch, "RECIPE_MATCH", kRule, "process engineer")                     \
  X(MaterialValid, "MATERIAL_VALID", kRule, "quality")                          \
  X(RetestLimit, "RETEST_LIMIT", kRule, "quality")                              \
  X(ReworkLimit, "REWORK_LIMIT", kRule, "quality")                              \
  X(TimeWindow, "TIME_WINDOW", kRule, "quality")                                \
  X(GroupMatch, "GROUP_MATCH", kRule, "quality")                                \
  X(UniqueSn, "UNIQUE_SN", kRule, "nobody")                                     \
  X(SwVersion, "SW_VERSION", kRule, "process engineer")                         \
  X(VariantMatch, "VARIANT_MATCH", kRule, "process engineer")                   \
  X(ReleasedChild, "RELEASED_CHILD", kRule, "quality")                          \
  X(StackSource, "STACK_SOURCE", kRule, "quality")                              \
  X(GenealogyComplete, "GENEALOGY_COMPLETE", kRule, "nobody")                   \
  X(BoltCount, "BOLT_COUNT", kRule, "nobody")                                   \
  X(CalTester, "CAL_TESTER", kRule, "maintenance")                              \
  X(CalTorque, "CAL_TORQUE", kRule, "maintenance")                              \
  X(ScaleCal, "SCALE_CAL", kRule, "maintenance")                                \
  X(LeakRef, "LEAK_REF", kRule, "maintenance")                                  \
  X(Golden, "GOLDEN", kRule, "quality")                                         \
  X(ToolLife, "TOOL_LIFE", kRule, "maintenance")                                \
  X(PotLife, "POT_LIFE", kRule, "maintenance")                                  \
  X(OperatorHv, "OPERATOR_HV", kRule, "shift lead")                             \
  X(OperatorH2, "OPERATOR_H2", kRule, "shift lead")                             \
  X(H2Safety, "H2_SAFETY", kRule, "safety officer")                             \
  X(EnvDryroom, "ENV_DRYROOM", kRule, "maintenance")                            \
  X(EnvRh, "ENV_RH", kRule, "maintenance")                                      \
  X(Esd, "ESD", kRule, "shift lead")                                            \
  X(PgmCustody, "PGM_CUSTODY", kRule, "quality")                                \
  /* What else a station event or a start can break. */                         \
  X(UnitUnknown, "UNIT_UNKNOWN", kNotFound, "nobody")                           \
  X(UnitAmbiguous, "UNIT_AMBIGUOUS", kRule, "nobody")                           \
  X(UnitState, "UNIT_STATE", kRule, "quality")                                  \
  X(UnitRunning, "UNIT_RUNNING", kRule, "nobody")                               \
  X(UnitNotRunning, "UNIT_NOT_RUNNING", kRule, "nobody")                        \
  X(CarrierUnknown, "CARRIER_UNKNOWN", kNotFound, "nobody")                     \
  X(CarrierEmpty, "CARRIER_EMPTY", kRule, "nobody")                             \
  X(CarrierSlot, "CARRIER_SLOT", kRule, "nobody")                               \
  X(WorkOrderUnknown, "WORK_ORDER_UNKNOWN", kNotFound, "nobody")                \
  X(WorkOrderState, "WORK_ORDER_STATE", kRule, "planner")                       \
  X(WorkOrderFull, "WORK_ORDER_FULL", kRule, "planner")                         \
  X(StationUnknown, "STATION_UNKNOWN", kNotFound, "nobody")                     \
  X(StationOperation, "STATION_OPERATION", kRule, "process engineer")           \
  X(OperationUnknown, "OPERATION_UNKNOWN", kNotFound, "nobody")                 \
  X(MaterialUnknown, "MATERIAL_UNKNOWN", kNotFound, "nobody")                   \
  X(LotUnknown, "LOT_UNKNOWN", kNotFound, "nobody")                             \
  X(PositionOccupied, "POSITION_OCCUPIED", kRule, "nobody")                     \
  X(GenealogyCycle, "GENEALOGY_CYCLE", kRule, "nobody")                         \
  X(NotInstalled, "NOT_INSTALLED", kRule, "nobody")                             \
  X(QuantityExceedsLeft, "QUANTITY_EXCEEDS_LEFT", kRule, "nobody")              \
  X(CharacteristicUnknown, "CHARACTERISTIC_UNKNOWN", kInvalid, "nobody")        \
  X(ReplicateCount, "REPLICATE_COUNT", kInvalid, "nobody")                      \
  X(ValueInvalid, "VALUE_INVALID", kInvalid, "nobody")                          \
  X(MeasurementMissing, "MEASUREMENT_MISSING", kRule, "nobody")                 \
  X(TimeInFuture, "TIME_IN_FUTURE", kInvalid, "nobody")                         \
  X(TimeTooOld, "TIME_TOO_OLD", kInvalid, "nobody")                             \
  X(ReversalUnknown, "REVERSAL_UNKNOWN", kNotFound, "nobody")                   \
  X(ReversalRefused, "REVERSAL_REFUSED", kRule, "quality")                      \
  X(SequenceReused, "SEQUENCE_REUSED", kRule, "nobody")                         \
  X(RuleStop, "RULE_STOP", kRule, "process engineer")                           \
  X(DispositionNeeded, "DISPOSITION_NEEDED", kRule, "quality")                  \
  /* Whole calls. */                                                            \
  X(FieldRequired, "FIELD_REQUIRED", kInvalid, "nobody")                        \
  X(FieldInvalid, "FIELD_INVALID", kInvalid, "nobody")                          \
  X(CodeInvalid, "CODE_INVALID", kInvalid, "nobody")                            \
  X(EnumUnknown, "ENUM_UNKNOWN", kInvalid, "nobody")                            \
  X(UomMismatch, "UOM_MISMATCH", kInvalid, "nobody")                            \
  X(QuantityInvalid, "QUANTITY_INVALID", kInvalid, "nobody")                    \
  X(LimitExceeded, "LIMIT_EXCEEDED", kInvalid, "nobody")                        \
  X(PageTokenInvalid, "PAGE_TOKEN_INVALID", kInvalid, "nobody")                 \
  X(RequestIdReused, "REQUEST_ID_REUSED", kInvalid, "nobody")                   \
  X(ProductUnknown, "PRODUCT_UNKNOWN", kNotFound, "nobody")                     \
  X(RevisionUnknown, "REVISION_UNKNOWN", kNotFound, "nobody")                   \
  X(StationClassUnknown, "STATION_CLASS_UNKNOWN", kNotFound, "nobody")          \
  X(HoldUnknown, "HOLD_UNKNOWN", kNotFound, "nobody")                           \
  X(HoldReleased, "HOLD_RELEASED", kRule, "nobody")                             \
  X(HoldItemUnknown, "HOLD_ITEM_UNKNOWN", kNotFound, "nobody")                  \
  X(DispositionUnknown, "DISPOSITION_UNKNOWN", kNotFound, "nobody")             \
  X(DispositionDone, "DISPOSITION_DONE", kRule, "nobody")                       \
  X(FourEyes, "FOUR_EYES", kRule, "nobody")                                     \
  X(UnitExists, "UNIT_EXISTS", kExists, "nobody")                               \
  X(LotExists, "LOT_EXISTS", kExists, "nobody")                                 \
  X(LotOpen, "LOT_OPEN", kRule, "nobody")                                       \
  X(LotRunning, "LOT_RUNNING", kRule, "nobody")                                 \
  X(LotMergeMismatch, "LOT_MERGE_MISMATCH", kRule, "nobody")                    \
  X(WorkOrderExists, "WORK_ORDER_EXISTS", kExists, "nobody")                    \
  X(WorkOrderTransition, "WORK_ORDER_TRANSITION", kRule, "planner")             \
  X(WorkOrderOpenUnits, "WORK_ORDER_OPEN_UNITS", kRule, "nobody")               \
  X(RuleContradiction, "RULE_CONTRADICTION", kInvalid, "nobody")                \
  X(RuleUnknown, "RULE_UNKNOWN", kNotFound, "nobody")                           \
  X(AlarmUnknown, "ALARM_UNKNOWN", kNotFound, "nobody")                         \
  X(AlarmReleased, "ALARM_RELEASED", kRule, "nobody")                           \
  X(RoleInsufficient, "ROLE_INSUFFICIENT", kRule, "nobody")                     \
  X(CapacityExceeded, "CAPACITY_EXCEEDED", kRule, "planner")                    \
  X(SupplyUnknown, "SUPPLY_UNKNOWN", kNotFound, "nobody")                       \
  X(SupplyClosed, "SUPPLY_CLOSED", kRule, "nobody")                             \
  X(ShutdownUnknown, "SHUTDOWN_UNKNOWN", kNotFound, "nobody")                   \
  X(DatePast, "DATE_PAST", kInvalid, "nobody")                                  \
  X(PlanUnknown, "PLAN_UNKNOWN", kNotFound, "nobody")                           \
  X(CodeRuleUnknown, "CODE_RULE_UNKNOWN", kNotFound, "nobody")                  \
  X(CodeRuleExists, "CODE_RULE_EXISTS", kExists, "nobody")                      \
  X(CodeNotIssued, "CODE_NOT_ISSUED", kNotFound, "nobody")                      \
  X(CodeUsed, "CODE_USED", kRule, "nobody")                                     \
  X(LifeTransition, "LIFE_TRANSITION", kRule, "nobody")                         \
  X(LifeEnded, "LIFE_ENDED", kRule, "nobody")                                   \
  X(LineUnknown, "LINE_UNKNOWN", kNotFound, "nobody")                           \
  X(DowntimeUnknown, "DOWNTIME_UNKNOWN", kNotFound, "nobody")                   \
  X(DowntimeReasonUnknown, "DOWNTIME_REASON_UNKNOWN", kNotFound, "nobody")      \
  X(DowntimeOverlap, "DOWNTIME_OVERLAP", kRule, "nobody")                       \
  X(DowntimeWithdrawn, "DOWNTIME_WITHDRAWN", kRule, "nobody")                   \
  X(ChartUnknown, "CHART_UNKNOWN", kNotFound, "nobody")                         \
  X(BaselineUnfit, "BASELINE_UNFIT", kRule, "nobody")                           \
  X(ChartAlarmUnknown, "CHART_ALARM_UNKNOWN", kNotFound, "nobody")              \
  X(ChartAlarmAcknowledged, "CHART_ALARM_ACKNOWLEDGED", kRule, "nobody")        \
  X(FailureCodeUnknown, "FAILURE_CODE_UNKNOWN", kNotFound, "nobody")            \
  X(NcrUnknown, "NCR_UNKNOWN", kNotFound, "nobody")                             \
  X(NcrTransition, "NCR_TRANSITION", kRule, "quality")                          \
  X(NcrUnitsOpen, "NCR_UNITS_OPEN", kRule, "quality")                           \
  X(DispositionRefused, "DISPOSITION_REFUSED", kRule, "quality")                \
  X(ReplayRulesInvalid, "REPLAY_RULES_INVALID", kInvalid, "nobody")             \
  X(PassportUnknown, "PASSPORT_UNKNOWN", kNotFound, "nobody")                   \
  X(PassportEnded, "PASSPORT_ENDED", kRule, "nobody")                           \
  X(DocumentUnavailable, "DOCUMENT_UNAVAILABLE", kRule, "nobody")               \
  X(DocumentInvalid, "DOCUMENT_INVALID", kInvalid, "nobody")                    \
  X(PartnerUnknown, "PARTNER_UNKNOWN", kNotFound, "nobody")                     \
  X(ShipmentUnknown, "SHIPMENT_UNKNOWN", kNotFound, "nobody")                   \
  X(ShipmentState, "SHIPMENT_STATE", kRule, "nobody")                           \
  X(RecyclingBatchUnknown, "RECYCLING_BATCH_UNKNOWN", kNotFound, "nobody")      \
  X(RecyclingBatchState, "RECYCLING_BATCH_STATE", kRule, "nobody")              \
  X(MassExceedsContained, "MASS_EXCEEDS_CONTAINED", kRule, "nobody")            \
  X(DutyUnknown, "DUTY_UNKNOWN", kNotFound, "nobody")                           \
  X(DutyState, "DUTY_STATE", kRule, "nobody")                                   \
  X(CredentialMissing, "CREDENTIAL_MISSING", kIdentity, "nobody")               \
  X(CredentialInvalid, "CREDENTIAL_INVALID", kIdentity, "nobody")               \
  X(CredentialExpired, "CREDENTIAL_EXPIRED", kIdentity, "nobody")               \
  X(PermissionDenied, "PERMISSION_DENIED", kPermission, "admin")                \
  X(StationForeign, "STATION_FOREIGN", kPermission, "admin")                    \
  X(QuotaExceeded, "QUOTA_EXCEEDED", kLimit, "nobody")                          \
  X(IdentityUnknown, "IDENTITY_UNKNOWN", kNotFound, "nobody")                   \
  X(IdentityExists, "IDENTITY_EXISTS", kExists, "nobody")                       \
  X(KeyUnknown, "KEY_UNKNOWN", kNotFound, "nobody")                             \
  X(GrantUnknown, "GRANT_UNKNOWN", kNotFound, "nobody")                         \
  X(SignatureRequired, "SIGNATURE_REQUIRED", kRule, "nobody")                   \
  X(SignatureInvalid, "SIGNATURE_INVALID", kRule, "nobody")                     \
  X(PermitInvalid, "PERMIT_INVALID", kRule, "nobody")                           \
  X(PermitExpired, "PERMIT_EXPIRED", kRule, "nobody")                           \
  X(AuditUnavailable, "AUDIT_UNAVAILABLE", kUnavailable, "nobody")              \
  X(QueueFull, "QUEUE_FULL", kLimit, "nobody")                                  \
  X(DeadlineTooShort, "DEADLINE_TOO_SHORT", kUnavailable, "nobody")             \
  X(DatabaseUnavailable, "DATABASE_UNAVAILABLE", kUnavailable, "nobody")        \
  X(ServerDraining, "SERVER_DRAINING", kUnavailable, "nobody")                  \
  X(Internal, "INTERNAL", kInternal, "nobody")

enum class Reason : int16_t {
#define MES_REASON_ENUMERATOR(enumerator, name, kind, role) k##enumerator,
  MES_REASONS(MES_REASON_ENUMERATOR)
#undef MES_REASON_ENUMERATOR
};

// The stable name, for example `TIME_WINDOW`.
std::string_view NameOf(Reason reason);
// The role that may lift it; `nobody` where only another action helps.
std::string_view RoleOf(Reason reason);
ErrorKind KindOf(Reason reason);
// All of them, in the catalogue's order.
const std::vector<Reason>& AllReasons();

// One fact that a refusal rests on. `kind` is one of: event, lot, unit, hold, limit, condition, window, operation, order, alarm, ncr,
// policy, capacity, field.
struct Evidence {
  std::string kind;
  std::string id;
  std::string detail;
};

// One failing rule at the gate: every one of them is told, not the first.
struct Refusal {
  Reason reason;
  // One sentence for the person at the station.
  std::string sentence;
  std::vector<Evidence> evidence;
  // The unit it concerns; empty = the whole request.
  std::string unit_code;
};

// Why a call failed as a whole.
struct Error {
  Reason reason = Reason::kInternal;
  std::string message;
  // Every dynamic part of the message; `field` names the request's field at fault, where one is.
  std::map<std::string, std::string> metadata;
};

inline Error FieldError(Reason reason, std::string_view field, std::string message) {
  return Error{reason, std::move(message), {{"field", std::string(field)}}};
}

}  // namespace mes::domain
