#include "objects/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "client/secret.hpp"
#include "objects/suites.hpp"
#include "protocol/digest.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/s3/documents.hpp"
#include "settings/choice.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

using transport::Request;
using transport::Response;

constexpr const char* key_flag = "access-key-env";
constexpr const char* secret_flag = "secret-key-env";
constexpr const char* region_flag = "region";
constexpr const char* version_flag = "signature-version";
constexpr const char* place_flag = "bucket-in";
constexpr const char* public_flag = "public-bucket";
constexpr const char* handed_flag = "handed-out";
constexpr std::chrono::seconds lifetime{900};
constexpr std::array<std::pair<std::string_view, Version>, 2> versions{
    {{"2", Version::v2}, {"4", Version::v4}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> places{
    {{"path", false}, {"host", true}}};

template <class Choices>
auto one_of(const Choices& choices) {
  return [&choices](const std::string& text) -> Result<std::string> {
    if (settings::value_named(choices, text)) return text;
    return settings::not_one_of(text, settings::names_in(choices));
  };
}

/// The name of a variable, or of a file that is opened when the target is made.
Result<std::string> read_name(const std::string& text) { return text; }

Result<std::string> read_region(const std::string& text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (std::ranges::all_of(text, good)) return text;
  return failure("", quote(text) + " is no region, as in us-east-1");
}

std::vector<OwnSetting> objects_settings() {
  return {
      {{{key_flag, "VAR", "Variable with the access key id of the object store"},
        read_name,
        /*refused_elsewhere=*/true}},
      {{{secret_flag, "VAR", "Variable with the secret of that access key"},
        read_name,
        /*refused_elsewhere=*/true}},
      {{{region_flag, "NAME", "Region that signatures of version 4 name [us-east-1]"},
        read_region,
        /*refused_elsewhere=*/true}},
      {{{version_flag, "V",
         "Version of the signature, 2 or 4, where a row leaves it open [the highest it takes]"},
        one_of(versions),
        /*refused_elsewhere=*/true}},
      {{{place_flag, "PLACE", "Where a URL names the bucket: path, host [path]"},
        one_of(places),
        /*refused_elsewhere=*/true}},
      {{{public_flag, "URL", "A bucket that anyone may write to"},
        read_address,
        /*refused_elsewhere=*/true},
       /*address=*/true},
      {{{handed_flag, "FILE.json",
         "A form or pre-signed URLs that a service handed out: "
         R"({"form": {"url": U, "fields": {...}}, "put_url": U, "get_url": U})"},
        read_name,
        /*refused_elsewhere=*/true}},
  };
}

Result<std::optional<s3::Credentials>> read_key(const TargetOptions& options) {
  const auto id = settings::given(options.own, key_flag);
  const auto secret = settings::given(options.own, secret_flag);
  if (id.has_value() != secret.has_value()) {
    return failure(fmt::format("--{}", key_flag),
                   fmt::format("goes together with --{}", secret_flag));
  }
  if (!id) return std::nullopt;
  auto read_id = client::secret_in(fmt::format("--{}", key_flag), *id);
  if (!read_id) return tl::unexpected(read_id.error());
  auto read_secret = client::secret_in(fmt::format("--{}", secret_flag), *secret);
  if (!read_secret) return tl::unexpected(read_secret.error());
  return s3::Credentials{*std::move(read_id), *std::move(read_secret)};
}

Result<HandedOut> read_handed_out(const TargetOptions& options) {
  const auto file = settings::given(options.own, handed_flag);
  if (!file) return HandedOut{};
  const auto text = json::detail::read_file(*file);
  if (!text) return tl::unexpected(text.error());
  return parse_handed_out(*text, *file);
}

bool has_any(const HandedOut& handed_out) {
  return handed_out.form || !handed_out.put_url.empty() || !handed_out.get_url.empty();
}

/// Whoever has these values can store objects, so they become secrets.
void hide(redact::Secrets secrets, const std::optional<s3::Credentials>& key,
          const HandedOut& handed_out) {
  if (key) {
    secrets.add(key->access_key);
    secrets.add(key->secret);
  }
  for (const auto& url : {handed_out.put_url, handed_out.get_url}) secrets.add_url(url);
  if (!handed_out.form) return;
  for (const char* name : {"policy", "signature", "x-amz-signature", "awsaccesskeyid",
                           "x-amz-credential", "x-amz-security-token"}) {
    for (const auto& [written, value] : handed_out.form->fields) {
      if (http::same_name(written, name)) secrets.add(value);
    }
  }
}

Result<std::unique_ptr<Target>> make(TargetOptions options) {
  auto key = read_key(options);
  if (!key) return tl::unexpected(key.error());
  auto handed_out = read_handed_out(options);
  if (!handed_out) return tl::unexpected(handed_out.error());
  if (!*key && !has_any(*handed_out)) {
    return failure("--system objects", "there is nothing to send files with",
                   fmt::format("give --{} and --{}, or --{} with what a service handed out",
                               key_flag, secret_flag, handed_flag));
  }
  hide(options.secrets, *key, *handed_out);
  return std::make_unique<ObjectsTarget>(std::move(options), *std::move(key),
                                         *std::move(handed_out));
}

std::string url_at(const json::Cursor& at, std::string_view name) {
  const auto found = at.find(name);
  if (!found) return {};
  if (!transport::parse_url(found->string())) found->fail("is no absolute URL");
  return found->string();
}

/// Services hand out numbers too, as in success_action_status: 201.
std::string field_text(const json::Cursor& at) {
  return at.is_number() ? std::to_string(at.unsigned_integer()) : at.string();
}

std::string code_of(const Response& response) {
  const auto body = s3::parse_error_body(response.body);
  return body ? fmt::format("{} {}", response.status, body->code) : std::to_string(response.status);
}

}  // namespace

Result<HandedOut> parse_handed_out(std::string_view text, const std::string& document) {
  const auto read = [](const json::Cursor& root) {
    root.only({"form", "put_url", "get_url"});
    HandedOut handed_out;
    handed_out.put_url = url_at(root, "put_url");
    handed_out.get_url = url_at(root, "get_url");
    if (const auto form = root.find("form")) {
      form->only({"url", "fields"});
      auto& into = handed_out.form.emplace();
      into.url = url_at(*form, "url");
      if (into.url.empty()) form->fail("has no url");
      for (const auto& [name, value] : form->at("fields").members()) {
        into.fields.emplace_back(name, field_text(value));
      }
    }
    return handed_out;
  };
  return json::decode(text, document, read, json::Content::secret);
}

ObjectsTarget::ObjectsTarget(TargetOptions options, std::optional<s3::Credentials> with,
                             HandedOut of_service)
    : key(std::move(with)),
      handed_out(std::move(of_service)),
      region(settings::given(options.own, region_flag).value_or(std::string(s3::default_region))),
      public_url(settings::given(options.own, public_flag).value_or("")),
      options_(std::move(options)) {
  url = options_.url;
  tls = options_.client.tls;
  while (public_url.ends_with('/')) public_url.pop_back();
  if (const auto name = settings::given(options_.own, version_flag)) {
    version = settings::value_named(versions, *name).value_or(Version::v4);
  }
}

TargetFacts ObjectsTarget::facts() const {
  TargetFacts facts;
  facts.url = url;
  facts.system = objects_system.name;
  const std::string name{settings::name_of(versions, version)};
  facts.title = key ? fmt::format("an object store (signature version {})", name)
                    : "an object store (what was handed out)";
  if (key) facts.settings = {{"signature_version", name}};
  facts.downloads = key.has_value() || !handed_out.get_url.empty();
  facts.authorization = needs_authorization;
  return facts;
}

/// It has no extensions.
bool ObjectsTarget::offers(std::string_view /*extension*/) const { return false; }

Result<TokenEndpoint> ObjectsTarget::token_endpoint() const {
  return failure(options_.url, "an object store issues no tokens for a user name and a password",
                 fmt::format("give an access key with --{} and --{}", key_flag, secret_flag));
}

std::vector<std::string> ObjectsTarget::addresses() const {
  std::vector<std::string> all{handed_out.put_url, handed_out.get_url, public_url};
  if (handed_out.form) all.push_back(handed_out.form->url);
  std::erase(all, "");
  return all;
}

std::string ObjectsTarget::object_url(const std::string& object) const {
  return url + '/' + s3::encode_path(object);
}

std::string ObjectsTarget::presigned(const std::string& method, const std::string& of) const {
  const auto parts = transport::parse_url(of);
  if (!key || !parts) return of;
  const http::Fields fields{{"Host", parts->authority}};
  const s3::Request request{method, parts->target, fields, host_bucket};
  const http::TimePoint now{std::chrono::system_clock::now()};
  return parts->origin() + (version == Version::v2
                                ? s3::presign_v2(request, *key, now + lifetime)
                                : s3::presign_v4(request, *key, now, lifetime, region));
}

std::optional<Request> ObjectsTarget::removal(const std::string& object) const {
  if (!key) return std::nullopt;
  Request request;
  request.method = "DELETE";
  request.url = presigned(request.method, object);
  return request;
}

// ---- discovery -------------------------------------------------------------------------------

Result<void> ObjectsTarget::settle() {
  const auto parts = transport::parse_url(options_.url);
  if (!parts) return tl::unexpected(parts.error());
  origin = parts->origin();
  std::string path{s3::path_of(parts->target)};
  while (path.ends_with('/')) path.pop_back();
  url = origin + path;
  if (!key) return {};
  const auto where = settings::given(options_.own, place_flag).value_or("path");
  if (settings::value_named(places, where).value_or(false)) {
    host_bucket = parts->host.substr(0, parts->host.find('.'));
    bucket = host_bucket;
  } else {
    bucket = path.substr(path.rfind('/') + 1);
    if (path.empty()) bucket.clear();
  }
  if (!bucket.empty()) return {};
  return failure(
      options_.url, "names no bucket",
      fmt::format("as in http://HOST/BUCKET (--{} host where the host names it)", place_flag));
}

/// Stores an object: only the answer tells whether a store takes signatures of this version.
Result<Response> ObjectsTarget::try_put(Prober& prober, Version with,
                                        const std::string& object) const {
  const auto parts = transport::parse_url(object);
  if (!parts) return tl::unexpected(parts.error());
  Request request;
  request.method = "PUT";
  request.url = object;
  request.body = "probe";
  const http::Fields fields{{"Host", parts->authority}};
  const s3::Request to_sign{request.method, parts->target, fields, host_bucket};
  const http::TimePoint now{std::chrono::system_clock::now()};
  request.headers = with == Version::v2
                        ? s3::authorize_v2(to_sign, *key, now)
                        : s3::authorize_v4(to_sign, *key, now, sha256_hex(*request.body), region);
  return prober.send(std::move(request), false);
}

Result<Discovered> ObjectsTarget::try_key(Prober& prober) {
  Discovered found;
  const auto object = object_url("dex-conformance-" + run_id());
  const auto by_v4 = try_put(prober, Version::v4, object);
  if (!by_v4) return tl::unexpected(by_v4.error());
  const auto by_v2 = try_put(prober, Version::v2, object);
  if (!by_v2) return tl::unexpected(by_v2.error());
  takes_v4 = by_v4->status / 100 == 2;
  takes_v2 = by_v2->status / 100 == 2;
  if (!takes_v2 && !takes_v4) {
    return failure(url, fmt::format("takes no object with this access key: {} by version 4 of the "
                                    "signature, {} by version 2",
                                    code_of(*by_v4), code_of(*by_v2)));
  }
  found.created.push_back(object);
  const bool asked_for = settings::given(options_.own, version_flag).has_value();
  if (!asked_for && !takes_v4) version = Version::v2;
  const bool takes = version == Version::v2 ? takes_v2 : takes_v4;
  if (!takes) {
    return failure(fmt::format("--{} {}", version_flag, settings::name_of(versions, version)),
                   "the store does not take such signatures");
  }
  if (!takes_v2) found.remarks.emplace_back("takes no signatures of version 2");
  if (!takes_v4) found.remarks.emplace_back("takes no signatures of version 4");
  return found;
}

Result<Discovered> ObjectsTarget::discover(Credentials& credentials) {
  if (auto ok = settle(); !ok) return tl::unexpected(ok.error());
  Prober prober(options_, credentials);
  Request bare;
  bare.method = "GET";
  bare.url = url + "/dex-conformance-probe";
  const auto answer = prober.send(std::move(bare), false);
  if (!answer) return tl::unexpected(answer.error());
  needs_authorization = refused(*answer);
  if (key) return try_key(prober);
  Discovered found;
  found.remarks.emplace_back("without an access key only what was handed out is judged");
  return found;
}

const System objects_system{
    .name = "objects",
    .origins = {"objects"},
    .known_servers = {},
    .extensions = {},
    .settings = objects_settings(),
    .checks = suites::objects_checks,
    .make_target = make,
};

}  // namespace conformance
