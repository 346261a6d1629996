// Every act that may be signed, found by reflection: without a signature it is refused where a policy asks for one, and with one it is
// kept, bound to its record and verified when read.
#include <future>

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "db/audit.h"
#include "db/product_definition.h"
#include "domain/audit.h"
#include "mes/v1/signature.grpc.pb.h"
#include "services/gatekeeper.h"
#include "services/permission.h"
#include "services/signature.h"
#include "tests/support/admitted.h"
#include "tests/support/site_key.h"

namespace mes::services {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using tests::ReasonOf;
using v1::SignatureService;

struct Signable {
  std::string path;
  std::string method;
  const google::protobuf::Descriptor* request;
};

std::vector<Signable> SignableActs() {
  std::vector<Signable> acts;
  for (const Permission& permission : Permissions()) {
    const std::string service = "mes.v1." + std::string(permission.service), name(permission.rpc);
    const auto* rpc = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service)->FindMethodByName(name);
    if (MayBeSigned(*rpc->input_type())) acts.push_back({"/" + service + "/" + name, name, rpc->input_type()});
  }
  return acts;
}

// Something in every field; flags up, so that the act is in its grave form.
void Fill(Message& message, int depth = 0) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->name() == "signature" || field->name() == "validate_only" || field->name() == "role") continue;
    const bool list = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = field->name() == "person" ? "chen.yu" : "X1";
        list ? reflection.AddString(&message, field, text) : reflection.SetString(&message, field, text);
        break;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        list ? reflection.AddBool(&message, field, true) : reflection.SetBool(&message, field, true);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        list ? reflection.AddInt32(&message, field, 7) : reflection.SetInt32(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        list ? reflection.AddInt64(&message, field, 7) : reflection.SetInt64(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        list ? reflection.AddDouble(&message, field, 0.1) : reflection.SetDouble(&message, field, 0.1);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        list ? reflection.AddEnumValue(&message, field, 1) : reflection.SetEnumValue(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth < 4) Fill(list ? *reflection.AddMessage(&message, field) : *reflection.MutableMessage(&message, field), depth + 1);
        break;
      default:
        FAIL() << field->full_name() << " has a type that no signature covers";
    }
  }
}

class SignableActsTest : public testing::Test {
 protected:
  SignableActsTest() {
    EXPECT_EQ(server_.Register("service/office", {"quality", "planner", "process engineer", "admin", "auditor"}), "OK");
    office_ = server_.Channel(server_.authority.IssueUri(server_.Uri("service/office")));
    signatures_ = SignatureService::NewStub(office_);
    key_ = server_.CreateKey("chen.yu", {"quality", "planner", "process engineer"}).secret();
  }
  std::unique_ptr<Message> Filled(const Signable& act) {
    std::unique_ptr<Message> request(google::protobuf::MessageFactory::generated_factory()->GetPrototype(act.request)->New());
    Fill(*request);
    const FieldDescriptor* id = act.request->FindFieldByName("request_id");
    request->GetReflection()->SetString(request.get(), id, act.method + std::to_string(++requests_));
    return request;
  }
  // Over the wire, as any client would.
  std::string Told(const Signable& act, const Message& request) {
    grpc::Slice slice(request.SerializeAsString());
    grpc::ByteBuffer sent(&slice, 1), answer;
    grpc::ClientContext context;
    std::promise<grpc::Status> done;
    grpc::GenericStub(office_).UnaryCall(&context, act.path, {}, &sent, &answer,
                                         [&](const grpc::Status& status) { done.set_value(status); });
    return ReasonOf(done.get_future().get());
  }
  void Require(const std::string& method) {
    v1::SetSignaturePolicyRequest request;
    request.set_request_id("policy" + std::to_string(++requests_));
    request.set_method(method);
    request.set_required(true);
    request.set_person("li.wei");
    request.set_reason("customer audit");
    v1::SetSignaturePolicyResponse response;
    ASSERT_EQ(ReasonOf(tests::CallOnce(*signatures_, &SignatureService::Stub::SetSignaturePolicy, request, &response)), "OK");
  }
  // The newest signature of all, as its record's list tells it.
  v1::RecordSignature Newest(std::string& noun, std::string& noun_id) {
    const auto row = server_.server->database()
                         .Query("select noun, noun_id from record_signature order by record_signature_id desc limit 1")
                         .at(0);
    noun = row[0], noun_id = row[1];
    v1::ListSignaturesRequest request;
    request.set_noun(noun);
    request.set_noun_id(noun_id);
    v1::ListSignaturesResponse response;
    EXPECT_EQ(ReasonOf(tests::CallOnce(*signatures_, &SignatureService::Stub::ListSignatures, request, &response)), "OK") << noun;
    return response.signatures_size() == 0 ? v1::RecordSignature() : response.signatures(response.signatures_size() - 1);
  }

  tests::SiteKeyFile site_key_;
  tests::GuardedServer server_{{.site_key_file = site_key_.path()}};
  std::shared_ptr<grpc::Channel> office_;
  std::unique_ptr<SignatureService::Stub> signatures_;
  std::string key_;
  int requests_ = 0;
};

TEST_F(SignableActsTest, TheyAreThese) {
  std::vector<std::string> names;
  for (const Signable& act : SignableActs()) names.push_back(act.method);
  EXPECT_THAT(names, testing::UnorderedElementsAre(
                         "ReleaseHold", "ApproveHoldDisposition", "DisposeNcrUnits", "TransitionWorkOrder", "ReplacePart",
                         "ReleaseProcessAlarm", "LoadPlant", "PutProcessRule", "RetireProcessRule", "FreezeLimits", "DefineChart",
                         "PutFailureCode", "SetCodeRule", "IssuePassport"));
}

TEST_F(SignableActsTest, UnsignedEachIsRefusedWhereAPolicyAsksForIt) {
  for (const Signable& act : SignableActs()) {
    EXPECT_NE(Told(act, *Filled(act)), "SIGNATURE_REQUIRED") << act.method;
    Require(act.method);
    EXPECT_EQ(Told(act, *Filled(act)), "SIGNATURE_REQUIRED") << act.method;
  }
}

TEST_F(SignableActsTest, APolicyAsksForGraveFormsOnly) {
  for (const Signable& act : SignableActs()) {
    const std::unique_ptr<Message> request = Filled(act);
    const auto set = [&](Message* message, const char* field, bool value) {
      message->GetReflection()->SetBool(message, message->GetDescriptor()->FindFieldByName(field), value);
    };
    if (act.method == "TransitionWorkOrder") {
      set(request.get(), "override_capacity", false);
    } else if (act.method == "ReplacePart") {
      set(request->GetReflection()->MutableMessage(request.get(), act.request->FindFieldByName("order")), "forced", false);
    } else if (act.method == "LoadPlant") {
      set(request.get(), "validate_only", true);
    } else {
      continue;
    }
    Require(act.method);
    EXPECT_NE(Told(act, *request), "SIGNATURE_REQUIRED") << act.method;
  }
}

TEST_F(SignableActsTest, SignedEachIsKeptBoundToItsRecordAndVerifiedWhenRead) {
  tests::TestDatabase& database = server_.server->database();
  Gatekeeper gatekeeper({.database_url = database.url(),
                         .site = "ordos",
                         .key_secret = tests::GuardedServer::kKeySecret,
                         .now = [] { return std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now()); }});
  for (const Signable& act : SignableActs()) {
    Require(act.method);
    const std::unique_ptr<Message> request = Filled(act);
    v1::Signature signature;
    signature.set_person("chen.yu");
    signature.set_meaning("released");
    signature.mutable_sign_time()->set_seconds(time(nullptr));
    const FieldDescriptor* field = act.request->FindFieldByName("signature");
    request->GetReflection()->MutableMessage(request.get(), field)->CopyFrom(signature);
    // The place in services/rpc that every change passes; what the act itself would say of X1 is not asked here.
    database.pool().Run([&](db::Transaction& transaction) {
      const std::shared_ptr<const domain::Plant> plant = db::LoadPlant(transaction);
      Admission admission;
      admission.signing.key = key_;
      Call call{transaction, *plant, std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now()), admission.caller};
      const domain::Status taken = TakeSignature(call, gatekeeper, admission, act.method, *request);
      EXPECT_TRUE(taken) << act.method << ": " << (taken ? "" : taken.error().message);
      return taken.has_value();
    });
    std::string noun, noun_id;
    v1::RecordSignature kept = Newest(noun, noun_id);
    EXPECT_EQ(kept.method(), act.method);
    EXPECT_TRUE(kept.valid()) << act.method;
    EXPECT_EQ(kept.payload_sha256(), domain::HexText(db::Sha256(PayloadOf(*request)))) << act.method;
    EXPECT_NE(noun, "code") << act.method << " names no kind of record";
    const bool numbered = noun == "hold" || noun == "disposition" || noun == "ncr" || noun == "alarm";
    EXPECT_EQ(noun_id, noun == "plant" ? "" : numbered ? "7" : "X1") << act.method;
    database.Query("set session_replication_role = replica; update record_signature set payload = payload || 'x' "
                   "where record_signature_id = (select max(record_signature_id) from record_signature)");
    EXPECT_FALSE(Newest(noun, noun_id).valid()) << act.method;
  }
}

}  // namespace
}  // namespace mes::services
