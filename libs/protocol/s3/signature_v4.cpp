#include "protocol/s3/signature_v4.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "protocol/hmac.hpp"
#include "protocol/http/form.hpp"
#include "protocol/s3/signature_refusals.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

constexpr std::string_view terminal = "aws4_request";
constexpr std::string_view content_sha256_field = "x-amz-content-sha256";
constexpr std::string_view signature_parameter = "X-Amz-Signature";

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ";"));
}

/// "host;x-amz-date"
std::vector<std::string> field_names(std::string_view list) {
  std::vector<std::string> names = split(http::lower_case(list), ';');
  std::sort(names.begin(), names.end());
  return names;
}

bool is_date(std::string_view text) {
  return text.size() == 8 && parse_basic(std::string(text) + "T000000Z").has_value();
}

std::string canonical_path(std::string_view path) {
  std::string out;
  while (true) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    // No client that signs makes a path with a '%' that is no escape.
    const auto bytes = http::percent_decode(segment);
    out += bytes ? http::percent_encode(*bytes) : std::string(segment);
    if (end == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(end + 1);
  }
}

std::string canonical_query(std::string_view query, Place place) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : parse_query(query).value_or(Parameters{})) {
    if (place == Place::query && name == signature_parameter) continue;
    pairs.emplace_back(http::percent_encode(name), http::percent_encode(value.value_or("")));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

/// Without blanks at the ends, and runs of them made one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : http::trim_ows(value)) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && out.ends_with(' ')) continue;
    out += blank ? ' ' : c;
  }
  return out;
}

/// "host:examplebucket.s3.amazonaws.com\n"
std::string canonical_field(const std::string& name, const http::Fields& fields) {
  std::string out = name + ':';
  bool first = true;
  for (const std::string_view value : fields.all(name)) {
    if (!first) out += ',';
    out += canonical_value(value);
    first = false;
  }
  return out + '\n';
}

Expected<void> check_signed_fields(const SignatureV4& signature, const Request& request) {
  std::vector<std::string> missing;
  for (const auto& [name, value] : request.fields) {
    std::string key = http::lower_case(name);
    if (!key.starts_with("x-amz-") && key != "host") continue;
    const auto& known = signature.signed_fields;
    if (std::binary_search(known.begin(), known.end(), key)) continue;
    if (std::find(missing.begin(), missing.end(), key) == missing.end()) {
      missing.push_back(std::move(key));
    }
  }
  if (missing.empty()) return {};
  return refuse(Code::access_denied,
                "There were headers present in the request which were not signed",
                {{"HeadersNotSigned", fmt::format("{}", fmt::join(missing, ", "))}});
}

Expected<void> check_time(const SignatureV4& signature, http::TimePoint now) {
  const auto signed_at = parse_basic(signature.date);
  if (!signed_at) return refuse(Code::access_denied, "Access Denied");  // no parser lets it through
  if (signature.place == Place::header) {
    if (is_skewed(*signed_at, now)) return tl::unexpected(too_skewed(signature.date, now));
    return {};
  }
  const std::string expires = format_seconds(*signed_at + signature.lifetime);
  if (*signed_at > now && is_skewed(*signed_at, now)) {
    return refuse(Code::access_denied, "Request is not yet valid",
                  {{"X-Amz-Date", signature.date},
                   {"Expires", expires},
                   {"ServerTime", format_seconds(now)}});
  }
  if (*signed_at + signature.lifetime < std::chrono::floor<std::chrono::seconds>(now)) {
    return refuse(Code::access_denied, "Request has expired",
                  {{"X-Amz-Expires", std::to_string(signature.lifetime.count())},
                   {"Expires", expires},
                   {"ServerTime", format_seconds(now)}});
  }
  return {};
}

tl::unexpected<Refusal> malformed(std::string_view what) {
  return refuse(Code::authorization_header_malformed,
                fmt::format("The authorization header is malformed; {}", what));
}

tl::unexpected<Refusal> malformed_query(std::string what) {
  return refuse(Code::authorization_query_parameters_error, std::move(what));
}

/// The date of a request that is signed in its header: x-amz-date before Date.
Expected<std::string> date_of(const http::Fields& fields) {
  const auto amz = fields.find("x-amz-date");
  const auto sent = amz ? amz : fields.find("date");
  auto time = sent ? parse_basic(*sent) : std::nullopt;
  if (!time && sent) time = parse_date_field(*sent);
  if (time) return format_basic(*time);
  return refuse(Code::access_denied,
                "AWS authentication requires a valid Date or x-amz-date header");
}

struct Components {
  std::string_view credential;
  std::string_view signed_fields;
  std::string_view signature;
};

Expected<Components> components_of(std::string_view list) {
  Components found;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view member = http::trim_ows(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    const std::size_t equals = member.find('=');
    const std::string_view name = member.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : member.substr(equals + 1);
    if (name == "Credential") found.credential = value;
    if (name == "SignedHeaders") found.signed_fields = value;
    if (name == "Signature") found.signature = value;
  }
  if (found.credential.empty() || found.signed_fields.empty() || found.signature.empty()) {
    return malformed(
        "the authorization header requires three components: Credential, SignedHeaders, and "
        "Signature.");
  }
  return found;
}

/// nullopt unless it is a whole number of seconds.
std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range && stop == end && text[0] != '-') {
    return std::numeric_limits<std::int64_t>::max();
  }
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

Expected<std::chrono::seconds> lifetime_of(std::string_view text) {
  const auto seconds = number(text);
  if (!seconds) return malformed_query("X-Amz-Expires should be a number");
  if (*seconds < 0) return malformed_query("X-Amz-Expires must be non-negative");
  if (*seconds > longest_presigned.count()) {
    return malformed_query(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  }
  return std::chrono::seconds{*seconds};
}

SignatureV4 unsigned_signature(Place place, const Request& request, const Credentials& credentials,
                               http::TimePoint now, std::string_view region) {
  SignatureV4 signature;
  signature.place = place;
  signature.date = format_basic(now);
  signature.credential = {credentials.access_key,
                          {signature.date.substr(0, 8), std::string(region), "s3"}};
  for (const auto& [name, value] : request.fields)
    signature.signed_fields.push_back(http::lower_case(name));
  auto& names = signature.signed_fields;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return signature;
}

std::string signature_over(const SignatureV4& signature, const Request& request,
                           std::string_view secret) {
  return sign_v4(string_to_sign(signature, request),
                 signing_key(secret, signature.credential.scope));
}

}  // namespace

std::string to_string(const Scope& scope) {
  return fmt::format("{}/{}/{}/{}", scope.date, scope.region, scope.service, terminal);
}

std::string to_string(const CredentialV4& credential) {
  return credential.access_key + '/' + to_string(credential.scope);
}

tl::expected<CredentialV4, std::string> parse_credential(std::string_view text) {
  std::vector<std::string> parts = split(text, '/');
  if (parts.size() < 5) {
    return tl::unexpected<std::string>(
        "the Credential is mal-formed; expecting "
        "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  }
  const std::size_t date = parts.size() - 4;
  if (parts[date + 3] != terminal) {
    return tl::unexpected(fmt::format("incorrect terminal \"{}\". This endpoint uses \"{}\".",
                                      parts[date + 3], terminal));
  }
  if (parts[date + 2] != "s3") {
    return tl::unexpected(
        fmt::format("incorrect service \"{}\". This endpoint belongs to \"s3\".", parts[date + 2]));
  }
  if (!is_date(parts[date])) {
    return tl::unexpected(
        fmt::format("incorrect date format \"{}\". This date in the credential must be in the "
                    "format \"yyyyMMdd\".",
                    parts[date]));
  }
  const std::size_t scope = parts[date].size() + parts[date + 1].size() + parts[date + 2].size() +
                            parts[date + 3].size() + 4;
  return CredentialV4{std::string(text.substr(0, text.size() - scope)),
                      {parts[date], parts[date + 1], parts[date + 2]}};
}

std::string signing_key(std::string_view secret, const Scope& scope) {
  std::string key = "AWS4" + std::string(secret);
  for (const std::string_view part : {std::string_view(scope.date), std::string_view(scope.region),
                                      std::string_view(scope.service), terminal}) {
    key = hmac(DigestAlgorithm::sha256, key, part);
  }
  return key;
}

Expected<SignatureV4> parse_v4_authorization(std::string_view value, const http::Fields& fields) {
  value.remove_prefix(std::min(value.size(), v4_algorithm.size()));
  const auto components = components_of(value);
  if (!components) return tl::unexpected(components.error());
  auto credential = parse_credential(components->credential);
  if (!credential) return malformed(credential.error());
  auto date = date_of(fields);
  if (!date) return tl::unexpected(date.error());
  if (!date->starts_with(credential->scope.date)) {
    return malformed("Invalid credential date. Date is not the same as X-Amz-Date.");
  }
  const auto payload = fields.find(content_sha256_field);
  if (!payload) {
    return refuse(Code::invalid_request,
                  "Missing required header for this request: x-amz-content-sha256");
  }
  return SignatureV4{Place::header,
                     std::move(*credential),
                     field_names(components->signed_fields),
                     std::string(components->signature),
                     std::move(*date),
                     std::chrono::seconds{0},
                     std::string(*payload)};
}

Expected<std::optional<SignatureV4>> find_v4_query(const Parameters& parameters,
                                                   const http::Fields& fields) {
  constexpr std::array<std::string_view, 6> names{"X-Amz-Algorithm",     "X-Amz-Credential",
                                                  signature_parameter,   "X-Amz-Date",
                                                  "X-Amz-SignedHeaders", "X-Amz-Expires"};
  std::array<std::string_view, names.size()> values;
  std::size_t there = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    values.at(i) = find(parameters, names.at(i)).value_or(std::string_view{});
    if (!values.at(i).empty()) ++there;
  }
  if (there == 0) return std::nullopt;
  if (there < names.size()) {
    return malformed_query(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  const auto& [algorithm, credential_text, signed_text, date, signed_fields, expires] = values;
  if (algorithm != v4_algorithm) {
    return malformed_query(
        "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"");
  }
  auto credential = parse_credential(credential_text);
  if (!credential) {
    return malformed_query("Error parsing the X-Amz-Credential parameter; " + credential.error());
  }
  if (!parse_basic(date)) {
    return malformed_query(
        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  if (!date.starts_with(credential->scope.date)) {
    return malformed_query(
        fmt::format("Invalid credential date \"{}\". This date is not the same as X-Amz-Date: "
                    "\"{}\".",
                    credential->scope.date, date.substr(0, 8)));
  }
  const auto lifetime = lifetime_of(expires);
  if (!lifetime) return tl::unexpected(lifetime.error());
  return SignatureV4{Place::query,
                     std::move(*credential),
                     field_names(signed_fields),
                     std::string(signed_text),
                     std::string(date),
                     *lifetime,
                     std::string(fields.find(content_sha256_field).value_or(unsigned_payload))};
}

std::string canonical_request(const SignatureV4& signature, const Request& request) {
  std::string text(request.method);
  text += '\n';
  text += canonical_path(path_of(request.target));
  text += '\n';
  text += canonical_query(query_of(request.target), signature.place);
  text += '\n';
  for (const std::string& name : signature.signed_fields) {
    text += canonical_field(name, request.fields);
  }
  text += '\n';
  text += join(signature.signed_fields);
  text += '\n';
  return text + signature.payload;
}

std::string string_to_sign(const SignatureV4& signature, const Request& request) {
  return fmt::format("{}\n{}\n{}\n{}", v4_algorithm, signature.date,
                     to_string(signature.credential.scope),
                     sha256_hex(canonical_request(signature, request)));
}

Expected<void> check(const SignatureV4& signature, const Request& request, std::string_view secret,
                     http::TimePoint now) {
  if (auto all_signed = check_signed_fields(signature, request); !all_signed) return all_signed;
  if (auto in_time = check_time(signature, now); !in_time) return in_time;
  if (same_secret(signature_over(signature, request, secret), signature.signature)) return {};
  return tl::unexpected(signature_mismatch(signature.credential.access_key,
                                           string_to_sign(signature, request), signature.signature,
                                           canonical_request(signature, request)));
}

Expected<Payload> payload_of(std::string_view text) {
  if (text == unsigned_payload) return Payload{};
  if (text == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
    return Payload{PayloadKind::chunked_signed, {}, false};
  }
  if (text == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
    return Payload{PayloadKind::chunked_signed, {}, true};
  }
  if (text == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return Payload{PayloadKind::chunked_unsigned, {}, true};
  }
  const bool is_digest = text.size() == 64 &&
                         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (is_digest) return Payload{PayloadKind::signed_plain, std::string(text), false};
  return refuse(
      Code::invalid_argument,
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid "
      "sha256 value.",
      {{"ArgumentName", std::string(content_sha256_field)}, {"ArgumentValue", std::string(text)}});
}

Refusal chunked_refusal(std::string_view content_sha256) {
  return header_not_implemented(
      {{"Header", std::string(content_sha256_field)}, {"Value", std::string(content_sha256)}});
}

http::Fields authorize_v4(const Request& request, const Credentials& credentials,
                          http::TimePoint now, std::string_view content_sha256,
                          std::string_view region) {
  http::Fields added{{std::string(content_sha256_field), std::string(content_sha256)},
                     {"x-amz-date", format_basic(now)}};
  http::Fields all = request.fields;
  for (const auto& [name, value] : added) all.add(name, value);
  const Request whole{request.method, request.target, all, request.host_bucket};
  SignatureV4 signature = unsigned_signature(Place::header, whole, credentials, now, region);
  signature.payload = content_sha256;
  added.add("Authorization",
            fmt::format("{} Credential={}, SignedHeaders={}, Signature={}", v4_algorithm,
                        to_string(signature.credential), join(signature.signed_fields),
                        signature_over(signature, whole, credentials.secret)));
  return added;
}

std::string presign_v4(const Request& request, const Credentials& credentials, http::TimePoint now,
                       std::chrono::seconds lifetime, std::string_view region) {
  SignatureV4 signature = unsigned_signature(Place::query, request, credentials, now, region);
  signature.payload = request.fields.find(content_sha256_field).value_or(unsigned_payload);
  std::string target(request.target);
  target += query_of(target).empty() && !target.ends_with('?') ? '?' : '&';
  target += fmt::format(
      "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&"
      "X-Amz-SignedHeaders={}",
      v4_algorithm, http::percent_encode(to_string(signature.credential)), signature.date,
      lifetime.count(), http::percent_encode(join(signature.signed_fields)));
  const Request whole{request.method, target, request.fields, request.host_bucket};
  return target + '&' + std::string(signature_parameter) + '=' +
         signature_over(signature, whole, credentials.secret);
}

std::string sign_v4(std::string_view text, std::string_view signing_key) {
  return to_hex(hmac(DigestAlgorithm::sha256, signing_key, text));
}

}  // namespace s3
