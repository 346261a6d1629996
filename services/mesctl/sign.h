// The client's half of an electronic signature (mes.v1.Signature): made here, where the private key is, from what the server is
// about to be sent, or proved by a credential that is sent beside the call's own. Written apart from the server's half, so that
// each proves the other.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include <google/protobuf/message.h>

#include "mes/v1/signature.pb.h"
#include "services/mesctl/client.h"

namespace mes::mesctl {

// `--sign-key`, `--sign-api-key-file`, `--sign-token-file`, `--meaning`.
struct Signing {
  std::string key_file;
  std::string api_key_file;
  std::string token_file;
  std::string meaning;
};
void AddSigning(CLI::App& command, Signing& signing);

// What is signed of a request.
std::string SignedContent(const google::protobuf::Message& request);
// Signs the request, whose other fields are all set, as its own person; does nothing where nothing to sign with was given. Gives the
// connection to send it over. Ends with a usage error where the key file is no Ed25519 key or the meaning is missing.
Connection Sign(const Connection& connection, const Signing& signing, google::protobuf::Message& request);
// Call, signed.
template <class Stub, class Request, class Response>
Response CallSigned(const Connection& connection, const Signing& signing,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request) {
  const Connection signed_connection = Sign(connection, signing, request);
  return Call(signed_connection, method, request);
}

// 64 hexadecimal digits of a public key, out of a PEM file with the public or the private key.
std::string PublicKeyIn(const std::string& path);

}  // namespace mes::mesctl
