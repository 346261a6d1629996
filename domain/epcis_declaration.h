// Captured events that their sender declares errors after their capture: what they did is taken back, where nothing rests on it.
//
// | event | taken back | refused where |
// |---|---|---|
// | parts put in | the parts are out, and never were in | they came out since; the contents were weighed for recycling |
// | parts taken out | they are where they were, without a break | they are elsewhere, lived on, their place is taken; weighed |
// | lots used up, split, merged | the lots have it again (what they became: as what came to exist) | the contents were weighed |
// | came back of recycling | never: a batch only goes on | always |
// | scrapped | the unit is what it was | the unit is not scrapped any more |
//
// Steps of lives are taken back by the rules of lives (services/life), what came to exist by what stands of it (services).
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "domain/epcis_capture.h"
#include "domain/genealogy.h"
#include "domain/life.h"
#include "domain/world.h"

namespace mes::domain {

// What is stored of the units that declared events are about.
struct DeclaredPast {
  // Of the parts: where they are and were.
  std::vector<Edge> places;
  // Of what used lots up, where it stands.
  std::vector<Edge> uses;
  // Records of lives that stand, oldest first.
  std::unordered_map<int64_t, std::vector<LifeRecord>> lives;
  // What a recycler received, or is inside of that.
  std::unordered_set<int64_t> weighed;
  // Event and unit: which events scrapped what.
  std::set<std::pair<int64_t, int64_t>> scrapped;
};

struct DeclarationOutcome {
  // At most kMaxDocumentFaults; then nothing is to be stored.
  std::vector<CaptureFault> faults;
  // Child and install event of edges that ended before and, as is known now, never were.
  std::vector<std::pair<int64_t, EdgeEvent>> never;
};

// Takes the events back in the world, the latest first, and leaves the effects there.
DeclarationOutcome TakeBack(World& world, std::vector<CapturedEvent> declared, DeclaredPast past);

}  // namespace mes::domain
