#include "protocol/s3/post.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/hmac.hpp"
#include "protocol/s3/signature_refusals.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

constexpr std::uint64_t most_before_file = 20'480;
constexpr std::string_view placeholder = "${filename}";

Refusal missing(std::string_view name) {
  return {Code::invalid_argument,
          fmt::format("Bucket POST must contain a field named '{}'.  If it is specified, please "
                      "check the order of the fields.",
                      name),
          {{"ArgumentName", std::string(name)}, {"ArgumentValue", ""}}};
}

std::string_view text_of(const http::Form& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (http::same_name(key, name)) return value;
  }
  return {};
}

/// The first name that is there twice.
std::optional<std::string> repeated(const http::Form& fields) {
  std::vector<std::string> names;
  for (const auto& [name, value] : fields) names.push_back(http::lower_case(name));
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? std::nullopt : std::optional(*twice);
}

/// Fields whose presence says that a form is signed, in the order in which S3 reports them missing.
constexpr std::array<std::string_view, 2> v2_fields{"AWSAccessKeyId", "Signature"};
constexpr std::array<std::string_view, 4> v4_fields{"X-Amz-Algorithm", "X-Amz-Credential",
                                                    "X-Amz-Date", "X-Amz-Signature"};

template <std::size_t N>
bool has_any(const http::Form& fields, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return !text_of(fields, name).empty(); });
}

template <std::size_t N>
Expected<void> need_all(const http::Form& fields, const std::array<std::string_view, N>& names) {
  for (const std::string_view name : names) {
    if (text_of(fields, name).empty()) return tl::unexpected(missing(name));
  }
  if (text_of(fields, "policy").empty()) return tl::unexpected(missing("Policy"));
  return {};
}

tl::unexpected<Refusal> invalid(std::string_view name, std::string_view value, std::string what) {
  return refuse(Code::invalid_argument, std::move(what),
                {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}});
}

Expected<PostSignature> read_v2(const http::Form& fields) {
  if (auto all = need_all(fields, v2_fields); !all) return tl::unexpected(all.error());
  return PostSignature{std::string(text_of(fields, "AWSAccessKeyId")),
                       std::string(text_of(fields, "Signature")), std::nullopt};
}

Expected<PostSignature> read_v4(const http::Form& fields) {
  if (auto all = need_all(fields, v4_fields); !all) return tl::unexpected(all.error());
  const auto algorithm = text_of(fields, v4_fields[0]);
  if (algorithm != v4_algorithm) {
    return invalid(v4_fields[0], algorithm, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  const auto text = text_of(fields, v4_fields[1]);
  auto credential = parse_credential(text);
  if (!credential) {
    return invalid(v4_fields[1], text,
                   "Error parsing the X-Amz-Credential parameter; " + credential.error());
  }
  const auto date = text_of(fields, v4_fields[2]);
  if (!parse_basic(date)) {
    return invalid(v4_fields[2], date, "X-Amz-Date must be formated via ISO8601 Long format");
  }
  return PostSignature{std::move(credential->access_key),
                       std::string(text_of(fields, v4_fields[3])), std::move(credential->scope)};
}

bool is_http_url(std::string_view text) {
  const std::string scheme = http::lower_case(text.substr(0, text.find("://")));
  const bool visible =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '\x7F'; });
  return (scheme == "http" || scheme == "https") && text.size() > scheme.size() + 3 && visible;
}

}  // namespace

http::FormShape post_shape() {
  http::FormShape shape;
  shape.before_file = most_before_file;
  return shape;
}

Refusal not_form_data() {
  return {Code::precondition_failed,
          "At least one of the pre-conditions you specified did not hold",
          {{"Condition", "Bucket POST must be of the enclosure-type multipart/form-data"}}};
}

Refusal malformed_post() {
  return {Code::malformed_post_request,
          "The body of your POST request is not well-formed multipart/form-data.",
          {}};
}

Refusal not_one_file() {
  return {Code::invalid_argument,
          "POST requires exactly one file upload per request.",
          {{"ArgumentName", "file"}, {"ArgumentValue", "0"}}};
}

Refusal refusal_of(http::FormReader::Failure failure) {
  using Failure = http::FormReader::Failure;
  switch (failure) {
    case Failure::malformed:
      return malformed_post();
    case Failure::second_file: {
      Refusal refusal = not_one_file();
      refusal.details.back().value = "2";
      return refusal;
    }
    case Failure::before_file:
    case Failure::fields_too_long:
      break;
  }
  return {Code::max_post_pre_data_length_exceeded,
          "Your POST request fields preceeding the upload file was too large.",
          {{"MaxPostPreDataLengthBytes", std::to_string(most_before_file)}}};
}

Expected<Post> read_post(const http::Form& fields) {
  if (const auto name = repeated(fields)) {
    return invalid(*name, "", fmt::format("POST has more than one field named '{}'.", *name));
  }
  const std::string_view key = text_of(fields, "key");
  if (key.empty()) return tl::unexpected(missing("key"));
  Post post{std::string(key), std::string(text_of(fields, "policy")), std::nullopt};
  const bool v2 = has_any(fields, v2_fields);
  if (!v2 && !has_any(fields, v4_fields)) return post;
  auto signature = v2 ? read_v2(fields) : read_v4(fields);
  if (!signature) return tl::unexpected(signature.error());
  post.signature = std::move(*signature);
  return post;
}

Expected<void> check(const Post& post, std::string_view secret) {
  if (!post.signature) return refuse(Code::access_denied, "Access Denied");
  const PostSignature& given = *post.signature;
  const std::string right = given.scope ? sign_v4(post.policy, signing_key(secret, *given.scope))
                                        : sign_v2(post.policy, secret);
  if (same_secret(right, given.signature)) return {};
  return tl::unexpected(signature_mismatch(given.access_key, post.policy, given.signature));
}

std::string key_for(std::string_view key, const std::optional<std::string>& filename) {
  std::string out(key);
  if (!filename) return out;
  const std::string name = filename->substr(filename->find_last_of("/\\") + 1);
  for (std::size_t at = out.find(placeholder); at != std::string::npos;
       at = out.find(placeholder, at + name.size())) {
    out.replace(at, placeholder.size(), name);
  }
  return out;
}

PostSuccess success_of(const http::Form& fields, std::string_view bucket, std::string_view key,
                       std::string_view etag) {
  for (const std::string_view name : {"success_action_redirect", "redirect"}) {
    const std::string_view url = text_of(fields, name);
    if (!is_http_url(url)) continue;
    return {303, fmt::format("{}{}bucket={}&key={}&etag={}", url,
                             url.find('?') == std::string_view::npos ? '?' : '&',
                             http::percent_encode(bucket), http::percent_encode(key),
                             http::percent_encode(etag))};
  }
  const std::string_view status = text_of(fields, "success_action_status");
  if (status == "200") return {200, {}};
  if (status == "201") return {201, {}};
  return {};
}

std::string post_location(std::string_view bucket_url, std::string_view key) {
  return fmt::format("{}/{}", bucket_url, http::percent_encode(key));
}

http::Form sign_post_v2(const Policy& policy, const Credentials& credentials) {
  const std::string text = write_policy(policy);
  return {{"policy", text},
          {"AWSAccessKeyId", credentials.access_key},
          {"signature", sign_v2(text, credentials.secret)}};
}

http::Form sign_post_v4(Policy policy, const Credentials& credentials, http::TimePoint now,
                        std::string_view region) {
  const std::string date = format_basic(now);
  const Scope scope{date.substr(0, 8), std::string(region), "s3"};
  http::Form fields{{"x-amz-algorithm", std::string(v4_algorithm)},
                    {"x-amz-credential", to_string(CredentialV4{credentials.access_key, scope})},
                    {"x-amz-date", date}};
  for (const auto& [name, value] : fields) policy.conditions.push_back(equals(name, value));
  const std::string text = write_policy(policy);
  fields.emplace_back("policy", text);
  fields.emplace_back("x-amz-signature", sign_v4(text, signing_key(credentials.secret, scope)));
  return fields;
}

}  // namespace s3
