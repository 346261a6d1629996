#include "mes/v1/passport.grpc.pb.h"

#include <algorithm>
#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Passports = v1::PassportService::Stub;


void AddVersionFields(Fields& fields, const v1::PassportVersion& version) {
  fields.Add("unit", version.unit_code());
  fields.Add("passport", version.passport_identifier());
  fields.Add("version", std::to_string(version.version()));
  fields.Add("model", version.product_code() + (version.revision() == 0 ? "" : " revision " + std::to_string(version.revision())));
  fields.Add("batch", version.batch());
  fields.Add("issued", Text(version.issue_time()) + " by " + version.person());
  fields.Add("hash", version.version_hash());
  fields.Add("after", version.previous_hash());
}

void Issue(const Connection& connection, const std::string& code, const std::string& person, const Signing& signing) {
  v1::IssuePassportRequest request;
  request.set_request_id(connection.RequestId());
  request.set_unit_code(code);
  request.set_person(person);
  const auto response = CallSigned(connection, signing, &Passports::IssuePassport, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  AddVersionFields(fields, response.version());
  fields.Add("", response.issued() ? "" : "nothing changed since: no new version");
  fields.Print();
  if (response.changed_size() > 0) {
    printf("changed since the version before:\n");
    std::string changed;
    for (const std::string& name : response.changed()) changed += (changed.empty() ? "" : ", ") + name;
    PrintWrapped(2, changed);
  }
  if (response.unknown_size() > 0) printf("%d attributes are unknown; `passport show` names them\n", response.unknown_size());
}

struct Question {
  std::string code, product, tier, role;
  int32_t version = 0;
  int64_t limit = 100;
};

v1::PassportTier TierOf(const std::string& tier) {
  return tier.empty() ? v1::PASSPORT_TIER_PUBLIC : static_cast<v1::PassportTier>(EnumValue(*v1::PassportTier_descriptor(), tier));
}

void Show(const Connection& connection, const Question& question) {
  v1::GetPassportRequest request;
  request.set_unit_code(question.code);
  request.set_version(question.version);
  request.set_tier(TierOf(question.tier));
  request.set_role(question.role);
  const auto response = Call(connection, &Passports::GetPassport, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  AddVersionFields(fields, response.version());
  fields.Add("first life", response.predecessor_identifier());
  fields.Add("second life", response.second_life_code());
  fields.Add("ended", response.ended() ? Text(response.end_time()) : "");
  fields.Print();
  Table table({"ATTRIBUTE", "OF", "BASIS", "VALUE"});
  std::string unknown;
  for (const v1::PassportEntry& entry : response.entries()) {
    if (entry.value().empty()) {
      unknown += (unknown.empty() ? "" : ", ") + entry.attribute() + (entry.subject().empty() ? "" : "/" + entry.subject());
      continue;
    }
    std::string value = entry.value() + (entry.unit().empty() ? "" : " " + entry.unit());
    if (!entry.method().empty()) {
      value += ", " + entry.method() + (entry.has_observe_time() ? ", " + Text(entry.observe_time()).substr(0, 10) : "");
    }
    table.Row({entry.attribute(), entry.subject(), EnumText(*v1::FactBasis_descriptor(), entry.basis()), value});
  }
  table.Print();
  if (unknown.empty()) return;
  printf("unknown:\n");
  PrintWrapped(2, unknown);
}

void Versions(const Connection& connection, const Question& question) {
  v1::ListPassportVersionsRequest request;
  request.set_unit_code(question.code);
  Table table({">VERSION", "ISSUED", "BY", "HASH"});
  CallPages(connection, &Passports::ListPassportVersions, request, question.limit, [&](const v1::ListPassportVersionsResponse& page) {
    for (const v1::PassportVersion& version : page.versions()) {
      const std::string after = version.previous_hash().empty() ? "" : " after " + version.previous_hash().substr(0, 16);
      table.Row({std::to_string(version.version()), Text(version.issue_time()).substr(0, 19) + "Z", version.person(),
                 version.version_hash().substr(0, 16) + after});
    }
    return page.versions_size();
  });
  if (!connection.json) table.Print();
}

struct Statement {
  std::string attribute, value, unit, product, subject, basis, time, method, evidence, person;
};

void Declare(const Connection& connection, const Statement& statement) {
  v1::DeclareFactRequest request;
  request.set_request_id(connection.RequestId());
  request.set_product_code(statement.product);
  request.set_unit_code(statement.unit);
  request.set_attribute(statement.attribute);
  request.set_subject(statement.subject);
  request.set_value(statement.value);
  request.set_basis(statement.basis == "measured" ? v1::FACT_BASIS_MEASURED : v1::FACT_BASIS_DECLARED);
  if (!statement.time.empty()) *request.mutable_observe_time() = ParseTime("--time", statement.time);
  request.set_method(statement.method);
  request.set_evidence(statement.evidence);
  request.set_person(statement.person);
  const auto response = Call(connection, &Passports::DeclareFact, request);
  if (connection.json) return PrintJson(response);
  const v1::Fact& fact = response.fact();
  const std::string about = fact.attribute() + (fact.subject().empty() ? "" : "/" + fact.subject());
  printf("fact %ld of the %s: %s = %s%s\n", static_cast<long>(fact.fact_id()), OneLine(fact.scope()).c_str(), OneLine(about).c_str(),
         OneLine(fact.value()).c_str(), fact.unit().empty() ? "" : (" " + fact.unit()).c_str());
}

void Facts(const Connection& connection, const Question& question) {
  v1::ListFactsRequest request;
  request.set_product_code(question.product);
  request.set_unit_code(question.code);
  request.set_tier(TierOf(question.tier));
  request.set_role(question.role);
  Table table({">FACT", "STATED", "BY", "ATTRIBUTE", "VALUE"});
  CallPages(connection, &Passports::ListFacts, request, question.limit, [&](const v1::ListFactsResponse& page) {
    for (const v1::Fact& fact : page.facts()) {
      table.Row({std::to_string(fact.fact_id()), Text(fact.record_time()).substr(0, 10), fact.person(),
                 fact.attribute() + (fact.subject().empty() ? "" : "/" + fact.subject()),
                 fact.value() + (fact.unit().empty() ? "" : " " + fact.unit())});
    }
    return page.facts_size();
  });
  if (!connection.json) table.Print();
}

void Attributes(const Connection& connection) {
  const auto response = Call(connection, &Passports::ListPassportAttributes, v1::ListPassportAttributesRequest());
  if (connection.json) return PrintJson(response);
  Table table({"ATTRIBUTE", "POINT", "TIER", "UNIT", "WHAT"});
  for (const v1::PassportAttribute& attribute : response.attributes()) {
    const bool open = std::find(attribute.tiers().begin(), attribute.tiers().end(), v1::PASSPORT_TIER_PUBLIC) != attribute.tiers().end();
    const bool both = attribute.tiers_size() == 2;
    const char* tier = open ? "public" : both ? "both" : attribute.tiers(0) == v1::PASSPORT_TIER_AUTHORITIES ? "authorities" : "interest";
    table.Row({attribute.name(), attribute.point(), tier, attribute.unit(), attribute.label() + (attribute.kept() ? " (kept)" : "")});
  }
  table.Print();
}

void Document(const Connection& connection, const std::string& kind, const Question& question, const std::string& path) {
  v1::GetPassportDocumentRequest request;
  request.set_unit_code(question.code);
  request.set_document(static_cast<v1::PassportDocument>(EnumValue(*v1::PassportDocument_descriptor(), kind)));
  request.set_role(question.role);
  const auto response = Call(connection, &Passports::GetPassportDocument, request);
  if (connection.json) return PrintJson(response);
  if (path.empty()) {
    printf("%s\n", response.content().c_str());
    return;
  }
  std::ofstream file(path, std::ios::binary);
  file << response.content() << '\n';
  if (!file.flush()) FailUsage(path + ": cannot be written");
  printf("%s: %s\n", OneLine(path).c_str(), OneLine(response.schema()).c_str());
}

void AddTier(CLI::App& command, Question& question) {
  command.add_option("--tier", question.tier, "public (the default), legitimate-interest, authorities")
      ->transform(CLI::IsMember(EnumChoices(*v1::PassportTier_descriptor()), CLI::ignore_case))
      ->type_name("TIER");
  command.add_option("--role", question.role, "Your role, while callers are not proved")->type_name("ROLE");
}

void AddDeclare(CLI::App& passport, const Connection& connection) {
  auto* declare = passport.add_subcommand("declare", "State a fact about the plant, a product, a unit or a lot");
  declare->footer(
      "Examples:\n"
      "  mesctl passport declare manufacturer_bpnl BPNL00000ORDOS01 --person li.wei\n"
      "  mesctl passport declare rated_capacity 173 --product PACK-CAR-60 --person li.wei\n"
      "  mesctl passport declare state_of_health 97.5 --unit BOX-0001 --measured \\\n"
      "      --method 'GB/T 31467, 1 C at 25 degC' --person li.wei\n"
      "  mesctl passport declare recycled_post_consumer 12 --unit LOT-77 --of copper --person li.wei");
  auto given = std::make_shared<Statement>();
  declare->add_option("attribute", given->attribute, "Its name (passport attributes)")->required()->type_name("NAME");
  declare->add_option("value", given->value, "Its value")->required()->type_name("VALUE");
  auto* unit = declare->add_option("--unit", given->unit, "Of this unit or lot")->type_name("CODE");
  declare->add_option("--product", given->product, "Of this product or material")->type_name("CODE")->excludes(unit);
  declare->add_option("--of", given->subject, "The substance, for attributes by substance")->type_name("NAME");
  declare->add_flag_callback("--measured", [given] { given->basis = "measured"; }, "It was measured, not only declared");
  declare->add_option("--time", given->time, "When it was so; now where not given")->type_name("T");
  declare->add_option("--method", given->method, "How it was found; needed for figures of one unit")->type_name("TEXT");
  declare->add_option("--evidence", given->evidence, "What proves it")->type_name("DOC");
  declare->add_option("--person", given->person, "Who states it")->required()->type_name("P");
  declare->callback([&connection, given] { Declare(connection, *given); });

  auto* facts = passport.add_subcommand("facts", "All that was ever stated about the plant, a product, a unit or a lot");
  facts->footer("Example:\n  mesctl passport facts --unit BOX-0001 --tier legitimate-interest --role recycler");
  auto question = std::make_shared<Question>();
  auto* of_unit = facts->add_option("--unit", question->code, "Of this unit or lot")->type_name("CODE");
  facts->add_option("--product", question->product, "Of this product or material")->type_name("CODE")->excludes(of_unit);
  AddTier(*facts, *question);
  AddLimit(*facts, question->limit);
  facts->callback([&connection, question] { Facts(connection, *question); });

  auto* attributes = passport.add_subcommand("attributes", "What passports say: names, points of Annex XIII, tiers, units");
  attributes->footer("Example:\n  mesctl passport attributes");
  attributes->callback([&connection] { Attributes(connection); });
}

}  // namespace

void AddPassport(CLI::App& app, const Connection& connection) {
  auto* passport = app.add_subcommand("passport", "Passports of batteries and stacks, and documents for partners");
  passport->require_subcommand(1);

  auto* issue = passport->add_subcommand("issue", "Issue the next version, where anything changed");
  issue->footer("Example:\n  mesctl passport issue BOX-0001 --person li.wei");
  auto issued = std::make_shared<Question>();
  auto person = std::make_shared<std::string>();
  issue->add_option("code", issued->code, "The unit, by any code it ever had")->required()->type_name("CODE");
  issue->add_option("--person", *person, "Who issues it")->required()->type_name("P");
  auto signing = std::make_shared<Signing>();
  AddSigning(*issue, *signing);
  issue->callback([&connection, issued, person, signing] { Issue(connection, issued->code, *person, *signing); });

  auto* show = passport->add_subcommand("show", "What a version says, as far as the tier shows it");
  show->footer("Example:\n  mesctl passport show BOX-0001 --tier legitimate-interest --role recycler");
  auto shown = std::make_shared<Question>();
  show->add_option("code", shown->code, "The unit")->required()->type_name("CODE");
  show->add_option("--version", shown->version, "Which; 0 = the newest")->check(CLI::NonNegativeNumber)->type_name("N");
  AddTier(*show, *shown);
  show->callback([&connection, shown] { Show(connection, *shown); });

  auto* versions = passport->add_subcommand("versions", "The versions and how their hashes hang together");
  versions->footer("Example:\n  mesctl passport versions BOX-0001");
  auto listed = std::make_shared<Question>();
  versions->add_option("code", listed->code, "The unit")->required()->type_name("CODE");
  AddLimit(*versions, listed->limit);
  versions->callback([&connection, listed] { Versions(connection, *listed); });

  AddDeclare(*passport, connection);

  auto* document = passport->add_subcommand("document", "A document after somebody else's schema, as JSON");
  document->footer("Example:\n  mesctl passport document --kind battery-pass BOX-0001 --role quality --out pass.json");
  auto wanted = std::make_shared<Question>();
  auto kind = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  document->add_option("--kind", *kind, "Which document")
      ->required()
      ->transform(CLI::IsMember(EnumChoices(*v1::PassportDocument_descriptor()), CLI::ignore_case));
  document->add_option("code", wanted->code, "The unit or lot")->required()->type_name("CODE");
  document->add_option("--role", wanted->role, "Your role, while callers are not proved")->type_name("ROLE");
  document->add_option("--out", *file, "Where to write it; the terminal where not given")->type_name("F");
  document->callback([&connection, kind, wanted, file] { Document(connection, *kind, *wanted, *file); });
}

}  // namespace mes::mesctl
