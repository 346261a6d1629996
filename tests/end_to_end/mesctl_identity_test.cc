// mesctl's commands for codes, labels, lives and replacements against the real server with the reference plant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/end_to_end/mesctl_session.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class MesctlIdentityTest : public tests::MesctlSession {};

TEST_F(MesctlIdentityTest, CodesAreGivenOutDecodedVoidedAndDrawn) {
  EXPECT_THAT(Said({"code", "rule", "set", "CELL-LFP-228", "--prefix", "NMGCB12", "--traceability", "0000001", "--gtin",
                    "9521234543213", "--person", "li.wei"}),
              HasSubstr("09521234543213"));
  EXPECT_THAT(Said({"code", "rule", "list"}), HasSubstr("NMGCB12"));
  EXPECT_THAT(
      Refused({"code", "rule", "set", "CELL-LFP-173", "--prefix", "NMGCB12", "--traceability", "0000001", "--person", "li.wei"}),
      StartsWith("mesctl: CODE_RULE_EXISTS: "));
  const std::string file = Temporary("codes");
  EXPECT_THAT(
      Said({"code", "issue", "CELL-LFP-228", "--count", "2", "--date", "2026-11-24", "--person", "li.wei", "--out", file}),
      HasSubstr("2 codes"));
  EXPECT_EQ(ReadAway(file), "NMGCB120000001GBR0000001\nNMGCB120000001GBR0000002\n");
  EXPECT_THAT(Said({"code", "decode", "nmgcb120000001gbr0000001"}),
              AllOf(HasSubstr("lithium iron phosphate"), HasSubstr("2026-11-24"), HasSubstr("lower case"), HasSubstr("open")));
  EXPECT_THAT(Said({"code", "decode", "001PE010000000CAO0000001"}), HasSubstr("fault at 17"));
  EXPECT_EQ(Said({"code", "void", "NMGCB120000001GBR0000002", "--reason", "torn", "--person", "li.wei"}), "voided 1\n");
  EXPECT_THAT(Said({"code", "batches"}), HasSubstr("NMGCB120000001GBR0000001"));
  const std::string label = Temporary("label");
  EXPECT_THAT(Said({"label", "NMGCB120000001GBR0000001", "--symbology", "datamatrix", "--format", "svg", "--content", "link",
                    "--out", label}),
              HasSubstr("https://id.gs1.org/01/09521234543213/21/0000001GBR0000001"));
  EXPECT_THAT(ReadAway(label), AllOf(StartsWith("<svg "), HasSubstr("NMGCB120000001GBR0000001</text>")));
  EXPECT_THAT(Refused({"label", "NO-SUCH", "--out", label}), StartsWith("mesctl: UNIT_UNKNOWN: "));
}

TEST_F(MesctlIdentityTest, AStackLivesIsExportedAndEnds) {
  Said({"unit", "receive", "STK-148", "STK-L", "--supplier", "SinoStack", "--passport", "P-1", "--goods-in-passed"});
  EXPECT_THAT(Said({"life", "show", "STK-L"}), HasSubstr("made"));
  Said({"life", "record", "STK-L", "test", "--evidence", "R-1", "--person", "li.wei"});
  EXPECT_THAT(Said({"life", "reverse", "STK-L", "1", "--reason", "another stack", "--person", "wang"}), HasSubstr("made"));
  EXPECT_THAT(Said({"life", "show", "STK-L"}), AllOf(HasSubstr("R-1"), HasSubstr("wang: another stack")));
  EXPECT_THAT(Refused({"life", "reverse", "STK-L", "1", "--reason", "again", "--person", "wang"}),
              StartsWith("mesctl: REVERSAL_REFUSED: "));
  EXPECT_THAT(Said({"life", "record", "STK-L", "ship", "--party", "NewBus Ltd", "--place", "Baotou, CN", "--person", "li.wei"}),
              HasSubstr("shipped"));
  EXPECT_THAT(
      Refused({"life", "record", "STK-L", "recycle", "--party", "R", "--place", "P", "--evidence", "E", "--person", "li.wei"}),
      StartsWith("mesctl: LIFE_TRANSITION: "));
  Said({"life", "record", "STK-L", "return", "--party", "NewBus Ltd", "--person", "li.wei"});
  Said(
      {"life", "record", "STK-L", "recycle", "--party", "PtBack", "--place", "Ordos", "--evidence", "C-9", "--person", "li.wei"});
  EXPECT_THAT(Said({"life", "show", "STK-L"}), AllOf(HasSubstr("recycled"), HasSubstr("PtBack"), HasSubstr("NewBus Ltd")));
  EXPECT_THAT(
      Refused({"life", "record", "STK-L", "recycle", "--party", "R", "--place", "P", "--evidence", "E", "--person", "li.wei"}),
      StartsWith("mesctl: LIFE_ENDED: "));
  EXPECT_THAT(Said({"epcis", "export", "STK-L", "--host", "o.cn"}),
              AllOf(HasSubstr("\"EPCISDocument\""), HasSubstr("https://o.cn/unit/STK-L"), HasSubstr("?ver=CBV2.0")));
}

TEST_F(MesctlIdentityTest, APartnersDocumentComesInOnce) {
  const std::string path = testing::TempDir() + "stack.jsonld";
  std::ofstream(path) << R"({"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"ex": "https://stackco.example/"}], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-10-01T00:00:00Z",
    "epcisBody": {"eventList": [{"type": "ObjectEvent", "eventTime": "2026-09-01T08:00:00+08:00", "eventTimeZoneOffset": "+08:00",
    "action": "ADD", "bizStep": "commissioning", "epcList": ["https://stackco.example/unit/STK-77"],
    "ilmd": {"ex:material": "STK-148"}}]}})";
  EXPECT_THAT(Said({"epcis", "capture", path, "--partner", "StackCo", "--person", "li.wei"}),
              AllOf(HasSubstr("events captured            1"), HasSubstr("units and lots made known  1")));
  EXPECT_THAT(Said({"epcis", "capture", path, "--partner", "StackCo", "--person", "li.wei", "--request-id", "again"}),
              HasSubstr("known before               1"));
  EXPECT_THAT(Said({"epcis", "captured", "STK-77"}), AllOf(HasSubstr("commissioning"), HasSubstr("StackCo")));
  EXPECT_THAT(Said({"unit", "show", "STK-77"}), HasSubstr("StackCo"));
  EXPECT_THAT(Said({"epcis", "period", "--from", "2026-09-01T00:00:00Z", "--until", "2026-09-02T00:00:00Z"}),
              HasSubstr("https://stackco.example/unit/STK-77"));
  std::ofstream(path) << "{}";
  EXPECT_THAT(Refused({"epcis", "capture", path, "--partner", "StackCo", "--person", "li.wei"}),
              AllOf(StartsWith("mesctl: DOCUMENT_INVALID: "), HasSubstr("/type")));
}

TEST_F(MesctlIdentityTest, ADryRunTellsWhatAReplacementWouldDo) {
  Said({"unit", "receive", "STK-148", "STK-R", "STK-S", "--supplier", "SinoStack", "--passport", "P-2", "--goods-in-passed"});
  const tests::Outcome dry = Mesctl({"unit", "replace", "STK-R", "--in", "STK-S", "--dry-run"});
  EXPECT_EQ(dry.code, 3);
  EXPECT_THAT(dry.out, AllOf(HasSubstr("NO-GO"), HasSubstr("UNIT_STATE")));
  EXPECT_THAT(Refused({"unit", "replace", "STK-R", "--in", "STK-S", "--reason", "worn", "--person", "li.wei"}),
              StartsWith("mesctl: UNIT_STATE: "));
  EXPECT_THAT(Said({"unit", "replacements", "STK-R"}), HasSubstr("none"));
}

}  // namespace
}  // namespace mes
