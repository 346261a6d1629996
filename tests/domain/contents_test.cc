#include "domain/contents.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using tests::PlantBuilder;

// PACK = HSG + 2 CELL + 4 BLT; CELL = 0.5 kg ELY. A housing is 30 kg of which 29 aluminium, a bolt 10 g of iron, electrolyte 1 kg
// per kg with 0.1 kg lithium.
class ContentsTest : public testing::Test {
 protected:
  std::shared_ptr<const Plant> plant_ = PlantBuilder().Build();
  std::unordered_map<int32_t, Contents> stated_ = {
      {Id("HSG"), {30'000'000'000, {{Element::kAluminium, 29'000'000'000}}, true}},
      {Id("BLT"), {10'000'000, {{Element::kIron, 10'000'000}}, true}},
      {Id("ELY"), {1'000'000'000, {{Element::kLithium, 100'000'000}}, true}},
  };
  int32_t Id(const char* code) const { return plant_->FindMaterial(code)->id; }
  int32_t Revision(const char* code) const { return plant_->NewestRevision(Id(code))->id; }
  ContentsBook Book() const { return {*plant_, stated_}; }
};

TEST_F(ContentsTest, AProductIsItsBillOfMaterialsDownToWhatStatesItsElements) {
  ContentsBook book = Book();
  const Contents& pack = book.Nominal(Id("PACK"));
  EXPECT_EQ(pack.total_ug, 30'000'000'000 + 2 * 500'000'000 + 4 * 10'000'000);
  EXPECT_EQ(pack.elements.at(Element::kLithium), 100'000'000);
  EXPECT_EQ(pack.elements.at(Element::kIron), 40'000'000);
  EXPECT_EQ(pack.Other(), 1'000'000'000 + 900'000'000);
  EXPECT_TRUE(pack.known);
}

TEST_F(ContentsTest, WhatHasNoMassIsSaidToBeUnknownAndNotZero) {
  stated_.erase(Id("BLT"));
  ContentsBook book = Book();
  EXPECT_FALSE(book.Nominal(Id("PACK")).known);
  EXPECT_TRUE(book.Nominal(Id("CELL")).known);
}

TEST_F(ContentsTest, APartThatIsNotThereIsNotContained) {
  ContentsBook book = Book();
  const std::vector<WeighedUnit> units = {
      {1, Id("PACK"), Revision("PACK")}, {2, Id("HSG"), 0}, {3, Id("CELL"), Revision("CELL")}, {4, Id("CELL"), Revision("CELL")}};
  EXPECT_EQ(WeighUnits(book, *plant_, {1}, units, {{1, 2}, {1, 3}, {1, 4}}).at(1), book.Nominal(Id("PACK")));
  const Contents one_cell = WeighUnits(book, *plant_, {1}, units, {{1, 2}, {1, 3}}).at(1);
  EXPECT_EQ(one_cell.elements.at(Element::kLithium), 50'000'000);
}

TEST_F(ContentsTest, ABoughtUnitCountsAsItsProductAndASecondLifeAsTheFirst) {
  ContentsBook book = Book();
  EXPECT_EQ(WeighUnits(book, *plant_, {1}, {{1, Id("PACK"), 0}}, {}).at(1), book.Nominal(Id("PACK")));
  // 9 is the second life of 1: it contains it and nothing else.
  EXPECT_EQ(WeighUnits(book, *plant_, {9}, {{9, Id("PACK"), 0}, {1, Id("PACK"), 0}}, {{9, 1}}).at(9), book.Nominal(Id("PACK")));
}

TEST_F(ContentsTest, AMaterialThatStatesItsElementsIsNotLookedInto) {
  stated_[Id("CELL")] = {700'000'000, {{Element::kLithium, 74'000'000}}, true};
  ContentsBook book = Book();
  EXPECT_TRUE(book.States(Id("CELL")));
  EXPECT_EQ(book.Nominal(Id("PACK")).elements.at(Element::kLithium), 148'000'000);
}

RC_GTEST_PROP(Contents, SharesNeverOverflowAndNeverExceedTheWhole, ()) {
  const auto value = *rc::gen::inRange<int64_t>(0, 9'000'000'000'000'000'000);
  const auto whole = *rc::gen::inRange<int64_t>(1, 9'000'000'000'000'000'000);
  const auto part = *rc::gen::inRange<int64_t>(0, whole);
  const int64_t share = ShareOf(value, part, whole);
  RC_ASSERT(share >= 0);
  RC_ASSERT(share <= value);
  RC_ASSERT(ShareOf(value, whole, whole) == value);
}

RC_GTEST_PROP(Contents, TheOrderOfUnitsAndEdgesDoesNotMatter, ()) {
  const std::shared_ptr<const Plant> plant = PlantBuilder().Build();
  const auto id = [&](const char* code) { return plant->FindMaterial(code)->id; };
  ContentsBook book(*plant, {{id("HSG"), {30, {{Element::kAluminium, 29}}, true}},
                             {id("ELY"), {1'000'000, {{Element::kLithium, 7}}, true}},
                             {id("BLT"), {10, {}, true}}});
  const int32_t pack = plant->NewestRevision(id("PACK"))->id, cell = plant->NewestRevision(id("CELL"))->id;
  std::vector<WeighedUnit> units = {{1, id("PACK"), pack}, {2, id("HSG"), 0}, {3, id("CELL"), cell}, {4, id("CELL"), cell}};
  std::vector<std::pair<int64_t, int64_t>> inside = {{1, 2}, {1, 3}, {1, 4}};
  const Contents before = WeighUnits(book, *plant, {1}, units, inside).at(1);
  const auto turns = *rc::gen::inRange<size_t>(0, 24);
  for (size_t i = 0; i < turns; ++i)
    std::next_permutation(units.begin(), units.end(), [](auto& a, auto& b) { return a.id < b.id; });
  std::rotate(inside.begin(), inside.begin() + static_cast<ptrdiff_t>(turns % 3), inside.end());
  RC_ASSERT(WeighUnits(book, *plant, {1}, units, inside).at(1) == before);
}

TEST(Element, NamesAreReadBack) {
  for (const Element element : AllElements()) EXPECT_EQ(ParseElement(NameOf(element)), element);
  EXPECT_EQ(ParseElement("other"), Element::kOther);
  EXPECT_EQ(ParseElement("Xx"), std::nullopt);
  EXPECT_EQ(ParseElement("li"), std::nullopt);
}

}  // namespace
}  // namespace mes::domain
