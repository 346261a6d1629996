// The commands, one function per noun, each in the file of that noun. Each adds its subcommands to the program; the connection
// must outlive the parse, and its flags are read only when a command runs.
#pragma once

#include <CLI/CLI.hpp>

#include "services/mesctl/client.h"

namespace mes::mesctl {

void AddAccess(CLI::App& app, const Connection& connection);
void AddKey(CLI::App& app, const Connection& connection);
void AddHealth(CLI::App& app, const Connection& connection);
void AddPlant(CLI::App& app, const Connection& connection);
void AddOrder(CLI::App& app, const Connection& connection);
void AddUnit(CLI::App& app, const Connection& connection);
// Subcommands of `unit`.
void AddReplacement(CLI::App& unit, const Connection& connection);
void AddCode(CLI::App& app, const Connection& connection);
void AddEpcis(CLI::App& app, const Connection& connection);
void AddGrant(CLI::App& app, const Connection& connection);
void AddLabel(CLI::App& app, const Connection& connection);
void AddLife(CLI::App& app, const Connection& connection);
void AddDismantle(CLI::App& app, const Connection& connection);
void AddRecover(CLI::App& app, const Connection& connection);
void AddDuty(CLI::App& app, const Connection& connection);
void AddShip(CLI::App& app, const Connection& connection);
void AddLot(CLI::App& app, const Connection& connection);
void AddPassport(CLI::App& app, const Connection& connection);
void AddHold(CLI::App& app, const Connection& connection);
void AddRule(CLI::App& app, const Connection& connection);
void AddAlarm(CLI::App& app, const Connection& connection);
void AddDrill(CLI::App& app, const Connection& connection);
// `station` and `can-start`.
void AddStation(CLI::App& app, const Connection& connection);
void AddRecord(CLI::App& app, const Connection& connection);
// `trace` and `where-used`.
void AddTrace(CLI::App& app, const Connection& connection);
void AddYield(CLI::App& app, const Connection& connection);
void AddCapacity(CLI::App& app, const Connection& connection);
// Below `capacity`.
void AddSupply(CLI::App& capacity, const Connection& connection);
void AddCalendar(CLI::App& capacity, const Connection& connection);

// The options that every change of plans has: `--person`, `--role`.
struct Planner;
void AddPlanner(CLI::App& command, Planner& planner);
void AddOee(CLI::App& app, const Connection& connection);
void AddDowntime(CLI::App& app, const Connection& connection);
void AddSpc(CLI::App& app, const Connection& connection);
void AddFailureCode(CLI::App& app, const Connection& connection);
void AddPareto(CLI::App& app, const Connection& connection);
void AddNcr(CLI::App& app, const Connection& connection);
void AddReplay(CLI::App& app, const Connection& connection);
void AddAudit(CLI::App& app, const Connection& connection);
void AddSignature(CLI::App& app, const Connection& connection);

// The option that every list has.
inline void AddLimit(CLI::App& list, int64_t& limit) {
  list.add_option("--limit", limit, "At most so many; 0 = all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->type_name("N");
}

}  // namespace mes::mesctl
