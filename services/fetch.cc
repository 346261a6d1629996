#include "services/fetch.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>
#include <stdexcept>

#include "domain/limits_access.h"

namespace mes::services {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using UrlPointer = std::unique_ptr<CURLU, FreeUrl>;
using HandlePointer = std::unique_ptr<CURL, FreeHandle>;

// Empty where the address has no such part.
std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

// A literal address: a name that begins with 127 could lead anywhere.
bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

struct Answer {
  std::string body;
  size_t most = 0;
};
size_t Take(char* data, size_t, size_t size, void* to) {
  Answer& answer = *static_cast<Answer*>(to);
  // Any other number than `size` ends the transfer.
  if (size > answer.most - answer.body.size()) return CURL_WRITEFUNC_ERROR;
  answer.body.append(data, size);
  return size;
}
int GoOn(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stopping)->load() ? 1 : 0;
}

}  // namespace

void CheckFetchUrl(const std::string& url) {
  const UrlPointer parsed(curl_url());
  if (parsed == nullptr) throw std::bad_alloc();
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) throw std::runtime_error(url + " is not an address");
  const std::string scheme = PartOf(parsed.get(), CURLUPART_SCHEME);
  const bool plain = scheme == "http" && IsLoopback(PartOf(parsed.get(), CURLUPART_HOST));
  if (scheme != "https" && !plain) throw std::runtime_error(url + " is not https (http is for loopback only)");
  if (!PartOf(parsed.get(), CURLUPART_USER).empty() || !PartOf(parsed.get(), CURLUPART_PASSWORD).empty()) {
    throw std::runtime_error("an address with a password in it is not taken");
  }
}

std::string Fetch(const FetchOptions& options, const std::atomic<bool>& stopping) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CheckFetchUrl(options.url);
  const HandlePointer handle(curl_easy_init());
  if (handle == nullptr) throw std::bad_alloc();
  CURL* curl = handle.get();
  Answer answer{{}, options.most_bytes};
  char problem[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(curl, option, value) != CURLE_OK) throw std::runtime_error("the web client lacks an option");
  };
  set(CURLOPT_URL, options.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https,http");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT, domain::kMaxFetchSeconds);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    set(CURLOPT_CAINFO, options.ca_file.c_str());
    // Else the system's authorities would be believed besides.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.most_bytes));
  set(CURLOPT_WRITEFUNCTION, &Take);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&answer));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &GoOn);
  set(CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&stopping)));
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(problem));
  const CURLcode done = curl_easy_perform(curl);
  if (done == CURLE_WRITE_ERROR || done == CURLE_FILESIZE_EXCEEDED) {
    throw std::runtime_error(options.url + " answers with more than " + std::to_string(options.most_bytes) + " bytes");
  }
  if (done != CURLE_OK) throw std::runtime_error(options.url + ": " + (problem[0] == 0 ? curl_easy_strerror(done) : problem));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) throw std::runtime_error(options.url + " answers with status " + std::to_string(status));
  return std::move(answer.body);
}

}  // namespace mes::services
