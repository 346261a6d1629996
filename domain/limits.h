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
inline constexpr int64_t kMaxUnitsPerHold = 1'000'000;
inline constexpr int kMaxToolsPerStart = 16;
inline constexpr int kMaxPartsPerSplit = 100;
inline constexpr int kMaxSourcesPerMerge = 100;
inline constexpr int64_t kMaxFloorLifeSeconds = 10LL * 366 * 86'400;
inline constexpr int64_t kMaxEdgesPerWalk = 1'000'000;
inline constexpr int kEdgesPerPage = 1'000;

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
