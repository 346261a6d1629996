#include "domain/substance.h"

#include <algorithm>
#include <array>

namespace mes::domain {
namespace {

constexpr auto kSubstances = std::to_array<Substance>({
    // Materials.
    {"LFP", "lithium iron phosphate", "15365-14-7", "cathode", false, false},
    {"NMC622", "lithium nickel manganese cobalt oxide", "182442-95-1", "cathode", false, false},
    {"graphite", "graphite", "7782-42-5", "anode", false, false},
    {"carbon_additives", "carbon black", "1333-86-4", "cathode", false, false},
    {"PVDF", "polyvinylidene fluoride", "24937-79-9", "cathode", false, false},
    {"CMC_SBR", "carboxymethyl cellulose and styrene-butadiene rubber", "", "anode", false, false},
    {"aluminium", "aluminium", "7429-90-5", "cathode collector and can", false, true},
    {"copper", "copper", "7440-50-8", "anode collector", false, true},
    {"electrolyte_solvent", "carbonate solvents", "", "electrolyte", false, false},
    {"LiPF6", "lithium hexafluorophosphate", "21324-40-3", "electrolyte", false, false},
    {"separator_PE_Al2O3", "polyethylene with aluminium oxide", "", "separator", false, false},
    {"other_polymers", "polymers", "", "cell", false, false},
    {"PFSA_membrane", "perfluorosulfonic acid membrane", "31175-20-9", "membrane", false, false},
    {"ionomer", "perfluorosulfonic acid ionomer", "31175-20-9", "catalyst layers", false, false},
    {"GDL", "carbon fibre paper", "7440-44-0", "gas diffusion layers", false, false},
    {"stainless_steel", "stainless steel", "12597-68-1", "bipolar plates", false, false},
    {"seal_elastomer", "elastomer", "", "seals", false, false},
    {"subgasket_PEN", "polyethylene naphthalate", "", "sub-gaskets", false, false},
    // Elements.
    {"Li", "lithium", "7439-93-2", "cathode and electrolyte", true, true},
    {"Fe", "iron", "7439-89-6", "cathode", true, false},
    {"P", "phosphorus", "7723-14-0", "cathode and electrolyte", true, true},
    {"F", "fluorine", "7782-41-4", "electrolyte and binder", true, false},
    {"Ni", "nickel", "7440-02-0", "cathode", true, true},
    {"Co", "cobalt", "7440-48-4", "cathode", true, true},
    {"Mn", "manganese", "7439-96-5", "cathode", true, true},
    {"Cu", "copper", "7440-50-8", "anode collector", true, true},
    {"Al", "aluminium", "7429-90-5", "cathode collector and can", true, true},
    {"C_graphite", "graphite", "7782-42-5", "anode", true, false},
    {"Pt", "platinum", "7440-06-4", "catalyst layers", true, true},
    {"Pb", "lead", "7439-92-1", "pack", true, false},
    {"Cd", "cadmium", "7440-43-9", "pack", true, false},
    {"Hg", "mercury", "7439-97-6", "pack", true, false},
});

}  // namespace

std::span<const Substance> Substances() { return kSubstances; }

const Substance* FindSubstance(std::string_view code) {
  const auto found =
      std::find_if(kSubstances.begin(), kSubstances.end(), [&](const Substance& substance) { return substance.code == code; });
  return found == kSubstances.end() ? nullptr : &*found;
}

}  // namespace mes::domain
