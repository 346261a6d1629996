// mesctl's commands for shipments, the bench, recycling batches and reporting duties against the real server with the reference
// plant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/mesctl_session.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class MesctlRecyclingTest : public tests::MesctlSession {};

TEST_F(MesctlRecyclingTest, APackIsSoldAbroadComesBackAndBecomesLotsAgain) {
  const std::string pack = "NMGPB2L0000007G9W0000001";
  Said({"unit", "receive", "PACK-CAR-60", pack, "--supplier", "PackCo"});
  EXPECT_THAT(Refused({"ship", "new", pack, "--currency", "EUR", "--customer", "NewBus Ltd", "--country", "UK", "--place",
                       "London", "--person", "li.wei"}),
              StartsWith("mesctl: FIELD_INVALID: "));
  EXPECT_THAT(Said({"ship", "new", pack + "=6200.50", "--currency", "EUR", "--customer", "NewBus Ltd", "--country", "DE",
                    "--place", "Hamburg", "--document", "UN 38.3 summary=https://docs.example/38-3.pdf", "--person", "li.wei"}),
              AllOf(HasSubstr("6200.50 EUR"), HasSubstr("export"), HasSubstr("UN 38.3 summary")));
  EXPECT_THAT(Said({"ship", "list"}), AllOf(HasSubstr("NewBus Ltd"), HasSubstr("DE")));
  EXPECT_THAT(Said({"ship", "show", "1"}), HasSubstr(pack));
  EXPECT_THAT(Said({"ship", "deliver", "1", "--evidence", "receipt 9", "--person", "li.wei"}), HasSubstr("receipt 9"));
  EXPECT_THAT(Refused({"ship", "deliver", "1", "--evidence", "receipt 9", "--person", "li.wei"}),
              StartsWith("mesctl: SHIPMENT_STATE: "));
  EXPECT_THAT(Said({"ship", "export-share", "--period", "year"}), AllOf(HasSubstr("PACK-CAR-60"), HasSubstr("100 %")));

  EXPECT_THAT(Said({"recover", "open", "--partner", "PtBack", "--place", "Ordos, CN", "--person", "li.wei"}),
              HasSubstr("PtBack"));
  EXPECT_THAT(Said({"recover", "receive", "1", pack, "--seen", "crashed", "--person", "li.wei"}),
              AllOf(HasSubstr("Li 6.1128 kg"), HasSubstr("1, 0 taken apart")));
  EXPECT_THAT(Refused({"recover", "receive", "1", pack, "--person", "li.wei"}), StartsWith("mesctl: RECYCLING_BATCH_STATE: "));
  const std::string sheet = Said({"dismantle", pack});
  EXPECT_THAT(sheet, AllOf(HasSubstr("DISMANTLING SHEET " + pack), HasSubstr("page 1 of 1"),
                           HasSubstr("crashed. QUARANTINE FIRST"), HasSubstr("at most 394.2 V"), HasSubstr("60 x M6 T30")));
  const std::string file = Temporary("sheet");
  EXPECT_THAT(Said({"dismantle", pack, "--out", file}), HasSubstr("1 sheets, 1 pages"));
  EXPECT_EQ(ReadAway(file).substr(0, 17), sheet.substr(0, 17));
  Said({"recover", "dismantled", "1", pack, "--person", "li.wei"});
  EXPECT_THAT(Refused({"recover", "report", "1", "LI-1=RC-LI2CO3:60:Li=9", "--person", "li.wei"}),
              AllOf(StartsWith("mesctl: MASS_EXCEEDS_CONTAINED: "), HasSubstr("contained_kg=6.1128")));
  EXPECT_THAT(Refused({"recover", "report", "1", "LI-1", "--person", "li.wei"}, 2), HasSubstr("is not a lot"));
  Said({"recover", "report", "1", "LI-1=RC-LI2CO3:29.3:Li=5.5", "CU-1=RC-CU:29.2:Cu=28.9", "--evidence", "assay 12", "--person",
        "li.wei"});
  EXPECT_THAT(
      Said({"recover", "balance", "1", "--day", "2028-01-01"}),
      AllOf(HasSubstr("lithium-based"), HasSubstr("89.98 %"), HasSubstr("EU 50 % from 2027-12-31: met"), HasSubstr("China")));
  EXPECT_THAT(Said({"recover", "close", "1", "--evidence", "protocol 4", "--person", "li.wei"}), HasSubstr("closed"));
  EXPECT_THAT(Said({"recover", "show", "1"}), AllOf(HasSubstr("LI-1"), HasSubstr("crashed")));
  EXPECT_THAT(Said({"recover", "list"}), HasSubstr("closed"));
  EXPECT_THAT(Said({"trace", "LI-1"}), HasSubstr(pack));
  EXPECT_THAT(Said({"where-used", pack}), HasSubstr("CU-1"));
  EXPECT_THAT(Refused({"recover", "receive", "1", pack, "--person", "li.wei"}), StartsWith("mesctl: RECYCLING_BATCH_STATE: "));
  EXPECT_THAT(Said({"recover", "targets", "--day", "2026-11-26"}), AllOf(HasSubstr("lithium-based"), HasSubstr("2025-12-31")));
  EXPECT_THAT(Said({"recover", "content", "CELL-LFP-228", "--year", "2026"}), HasSubstr("CELL-LFP-228"));

  EXPECT_THAT(Said({"duty", "list", "--unit", pack}), AllOf(HasSubstr("recycler-received"), HasSubstr("recycler-done")));
  EXPECT_THAT(Said({"duty", "send", "1", "--evidence", "receipt-778", "--person", "li.wei"}), HasSubstr("sent 1"));
  EXPECT_THAT(Refused({"duty", "send", "1", "--evidence", "receipt-778", "--person", "li.wei"}),
              StartsWith("mesctl: DUTY_STATE: "));
  Said({"duty", "withdraw", "2", "--reason", "reported by the partner", "--person", "li.wei"});
  EXPECT_THAT(Said({"duty", "rules"}), HasSubstr("second-life-maker"));
  const std::string csv = Temporary("duties");
  EXPECT_THAT(Said({"duty", "export", "--out", csv}), HasSubstr("2 duties"));
  EXPECT_THAT(ReadAway(csv), AllOf(StartsWith("duty_id,kind,"), HasSubstr("1,recycler-received,recycler," + pack + ",PtBack,"),
                                   HasSubstr("reported by the partner")));
  Said({"duty", "export", "--format", "json", "--out", csv});
  EXPECT_THAT(ReadAway(csv), HasSubstr("\"unit_code\":\"" + pack + "\""));
}

TEST_F(MesctlRecyclingTest, AStackHasASheetAndNoBatteryTargets) {
  Said({"unit", "receive", "STK-148", "STK-9", "--supplier", "SinoStack", "--passport", "P-1", "--goods-in-passed"});
  EXPECT_THAT(Said({"dismantle", "STK-9"}), AllOf(HasSubstr("nitrogen"), HasSubstr("Pt 0.0456 kg")));
  EXPECT_THAT(Refused({"dismantle", "NO-SUCH"}), StartsWith("mesctl: UNIT_UNKNOWN: "));
  Said({"unit", "receive", "CP-MSD", "MSD-1", "--supplier", "S"});
  EXPECT_THAT(Refused({"dismantle", "MSD-1"}), StartsWith("mesctl: DOCUMENT_UNAVAILABLE: "));
}

}  // namespace
}  // namespace mes
