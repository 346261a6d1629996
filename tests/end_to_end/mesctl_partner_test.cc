// mesctl as a recycling partner with a certificate of its own: it asks for the sheet, the passport, its documents and its balance itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/mesctl_tls_session.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class MesctlPartnerTest : public tests::MesctlTlsSession {
 protected:
  static void SetUpTestSuite() {
    Serve({"partner/recell", "partner/other"}, {"admin", "planner", "quality", "process engineer", "recycler", "auditor"});
    ASSERT_EQ(As("service-office", {"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"}).code, 0);
  }
  static std::string Office(std::vector<std::string> arguments) { return Said(As("service-office", std::move(arguments))); }
};

TEST_F(MesctlPartnerTest, APartnerAsksForItsOwnUnitsAndForNothingElse) {
  const std::string pack = "NMGPB2L0000007G9W0000001", others = "NMGPB2L0000007G9W0000002";
  Office({"unit", "receive", "PACK-CAR-60", pack, "--supplier", "PackCo"});
  Office({"unit", "receive", "PACK-CAR-60", others, "--supplier", "PackCo"});
  for (const auto& [name, partner] : {std::pair("recell", "ReCell"), std::pair("other", "Other")}) {
    Office({"access", "register", std::string("ordos://ordos/partner/") + name, "--role", "recycler", "--partner", partner, "--person",
            "li.wei"});
    Office({"recover", "open", "--partner", partner, "--place", "Baotou, CN", "--person", "li.wei"});
  }
  Office({"recover", "receive", "1", pack, "--seen", "swollen", "--person", "li.wei"});
  Office({"recover", "receive", "2", others, "--person", "li.wei"});
  Office({"passport", "declare", "due_diligence_report", "https://docs.example/report.pdf", "--product", "PACK-CAR-60", "--person",
          "li.wei"});
  Office({"passport", "issue", pack, "--person", "li.wei"});
  const auto partner = [](std::vector<std::string> arguments) { return As("partner-recell", std::move(arguments)); };

  EXPECT_THAT(Said(partner({"dismantle", pack})),
              AllOf(HasSubstr("DISMANTLING SHEET " + pack), HasSubstr("DAMAGE REPORTED (ReCell"), Not(HasSubstr("PackCo"))));
  EXPECT_THAT(Said(partner({"passport", "show", pack, "--tier", "legitimate-interest"})), HasSubstr("due_diligence_report"));
  EXPECT_THAT(Said(partner({"passport", "document", "--kind", "supply-chain-due-diligence", pack})),
              HasSubstr("https://docs.example/report.pdf"));
  EXPECT_THAT(partner({"passport", "document", "--kind", "labels", pack}).err, StartsWith("mesctl: ROLE_INSUFFICIENT: "));
  EXPECT_THAT(Said(partner({"recover", "balance", "1"})), HasSubstr("438.98956 kg"));
  EXPECT_THAT(Said(partner({"recover", "balance"})), HasSubstr("438.98956 kg")) << "it need not name itself";
  EXPECT_THAT(Said(partner({"recover", "targets"})), HasSubstr("lithium-based"));

  for (const std::string& hidden : {others, std::string("NMGPB2L0000007G9W0000009")}) {
    EXPECT_THAT(partner({"dismantle", hidden}).err, StartsWith("mesctl: UNIT_UNKNOWN: "));
    EXPECT_THAT(partner({"passport", "show", hidden}).err, StartsWith("mesctl: UNIT_UNKNOWN: "));
    EXPECT_THAT(partner({"passport", "document", "--kind", "serial-part", hidden}).err, StartsWith("mesctl: UNIT_UNKNOWN: "));
  }
  EXPECT_THAT(partner({"recover", "balance", "2"}).err, StartsWith("mesctl: RECYCLING_BATCH_UNKNOWN: "));
  EXPECT_THAT(partner({"recover", "balance", "--partner", "Other"}).err, StartsWith("mesctl: PARTNER_UNKNOWN: "));
  EXPECT_THAT(partner({"where-used", pack}).err, StartsWith("mesctl: PERMISSION_DENIED: ")) << "not made for partners";
  // What it read is in the audit, under its name.
  const std::string audit = Office({"audit", "list", "--caller", "ordos://ordos/partner/recell"});
  for (const char* read : {"GetDismantling", "GetPassport", "GetPassportDocument", "GetMassBalance"}) EXPECT_THAT(audit, HasSubstr(read));
  EXPECT_THAT(audit, HasSubstr("partner/recell"));
}

}  // namespace
}  // namespace mes
