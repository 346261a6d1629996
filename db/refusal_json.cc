#include "db/refusal_json.h"

#include <nlohmann/json.hpp>

namespace mes::db {

// Texts come from outside: bytes that are no UTF-8 are replaced, so that jsonb takes them.
std::string RefusalsToJson(const std::vector<domain::Refusal>& refusals) {
  nlohmann::json list = nlohmann::json::array();
  for (const domain::Refusal& refusal : refusals) {
    nlohmann::json evidence = nlohmann::json::array();
    for (const domain::Evidence& fact : refusal.evidence) {
      evidence.push_back({{"kind", fact.kind}, {"id", fact.id}, {"detail", fact.detail}});
    }
    list.push_back({{"code", domain::NameOf(refusal.reason)},
                    {"sentence", refusal.sentence},
                    {"unit_code", refusal.unit_code},
                    {"evidence", std::move(evidence)}});
  }
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<domain::Refusal> RefusalsFromJson(const std::string& json) {
  std::vector<domain::Refusal> refusals;
  for (const nlohmann::json& entry : nlohmann::json::parse(json)) {
    domain::Refusal refusal{domain::Reason::kInternal, entry.at("sentence"), {}, entry.at("unit_code")};
    for (const domain::Reason reason : domain::AllReasons()) {
      if (domain::NameOf(reason) == entry.at("code").get<std::string>()) refusal.reason = reason;
    }
    for (const nlohmann::json& fact : entry.at("evidence")) {
      refusal.evidence.push_back({fact.at("kind"), fact.at("id"), fact.at("detail")});
    }
    refusals.push_back(std::move(refusal));
  }
  return refusals;
}

}  // namespace mes::db
