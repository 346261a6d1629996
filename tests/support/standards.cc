#include "tests/support/standards.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace mes::tests {

std::filesystem::path Standards(const std::string& part) {
  const char* given = std::getenv("MES_STANDARDS_DIR");
  const std::filesystem::path folder = given != nullptr
                                           ? std::filesystem::path(given)
                                           : std::filesystem::path(MES_SOURCE_FOLDER).parent_path() / "shared" / "standards";
  return std::filesystem::exists(folder / part) ? folder / part : std::filesystem::path();
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {

// What a script of ours says about two files, the second of which is the document.
std::string AskScript(const std::string& script, const std::filesystem::path& first, const std::string& document) {
  std::string path = (std::filesystem::temp_directory_path() / "mes-document-XXXXXX").string();
  const int file = mkstemp(path.data());
  if (file < 0) return "no temporary file: " + path;
  close(file);
  std::ofstream(path, std::ios::binary) << document;
  const std::string command =
      std::string("/usr/bin/python3 '") + MES_SOURCE_FOLDER + "/tests/support/" + script + "' '" + first.string() + "' '" + path + "' 2>&1";
  std::string said;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot run " + command;
  std::array<char, 4096> piece;
  while (const size_t size = fread(piece.data(), 1, piece.size(), pipe)) said.append(piece.data(), size);
  const int status = pclose(pipe);
  std::filesystem::remove(path);
  if (status != 0) said += "\n" + script + " ended with status " + std::to_string(status);
  return said;
}

}  // namespace

std::string SchemaFaults(const std::string& document, const std::filesystem::path& schema) {
  return AskScript("json_schema_faults.py", schema, document);
}

std::string ExpandedTerms(const std::string& document, const std::filesystem::path& folder) {
  return AskScript("pyld_expand.py", folder, document);
}

}  // namespace mes::tests
