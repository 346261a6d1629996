// Where calendars, line groups with their series, published and computed figures, supplies and over-commitments are kept. What is a
// series or a figure is only added to; the newest is in force.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/transaction.h"
#include "domain/capacity.h"
#include "domain/release_check.h"

namespace mes::db {

// Everything that capacity is computed from; a handful of queries. Ratings are rolled up through the plant's bills of materials.
domain::CapacityModel LoadCapacityModel(Transaction& transaction, const domain::Plant& plant);

// Stores what the plant's files say, with the codes of materials that are stored already: patterns, groups and families as they are now;
// years, points and stated figures only where they differ from what is in force. Points of a first load hold since ever, later ones from
// `today` on. Idempotent.
void StoreCapacityDraft(Transaction& transaction, const domain::CapacityDraft& draft, domain::Day today, domain::Time now);

// A new version of a year's notice.
int32_t InsertCalendarYear(Transaction& transaction, const domain::CalendarYear& year, std::string_view person, domain::Time now);
// When the year's notice in force was recorded and by whom; nothing = not published.
struct CalendarRecord {
  int32_t version = 0;
  std::string person;
  domain::Time record_time{};
};
std::optional<CalendarRecord> LoadCalendarRecord(Transaction& transaction, int32_t year);

struct StoredShutdown {
  int64_t id = 0;
  domain::Shutdown shutdown;
  std::string person;
  domain::Time record_time{};
  bool cancelled = false;
};
// Gives its id; that of the same shutdown where it is there already.
int64_t InsertShutdown(Transaction& transaction, const domain::Shutdown& shutdown, int32_t material_id, std::string_view person,
                       domain::Time now);
// By first day and id, those that touch [first, end) and are not cancelled, at most `limit`.
std::vector<StoredShutdown> ListShutdowns(Transaction& transaction, const domain::Plant& plant, domain::Day first, domain::Day end,
                                          int limit);
// False: there is none with this id that is not cancelled.
bool CancelShutdown(Transaction& transaction, int64_t id, std::string_view person, domain::Time now);

// Fills id.
void InsertCapacityPoint(Transaction& transaction, domain::CapacityPoint& point);

// A computed or demonstrated figure as it was told.
struct CapacityFigure {
  int64_t id = 0;
  int32_t material_id = 0;
  domain::CapacityKind kind = domain::CapacityKind::kNetGood;
  int32_t year = 0;
  double value = 0;
  std::string detail;
  std::string source;
  domain::Time record_time{};
};
// Adds those that differ from the newest of the same material, kind and year.
int64_t InsertChangedFigures(Transaction& transaction, const std::vector<CapacityFigure>& figures, domain::Time now);
// Newest first, ids below `before` (0 = all).
std::vector<CapacityFigure> ListFigures(Transaction& transaction, int32_t material_id, int64_t before, int limit);

// A family's published figures, oldest first.
struct StatedFigure {
  domain::CapacityFamily family;
  domain::Time record_time{};
};
std::vector<StatedFigure> ListStated(Transaction& transaction, std::string_view family_code);

// Fills id.
void InsertSupply(Transaction& transaction, domain::Supply& supply);
// Locked until the transaction ends.
std::optional<domain::Supply> LockSupply(Transaction& transaction, int64_t id);
void CloseSupply(Transaction& transaction, const domain::Supply& supply, domain::Time now);
struct SupplyFilter {
  // 0 = all.
  int32_t material_id = 0;
  bool expected_only = false;
  int64_t after_id = 0;
};
// By id.
std::vector<domain::Supply> ListSupplies(Transaction& transaction, const SupplyFilter& filter, int limit);

// Releases wait here for each other until their transactions end, so that two cannot take the same free capacity.
void LockReleases(Transaction& transaction);
// Every released order by due day, and what is made and on its way.
domain::CapacityBook LoadCapacityBook(Transaction& transaction, const domain::Plant& plant, const domain::CapacityModel& model,
                                      domain::Day today);

struct OverCommitment {
  int64_t id = 0;
  int32_t work_order_id = 0;
  std::string work_order_code;
  int32_t material_id = 0;
  domain::Shortage shortage;
  std::string sentence;
  std::string person;
  std::string role;
  std::string reason;
  domain::Time record_time{};
};
void InsertOverCommitments(Transaction& transaction, const std::vector<int32_t>& work_order_ids, const OverCommitment& told);
// Newest first, ids below `before` (0 = all). `open_only`: of orders in RELEASED, STARTED or ON_HOLD.
std::vector<OverCommitment> ListOverCommitments(Transaction& transaction, bool open_only, int64_t before, int limit);

}  // namespace mes::db
