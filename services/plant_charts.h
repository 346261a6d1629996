// What a plant's files say of control charts: `spc.enabled_by_default` of `rules.json`, the Nelson rules for each class of characteristic.
//
// The files speak once: what they say becomes a definition of the class when it differs from what they said last (before any file: from
// domain/spc_rule.h's own defaults). So a person's decision stays in force when the same files are loaded again.
#pragma once

#include <vector>

#include "domain/spc_ingest.h"
#include "services/plant_files.h"
#include "services/rpc.h"

namespace mes::services {

// Of classes, in order. Adds faults where a class or a rule is unknown, or the rules contradict each other.
std::vector<domain::ChartDefinition> ReadPlantCharts(const std::vector<PlantText>& files, std::vector<domain::PlantFault>& faults);

// The part of LoadPlant that is about charts.
void StorePlantCharts(Call& call, const std::vector<domain::ChartDefinition>& definitions);

}  // namespace mes::services
