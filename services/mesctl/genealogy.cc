#include "mes/v1/genealogy.grpc.pb.h"

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "services/mesctl/commands.h"
#include "services/mesctl/genealogy_tree.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Genealogy = v1::GenealogyService::Stub;

void SayCut(bool complete) {
  if (!complete) fprintf(stderr, "mesctl: the answer was cut by depth or count; there is more\n");
}

struct Question {
  std::string code, view = "as-is", at, product;
  int32_t depth = 0;
  int64_t edges = 0;
  bool all = false, removed = false;
};

void Trace(const Connection& connection, const Question& question) {
  v1::TraceRequest request;
  request.set_code(question.code);
  request.set_view(static_cast<v1::TraceView>(EnumValue(*v1::TraceView_descriptor(), question.view)));
  const bool needs_time = request.view() == v1::TRACE_VIEW_AS_IS_AT || request.view() == v1::TRACE_VIEW_AS_KNOWN_AT;
  if (needs_time == question.at.empty())
    FailUsage(needs_time ? "--view " + question.view + " needs --at" : "--at needs --view as-is-at or as-known-at");
  if (needs_time) *request.mutable_at_time() = ParseTime("--at", question.at);
  request.set_max_depth(question.depth);
  request.set_max_edges(question.edges);
  GenealogyTree tree(question.code);
  bool complete = false;
  CallStream(connection, &Genealogy::Trace, request, [&](const v1::TraceResponse& page) {
    if (page.last()) complete = page.complete();
    if (connection.json) return PrintJson(page);
    for (const auto& edge : page.edges()) tree.Add(edge);
  });
  if (!connection.json) tree.Print(question.all);
  SayCut(complete);
}

// Rows come out as they arrive, so the columns are fixed; the longest codes of the reference plant fit.
void PrintUse(const v1::GenealogyEdge& edge) {
  std::string at = edge.slot() > 0 ? std::to_string(edge.line()) + "." + std::to_string(edge.slot()) : edge.kind();
  std::string more = edge.child_code();
  if (edge.has_quantity()) more += ", " + Text(edge.quantity());
  if (edge.has_remove_time()) more += ", removed " + Text(edge.remove_time());
  printf("%5d  %-14s  %-24s  %-9s  %s\n", edge.depth(), OneLine(edge.parent_material()).c_str(),
         OneLine(edge.parent_code()).c_str(), OneLine(at).c_str(), OneLine(more).c_str());
}

void WhereUsed(const Connection& connection, const Question& question) {
  v1::WhereUsedRequest request;
  request.set_code(question.code);
  request.set_material_code(question.product);
  request.set_max_depth(question.depth);
  request.set_max_edges(question.edges);
  request.set_include_removed(question.removed);
  bool complete = false, headed = false;
  // Products in the order of their first appearance, each with its distinct units and lots.
  std::vector<std::string> order;
  std::unordered_map<std::string, std::unordered_set<std::string>> found;
  CallStream(connection, &Genealogy::WhereUsed, request, [&](const v1::WhereUsedResponse& page) {
    if (page.last()) complete = page.complete();
    if (connection.json) return PrintJson(page);
    if (!headed && !page.edges().empty()) printf("DEPTH  PRODUCT         WENT INTO                 AT         WITH\n");
    headed = headed || !page.edges().empty();
    for (const auto& edge : page.edges()) {
      PrintUse(edge);
      auto& codes = found[edge.parent_material()];
      if (codes.empty()) order.push_back(edge.parent_material());
      codes.insert(edge.parent_code());
    }
  });
  if (!connection.json) {
    std::string sum;
    for (const auto& product : order) sum += (sum.empty() ? "" : ", ") + std::to_string(found[product].size()) + " " + product;
    sum = question.code + " went into " + (sum.empty() ? "nothing" : sum);
    if (!question.product.empty()) sum += " (only " + question.product + " was asked for)";
    PrintWrapped(0, sum);
  }
  SayCut(complete);
}

}  // namespace

void AddTrace(CLI::App& app, const Connection& connection) {
  auto question = std::make_shared<Question>();
  auto* trace = app.add_subcommand("trace", "Everything a unit or lot is made of, as a tree with positions");
  trace->footer(
      "A position is BOM line.slot. The lots in like parts of one parent are summed up below\n"
      "them, and a lot's own content is shown once; --all and --json leave nothing out.\nExample:\n"
      "  mesctl trace LZZ00001 --view as-built");
  trace->add_option("code", question->code, "The unit or lot, any code it ever had")->required()->type_name("CODE");
  trace->add_option("--view", question->view, "Which truth")
      ->transform(CLI::IsMember(EnumChoices(*v1::TraceView_descriptor()), CLI::ignore_case))
      ->capture_default_str();
  trace->add_option("--at", question->at, "The moment, for as-is-at and as-known-at")->type_name("TIME");
  trace->add_option("--depth", question->depth, "Levels to go down; default: all")->check(CLI::PositiveNumber)->type_name("N");
  trace->add_option("--edges", question->edges, "At most so many edges; default: 1,000,000")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  trace->add_flag("--all", question->all, "Every lot below every unit");
  trace->callback([&connection, question] { Trace(connection, *question); });

  auto* used = app.add_subcommand("where-used", "Everything a unit or lot went into, up to vehicles");
  used->footer("Example:\n  mesctl where-used LFP-2611 --product VEH-TRK-BEV");
  used->add_option("code", question->code, "The unit or lot, any code it ever had")->required()->type_name("CODE");
  used->add_option("--product", question->product, "Show only this product")->type_name("P");
  used->add_option("--depth", question->depth, "Levels to go up; default: all")->check(CLI::PositiveNumber)->type_name("N");
  used->add_option("--edges", question->edges, "At most so many edges; default: 1,000,000")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  used->add_flag("--removed", question->removed, "Also what it was taken out of since");
  used->callback([&connection, question] { WhereUsed(connection, *question); });
}

}  // namespace mes::mesctl
