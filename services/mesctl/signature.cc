#include "mes/v1/signature.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Signatures = v1::SignatureService::Stub;

void PrintKey(const v1::SignerKey& key) {
  Fields fields;
  fields.Add("signer", key.signer());
  fields.Add("key", key.public_key());
  fields.Add("vouched by", key.registered_by() + " " + Text(key.register_time()));
  fields.Add("ended", Text(key.end_time()));
  fields.Print();
}

struct Given {
  std::string signer, key_file, key, person, reason, method, noun, id;
  bool optional = false;
  int64_t limit = 1000;
};

void Register(const Connection& connection, const Given& given) {
  v1::RegisterSignerKeyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_signer(given.signer);
  request.set_public_key(PublicKeyIn(given.key_file));
  request.set_person(given.person);
  request.set_reason(given.reason);
  const auto response = Call(connection, &Signatures::RegisterSignerKey, request);
  if (connection.json) return PrintJson(response);
  PrintKey(response.key());
}

void Revoke(const Connection& connection, const Given& given) {
  v1::RevokeSignerKeyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_public_key(given.key);
  request.set_person(given.person);
  request.set_reason(given.reason);
  const auto response = Call(connection, &Signatures::RevokeSignerKey, request);
  if (connection.json) return PrintJson(response);
  PrintKey(response.key());
}

void Keys(const Connection& connection, int64_t limit) {
  Table table({"SIGNER", "KEY", "VOUCHED BY", "ENDED"});
  CallPages(connection, &Signatures::ListSignerKeys, v1::ListSignerKeysRequest(), limit,
            [&](const v1::ListSignerKeysResponse& page) {
              for (const v1::SignerKey& key : page.keys())
                table.Row({key.signer(), key.public_key(), key.registered_by(), Text(key.end_time())});
              return page.keys_size();
            });
  if (!connection.json) table.Print();
}

void SetPolicy(const Connection& connection, const Given& given) {
  v1::SetSignaturePolicyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_method(given.method);
  request.set_required(!given.optional);
  request.set_person(given.person);
  request.set_reason(given.reason);
  const auto response = Call(connection, &Signatures::SetSignaturePolicy, request);
  if (connection.json) return PrintJson(response);
  printf("%s %s\n", response.method().c_str(), response.required() ? "must be signed" : "may be signed");
}

void List(const Connection& connection, const Given& given) {
  v1::ListSignaturesRequest request;
  request.set_noun(given.noun);
  request.set_noun_id(given.id);
  Table table({"TIME", "WHO", "ACT", "PROOF", "VALID", "MEANING"});
  CallPages(connection, &Signatures::ListSignatures, request, given.limit, [&](const v1::ListSignaturesResponse& page) {
    for (const v1::RecordSignature& s : page.signatures()) {
      table.Row({Text(s.signature().sign_time()).substr(0, 19) + "Z", s.signature().person(), s.method(),
                 EnumText(*v1::SignatureProof_descriptor(), s.proof()),
                 s.valid() ? "yes" : "NO", s.signature().meaning()});
    }
    return page.signatures_size();
  });
  if (!connection.json) table.Print();
}

void AddWho(CLI::App& command, Given& given) {
  command.add_option("--person", given.person, "Who says so")->required()->type_name("P");
  command.add_option("--reason", given.reason, "Why")->required()->type_name("R");
}

}  // namespace

void AddSignature(CLI::App& app, const Connection& connection) {
  auto* signature = app.add_subcommand("signature", "Electronic signatures: keys, which acts must be signed, what was signed");
  signature->require_subcommand(1);
  auto given = std::make_shared<Given>();

  auto* add = signature->add_subcommand("register", "Register the key that a person signs with; another person vouches for it");
  add->footer("Example:\n  mesctl signature register chen.yu chen.yu.pub --person li.wei --reason 'badge seen'");
  add->add_option("signer", given->signer, "Whose it is")->required()->type_name("P");
  add->add_option("key", given->key_file, "Ed25519 key in PEM form, the public half will do")->required()->type_name("FILE");
  AddWho(*add, *given);
  add->callback([&connection, given] { Register(connection, *given); });

  auto* revoke = signature->add_subcommand("revoke", "End a key; what it signed stays signed");
  revoke->footer("Example:\n  mesctl signature revoke 1f0c... --person li.wei --reason 'laptop lost'");
  revoke->add_option("key", given->key, "The public key in hexadecimal")->required()->type_name("HEX");
  AddWho(*revoke, *given);
  revoke->callback([&connection, given] { Revoke(connection, *given); });

  auto* keys = signature->add_subcommand("keys", "Who signs with which key");
  keys->footer("Example:\n  mesctl signature keys");
  AddLimit(*keys, given->limit);
  keys->callback([&connection, given] { Keys(connection, given->limit); });

  auto* policy = signature->add_subcommand("require", "Say that an act must be signed, or need not");
  policy->footer("Example:\n  mesctl signature require ReleaseHold --person li.wei --reason 'customer audit'");
  policy->add_option("method", given->method, "The act, for example ReleaseHold or LoadPlant")
      ->required()
      ->type_name("RPC");
  policy->add_flag("--optional", given->optional, "From now on it need not");
  AddWho(*policy, *given);
  policy->callback([&connection, given] { SetPolicy(connection, *given); });

  auto* list = signature->add_subcommand("list", "A record's signatures, each verified anew");
  list->footer("Example:\n  mesctl signature list hold 12");
  list->add_option("noun", given->noun,
                   "hold, disposition, ncr, work_order, unit, alarm, rule, chart, failure_code, product or plant")
      ->required()->type_name("NOUN");
  list->add_option("id", given->id, "Its number or code; none for the plant")->type_name("ID");
  AddLimit(*list, given->limit);
  list->callback([&connection, given] { List(connection, *given); });
}

}  // namespace mes::mesctl
