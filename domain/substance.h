// What batteries and stacks are made of, by the names that the plant's files use: chemical name, CAS number where the substance has
// one, where it is, and whether it is a critical raw material (Regulation (EU) 2024/1252, its elements only).
#pragma once

#include <span>
#include <string_view>

namespace mes::domain {

struct Substance {
  // As in `compositions` of materials.json, and the subject of facts.
  std::string_view code;
  std::string_view name;
  // Empty = a mixture, or none was found.
  std::string_view cas;
  std::string_view location;
  bool element;
  bool critical;
};

std::span<const Substance> Substances();
// Null = unknown.
const Substance* FindSubstance(std::string_view code);

}  // namespace mes::domain
