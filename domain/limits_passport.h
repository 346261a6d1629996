// The bounds of passports, facts and documents. Past one: LIMIT_EXCEEDED with the field, never a silent cut.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mes::domain {

inline constexpr size_t kMaxFactValueLength = 500;
inline constexpr size_t kMaxFactMethodLength = 200;
inline constexpr size_t kMaxFactEvidenceLength = 500;
// Edges of one unit's whole as-built genealogy.
inline constexpr int64_t kMaxPassportEdges = 1'000'000;
// Facts that count for one unit (its own, its model's, the plant's), and entries of one version.
inline constexpr int kMaxFactsPerUnit = 5'000;
inline constexpr size_t kMaxPassportEntries = 5'000;
// Edges that one document of bill of materials or usage lists.
inline constexpr int64_t kMaxDocumentItems = 10'000;
inline constexpr size_t kMaxDocumentBytes = 3 << 20;

}  // namespace mes::domain
