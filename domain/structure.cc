#include "domain/structure.h"

namespace mes::domain {

int32_t MissingParts(const ProductRevision* revision, const Unit& unit) {
  return revision == nullptr ? 0 : revision->SerialSlots() - unit.serial_slots_filled;
}

bool HasStructureGap(const ProductRevision* revision, const Unit& unit) {
  if (MissingParts(revision, unit) <= 0) return false;
  if (unit.status != UnitStatus::kInProcess) return true;
  for (size_t i = 0; i < revision->operations.size(); ++i) {
    if (revision->operations[i].Guards(Interlock::kGenealogyComplete) && (unit.passed & (uint64_t{1} << i)) != 0) return true;
  }
  return false;
}

void JudgeStructure(const ProductRevision& revision, const Unit& unit, std::vector<Refusal>& refusals) {
  if (MissingParts(&revision, unit) != 0) {
    refusals.push_back(
        {Reason::kGenealogyComplete,
         "not every serial position is filled",
         {{"limit", "positions", std::to_string(unit.serial_slots_filled) + " of " + std::to_string(revision.SerialSlots())}},
         unit.code});
  }
  for (const BomLine& line : revision.bom) {
    if (line.tracking != Tracking::kLot || (unit.lot_lines & (uint64_t{1} << line.line)) != 0) continue;
    refusals.push_back({Reason::kGenealogyComplete,
                        "no lot of " + line.material_code + " is recorded",
                        {{"limit", line.material_code, "BOM line " + std::to_string(line.line)}},
                        unit.code});
  }
}

}  // namespace mes::domain
