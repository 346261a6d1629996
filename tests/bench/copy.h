// The floor under ingest: the rows that it stored, written again by raw binary COPY into empty tables of the same shape and
// indexes.
#pragma once

#include <string>

namespace mes::bench {

struct Copied {
  int64_t events = 0;
  double seconds = 0;
};

// Copies what epoch `epoch` stored (events, lot consumptions, units) through two connections, 2,000 events and their share of the
// other rows in each transaction. The tables are dropped afterwards.
Copied CopyAgain(const std::string& url, int epoch);

}  // namespace mes::bench
