#include "services/plan_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Rows(const PlanFileReading& reading) {
  std::vector<std::string> rows;
  for (const domain::PlanRow& row : reading.rows) {
    rows.push_back(std::to_string(row.line) + " " + row.month + " " + row.product_code + " " + row.quantity + " " + row.uom);
  }
  return rows;
}
std::vector<std::string> Faults(const PlanFileReading& reading) {
  std::vector<std::string> faults;
  for (const domain::PlanFault& fault : reading.faults)
    faults.push_back(std::to_string(fault.line) + " " + fault.field + ": " + fault.problem);
  return faults;
}

TEST(PlanCsv, ReadsColumnsInAnyOrderWithQuotesAndForeignLineEnds) {
  const PlanFileReading reading = ReadPlanCsv(
      "\xEF\xBB\xBFProduct, QUANTITY ,note,month,uom\r\n"
      "PACK-TRK-70,10,\"first, \"\"best\"\"\r\nestimate\",2027-01,pc\r\n"
      "\r\n"
      "\"ELC-C\",0.5,,2027-02,m2\n");
  EXPECT_THAT(reading.faults, IsEmpty());
  EXPECT_THAT(Rows(reading), ElementsAre("2 2027-01 PACK-TRK-70 10 pc", "5 2027-02 ELC-C 0.5 m2"));
}

TEST(PlanCsv, NamesWhatIsWrongWithTheFile) {
  EXPECT_THAT(Faults(ReadPlanCsv("")), ElementsAre("1 : the file is empty"));
  EXPECT_THAT(Faults(ReadPlanCsv("month;product\n")),
              ElementsAre("1 month: the heading does not name this column", "1 product: the heading does not name this column",
                          "1 quantity: the heading does not name this column"));
  EXPECT_THAT(Faults(ReadPlanCsv("month,product,quantity,month\n")), ElementsAre("1 month: the heading names this column twice"));
  EXPECT_THAT(Faults(ReadPlanCsv("month,product,quantity\n2027-01,A\n2027-02,B,1\n")),
              ElementsAre("2 : the line has 2 fields, the heading 3"));
  EXPECT_THAT(Faults(ReadPlanCsv("month,product,quantity\n2027-01,\"A,1\n")), testing::Contains("2 : a quoted field has no end"));
  EXPECT_THAT(Faults(ReadPlanCsv("month,product,quantity\n2027-01,A\"B,1\n")), testing::SizeIs(1));
  EXPECT_THAT(Faults(ReadPlanCsv("month,product,quantity\n2027-01,\xFF,1\n")), ElementsAre("2 : the file is not text in UTF-8"));
  EXPECT_THAT(Faults(ReadPlanCsv(std::string_view("month\0", 6))), ElementsAre("1 : the file is not text in UTF-8"));
}

constexpr const char* kSchedule = R"({
  "OperationsSchedule": {
    "ID": "PLAN-2027", "OperationsType": {"$": "Production"},
    "OperationsRequest": [
      {"ID": "R1", "SegmentRequirement": [
        {"ID": "S1", "EarliestStartTime": "2027-01-01T08:00:00+08:00", "LatestEndTime": "2027-02-01T08:00:00+08:00",
         "MaterialRequirement": [
          {"ID": "M1", "MaterialDefinitionID": ["PACK-TRK-70"], "MaterialUse": {"$": "Produced"},
           "Quantity": [{"QuantityString": {"$": "9575"}, "UnitOfMeasure": "pc"}]},
          {"ID": "M2", "MaterialDefinitionID": ["MOD-TRK-24S"], "MaterialUse": "Consumed",
           "Quantity": [{"QuantityString": 38300}]}
        ]},
        {"ID": "S2", "EarliestStartTime": "2027-02-01T07:00:00+08:00",
         "MaterialProducedRequirement": {"MaterialDefinitionID": "STK-148", "Quantity": {"QuantityString": "400"}}}
      ]}
    ]
  }
})";

TEST(PlanJson, ReadsAnOperationsSchedule) {
  const PlanFileReading reading = ReadPlanJson(kSchedule, domain::ChinaStandardTime());
  EXPECT_THAT(Faults(reading), IsEmpty());
  EXPECT_THAT(Rows(reading), ElementsAre("8 2027-01 PACK-TRK-70 9575 pc", "14 2027-01 STK-148 400 "))
      << "07:00 on the first of February is still January's last plant day";
  EXPECT_EQ(reading.rows[0].quantity_field,
            "/OperationsSchedule/OperationsRequest/0/SegmentRequirement/0/MaterialRequirement/0/Quantity/0/QuantityString");
}

TEST(PlanJson, NamesFaultsWithLineAndPointer) {
  const auto read = [](std::string_view text) { return Faults(ReadPlanJson(text, domain::ChinaStandardTime())); };
  EXPECT_THAT(read("{"), testing::SizeIs(1));
  EXPECT_THAT(read("{\"a\": 1,\n \"a\": 2}"), testing::SizeIs(1));
  EXPECT_THAT(read("[]"), ElementsAre("1 : this is no ISA-95 operations schedule: it has no OperationsRequest"));
  EXPECT_THAT(
      read("{\"OperationsRequest\": [\n {\"SegmentRequirement\": [\n{},\n{\"EarliestStartTime\": \"soon\"},\n"
           "{\"EarliestStartTime\": \"2027-01-01T00:00:00Z\"}]},\n{}]}"),
      ElementsAre(
          "3 /OperationsRequest/0/SegmentRequirement/0: the segment has no EarliestStartTime: which month is meant?",
          "4 /OperationsRequest/0/SegmentRequirement/1/EarliestStartTime: this is no time of the form 2027-01-01T08:00:00+08:00",
          "5 /OperationsRequest/0/SegmentRequirement/2: the segment has no MaterialRequirement of use Produced: it plans nothing",
          "6 /OperationsRequest/1: the request has no SegmentRequirement"));
}

TEST(PlanExport, QuotesTextsAndTakesTheSpellFromFormulas) {
  ExportSheet sheet;
  sheet.headings = {"month", "product", "quantity"};
  sheet.rows = {{{"2027-01"}, {"=HYPERLINK(\"x\")"}, {"-5", true}},
                {{"2027-02"}, {"+A,1"}, {"7", true}},
                {{"2027-03"}, {"@\"q\""}, {"", true}},
                {{"2027-04"}, {"-A"}, {"1.5", true}},
                {{"2027-05"}, {"A-1"}, {"2", true}}};
  const std::string csv = WriteCsv(sheet);
  EXPECT_EQ(csv,
            "month,product,quantity\r\n"
            "2027-01,\"'=HYPERLINK(\"\"x\"\")\",-5\r\n"
            "2027-02,\"'+A,1\",7\r\n"
            "2027-03,\"'@\"\"q\"\"\",\r\n"
            "2027-04,'-A,1.5\r\n"
            "2027-05,A-1,2\r\n");
  const PlanFileReading back = ReadPlanCsv(csv);
  EXPECT_THAT(back.faults, IsEmpty());
  EXPECT_THAT(Rows(back), ElementsAre("2 2027-01 =HYPERLINK(\"x\") -5 ", "3 2027-02 +A,1 7 ", "4 2027-03 @\"q\"  ",
                                      "5 2027-04 -A 1.5 ", "6 2027-05 A-1 2 "))
      << "what was written is read back as it was";
}

TEST(PlanExport, AnXlsxIsAZipWithItsSheets) {
  const std::string file = WriteXlsx({{"months", {"a"}, {{{"x"}}}}, {"totals", {"b"}, {}}});
  EXPECT_TRUE(file.starts_with("PK\x03\x04"));
  EXPECT_NE(file.find("xl/worksheets/sheet2.xml"), std::string::npos);
}

}  // namespace
}  // namespace mes::services
