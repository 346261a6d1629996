// What the planner's commands share: load tables and gaps as they are printed, and the options of every schedule.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "mes/v1/schedule.pb.h"
#include "services/mesctl/client.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

// The subcommands `schedule`, `promise`, `whatif`, `forecast` and `plan` of `mesctl capacity`, each in a file of its own.
void AddCapacitySchedule(CLI::App& capacity, const Connection& connection);
void AddCapacityWhatIf(CLI::App& capacity, const Connection& connection);
void AddCapacityForecast(CLI::App& capacity, const Connection& connection);
void AddCapacityPlan(CLI::App& capacity, const Connection& connection);

// `--horizon`, `--released-only`, `--share`, `--until`.
std::shared_ptr<v1::ScheduleOptions> AddScheduleOptions(CLI::App& command, bool until);

// `87.5 %`; a need without any time is `no time`.
std::string LoadText(double share);
// The step that binds in a few words: `CELL-LFP-228 line`.
std::string BindingText(const v1::ScheduledOrder& order);
// `-` for a day that is not within the horizon.
std::string DayOrDash(const std::string& day);
// At most one fraction digit: expected scrap comes in fractions of a piece.
std::string Rounded(const v1::Quantity& quantity);
void PrintScheduledOrders(const google::protobuf::RepeatedPtrField<v1::ScheduledOrder>& orders);
void PrintComponents(const google::protobuf::RepeatedPtrField<v1::ScheduledOrder>& components);
// Under `Not known, and assumed instead`; nothing where there are none.
void PrintGaps(const google::protobuf::RepeatedPtrField<v1::ScheduleGap>& gaps);

}  // namespace mes::mesctl
