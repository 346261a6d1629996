#include "domain/passport.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/composition.h"
#include "domain/passport_attribute.h"
#include "domain/substance.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Access = AttributeAccess;

PassportEntry Entry(std::string attribute, std::string value, std::string subject = "") {
  PassportEntry entry;
  entry.attribute = std::move(attribute);
  entry.subject = std::move(subject);
  entry.value = std::move(value);
  entry.basis = FactBasis::kDeclared;
  return entry;
}

TEST(PassportAttribute, EveryPointOfAnnexThirteenHasAnAttributeOfItsTier) {
  const std::map<std::string, Access> points = {
      {"1a", Access::kPublic}, {"1b", Access::kPublic}, {"1c", Access::kPublic}, {"1d", Access::kPublic}, {"1e", Access::kPublic},
      {"1f", Access::kPublic}, {"1g", Access::kPublic}, {"1h", Access::kPublic}, {"1i", Access::kPublic}, {"1j", Access::kPublic},
      {"1k", Access::kPublic}, {"1l", Access::kPublic}, {"1m", Access::kPublic}, {"1n", Access::kPublic}, {"1o", Access::kPublic},
      {"1p", Access::kPublic}, {"1q", Access::kPublic}, {"1r", Access::kPublic}, {"1s", Access::kPublic},
      {"2a", Access::kInterestAndAuthorities}, {"2b", Access::kInterestAndAuthorities}, {"2c1", Access::kInterestAndAuthorities},
      {"2c2", Access::kInterestAndAuthorities}, {"2c3", Access::kInterestAndAuthorities}, {"2c4", Access::kInterestAndAuthorities},
      {"2c5", Access::kInterestAndAuthorities}, {"2c6", Access::kInterestAndAuthorities}, {"2d", Access::kInterestAndAuthorities},
      {"3", Access::kAuthorities},
      {"4a", Access::kInterest}, {"4b", Access::kInterest}, {"4c", Access::kInterest}, {"4d", Access::kInterest}};
  std::set<std::string> names, seen;
  for (const PassportAttribute& attribute : PassportAttributes()) {
    EXPECT_TRUE(names.insert(std::string(attribute.name)).second) << attribute.name << " stands twice";
    EXPECT_FALSE(attribute.label.empty()) << attribute.name;
    EXPECT_LE(attribute.label.size(), 100u) << attribute.name;
    if (attribute.point.empty()) continue;
    const auto point = points.find(std::string(attribute.point));
    ASSERT_NE(point, points.end()) << attribute.name;
    EXPECT_EQ(attribute.access, point->second) << attribute.name;
    if (attribute.Of(PassportKind::kBattery)) seen.insert(point->first);
  }
  EXPECT_EQ(seen.size(), points.size());
}

TEST(PassportAttribute, ALowerTierShowsNothingOfAHigherOne) {
  using enum PassportTier;
  EXPECT_TRUE(Shows(kPublic, Access::kPublic));
  for (const Access higher : {Access::kInterestAndAuthorities, Access::kAuthorities, Access::kInterest}) {
    EXPECT_FALSE(Shows(kPublic, higher));
  }
  EXPECT_FALSE(Shows(kLegitimateInterest, Access::kAuthorities));
  EXPECT_FALSE(Shows(kAuthorities, Access::kInterest));
  const std::vector<PassportEntry> entries = {Entry("rated_capacity", "173"), Entry("cell_layout", "6 x 18"),
                                              Entry("test_report", "https://a.cn/t"), Entry("state_of_health", "98"),
                                              Entry("of_another_release", "secret")};
  const auto names = [&](PassportTier tier) {
    std::vector<std::string> found;
    for (const PassportEntry& entry : EntriesFor(entries, tier)) found.push_back(entry.attribute);
    return found;
  };
  EXPECT_THAT(names(kPublic), ElementsAre("rated_capacity"));
  EXPECT_THAT(names(kLegitimateInterest), ElementsAre("rated_capacity", "cell_layout", "state_of_health"));
  EXPECT_THAT(names(kAuthorities), ElementsAre("rated_capacity", "cell_layout", "test_report"));
}

TEST(PassportAttribute, TiersFollowProvedRolesAndTheNamedRoleOnlyWhileUnproved) {
  using enum PassportTier;
  Caller unproved;
  EXPECT_TRUE(CheckTier(unproved, "", kPublic));
  EXPECT_TRUE(CheckTier(unproved, "recycler", kLegitimateInterest));
  EXPECT_EQ(CheckTier(unproved, "recycler", kAuthorities).error().reason, Reason::kRoleInsufficient);
  EXPECT_EQ(CheckTier(unproved, "operator", kLegitimateInterest).error().metadata.at("field"), "tier");
  EXPECT_TRUE(CheckTier(unproved, "auditor", kAuthorities));
  EXPECT_FALSE(CheckTier(unproved, "auditor", kLegitimateInterest));
  Caller partner;
  partner.kind = CallerKind::kPartner;
  EXPECT_FALSE(CheckTier(partner, "admin", kLegitimateInterest)) << "a proved caller's words do not count";
  partner.roles = static_cast<uint16_t>(Role::kRecycler);
  EXPECT_TRUE(CheckTier(partner, "", kLegitimateInterest));
  EXPECT_FALSE(CheckTier(partner, "auditor", kAuthorities));
}

std::string Refused(FactScope scope, const char* attribute, const char* value, const char* subject = "", const char* method = "") {
  const auto checked = CheckFact({scope, attribute, subject, value, method});
  return checked ? "OK" : std::string(NameOf(checked.error().reason)) + " " + checked.error().metadata.at("field");
}

TEST(PassportAttribute, AFactIsOfItsAttributesTypeRangeAndScope) {
  using enum FactScope;
  EXPECT_EQ(Refused(kProduct, "rated_capacity", "173"), "OK");
  EXPECT_EQ(CheckFact({kProduct, "rated_capacity", "", "173.50", ""})->value, "173.5");
  EXPECT_EQ(Refused(kProduct, "rated_capacity", "173 Ah"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "rated_capacity", "-1"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "rated_capacity", "nan"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "rated_capacity", ""), "FIELD_REQUIRED value");
  EXPECT_EQ(Refused(kProduct, "expected_cycles", "1.5"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "round_trip_efficiency", "100.1"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "battery_category", "SLI"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "passport_expiration", "2041-02-29"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "passport_expiration", "7172-75-08"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kProduct, "passport_expiration", "2040-02-29"), "OK");
  EXPECT_EQ(Refused(kPlant, "manufacturer_bpnl", "BPNL00000ORDOS01"), "OK");
  EXPECT_EQ(Refused(kPlant, "manufacturer_bpnl", "BPNA00000ORDOS01"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kPlant, "manufacturer_web", "ftp://a.cn"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kPlant, "manufacturer_web", "https://a.cn/b c"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kPlant, "manufacturer_email", "a@b"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kPlant, "manufacturer_email", "info@ordos.example.cn"), "OK");
  EXPECT_EQ(Refused(kPlant, "facility_region", "CHN"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kPlant, "facility_country", "CN"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kPlant, "facility_post_code", "017-ABC"), "FIELD_INVALID value");
  EXPECT_EQ(Refused(kUnit, "state_of_health", "97"), "FIELD_REQUIRED method");
  EXPECT_EQ(Refused(kUnit, "state_of_health", "97", "", "1 C discharge"), "OK");
  EXPECT_EQ(Refused(kProduct, "state_of_health", "97", "", "1 C discharge"), "FIELD_INVALID attribute");
  EXPECT_EQ(Refused(kUnit, "mass_total", "3"), "FIELD_INVALID attribute") << "it is computed";
  EXPECT_EQ(Refused(kUnit, "no_such", "3"), "FIELD_INVALID attribute");
  EXPECT_EQ(Refused(kLot, "rated_capacity", "3"), "FIELD_INVALID attribute");
  EXPECT_EQ(Refused(kLot, "recycled_pre_consumer", "3", "copper"), "OK");
  EXPECT_EQ(Refused(kLot, "recycled_pre_consumer", "3", "wood"), "FIELD_INVALID subject");
  EXPECT_EQ(Refused(kLot, "recycled_pre_consumer", "3"), "FIELD_REQUIRED subject");
  EXPECT_EQ(Refused(kProduct, "rated_capacity", "3", "copper"), "FIELD_INVALID subject");
  EXPECT_EQ(Refused(kProduct, "cell_layout", std::string(501, 'x').c_str()), "LIMIT_EXCEEDED value");
}

RC_GTEST_PROP(Passport, ContentIsReadBackAndDiffersWhereAnythingDoes, ()) {
  const auto text = [] { return *rc::gen::container<std::string>(rc::gen::inRange(' ', '~')); };
  std::vector<PassportEntry> entries(*rc::gen::inRange<size_t>(0, 5));
  for (PassportEntry& entry : entries) {
    entry = Entry(text(), text(), text());
    entry.source = text();
    entry.method = text();
    entry.evidence = text();
    if (*rc::gen::arbitrary<bool>()) entry.observe_time = FromMicros(*rc::gen::inRange<int64_t>(0, 2'000'000'000'000'000));
  }
  const std::string bytes = ContentBytes(entries);
  RC_ASSERT(*EntriesIn(bytes) == entries);
  if (entries.empty()) return;
  std::vector<PassportEntry> other = entries;
  // What moves over a boundary between two fields changes the bytes.
  PassportEntry& moved = other[*rc::gen::inRange<size_t>(0, other.size())];
  moved.subject += moved.value;
  moved.value.clear();
  if (other == entries) return;
  RC_ASSERT(ContentBytes(other) != bytes);
}

TEST(Passport, BytesThatAreNoContentAreRefused) {
  std::string bytes = ContentBytes({Entry("rated_capacity", "173")});
  EXPECT_FALSE(EntriesIn(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(EntriesIn("x"));
  EXPECT_FALSE(EntriesIn(""));
}

TEST(Passport, AVersionsHashHoldsAllButItself) {
  PassportVersion version{2, "id", "c", "p", "v", "U1", "PACK", 3, "WO-1", FromMicros(5), "Li"};
  const std::string bytes = VersionBytes(version);
  PassportVersion same = version;
  same.version_hash = "other";
  EXPECT_EQ(VersionBytes(same), bytes);
  for (int field = 0; field < 9; ++field) {
    PassportVersion other = version;
    if (field == 0) other.version = 3;
    if (field == 1) other.passport_identifier = "x";
    if (field == 2) other.content_hash = "x";
    if (field == 3) other.previous_hash = "x";
    if (field == 4) other.unit_code = "x";
    if (field == 5) other.product_code = "x";
    if (field == 6) other.revision = 4;
    if (field == 7) other.batch = "x";
    if (field == 8) other.issue_time = FromMicros(6);
    EXPECT_NE(VersionBytes(other), bytes) << field;
  }
}

TEST(Passport, FactsThatContradictEachOtherAreTold) {
  EXPECT_THAT(ContradictionsIn({Entry("voltage_minimum", "270"), Entry("voltage_nominal", "348"), Entry("voltage_maximum", "394")}),
              IsEmpty());
  EXPECT_THAT(ContradictionsIn({Entry("voltage_minimum", "400"), Entry("voltage_nominal", "348")}),
              ElementsAre("voltage_minimum is above voltage_nominal"));
  EXPECT_THAT(ContradictionsIn({Entry("manufacturing_date", "2026-11-10"), Entry("passport_expiration", "2026-11-09")}),
              ElementsAre(HasSubstr("is after")));
  EXPECT_THAT(ContradictionsIn({Entry("recycled_pre_consumer", "60", "Li"), Entry("recycled_post_consumer", "50", "Li")}),
              ElementsAre(HasSubstr("above 100 %")));
}

TEST(Composition, MassIsThatOfTheBillsLotLinesAndOfWhatIsClosed) {
  tests::PlantBuilder builder;
  const auto plant = builder.Build();
  UnitMasses masses;
  const auto id = [&](const char* code) { return plant->FindMaterial(code)->id; };
  masses[id("BLT")] = 28'000;
  masses[id("ELY")] = 1'000'000;
  masses[id("HSG")] = 34'000'000;
  const std::vector<BuiltParts> parts = {{id("PACK"), plant->NewestRevision(id("PACK"))->id, 0, 1, false},
                                         {id("CELL"), plant->NewestRevision(id("CELL"))->id, 1, 2, false},
                                         {id("HSG"), 0, 0, 1, true}};
  EXPECT_EQ(MassOf(parts, *plant, masses), 4 * 28'000 + 2 * 500'000 + 34'000'000);
  masses.erase(id("HSG"));
  EXPECT_EQ(MassOf(parts, *plant, masses), std::nullopt) << "unknown is said, not guessed";
  const auto substances = SubstancesIn(parts, {{{id("CELL"), 1}, {{"LFP", 1594}, {"copper", 300}}}, {{id("CELL"), 2}, {{"LFP", 9}}}});
  EXPECT_EQ(substances, (std::map<std::string, int64_t>{{"LFP", 3188}, {"copper", 600}}));
}

Edge MakeEdge(int64_t parent, int64_t child, int64_t quantity_micro) {
  Edge edge;
  edge.parent_id = parent;
  edge.child_id = child;
  edge.quantity_micro = quantity_micro;
  edge.kind = quantity_micro == 0 ? EdgeKind::kInstalled : EdgeKind::kConsumed;
  return edge;
}

TEST(Composition, AmountsFollowALotThroughEveryLevelAtWhichItIsMet) {
  // Pack 1 holds cells 2 and 3; both take 2 m2 of roll 10 (1,000 m2), which took 500 kg of powder 20; the pack takes 3 kg of it besides.
  const std::vector<Edge> edges = {MakeEdge(1, 2, 0),          MakeEdge(1, 3, 0),           MakeEdge(2, 10, 2'000'000),
                                   MakeEdge(3, 10, 2'000'000), MakeEdge(10, 20, 500'000'000), MakeEdge(1, 20, 3'000'000)};
  const auto amounts = AmountsIn(1, edges, {{10, 1'000}, {20, 800}});
  EXPECT_DOUBLE_EQ(amounts.at(2), 1);
  EXPECT_DOUBLE_EQ(amounts.at(10), 4);
  EXPECT_DOUBLE_EQ(amounts.at(20), 4 * 0.5 + 3);
}

TEST(Composition, RecycledContentIsAMeanByMassAndUnknownWhereALotIsSilent) {
  tests::PlantBuilder builder;
  const auto plant = builder.Build();
  const int32_t ely = plant->FindMaterial("ELY")->id, ely_b = plant->FindMaterial("ELY-B")->id, blt = plant->FindMaterial("BLT")->id;
  std::vector<LotShare> lots = {{ely, 30, {{"LiPF6", 10}}, {{"LiPF6", 0}}}, {ely, 10, {{"LiPF6", 30}}, {{"LiPF6", 4}}}, {blt, 5, {}, {}}};
  RecycledContent content = RecycledIn(lots, *plant).at("LiPF6");
  EXPECT_DOUBLE_EQ(*content.pre_consumer, 15);
  EXPECT_DOUBLE_EQ(*content.post_consumer, 1);
  EXPECT_EQ(content.lots, 2) << "bolts hold none of it";
  // The alternate material came in too and nobody said anything about it.
  lots.push_back({ely_b, 1, {}, {}});
  content = RecycledIn(lots, *plant).at("LiPF6");
  EXPECT_EQ(content.pre_consumer, std::nullopt);
  EXPECT_EQ(content.lots, 3);
  EXPECT_EQ(content.declared, 2);
  EXPECT_TRUE(RecycledIn({{ely, 1, {}, {}}}, *plant).empty());
}

RC_GTEST_PROP(Composition, RecycledContentLiesBetweenTheLeastAndTheMostOfItsLots, ()) {
  static const auto plant = tests::PlantBuilder().Build();
  const int32_t ely = plant->FindMaterial("ELY")->id;
  std::vector<LotShare> lots(*rc::gen::inRange<size_t>(1, 8));
  double least = 100, most = 0;
  for (LotShare& lot : lots) {
    const double share = *rc::gen::inRange(0, 101);
    lot = {ely, static_cast<double>(*rc::gen::inRange(1, 1'000'000)), {{"Li", share}}, {{"Li", 0}}};
    least = std::min(least, share), most = std::max(most, share);
  }
  const double mean = *RecycledIn(lots, *plant).at("Li").pre_consumer;
  RC_ASSERT(mean >= least - 1e-6 && mean <= most + 1e-6);
}

Edge Installed(int64_t parent, int64_t child, int16_t line, int16_t slot, int day, int removed = 0) {
  Edge edge;
  edge.parent_id = parent;
  edge.child_id = child;
  edge.line = line;
  edge.slot = slot;
  edge.install_time = Time(std::chrono::hours(24 * day));
  if (removed > 0) edge.remove_time = edge.remove_record_time = Time(std::chrono::hours(24 * removed));
  return edge;
}

TEST(Composition, AReplacedPartIsToldByItsPlaceAndNotWhatWasInIt) {
  const Scope built{TraceView::kAsBuilt, Time(std::chrono::hours(24 * 10))};
  const auto day = [](int number) { return Time(std::chrono::hours(24 * number)); };
  // Pack 1 with modules 2, 3 and 4; module 2 with cells 21, 22. Before it was finished 21 stood where 20 had been.
  const std::vector<Edge> whole = {Installed(1, 2, 1, 1, 5),   Installed(1, 3, 1, 2, 5),  Installed(1, 4, 1, 3, 5),
                                   Installed(2, 20, 7, 1, 1, 2), Installed(2, 21, 7, 1, 3), Installed(2, 22, 7, 2, 3)};
  EXPECT_TRUE(ReplacedIn(built, whole).empty());
  EXPECT_TRUE(ReplacedIn(Scope{}, whole).empty());
  // A cell of module 2, twice; module 3 by 5, which brought cells of its own; module 4 was taken out and put back; one was added.
  const std::vector<Edge> changed = {Installed(1, 2, 1, 1, 5),       Installed(1, 3, 1, 2, 5, 12),   Installed(1, 5, 1, 2, 12),
                                     Installed(1, 4, 1, 3, 5, 13),   Installed(1, 4, 1, 3, 14),      Installed(1, 6, 1, 4, 15),
                                     Installed(2, 21, 7, 1, 3, 11),  Installed(2, 23, 7, 1, 11, 16), Installed(2, 24, 7, 1, 17),
                                     Installed(2, 22, 7, 2, 3, 20)};
  EXPECT_THAT(ReplacedIn(built, changed),
              testing::ElementsAre(ReplacedPart{"1.1/7.1", 21, 24, day(17)}, ReplacedPart{"1.1/7.2", 22, 0, day(20)},
                                   ReplacedPart{"1.2", 3, 5, day(12)}, ReplacedPart{"1.4", 0, 6, day(15)}));
  // Lots have no place.
  EXPECT_TRUE(ReplacedIn(built, {MakeEdge(1, 10, 5)}).empty());
}

TEST(Passport, AVersionSaysWhatItSaysOtherwise) {
  const auto entry = [](const char* attribute, const char* subject, const char* value) {
    PassportEntry made;
    made.attribute = attribute, made.subject = subject, made.value = value;
    return made;
  };
  const PassportEntry cells = entry("cell_count", "", "1");
  const std::vector<PassportEntry> before = {entry("mass_total", "", "5"), entry("replaced_part", "", "none"), cells};
  const std::vector<PassportEntry> after = {entry("mass_total", "", "6"), cells, entry("replaced_part", "1.1", "x")};
  EXPECT_EQ(ChangesBetween(before, after), (std::vector<std::string>{"mass_total", "replaced_part/1.1", "replaced_part"}));
  EXPECT_TRUE(ChangesBetween(after, after).empty());
}

TEST(Substance, NamesAreUniqueAndCasNumbersHaveTheirCheckDigit) {
  std::set<std::string_view> names;
  for (const Substance& substance : Substances()) {
    EXPECT_TRUE(names.insert(substance.code).second) << substance.code;
    if (substance.cas.empty()) continue;
    std::string digits;
    for (const char c : substance.cas) {
      if (c != '-') digits += c;
    }
    int sum = 0;
    for (size_t i = 0; i + 1 < digits.size(); ++i) sum += static_cast<int>(digits.size() - 1 - i) * (digits[i] - '0');
    EXPECT_EQ(sum % 10, digits.back() - '0') << substance.cas;
  }
}

}  // namespace
}  // namespace mes::domain
