// mesctl passport against the real server with the reference plant: a bought-in stack from goods-in to the end of its passport.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/end_to_end/mesctl_session.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class MesctlPassportTest : public tests::MesctlSession {};

TEST_F(MesctlPassportTest, AStacksPassportIsIssuedShownByTierAndEnds) {
  Said({"unit", "receive", "STK-148", "STK-P", "--supplier", "SinoStack", "--passport", "P-1", "--goods-in-passed"});
  EXPECT_THAT(Said({"passport", "issue", "STK-P", "--person", "li.wei"}), AllOf(HasSubstr("version   1"), HasSubstr("are unknown")));
  EXPECT_THAT(Said({"passport", "issue", "STK-P", "--person", "li.wei"}), HasSubstr("nothing changed"));
  EXPECT_THAT(Said({"passport", "declare", "power_rated", "148200", "--product", "STK-148", "--person", "li.wei"}),
              HasSubstr("of the product: power_rated = 148200 W"));
  EXPECT_THAT(Said({"passport", "declare", "operating_hours", "1250", "--unit", "STK-P", "--measured", "--method", "counter of the FCU",
                    "--time", "2026-11-20T08:00:00Z", "--person", "li.wei"}),
              HasSubstr("of the unit: operating_hours = 1250 h"));
  EXPECT_THAT(Refused({"passport", "declare", "operating_hours", "much", "--unit", "STK-P", "--method", "m", "--person", "li.wei"}),
              StartsWith("mesctl: FIELD_INVALID: "));
  Said({"passport", "issue", "STK-P", "--person", "li.wei"});
  EXPECT_THAT(Said({"passport", "show", "STK-P"}), AllOf(HasSubstr("148200 W"), HasSubstr("unknown:"), Not(HasSubstr("operating_hours"))));
  EXPECT_THAT(Said({"passport", "show", "STK-P", "--tier", "legitimate-interest", "--role", "recycler"}),
              AllOf(HasSubstr("1250 h, counter of the FCU,"), HasSubstr("0.0456 kg")));
  EXPECT_THAT(Refused({"passport", "show", "STK-P", "--tier", "authorities", "--role", "recycler"}),
              StartsWith("mesctl: ROLE_INSUFFICIENT: "));
  EXPECT_THAT(Said({"passport", "versions", "STK-P"}), AllOf(HasSubstr("      2  "), HasSubstr(" after ")));
  EXPECT_THAT(Said({"passport", "facts", "--unit", "STK-P", "--tier", "legitimate-interest", "--role", "recycler"}), HasSubstr("1250 h"));
  EXPECT_THAT(Said({"passport", "facts", "--unit", "STK-P"}), HasSubstr("none"));
  EXPECT_THAT(Said({"passport", "attributes"}), AllOf(HasSubstr("state_of_health"), HasSubstr("4b")));
  EXPECT_THAT(Said({"--json", "passport", "show", "STK-P"}), HasSubstr("\"version_hash\":\""));
  EXPECT_THAT(Refused({"passport", "document", "--kind", "digital-product-passport", "STK-P", "--role", "quality"}),
              AllOf(StartsWith("mesctl: DOCUMENT_UNAVAILABLE: "), HasSubstr("applied_standard"), HasSubstr("more")));

  Said({"passport", "declare", "manufacturer_bpnl", "BPNL0000SINOSTCK", "--product", "STK-148", "--person", "li.wei"});
  for (const char* fact : {"manufacturing_date=2026-10-02", "facility_country=CHN", "classification_standard=ECLASS",
                           "classification_id=27-1", "customer_part_name=stack", "customer_part_number=NB-9"}) {
    const std::string text = fact;
    const size_t equals = text.find('=');
    Said({"passport", "declare", text.substr(0, equals), text.substr(equals + 1), "--unit", "STK-P", "--person", "li.wei"});
  }
  const std::string file = (std::filesystem::temp_directory_path() / ("mes-" + std::to_string(getpid()) + "-part.json")).string();
  EXPECT_EQ(Said({"passport", "document", "--kind", "serial-part", "STK-P", "--role", "quality", "--out", file}),
            file + ": io.catenax.serial_part:4.0.0\n");
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  std::filesystem::remove(file);
  EXPECT_THAT(text.str(), AllOf(HasSubstr("\"BPNL0000SINOSTCK\""), HasSubstr("\"2026-10-02\"")));

  Said({"life", "record", "STK-P", "ship", "--party", "NewBus Ltd", "--place", "Baotou, CN", "--person", "li.wei"});
  Said({"life", "record", "STK-P", "return", "--party", "NewBus Ltd", "--person", "li.wei"});
  Said({"life", "record", "STK-P", "recycle", "--party", "PtBack", "--place", "Ordos", "--evidence", "C-9", "--person", "li.wei"});
  EXPECT_THAT(Refused({"passport", "issue", "STK-P", "--person", "li.wei"}), StartsWith("mesctl: PASSPORT_ENDED: "));
  EXPECT_THAT(Said({"passport", "show", "STK-P"}), HasSubstr("ended"));
  EXPECT_THAT(Refused({"passport", "show", "STK-NONE"}), StartsWith("mesctl: UNIT_UNKNOWN: "));
}

}  // namespace
}  // namespace mes
