// Bounds of recycling, reporting duties and shipments. Past one: LIMIT_EXCEEDED with the field, never a silent cut.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mes::domain {

// Units named in one call about a batch; units in a batch.
inline constexpr int kMaxUnitsPerRecyclingCall = 1'000;
inline constexpr int64_t kMaxUnitsPerRecyclingBatch = 10'000;
// Parts looked through for what the units of one call contain.
inline constexpr size_t kMaxPartsPerReceipt = 500'000;
inline constexpr int kMaxLotsPerReport = 50;
inline constexpr int64_t kMaxLotsPerRecyclingBatch = 1'000;
// Recovered mass may exceed what is contained by this much: nominal masses and assays are not exact to the gram.
inline constexpr int64_t kMassTolerancePermille = 20;
// Edges followed from recovered lots to the units that they went into.
inline constexpr int64_t kMaxEdgesPerContent = 1'000'000;

// The dismantling sheet: steps of a product; sheets in one answer; a page of print.
inline constexpr int kMaxStepsPerSheet = 100;
inline constexpr size_t kMaxSheetsPerPlan = 64;
inline constexpr size_t kLinesPerPage = 66;
inline constexpr size_t kColumnsPerPage = 80;

inline constexpr int kMaxDutiesPerCall = 1'000;

inline constexpr int kMaxUnitsPerShipment = 1'000;
inline constexpr int kMaxDocumentsPerShipment = 50;
// A thousand million million of the smallest unit: the sums of any year stay inside 64 bits.
inline constexpr int64_t kMaxMoneyMinor = 1'000'000'000'000'000;
inline constexpr size_t kMaxExportRows = 1'000;

}  // namespace mes::domain
