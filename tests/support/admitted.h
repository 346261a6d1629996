// A server with TLS, its authority, and words to let callers in: for tests of who may do what.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "mes/v1/access.grpc.pb.h"
#include "services/access.h"
#include "tests/support/authority.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::tests {

class GuardedServer {
 public:
  static constexpr char kKeySecret[] = "a secret of tests, long enough to be one";

  explicit GuardedServer(services::ServerOptions options = {}) {
    options.tls = authority.ServerFiles();
    options.key_secret = kKeySecret;
    server = std::make_unique<TestServer>(PlantBuilder().draft(), std::move(options));
    LetIn("service/admin", {"admin"});
    admin = Channel(authority.IssueUri(Uri("service/admin")));
    access = v1::AccessService::NewStub(admin);
    // The server's list is as new as its last look.
    Refresh();
  }

  static std::string Uri(const std::string& name) { return "ordos://ordos/" + name; }
  int port() const { return server->server().port(); }
  std::shared_ptr<grpc::Channel> Channel(const Pair& pair) const { return TlsChannel(port(), authority, &pair); }
  // Shows no certificate.
  std::shared_ptr<grpc::Channel> Channel() const { return TlsChannel(port(), authority, nullptr); }

  // Straight into the database, as `mesd admit` does.
  void LetIn(const std::string& name, const std::vector<std::string>& roles, const std::string& partner = "") {
    domain::Identity identity;
    identity.name = Uri(name);
    identity.partner = partner;
    identity.person = "test";
    identity.register_time = domain::Time(std::chrono::seconds(1'790'000'000));
    ASSERT_TRUE(services::LetIn(server->database().pool(), identity, roles, "", "ordos"));
  }
  // Until the server goes by what `mesd admit` put there.
  void Refresh() {
    for (int i = 0; i < 200; ++i) {
      v1::WhoAmIResponse response;
      if (CallOnce(*access, &v1::AccessService::Stub::WhoAmI, v1::WhoAmIRequest(), &response).ok()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "the administrator is not let in";
  }
  std::string Register(const std::string& name, const std::vector<std::string>& roles, const std::string& partner = "",
                       const std::vector<std::string>& fingerprints = {}, bool replace = false) {
    v1::RegisterIdentityRequest request;
    request.set_request_id("register " + std::to_string(++requests_));
    request.set_name(Uri(name));
    for (const std::string& role : roles) request.add_roles(role);
    request.set_partner_code(partner);
    for (const std::string& fingerprint : fingerprints) request.add_fingerprints(fingerprint);
    request.set_replace(replace);
    request.set_person("test");
    v1::RegisterIdentityResponse response;
    return ReasonOf(CallOnce(*access, &v1::AccessService::Stub::RegisterIdentity, request, &response));
  }
  std::string Revoke(const std::string& name) {
    v1::RevokeIdentityRequest request;
    request.set_request_id("revoke " + std::to_string(++requests_));
    request.set_name(Uri(name));
    request.set_reason("a test");
    request.set_person("test");
    v1::RevokeIdentityResponse response;
    return ReasonOf(CallOnce(*access, &v1::AccessService::Stub::RevokeIdentity, request, &response));
  }
  v1::CreateKeyResponse CreateKey(const std::string& holder, const std::vector<std::string>& roles, const std::string& partner = "") {
    v1::CreateKeyRequest request;
    request.set_request_id("key " + std::to_string(++requests_));
    request.set_holder(holder);
    for (const std::string& role : roles) request.add_roles(role);
    request.set_partner_code(partner);
    request.set_person("test");
    v1::CreateKeyResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*access, &v1::AccessService::Stub::CreateKey, request, &response)), "OK");
    return response;
  }
  std::string RevokeKey(const std::string& id) {
    v1::RevokeKeyRequest request;
    request.set_request_id("revoke key " + std::to_string(++requests_));
    request.set_key_id(id);
    request.set_reason("a test");
    request.set_person("test");
    v1::RevokeKeyResponse response;
    return ReasonOf(CallOnce(*access, &v1::AccessService::Stub::RevokeKey, request, &response));
  }

  Authority authority;
  std::unique_ptr<TestServer> server;
  std::shared_ptr<grpc::Channel> admin;
  std::unique_ptr<v1::AccessService::Stub> access;

 private:
  int requests_ = 0;
};

using Metadata = std::multimap<std::string, std::string>;

struct WhoIs {
  std::string reason;
  v1::WhoAmIResponse who;
};
// Who the server takes the caller for.
inline WhoIs Ask(const std::shared_ptr<grpc::Channel>& channel, const Metadata& metadata = {}) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
  WhoIs is;
  const grpc::Status status = v1::AccessService::NewStub(channel)->WhoAmI(&context, v1::WhoAmIRequest(), &is.who);
  // What TLS or gRPC itself refuses has no reason of ours.
  is.reason = status.ok() ? "OK" : status.error_details().empty() ? "code " + std::to_string(status.error_code()) : ReasonOf(status);
  return is;
}
inline std::string Told(const std::shared_ptr<grpc::Channel>& channel, const Metadata& metadata = {}) {
  return Ask(channel, metadata).reason;
}

}  // namespace mes::tests
