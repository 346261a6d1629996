// What the plant's rules that act see of a story (README "Rules that act"): the newest first runs of each line's operation. An
// ordinary story keeps clear of them, whatever order its stations' events arrive in and also where a second story is told about the
// same days, so that no station is stopped and no unit held in the middle of it:
//
//   CF3    the first run after one that failed at the same station passes: no streak at a station
//   CF5L   at most 2 of any 16 first runs of a line's operation fail
//   FPY_W  of any 20 to 50 first runs so few fail that even twice as many would not stop the operation: at most one, or the share
//          n * ((1 - planned) / 2 + 0.05), half of the way to `planned - 10 points`
//
// Yields far below 95 % therefore come out a little better than planned. A first run that fails waits for all those before it, on
// whatever station: what the server knows when it looks at a failure is the story up to then, less nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>
#include <vector>

#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {

// A line's operation.
struct Place {
  int line = 0;
  uint32_t item = 0;
  uint8_t operation = 0;
  auto operator<=>(const Place&) const = default;
};

class FirstRuns {
 public:
  // Whether the next first run at the place, on the station, may fail.
  bool MayFail(const Place& place, int station, double planned) const;
  void Add(const Place& place, int station, bool passes);
  // The event that brings the newest first run on the station to the server.
  void Brought(const Place& place, int station, Ref by);
  // Those events of all stations at the place: what a failure waits for.
  std::vector<Ref> Before(const Place& place) const;

 private:
  struct OnStation {
    bool failed = false;
    Ref by;
  };
  struct History {
    std::deque<bool> passes;  // the newest last
    std::map<int, OnStation> stations;
  };
  std::map<Place, History> places_;
};

}  // namespace mes::mesctl::simulate
