// Brings a database to this build's schema: numbered migrations, forward only, each with a checksum, under an advisory lock. They are
// compiled in, so that a server cannot meet another version's files.
#pragma once

#include <string>
#include <vector>

#include "db/transaction.h"

namespace mes::db {

struct MigrationReport {
  // Names of the migrations applied now, in order; empty = was up to date.
  std::vector<std::string> applied;
  int total = 0;
};

// Throws Unavailable; std::runtime_error with a sentence when an applied migration's checksum differs or the database is newer.
MigrationReport Migrate(const std::string& url);
// True when the database has exactly this build's migrations.
bool IsSchemaCurrent(Transaction& transaction);

}  // namespace mes::db
