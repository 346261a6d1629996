// The standards' own files: schemas, examples and vectors of others, which this repository does not carry. MES_STANDARDS_DIR names
// their folder (default: ../shared/standards beside the project); a test without them says so and skips.
#pragma once

#include <filesystem>
#include <string>

namespace mes::tests {

// The file or folder `part` of the standards; empty where it is not there.
std::filesystem::path Standards(const std::string& part);

// The whole file; empty where it is not there.
std::string ReadFile(const std::filesystem::path& path);

// What the JSON schema says against the document, formats too, one fault a line; empty = valid. Judged by Debian's
// python3-jsonschema, so that no code is shared with what made the document.
std::string SchemaFaults(const std::string& document, const std::filesystem::path& schema);

// The properties and types that a JSON-LD document expands to, one a line, without a network: contexts come from `folder`. Expanded by
// Debian's python3-pyld. A sentence that begins with `cannot be expanded` where it cannot.
std::string ExpandedTerms(const std::string& document, const std::filesystem::path& folder);

}  // namespace mes::tests

#define MES_NEED_STANDARDS(path) \
  if (path.empty()) GTEST_SKIP() << "the standards' files are not here: set MES_STANDARDS_DIR to the folder that holds them"
