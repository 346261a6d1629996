#include "services/mesctl/simulate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>

#include "mes/v1/lot.grpc.pb.h"
#include "mes/v1/product_definition.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "services/mesctl/plant_folder.h"
#include "services/mesctl/simulate_check.h"
#include "services/mesctl/simulate_drift.h"
#include "services/mesctl/simulate_drive.h"
#include "services/mesctl/simulate_office.h"
#include "services/mesctl/simulate_options.h"
#include "services/mesctl/simulate_record.h"

namespace mes::mesctl {
namespace simulate {
namespace {

using Definitions = v1::ProductDefinitionService::Stub;

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void LoadPlant(const Connection& connection, const std::string& folder) {
  v1::LoadPlantRequest request;
  request.set_request_id(connection.RequestId());
  ReadPlant(folder, request);
  const auto response = Call(connection, &Definitions::LoadPlant, request);
  if (response.faults_total() == 0) return;
  const v1::PlantFault& first = response.faults(0);
  fprintf(stderr, "mesctl: PLANT_INVALID: %d faults, the first: %s %s: %s; see mesctl plant check\n", response.faults_total(),
          first.file().c_str(), first.path().c_str(), first.problem().c_str());
  throw Exit{kExitServer};
}

std::vector<v1::Station> AllStations(const Connection& connection) {
  std::vector<v1::Station> stations;
  CallPages<v1::StationService::Stub, v1::ListStationsRequest, v1::ListStationsResponse>(
      connection, &v1::StationService::Stub::ListStations, {}, 0, [&](const v1::ListStationsResponse& page) {
        stations.insert(stations.end(), page.stations().begin(), page.stations().end());
        return static_cast<int64_t>(page.stations_size());
      });
  return stations;
}

Model AskModel(const Connection& connection, const std::vector<v1::Station>& stations, int per_operation) {
  std::vector<v1::Material> materials;
  std::vector<v1::ProductDefinition> products;
  CallPages<Definitions, v1::ListProductsRequest, v1::ListProductsResponse>(
      connection, &Definitions::ListProducts, {}, 0, [&](const v1::ListProductsResponse& page) {
        materials.insert(materials.end(), page.materials().begin(), page.materials().end());
        return static_cast<int64_t>(page.materials_size());
      });
  for (const v1::Material& material : materials) {
    if (!material.made()) continue;
    v1::GetProductRequest request;
    request.set_product_code(material.code());
    products.push_back(Call(connection, &Definitions::GetProduct, request).product());
  }
  return BuildModel(materials, products, stations, per_operation);
}

// The run's own record: a lot received first of all, whose papers say when the story begins, under which epoch, and what the
// server had counted before. So that a run can be picked up after a kill, also on another day.
struct Record {
  Baseline baseline;
  int64_t start = 0;
};

Record RecordOf(const v1::Lot& lot) {
  Record record;
  long long recorded = 0, rejected = 0;
  if (std::sscanf(lot.supplier_lot().c_str(), "epoch %d recorded %lld rejected %lld", &record.baseline.epoch, &recorded,
                  &rejected) != 3) {
    throw std::runtime_error("lot " + lot.lot_code() + " is not the record of a simulated run");
  }
  record.baseline.recorded = recorded;
  record.baseline.rejected = rejected;
  record.start = lot.manufacture_time().seconds() * kMicro;
  return record;
}

Record FindOrMakeRecord(const Connection& connection, const Options& options, const Model& model,
                        const std::vector<v1::Station>& stations) {
  const std::string code = RunLotCode("S" + std::to_string(options.seed) + "-");
  v1::LotService::Stub lots(connection.Channel());
  {
    grpc::ClientContext context;
    connection.Arm(context);
    v1::GetLotRequest request;
    request.set_lot_code(code);
    v1::GetLotResponse response;
    const grpc::Status status = lots.GetLot(&context, request, &response);
    if (status.ok()) {
      const Record record = RecordOf(response.lot());
      if (!options.start.empty() && ParseStart(options.start) != record.start) {
        FailUsage("--start: the run of seed " + std::to_string(options.seed) + " began with " + DateOf(record.start));
      }
      return record;
    }
    if (status.error_code() != grpc::StatusCode::NOT_FOUND) Fail(status);
  }
  Record record;
  record.start = options.start.empty() ? DefaultStart(Now()) : ParseStart(options.start);
  for (const v1::Station& station : stations) {
    record.baseline.epoch = std::max(record.baseline.epoch, station.epoch() + 1);
    record.baseline.recorded += station.recorded_events();
    record.baseline.rejected += station.rejected_events();
  }
  v1::ReceiveLotRequest request;
  request.set_request_id("sim-" + code);
  request.set_lot_code(code);
  request.set_material_code(model.RunLotItem().code);
  request.mutable_quantity()->set_uom(model.RunLotItem().uom);
  request.mutable_quantity()->set_value("1");
  request.set_supplier("simulator");
  request.set_supplier_lot("epoch " + std::to_string(record.baseline.epoch) + " recorded " +
                           std::to_string(record.baseline.recorded) + " rejected " + std::to_string(record.baseline.rejected));
  request.mutable_manufacture_time()->set_seconds(record.start / kMicro);
  Call(connection, &v1::LotService::Stub::ReceiveLot, request);
  return record;
}

std::vector<uint32_t> DoneAlready(const Plan& plan, const std::vector<v1::Station>& stations, int32_t epoch) {
  std::vector<uint32_t> done(plan.scripts.size(), 0);
  for (const v1::Station& station : stations) {
    const auto found = plan.model.station_by_code.find(station.code());
    if (found == plan.model.station_by_code.end()) continue;
    const size_t at = static_cast<size_t>(found->second);
    if (station.epoch() > epoch) {
      // A later run has used the station since: this one had finished there, or never will.
      done[at] = static_cast<uint32_t>(plan.scripts[at].size());
    } else if (station.epoch() == epoch) {
      done[at] = static_cast<uint32_t>(std::min<int64_t>(station.last_sequence(), static_cast<int64_t>(plan.scripts[at].size())));
    }
  }
  return done;
}

void Report(const std::vector<std::string>& differences) {
  constexpr size_t kShown = 40;
  for (size_t i = 0; i < differences.size() && i < kShown; ++i) printf("DIFFERENT %s\n", differences[i].c_str());
  if (differences.size() > kShown) printf("... and %zu more\n", differences.size() - kShown);
  fflush(stdout);
}

void Run(const Connection& connection, const Options& options) {
  LoadPlant(connection, options.plant);
  const std::vector<v1::Station> stations = AllStations(connection);
  Model model = AskModel(connection, stations, options.stations_per_class);
  if (options.drift) return TellDrift(connection, model, stations, options.seed, Now());
  Record record;
  record.start = options.start.empty() ? DefaultStart(Now()) : ParseStart(options.start);
  if (!options.plan_only) record = FindOrMakeRecord(connection, options, model, stations);

  Demand demand{options.seed, options.cars, options.trucks, options.stacks, options.systems, record.start, !options.no_faults};
  const auto begin = std::chrono::steady_clock::now();
  const Plan plan = MakePlan(std::move(model), demand);
  fprintf(stderr, "planned %lld events of %zu units from %s to %s in %.1f s\n", static_cast<long long>(plan.total),
          plan.units.size(), DateOf(demand.start).c_str(), DateOf(plan.finish).c_str(),
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  if (!options.record.empty()) WriteRecord(plan, options.record);
  if (options.plan_only) {
    printf("%s", Summary(plan).c_str());
    return;
  }
  if (plan.finish > Now())
    FailUsage("the story would end on " + DateOf(plan.finish) + ", in the future: give an earlier --start");

  std::vector<std::string> differences = MakeOrders(connection, plan);
  if (differences.empty()) {
    DriveOptions drive{record.baseline.epoch, options.streams, DoneAlready(plan, stations, record.baseline.epoch)};
    const DriveResult result = Drive(connection, plan, drive);
    fprintf(stderr, "sent %lld events in %.1f s: %.0f/s\n", static_cast<long long>(result.sent), result.seconds,
            static_cast<double>(result.sent) / std::max(result.seconds, 1e-3));
    differences = result.differences;
  }
  if (!differences.empty()) {
    Report(differences);
    fprintf(stderr, "mesctl: the server answered otherwise than planned\n");
    throw Exit{kExitServer};
  }
  CompleteOrders(connection, plan);
  printf("%s", Summary(plan).c_str());
  differences = CompareWithServer(connection, plan, record.baseline);
  Report(differences);
  if (!differences.empty()) {
    fprintf(stderr, "mesctl: the server's books differ from the plan in %zu places\n", differences.size());
    throw Exit{kExitServer};
  }
  printf("\nthe server's books agree: orders, yields, events, traces, where-used\n");
}

}  // namespace
}  // namespace simulate

void AddSimulate(CLI::App& app, const Connection& connection) {
  CLI::App* command = app.add_subcommand("simulate", "Run the whole plant as its stations would, and check the server's books");
  const auto options = std::make_shared<simulate::Options>();
  simulate::AddOptions(*command, *options);
  command->footer(
      "Acts as a few hundred stations over gRPC: electrodes, cells, modules, packs, truck systems,\n"
      "plates, membranes, stacks, fuel cell systems and vehicles, with the plan's yields, retests,\n"
      "rework, scrap, partial trays, duplicates, reconnects and late events.\n"
      "  mesctl simulate --plant reference-plant --seed 7\n"
      "  mesctl simulate --plant reference-plant --seed 8 --cars 1 --trucks 0 --stacks 0\n"
      "With --record FILE the story's own record is kept, and mesctl drill recall --record FILE holds the\n"
      "vehicles that it finds against it.\n"
      "With --drift one welder's process drifts instead: it must be stopped, what is suspect held, and\n"
      "both let go by those who may. Its frozen limits stay.\n"
      "  mesctl simulate --plant reference-plant --seed 9 --drift\n"
      "Killed and run again with the same seed and options it goes on and ends the same.\n"
      "Exit code 1 when the server's answers or books differ from the plan.");
  command->callback([&connection, options] {
    try {
      simulate::Run(connection, *options);
    } catch (const std::runtime_error& error) {
      fprintf(stderr, "mesctl: %s\n", error.what());
      throw Exit{kExitServer};
    }
  });
}

}  // namespace mes::mesctl
