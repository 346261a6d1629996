#include "domain/audit.h"

namespace mes::domain {
namespace {

void AppendLength(std::string& bytes, uint32_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 0xff);
}

}  // namespace

void AppendField(std::string& bytes, std::string_view field) {
  AppendLength(bytes, static_cast<uint32_t>(field.size()));
  bytes += field;
}

void AppendField(std::string& bytes, int64_t field) { AppendField(bytes, std::string_view(std::to_string(field))); }

void AppendNull(std::string& bytes) { AppendLength(bytes, 0xffffffff); }

std::string EntryBytes(const AuditEntry& entry) {
  std::string bytes;
  bytes.reserve(entry.new_value.size() + entry.old_value.size() + 256);
  AppendField(bytes, entry.audit_id);
  AppendField(bytes, static_cast<int64_t>(entry.kind));
  AppendField(bytes, ToMicros(entry.write_time));
  AppendField(bytes, static_cast<int64_t>(entry.clock));
  if (entry.clock_error_us) {
    AppendField(bytes, *entry.clock_error_us);
  } else {
    AppendNull(bytes);
  }
  AppendField(bytes, entry.method);
  AppendField(bytes, entry.caller);
  AppendField(bytes, int64_t{entry.proved});
  AppendField(bytes, entry.noun);
  AppendField(bytes, entry.noun_id);
  AppendField(bytes, entry.request_id);
  AppendField(bytes, entry.reason);
  AppendField(bytes, entry.old_value);
  AppendField(bytes, entry.new_value);
  if (!entry.key_id.empty()) AppendField(bytes, HexText(entry.key_id));
  return bytes;
}

std::string LinkBytes(int64_t link, const AuditEntry& entry) {
  std::string bytes;
  AppendField(bytes, link);
  bytes += EntryBytes(entry);
  AppendField(bytes, HexText(entry.mac));
  return bytes;
}

std::string ChainBytes(std::string_view chain_id, Time create_time, const std::vector<int64_t>& earlier_facts) {
  std::string counts;
  for (const int64_t count : earlier_facts) counts += (counts.empty() ? "" : ",") + std::to_string(count);
  std::string bytes;
  AppendField(bytes, "ordos-audit/1");
  AppendField(bytes, chain_id);
  AppendField(bytes, ToMicros(create_time));
  AppendField(bytes, counts);
  return bytes;
}

std::string AnchorBytes(std::string_view chain_id, int64_t link, std::string_view hash, Time time) {
  std::string bytes;
  AppendField(bytes, "ordos-audit-anchor/1");
  AppendField(bytes, chain_id);
  AppendField(bytes, link);
  AppendField(bytes, HexText(hash));
  AppendField(bytes, ToMicros(time));
  return bytes;
}

std::string KeyIdBytes(std::string_view public_key) {
  std::string bytes;
  AppendField(bytes, "ordos-site-key/1");
  AppendField(bytes, HexText(public_key));
  return bytes;
}

std::string RotationBytes(std::string_view chain_id, std::string_view former_public_key, std::string_view public_key, Time time) {
  std::string bytes;
  AppendField(bytes, "ordos-site-key-rotation/1");
  AppendField(bytes, chain_id);
  AppendField(bytes, HexText(former_public_key));
  AppendField(bytes, HexText(public_key));
  AppendField(bytes, ToMicros(time));
  return bytes;
}

std::string HexText(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string_view NameOf(FactTable table) {
  switch (table) {
    case FactTable::kStationEvents:
      return "station_event";
    case FactTable::kRefusedEvents:
      return "refused_event";
    case FactTable::kInstalls:
      return "installed";
    case FactTable::kRemovals:
      return "removed";
    case FactTable::kConsumptions:
      return "consumed";
    case FactTable::kReversals:
      return "consumption_reversed";
    case FactTable::kConditions:
      return "station_condition";
    case FactTable::kLotEdges:
      return "lot_edge";
    case FactTable::kRecycledUnits:
      return "recycled_unit";
    case FactTable::kRecoveredLots:
      return "recovered_lot";
    case FactTable::kVoids:
      return "edge_void";
  }
  return "";
}

}  // namespace mes::domain
