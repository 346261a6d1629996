// What the schedule's handlers share: the picture out of the database, and plans as messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/schedule.h"
#include "domain/schedule_picture.h"
#include "mes/v1/schedule.pb.h"
#include "services/rpc.h"

namespace mes::services {

// Errors: LIMIT_EXCEEDED (`options.horizon_days`; more open orders than can be planned).
domain::Result<domain::SchedulePicture> LoadPicture(Call& call, const v1::ScheduleOptions& options);

// A day written YYYY-MM-DD as days from the picture's first; empty = `otherwise`. Errors: FIELD_INVALID, DATE_PAST.
domain::Result<int32_t> ParseDayIndex(const domain::ScheduleInput& input, const std::string& text, std::string_view field,
                                      int32_t otherwise);
// The last day of the first day's year, or of the horizon where that is earlier.
int32_t EndOfYear(const domain::ScheduleInput& input);
// Orders answered at most.
int AnswerLimit(int32_t asked);

// Empty for none.
std::string DayText(const domain::ScheduleInput& input, std::optional<int32_t> day);
v1::ScheduledOrder ToProto(const domain::PlannedOrder& planned, const domain::ScheduleInput& input,
                           const domain::Schedule& schedule);
v1::LineGroupLoad ToProto(const domain::ScheduleLoad& load, const domain::ScheduleInput& input);
void AddGaps(const std::vector<domain::ScheduleGap>& gaps, google::protobuf::RepeatedPtrField<v1::ScheduleGap>& messages);
// The entries of a tree that are not its top order, components first, those for scrap alone left out.
void AddComponents(const std::string& tree, const domain::ScheduleInput& input, const domain::Schedule& schedule,
                   google::protobuf::RepeatedPtrField<v1::ScheduledOrder>& messages);

}  // namespace mes::services
