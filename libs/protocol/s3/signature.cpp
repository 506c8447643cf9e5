#include "protocol/s3/signature.hpp"

namespace s3 {
namespace {

Expected<std::optional<Signature>> of_header(std::string_view value, const http::Fields& fields) {
  const auto wrap = [](auto parsed) -> Expected<std::optional<Signature>> {
    if (!parsed) return tl::unexpected(parsed.error());
    return Signature{std::move(*parsed)};
  };
  if (value.starts_with("AWS ")) return wrap(parse_v2_authorization(value));
  if (value.starts_with(v4_algorithm) && value.substr(v4_algorithm.size()).starts_with(' ')) {
    return wrap(parse_v4_authorization(value, fields));
  }
  return refuse(Code::invalid_argument, "Unsupported Authorization Type",
                {{"ArgumentName", "Authorization"}, {"ArgumentValue", std::string(value)}});
}

std::optional<std::string> owner_of(std::string_view credential) {
  auto parsed = parse_credential(credential);
  if (!parsed) return std::nullopt;
  return std::move(parsed->access_key);
}

std::optional<std::string> claimed_in_field(std::string_view value) {
  constexpr std::string_view scheme = "AWS ";
  constexpr std::string_view member = "Credential=";
  if (value.starts_with(scheme)) {
    const auto pair = http::trim_ows(value.substr(scheme.size()));
    return std::string(pair.substr(0, pair.find(':')));
  }
  const auto at = value.starts_with(v4_algorithm) ? value.find(member) : std::string_view::npos;
  if (at == std::string_view::npos) return std::nullopt;
  const auto credential = value.substr(at + member.size());
  return owner_of(http::trim_ows(credential.substr(0, credential.find(','))));
}

}  // namespace

std::optional<std::string> claimed_access_key(const Request& request) {
  if (const auto field = request.fields.find("authorization")) return claimed_in_field(*field);
  const auto query = query_of(request.target);
  if (query.empty()) return std::nullopt;
  const auto parameters = parse_query(query).value_or(Parameters{});
  if (const auto v2 = find(parameters, "AWSAccessKeyId")) return std::string(*v2);
  const auto v4 = find(parameters, "X-Amz-Credential");
  return v4 ? owner_of(*v4) : std::nullopt;
}

Expected<std::optional<Signature>> find_signature(const Request& request) {
  const auto parameters = parse_query(query_of(request.target));
  if (!parameters) return refuse(Code::invalid_uri, "Couldn't parse the specified URI.");
  auto v4 = find_v4_query(*parameters, request.fields);
  if (!v4) return tl::unexpected(v4.error());
  auto v2 = find_v2_query(*parameters);
  if (!v2) return tl::unexpected(v2.error());
  const auto header = request.fields.find("authorization");
  const auto headers = request.fields.count("authorization");
  if (headers + (*v4 ? 1 : 0) + (*v2 ? 1 : 0) > 1) {
    return refuse(
        Code::invalid_argument,
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
        "Signature query string parameter or the Authorization header should be specified",
        {{"ArgumentName", "Authorization"},
         {"ArgumentValue", std::string(header.value_or(std::string_view{}))}});
  }
  if (header) return of_header(*header, request.fields);
  if (*v4) return Signature{std::move(**v4)};
  if (*v2) return Signature{std::move(**v2)};
  return std::nullopt;
}

const std::string& access_key_of(const Signature& signature) {
  if (const auto* v2 = std::get_if<SignatureV2>(&signature)) return v2->access_key;
  return std::get<SignatureV4>(signature).credential.access_key;
}

std::string string_to_sign(const Signature& signature, const Request& request) {
  return std::visit([&](const auto& version) { return string_to_sign(version, request); },
                    signature);
}

Expected<void> check(const Signature& signature, const Request& request, std::string_view secret,
                     http::TimePoint now) {
  return std::visit([&](const auto& version) { return check(version, request, secret, now); },
                    signature);
}

Refusal unknown_access_key(std::string_view access_key) {
  return {Code::invalid_access_key_id,
          "The AWS Access Key Id you provided does not exist in our records.",
          {{"AWSAccessKeyId", std::string(access_key)}}};
}

}  // namespace s3
