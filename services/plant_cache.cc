#include "services/plant_cache.h"

#include "db/product_definition.h"

namespace mes::services {

int64_t PlantCache::LoadVersion(db::Transaction& transaction) { return db::LoadPlantVersion(transaction); }
std::shared_ptr<const domain::Plant> PlantCache::Load(db::Transaction& transaction) { return db::LoadPlant(transaction); }

}  // namespace mes::services
