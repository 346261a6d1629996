#include "mes/v1/audit.grpc.pb.h"

#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Audit = v1::AuditService::Stub;

struct Filter {
  std::string noun_id, caller, method, from, until;
  int64_t limit = 50;
};

void List(const Connection& connection, const Filter& filter) {
  v1::ListAuditEntriesRequest request;
  request.set_noun_id(filter.noun_id);
  request.set_caller(filter.caller);
  request.set_method(filter.method);
  if (!filter.from.empty()) *request.mutable_from_time() = ParseTime("--from", filter.from);
  if (!filter.until.empty()) *request.mutable_until_time() = ParseTime("--until", filter.until);
  Table table({">LINK", "TIME", "WHO", "METHOD", "ABOUT", "WHY"});
  CallPages(connection, &Audit::ListAuditEntries, request, filter.limit, [&](const v1::ListAuditEntriesResponse& page) {
    for (const v1::AuditEntry& entry : page.entries()) {
      const std::string who = entry.caller().empty() ? "-" : entry.caller() + (entry.proved() ? "" : " (unproved)");
      const std::string about = entry.noun().empty() ? "-" : entry.noun() + " " + entry.noun_id();
      table.Row({entry.link() == 0 ? "-" : std::to_string(entry.link()), Text(entry.write_time()), who, entry.method(), about,
                 entry.reason()});
    }
    return page.entries_size();
  });
  if (!connection.json) table.Print();
}

void Export(const Connection& connection, int64_t after, bool facts, const std::string& path) {
  v1::ExportAuditRequest request;
  request.set_after_link(after);
  request.set_include_facts(facts);
  std::FILE* out = path.empty() ? stdout : std::fopen(path.c_str(), "w");
  if (out == nullptr) FailUsage("--out: " + path + " cannot be written");
  int64_t records = 0;
  CallStream<Audit, v1::ExportAuditRequest, v1::ExportAuditResponse>(
      connection, &Audit::ExportAudit, request, [&](const v1::ExportAuditResponse& page) {
        for (const v1::AuditRecord& record : page.records()) {
          const std::string line = Json(record) + "\n";
          if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) FailUsage("--out: not all could be written");
          ++records;
        }
      });
  if (path.empty()) return;
  if (std::fclose(out) != 0) FailUsage("--out: not all could be written");
  std::printf("%lld lines in %s\n", static_cast<long long>(records), path.c_str());
}

v1::AuditAnchor ReadAnchor(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  v1::AuditAnchor anchor;
  if (!file || !google::protobuf::util::JsonStringToMessage(text.str(), &anchor).ok())
    FailUsage("--anchor: " + path + " is no anchor");
  return anchor;
}

void PrintResult(const v1::VerifyAuditResponse& result, bool of_period) {
  Fields fields;
  fields.Add("audit", result.sound() ? "sound" : result.findings_in_all() > 0 ? "NOT SOUND" : "NOT CHECKABLE");
  fields.Add("entries", std::to_string(result.entries()));
  fields.Add("facts", std::to_string(result.facts()));
  fields.Add("anchors", std::to_string(result.anchors()));
  fields.Add("head", std::to_string(result.head_link()) + " " + result.head_hash());
  fields.Add("with HMAC", std::to_string(result.authenticated()));
  if (result.unauthenticated() > 0) fields.Add("without", std::to_string(result.unauthenticated()));
  if (result.not_checkable() > 0) {
    std::string keys;
    for (const std::string& key_id : result.unknown_key_ids()) keys += " " + key_id;
    fields.Add("not checkable", std::to_string(result.not_checkable()) + ": key ID unknown:" + keys);
  }
  if (result.earlier_facts() > 0 && !of_period)
    fields.Add("older facts", std::to_string(result.earlier_facts()) + ", counted only");
  if (of_period) {
    const auto edge = [](int64_t links, bool is_signed, const std::string& where) {
      return std::to_string(links) + " links " + where + (is_signed ? "a signed head" : where == "before " ? "its part" : "the end");
    };
    fields.Add("not looked at", edge(result.links_before(), result.begins_signed(), "before ") + "; " +
                                    edge(result.links_after(), result.ends_signed(), "behind ") +
                                    "; rows recorded outside the period; marks of reversal; rows from before the audit");
  }
  if (result.findings_in_all() > 0) fields.Add("findings", std::to_string(result.findings_in_all()));
  fields.Print();
  if (result.findings_size() == 0) return;
  Table table({">LINK", ">ENTRY", "TABLE", "WHAT IS WRONG"});
  for (const v1::AuditFinding& finding : result.findings()) {
    table.Row({finding.link() == 0 ? "-" : std::to_string(finding.link()),
               finding.audit_id() == 0 ? "-" : std::to_string(finding.audit_id()), finding.table(), finding.sentence()});
  }
  table.Print();
}

struct Verification {
  std::vector<std::string> anchors, keys;
  std::string from, until;
  bool skip_facts = false;
};

void Verify(const Connection& connection, const Verification& asked) {
  v1::VerifyAuditRequest request;
  for (const std::string& path : asked.anchors) *request.add_anchors() = ReadAnchor(path);
  for (const std::string& key : asked.keys) request.add_public_keys(key);
  request.set_skip_facts(asked.skip_facts);
  if (!asked.from.empty()) *request.mutable_from_time() = ParseTime("--from", asked.from);
  if (!asked.until.empty()) *request.mutable_until_time() = ParseTime("--until", asked.until);
  v1::VerifyAuditResponse result;
  CallStream<Audit, v1::VerifyAuditRequest, v1::VerifyAuditResponse>(connection, &Audit::VerifyAudit, request,
                                                                     [&](const v1::VerifyAuditResponse& page) { result = page; });
  if (connection.json) {
    PrintJson(result);
  } else {
    PrintResult(result, request.has_from_time() || request.has_until_time());
  }
  if (!result.sound()) throw Exit{kExitServer};
}

void Anchor(const Connection& connection, const std::string& path) {
  v1::AnchorAuditRequest request;
  request.set_request_id(connection.RequestId());
  const auto response = Call(connection, &Audit::AnchorAudit, request);
  if (path.empty()) return PrintJson(response.anchor());
  std::ofstream file(path);
  file << Json(response.anchor()) << '\n';
  if (!file.flush()) FailUsage("--out: " + path + " cannot be written");
  std::printf("link %lld is signed in %s\n", static_cast<long long>(response.anchor().link()), path.c_str());
}

void Anchors(const Connection& connection, int64_t limit) {
  Table table({">LINK", "TIME", "HASH", "KEY"});
  CallPages(connection, &Audit::ListAuditAnchors, v1::ListAuditAnchorsRequest(), limit,
            [&](const v1::ListAuditAnchorsResponse& page) {
              for (const v1::AuditAnchor& anchor : page.anchors()) {
                table.Row({std::to_string(anchor.link()), Text(anchor.anchor_time()), anchor.hash().substr(0, 16),
                           anchor.public_key().substr(0, 16)});
              }
              return page.anchors_size();
            });
  if (!connection.json) table.Print();
}

void Bypasses(const Connection& connection, const std::string& from, const std::string& until) {
  v1::ListStartBypassesRequest request;
  *request.mutable_from_time() = ParseTime("--from", from);
  *request.mutable_until_time() = ParseTime("--until", until);
  const auto response = Call(connection, &Audit::ListStartBypasses, request);
  if (connection.json) return PrintJson(response);
  Table table({"STATION", ">STARTS", ">WITHOUT PERMIT"});
  for (const v1::StartBypasses& station : response.stations()) {
    table.Row({station.station_code(), std::to_string(station.starts()), std::to_string(station.bypasses())});
  }
  table.Print();
  if (!response.complete()) std::fprintf(stderr, "mesctl: more stations than are listed\n");
}

void AddList(CLI::App& audit, const Connection& connection) {
  auto* list = audit.add_subcommand("list", "Who changed or saw what, newest first");
  list->footer("Example:\n  mesctl audit list --about P-1 --method ReleaseHold");
  auto filter = std::make_shared<Filter>();
  list->add_option("--about", filter->noun_id, "A code or number: of a unit, hold, order, ...")->type_name("ID");
  list->add_option("--caller", filter->caller, "Who")->type_name("P");
  list->add_option("--method", filter->method, "The RPC")->type_name("RPC");
  list->add_option("--from", filter->from, "Written from then on")->type_name("T");
  list->add_option("--until", filter->until, "Written before")->type_name("T");
  AddLimit(*list, filter->limit);
  list->callback([&connection, filter] { List(connection, *filter); });
}

void AddExport(CLI::App& audit, const Connection& connection) {
  auto* command = audit.add_subcommand("export", "The chain as JSON lines, for deploy/verify_audit");
  command->footer(
      "Example:\n  mesctl audit export --facts --out audit.jsonl\n  deploy/verify_audit audit.jsonl --anchor anchor.json");
  auto after = std::make_shared<int64_t>(0);
  auto facts = std::make_shared<bool>(false);
  auto path = std::make_shared<std::string>();
  command->add_option("--after", *after, "Links behind this one; 0 = all")->check(CLI::NonNegativeNumber)->type_name("LINK");
  command->add_flag("--facts", *facts, "With the rows of events, edges and consumptions");
  command->add_option("--out", *path, "Into this file, not to stdout")->type_name("FILE");
  command->callback([&connection, after, facts, path] { Export(connection, *after, *facts, *path); });
}

void AddVerify(CLI::App& audit, const Connection& connection) {
  auto* verify = audit.add_subcommand(
      "verify", "Re-read the database and tell what is not as it was sealed; exit code 1 where something is");
  verify->footer(
      "Examples:\n  mesctl audit verify --anchor /media/safe/anchor.json --deadline 3600\n"
      "  mesctl audit verify --from 2026-11-01T00:00:00+08:00 --until 2026-12-01T00:00:00+08:00");
  auto asked = std::make_shared<Verification>();
  verify->add_option("--anchor", asked->anchors, "A signed head that was kept elsewhere; repeatable")->take_all()->type_name("FILE");
  verify->add_option("--key", asked->keys, "A public key that may have signed heads, in hexadecimal; repeatable")
      ->take_all()
      ->type_name("HEX");
  verify->add_flag("--skip-facts", asked->skip_facts, "Entries, links and signed heads only");
  verify->add_option("--from", asked->from, "Only what was written and recorded from then on")->type_name("T");
  verify->add_option("--until", asked->until, "Only what was written and recorded before")->type_name("T");
  verify->callback([&connection, asked] { Verify(connection, *asked); });
}

}  // namespace

void AddAudit(CLI::App& app, const Connection& connection) {
  auto* audit = app.add_subcommand("audit", "Who changed or saw what, and the proof that nobody bent it");
  audit->require_subcommand(1);
  AddList(*audit, connection);
  AddExport(*audit, connection);
  AddVerify(*audit, connection);

  auto* anchor = audit->add_subcommand("anchor", "Sign the chain's head, to be kept elsewhere");
  anchor->footer("Example:\n  mesctl audit anchor --out /media/safe/anchor.json");
  auto path = std::make_shared<std::string>();
  anchor->add_option("--out", *path, "Into this file, not to stdout")->type_name("FILE");
  anchor->callback([&connection, path] { Anchor(connection, *path); });

  auto* bypasses = audit->add_subcommand("bypasses", "Stations that started units without a start permit");
  bypasses->footer("Example:\n  mesctl audit bypasses --from 2026-11-01T00:00:00+08:00 --until 2026-11-27T00:00:00+08:00");
  auto from = std::make_shared<std::string>();
  auto until = std::make_shared<std::string>();
  bypasses->add_option("--from", *from, "Starts from then on")->required()->type_name("T");
  bypasses->add_option("--until", *until, "Starts before; at most 31 days later")->required()->type_name("T");
  bypasses->callback([&connection, from, until] { Bypasses(connection, *from, *until); });

  auto* anchors = audit->add_subcommand("anchors", "The signed heads");
  anchors->footer("Example:\n  mesctl audit anchors");
  auto limit = std::make_shared<int64_t>(1000);
  AddLimit(*anchors, *limit);
  anchors->callback([&connection, limit] { Anchors(connection, *limit); });
}

}  // namespace mes::mesctl
