// The bytes of spc_state.state: all charts of an operation at a station. Little-endian, whole numbers as varints (7 bits a byte,
// low first, signed ones zigzag), doubles as they are. The first byte is the layout's version; this one reads 1.
//
//   version · charts · each: code, position, kind, subgroup, limits version, plotted, equal points, flags (1 judged_after follows,
//   2 clean_before follows), the times said by the flags, open values (time, value), late values, points, stored;
//   each point: time, signals * 2 + late, mean where it is stored, else its values
//
// Times are microseconds, each as the difference to the one before in the chart.
#pragma once

#include <string>
#include <string_view>

#include "domain/spc_ingest.h"

namespace mes::db {

std::string Encode(const domain::StationCharts& charts);
// Throws std::invalid_argument on bytes that are not of this layout.
domain::StationCharts DecodeCharts(std::string_view bytes);

}  // namespace mes::db
