#include "objects/access.hpp"

#include <algorithm>
#include <array>

#include "objects/payload.hpp"
#include "protocol/http/form.hpp"
#include "protocol/s3/request.hpp"

namespace mock {
namespace {

constexpr std::size_t longest_key = 1024;

/// Parameters of a query that name a subresource (AWS, "Amazon S3 API operations").
constexpr std::array<std::string_view, 34> subresources{"accelerate",
                                                        "acl",
                                                        "analytics",
                                                        "attributes",
                                                        "cors",
                                                        "delete",
                                                        "encryption",
                                                        "intelligent-tiering",
                                                        "inventory",
                                                        "legal-hold",
                                                        "lifecycle",
                                                        "location",
                                                        "logging",
                                                        "metrics",
                                                        "notification",
                                                        "object-lock",
                                                        "ownershipControls",
                                                        "partNumber",
                                                        "policy",
                                                        "policyStatus",
                                                        "publicAccessBlock",
                                                        "replication",
                                                        "requestPayment",
                                                        "restore",
                                                        "retention",
                                                        "select",
                                                        "tagging",
                                                        "torrent",
                                                        "uploadId",
                                                        "uploads",
                                                        "versionId",
                                                        "versioning",
                                                        "versions",
                                                        "website"};

/// The signature, which is right; nullopt: there is none.
s3::Expected<std::optional<s3::Signature>> prove(const Request& request,
                                                 const ObjectsOptions& options, TimePoint now) {
  // As it was sent, with the lane's prefix: it is what the client signed.
  const s3::Request sent{request.method, request.target, request.fields};
  auto signature = s3::find_signature(sent);
  if (!signature || !*signature) return signature;
  const auto& access_key = s3::access_key_of(**signature);
  const auto* const secret = options.secret_of(access_key);
  if (secret == nullptr) return tl::unexpected(s3::unknown_access_key(access_key));
  if (auto right = s3::check(**signature, sent, *secret, now); !right) {
    return tl::unexpected(right.error());
  }
  if (auto payload = payload_of(request.fields, *signature); !payload) {
    return tl::unexpected(payload.error());
  }
  return signature;
}

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

s3::Expected<void> check_awaited(const ObjectsOptions& options, std::string_view bucket,
                                 std::string_view key) {
  if (!options.awaits || options.awaits(bucket, key)) return {};
  return s3::refuse(s3::Code::access_denied, "Access Denied");
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

s3::Expected<void> check_subresources(const Request& request,
                                      std::initializer_list<std::string_view> known) {
  const auto parameters = s3::parse_query(request.query).value_or(s3::Parameters{});
  for (const auto name : subresources) {
    if (!s3::find(parameters, name) || std::ranges::count(known, name) > 0) continue;
    return s3::refuse(s3::Code::not_implemented,
                      "A query you provided implies functionality that is not implemented",
                      {{"Parameter", std::string(name)}});
  }
  return {};
}

s3::Expected<void> check_no_copy(const Request& request) {
  constexpr auto name = "x-amz-copy-source";
  if (!request.fields.has(name)) return {};
  return tl::unexpected(s3::header_not_implemented({{"Header", name}}));
}

s3::Expected<s3::Signature> check_access(const Request& request, const ObjectsOptions& options,
                                         TimePoint now, std::string_view denial) {
  auto signature = prove(request, options, now);
  if (!signature) return tl::unexpected(signature.error());
  if (!*signature) return s3::refuse(s3::Code::access_denied, std::string(denial));
  return **std::move(signature);
}

s3::Expected<std::optional<s3::Signature>> check_put_access(const Request& request,
                                                            std::string_view bucket,
                                                            const ObjectsOptions& options,
                                                            TimePoint now) {
  auto signature = prove(request, options, now);
  if (!signature || *signature || options.is_public(bucket)) return signature;
  return s3::refuse(s3::Code::access_denied, "Access Denied");
}

}  // namespace mock
