#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Events = v1::StationEventService::Stub;

// The API's bound on one request.
constexpr size_t kBatch = 256;

struct Line {
  int64_t number;
  v1::StationEvent event;
};

struct Recording {
  std::string station, file = "-";
  int32_t epoch = 0;
  int64_t first_sequence = 0;
};

// How the events ended, for the last line and the exit code.
struct Tally {
  int64_t recorded = 0, duplicate = 0, rejected = 0, out_of_sequence = 0;
};

// All lines are read before the first is sent: a malformed line sends nothing.
std::vector<Line> Read(std::istream& input, const std::string& name) {
  std::vector<Line> lines;
  std::string text;
  for (int64_t number = 1; std::getline(input, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    Line line{number, {}};
    const auto status = google::protobuf::util::JsonStringToMessage(text, &line.event);
    if (!status.ok()) {
      FailUsage(name + " line " + std::to_string(number) + " is not a StationEvent in JSON: " + std::string(status.message()) +
                "; nothing was sent");
    }
    lines.push_back(std::move(line));
  }
  if (input.bad()) FailUsage(name + ": cannot be read");
  if (lines.empty()) FailUsage(name + ": no event in it");
  return lines;
}

// The number that the station's next event has: after its cursor in the cursor's epoch, 1 in a new one.
int64_t NextSequence(const Connection& connection, const Recording& recording) {
  if (recording.first_sequence > 0) return recording.first_sequence;
  v1::GetStationRequest request;
  request.set_station_code(recording.station);
  const auto station = Call(connection, &v1::StationService::Stub::GetStation, request).station();
  return station.epoch() == recording.epoch ? station.last_sequence() + 1 : 1;
}

void Number(std::vector<Line>& lines, int64_t next) {
  for (Line& line : lines) {
    if (line.event.sequence() == 0) line.event.set_sequence(next);
    next = line.event.sequence() + 1;
  }
}

// Sends one batch until it has verdicts. A server that is away or full is asked again with the same numbers, which doubles
// nothing; the call's deadline bounds the patience.
v1::RecordStationEventsResponse Send(const Connection& connection, const v1::RecordStationEventsRequest& request,
                                     int64_t first_sequence) {
  Events stub(connection.Channel());
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(connection.deadline_s);
  for (;;) {
    grpc::ClientContext context;
    connection.Arm(context);
    v1::RecordStationEventsResponse response;
    const grpc::Status status = stub.RecordStationEvents(&context, request, &response);
    if (status.ok()) return response;
    const bool again = status.error_code() == grpc::StatusCode::UNAVAILABLE || ErrorReason(status) == "QUEUE_FULL";
    if (again && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      continue;
    }
    fprintf(stderr,
            "mesctl: events from sequence %lld on have no verdict; the same input with --sequence %lld sends them again, none "
            "is doubled\n",
            static_cast<long long>(request.events(0).sequence()), static_cast<long long>(first_sequence));
    Fail(status);
  }
}

void PrintVerdict(int64_t line, const v1::EventVerdict& verdict) {
  std::string text = "line " + std::to_string(line) + "  seq " + std::to_string(verdict.sequence()) + "  " +
                     EnumText(*v1::EventOutcome_descriptor(), verdict.outcome());
  if (verdict.outcome() == v1::EVENT_OUTCOME_DUPLICATE)
    text += " of one that was " + EnumText(*v1::EventOutcome_descriptor(), verdict.original_outcome());
  if (verdict.outcome() == v1::EVENT_OUTCOME_OUT_OF_SEQUENCE)
    text += ", expected " + std::to_string(verdict.expected_sequence());
  if (verdict.judgement() != v1::JUDGEMENT_UNSPECIFIED)
    text += "  " + EnumText(*v1::Judgement_descriptor(), verdict.judgement());
  if (verdict.judgement_mismatch()) text += " (the station judged otherwise)";
  if (verdict.units() > 1) text += "  " + std::to_string(verdict.units()) + " units";
  printf("%s\n", text.c_str());
  PrintRefusals(verdict.refusals(), 2);
}

void Count(const v1::EventVerdict& verdict, Tally& tally) {
  const bool duplicate = verdict.outcome() == v1::EVENT_OUTCOME_DUPLICATE;
  if (duplicate) ++tally.duplicate;
  const v1::EventOutcome outcome = duplicate ? verdict.original_outcome() : verdict.outcome();
  if (outcome == v1::EVENT_OUTCOME_RECORDED && !duplicate) ++tally.recorded;
  if (outcome == v1::EVENT_OUTCOME_REJECTED) ++tally.rejected;
  if (outcome == v1::EVENT_OUTCOME_OUT_OF_SEQUENCE) ++tally.out_of_sequence;
}

void Record(const Connection& connection, const Recording& recording) {
  std::vector<Line> lines;
  if (recording.file == "-") {
    lines = Read(std::cin, "standard input");
  } else {
    std::ifstream file(recording.file);
    if (!file) FailUsage(recording.file + ": cannot be read");
    lines = Read(file, recording.file);
  }
  Number(lines, NextSequence(connection, recording));
  const int64_t first_sequence = lines.front().event.sequence();
  Tally tally;
  for (size_t begin = 0; begin < lines.size() && tally.out_of_sequence == 0; begin += kBatch) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(recording.station);
    request.set_epoch(recording.epoch);
    for (size_t i = begin; i < lines.size() && i < begin + kBatch; ++i) *request.add_events() = lines[i].event;
    const auto response = Send(connection, request, first_sequence);
    if (connection.json) PrintJson(response);
    for (int i = 0; i < response.verdicts_size(); ++i) {
      if (!connection.json) PrintVerdict(lines[begin + static_cast<size_t>(i)].number, response.verdicts(i));
      Count(response.verdicts(i), tally);
    }
  }
  if (!connection.json)
    printf("%zu events: %lld recorded, %lld duplicate, %lld rejected, %lld out of sequence\n", lines.size(),
           static_cast<long long>(tally.recorded), static_cast<long long>(tally.duplicate),
           static_cast<long long>(tally.rejected), static_cast<long long>(tally.out_of_sequence));
  if (tally.rejected + tally.out_of_sequence > 0) throw Exit{kExitRejected};
}

}  // namespace

void AddRecord(CLI::App& app, const Connection& connection) {
  auto* record = app.add_subcommand("record", "Record a station's events from JSON lines; says what became of each");
  record->footer(
      "One event a line, a mes.v1.StationEvent in proto3 JSON. Without a sequence it gets the\n"
      "next one of the station. Exit code 4 = at least one was not recorded.\nExample:\n"
      "  echo '{\"unit_code\": \"BOX-0001\", \"occur_time\": \"2026-11-20T08:00:00+08:00\", \"started\": {}}' |\n"
      "    mesctl record --station PACK-TRK-70.1.PEOL.1 --epoch 1");
  auto recording = std::make_shared<Recording>();
  record->add_option("file", recording->file, "Where the lines are; - is standard input")
      ->capture_default_str()
      ->type_name("FILE");
  record->add_option("--station", recording->station, "The station")->required()->type_name("S");
  record->add_option("--epoch", recording->epoch, "The epoch of its numbering")->required()->type_name("E");
  record
      ->add_option("--sequence", recording->first_sequence, "The number of the first event; default: after the station's last")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  record->callback([&connection, recording] { Record(connection, *recording); });
}

}  // namespace mes::mesctl
