#include "services/contents.h"

#include "db/contents.h"
#include "domain/limits_recycling.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {

using domain::Fail;
using domain::FieldError;
using domain::Reason;

v1::Quantity KilogramsToProto(int64_t mass_ug) { return QuantityToProto(mass_ug / 1'000, "kg"); }

void MassesToProto(const domain::Masses& masses, google::protobuf::RepeatedPtrField<v1::ElementMass>& messages) {
  for (const auto& [element, mass] : masses) {
    v1::ElementMass& message = *messages.Add();
    message.set_element(std::string(domain::NameOf(element)));
    *message.mutable_mass() = KilogramsToProto(mass);
  }
}

v1::UnitContents ToProto(const domain::Contents& contents) {
  v1::UnitContents message;
  *message.mutable_total() = KilogramsToProto(contents.total_ug);
  MassesToProto(contents.All(), *message.mutable_elements());
  message.set_known(contents.known);
  return message;
}

domain::Result<int64_t> KilogramsFromProto(const v1::Quantity& quantity, const std::string& field) {
  const domain::Result<int64_t> milligrams = QuantityFromProto(quantity, "kg", field);
  if (!milligrams) return milligrams;
  if (*milligrams == 0) return Fail(FieldError(Reason::kQuantityInvalid, field + ".value", field + " is zero"));
  // A thousand tonnes in one lot: every sum of a batch stays far inside 64 bits of micrograms.
  constexpr int64_t kMostMilligrams = 1'000'000'000'000;
  if (*milligrams > kMostMilligrams) {
    return Fail(FieldError(Reason::kQuantityInvalid, field + ".value", field + " is over a thousand tonnes"));
  }
  return *milligrams * 1'000;
}

domain::Result<std::unordered_map<int64_t, domain::Contents>> LoadContents(Call& call, const std::vector<int64_t>& unit_ids,
                                                                           std::string_view field) {
  domain::ContentsBook book(call.plant, db::LoadMaterialMasses(call.transaction));
  std::vector<domain::WeighedUnit> units = db::LoadWeighedUnits(call.transaction, unit_ids);
  std::vector<std::pair<int64_t, int64_t>> inside;
  // Level by level; what states its elements is not looked into.
  for (size_t first = 0; first < units.size();) {
    std::vector<int64_t> level;
    for (; first < units.size(); ++first) {
      if (!book.States(units[first].material_id)) level.push_back(units[first].id);
    }
    if (level.empty()) break;
    const int64_t room = static_cast<int64_t>(domain::kMaxPartsPerReceipt - inside.size());
    db::PartsBelow below = db::LoadPartsBelow(call.transaction, level, room + 1);
    if (static_cast<int64_t>(below.parts.size()) > room) {
      return Fail(TooMany(field, static_cast<int64_t>(domain::kMaxPartsPerReceipt) + 1, domain::kMaxPartsPerReceipt));
    }
    units.insert(units.end(), below.parts.begin(), below.parts.end());
    inside.insert(inside.end(), below.inside.begin(), below.inside.end());
  }
  return domain::WeighUnits(book, call.plant, unit_ids, units, inside);
}

}  // namespace mes::services
