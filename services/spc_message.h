// Control charts as mes.v1 says them.
#pragma once

#include <string>

#include "db/spc_chart.h"
#include "domain/spc_ingest.h"
#include "mes/v1/spc.pb.h"

namespace mes::services {

// Of the newest definition; null where it has none of that code (any more).
const domain::Characteristic* CharacteristicOf(const domain::Plant& plant, int32_t material_id, int16_t operation,
                                               const std::string& code);

v1::ControlLimits ToProto(const domain::FrozenLimits& frozen);
// Design, points, newest value, gauge.
void FillState(const domain::ChartState& state, v1::ChartSummary& message);
// Key and class.
void FillDefined(const domain::Plant& plant, const domain::ChartKey& key, v1::ChartSummary& message);
// `before`: the point before it, for its moving range; null = none. `now`: the chart's present design.
v1::ChartPoint ToProto(const db::StoredPoint& stored, const db::StoredPoint* before, domain::ChartDesign now, domain::RuleSet rules);
v1::ChartAlarm ToProto(const domain::ChartAlarm& alarm, const domain::Plant& plant);
v1::ChartDefinition ToProto(int32_t id, const domain::ChartDefinition& definition, const domain::Plant& plant);

}  // namespace mes::services
