// Who makes a call, as the service proved it: the one truth that permissions, partner scope, signatures and the audit read.
#pragma once

#include <cstdint>
#include <string>

namespace mes::domain {

// Values are bits of Caller::roles.
enum class Role : uint16_t {
  kStation = 1 << 0,
  kOperator = 1 << 1,
  kPlanner = 1 << 2,
  kQuality = 1 << 3,
  kMaintenance = 1 << 4,
  kTesting = 1 << 5,
  kRecycler = 1 << 6,
  kAuditor = 1 << 7,
  kAdmin = 1 << 8,
  // Those that the plant's rules name besides (rules.json).
  kProcessEngineer = 1 << 9,
  kShiftLead = 1 << 10,
  kSafetyOfficer = 1 << 11,
};

enum class CallerKind : uint8_t {
  // Plaintext on loopback by explicit flag: no identity was asked for.
  kUnproved,
  kStation,
  kService,
  kPerson,
  kPartner,
};

struct Caller {
  CallerKind kind = CallerKind::kUnproved;
  // The identity's name, as the audit keeps it; empty = unproved.
  std::string name;
  // Bits of Role.
  uint16_t roles = 0;
  // The station that it reports for; empty = none.
  std::string station;
  // The partner that it acts for; empty = none. A caller with a partner sees that partner's scope only.
  std::string partner;

  bool Has(Role role) const { return (roles & static_cast<uint16_t>(role)) != 0; }
};

}  // namespace mes::domain
