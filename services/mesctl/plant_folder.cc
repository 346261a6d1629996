#include "services/mesctl/plant_folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "services/mesctl/client.h"

namespace mes::mesctl {
namespace {

namespace fs = std::filesystem;

// The API's own bounds, checked here too so that a folder named by mistake is not read to its end.
constexpr int kMaxFiles = 200;
constexpr int64_t kMaxBytes = 16 << 20;

}  // namespace

void ReadPlant(const std::string& folder, v1::LoadPlantRequest& request) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".json" || !at->is_regular_file(error)) continue;
    paths.push_back(at->path());
    if (paths.size() > kMaxFiles) FailUsage(folder + ": more than 200 JSON files below it; is this the plant's folder?");
  }
  if (error) FailUsage(folder + ": " + error.message());
  if (paths.empty()) FailUsage(folder + ": no JSON file below it");
  std::sort(paths.begin(), paths.end());
  int64_t bytes = 0;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (!file) FailUsage(path.string() + ": cannot be read");
    bytes += static_cast<int64_t>(content.size());
    if (bytes > kMaxBytes) FailUsage(folder + ": more than 16 MiB of JSON below it; is this the plant's folder?");
    auto& sent = *request.add_files();
    sent.set_path(path.lexically_relative(folder).generic_string());
    sent.set_content(std::move(content));
  }
}

}  // namespace mes::mesctl
