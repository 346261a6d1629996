#include "services/permission.h"

#include <array>
#include <string>
#include <unordered_map>

#include <google/protobuf/descriptor.h>

namespace mes::services {
namespace {

struct Rpc {
  std::string_view service;
  std::string_view name;
};
constexpr auto kRpcs = std::to_array<Rpc>({
#define MES_RPC(service, name) {service, name},
#include "services/rpc_list.inc"
#undef MES_RPC
});

constexpr uint16_t Bit(domain::Role role) { return static_cast<uint16_t>(role); }
constexpr uint16_t kStation = Bit(domain::Role::kStation);
constexpr uint16_t kOperator = Bit(domain::Role::kOperator);
constexpr uint16_t kPlanner = Bit(domain::Role::kPlanner);
constexpr uint16_t kQuality = Bit(domain::Role::kQuality);
constexpr uint16_t kMaintenance = Bit(domain::Role::kMaintenance);
constexpr uint16_t kTesting = Bit(domain::Role::kTesting);
constexpr uint16_t kRecycler = Bit(domain::Role::kRecycler);
constexpr uint16_t kAuditor = Bit(domain::Role::kAuditor);
constexpr uint16_t kAdmin = Bit(domain::Role::kAdmin);
constexpr uint16_t kEngineer = Bit(domain::Role::kProcessEngineer);
constexpr uint16_t kShiftLead = Bit(domain::Role::kShiftLead);
constexpr uint16_t kSafety = Bit(domain::Role::kSafetyOfficer);

// Those who look at the plant as a whole.
constexpr uint16_t kOffice = kPlanner | kQuality | kMaintenance | kAuditor | kAdmin | kEngineer | kShiftLead | kSafety;
// Those who look at single things.
constexpr uint16_t kFloor = kOffice | kOperator | kTesting;
// Those who lift what a rule or a person stopped.
constexpr uint16_t kReleasers = kQuality | kMaintenance | kPlanner | kEngineer | kShiftLead | kSafety;
constexpr uint16_t kEverybody = 0xfff;

constexpr auto kPermissions = std::to_array<Permission>({
    {"AccessService", "WhoAmI", kEverybody, true},
    {"AccessService", "RegisterIdentity", kAdmin},
    {"AccessService", "RevokeIdentity", kAdmin},
    {"AccessService", "ListIdentities", kAdmin | kAuditor},
    {"AccessService", "ListIdentityHistory", kAdmin | kAuditor},
    {"AccessService", "CreateKey", kAdmin},
    {"AccessService", "RevokeKey", kAdmin},
    {"AccessService", "ListKeys", kAdmin | kAuditor},

    {"AuditService", "ListAuditEntries", kAuditor | kAdmin},
    {"AuditService", "ExportAudit", kAuditor | kAdmin},
    {"AuditService", "VerifyAudit", kAuditor | kAdmin},
    {"AuditService", "AnchorAudit", kAdmin},
    {"AuditService", "ListAuditAnchors", kAuditor | kAdmin},
    {"AuditService", "ListStartBypasses", kAuditor | kQuality | kEngineer},

    {"CapacityService", "GetCapacity", kOffice},
    {"CapacityService", "ListCapacityFigures", kOffice},
    {"CapacityService", "RecordFigures", kPlanner | kEngineer},
    {"CapacityService", "GetUtilisation", kOffice},
    {"CapacityService", "GetNeeds", kOffice},
    {"CapacityService", "SetCapacity", kPlanner | kEngineer},
    {"CapacityService", "ListCapacityPoints", kOffice},
    {"CapacityService", "PutSupply", kPlanner},
    {"CapacityService", "CloseSupply", kPlanner},
    {"CapacityService", "ListSupplies", kOffice},
    {"CapacityService", "GetCalendar", kFloor},
    {"CapacityService", "PutCalendarYear", kPlanner},
    {"CapacityService", "PutShutdown", kPlanner},
    {"CapacityService", "CancelShutdown", kPlanner},
    {"CapacityService", "GetWorkingDay", kFloor},
    {"CapacityService", "ListOverCommitments", kOffice},

    {"CodeService", "SetCodeRule", kEngineer | kQuality},
    {"CodeService", "ListCodeRules", kFloor},
    {"CodeService", "IssueCodes", kStation | kOperator | kPlanner | kEngineer},
    {"CodeService", "VoidCodes", kQuality | kEngineer},
    {"CodeService", "ListCodeBatches", kFloor},
    {"CodeService", "DecodeCode", kFloor | kStation},

    {"DismantlingService", "GetDismantling", kFloor | kRecycler, true},

    {"DutyService", "ListDuties", kOffice | kRecycler},
    {"DutyService", "MarkDutiesSent", kPlanner | kQuality},
    {"DutyService", "WithdrawDuty", kQuality},
    {"DutyService", "ListDutyRules", kOffice | kRecycler},

    {"EpcisService", "ExportUnitEpcis", kFloor | kRecycler, true},
    {"EpcisService", "ExportPeriodEpcis", kOffice},
    {"EpcisService", "CaptureEpcis", kPlanner | kQuality | kRecycler, true},
    {"EpcisService", "ListCapturedEpcis", kFloor | kRecycler, true},

    {"FailureCodeService", "PutFailureCode", kQuality},
    {"FailureCodeService", "ListFailureCodes", kFloor | kStation},
    {"FailureCodeService", "ListFailurePareto", kFloor},

    {"GenealogyService", "Trace", kFloor | kRecycler, true},
    {"GenealogyService", "WhereUsed", kFloor},

    {"GrantService", "GrantUnits", kAdmin | kQuality},
    {"GrantService", "RevokeGrant", kAdmin | kQuality},
    {"GrantService", "ListGrants", kAdmin | kQuality | kAuditor | kRecycler | kTesting, true},
    {"GrantService", "ListPartnerUnits", kAdmin | kQuality | kAuditor | kRecycler | kTesting, true},

    // Whoever sees a danger may stop; lifting it is another matter.
    {"HoldService", "PreviewHold", kFloor},
    {"HoldService", "PlaceHold", kOperator | kQuality | kMaintenance | kTesting | kEngineer | kShiftLead | kSafety},
    {"HoldService", "ReleaseHold", kReleasers},
    {"HoldService", "ApproveHoldDisposition", kReleasers},
    {"HoldService", "GetHold", kFloor},
    {"HoldService", "ListHolds", kFloor},
    {"HoldService", "ListHoldItems", kFloor},
    {"HoldService", "GetUnitHolds", kFloor | kStation},

    {"LabelService", "DrawLabel", kFloor | kStation},

    {"LifeService", "RecordLifeEvent", kOperator | kPlanner | kQuality | kTesting},
    {"LifeService", "ReverseLifeRecord", kQuality},
    {"LifeService", "GetLife", kFloor | kRecycler, true},
    {"LifeService", "ListLifeRecords", kFloor | kRecycler, true},

    {"LotService", "ReceiveLot", kOperator | kPlanner | kQuality},
    {"LotService", "OpenLot", kOperator | kPlanner | kQuality},
    {"LotService", "SplitLot", kOperator | kPlanner | kQuality},
    {"LotService", "MergeLots", kOperator | kPlanner | kQuality},
    {"LotService", "GetLot", kFloor | kStation},
    {"LotService", "ListLots", kFloor},

    {"NonconformanceService", "OpenNcr", kOperator | kQuality | kMaintenance | kTesting | kEngineer | kShiftLead | kSafety},
    {"NonconformanceService", "MoveNcr", kQuality | kEngineer | kMaintenance | kShiftLead},
    {"NonconformanceService", "DisposeNcrUnits", kQuality},
    {"NonconformanceService", "GetNcr", kFloor},
    {"NonconformanceService", "ListNcrs", kFloor},
    {"NonconformanceService", "ListNcrUnits", kFloor},

    {"OeeService", "QueryOee", kFloor},
    {"OeeService", "ReportDowntime", kStation | kOperator | kMaintenance | kShiftLead},
    {"OeeService", "WithdrawDowntime", kMaintenance | kShiftLead | kPlanner},
    {"OeeService", "ListDowntimes", kFloor},
    {"OeeService", "ReplaceDowntimeReasons", kMaintenance | kEngineer | kPlanner},
    {"OeeService", "ListDowntimeReasons", kFloor | kStation},

    {"PassportService", "IssuePassport", kQuality | kPlanner},
    {"PassportService", "GetPassport", kFloor | kRecycler, true},
    {"PassportService", "ListPassportVersions", kFloor | kRecycler, true},
    {"PassportService", "DeclareFact", kQuality | kTesting | kPlanner},
    {"PassportService", "ListFacts", kFloor},
    {"PassportService", "ListPassportAttributes", kFloor | kRecycler, true},
    {"PassportService", "GetPassportDocument", kFloor | kRecycler, true},

    {"PlanService", "ImportPlan", kPlanner},
    {"PlanService", "ListPlanVersions", kOffice},
    {"PlanService", "PlanVariance", kOffice},
    {"PlanService", "ExportPlan", kOffice},

    {"ProcessRuleService", "PutProcessRule", kEngineer | kQuality},
    {"ProcessRuleService", "RetireProcessRule", kEngineer | kQuality},
    {"ProcessRuleService", "ListProcessRules", kFloor},
    {"ProcessRuleService", "ListProcessAlarms", kFloor},
    {"ProcessRuleService", "GetProcessAlarm", kFloor},
    {"ProcessRuleService", "ReleaseProcessAlarm", kReleasers},

    {"ProductDefinitionService", "LoadPlant", kEngineer},
    {"ProductDefinitionService", "GetProduct", kFloor | kStation},
    {"ProductDefinitionService", "ListProducts", kFloor},

    {"RecyclingService", "OpenRecyclingBatch", kQuality | kRecycler, true},
    {"RecyclingService", "ReceiveForRecycling", kQuality | kRecycler, true},
    {"RecyclingService", "RecordDismantled", kQuality | kRecycler, true},
    {"RecyclingService", "ReportRecovered", kQuality | kRecycler, true},
    {"RecyclingService", "CloseRecyclingBatch", kQuality | kRecycler, true},
    {"RecyclingService", "GetRecyclingBatch", kOffice | kRecycler, true},
    {"RecyclingService", "ListRecyclingBatches", kOffice | kRecycler, true},
    {"RecyclingService", "GetMassBalance", kOffice | kRecycler, true},
    {"RecyclingService", "ListTargets", kOffice | kRecycler, true},
    {"RecyclingService", "GetRecycledContent", kOffice},

    {"ReplacementService", "ReplacePart", kOperator | kMaintenance | kTesting | kQuality | kEngineer},
    {"ReplacementService", "SimulateReplacement", kFloor},
    {"ReplacementService", "ListReplacements", kFloor},

    {"ReplayService", "Replay", kQuality | kEngineer | kAuditor},

    {"ScheduleService", "Schedule", kOffice},
    {"ScheduleService", "Promise", kOffice},
    {"ScheduleService", "WhatIf", kOffice},
    {"ScheduleService", "Forecast", kOffice},

    {"ShipmentService", "CreateShipment", kPlanner | kQuality},
    {"ShipmentService", "CancelShipment", kQuality | kPlanner},
    {"ShipmentService", "ConfirmDelivery", kPlanner | kQuality},
    {"ShipmentService", "GetShipment", kOffice},
    {"ShipmentService", "ListShipments", kOffice},
    {"ShipmentService", "GetExportShare", kOffice},

    {"SignatureService", "RegisterSignerKey", kAdmin},
    {"SignatureService", "RevokeSignerKey", kAdmin},
    {"SignatureService", "ListSignerKeys", kAdmin | kAuditor},
    {"SignatureService", "SetSignaturePolicy", kAdmin | kQuality},
    {"SignatureService", "ListSignatures", kFloor},

    {"SpcService", "ListCharts", kFloor},
    {"SpcService", "GetChart", kFloor},
    {"SpcService", "FreezeLimits", kEngineer | kQuality},
    {"SpcService", "ListLimits", kFloor},
    {"SpcService", "GetCapability", kFloor},
    {"SpcService", "ListChartAlarms", kFloor},
    {"SpcService", "AcknowledgeChartAlarm", kOperator | kReleasers},
    {"SpcService", "DefineChart", kEngineer | kQuality},
    {"SpcService", "ListChartDefinitions", kFloor},

    {"StationService", "CanStart", kStation | kOperator | kShiftLead},
    {"StationService", "GetStation", kFloor | kStation},
    {"StationService", "ListStations", kFloor},

    {"StationEventService", "StreamStationEvents", kStation},
    // A person may record by hand what a machine could not.
    {"StationEventService", "RecordStationEvents", kStation | kOperator},

    {"UnitService", "ReceiveUnits", kOperator | kPlanner | kQuality},
    {"UnitService", "GetUnit", kFloor | kStation | kRecycler, true},
    {"UnitService", "ListUnits", kFloor},
    {"UnitService", "ListUnitEvents", kFloor},

    {"WorkOrderService", "CreateWorkOrder", kPlanner},
    {"WorkOrderService", "TransitionWorkOrder", kPlanner},
    {"WorkOrderService", "GetWorkOrder", kFloor | kStation},
    {"WorkOrderService", "ListWorkOrders", kFloor},
    {"WorkOrderService", "ListDispatch", kFloor | kStation},

    {"YieldService", "ListOperationYields", kFloor},
    {"YieldService", "QueryYield", kFloor},
    {"YieldService", "GetRolledThroughputYield", kFloor},
    {"YieldService", "ListYieldRestatements", kFloor},
    {"YieldService", "ListLotYields", kFloor},
});

// Where the first call without exactly one row stands in rpc_list.inc (build/services/generated); past the end = none.
consteval size_t FirstRpcWithoutRow() {
  for (size_t i = 0; i < kRpcs.size(); ++i) {
    int rows = 0;
    for (const Permission& row : kPermissions) rows += row.service == kRpcs[i].service && row.rpc == kRpcs[i].name ? 1 : 0;
    if (rows != 1) return i;
  }
  return kRpcs.size();
}

// Where the first row without a call, or open to nobody, stands in the table; past the end = none.
consteval size_t FirstRowWithoutRpc() {
  for (size_t i = 0; i < kPermissions.size(); ++i) {
    bool found = false;
    for (const Rpc& rpc : kRpcs) found |= rpc.service == kPermissions[i].service && rpc.name == kPermissions[i].rpc;
    if (!found || kPermissions[i].roles == 0) return i;
  }
  return kPermissions.size();
}

static_assert(FirstRpcWithoutRow() == kRpcs.size(), "a call has no row in kPermissions, or two: say who may make it");
static_assert(FirstRowWithoutRpc() == kPermissions.size(), "a row of kPermissions names no call, or lets nobody make it");

using Rows = std::unordered_map<const google::protobuf::Descriptor*, const Permission*>;

Rows RowsByRequest() {
  Rows rows;
  const google::protobuf::DescriptorPool& pool = *google::protobuf::DescriptorPool::generated_pool();
  for (const Permission& row : kPermissions) {
    const auto* service = pool.FindServiceByName("mes.v1." + std::string(row.service));
    const auto* method = service == nullptr ? nullptr : service->FindMethodByName(std::string(row.rpc));
    if (method != nullptr) rows.emplace(method->input_type(), &row);
  }
  return rows;
}

}  // namespace

std::span<const Permission> Permissions() { return kPermissions; }

const Permission* FindPermission(const google::protobuf::Descriptor& request) {
  static const Rows rows = RowsByRequest();
  const auto row = rows.find(&request);
  return row == rows.end() ? nullptr : row->second;
}

domain::Status CheckPermission(const Permission* permission, const domain::Caller& caller) {
  if (caller.kind == domain::CallerKind::kUnproved) return {};
  const bool allowed = permission != nullptr && (permission->roles & caller.roles) != 0;
  if (allowed && (caller.partner.empty() || permission->partners)) return {};
  domain::Error error{domain::Reason::kPermissionDenied, "the caller's roles do not include this call", {}};
  if (permission != nullptr) error.metadata["rpc"] = permission->rpc;
  return domain::Fail(std::move(error));
}

}  // namespace mes::services
