#include "domain/start_permit.h"

#include <array>
#include <charconv>

#include "domain/limits.h"

namespace mes::domain {
namespace {

constexpr std::string_view kForm = "1";
constexpr size_t kWords = 7;

template <typename Number>
bool Read(std::string_view word, Number& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size();
}

}  // namespace

std::string PermitText(const StartPermit& permit) {
  return std::string(kForm) + " " + permit.unit_code + " " + std::to_string(permit.operation) + " " + permit.station_code + " " +
         std::to_string(permit.revision_id) + " " + std::to_string(ToMicros(permit.issue_time)) + " " +
         std::to_string(ToMicros(permit.expire_time));
}

std::optional<StartPermit> ParsePermitText(std::string_view text) {
  std::array<std::string_view, kWords> words;
  for (size_t i = 0; i < kWords; ++i) {
    const size_t blank = text.find(' ');
    if ((blank == std::string_view::npos) != (i + 1 == kWords)) return std::nullopt;
    words[i] = text.substr(0, blank);
    text.remove_prefix(i + 1 == kWords ? text.size() : blank + 1);
  }
  StartPermit permit;
  int64_t issue = 0, expire = 0;
  if (words[0] != kForm || !Read(words[2], permit.operation) || !Read(words[4], permit.revision_id) || !Read(words[5], issue) ||
      !Read(words[6], expire)) {
    return std::nullopt;
  }
  permit.unit_code = words[1];
  permit.station_code = words[3];
  permit.issue_time = FromMicros(issue);
  permit.expire_time = FromMicros(expire);
  return permit;
}

void JudgePermit(const Started& start, const Station& station, std::string_view unit_code, int16_t operation, int32_t revision_id,
                 Time time, std::vector<Refusal>& refusals) {
  if (!start.permit) return;
  const StartPermit& permit = *start.permit;
  const auto refuse = [&](Reason reason, std::string sentence, std::string detail) {
    refusals.push_back({reason, std::move(sentence), {{"field", "started.permit", std::move(detail)}}, std::string(unit_code)});
  };
  if (!permit.genuine)
    return refuse(Reason::kPermitInvalid, "the start permit is not one that this plant gave, or it was altered", "false seal");
  const auto other = [&](std::string_view what, std::string_view given, std::string_view wanted) {
    refuse(Reason::kPermitInvalid, "the start permit is for another " + std::string(what),
           "given for " + std::string(given) + ", shown for " + std::string(wanted));
  };
  if (permit.unit_code != unit_code) return other("unit", permit.unit_code, unit_code);
  if (permit.station_code != station.code) return other("station", permit.station_code, station.code);
  if (permit.operation != operation) return other("operation", std::to_string(permit.operation), std::to_string(operation));
  if (permit.revision_id != revision_id)
    return other("routing revision", std::to_string(permit.revision_id), std::to_string(revision_id));
  if (time < permit.issue_time - std::chrono::seconds(kMaxAheadSeconds)) {
    return refuse(Reason::kPermitInvalid, "the start happened before its permit was given", FormatTime(permit.issue_time));
  }
  if (time > permit.expire_time) {
    refuse(Reason::kPermitExpired, "the start permit was over when the start happened: ask the gate again",
           FormatTime(permit.expire_time));
  }
}

}  // namespace mes::domain
