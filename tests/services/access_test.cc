// Who is let in, over real TLS: certificates, keys, revocation under open streams, rotation, and every trick that must not work.
#include "services/access.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "mes/v1/access.grpc.pb.h"
#include "mes/v1/nonconformance.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/unit.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "tests/support/admitted.h"
#include "tests/support/station_client.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using tests::Ask;
using tests::Authority;
using tests::CallOnce;
using tests::FieldOf;
using tests::Metadata;
using tests::NameGiven;
using tests::Pair;
using tests::ReasonOf;
using tests::Told;
using testing::ElementsAre;

constexpr char kKit[] = "PACK.1.KIT.1";
constexpr char kLoad[] = "PACK.1.LOAD.1";

class AccessTest : public testing::Test {
 protected:
  tests::GuardedServer server_;

  std::shared_ptr<grpc::Channel> Machine(const std::string& name, const std::vector<std::string>& roles, const std::string& partner = "") {
    EXPECT_EQ(server_.Register(name, roles, partner), "OK");
    return server_.Channel(server_.authority.IssueUri(server_.Uri(name)));
  }
};

TEST_F(AccessTest, ACertificateOnTheListIsTakenForWhatTheListSays) {
  const tests::WhoIs station = Ask(Machine(std::string("station/") + kKit, {"station"}));
  EXPECT_EQ(station.reason, "OK");
  EXPECT_EQ(station.who.kind(), v1::CALLER_KIND_STATION);
  EXPECT_EQ(station.who.name(), "ordos://ordos/station/PACK.1.KIT.1");
  EXPECT_EQ(station.who.station_code(), kKit);
  EXPECT_THAT(station.who.roles(), ElementsAre("station"));
  const tests::WhoIs partner = Ask(Machine("partner/R1", {"recycler"}, "R1"));
  EXPECT_EQ(partner.who.partner_code(), "R1");
  EXPECT_EQ(Ask(Machine("person/li.wei", {"quality", "shift lead"})).who.name(), "li.wei");
}

TEST_F(AccessTest, WhoShowsNothingOrIsNotOnTheListIsRefused) {
  EXPECT_EQ(Told(server_.Channel()), "CREDENTIAL_MISSING");
  EXPECT_EQ(Told(server_.Channel(server_.authority.IssueUri(server_.Uri("service/stranger")))), "CREDENTIAL_INVALID");
}

TEST_F(AccessTest, TricksWithNamesOfCertificatesAreRefused) {
  Machine("service/office", {"admin"});
  const std::string good = server_.Uri("service/office");
  using Kind = NameGiven::Kind;
  const std::vector<std::pair<const char*, std::vector<NameGiven>>> tricks = {
      {"no name at all", {}},
      {"the name as DNS", {{Kind::kDns, good}}},
      {"the name as mail", {{Kind::kMail, good}}},
      {"a second name", {{Kind::kUri, good}, {Kind::kUri, server_.Uri("service/admin")}}},
      {"the same name twice", {{Kind::kUri, good}, {Kind::kUri, good}}},
      {"a foreign name beside it", {{Kind::kUri, "https://example.org/"}, {Kind::kUri, good}}},
      {"mail beside it", {{Kind::kUri, good}, {Kind::kMail, "a@b"}}},
      {"a NUL behind it", {{Kind::kUri, good + std::string("\0.example", 9)}}},
      {"a NUL in a name beside it", {{Kind::kUri, good}, {Kind::kDns, std::string("a\0b", 3)}}},
      {"another site", {{Kind::kUri, "ordos://baotou/service/office"}}},
      {"upper case", {{Kind::kUri, "ordos://ORDOS/service/office"}}},
      {"an escape", {{Kind::kUri, "ordos://ordos/service/%6Fffice"}}},
      {"a query", {{Kind::kUri, good + "?admin"}}},
      {"a blank behind it", {{Kind::kUri, good + " "}}},
  };
  for (const auto& [what, names] : tricks) {
    EXPECT_EQ(Told(server_.Channel(server_.authority.Issue(names))), "CREDENTIAL_INVALID") << what;
  }
  EXPECT_EQ(Told(server_.Channel(server_.authority.Issue({{Kind::kUri, good}, {Kind::kDns, "office.example"}}))), "OK")
      << "a host's name beside it is no trick";
}

TEST_F(AccessTest, AnotherAuthorityAndATimePastEndTheHandshake) {
  Machine("service/office", {"admin"});
  const Authority other;
  const Pair foreign = other.IssueUri(server_.Uri("service/office"));
  EXPECT_EQ(Told(tests::TlsChannel(server_.port(), server_.authority, &foreign)), "code 14");
  const Pair past = server_.authority.Issue({{NameGiven::Kind::kUri, server_.Uri("service/office")}}, 120, 60);
  EXPECT_EQ(Told(server_.Channel(past)), "code 14");
  const Pair early = server_.authority.Issue({{NameGiven::Kind::kUri, server_.Uri("service/office")}}, -600, 3'600);
  EXPECT_EQ(Told(server_.Channel(early)), "code 14");
}

TEST_F(AccessTest, AConnectionThatOutlivesItsCertificateIsRefused) {
  Machine("service/office", {"admin"});
  const auto channel = server_.Channel(server_.authority.Issue({{NameGiven::Kind::kUri, server_.Uri("service/office")}}, 60, 63));
  EXPECT_EQ(Told(channel), "OK");
  std::string told;
  for (int i = 0; i < 80 && (told = Told(channel)) == "OK"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(told, "CREDENTIAL_EXPIRED");
}

TEST_F(AccessTest, APinnedCertificateIsTheOnlyOneOfItsName) {
  const Pair pinned = server_.authority.IssueUri(server_.Uri("service/office"));
  EXPECT_EQ(server_.Register("service/office", {"admin"}, "", {pinned.fingerprint}), "OK");
  EXPECT_EQ(Told(server_.Channel(pinned)), "OK");
  const Pair next = server_.authority.IssueUri(server_.Uri("service/office"));
  EXPECT_EQ(Told(server_.Channel(next)), "CREDENTIAL_INVALID");
  EXPECT_EQ(server_.Register("service/office", {"admin"}, "", {next.fingerprint}), "IDENTITY_EXISTS");
  EXPECT_EQ(server_.Register("service/office", {"admin"}, "", {pinned.fingerprint, next.fingerprint}, true), "OK");
  EXPECT_EQ(Told(server_.Channel(next)), "OK") << "while they are changed, both";
  EXPECT_EQ(Told(server_.Channel(pinned)), "OK");
}

TEST_F(AccessTest, ARevokedIdentityIsRefusedWithItsNextCallOnTheSameConnection) {
  const auto channel = Machine("service/office", {"auditor"});
  EXPECT_EQ(Told(channel), "OK");
  EXPECT_EQ(server_.Revoke("service/office"), "OK");
  EXPECT_EQ(Told(channel), "CREDENTIAL_INVALID");
  EXPECT_EQ(server_.Revoke("service/office"), "OK") << "again";
  EXPECT_EQ(server_.Revoke("service/nobody"), "IDENTITY_UNKNOWN");
  EXPECT_EQ(server_.Register("service/office", {"auditor"}), "IDENTITY_EXISTS");
  EXPECT_EQ(server_.Register("service/office", {"auditor"}, "", {}, true), "OK");
  EXPECT_EQ(Told(channel), "OK");
}

TEST_F(AccessTest, TheHistoryOfANameTellsEachChangeOldestFirstAndInPages) {
  EXPECT_EQ(server_.Register("service/erp", {"planner"}), "OK");
  EXPECT_EQ(server_.Register("service/erp", {"planner", "auditor"}, "", {}, true), "OK");
  EXPECT_EQ(server_.Revoke("service/erp"), "OK");
  EXPECT_EQ(server_.Register("service/erp", {"planner"}, "", {}, true), "OK");
  v1::ListIdentityHistoryRequest request;
  request.set_name(server_.Uri("service/erp"));
  request.set_page_size(3);
  std::vector<int> acts;
  std::vector<std::string> reasons;
  do {
    v1::ListIdentityHistoryResponse page;
    ASSERT_EQ(ReasonOf(CallOnce(*server_.access, &v1::AccessService::Stub::ListIdentityHistory, request, &page)), "OK");
    for (const v1::IdentityChange& change : page.changes()) {
      acts.push_back(change.act());
      reasons.push_back(change.reason());
      EXPECT_EQ(change.person(), "test");
      EXPECT_GT(change.act_time().seconds(), 0);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(acts, ElementsAre(v1::IDENTITY_ACT_ADDED, v1::IDENTITY_ACT_CHANGED, v1::IDENTITY_ACT_REVOKED, v1::IDENTITY_ACT_RESTORED));
  EXPECT_EQ(reasons[2], "a test");
  v1::ListIdentityHistoryResponse none;
  request.set_name(server_.Uri("service/nobody"));
  EXPECT_EQ(ReasonOf(CallOnce(*server_.access, &v1::AccessService::Stub::ListIdentityHistory, request, &none)), "IDENTITY_UNKNOWN");
  request.clear_name();
  EXPECT_EQ(FieldOf(CallOnce(*server_.access, &v1::AccessService::Stub::ListIdentityHistory, request, &none)), "name");
  request.set_name(server_.Uri("service/erp"));
  const auto office = v1::AccessService::NewStub(Machine("service/erp2", {"planner"}));
  EXPECT_EQ(ReasonOf(CallOnce(*office, &v1::AccessService::Stub::ListIdentityHistory, request, &none)), "PERMISSION_DENIED");
}

TEST_F(AccessTest, WhatAnotherServerRevokedIsRefusedWithinASecond) {
  const auto channel = Machine("service/office", {"auditor"});
  EXPECT_EQ(Told(channel), "OK");
  server_.server->database().Query(
      "update access_identity set revoke_time = now() where name = 'ordos://ordos/service/office';"
      "update access_state set version = version + 1");
  const auto begin = std::chrono::steady_clock::now();
  while (Told(channel) == "OK" && std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(Told(channel), "CREDENTIAL_INVALID");
}

TEST_F(AccessTest, AStationReportsAndAsksForItselfOnly) {
  const auto channel = Machine(std::string("station/") + kKit, {"station"});
  const auto stations = v1::StationService::NewStub(channel);
  v1::CanStartRequest ask;
  ask.set_request_id("r");
  ask.set_unit_code("U");
  v1::CanStartResponse answer;
  ask.set_station_code(kLoad);
  const grpc::Status foreign = CallOnce(*stations, &v1::StationService::Stub::CanStart, ask, &answer);
  EXPECT_EQ(ReasonOf(foreign), "STATION_FOREIGN");
  EXPECT_EQ(FieldOf(foreign), "station_code");
  EXPECT_EQ(foreign.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  ask.set_station_code(kKit);
  EXPECT_EQ(ReasonOf(CallOnce(*stations, &v1::StationService::Stub::CanStart, ask, &answer)), "OK");

  const auto events = v1::StationEventService::NewStub(channel);
  v1::RecordStationEventsRequest record;
  record.set_station_code(kLoad);
  record.set_epoch(1);
  record.add_events()->set_sequence(1);
  v1::RecordStationEventsResponse recorded;
  EXPECT_EQ(ReasonOf(CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, record, &recorded)), "STATION_FOREIGN");
  record.set_station_code(kKit);
  EXPECT_EQ(ReasonOf(CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, record, &recorded)), "OK");

  grpc::ClientContext context;
  const auto stream = events->StreamStationEvents(&context);
  v1::StreamStationEventsRequest request;
  request.set_station_code(kLoad);
  request.set_epoch(1);
  request.add_events()->set_sequence(1);
  stream->Write(request);
  v1::StreamStationEventsResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(stream->Finish()), "STATION_FOREIGN");
}

TEST_F(AccessTest, AKeyWorksUntilItIsRevokedAndIsNowhereInTheDatabase) {
  const v1::CreateKeyResponse made = server_.CreateKey("zhao.min", {"quality"});
  const Metadata with = {{"x-api-key", made.secret()}};
  const auto channel = server_.Channel();
  const tests::WhoIs who = Ask(channel, with);
  EXPECT_EQ(who.reason, "OK");
  EXPECT_EQ(who.who.name(), "zhao.min");
  EXPECT_EQ(who.who.kind(), v1::CALLER_KIND_PERSON);
  const std::string secret = made.secret().substr(21);
  EXPECT_EQ(secret.size(), 43u);
  const auto found = server_.server->database().Query(
      "select count(*) from (select convert_from(response, 'LATIN1') as text from request_log union all "
      "select access_key::text from access_key) as stored where text like '%" + secret + "%'");
  EXPECT_EQ(found[0][0], "0") << "not in the key's row, not in the stored answer";
  EXPECT_EQ(server_.RevokeKey(made.key().key_id()), "OK");
  EXPECT_EQ(Told(channel, with), "CREDENTIAL_INVALID") << "the key played again";
  EXPECT_EQ(server_.RevokeKey("0000000000000000"), "KEY_UNKNOWN");
  EXPECT_EQ(server_.RevokeKey("x"), "KEY_UNKNOWN");
}

TEST_F(AccessTest, AKeyIsShownOnceAlsoWhenTheRequestIsSentAgain) {
  v1::CreateKeyRequest request;
  request.set_request_id("once");
  request.set_holder("zhao.min");
  request.add_roles("quality");
  request.set_person("test");
  v1::CreateKeyResponse first, second;
  EXPECT_EQ(ReasonOf(CallOnce(*server_.access, &v1::AccessService::Stub::CreateKey, request, &first)), "OK");
  EXPECT_EQ(ReasonOf(CallOnce(*server_.access, &v1::AccessService::Stub::CreateKey, request, &second)), "OK");
  EXPECT_EQ(second.key().key_id(), first.key().key_id());
  EXPECT_EQ(first.secret().size(), 64u);
  EXPECT_EQ(second.secret(), "");
}

TEST_F(AccessTest, KeysThatWereAlteredCutOrMadeUpAreRefused) {
  const std::string key = server_.CreateKey("zhao.min", {"quality"}).secret();
  const auto channel = server_.Channel();
  std::string flipped = key;
  flipped.back() = flipped.back() == 'A' ? 'B' : 'A';
  std::string other = key;
  other[5] = other[5] == '0' ? '1' : '0';
  for (const std::string& bad : {flipped, other, key.substr(0, 63), key + "A", std::string("omk_"), std::string("x"), key.substr(4)}) {
    EXPECT_EQ(Told(channel, {{"x-api-key", bad}}), "CREDENTIAL_INVALID") << bad;
  }
  EXPECT_EQ(Told(channel, {{"x-api-key", key}, {"x-api-key", key}}), "CREDENTIAL_INVALID") << "twice";
  EXPECT_EQ(Told(channel, {{"x-api-key", key}, {"authorization", "Bearer a.b.c"}}), "CREDENTIAL_INVALID") << "two proofs";
  EXPECT_EQ(Told(channel, {{"authorization", "Basic YTpi"}}), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(channel, {{"authorization", "Bearer "}}), "CREDENTIAL_INVALID");
}

TEST_F(AccessTest, AKeyPastItsTimeIsRefused) {
  const v1::CreateKeyResponse made = server_.CreateKey("zhao.min", {"quality"});
  server_.server->database().Query(
      "update access_key set create_time = now() - interval '2 days', expire_time = now() - interval '1 second';"
      "update access_state set version = version + 1");
  std::string told;
  for (int i = 0; i < 60 && (told = Told(server_.Channel(), {{"x-api-key", made.secret()}})) == "OK"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(told, "CREDENTIAL_EXPIRED");
}

TEST_F(AccessTest, WhenAKeyWasUsedLastIsKept) {
  const v1::CreateKeyResponse made = server_.CreateKey("zhao.min", {"quality"});
  EXPECT_EQ(Told(server_.Channel(), {{"x-api-key", made.secret()}}), "OK");
  server_.server->server().Drain();
  bool used = false;
  for (int i = 0; i < 200 && !used; ++i) {
    used = server_.server->database().Query("select last_use_time is not null from access_key")[0][0] == "t";
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(used);
}

TEST_F(AccessTest, HugeMetadataIsRefused) {
  EXPECT_EQ(Told(server_.admin, {{"x-padding", std::string(4'000, 'x')}}), "OK");
  // On connections of their own: gRPC may close one on which too much came.
  const auto again = server_.Channel(server_.authority.IssueUri(server_.Uri("service/admin")));
  EXPECT_EQ(Told(again, {{"x-padding", std::string(16'000, 'x')}}), "code 8");
  EXPECT_EQ(Told(server_.Channel(), {{"x-api-key", std::string(16'000, 'x')}}), "code 8");
  EXPECT_EQ(Told(server_.admin), "OK") << "others do not notice";
}

TEST_F(AccessTest, APersonSignsWithItsOwnNameAndInItsOwnRoles) {
  const std::string key = server_.CreateKey("zhao.min", {"planner"}).secret();
  const auto orders = v1::WorkOrderService::NewStub(server_.Channel());
  const auto told = [&](const std::string& person, const std::string& role) {
    v1::TransitionWorkOrderRequest request;
    request.set_request_id("t");
    request.set_work_order_code("WO-1");
    request.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    request.set_person(person);
    request.set_role(role);
    v1::TransitionWorkOrderResponse response;
    grpc::ClientContext context;
    context.AddMetadata("x-api-key", key);
    return ReasonOf(orders->TransitionWorkOrder(&context, request, &response));
  };
  EXPECT_EQ(told("li.wei", "planner"), "PERMISSION_DENIED");
  EXPECT_EQ(told("zhao.min", "quality"), "ROLE_INSUFFICIENT");
  EXPECT_EQ(told("zhao.min", "planner"), "WORK_ORDER_UNKNOWN") << "let through to the handler";
}

TEST_F(AccessTest, TheSecondPersonOfFourEyesMustProveItself) {
  const std::string li = server_.CreateKey("li.wei", {"quality"}).secret();
  const std::string zhao = server_.CreateKey("zhao.min", {"quality"}).secret();
  const std::string operators = server_.CreateKey("wang.fang", {"operator"}).secret();
  const auto reports = v1::NonconformanceService::NewStub(server_.Channel());
  const auto told = [&](const std::string& second_person, const std::string& second_key) {
    v1::DisposeNcrUnitsRequest request;
    request.set_request_id("d");
    request.set_ncr_id(1);
    request.set_person("li.wei");
    request.set_role("quality");
    request.set_second_person(second_person);
    v1::DisposeNcrUnitsResponse response;
    grpc::ClientContext context;
    context.AddMetadata("x-api-key", li);
    if (!second_key.empty()) context.AddMetadata("x-second-api-key", second_key);
    return ReasonOf(reports->DisposeNcrUnits(&context, request, &response));
  };
  EXPECT_EQ(told("zhao.min", ""), "FOUR_EYES") << "only named";
  EXPECT_EQ(told("li.wei", li), "FOUR_EYES") << "alone";
  EXPECT_EQ(told("zhao.min", li), "FOUR_EYES") << "the own key for another name";
  EXPECT_EQ(told("wang.fang", operators), "PERMISSION_DENIED") << "who may not do it may not approve it";
  EXPECT_EQ(told("zhao.min", zhao + "x"), "CREDENTIAL_INVALID");
  const std::string both = told("zhao.min", zhao);
  EXPECT_TRUE(both != "FOUR_EYES" && both != "PERMISSION_DENIED" && both != "CREDENTIAL_INVALID") << both;
}

TEST_F(AccessTest, NobodyRaisesItselfThroughTheList) {
  const std::string quality = server_.CreateKey("zhao.min", {"quality", "auditor"}).secret();
  v1::CreateKeyRequest request;
  request.set_request_id("up");
  request.set_holder("zhao.min");
  request.add_roles("admin");
  request.set_person("zhao.min");
  v1::CreateKeyResponse response;
  grpc::ClientContext context;
  context.AddMetadata("x-api-key", quality);
  const auto access = v1::AccessService::NewStub(server_.Channel());
  EXPECT_EQ(ReasonOf(access->CreateKey(&context, request, &response)), "PERMISSION_DENIED");
  EXPECT_EQ(server_.Register("station/A", {"station", "admin"}), "FIELD_INVALID");
  EXPECT_EQ(server_.Register("partner/R1", {"recycler", "admin"}, "R1"), "FIELD_INVALID");
  EXPECT_EQ(server_.Register("service/x", {"root"}), "ENUM_UNKNOWN");
  EXPECT_EQ(server_.Register("service/x", {}), "FIELD_REQUIRED");
}

TEST_F(AccessTest, APartnersMachineCarriesItsOwnPeopleOnly) {
  const auto machine = Machine("partner/R1", {"recycler"}, "R1");
  const std::string own = server_.CreateKey("anna", {"recycler"}, "R1").secret();
  const std::string other = server_.CreateKey("bert", {"recycler"}, "R2").secret();
  const std::string plant = server_.CreateKey("zhao.min", {"admin"}).secret();
  EXPECT_EQ(Ask(machine, {{"x-api-key", own}}).who.name(), "anna");
  EXPECT_EQ(Told(machine, {{"x-api-key", other}}), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(machine, {{"x-api-key", plant}}), "CREDENTIAL_INVALID");
  EXPECT_EQ(server_.Revoke("partner/R1"), "OK");
  EXPECT_EQ(Told(machine, {{"x-api-key", own}}), "CREDENTIAL_INVALID") << "a good key does not carry a bad certificate";
}

TEST_F(AccessTest, APartnerSeesItsUnitsOnlyAndUnknownLooksLikeForbidden) {
  tests::StoredPlant plant(server_.server->database());
  plant.AddUnit("PACK", "P1"), plant.AddUnit("PACK", "P2");
  plant.database().Query(
      "insert into partner_grant (partner, unit_id, tier, until_time, reason, person, grant_time) select 'R1', unit_id, 2, "
      "now() + interval '1 day', 'r', 'Li', now() from unit where code = 'P1'");
  const auto units = v1::UnitService::NewStub(Machine("partner/R1", {"recycler"}, "R1"));
  const auto ask = [&](const char* code) {
    v1::GetUnitRequest request;
    request.set_unit_code(code);
    v1::GetUnitResponse response;
    const grpc::Status status = CallOnce(*units, &v1::UnitService::Stub::GetUnit, request, &response);
    std::string message = status.error_message();
    for (size_t at = message.find(code); at != std::string::npos; at = message.find(code)) message.replace(at, strlen(code), "X");
    return ReasonOf(status) + " " + message;
  };
  EXPECT_EQ(ask("P1"), "OK ");
  EXPECT_EQ(ask("P2"), ask("NONE")) << "word for word";
  EXPECT_THAT(ask("P2"), testing::StartsWith("UNIT_UNKNOWN"));
  v1::ListUnitsResponse all;
  EXPECT_EQ(ReasonOf(CallOnce(*units, &v1::UnitService::Stub::ListUnits, v1::ListUnitsRequest(), &all)), "PERMISSION_DENIED");
}

TEST(PartnerQuota, ACallTooManyIsToldWhenToComeBack) {
  services::ServerOptions options;
  options.partner_quota = {0.001, 3, 100};
  tests::GuardedServer server(options);
  ASSERT_EQ(server.Register("partner/R1", {"recycler"}, "R1"), "OK");
  ASSERT_EQ(server.Register("partner/R2", {"recycler"}, "R2"), "OK");
  const auto one = server.Channel(server.authority.IssueUri(tests::GuardedServer::Uri("partner/R1")));
  const auto two = server.Channel(server.authority.IssueUri(tests::GuardedServer::Uri("partner/R2")));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tests::Told(one), "OK");
  EXPECT_EQ(tests::Told(one), "QUOTA_EXCEEDED");
  EXPECT_EQ(tests::Told(two), "OK") << "another partner's bucket is its own";
  EXPECT_EQ(tests::Told(server.admin), "OK") << "the plant's own callers have none";
}

TEST_F(AccessTest, ARequestIdGivesNobodyAnotherOnesAnswer) {
  const auto create = [&](const std::string& key) {
    v1::CreateWorkOrderRequest request;
    request.set_request_id("shared");
    request.set_work_order_code("WO-7");
    request.set_product_code("PACK");
    request.mutable_quantity()->set_value("1");
    request.mutable_quantity()->set_uom("pc");
    v1::CreateWorkOrderResponse response;
    grpc::ClientContext context;
    context.AddMetadata("x-api-key", key);
    return ReasonOf(v1::WorkOrderService::NewStub(server_.Channel())->CreateWorkOrder(&context, request, &response));
  };
  const std::string li = server_.CreateKey("li.wei", {"planner"}).secret();
  EXPECT_EQ(create(li), "OK");
  EXPECT_EQ(create(li), "OK");
  EXPECT_EQ(create(server_.CreateKey("zhao.min", {"planner"}).secret()), "REQUEST_ID_REUSED");
}

TEST_F(AccessTest, TheListsComeInPagesWithoutSecrets) {
  for (const char* name : {"station/B", "station/A", "station/C"}) EXPECT_EQ(server_.Register(name, {"station"}), "OK");
  EXPECT_EQ(server_.Revoke("station/B"), "OK");
  v1::ListIdentitiesRequest request;
  request.set_page_size(3);
  v1::ListIdentitiesResponse page;
  std::vector<std::string> names;
  do {
    ASSERT_EQ(ReasonOf(CallOnce(*server_.access, &v1::AccessService::Stub::ListIdentities, request, &page)), "OK");
    for (const auto& identity : page.identities()) names.push_back(identity.name() + (identity.has_revoke_time() ? " revoked" : ""));
    request.set_page_token(page.next_page_token());
  } while (!page.next_page_token().empty());
  EXPECT_THAT(names, ElementsAre("ordos://ordos/service/admin", "ordos://ordos/station/A", "ordos://ordos/station/B revoked",
                                 "ordos://ordos/station/C"));
  const std::string secret = server_.CreateKey("zhao.min", {"quality"}).secret();
  v1::ListKeysResponse keys;
  ASSERT_EQ(ReasonOf(CallOnce(*server_.access, &v1::AccessService::Stub::ListKeys, v1::ListKeysRequest(), &keys)), "OK");
  ASSERT_EQ(keys.keys_size(), 1);
  EXPECT_EQ(keys.keys(0).holder(), "zhao.min");
  EXPECT_EQ(keys.SerializeAsString().find(secret.substr(21)), std::string::npos);
}

// One station's stream: events without a unit are refused each for itself, and stored all the same.
class Teller {
 public:
  Teller(const std::shared_ptr<grpc::Channel>& channel, std::string station)
      : station_(std::move(station)), stub_(v1::StationEventService::NewStub(channel)), stream_(stub_->StreamStationEvents(&context_)) {}

  // False: the stream ended.
  bool Tell() {
    v1::StreamStationEventsRequest request;
    request.set_station_code(station_);
    request.set_epoch(1);
    request.set_batch(static_cast<uint64_t>(sent_ + 1));
    v1::StationEvent& event = *request.add_events();
    event.set_sequence(sent_ + 1);
    event.mutable_occur_time()->set_seconds(time(nullptr));
    event.set_unit_code("NO-SUCH");
    event.mutable_completed()->set_judgement(v1::JUDGEMENT_PASS);
    v1::StreamStationEventsResponse response;
    if (!stream_->Write(request)) return false;
    ++sent_;
    if (!stream_->Read(&response)) return false;
    acknowledged_ += response.verdicts_size();
    return true;
  }
  grpc::Status Finish() { return stream_->Finish(); }
  int64_t acknowledged() const { return acknowledged_; }

 private:
  const std::string station_;
  grpc::ClientContext context_;
  std::unique_ptr<v1::StationEventService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamStationEventsRequest, v1::StreamStationEventsResponse>> stream_;
  int64_t sent_ = 0;
  int64_t acknowledged_ = 0;
};

TEST_F(AccessTest, TheStreamOfARevokedIdentityEndsWithinThreeSecondsAndOthersGoOnAndNothingAcknowledgedIsLost) {
  Teller bad(Machine(std::string("station/") + kKit, {"station"}), kKit);
  Teller good(Machine(std::string("station/") + kLoad, {"station"}), kLoad);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(bad.Tell() && good.Tell());
  // The certificate of the server is changed meanwhile: streams that are open do not notice.
  server_.authority.ServerFiles();
  ASSERT_EQ(server_.Revoke(std::string("station/") + kKit), "OK");
  const auto begin = std::chrono::steady_clock::now();
  while (bad.Tell()) {
    ASSERT_TRUE(good.Tell());
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  const grpc::Status end = bad.Finish();
  EXPECT_EQ(ReasonOf(end), "CREDENTIAL_INVALID");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(good.Tell()) << "another one's stream goes on";
  const auto stored = [&](const char* station) {
    return std::stoll(server_.server->database().Query(
        std::string("select last_sequence from station_cursor join station using (station_id) where code = '") + station + "'")[0][0]);
  };
  EXPECT_GE(stored(kKit), bad.acknowledged());
  EXPECT_GE(stored(kLoad), good.acknowledged());
}

TEST_F(AccessTest, AnIdleStreamOfARevokedIdentityEndsToo) {
  Teller idle(Machine(std::string("station/") + kKit, {"station"}), kKit);
  ASSERT_TRUE(idle.Tell());
  ASSERT_EQ(server_.Revoke(std::string("station/") + kKit), "OK");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(ReasonOf(idle.Finish()), "CREDENTIAL_INVALID");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

// What a bare TLS client is shown; empty where the handshake failed.
std::string ServerCertificate(int port, int version) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string shown;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  const unsigned char kH2[] = "\x02h2";
  SSL_CTX_set_alpn_protos(context, kH2, 3);
  SSL* ssl = SSL_new(context);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    SSL_set_fd(ssl, descriptor);
    if (SSL_connect(ssl) == 1) {
      X509* x509 = SSL_get1_peer_certificate(ssl);
      unsigned char digest[EVP_MAX_MD_SIZE];
      unsigned int length = 0;
      X509_digest(x509, EVP_sha256(), digest, &length);
      X509_free(x509);
      shown.assign(reinterpret_cast<const char*>(digest), length);
    }
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  close(descriptor);
  return shown;
}

TEST_F(AccessTest, Tls12AndAboveAreSpokenAndNothingOlder) {
  EXPECT_NE(ServerCertificate(server_.port(), TLS1_3_VERSION), "");
  EXPECT_NE(ServerCertificate(server_.port(), TLS1_2_VERSION), "");
  EXPECT_EQ(ServerCertificate(server_.port(), TLS1_1_VERSION), "");
  EXPECT_EQ(ServerCertificate(server_.port(), TLS1_VERSION), "");
}

TEST_F(AccessTest, ANewServerCertificateIsShownWithoutARestart) {
  const std::string before = ServerCertificate(server_.port(), TLS1_3_VERSION);
  ASSERT_NE(before, "");
  server_.authority.ServerFiles();
  std::string after;
  for (int i = 0; i < 100 && ((after = ServerCertificate(server_.port(), TLS1_3_VERSION)) == before || after.empty()); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_NE(after, before);
  EXPECT_NE(after, "");
  EXPECT_EQ(Told(server_.admin), "OK") << "who was connected stays so";
}

TEST(AccessWithoutTls, WhoProvesNothingIsUnprovedAndWhoProvesIsProved) {
  tests::TestServer server(tests::PlantBuilder().draft(), {.key_secret = tests::GuardedServer::kKeySecret});
  const tests::WhoIs nobody = Ask(server.channel());
  EXPECT_EQ(nobody.reason, "OK");
  EXPECT_EQ(nobody.who.kind(), v1::CALLER_KIND_UNSPECIFIED);
  v1::CreateKeyRequest request;
  request.set_request_id("k");
  request.set_holder("zhao.min");
  request.add_roles("quality");
  request.set_person("test");
  v1::CreateKeyResponse made;
  const auto access = v1::AccessService::NewStub(server.channel());
  ASSERT_EQ(ReasonOf(CallOnce(*access, &v1::AccessService::Stub::CreateKey, request, &made)), "OK");
  EXPECT_EQ(Ask(server.channel(), {{"x-api-key", made.secret()}}).who.name(), "zhao.min");
  EXPECT_EQ(Told(server.channel(), {{"x-api-key", "omk_"}}), "CREDENTIAL_INVALID") << "a wrong proof is worse than none";
}

TEST(AccessWithoutTls, AServerWithoutASecretGivesOutNoKeys) {
  tests::TestServer server(tests::PlantBuilder().draft());
  v1::CreateKeyRequest request;
  request.set_request_id("k");
  request.set_holder("zhao.min");
  request.add_roles("quality");
  request.set_person("test");
  v1::CreateKeyResponse made;
  const auto access = v1::AccessService::NewStub(server.channel());
  EXPECT_EQ(ReasonOf(CallOnce(*access, &v1::AccessService::Stub::CreateKey, request, &made)), "PERMISSION_DENIED");
}

}  // namespace
}  // namespace mes::services
