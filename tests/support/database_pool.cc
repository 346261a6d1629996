#include "tests/support/cluster.h"

namespace mes::tests {

// Apart from the rest, so that tests without a pool do not link it.
db::Pool& TestDatabase::pool() {
  std::call_once(pool_made_, [this] { pool_ = std::make_shared<db::Pool>(db::PoolOptions{.url = url_}); });
  return *pool_;
}

}  // namespace mes::tests
