// What partners' EPCIS events change here: bought things with a history of their own come to exist, are built into each other,
// use up lots, and live on with customers and recyclers.
//
// | event | what it changes |
// |---|---|
// | ObjectEvent ADD, commissioning | units and lots that are not known yet come to exist as bought ones |
// | AssociationEvent ADD, DELETE | a part goes into a foreign unit, or comes out of it |
// | TransformationEvent with quantities of lots | the lots are used up by the foreign unit that comes out |
// | TransformationEvent of a lot into parts (step `splitting`), of lots into one (`merging`) | the parts, the whole come to exist |
// | TransformationEvent of lots into one lot with ilmd | the lot comes to exist, the others are used up by it |
// | TransformationEvent of units into lots (step `recycling`) | the lots come to exist as what came back of a batch of these units |
// | TransformationEvent of one unit into one | its second life, under the new code |
// | ObjectEvent with a step of a life | the life moves (domain/life), of foreign units and of ours |
// | ObjectEvent, decommissioning | a foreign unit is scrapped |
//
// Events of one transformationID are one batch: all that went in is in all that came back. What was made here is waste, taken apart
// or recycled before it goes in; how its life goes on is told by events of its own.
//
// Everything else (inspections, packing, business transactions) is kept with the units that it names and changes nothing; so does
// an event that its sender has declared an error (declared so after its capture: domain/epcis_declaration). What units made here
// are made of is told by their stations and by `ReplacePart` alone: a partner's word never changes it. Events are decided in the
// order in which they happened.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "domain/genealogy.h"
#include "domain/life.h"
#include "domain/world.h"

namespace mes::domain {

enum class CaptureKind : int16_t {
  kKept = 0,
  kMadeUnits,
  kMadeLots,
  kInstalled,
  kRemoved,
  kConsumed,
  kLife,
  kSecondLife,
  kScrapped,
  kSplit,
  kMerged,
  kTransformed,
  kRecovered
};

// Position of a part whose place in the foreign unit was not told: slots count up from 1.
inline constexpr int16_t kUntoldLine = 32'767;

struct CapturedEvent {
  // Where it stands in the document: `/epcisBody/eventList/3`.
  std::string pointer;
  // 64 hexadecimal digits of its CBV 2.0 hash.
  std::string hash;
  CaptureKind kind = CaptureKind::kKept;
  Time occur_time{};
  // Its sender declared it an error.
  bool wrong = false;
  // Units; of kInstalled and kRemoved the parts.
  std::vector<std::string> unit_codes;
  struct LotAmount {
    std::string code;
    int64_t quantity_micro = 0;
  };
  std::vector<LotAmount> lots;
  // kSplit, kMerged, kTransformed: lots that come to exist of `lots`; kRecovered: of `unit_codes`.
  std::vector<LotAmount> made;
  // kRecovered: what names the batch; never empty.
  std::string transformation_id;
  // The unit that parts go into, that uses lots up, or that goes on under `new_code`.
  std::string parent_code;
  std::string new_code;
  // kMade…, and with `made`: of what; 0 = it was not told or is not known here.
  int32_t material_id = 0;
  // kInstalled, kConsumed: 0 = not told.
  int16_t line = 0;
  int16_t slot = 0;
  int16_t operation = 0;
  // kLife, kSecondLife; of kRecovered the place and the evidence.
  LifeRecord life;
  // Its number here (db/captured_event), which edges name; 0 = not stored yet.
  int64_t id = 0;
};

struct CaptureFault {
  std::string pointer;
  Reason reason = Reason::kDocumentInvalid;
  std::string sentence;
};

struct CaptureOutcome {
  // Everything that is wrong, at most kMaxDocumentFaults; then nothing is to be stored.
  std::vector<CaptureFault> faults;
  int32_t made = 0;
  int32_t installed = 0;
  int32_t removed = 0;
  int32_t consumed = 0;
  int32_t lives = 0;
  // Records with the life after each, in order.
  struct Lived {
    int64_t unit_id = 0;
    LifeRecord record;
    Life after;
  };
  std::vector<Lived> lived;
  struct SecondLife {
    int64_t old_id = 0;
    int64_t new_id = 0;
    Life life;
    Time time{};
  };
  std::vector<SecondLife> second_lives;
  // Bought things that came to exist, by material.
  std::map<int32_t, std::vector<int64_t>> made_ids;
  // Those that had come to exist by an error and do so after all, as what is said now.
  struct Revived {
    int64_t unit_id = 0;
    int32_t material_id = 0;
    int64_t quantity_micro = 0;
  };
  std::vector<Revived> revived;
  // Parts and wholes of lots, which have edges of their own kind.
  struct LotEdge {
    EdgeKind kind = EdgeKind::kSplit;
    int64_t lot_id = 0;
    int64_t made_id = 0;
    int64_t quantity_micro = 0;
    Time time{};
    int64_t event_id = 0;
  };
  std::vector<LotEdge> lot_edges;
  // Into recycling batches: the units that are not in theirs yet, the lots.
  struct Recovery {
    std::string transformation_id;
    std::string place;
    std::string evidence;
    Time time{};
    std::vector<int64_t> unit_ids, lot_ids;
  };
  std::vector<Recovery> recoveries;
  // Event and unit that it scrapped.
  std::set<std::pair<int64_t, int64_t>> scrapped;
};

// What is stored of the units that events are about.
struct CapturePast {
  // Units that came to exist by events declared errors.
  std::unordered_set<int64_t> withdrawn;
  // Units in recycling batches: under which transformationID of this sender's; empty = another batch.
  std::unordered_map<int64_t, std::string> recycled;
};

// Decides the events in the world and leaves the effects there. `new_ids`: fresh ids, as many as the events may make. `lives`: of
// the world's units; moved along. Events of one time keep their order.
CaptureOutcome Capture(World& world, std::vector<CapturedEvent> events, std::vector<int64_t> new_ids,
                       std::unordered_map<int64_t, Life>& lives, CapturePast past = {});

}  // namespace mes::domain
