#include "domain/event_decision.h"
#include "domain/gbt34014.h"
#include "domain/structure.h"

namespace mes::domain {

void EventDecision::JudgeNewCode(const UnitEntry& entry, const Operation& operation, int16_t index, bool pass) {
  const std::string& code = std::get<Completed>(event_.what).new_code;
  const Unit& unit = entry.unit;
  if (code.empty()) {
    const bool has_it = operation.new_identity == NewIdentity::kGbt34014 ? IsNewBatteryCode(unit.code)
                                                                         : (unit.attempted & (uint64_t{1} << index)) != 0;
    if (pass && operation.new_identity != NewIdentity::kNone && !has_it) {
      Refuse(Reason::kUniqueSn, unit.code, "the operation gives the unit a new code, none was reported",
             {{"field", "completed.new_code", std::string(NameOf(operation.new_identity))}});
    }
    return;
  }
  if (!event_.carrier_code.empty()) {
    Refuse(Reason::kFieldInvalid, unit.code, "a code cannot be given to a whole carrier",
           {{"field", "completed.new_code", code}});
    return;
  }
  if (operation.new_identity == NewIdentity::kGbt34014 && !IsNewBatteryCode(code)) {
    const BatteryCodeReading reading = ReadBatteryCode(code);
    const std::string why = reading.Valid() ? "it is a second-life product's" : reading.faults.front().sentence;
    const int position = reading.Valid() ? 0 : reading.faults.front().position;
    Refuse(Reason::kUniqueSn, unit.code, "the new code is none of a new product after GB/T 34014: " + why,
           {{"field", "completed.new_code", code + (position == 0 ? "" : ", position " + std::to_string(position))}});
  }
  if (code == unit.code) return;
  if (world_.unit_by_code.contains(code) || world_.unit_by_former_code.contains(code) || world_.ambiguous_codes.contains(code)) {
    Refuse(Reason::kUniqueSn, unit.code, "the new code is in use already", {{"unit", code, "known"}});
  }
  JudgeIssuedCode(unit, code);
}

// Where the code's prefix is issued here, the code must have been: for this product, this order and this station, and not voided.
void EventDecision::JudgeIssuedCode(const Unit& unit, const std::string& code) {
  const auto found = world_.issued_codes.find(code);
  if (found == world_.issued_codes.end()) return;
  const IssuedCode& issued = found->second;
  const auto refuse = [&](std::string sentence, std::string detail) {
    Refuse(Reason::kUniqueSn, unit.code, std::move(sentence), {{"field", "completed.new_code", code + ", " + std::move(detail)}});
  };
  if (issued.material_id != unit.material_id) return refuse("the new code's prefix belongs to another product", "prefix");
  if (!issued.issued) return refuse("codes of this prefix are issued here, and this one was not", "not issued");
  if (issued.voided) return refuse("the new code was voided", "voided");
  if (issued.work_order_id != 0 && issued.work_order_id != unit.work_order_id) {
    const auto order = world_.orders.find(unit.work_order_id);
    return refuse("the new code is reserved for another order",
                  "asked for order " + (order == world_.orders.end() ? std::string("?") : order->second.code));
  }
  if (issued.station_id != 0 && issued.station_id != station_.id) {
    return refuse("the new code is reserved for another station", "asked at " + station_.code);
  }
}

// Parts may have been taken out after the operation that found the unit complete: what is finished is complete again.
void EventDecision::JudgeFinish(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation,
                                int16_t index) {
  if (operation.Guards(Interlock::kGenealogyComplete)) return;  // judged with the pass
  if (NextOperation(revision, entry.unit.passed | (uint64_t{1} << index)) != 0) return;
  for (const Operation& other : revision.operations) {
    if (other.Guards(Interlock::kGenealogyComplete)) return JudgeStructure(revision, entry.unit, verdict_.refusals);
  }
}

}  // namespace mes::domain
