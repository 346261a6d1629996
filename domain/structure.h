// Whether everything that belongs inside a unit is inside: positions of the bill of materials for serials, and lots. A finished
// unit with an empty position has a structure gap; it is said, and such a unit is not shipped.
#pragma once

#include <string>
#include <vector>

#include "domain/product_definition.h"
#include "domain/unit.h"

namespace mes::domain {

// Positions for serials that are empty; 0 for bought units (their inside is not ours to know).
int32_t MissingParts(const ProductRevision* revision, const Unit& unit);
// True where the empty positions ought to be filled: the unit has left its route, or passed the operation that found it complete.
bool HasStructureGap(const ProductRevision* revision, const Unit& unit);
// Adds GENEALOGY_COMPLETE for empty positions and for lots that were not recorded.
void JudgeStructure(const ProductRevision& revision, const Unit& unit, std::vector<Refusal>& refusals);

}  // namespace mes::domain
