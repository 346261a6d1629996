// The permission matrix, cell by cell, over real TLS: every call of the proto files, with every role, in every state of the credential.
// Calls are made by their names with a generic stub and empty requests: what matters is whether the door opens, not what lies behind.
#include "services/permission.h"

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <regex>
#include <set>

#include "tests/support/admitted.h"

namespace mes::services {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using tests::Metadata;

// From the proto files themselves, not from the list that the build makes of them.
std::vector<const MethodDescriptor*> EveryRpc() {
  std::vector<const MethodDescriptor*> rpcs;
  for (const auto& file : std::filesystem::directory_iterator(MES_SOURCE_FOLDER "/proto/mes/v1")) {
    std::ifstream text(file.path());
    std::string service;
    std::smatch match;
    for (std::string line; std::getline(text, line);) {
      if (std::regex_search(line, match, std::regex(R"(^\s*service\s+(\w+))"))) service = match[1];
      if (!std::regex_search(line, match, std::regex(R"(^\s*rpc\s+(\w+))"))) continue;
      const auto* found = DescriptorPool::generated_pool()->FindServiceByName("mes.v1." + service);
      EXPECT_NE(found, nullptr) << service << " of " << file.path();
      if (found != nullptr) rpcs.push_back(found->FindMethodByName(match[1]));
    }
  }
  return rpcs;
}

// What the door said: `open` whatever the handler then answered.
std::string Door(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return tests::ReasonOf(status);
    case grpc::StatusCode::UNAVAILABLE:
      return status.error_details().empty() ? "no connection" : "open";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::UNIMPLEMENTED:
      return "code " + std::to_string(status.error_code());
    default:
      return "open";
  }
}

class PermissionMatrix : public testing::Test {
 protected:
  tests::GuardedServer server_;
  const std::vector<const MethodDescriptor*> rpcs_ = EveryRpc();
  int cells_ = 0;

  grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const MethodDescriptor& rpc, const std::string& station = "",
                    const std::string& partner = "", const Metadata& metadata = {}) {
    google::protobuf::DynamicMessageFactory factory;
    const std::unique_ptr<google::protobuf::Message> request(factory.GetPrototype(rpc.input_type())->New());
    for (const auto& [name, value] : {std::pair{"station_code", station}, std::pair{"partner_code", partner}}) {
      const FieldDescriptor* field = rpc.input_type()->FindFieldByName(name);
      if (field != nullptr && !field->is_repeated()) request->GetReflection()->SetString(request.get(), field, value);
    }
    const std::string bytes = request->SerializeAsString();
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer sent(&slice, 1);
    grpc::ByteBuffer received;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(rpc.server_streaming() ? 2 : 20));
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    grpc::GenericStub stub(channel);
    std::promise<grpc::Status> done;
    const std::string path = "/" + rpc.service()->full_name() + "/" + rpc.name();
    stub.UnaryCall(&context, path, {}, &sent, &received, [&](grpc::Status status) { done.set_value(std::move(status)); });
    ++cells_;
    grpc::Status status = done.get_future().get();
    // This stub takes one page; behind a second one the status waits for ever. Who gets two pages was let in.
    const bool more = rpc.server_streaming() && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    return more ? grpc::Status::OK : status;
  }

  // As the table says for a caller with this role; null = the role of a caller that acts for a partner.
  static std::string Expected(const MethodDescriptor& rpc, domain::Role role, bool partner) {
    const Permission* row = FindPermission(*rpc.input_type());
    if (row == nullptr) return "no row";
    const bool open = (row->roles & static_cast<uint16_t>(role)) != 0 && (!partner || row->partners);
    return open ? "open" : "PERMISSION_DENIED";
  }
  static bool Names(const MethodDescriptor& rpc, const char* field) { return rpc.input_type()->FindFieldByName(field) != nullptr; }

  void Expect(const std::string& what, const MethodDescriptor& rpc, const std::string& expected, const grpc::Status& status) {
    EXPECT_EQ(Door(status), expected) << what << ": " << rpc.full_name() << " told " << status.error_message();
  }
};

constexpr char kOwnStation[] = "PACK.1.KIT.1";

TEST_F(PermissionMatrix, EveryRpcHasOneRowAndARequestOfItsOwn) {
  EXPECT_EQ(rpcs_.size(), Permissions().size());
  std::set<const google::protobuf::Descriptor*> requests;
  for (const MethodDescriptor* rpc : rpcs_) {
    const Permission* row = FindPermission(*rpc->input_type());
    ASSERT_NE(row, nullptr) << rpc->full_name();
    EXPECT_EQ(rpc->full_name(), "mes.v1." + std::string(row->service) + "." + std::string(row->rpc));
    EXPECT_TRUE(requests.insert(rpc->input_type()).second) << rpc->full_name() << " shares its request with another call";
  }
}

TEST_F(PermissionMatrix, EveryRoleMayDoWhatTheTableSaysAndNothingElse) {
  for (const domain::NamedRole& named : domain::kRoleNames) {
    // Stations are stations; every other role in turn is a service's and a person's.
    const bool station = named.role == domain::Role::kStation;
    std::string code(named.name);
    std::replace(code.begin(), code.end(), ' ', '-');
    const std::string name = station ? "station/" + std::string(kOwnStation) : "service/role-" + code;
    ASSERT_EQ(server_.Register(name, {std::string(named.name)}), "OK");
    const auto machine = server_.Channel(server_.authority.IssueUri(server_.Uri(name)));
    const auto anybody = server_.Channel();
    const std::string key = station ? "" : server_.CreateKey("person of " + code, {std::string(named.name)}).secret();
    for (const MethodDescriptor* rpc : rpcs_) {
      const std::string expected = Expected(*rpc, named.role, false);
      Expect(name, *rpc, expected, Call(machine, *rpc, kOwnStation));
      if (!station) Expect("person " + code, *rpc, expected, Call(anybody, *rpc, kOwnStation, "", {{"x-api-key", key}}));
    }
    ASSERT_EQ(server_.Revoke(name), "OK");
    for (const MethodDescriptor* rpc : rpcs_) Expect("revoked " + name, *rpc, "CREDENTIAL_INVALID", Call(machine, *rpc, kOwnStation));
  }
  RecordProperty("cells", cells_);
  EXPECT_EQ(static_cast<size_t>(cells_), rpcs_.size() * (12 * 2 + 11));
}

TEST_F(PermissionMatrix, WithoutAGoodCredentialNoCallIsOpen) {
  const tests::Authority other;
  ASSERT_EQ(server_.Register("service/all", {"operator", "planner", "quality", "admin"}), "OK");
  const tests::Pair foreign = other.IssueUri(server_.Uri("service/all"));
  const auto wrong_authority = tests::TlsChannel(server_.port(), server_.authority, &foreign);
  const auto past = server_.Channel(server_.authority.Issue({{tests::NameGiven::Kind::kUri, server_.Uri("service/all")}}, 120, 60));
  const auto unlisted = server_.Channel(server_.authority.IssueUri(server_.Uri("service/unlisted")));
  const auto nothing = server_.Channel();
  const v1::CreateKeyResponse revoked = server_.CreateKey("li.wei", {"admin"});
  ASSERT_EQ(server_.RevokeKey(revoked.key().key_id()), "OK");
  for (const MethodDescriptor* rpc : rpcs_) {
    Expect("no credential", *rpc, "CREDENTIAL_MISSING", Call(nothing, *rpc));
    Expect("wrong authority", *rpc, "no connection", Call(wrong_authority, *rpc));
    Expect("past certificate", *rpc, "no connection", Call(past, *rpc));
    Expect("unlisted", *rpc, "CREDENTIAL_INVALID", Call(unlisted, *rpc));
    Expect("revoked key", *rpc, "CREDENTIAL_INVALID", Call(nothing, *rpc, "", "", {{"x-api-key", revoked.secret()}}));
    Expect("no token", *rpc, "CREDENTIAL_INVALID", Call(nothing, *rpc, "", "", {{"authorization", "Bearer a.b.c"}}));
  }
}

TEST_F(PermissionMatrix, AKeyPastItsTimeOpensNoCall) {
  const v1::CreateKeyResponse key = server_.CreateKey("li.wei", {"admin"});
  server_.server->database().Query(
      "update access_key set create_time = now() - interval '2 days', expire_time = now() - interval '1 second';"
      "update access_state set version = version + 1");
  const auto channel = server_.Channel();
  // Any change through this server has the list read.
  ASSERT_EQ(server_.Register("service/any", {"admin"}), "OK");
  for (const MethodDescriptor* rpc : rpcs_) {
    Expect("past key", *rpc, "CREDENTIAL_EXPIRED", Call(channel, *rpc, "", "", {{"x-api-key", key.secret()}}));
  }
}

TEST_F(PermissionMatrix, AStationMayNotActForAnother) {
  const std::string name = "station/" + std::string(kOwnStation);
  ASSERT_EQ(server_.Register(name, {"station"}), "OK");
  const auto channel = server_.Channel(server_.authority.IssueUri(server_.Uri(name)));
  for (const MethodDescriptor* rpc : rpcs_) {
    std::string expected = Expected(*rpc, domain::Role::kStation, false);
    // A stream's station is judged with its first message, which an empty one is not.
    const bool judged = Names(*rpc, "station_code") && !rpc->client_streaming();
    if (expected == "open" && judged) expected = "STATION_FOREIGN";
    Expect("another station", *rpc, expected, Call(channel, *rpc, "PACK.1.LOAD.1"));
  }
}

TEST_F(PermissionMatrix, APartnerSeesOnlyWhatIsMadeForPartnersAndNotForAnother) {
  ASSERT_EQ(server_.Register("partner/R1", {"recycler", "testing"}, "R1"), "OK");
  const auto channel = server_.Channel(server_.authority.IssueUri(server_.Uri("partner/R1")));
  for (const MethodDescriptor* rpc : rpcs_) {
    const bool open = Expected(*rpc, domain::Role::kRecycler, true) == "open" || Expected(*rpc, domain::Role::kTesting, true) == "open";
    Expect("own partner", *rpc, open ? "open" : "PERMISSION_DENIED", Call(channel, *rpc, "", "R1"));
    const bool foreign = Names(*rpc, "partner_code");
    Expect("other partner", *rpc, open && !foreign ? "open" : "PERMISSION_DENIED", Call(channel, *rpc, "", "R2"));
  }
}

TEST(PermissionTable, SaysWhatThePlantsRulesSay) {
  const auto may = [](const char* service, const char* rpc, domain::Role role) {
    for (const Permission& row : Permissions()) {
      if (row.service == service && row.rpc == rpc) return (row.roles & static_cast<uint16_t>(role)) != 0;
    }
    ADD_FAILURE() << service << "." << rpc;
    return false;
  };
  using domain::Role;
  EXPECT_TRUE(may("StationEventService", "StreamStationEvents", Role::kStation));
  EXPECT_FALSE(may("StationEventService", "StreamStationEvents", Role::kAdmin));
  EXPECT_TRUE(may("HoldService", "PlaceHold", Role::kOperator));
  EXPECT_FALSE(may("HoldService", "ReleaseHold", Role::kOperator));
  EXPECT_TRUE(may("HoldService", "ReleaseHold", Role::kQuality));
  EXPECT_FALSE(may("WorkOrderService", "CreateWorkOrder", Role::kQuality));
  EXPECT_FALSE(may("NonconformanceService", "DisposeNcrUnits", Role::kAdmin)) << "who gives out keys decides nothing about units";
  // Auditors read and change nothing.
  for (const Permission& row : Permissions()) {
    const auto* service = DescriptorPool::generated_pool()->FindServiceByName("mes.v1." + std::string(row.service));
    const auto* request = service->FindMethodByName(std::string(row.rpc))->input_type();
    const bool changes = request->FindFieldByName("request_id") != nullptr;
    if (changes) EXPECT_EQ(row.roles & static_cast<uint16_t>(Role::kAuditor), 0) << row.service << "." << row.rpc;
  }
}

}  // namespace
}  // namespace mes::services
