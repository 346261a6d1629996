// Calendars over gRPC: a year's notice, what patterns plan, shutdowns, working-day arithmetic.
#pragma once

#include "mes/v1/capacity.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status GetCalendar(Call& call, const v1::GetCalendarRequest& request, v1::GetCalendarResponse& response);
domain::Status PutCalendarYear(Call& call, const v1::PutCalendarYearRequest& request, v1::PutCalendarYearResponse& response);
domain::Status PutShutdown(Call& call, const v1::PutShutdownRequest& request, v1::PutShutdownResponse& response);
domain::Status CancelShutdown(Call& call, const v1::CancelShutdownRequest& request, v1::CancelShutdownResponse& response);
domain::Status GetWorkingDay(Call& call, const v1::GetWorkingDayRequest& request, v1::GetWorkingDayResponse& response);

}  // namespace mes::services
