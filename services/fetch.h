// One document from a web server, for what this server needs from others: an issuer's keys. libcurl does it; what is decided here is that
// it is HTTPS (plain HTTP on loopback only), of that very host (no redirects, no proxies), and bounded in size and time.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace mes::services {

struct FetchOptions {
  std::string url;
  // PEM, the only authorities that are believed; empty = the system's.
  std::string ca_file;
  // A longer answer is none.
  size_t most_bytes = 0;
};

// Throws std::runtime_error where the address is none that Fetch would go to.
void CheckFetchUrl(const std::string& url);
// The body of a 200. Waits, for domain::kMaxFetchSeconds at most; ends early once `stopping`. Throws std::runtime_error, whose text names
// the address and holds nothing of the answer.
std::string Fetch(const FetchOptions& options, const std::atomic<bool>& stopping);

}  // namespace mes::services
