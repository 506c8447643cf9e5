#include "target/discover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/dex/endpoints.hpp"
#include "client/dex/manifest.hpp"
#include "client/endpoints.hpp"
#include "client/tus/creation_urls.hpp"
#include "protocol/tus/headers.hpp"
#include "target/failure_text.hpp"
#include "target/reach.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

using transport::Exchange;
using transport::Request;
using transport::Response;

/// One probe's connection to the target.
class Prober {
 public:
  Prober(const TargetOptions& options, Credentials& credentials)
      : client_(options.client), credentials_(credentials), deadline_(options.deadline) {}

  Result<Response> send(std::string method, std::string url, http::Fields headers,
                        std::optional<std::string> body, bool with_credentials) {
    Request request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.headers = std::move(headers);
    request.headers.add(std::string(tus::header::tus_resumable), std::string(tus::version));
    request.body = std::move(body);
    if (with_credentials) {
      auto authorization = credentials_.authorization(time_for_one());
      if (!authorization) return tl::unexpected(authorization.error());
      if (*authorization) request.headers.add("Authorization", **authorization);
    }
    request.timeout = time_for_one();
    const auto url_parts = transport::parse_url(request.url);
    const std::string who = url_parts ? url_parts->origin() : request.url;
    if (request.timeout <= Milliseconds{0}) {
      return failure(who, "has not answered when the time of the run was up (--run-timeout)");
    }
    Exchange seen = client_.send(request);
    if (!seen.response) {
      return failure(who, seen.failure ? failure_text(*seen.failure) : "no answer");
    }
    return std::move(*seen.response);
  }

  /// Of the run's time what one request may take.
  [[nodiscard]] Milliseconds time_for_one() const {
    const auto now = std::chrono::steady_clock::now();
    if (deadline_ <= now) return Milliseconds{0};
    return std::min<Milliseconds>(std::chrono::duration_cast<Milliseconds>(deadline_ - now),
                                  std::chrono::seconds{15});
  }

 private:
  transport::Client client_;
  Credentials& credentials_;
  std::chrono::steady_clock::time_point deadline_;
};

bool looks_like_tus(const Response& response) {
  return response.headers.has(tus::header::tus_version) ||
         response.headers.has(tus::header::tus_resumable);
}

bool refused(const Response& response) { return response.status == 401 || response.status == 403; }

Result<std::string> choose(Prober& prober, const TargetOptions& options, Response& answer,
                           std::vector<std::string>& remarks) {
  const auto candidates = candidate_urls(options.url);
  if (!candidates) return tl::unexpected(candidates.error());
  std::string seen;
  for (const std::string& url : *candidates) {
    auto response = prober.send("OPTIONS", url, {}, std::nullopt, false);
    if (!response) return tl::unexpected(response.error());
    if (refused(*response)) {
      response = prober.send("OPTIONS", url, {}, std::nullopt, true);
      if (!response) return tl::unexpected(response.error());
    }
    if (candidates->size() == 1 || looks_like_tus(*response)) {
      answer = std::move(*response);
      if (candidates->size() > 1) remarks.push_back("creation URL: " + url + " (found by probing)");
      return url;
    }
    seen += fmt::format("{}{} answered {}", seen.empty() ? "" : ", ", url, response->status);
  }
  return failure(options.url, "no tus server found: " + seen,
                 "give the creation URL, as in http://HOST/files");
}

std::string location_of(const Target& target, const Response& response) {
  const auto location = response.headers.find("Location");
  if (!location || location->empty()) return "";
  return client::locate(target.creation_url, *location).value_or("");
}

/// Makes one small upload, to see whether credentials are needed and whether it can be downloaded.
Result<void> try_creation(Prober& prober, const TargetOptions& options, Credentials& credentials,
                          Discovered& found) {
  Target& target = found.target;
  const std::string bytes = "probe";
  http::Fields headers{{std::string(tus::header::upload_length), std::to_string(bytes.size())}};
  if (!target.manifest.empty()) {
    headers.add(std::string(tus::header::upload_metadata),
                tus::format_metadata(dex::metadata_of(target.manifest)));
  }
  auto response = prober.send("POST", target.creation_url, headers, "", false);
  if (!response) return tl::unexpected(response.error());
  target.needs_authorization = refused(*response);
  if (target.needs_authorization) {
    if (!credentials.any()) {
      return failure(target.creation_url,
                     fmt::format("refuses a creation without credentials ({})", response->status),
                     "give --username-env and --password-env, or --token-env");
    }
    response = prober.send("POST", target.creation_url, headers, "", true);
    if (!response) return tl::unexpected(response.error());
    if (refused(*response)) {
      return failure(target.creation_url,
                     fmt::format("refuses these credentials ({})", response->status));
    }
  } else if (credentials.any()) {
    // Wrong credentials must not pass unnoticed because the target happens not to ask for them.
    if (auto ok = credentials.authorization(prober.time_for_one()); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  const std::string upload = location_of(target, *response);
  if (response->status != 201 || upload.empty()) {
    // Masked before it is cut: half a token is a secret as well.
    std::string body = options.secrets.mask(transport::redact(response->body)).substr(0, 300);
    for (char& c : body) c = c == '\n' || c == '\r' ? ' ' : c;
    found.remarks.push_back(fmt::format(
        "a correct creation was answered {}{}{}", response->status, body.empty() ? "" : ": " + body,
        target.system == System::dex ? " (is the manifest right? --manifest)" : ""));
    return {};
  }
  found.created.push_back(upload);
  if (reach_of(target, options.trusted, upload) != Reach::entrusted) {
    found.remarks.push_back("Location of a creation: " + why_not_sent(target, upload));
    return {};
  }
  http::Fields patch{{std::string(tus::header::upload_offset), "0"},
                     {"Content-Type", std::string(tus::offset_media_type)}};
  const auto patched = prober.send("PATCH", upload, patch, bytes, true);
  if (!patched || patched->status / 100 != 2) return {};
  const auto got = prober.send("GET", upload, {}, std::nullopt, true);
  target.downloads = got && got->status == 200 && got->body == bytes;
  return {};
}

}  // namespace

dex::Manifest default_manifest() {
  dex::Manifest manifest = dex::default_manifest("dex-harness");
  manifest[std::string(dex::field::received_filename)] = "dex-conformance.txt";
  return manifest;
}

Result<std::vector<std::string>> candidate_urls(const std::string& url) {
  const auto parts = transport::parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  auto shapes = tus::creation_urls_at(url);
  if (shapes.empty()) shapes.push_back(parts->origin() + parts->target);
  return shapes;
}

Result<Target> derive_urls(const TargetOptions& options, const std::string& creation_url) {
  const auto parts = transport::parse_url(creation_url);
  if (!parts) return tl::unexpected(parts.error());
  auto beside = dex::endpoints_of(creation_url);
  if (!beside) return tl::unexpected(beside.error());
  Target target;
  target.system = options.system;
  target.contract = options.contract;
  target.creation_url = creation_url;
  target.origin = parts->origin();
  target.tls = options.client.tls;
  target.info_url = std::move(beside->info);
  target.health_url = std::move(beside->health);
  target.version_url = std::move(beside->version);
  target.metrics_url = std::move(beside->metrics);
  target.root_url = std::move(beside->root);
  if (options.system == System::dex) {
    target.oauth_url = std::move(beside->oauth);
    target.manifest = options.manifest;
    target.manifest["dex_harness_run"] = options.run_id;
  }
  if (!options.info_url.empty()) target.info_url = options.info_url;
  if (!options.health_url.empty()) target.health_url = options.health_url;
  if (!options.oauth_url.empty()) target.oauth_url = options.oauth_url;
  return target;
}

Result<Discovered> discover(const TargetOptions& options, Credentials& credentials) {
  Prober prober(options, credentials);
  Discovered found;
  Response answer;
  const auto url = choose(prober, options, answer, found.remarks);
  if (!url) return tl::unexpected(url.error());
  auto target = derive_urls(options, *url);
  if (!target) return tl::unexpected(target.error());
  found.target = std::move(*target);
  if (auto discovery = tus::parse_discovery(answer.headers)) {
    found.target.discovery = std::move(*discovery);
  } else {
    found.remarks.push_back("OPTIONS cannot be understood: " + discovery.error().line());
  }
  if (auto ok = try_creation(prober, options, credentials, found); !ok)
    return tl::unexpected(ok.error());
  if (options.oauth_url.empty() && !found.target.oauth_url.empty()) {
    // The upload server itself has no token endpoint (census section 8, row 12).
    const auto described = prober.send("GET", found.target.oauth_url, {}, std::nullopt, true);
    if (!described || described->status == 404) found.target.oauth_url.clear();
  }
  return found;
}

}  // namespace conformance
