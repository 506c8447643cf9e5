#include "objects/access.hpp"

#include <fmt/format.h>

#include "protocol/http/form.hpp"

namespace mock {
namespace {

constexpr std::size_t longest_key = 1024;

}  // namespace

s3::Expected<void> check_key(std::string_view key) {
  if (key.empty()) {
    return s3::refuse(s3::Code::invalid_argument, "User key must have a length greater than 0.",
                      {{"ArgumentName", "key"}, {"ArgumentValue", ""}});
  }
  if (key.size() > longest_key) {
    return s3::refuse(
        s3::Code::key_too_long, "Your key is too long",
        {{"Size", std::to_string(key.size())}, {"MaxSizeAllowed", std::to_string(longest_key)}});
  }
  return {};
}

s3::Expected<Addressee> addressee_of(const Request& request) {
  std::string_view path = request.path;
  path.remove_prefix(1);
  const auto slash = path.find('/');
  Addressee addressee{std::string(path.substr(0, slash)), {}};
  if (slash == std::string_view::npos || slash + 1 == path.size()) return addressee;
  auto key = ::http::percent_decode(path.substr(slash + 1));
  if (!key) return s3::refuse(s3::Code::invalid_uri, "Couldn't parse the specified URI.");
  if (auto sound = check_key(*key); !sound) return tl::unexpected(sound.error());
  addressee.key = *std::move(key);
  return addressee;
}

s3::Expected<std::optional<s3::Signature>> check_access(const Request& request,
                                                        std::string_view bucket,
                                                        const ObjectsOptions& options,
                                                        TimePoint now) {
  // As it was sent, with the lane's prefix: it is what the client signed.
  const s3::Request sent{request.method, request.target, request.fields};
  auto signature = s3::find_signature(sent);
  if (!signature) return signature;
  if (!*signature) {
    if (options.is_public(bucket)) return signature;
    return s3::refuse(s3::Code::access_denied, "Access Denied");
  }
  const auto& access_key = s3::access_key_of(**signature);
  const auto* const secret = options.secret_of(access_key);
  if (secret == nullptr) return tl::unexpected(s3::unknown_access_key(access_key));
  if (auto right = s3::check(**signature, sent, *secret, now); !right) {
    return tl::unexpected(right.error());
  }
  return signature;
}

}  // namespace mock
