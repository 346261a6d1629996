// The event hash of CBV 2.0 (section 8.9.2) for EPCIS 2.0 events in JSON: fields in a fixed order, lists sorted, times in UTC to
// the millisecond, words of the CBV and GS1 keys as web addresses, then SHA-256. Left out: recordTime, eventID, errorDeclaration.
//
// The text of the standard puts `type` after its value in business transactions, sources and destinations; the published vectors
// put it before. The vectors are followed. The hash tells that an event was not changed; it does not tell who wrote it.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace mes::services {

// Prefixes of the document's @context with the addresses that they stand for.
using EpcisContext = std::map<std::string, std::string>;
EpcisContext ContextOf(const nlohmann::json& context);

// What is hashed.
std::string EpcisPrehash(const nlohmann::json& event, const EpcisContext& context);
// `ni:///sha-256;<hex>?ver=CBV2.0`.
std::string EpcisHash(const nlohmann::json& event, const EpcisContext& context);
// The same form of 64 hexadecimal digits.
std::string EpcisIdOf(const std::string& hex);
// An EPC URN, or any host's Digital Link, as the Digital Link of id.gs1.org at its finest level; unchanged where it is none.
std::string EpcisCanonical(const std::string& uri);
// `cbv:BizStep-shipping` as an address; unchanged where the prefix is not one of the context's.
std::string EpcisExpanded(const std::string& text, const EpcisContext& context);

}  // namespace mes::services
