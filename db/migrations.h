// The numbered SQL files of db/migrations as this build knows them; CMake writes the list (embed_migrations.cmake). Numbers run from 1
// without gap, which the build checks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/migrate.h"

namespace mes::db {

struct Migration {
  int number = 0;
  // The file's name without its ending: `0001_foundation`.
  std::string_view name;
  // SHA-256 of the file, hexadecimal.
  std::string_view checksum;
  std::string_view sql;
};

const std::vector<Migration>& Migrations();

// Migrate with another list, for tests of what happens when lists differ.
MigrationReport Migrate(const std::string& url, const std::vector<Migration>& migrations);

}  // namespace mes::db
