// Runs a program as a person or script would: arguments and standard input in, both outputs and the exit code out. The program
// has the test's environment and is killed after a minute, so that a hanging one fails its test instead of the whole run.
#pragma once

#include <string>
#include <vector>

namespace mes::test {

struct Outcome {
  // 128 + the signal where one ended it, as a shell counts.
  int code;
  std::string out;
  std::string err;
};

Outcome RunProgram(const std::string& path, const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace mes::test
