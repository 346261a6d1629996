// Every bound of the service, in one place. Past one: LIMIT_EXCEEDED (or the error named) with the field, never a silent cut.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mes::domain {

inline constexpr size_t kMaxCodeLength = 64;
inline constexpr size_t kMaxPersonLength = 64;
inline constexpr size_t kMaxReasonLength = 500;
inline constexpr size_t kMaxFailureCodeLength = 32;
inline constexpr size_t kMaxGradeLength = 16;
inline constexpr size_t kMaxEvidenceLength = 200;
inline constexpr size_t kMaxUriLength = 500;

inline constexpr int kMaxEventsPerRequest = 256;
inline constexpr int kMaxUnitsPerCarrier = 20'000;
inline constexpr int kMaxUnitsPerRequest = 20'000;
inline constexpr int kMaxMaterialsPerStart = 1'024;
inline constexpr int kMaxValuesPerEvent = 4'096;
inline constexpr int kMaxCurvesPerEvent = 16;
inline constexpr int kMaxReadingsPerCondition = 8;
inline constexpr int kMaxOperationsPerRouting = 62;  // one bit each in the unit's row, sign left alone
inline constexpr int kMaxLinesPerBom = 62;
inline constexpr int kMaxSlotsPerLine = 4'096;
inline constexpr int kMaxWindowsPerRouting = 32;
inline constexpr int kMaxCharacteristicsPerOperation = 62;
inline constexpr int kMaxRepeats = 255;  // retests, reworks and repeats of a window: one byte each in the unit's row
inline constexpr int kMaxSerialSlotsPerProduct = 32'767;
inline constexpr int kMaxRefusalsPerAnswer = 1'000;

inline constexpr size_t kMaxPlantFiles = 200;
inline constexpr size_t kMaxPlantBytes = 16 << 20;
inline constexpr size_t kMaxPlantPathLength = 200;
inline constexpr size_t kMaxPlantFaults = 1'000;
inline constexpr size_t kMaxNameLength = 200;
inline constexpr int kMaxStationsPerLine = 1'000;
inline constexpr int kMaxLinesPerProduct = 100;
inline constexpr int kMaxStations = 50'000;

inline constexpr size_t kMaxSupplierLength = 64;
inline constexpr size_t kMaxPassportLength = 200;
inline constexpr int kMaxUnitsPerReceipt = 10'000;
inline constexpr int kMaxCodesPerHold = 10'000;
inline constexpr int kMaxStationsPerHold = 1'000;
inline constexpr int kMaxToolsPerStart = 16;
// Runs that began this long before a hold's window and had not ended when it began are found; longer ones are not.
inline constexpr int64_t kLongestRunSeconds = 7LL * 86'400;
inline constexpr int kMaxPartsPerSplit = 100;
inline constexpr int kMaxSourcesPerMerge = 100;
inline constexpr int64_t kMaxFloorLifeSeconds = 10LL * 366 * 86'400;
inline constexpr int64_t kMaxEdgesPerWalk = 1'000'000;
inline constexpr int kEdgesPerPage = 1'000;

inline constexpr int32_t kFirstCalendarYear = 1971;
inline constexpr int32_t kLastCalendarYear = 2200;
inline constexpr size_t kMaxPointsPerProduct = 1'000;
inline constexpr size_t kMaxUtilisationRows = 20'000;
inline constexpr int kMaxMixEntries = 100;
inline constexpr int kMaxShutdownsPerAnswer = 1'000;
inline constexpr int kMaxWorkingDays = 10'000;
// A what-if; the schedule: open orders with those below them, and how far it looks ahead.
inline constexpr size_t kMaxWhatIfChanges = 100;
inline constexpr int kMaxScheduleOrders = 20'000;
inline constexpr int32_t kDefaultHorizonDays = 730;
inline constexpr int32_t kMaxHorizonDays = 1'827;
// The forecast: runs, and plant days of the past that it draws from.
inline constexpr int32_t kDefaultForecastRuns = 2'000;
inline constexpr int32_t kMaxForecastRuns = 20'000;
inline constexpr int32_t kMaxForecastHistoryDays = 366;
// A plan's file: bytes, rows, and faults told in one answer.
inline constexpr size_t kMaxPlanBytes = 4 << 20;
inline constexpr size_t kMaxPlanRows = 20'000;
inline constexpr size_t kMaxPlanFaults = 1'000;
inline constexpr int kMaxCodesPerBatch = 10'000;
inline constexpr size_t kMaxScanLength = 500;
inline constexpr size_t kMaxPlaceLength = 200;
inline constexpr size_t kMaxHostLength = 100;
// Plant days that a yield or OEE question spans, groups that it answers with, lots that it names; reasons in a list of downtimes.
inline constexpr int32_t kMaxYieldDays = 3'660;
inline constexpr size_t kMaxYieldGroups = 1'000;
inline constexpr int kMaxLotsPerYield = 100;
inline constexpr int kMaxRestatementsSince = 100'000;
inline constexpr int kMaxDowntimeReasons = 200;
inline constexpr int64_t kMaxDowntimeSeconds = 366LL * 86'400;
inline constexpr int kMaxPointsPerBaseline = 10'000;
inline constexpr int kMaxExcludedPoints = 100;
inline constexpr int kMaxPointsPerCapability = 20'000;
// Of points with more than 10 values, where these are read again from the runs.
inline constexpr int kMaxPointsOfRuns = 1'000;
inline constexpr size_t kMaxNarrativeLength = 4'000;
inline constexpr int kMaxHoldsPerNcr = 100;
inline constexpr int kMaxUnitsPerNcr = 10'000;
inline constexpr int kMaxWhys = 5;
inline constexpr int kMaxParetoBars = 1'000;
inline constexpr size_t kMaxReplayRulesBytes = 1 << 20;
inline constexpr int64_t kMaxReplayEvents = 2'000'000;
inline constexpr int kMaxReplayedRefusals = 100'000;
inline constexpr int kReplayUnitsPerPage = 500;

inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxPageSize = 1'000;

// A station's clock may be ahead of the server's by this much, and an event this old.
inline constexpr int64_t kMaxAheadSeconds = 300;
inline constexpr int64_t kMaxBehindSeconds = 400LL * 86'400;

// Events that wait for the committer in one server; past it a unary call gets QUEUE_FULL and streams are not read.
inline constexpr size_t kMaxQueuedEvents = 65'536;
inline constexpr size_t kMaxEventsPerCommit = 1'024;

}  // namespace mes::domain
