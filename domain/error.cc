#include "domain/error.h"

#include <array>

namespace mes::domain {
namespace {

struct Entry {
  std::string_view name;
  ErrorKind kind;
  std::string_view role;
};

constexpr auto kEntries = std::to_array<Entry>({
#define MES_REASON_ENTRY(enumerator, name, kind, role) Entry{name, ErrorKind::kind, role},
    MES_REASONS(MES_REASON_ENTRY)
#undef MES_REASON_ENTRY
});

const Entry& EntryOf(Reason reason) { return kEntries[static_cast<size_t>(reason)]; }

}  // namespace

std::string_view NameOf(Reason reason) { return EntryOf(reason).name; }
std::string_view RoleOf(Reason reason) { return EntryOf(reason).role; }
ErrorKind KindOf(Reason reason) { return EntryOf(reason).kind; }

const std::vector<Reason>& AllReasons() {
  static const std::vector<Reason> reasons = [] {
    std::vector<Reason> all;
    for (size_t i = 0; i < kEntries.size(); ++i) all.push_back(static_cast<Reason>(i));
    return all;
  }();
  return reasons;
}

}  // namespace mes::domain
