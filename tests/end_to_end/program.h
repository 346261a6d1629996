// Runs a program as a person or script would: arguments and standard input in, both outputs and the exit code out. The program
// has the test's environment and is killed after a minute, so that a hanging one fails its test instead of the whole run.
#pragma once

#include <string>
#include <vector>

namespace mes::tests {

struct Outcome {
  // 128 + the signal where one ended it, as a shell counts.
  int code;
  std::string out;
  std::string err;
};

Outcome RunProgram(const std::string& path, const std::vector<std::string>& arguments, const std::string& input = "");

// A program that goes on beside the test, with its output in the test's own. Killed with the object, and with the thread
// that made it, however that ends.
class RunningProgram {
 public:
  RunningProgram(const std::string& path, const std::vector<std::string>& arguments);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

 private:
  int pid_ = 0;
};

// A TCP port of the loopback that was free a moment ago.
int FreePort();

}  // namespace mes::tests
