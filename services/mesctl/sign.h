// The client's half of an electronic signature (mes.v1.Signature): made here, where the private key is, from what the server is
// about to be sent. Written apart from the server's half, so that each proves the other.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include <google/protobuf/message.h>

#include "mes/v1/signature.pb.h"

namespace mes::mesctl {

// `--sign-key`, `--meaning`.
struct Signing {
  std::string key_file;
  std::string meaning;
};
void AddSigning(CLI::App& command, Signing& signing);

// What is signed of a request.
std::string SignedContent(const google::protobuf::Message& request);
// The signature of `person` under the request, whose other fields are all set; nothing where no key was given. Ends with a usage
// error where the key file is no Ed25519 key or the meaning is missing.
void Sign(const Signing& signing, const std::string& method, const std::string& person, google::protobuf::Message& request);

// 64 hexadecimal digits of a public key, out of a PEM file with the public or the private key.
std::string PublicKeyIn(const std::string& path);

}  // namespace mes::mesctl
