// mesd: serves mes.v1 over gRPC, or brings a database to this build's schema.

#include <signal.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "db/migrate.h"
#include "db/transaction.h"
#include "services/server.h"

namespace {

using mes::services::Server;
using mes::services::ServerOptions;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// Plaintext: only this machine may hear it, until there is TLS.
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

int Serve(const ServerOptions& options, bool insecure) {
  if (!IsLoopback(options.listen) && !insecure) {
    std::fprintf(stderr,
                 "mesd: %s is not a loopback address, and there is no TLS yet: everybody on that network could read and write. "
                 "Give --insecure if that is meant.\n",
                 options.listen.c_str());
    return kExitUsage;
  }
  // Blocked before any thread is made, so that only sigwait below takes them.
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Server server(options);
  spdlog::info("mesd listens at {} (port {})", options.listen, server.port());
  int received = 0;
  sigwait(&signals, &received);
  spdlog::info("mesd drains: no new calls, {} s for those that run", options.drain_seconds);
  server.Drain();
  spdlog::info("mesd ends");
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
      "  mesd serve --database postgresql://mes@127.0.0.1:5432/mes --listen 127.0.0.1:7443");
  ServerOptions options;
  options.listen = "127.0.0.1:7443";
  std::string log_level = "info";
  bool insecure = false;

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
  serve.add_option("--site-key", options.site_key_file, "Ed25519 key in PEM form, mode 0600: signs the audit and start permits")
      ->envname("MES_SITE_KEY")
      ->check(CLI::ExistingFile);
  serve.add_option("--anchor-seconds", options.anchor_seconds, "Between signed heads of the audit; 0 = only on demand")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  serve.add_option("--anchor-folder", options.anchor_folder, "Where each signed head is written too, best on another host")
      ->check(CLI::ExistingDirectory);
  serve.add_option("--audit-read", options.audited_reads, "A read RPC to audit, repeatable; given once, these alone are audited")
      ->take_all();
  serve.add_flag("--insecure", insecure, "Listen beyond this machine without TLS");
  CLI::App& migrate = *app.add_subcommand("migrate", "Bring the database to this build's schema");
  add_database(migrate);
  CLI11_PARSE(app, argc, argv);

  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(log_level));
  try {
    return migrate.parsed() ? Migrate(options.database_url) : Serve(options, insecure);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mesd: %s\n", error.what());
    return kExitFailed;
  }
}
