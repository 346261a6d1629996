#include "domain/spc_ingest.h"

namespace mes::domain {

std::vector<ChartAlarm> JudgeCharts(World&, const Station&, const ProductRevision&, const Operation&, const UnitEntry&,
                                    const EventRow&) {
  return {};
}

}  // namespace mes::domain
