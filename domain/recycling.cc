#include "domain/recycling.h"

#include <algorithm>
#include <array>

#include "domain/limits_recycling.h"

namespace mes::domain {
namespace {

constexpr auto kObservations = std::to_array<Observation>({Observation::kCrashed, Observation::kSwollen, Observation::kLeaking,
                                                           Observation::kWet, Observation::kHot, Observation::kBurnt});

constexpr std::string_view kAnnexB = "Regulation (EU) 2023/1542 Annex XII part B";
constexpr std::string_view kAnnexC = "Regulation (EU) 2023/1542 Annex XII part C";
constexpr std::string_view kArticle8 = "Regulation (EU) 2023/1542 Article 8";
constexpr std::string_view kConditions =
    "China, industry conditions for comprehensive use of waste traction batteries, 2024 edition (smelting), from their publication";

Target Efficiency(Chemistry chemistry, int32_t permille, int32_t year) {
  return {Regime::kEu, TargetKind::kEfficiency, Element::kOther, chemistry, permille, year, 12, 31, kAnnexB, false};
}
Target Recovery(Element element, int32_t permille, int32_t year) {
  return {Regime::kEu, TargetKind::kRecovery, element, Chemistry::kOther, permille, year, 12, 31, kAnnexC, false};
}
Target Content(Element element, int32_t permille, int32_t year) {
  return {Regime::kEu, TargetKind::kRecycledContent, element, Chemistry::kOther, permille, year, 8, 18, kArticle8, false};
}
Target China(Element element, int32_t permille) {
  return {Regime::kChina, TargetKind::kRecovery, element, Chemistry::kOther, permille, 2024, 12, 24, kConditions, false};
}

Error StateError(const RecyclingBatch& batch, std::string message) {
  return {Reason::kRecyclingBatchState,
          std::move(message),
          {{"field", "recycling_batch_id"}, {"recycling_batch_id", std::to_string(batch.id)}}};
}

int64_t MassIn(const Masses& masses, Element element) {
  const auto found = masses.find(element);
  return found == masses.end() ? 0 : found->second;
}

}  // namespace

std::string_view NameOf(Observation observation) {
  switch (observation) {
    case Observation::kCrashed:
      return "crashed";
    case Observation::kSwollen:
      return "swollen";
    case Observation::kLeaking:
      return "leaking";
    case Observation::kWet:
      return "wet";
    case Observation::kHot:
      return "hot";
    case Observation::kBurnt:
      return "burnt";
  }
  return "";
}

std::vector<std::string_view> NamesOf(int32_t observations) {
  std::vector<std::string_view> names;
  for (const Observation observation : kObservations) {
    if (observations & static_cast<int32_t>(observation)) names.push_back(NameOf(observation));
  }
  return names;
}

Status CheckAct(const RecyclingBatch& batch, RecyclingAct act) {
  const std::string name = "recycling batch " + std::to_string(batch.id);
  if (batch.state == RecyclingState::kClosed) return Fail(StateError(batch, name + " is closed"));
  const int64_t whole = batch.units - batch.dismantled;
  switch (act) {
    case RecyclingAct::kReceive:
      if (batch.lots > 0) {
        return Fail(
            StateError(batch, "masses were reported of " + name + ": what its lots come from is fixed; open another batch"));
      }
      return {};
    case RecyclingAct::kDismantle:
      return {};
    case RecyclingAct::kReport:
      if (batch.units == 0) return Fail(StateError(batch, name + " has received nothing"));
      [[fallthrough]];
    case RecyclingAct::kClose:
      if (whole > 0) return Fail(StateError(batch, std::to_string(whole) + " units of " + name + " are not taken apart yet"));
      if (act == RecyclingAct::kClose && batch.units > 0 && batch.lots == 0) {
        return Fail(StateError(batch, "nothing was reported as recovered of " + name));
      }
      return {};
  }
  return {};
}

int64_t MostRecovered(int64_t contained_ug) { return contained_ug + ShareOf(contained_ug, kMassTolerancePermille, 1'000); }

Status CheckRecovered(const Masses& contained, const Masses& recovered_before, const Masses& recovered_now) {
  for (const auto& [element, mass] : recovered_now) {
    const int64_t there = MassIn(contained, element);
    const int64_t recovered = MassIn(recovered_before, element) + mass;
    const int64_t most = MostRecovered(there);
    if (recovered <= most) continue;
    const std::string name(NameOf(element));
    return Fail(Error{Reason::kMassExceedsContained,
                      "the units contained " + FormatKilograms(there) + " kg of " + name + "; " + FormatKilograms(recovered) +
                          " kg would be recovered, " + FormatKilograms(most) + " kg are the most with " +
                          std::to_string(kMassTolerancePermille / 10) + " % tolerance",
                      {{"field", "lots"},
                       {"element", name},
                       {"contained_kg", FormatKilograms(there)},
                       {"recovered_kg", FormatKilograms(recovered)},
                       {"most_kg", FormatKilograms(most)}}});
  }
  return {};
}

std::string FormatKilograms(int64_t mass_ug) { return FormatQuantity(mass_ug / 1'000); }

std::string_view NameOf(Chemistry chemistry) {
  switch (chemistry) {
    case Chemistry::kLithium:
      return "lithium-based";
    case Chemistry::kLead:
      return "lead-acid";
    case Chemistry::kOther:
      return "other";
  }
  return "";
}

Chemistry ChemistryOf(const Masses& contained) {
  if (MassIn(contained, Element::kLithium) > 0) return Chemistry::kLithium;
  return MassIn(contained, Element::kLead) > 0 ? Chemistry::kLead : Chemistry::kOther;
}

const std::vector<Target>& AllTargets() {
  static const std::vector<Target> targets = {
      Efficiency(Chemistry::kLithium, 650, 2025),
      Efficiency(Chemistry::kLithium, 700, 2030),
      Efficiency(Chemistry::kLead, 750, 2025),
      Efficiency(Chemistry::kLead, 800, 2030),
      Efficiency(Chemistry::kOther, 500, 2025),
      Recovery(Element::kLithium, 500, 2027),
      Recovery(Element::kLithium, 800, 2031),
      Recovery(Element::kNickel, 900, 2027),
      Recovery(Element::kNickel, 950, 2031),
      Recovery(Element::kCobalt, 900, 2027),
      Recovery(Element::kCobalt, 950, 2031),
      Recovery(Element::kCopper, 900, 2027),
      Recovery(Element::kCopper, 950, 2031),
      Recovery(Element::kLead, 900, 2027),
      Recovery(Element::kLead, 950, 2031),
      Content(Element::kLithium, 60, 2031),
      Content(Element::kLithium, 120, 2036),
      Content(Element::kNickel, 60, 2031),
      Content(Element::kNickel, 150, 2036),
      Content(Element::kCobalt, 160, 2031),
      Content(Element::kCobalt, 260, 2036),
      Content(Element::kLead, 850, 2031),
      China(Element::kLithium, 900),
      China(Element::kNickel, 980),
      China(Element::kCobalt, 980),
      China(Element::kManganese, 980),
  };
  return targets;
}

TargetInForce FindTarget(Regime regime, TargetKind kind, Element element, Chemistry chemistry, Day day) {
  TargetInForce found;
  const auto from = [](const Target& target) { return DayOf(target.year, target.month, target.day); };
  for (const Target& target : AllTargets()) {
    if (target.regime != regime || target.kind != kind) continue;
    if (kind == TargetKind::kEfficiency ? target.chemistry != chemistry : target.element != element) continue;
    if (from(target) <= day) {
      if (found.now == nullptr || from(*found.now) < from(target)) found.now = &target;
    } else if (found.next == nullptr || from(target) < from(*found.next)) {
      found.next = &target;
    }
  }
  return found;
}

bool Meets(int64_t recovered_ug, int64_t contained_ug, int32_t permille) {
  if (contained_ug <= 0) return false;
  const int64_t floor = ShareOf(contained_ug, permille, 1'000);
  const bool exact = contained_ug % 1'000 * permille % 1'000 == 0;
  return exact ? recovered_ug >= floor : recovered_ug > floor;
}

std::unordered_map<int64_t, Masses> SpreadRecycled(const std::vector<RecycledSource>& sources,
                                                   const std::unordered_map<int64_t, int64_t>& lot_micro,
                                                   const std::vector<Edge>& edges) {
  std::unordered_map<int64_t, std::vector<const Edge*>> above;
  std::unordered_map<int64_t, int64_t> waiting;
  for (const Edge& edge : edges) {
    if (edge.kind == EdgeKind::kRecovered) continue;
    above[edge.child_id].push_back(&edge);
    ++waiting[edge.parent_id];
  }
  std::unordered_map<int64_t, Masses> masses;
  std::vector<int64_t> ready;
  for (const RecycledSource& source : sources) {
    auto [place, added] = masses.try_emplace(source.lot_id);
    for (const auto& [element, mass] : source.masses) place->second[element] += mass;
    // A lot that also took in others waits for them like everything else.
    if (added && !waiting.contains(source.lot_id)) ready.push_back(source.lot_id);
  }
  // Children that no source reaches hand on nothing; their parents must not wait for them.
  for (const auto& [child, edges_up] : above) {
    if (!masses.contains(child) && !waiting.contains(child)) ready.push_back(child);
  }
  while (!ready.empty()) {
    const int64_t child = ready.back();
    ready.pop_back();
    const auto carried = masses.find(child);
    const auto up = above.find(child);
    if (up == above.end()) continue;
    const Masses own = carried == masses.end() ? Masses() : carried->second;
    const auto whole = lot_micro.find(child);
    for (const Edge* edge : up->second) {
      const bool all = edge->kind == EdgeKind::kInstalled || whole == lot_micro.end() || whole->second <= 0;
      if (!own.empty()) {
        Masses& into = masses[edge->parent_id];
        for (const auto& [element, mass] : own) into[element] += all ? mass : ShareOf(mass, edge->quantity_micro, whole->second);
      }
      if (--waiting[edge->parent_id] == 0) ready.push_back(edge->parent_id);
    }
  }
  return masses;
}

}  // namespace mes::domain
