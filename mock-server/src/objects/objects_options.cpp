#include "objects/objects_options.hpp"

#include <algorithm>
#include <array>

namespace mock {

const std::string* ObjectsOptions::secret_of(std::string_view access_key) const {
  const auto found = std::ranges::find(keys, access_key, &s3::Credentials::access_key);
  return found == keys.end() ? nullptr : &found->secret;
}

bool ObjectsOptions::is_public(std::string_view bucket) const {
  return std::ranges::count(public_buckets, bucket) > 0;
}

Result<std::string> bucket_name(const std::string& text) {
  constexpr std::array<std::string_view, 9> taken{"files",  "upload",  "info",    "oauth", "route",
                                                  "health", "version", "metrics", "api"};
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789.-";
  // AWS, "Bucket naming rules"; dots alone are a step up in a path.
  if (text.size() < 3 || text.size() > 63 ||
      text.find_first_not_of(letters) != std::string_view::npos || text.front() == '.' ||
      text.front() == '-') {
    return failure(quote(text), "is no name for a bucket",
                   "3 to 63 lower-case letters, digits, '-' and '.', a letter or digit first");
  }
  if (std::ranges::count(taken, text) > 0) {
    return failure(quote(text), "cannot be a bucket", "its path is an endpoint of the server's");
  }
  return text;
}

}  // namespace mock
