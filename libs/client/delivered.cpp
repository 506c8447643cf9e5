#include "client/delivered.hpp"

#include <system_error>

namespace client {

Result<void> each_delivered(const std::filesystem::path& folder, const std::string& part,
                            const std::function<bool(const std::filesystem::path& file)>& visit) {
  using Walk = std::filesystem::recursive_directory_iterator;
  std::error_code error;
  for (Walk at(folder, error); !error && at != Walk(); at.increment(error)) {
    std::error_code vanished;
    const bool meant = at->path().filename().string().find(part) != std::string::npos &&
                       at->is_regular_file(vanished);
    if (meant && !visit(at->path())) return {};
  }
  if (error) return failure(folder.string(), error.message());
  return {};
}

}  // namespace client
