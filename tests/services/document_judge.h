// Judges documents: by the official schemas, which are third-party files from MES_STANDARDS_DIR, and by what schemas do not say.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "domain/passport_attribute.h"
#include "tests/support/standards.h"

namespace mes::tests {

class DocumentJudge {
 protected:
  using Json = nlohmann::json;

  // Valid by the official schema; and the validator is awake: without its first required member it is not (asked once a schema).
  void ExpectValid(const Json& document, const std::string& schema) {
    const std::filesystem::path path = Standards(schema);
    if (path.empty()) return;
    EXPECT_EQ(SchemaFaults(document.dump(), path), "") << schema << "\n" << document.dump(1).substr(0, 3000);
    if (!broken_once_.insert(schema).second) return;
    Json broken = document;
    broken.erase(Json::parse(ReadFile(path)).at("required").at(0).get<std::string>());
    EXPECT_NE(SchemaFaults(broken.dump(), path), "") << schema;
  }

 private:
  std::set<std::string> broken_once_;
};

// Beyond the schemas: every day exists, every share lies between 0 and 100, nothing is null or empty.
inline void ExpectSound(const nlohmann::json& value, const std::string& path) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) ExpectSound(inner, path + "/" + key);
    const bool percent = (value.contains("unit") && value["unit"] == "unit:percent") ||
                         (value.contains("concentrationUnit") && value["concentrationUnit"] == "unit:percent");
    for (const char* key : {"concentration", "concentrationValue"}) {
      if (!percent || !value.contains(key) || !value[key].is_number()) continue;
      EXPECT_GE(value[key].get<double>(), 0) << path;
      EXPECT_LE(value[key].get<double>(), 100) << path;
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) ExpectSound(value[i], path + "/" + std::to_string(i));
  } else if (value.is_string()) {
    const std::string text = value;
    EXPECT_FALSE(text.empty()) << path;
    if (path.ends_with("Date") && text.size() == 10) {
      EXPECT_TRUE(domain::IsDay(text)) << path << ": " << text;
    }
  } else {
    EXPECT_FALSE(value.is_null()) << path;
  }
}

}  // namespace mes::tests
