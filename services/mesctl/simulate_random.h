// The simulator's chance: draws are a function of what they are about (seed, unit, operation, run ...), never of the order in
// which they are asked for. So the same seed tells the same story however it is told, and a run can be picked up in the middle.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace mes::mesctl::simulate {

// SplitMix64's finaliser (Steele, Lea, Flood 2014).
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

inline uint64_t Draw(std::initializer_list<uint64_t> about) {
  uint64_t x = 0;
  for (const uint64_t part : about) x = Mix(x ^ part);
  return x;
}

// FNV-1a, to draw about a name.
inline uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

// In [0, 1).
inline double Uniform(uint64_t draw) { return static_cast<double>(draw >> 11) * 0x1.0p-53; }

// Bell-shaped with mean 0 and standard deviation 1, never beyond +-3.47: the sum of four uniform parts.
inline double Normal(uint64_t draw) {
  double sum = 0;
  for (int i = 0; i < 4; ++i) sum += static_cast<double>((draw >> (16 * i)) & 0xffff) / 65536.0;
  return (sum - 2.0) * 1.7320508;
}

// What a draw is about, so that no two meet.
enum class Topic : uint64_t {
  kFail = 1,
  kScrap,
  kValue,
  kMismatch,
  kAbort,
  kSwap,
  kBad,
  kDuplicate,
  kCharge,
  kGrade,
  kMove,
  kLoss,
  kDeadChannel,
  kReading,
  kCause,
  kSampled,
  kCurve,
  kLate
};

}  // namespace mes::mesctl::simulate
