// Random numbers without a state: each is a function of a seed, a stream and a counter, so that the same seed gives the same
// draws on every machine, in any order, and one stream does not move another. The mixing is the finalizer of SplitMix64 (Steele,
// Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). No distribution of the standard library is used: their
// results differ between implementations.
#pragma once

#include <cstdint>
#include <string_view>

namespace mes::domain {

constexpr uint64_t MixBits(uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

// A name as a stream's number (FNV-1a).
constexpr uint64_t StreamOf(std::string_view name) {
  uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return hash;
}

// 64 even bits.
constexpr uint64_t DrawBits(uint64_t seed, uint64_t stream, uint64_t run, uint64_t counter) {
  return MixBits(MixBits(MixBits(MixBits(seed) ^ stream) ^ run) ^ counter);
}

// 0 to n - 1, evenly (the upper half of bits * n); n > 0.
constexpr uint64_t DrawBelow(uint64_t n, uint64_t bits) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
}

// 0 to below 1, in steps of 2^-53.
constexpr double DrawShare(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

}  // namespace mes::domain
