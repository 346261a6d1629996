#include "mes/v1/life.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Lives = v1::LifeService::Stub;

void AddLifeFields(Fields& fields, const v1::Life& life) {
  std::string next;
  for (const int event : life.next_events()) next += (next.empty() ? "" : ", ") + EnumText(*v1::LifeEvent_descriptor(), event);
  fields.Add("unit", life.unit_code());
  fields.Add("life", EnumText(*v1::LifeState_descriptor(), life.state()));
  fields.Add("battery status", EnumText(*v1::BatteryStatus_descriptor(), life.battery_status()));
  fields.Add("was in service", life.used() ? "yes" : "");
  fields.Add("since", Text(life.last_time()));
  fields.Add("first life", life.first_life_code());
  fields.Add("second life", life.second_life_code());
  if (life.missing_parts() > 0) fields.Add("parts missing", std::to_string(life.missing_parts()));
  fields.Add("may follow", next);
}

struct Record {
  std::string unit, event, time, person, party, place, evidence, new_code;
};

void RecordEvent(const Connection& connection, const Record& record) {
  v1::RecordLifeEventRequest request;
  request.set_request_id(connection.RequestId());
  request.set_unit_code(record.unit);
  request.set_event(static_cast<v1::LifeEvent>(EnumValue(*v1::LifeEvent_descriptor(), record.event)));
  if (!record.time.empty()) *request.mutable_occur_time() = ParseTime("--time", record.time);
  request.set_person(record.person);
  request.set_party(record.party);
  request.set_place(record.place);
  request.set_evidence(record.evidence);
  request.set_new_code(record.new_code);
  const auto response = Call(connection, &Lives::RecordLifeEvent, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  AddLifeFields(fields, response.life());
  fields.Print();
}

void Reverse(const Connection& connection, const v1::ReverseLifeRecordRequest& given) {
  v1::ReverseLifeRecordRequest request = given;
  request.set_request_id(connection.RequestId());
  const auto response = Call(connection, &Lives::ReverseLifeRecord, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  AddLifeFields(fields, response.life());
  if (response.withdrawn_duties() > 0) fields.Add("duties withdrawn", std::to_string(response.withdrawn_duties()));
  fields.Print();
}

void Show(const Connection& connection, const std::string& code, int64_t limit) {
  v1::GetLifeRequest get;
  get.set_unit_code(code);
  const auto response = Call(connection, &Lives::GetLife, get);
  if (connection.json) {
    PrintJson(response);
  } else {
    Fields fields;
    AddLifeFields(fields, response.life());
    if (response.has_around())
      fields.Add("inside",
                 response.around().unit_code() + ", " + EnumText(*v1::LifeState_descriptor(), response.around().state()));
    fields.Print();
  }
  v1::ListLifeRecordsRequest request;
  request.set_unit_code(code);
  Table table({"NUMBER", "TIME", "EVENT", "BY", "PARTY", "PLACE", "EVIDENCE", "OTHER", "TAKEN BACK"});
  CallPages(connection, &Lives::ListLifeRecords, request, limit, [&](const v1::ListLifeRecordsResponse& page) {
    for (const auto& record : page.records())
      table.Row({std::to_string(record.life_record_id()), Text(record.occur_time()),
                 EnumText(*v1::LifeEvent_descriptor(), record.event()), record.person(), record.party(), record.place(),
                 record.evidence(), record.other_code(),
                 record.has_reverse_time()
                     ? Text(record.reverse_time()) + ", " + record.reverse_person() + ": " + record.reverse_reason()
                     : ""});
    return page.records_size();
  });
  if (!connection.json && !table.empty()) table.Print();
}

}  // namespace

void AddLife(CLI::App& app, const Connection& connection) {
  auto* life = app.add_subcommand("life", "What happens to units after their route");
  life->require_subcommand(1);

  auto* record = life->add_subcommand("record", "Record an event: sell, ship, test, recycle, ...");
  record->footer("Example:\n  mesctl life record BOX-0001 ship --party 'NewBus Ltd' --place 'Baotou, CN' --person li.wei");
  auto given = std::make_shared<Record>();
  record->add_option("unit", given->unit, "The unit, by any code it ever had")->required()->type_name("CODE");
  record->add_option("event", given->event, "What happened")
      ->required()
      ->transform(CLI::IsMember(EnumChoices(*v1::LifeEvent_descriptor()), CLI::ignore_case));
  record->add_option("--time", given->time, "When; now where not given")->type_name("T");
  record->add_option("--person", given->person, "Who records it")->required()->type_name("P");
  record->add_option("--party", given->party, "The customer or partner")->type_name("P");
  record->add_option("--place", given->place, "Where")->type_name("P");
  record->add_option("--evidence", given->evidence, "What proves it")->type_name("DOC");
  record->add_option("--new-code", given->new_code, "Second life: the code it goes on under; batteries get one")
      ->type_name("CODE");
  record->callback([&connection, given] { RecordEvent(connection, *given); });

  auto* reverse = life->add_subcommand("reverse", "Take back the newest record of a unit's life; it stays, marked");
  reverse->footer("Example:\n  mesctl life reverse BOX-0001 17 --reason 'another box was meant' --person li.wei");
  auto taken = std::make_shared<v1::ReverseLifeRecordRequest>();
  auto number = std::make_shared<int64_t>(0);
  reverse->add_option("unit", *taken->mutable_unit_code(), "The unit, by any code it ever had")->required()->type_name("CODE");
  reverse->add_option("number", *number, "The record, as `life show` numbers it")->required()->type_name("N");
  reverse->add_option("--reason", *taken->mutable_reason(), "Why")->required()->type_name("R");
  reverse->add_option("--person", *taken->mutable_person(), "Who takes it back")->required()->type_name("P");
  reverse->callback([&connection, taken, number] {
    taken->set_life_record_id(*number);
    Reverse(connection, *taken);
  });

  auto* show = life->add_subcommand("show", "Where a unit stands in its life, and how it came there");
  show->footer("Example:\n  mesctl life show BOX-0001");
  auto code = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  show->add_option("code", *code, "The unit")->required()->type_name("CODE");
  AddLimit(*show, *limit);
  show->callback([&connection, code, limit] { Show(connection, *code, *limit); });
}

}  // namespace mes::mesctl
