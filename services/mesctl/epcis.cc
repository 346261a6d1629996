#include "mes/v1/epcis.grpc.pb.h"

#include <openssl/sha.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Epcis = v1::EpcisService::Stub;

// Writes a streamed document to a file, or to the terminal where there is none.
class Sink {
 public:
  explicit Sink(std::string path) : path_(std::move(path)) {
    if (!path_.empty()) file_.open(path_, std::ios::binary);
  }
  template <typename Piece>
  void operator()(const Piece& piece) {
    if (path_.empty()) {
      fwrite(piece.text().data(), 1, piece.text().size(), stdout);
    } else {
      file_ << piece.text();
    }
    if (piece.last()) events_ = piece.events();
  }
  void End() {
    if (path_.empty()) return;
    if (!file_.flush()) FailUsage(path_ + ": cannot be written");
    printf("%s: %d events\n", OneLine(path_).c_str(), events_);
  }

 private:
  const std::string path_;
  std::ofstream file_;
  int events_ = 0;
};

void Export(const Connection& connection, const std::string& code, const std::string& host, const std::string& path) {
  v1::ExportUnitEpcisRequest request;
  request.set_unit_code(code);
  request.set_host(host);
  Sink sink(path);
  CallStream(connection, &Epcis::ExportUnitEpcis, request, std::ref(sink));
  sink.End();
}

void ExportPeriod(const Connection& connection, const std::string& from, const std::string& until, const std::string& host,
                  const std::string& path) {
  v1::ExportPeriodEpcisRequest request;
  *request.mutable_from_time() = ParseTime("--from", from);
  *request.mutable_until_time() = ParseTime("--until", until);
  request.set_host(host);
  Sink sink(path);
  CallStream(connection, &Epcis::ExportPeriodEpcis, request, std::ref(sink));
  sink.End();
}

// The server's limits on one document (README, "Limits"); longer ones go in parts, in their order.
constexpr size_t kEventsPerPart = 1'000;
constexpr size_t kBytesPerPart = 7 << 20;
// An event about a whole recycling batch names ten thousand.
constexpr size_t kItemsPerPart = 20'000;

// What the event names, and at times more.
size_t ItemsOf(const nlohmann::json& event) {
  // What stands around the lists.
  size_t items = 2;
  if (!event.is_object()) return items;
  for (const auto& [name, value] : event.items()) items += value.is_array() ? value.size() : 0;
  return items;
}

std::string PartId(const std::string& partner, const std::string& text) {
  const std::string content = partner + '\n' + text;
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), hash);
  std::string id = "epcis-";
  char pair[3];
  for (int i = 0; i < 20; ++i) id.append(pair, static_cast<size_t>(snprintf(pair, sizeof pair, "%02x", hash[i])));
  return id;
}

void Capture(const Connection& connection, const std::string& path, const std::string& partner, const std::string& person) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) FailUsage(path + ": cannot be read");
  nlohmann::json document = nlohmann::json::parse(text.str(), nullptr, false);
  const nlohmann::json::json_pointer at("/epcisBody/eventList");
  bool parts = !document.is_discarded() && document.is_object() && document.contains(at) && document[at].is_array();
  if (parts) {
    size_t items = 0;
    for (const nlohmann::json& event : document[at]) items += ItemsOf(event);
    parts = document[at].size() > kEventsPerPart || text.str().size() > kBytesPerPart || items > kItemsPerPart;
  }
  v1::CaptureEpcisResponse sum;
  size_t sent = 0, first = 0;
  const auto send = [&](const std::string& part, size_t events) {
    v1::CaptureEpcisRequest request;
    request.set_request_id(connection.request_id.empty() ? PartId(partner, part)
                                                         : connection.request_id + "-" + std::to_string(sent));
    request.set_document(part);
    request.set_partner(partner);
    request.set_person(person);
    if (parts && sent > 0 && isatty(STDERR_FILENO)) fprintf(stderr, "\r%zu events sent", first);
    const auto response = Call(connection, &Epcis::CaptureEpcis, request);
    sum.set_captured(sum.captured() + response.captured());
    sum.set_known(sum.known() + response.known());
    sum.set_made(sum.made() + response.made());
    sum.set_installed(sum.installed() + response.installed());
    sum.set_removed(sum.removed() + response.removed());
    sum.set_consumed(sum.consumed() + response.consumed());
    sum.set_lives(sum.lives() + response.lives());
    sum.set_wrong(sum.wrong() + response.wrong());
    sum.set_taken_back(sum.taken_back() + response.taken_back());
    ++sent;
    first += events;
  };
  if (!parts) {
    send(text.str(), 0);
  } else {
    const nlohmann::json events = std::move(document[at]);
    nlohmann::json part = nlohmann::json::array();
    size_t bytes = 0, items = 0;
    const auto flush = [&] {
      if (part.empty()) return;
      const size_t count = part.size();
      document[at] = std::move(part);
      send(document.dump(), count);
      part = nlohmann::json::array();
      bytes = items = 0;
    };
    for (const nlohmann::json& event : events) {
      const size_t size = event.dump().size();
      const size_t named = ItemsOf(event);
      if (part.size() == kEventsPerPart || bytes + size > kBytesPerPart || items + named > kItemsPerPart) flush();
      part.push_back(event);
      bytes += size;
      items += named;
    }
    flush();
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r");
  }
  if (connection.json) return PrintJson(sum);
  Fields fields;
  fields.Add("events captured", std::to_string(sum.captured()));
  fields.Add("known before", std::to_string(sum.known()));
  fields.Add("declared errors", std::to_string(sum.wrong()));
  fields.Add("taken back", std::to_string(sum.taken_back()));
  fields.Add("units and lots made known", std::to_string(sum.made()));
  fields.Add("parts in", std::to_string(sum.installed()));
  fields.Add("parts out", std::to_string(sum.removed()));
  fields.Add("lots used", std::to_string(sum.consumed()));
  fields.Add("steps of lives", std::to_string(sum.lives()));
  fields.Print();
}

void ListCaptured(const Connection& connection, const std::string& code, int64_t limit) {
  v1::ListCapturedEpcisRequest request;
  request.set_unit_code(code);
  Table table({"TIME", "TYPE", "STEP", "PARTNER", "WRONG", "EVENT"});
  CallPages(connection, &Epcis::ListCapturedEpcis, request, limit, [&](const v1::ListCapturedEpcisResponse& page) {
    for (const auto& event : page.events()) {
      const nlohmann::json body = nlohmann::json::parse(event.body(), nullptr, false);
      const auto text = [&](const char* name) { return body.is_object() ? body.value(name, std::string()) : std::string(); };
      table.Row({Text(event.event_time()), text("type"), text("bizStep"), event.partner(), event.wrong() ? "yes" : "",
                 event.event_id().substr(14, 12)});
    }
    return page.events_size();
  });
  if (!connection.json) table.Print();
}

void AddHost(CLI::App& command, std::string& host, std::string& file) {
  command.add_option("--host", host, "The web server of addresses without a GTIN")->type_name("HOST");
  command.add_option("--out", file, "Where to write it; the terminal where not given")->type_name("F");
}

}  // namespace

void AddEpcis(CLI::App& app, const Connection& connection) {
  auto* epcis = app.add_subcommand("epcis", "EPCIS 2.0 documents to and from partners");
  epcis->require_subcommand(1);
  auto* unit = epcis->add_subcommand("export", "A unit's whole history, as JSON-LD");
  unit->footer("Example:\n  mesctl epcis export BOX-0001 --host id.example.cn --out box.jsonld");
  auto code = std::make_shared<std::string>();
  auto host = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  unit->add_option("code", *code, "The unit, by any code it ever had")->required()->type_name("CODE");
  AddHost(*unit, *host, *file);
  unit->callback([&connection, code, host, file] { Export(connection, *code, *host, *file); });

  auto* period = epcis->add_subcommand("period", "Everything that happened in a period, as JSON-LD");
  period->footer("Example:\n  mesctl epcis period --from 2026-11-01 --until 2026-12-01 --out november.jsonld");
  auto from = std::make_shared<std::string>();
  auto until = std::make_shared<std::string>();
  period->add_option("--from", *from, "From this time on")->required()->type_name("T");
  period->add_option("--until", *until, "Before this time")->required()->type_name("T");
  AddHost(*period, *host, *file);
  period->callback([&connection, from, until, host, file] { ExportPeriod(connection, *from, *until, *host, *file); });

  auto* capture = epcis->add_subcommand("capture", "Take in a partner's document; the same event twice is one");
  capture->footer("Example:\n  mesctl epcis capture stacks.jsonld --partner 'StackCo Ltd' --person li.wei");
  auto document = std::make_shared<std::string>();
  auto partner = std::make_shared<std::string>();
  auto person = std::make_shared<std::string>();
  capture->add_option("file", *document, "The document")->required()->check(CLI::ExistingFile)->type_name("F");
  capture->add_option("--partner", *partner, "Whose word it is")->required()->type_name("P");
  capture->add_option("--person", *person, "Who hands it in")->required()->type_name("P");
  capture->callback([&connection, document, partner, person] { Capture(connection, *document, *partner, *person); });

  auto* captured = epcis->add_subcommand("captured", "What partners reported of a unit or lot");
  captured->footer("Example:\n  mesctl epcis captured STK-77");
  auto limit = std::make_shared<int64_t>(1000);
  captured->add_option("code", *code, "The unit or lot")->required()->type_name("CODE");
  AddLimit(*captured, *limit);
  captured->callback([&connection, code, limit] { ListCaptured(connection, *code, *limit); });
}

}  // namespace mes::mesctl
