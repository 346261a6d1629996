// mesd: serves mes.v1 over gRPC, or brings a database to this build's schema.

#include <signal.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "db/migrate.h"
#include "db/transaction.h"
#include "services/access.h"
#include "services/server.h"

namespace {

using mes::services::Server;
using mes::services::ServerOptions;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// Plaintext: only this machine may hear it.
bool IsLoopback(const std::string& listen) {
  const std::string host = listen.substr(0, listen.rfind(':'));
  return host.starts_with("127.") || host == "localhost" || host == "[::1]" || listen.starts_with("unix:");
}

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Says what is wrong with the way the server was asked to listen; null = nothing.
const char* FaultOf(const ServerOptions& options, bool insecure) {
  if (insecure && options.tls) return "--insecure and --tls-cert exclude each other";
  if (insecure && !IsLoopback(options.listen)) return "--insecure is for loopback addresses: elsewhere everybody could read and write";
  if (!insecure && !options.tls) {
    return "give --tls-cert, --tls-key and --tls-ca (deploy/certs makes them), or --insecure for plaintext at a loopback address";
  }
  return nullptr;
}

// A file without the line's end that editors add.
std::string ReadSecret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::string secret(std::istreambuf_iterator<char>(file), {});
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return secret;
}

int Serve(const ServerOptions& options, bool insecure) {
  if (const char* fault = FaultOf(options, insecure)) {
    std::fprintf(stderr, "mesd: %s\n", fault);
    return kExitUsage;
  }
  // Blocked before any thread is made, so that only sigwait below takes them.
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Server server(options);
  spdlog::info("mesd listens at {} (port {}), {}", options.listen, server.port(),
               options.tls ? "TLS" : "plaintext: whoever proves nothing may do everything");
  int received = 0;
  sigwait(&signals, &received);
  spdlog::info("mesd drains: no new calls, {} s for those that run", options.drain_seconds);
  server.Drain();
  spdlog::info("mesd ends");
  return 0;
}

// What `mesd admit` is told.
struct Admitted {
  std::string name;
  std::string partner;
  std::string certificate_file;
  std::vector<std::string> roles;
};

int Admit(const ServerOptions& options, const Admitted& admitted) {
  mes::db::Pool pool({.url = options.database_url, .size = 1});
  mes::domain::Identity identity;
  identity.name = admitted.name;
  identity.partner = admitted.partner;
  identity.person = "mesd admit";
  identity.register_time = std::chrono::time_point_cast<mes::domain::Duration>(std::chrono::system_clock::now());
  const std::string certificate = admitted.certificate_file.empty() ? "" : ReadSecret(admitted.certificate_file);
  if (const auto let_in = mes::services::LetIn(pool, identity, admitted.roles, certificate, options.site); !let_in) {
    std::fprintf(stderr, "mesd: %s: %s\n", std::string(mes::domain::NameOf(let_in.error().reason)).c_str(),
                 let_in.error().message.c_str());
    return kExitFailed;
  }
  std::printf("%s is let in\n", admitted.name.c_str());
  return 0;
}

int Migrate(const std::string& database_url) {
  const mes::db::MigrationReport report = mes::db::Migrate(database_url);
  for (const std::string& name : report.applied) std::printf("applied %s\n", name.c_str());
  std::printf("schema is at migration %d%s\n", report.total, report.applied.empty() ? ", nothing to do" : "");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Ordos MES server: serves mes.v1 over gRPC and keeps everything in PostgreSQL 15."};
  app.require_subcommand(1);
  app.footer(
      "Example:\n"
      "  mesd migrate --database postgresql://mes@127.0.0.1:5432/mes\n"
      "  mesd admit ordos://ordos/service/office --role admin --database postgresql://mes@127.0.0.1:5432/mes\n"
      "  mesd serve --database postgresql://mes@127.0.0.1:5432/mes --listen 0.0.0.0:7443 \\\n"
      "    --tls-cert server.pem --tls-key server.key --tls-ca ca.pem");
  ServerOptions options;
  options.listen = "127.0.0.1:7443";
  std::string log_level = "info";
  bool insecure = false;
  mes::services::TlsFiles tls;
  std::string key_secret_file;
  Admitted admitted;

  const auto add_database = [&](CLI::App& command) {
    command.add_option("--database", options.database_url, "PostgreSQL URL or key=value string")
        ->required()
        ->envname("MES_DATABASE");
  };
  CLI::App& serve = *app.add_subcommand("serve", "Serve until SIGTERM or SIGINT, then finish what runs and end");
  add_database(serve);
  serve.add_option("--listen", options.listen, "Address and port, or unix:PATH")->capture_default_str();
  serve.add_option("--pool", options.pool_size, "Connections to the database, and threads for calls")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  serve.add_option("--log-level", log_level, "What to log")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  const auto add_site = [&](CLI::App& command) {
    command.add_option("--site", options.site, "The site in the names of certificates, ordos://SITE/...")
        ->capture_default_str()
        ->envname("MES_SITE");
  };
  add_site(serve);
  CLI::Option* certificate =
      serve.add_option("--tls-cert", tls.certificate, "The server's certificate chain (PEM); read again when it changes");
  CLI::Option* key = serve.add_option("--tls-key", tls.private_key, "Its private key (PEM)");
  CLI::Option* ca = serve.add_option("--tls-ca", tls.client_ca, "Authorities whose certificates clients may show (PEM)");
  certificate->needs(key)->needs(ca);
  key->needs(certificate);
  ca->needs(certificate);
  serve.add_option("--issuers", options.issuers_file, "Whose tokens are believed (JSON)");
  serve.add_option("--key-secret-file", key_secret_file, "Under which API keys are digested, at least 32 bytes; without it there are none");
  serve.add_flag("--reflection", options.reflection, "Let whoever can connect list the calls");
  serve.add_option("--site-key", options.site_key_file, "Ed25519 key in PEM form, mode 0600: signs the audit and start permits")
      ->envname("MES_SITE_KEY")
      ->check(CLI::ExistingFile);
  serve.add_option("--former-site-key", options.former_site_key_files,
                   "A site key of before, repeatable: what it made stays checkable, and the change to --site-key is entered")
      ->take_all()
      ->check(CLI::ExistingFile);
  serve.add_option("--anchor-seconds", options.anchor_seconds, "Between signed heads of the audit; 0 = only on demand")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  serve.add_option("--anchor-folder", options.anchor_folder, "Where each signed head is written too, best on another host")
      ->check(CLI::ExistingDirectory);
  serve.add_option("--audit-read", options.audited_reads, "A read RPC to audit, repeatable; given once, these alone are audited")
      ->take_all();
  serve.add_flag("--insecure", insecure, "Plaintext, at a loopback address only: whoever reaches it may do everything")
      ->envname("MES_INSECURE");
  CLI::App& admit = *app.add_subcommand("admit", "Let a certificate's name in: the first administrator, before anybody can ask");
  admit.add_option("name", admitted.name, "ordos://SITE/KIND/CODE")->required();
  admit.add_option("--role", admitted.roles, "What it may do; again for each role")->required();
  admit.add_option("--partner", admitted.partner, "The partner that it acts for");
  admit.add_option("--cert", admitted.certificate_file, "Only this certificate (PEM)");
  add_database(admit);
  add_site(admit);
  CLI::App& migrate = *app.add_subcommand("migrate", "Bring the database to this build's schema");
  add_database(migrate);
  CLI11_PARSE(app, argc, argv);

  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(log_level));
  try {
    if (migrate.parsed()) return Migrate(options.database_url);
    if (admit.parsed()) return Admit(options, admitted);
    if (!tls.certificate.empty()) options.tls = tls;
    if (!key_secret_file.empty()) options.key_secret = ReadSecret(key_secret_file);
    return Serve(options, insecure);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mesd: %s\n", error.what());
    return kExitFailed;
  }
}
