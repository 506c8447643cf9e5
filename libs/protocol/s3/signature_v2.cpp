#include "protocol/s3/signature_v2.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "protocol/base64.hpp"
#include "protocol/hmac.hpp"
#include "protocol/http/form.hpp"
#include "protocol/s3/signature_refusals.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

constexpr std::string_view amz_date = "x-amz-date";

/// The parameters that are part of the resource (AWS, "CanonicalizedResource element").
constexpr std::array<std::string_view, 26> subresources{
    "accelerate",
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};

/// "x-amz-meta-a:1,2\n", sorted by name.
std::string amz_fields(const http::Fields& fields) {
  std::map<std::string, std::string> by_name;
  for (const auto& [name, value] : fields) {
    const std::string key = http::lower_case(name);
    if (!key.starts_with("x-amz-")) continue;
    const auto [entry, fresh] = by_name.try_emplace(key);
    if (!fresh) entry->second += ',';
    entry->second += http::trim_ows(value);
  }
  std::string out;
  for (const auto& [name, value] : by_name) out.append(name).append(":").append(value) += '\n';
  return out;
}

/// Values are signed without their escapes.
std::string signed_query(std::string_view query) {
  // What cannot be read cannot have been signed either.
  auto parameters = parse_query(query).value_or(Parameters{});
  std::erase_if(parameters, [](const Parameter& parameter) {
    return std::find(subresources.begin(), subresources.end(), parameter.name) ==
           subresources.end();
  });
  std::stable_sort(parameters.begin(), parameters.end(),
                   [](const Parameter& a, const Parameter& b) { return a.name < b.name; });
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += out.empty() ? '?' : '&';
    out += name;
    if (value) out += '=' + *value;
  }
  return out;
}

/// "/examplebucket": clients sign it as the host's root, with a slash (botocore 1.44,
/// handlers.remove_bucket_from_url_paths_from_model), or as they send it; S3 takes both.
bool is_bucket(const Request& request) {
  const auto path = path_of(request.target);
  return request.host_bucket.empty() && path.size() > 1 && path.rfind('/') == 0;
}

std::string resource_of(const Request& request, std::string_view end = {}) {
  std::string resource;
  if (!request.host_bucket.empty()) resource.append("/").append(request.host_bucket);
  resource.append(path_of(request.target)).append(end);
  return resource + signed_query(query_of(request.target));
}

/// What stands in the line of the date: when the URL expires, or the Date field unless x-amz-date
/// is signed instead.
std::string_view date_line(const SignatureV2& signature, const Request& request) {
  if (signature.place == Place::query) return signature.expires;
  if (request.fields.has(amz_date)) return {};
  return request.fields.find("date").value_or(std::string_view{});
}

/// The string to sign, without the resource.
std::string signed_head(const SignatureV2& signature, const Request& request) {
  const auto field = [&](std::string_view name) {
    return http::trim_ows(request.fields.find(name).value_or(std::string_view{}));
  };
  std::string text(request.method);
  for (const std::string_view line :
       {field("content-md5"), field("content-type"), date_line(signature, request)}) {
    text.append("\n").append(line);
  }
  text += '\n';
  return text + amz_fields(request.fields);
}

Expected<void> check_expiry(std::string_view expires, http::TimePoint now) {
  constexpr std::int64_t end_of_year_9999 = 253'402'300'799;
  std::int64_t seconds = 0;
  const char* const end = expires.data() + expires.size();
  const auto [stop, error] = std::from_chars(expires.data(), end, seconds);
  if (error != std::errc{} || stop != end || seconds > end_of_year_9999) {
    // A time in milliseconds lands here, beyond the year 9999.
    return refuse(Code::access_denied, "Invalid date (should be seconds since epoch)");
  }
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  if (now_seconds.count() <= seconds) return {};
  // TimePoint begins in 1678. When exactly such an old URL expired does not matter.
  const http::TimePoint expired{std::chrono::seconds{std::max<std::int64_t>(seconds, 0)}};
  return refuse(Code::access_denied, "Request has expired",
                {{"Expires", format_seconds(expired)}, {"ServerTime", format_seconds(now)}});
}

Expected<void> check_date(const Request& request, http::TimePoint now) {
  const auto amz = request.fields.find(amz_date);
  const auto sent = amz ? amz : request.fields.find("date");
  auto time = sent ? parse_date_field(*sent) : std::nullopt;
  if (!time && amz) time = parse_basic(*amz);
  if (!time) {
    return refuse(Code::access_denied,
                  "AWS authentication requires a valid Date or x-amz-date header");
  }
  if (is_skewed(*time, now)) return tl::unexpected(too_skewed(*sent, now));
  return {};
}

}  // namespace

Expected<SignatureV2> parse_v2_authorization(std::string_view value) {
  constexpr std::string_view scheme = "AWS ";
  const auto refuse_value = [&] {
    return refuse(Code::invalid_argument,
                  "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
                  {{"ArgumentName", "Authorization"}, {"ArgumentValue", std::string(value)}});
  };
  if (!value.starts_with(scheme)) return refuse_value();
  const std::string_view pair = http::trim_ows(value.substr(scheme.size()));
  const std::size_t colon = pair.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == pair.size() ||
      pair.find_first_of(" \t") != std::string_view::npos) {
    return refuse_value();
  }
  return SignatureV2{
      Place::header, std::string(pair.substr(0, colon)), std::string(pair.substr(colon + 1)), {}};
}

Expected<std::optional<SignatureV2>> find_v2_query(const Parameters& parameters) {
  const auto signature = find(parameters, "Signature");
  const auto expires = find(parameters, "Expires");
  const auto access_key = find(parameters, "AWSAccessKeyId");
  if (!signature && !expires && !access_key) return std::nullopt;
  const auto given = [](const auto& value) { return value && !value->empty(); };
  if (!given(signature) || !given(expires) || !given(access_key)) {
    return refuse(Code::access_denied,
                  "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
                  "parameters");
  }
  return SignatureV2{Place::query, std::string(*access_key), std::string(*signature),
                     std::string(*expires)};
}

std::string string_to_sign(const SignatureV2& signature, const Request& request) {
  return signed_head(signature, request) + resource_of(request);
}

Expected<void> check(const SignatureV2& signature, const Request& request, std::string_view secret,
                     http::TimePoint now) {
  auto in_time = signature.place == Place::query ? check_expiry(signature.expires, now)
                                                 : check_date(request, now);
  if (!in_time) return in_time;
  const std::string text = string_to_sign(signature, request);
  if (same_secret(sign_v2(text, secret), signature.signature)) return {};
  if (is_bucket(request)) {
    const std::string other = signed_head(signature, request) + resource_of(request, "/");
    if (same_secret(sign_v2(other, secret), signature.signature)) return {};
  }
  return tl::unexpected(signature_mismatch(signature.access_key, text, signature.signature));
}

std::string sign_v2(std::string_view text, std::string_view secret) {
  return base64::encode(hmac(DigestAlgorithm::sha1, secret, text));
}

http::Fields authorize_v2(const Request& request, const Credentials& credentials,
                          http::TimePoint now) {
  http::Fields dated = request.fields;
  http::Fields added;
  if (!dated.has("date") && !dated.has(amz_date)) {
    added.add("Date", http::format_imf_fixdate(now));
    dated.add("Date", http::format_imf_fixdate(now));
  }
  const Request whole{request.method, request.target, dated, request.host_bucket};
  const std::string text = string_to_sign(SignatureV2{}, whole);
  added.add("Authorization",
            "AWS " + credentials.access_key + ':' + sign_v2(text, credentials.secret));
  return added;
}

std::string presign_v2(const Request& request, const Credentials& credentials,
                       http::TimePoint expires) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(expires).time_since_epoch();
  SignatureV2 signature{Place::query, credentials.access_key, {}, std::to_string(seconds.count())};
  signature.signature = sign_v2(string_to_sign(signature, request), credentials.secret);
  std::string target(request.target);
  target += query_of(target).empty() && !target.ends_with('?') ? '?' : '&';
  return target + http::format_form({{"Signature", signature.signature},
                                     {"Expires", signature.expires},
                                     {"AWSAccessKeyId", signature.access_key}});
}

}  // namespace s3
