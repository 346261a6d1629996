// The attributes of a passport: what Regulation (EU) 2023/1542 Annex XIII asks of a battery, what official document schemas ask besides,
// and what a recycler wants of a fuel-cell stack. One table: name, point of the Annex, who may see it, of the model or of the single
// piece, its type, unit and range. A value that is not of its attribute's type never gets in.
//
// A fact that nobody stated is unknown; nothing here has a default.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/caller.h"
#include "domain/result.h"

namespace mes::domain {

// Views of a passport. Values are those of mes.v1.PassportTier.
enum class PassportTier : int16_t { kPublic = 1, kLegitimateInterest, kAuthorities };
std::string_view NameOf(PassportTier tier);

// Who may see an attribute, by the points of Annex XIII: 1 anyone; 2 persons with a legitimate interest and authorities; 3
// authorities; 4 persons with a legitimate interest.
enum class AttributeAccess : int16_t { kPublic = 1, kInterestAndAuthorities, kAuthorities, kInterest };
bool Shows(PassportTier tier, AttributeAccess access);

// Of the model (with its plant) or of one piece. Values are those of mes.v1.AttributeLevel.
enum class AttributeLevel : int16_t { kModel = 1, kItem };

// How a value is known. Values are those of mes.v1.FactBasis and of the database.
enum class FactBasis : int16_t { kUnknown = 1, kMeasured, kComputed, kDeclared, kRecorded };
std::string_view NameOf(FactBasis basis);

// Values are those of mes.v1.FactType.
enum class FactType : int16_t {
  kNumber = 1,
  kWhole,
  kText,
  // YYYY-MM-DD, a day that exists.
  kDay,
  // One of `words`.
  kWord,
  // An absolute http or https address.
  kLink,
  // A business partner number: the four letters in `words` and twelve letters or digits.
  kPartner,
  kEmail,
  // ISO 3166-2, `CN-NM`; ISO 3166-1 alpha-3, `CHN`.
  kRegion,
  kCountry,
  // Lower-case letters, digits, hyphens, blanks; at most 11.
  kPostCode
};

// Which passports have the attribute.
enum class PassportKind : int16_t { kBattery = 1, kStack = 2 };
inline constexpr int kBothKinds = 3;

struct PassportAttribute {
  std::string_view name;
  // For headings in documents; at most 100 characters.
  std::string_view label;
  // Of Annex XIII; empty = asked for by a document's schema or by recyclers only.
  std::string_view point;
  AttributeAccess access;
  AttributeLevel level;
  FactType type;
  std::string_view unit;
  double low;
  double high;
  // kWord: the words, with `|` between them. kPartner: the first four letters.
  std::string_view words;
  // One value for each substance or part (the subject).
  bool by_subject;
  // Bits of PassportKind.
  int kinds;
  // Nobody declares it: it follows from what is recorded.
  bool kept;

  bool Of(PassportKind kind) const { return (kinds & static_cast<int>(kind)) != 0; }
};

// All of them, in the order of passports.
std::span<const PassportAttribute> PassportAttributes();
// Null = unknown.
const PassportAttribute* FindAttribute(std::string_view name);

// What a fact is about. Values are those of the database.
enum class FactScope : int16_t { kPlant = 1, kProduct, kUnit, kLot };
std::string_view NameOf(FactScope scope);

// Checks a statement of a fact and brings numbers to their shortest form. Errors: FIELD_REQUIRED, FIELD_INVALID, LIMIT_EXCEEDED with
// `attribute`, `subject`, `value` or `method`.
struct FactClaim {
  FactScope scope = FactScope::kPlant;
  std::string attribute;
  std::string subject;
  std::string value;
  std::string method;
};
Result<FactClaim> CheckFact(FactClaim claim);

// The views that the caller may ask for. A proved caller's roles count; while callers are unproved, the role that the request names.
std::vector<PassportTier> TiersOf(const Caller& caller, std::string_view role);
// Errors: ROLE_INSUFFICIENT with `tier`.
Status CheckTier(const Caller& caller, std::string_view role, PassportTier tier);
// Whether one of the views shows it.
bool MayRead(const std::vector<PassportTier>& tiers, AttributeAccess access);

// `value` as YYYY-MM-DD of a day that exists.
bool IsDay(std::string_view value);

}  // namespace mes::domain
