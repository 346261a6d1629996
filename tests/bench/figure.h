// What a benchmark reports, and what every group of figures is given to run on.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/channel.h>

#include "tests/support/cluster.h"

namespace mes::bench {

using Clock = std::chrono::steady_clock;

struct Figure {
  std::string name;
  double value = 0;
  std::string unit;
  // For people: `>= 0.4`; empty where there is no aim.
  std::string target;
};

struct Run {
  tests::TestCluster& cluster;
  // Tiny counts: shows that every figure is taken, not how large it is.
  bool smoke = false;
  std::vector<Figure> figures;

  void Add(std::string name, double value, std::string unit, std::string target = "");
  // The count to run with.
  int64_t Count(int64_t real, int64_t tiny) const { return smoke ? tiny : real; }
  double Seconds(double real) const { return smoke ? 0.4 : real; }
};

// A line on stderr, with the time since the start.
void Say(const std::string& text);
double SecondsSince(Clock::time_point begin);
// Of milliseconds, or anything else; 0 for none. Sorts.
double Quantile(std::vector<double>& values, double share);

void RunIngest(Run& run);
void RunRules(Run& run);
void RunAck(Run& run);
void RunCanStart(Run& run);
void RunGenealogy(Run& run);
void RunSchedule(Run& run);
void RunUtilisation(Run& run);
void RunYield(Run& run);
void RunAudit(Run& run);
void RunGuard(Run& run);
// On a server whose plant has a history: `lot` went into about 100,000 cells.
void MeasureHold(Run& run, tests::TestDatabase& database, const std::shared_ptr<grpc::Channel>& channel, const std::string& lot);

}  // namespace mes::bench
