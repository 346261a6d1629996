#include "services/chart_cache.h"

#include "db/spc.h"

namespace mes::services {

int64_t ChartCache::LoadVersion(db::Transaction& transaction) { return db::LoadChartPlanVersion(transaction); }
std::shared_ptr<const domain::ChartPlan> ChartCache::Load(db::Transaction& transaction) { return db::LoadChartPlan(transaction); }

}  // namespace mes::services
