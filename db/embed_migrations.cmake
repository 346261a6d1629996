# Writes OUTPUT, a C++ source that holds every db/migrations/NNNN_name.sql with its checksum.
#   cmake -D FOLDER=db/migrations -D OUTPUT=build/db/migrations.cc -P embed_migrations.cmake
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(last 0)
set(entries "")
foreach(path IN LISTS files)
  get_filename_component(name ${path} NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
    message(FATAL_ERROR "${path}: a migration is named NNNN_lower_case.sql")
  endif()
  string(REGEX REPLACE "^0+" "" number ${CMAKE_MATCH_1})
  # A gap is a number that is still being written: what is built side by side does not wait for it.
  if(NOT number GREATER last)
    message(FATAL_ERROR "${path}: number ${number} is there twice")
  endif()
  set(last ${number})
  file(SHA256 ${path} checksum)
  file(READ ${path} sql)
  string(APPEND entries "    {${number}, \"${name}\", \"${checksum}\", R\"MIGRATION(${sql})MIGRATION\"},\n")
endforeach()
file(WRITE ${OUTPUT}
"// Written by db/embed_migrations.cmake.
#include \"db/migrations.h\"

namespace mes::db {

const std::vector<Migration>& Migrations() {
  static const std::vector<Migration> migrations = {
${entries}  };
  return migrations;
}

}  // namespace mes::db
")
