#include "tus/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "client/dex/endpoints.hpp"
#include "client/endpoints.hpp"
#include "client/token.hpp"
#include "client/tus/creation_urls.hpp"
#include "protocol/tus/draft.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "target/reach.hpp"
#include "transport/url.hpp"
#include "tus/request.hpp"
#include "tus/suites.hpp"

namespace conformance {
namespace {

using transport::Request;
using transport::Response;

constexpr const char* delivered_flag = "delivered-dir";
constexpr const char* metadata_flag = "metadata";
constexpr const char* draft_flag = "draft-version";
constexpr const char* upload_flag = "upload-url";
constexpr const char* anothers = "uploads are another API's (--upload-url): none is created here";
constexpr std::size_t first_probe = 64;  ///< bytes; the second upload has half as many

std::size_t uploads_given(const settings::OwnSettings& own) {
  const auto urls = own.find(upload_flag);
  return urls == own.end() ? 0 : urls->second.size();
}

Result<std::string> read_folder(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored)) return name;
  return failure("", quote(name) + " is not a folder");
}

Result<std::string> read_pair(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && tus::is_metadata_key(text.substr(0, equals))) return text;
  return failure("", quote(text) + " is not KEY=VALUE", "as in filename=report.csv");
}

Result<std::string> read_interop_versions(const std::string& text) {
  for (const auto one : http::split_list(text)) {
    if (!tus::draft::parse_interop(one)) {
      return failure("", quote(one) + " is no interop version of the IETF draft",
                     "as in 6 or 6,8; one whose text was not read is observed, not judged");
    }
  }
  if (!text.empty()) return text;
  return failure("", "names no interop version of the IETF draft");
}

/// Whether the extension is about making uploads.
bool is_about_creation(std::string_view extension) {
  return extension.starts_with(tus::extension::creation) ||
         extension.starts_with(tus::extension::concatenation);
}

bool looks_like_tus(const Response& response) {
  return response.headers.has(tus::header::tus_version) ||
         response.headers.has(tus::header::tus_resumable);
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// What was sent to an upload, and what GET of it gave.
struct Echo {
  std::string sent;
  std::string got;
};

/// Whether three quarters of the bytes sent came back, in their order.
bool resembles(const Echo& echo) {
  // The longest common subsequence; of a long page only the beginning is looked at.
  const std::string_view got = std::string_view(echo.got).substr(0, 8 * echo.sent.size());
  std::vector<std::size_t> row(got.size() + 1);
  for (const char byte : echo.sent) {
    std::size_t diagonal = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const std::size_t above = row[i + 1];
      row[i + 1] = got[i] == byte ? diagonal + 1 : std::max(above, row[i]);
      diagonal = above;
    }
  }
  return 4 * row.back() >= 3 * echo.sent.size();
}

/// Whether these are bytes of two uploads, right or wrong ones, and not pages about them.
bool give_bytes(const Echo& a, const Echo& b) {
  const auto as_long = [](const Echo& echo) { return echo.got.size() == echo.sent.size(); };
  return (as_long(a) && as_long(b) && a.got != b.got) || (resembles(a) && resembles(b));
}

Result<std::unique_ptr<Target>> make(TargetOptions options) {
  return std::make_unique<TusTarget>(std::move(options));
}

}  // namespace

TusTarget::TusTarget(TargetOptions options)
    : delivered_dir(settings::given(options.own, delivered_flag).value_or("")),
      options_(std::move(options)) {
  url = options_.url;
  tls = options_.client.tls;
  for (const auto& [key, value] : given_metadata(options_)) metadata.set(key, value);
}

// ---- what is known ---------------------------------------------------------------------------

TargetFacts TusTarget::facts() const {
  TargetFacts facts;
  facts.url = url;
  facts.system = tus_system.name;
  facts.title = "tus";
  // In the report of every target since 0.1.0.
  facts.settings = {{"contract", settings::given(options_.own, "contract").value_or("server")}};
  // The checks of the draft read their versions from here.
  if (auto given = settings::given(options_.own, draft_flag)) {
    facts.settings.emplace_back("draft_versions", std::move(*given));
  }
  facts.extensions = {discovery.extensions.begin(), discovery.extensions.end()};
  facts.downloads = downloads;
  facts.deliveries = !delivered_dir.empty();
  facts.authorization = needs_authorization;
  return facts;
}

bool TusTarget::offers(std::string_view extension) const {
  if (!takes_given()) return discovery.offers(extension);
  // Checks that need an upload get a given one; only those that create one find that withheld.
  if (extension == tus::extension::creation) return true;
  return discovery.offers(extension) && !is_about_creation(extension);
}

std::string TusTarget::why_not_offered(std::string_view extension) const {
  return takes_given() && is_about_creation(extension) ? anothers
                                                       : Target::why_not_offered(extension);
}

std::string TusTarget::withheld(const Request& request) const {
  if (!takes_given() || request.method != "POST") return {};
  std::string_view to = request.url;
  to = to.substr(0, to.find('?'));
  while (to.ends_with('/') && !url.ends_with('/')) to.remove_suffix(1);
  return to == std::string_view(url).substr(0, url.find('?')) ? anothers : "";
}

bool TusTarget::takes_given() const { return uploads_given(options_.own) > 0; }

std::optional<std::string> TusTarget::given_upload(Bytes length) const {
  return given_->take(length);
}

std::string TusTarget::anonymous_address() const { return options_.oauth_url; }

std::optional<Request> TusTarget::removal(const std::string& upload) const {
  if (!discovery.offers(tus::extension::termination)) return std::nullopt;
  return tus_request("DELETE", upload);
}

TusTarget::Processing TusTarget::processing_of(Context& /*c*/,
                                               const std::string& /*upload*/) const {
  return {};
}

/// Where the gateway of DEX has it, as no text says where a tus server would.
Result<TokenEndpoint> TusTarget::token_endpoint() const {
  const auto candidates = candidate_urls(options_.url);
  if (!candidates) return tl::unexpected(candidates.error());
  std::string endpoint = options_.oauth_url;
  if (endpoint.empty()) {
    auto beside = dex::endpoints_of(candidates->front());
    if (!beside) return tl::unexpected(beside.error());
    endpoint = std::move(beside->oauth);
  }
  return TokenEndpoint{endpoint, client::refresh_url_of(endpoint)};
}

// ---- discovery -------------------------------------------------------------------------------

Result<void> TusTarget::settle(const std::string& creation_url) {
  const auto parts = transport::parse_url(creation_url);
  if (!parts) return tl::unexpected(parts.error());
  url = creation_url;
  origin = parts->origin();
  return {};
}

std::vector<std::pair<std::string, std::string>> given_metadata(const TargetOptions& options) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto given = options.own.find(metadata_flag);
  if (given == options.own.end()) return pairs;
  for (const std::string& text : given->second) {
    const std::size_t equals = text.find('=');
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

Result<Discovered> TusTarget::discover(Credentials& credentials) {
  Prober prober(options_, credentials);
  Discovered found;
  Response answer;
  const auto chosen = choose(prober, answer, found.remarks);
  if (!chosen) return tl::unexpected(chosen.error());
  if (auto ok = settle(*chosen); !ok) return tl::unexpected(ok.error());
  read_discovery(answer.headers, found);
  const auto tried = takes_given() ? look_at_given(prober, found)
                                   : try_creation(prober, credentials, answer, found);
  if (!tried) return tl::unexpected(tried.error());
  look_around(prober);
  if (auto waited = prober.waited(); !waited.empty()) found.remarks.push_back(std::move(waited));
  return found;
}

/// Field by field, so that a wrong one does not void the others.
void TusTarget::read_discovery(const http::Fields& fields, Discovered& found) {
  http::Fields sound;
  for (const auto name : {tus::header::tus_version, tus::header::tus_extension,
                          tus::header::tus_checksum_algorithm, tus::header::tus_max_size}) {
    http::Fields more = sound;
    for (const auto& value : fields.all(name)) more.add(std::string(name), std::string(value));
    if (auto told = tus::parse_discovery(more)) {
      discovery = std::move(*told);
      sound = std::move(more);
    } else {
      found.remarks.push_back("OPTIONS cannot be understood: " + told.error().line());
    }
  }
}

TusTrials TusTarget::trials() const {
  return {url, metadata, [this](const std::string& upload) {
            return reach_of(*this, options_.trusted, upload) == Reach::entrusted;
          }};
}

std::vector<const Foundation*> TusTarget::foundations() const {
  return {&foundation::login, &foundation::creation, &foundation::location,
          &foundation::head,  &foundation::patch,    &foundation::options};
}

std::optional<Step> TusTarget::step_of(const transport::Exchange& seen) const {
  return tus_step_of(url, seen);
}

std::optional<Trial> TusTarget::tried(const Foundation& foundation, Prober& prober,
                                      std::vector<std::string>& created) const {
  if (takes_given()) return std::nullopt;  // each of them begins with a creation
  return try_tus(trials(), foundation, prober, created);
}

std::optional<Error> TusTarget::objection_to(const Response& /*refusal*/,
                                             const Trial& trial) const {
  if (trial.remedy != wants_metadata) return std::nullopt;
  return Error{url, "takes no upload without metadata", std::string(wants_metadata)};
}

Result<std::string> TusTarget::choose(Prober& prober, Response& answer,
                                      std::vector<std::string>& remarks) const {
  const auto candidates = candidate_urls(options_.url);
  if (!candidates) return tl::unexpected(candidates.error());
  std::string seen;
  for (const std::string& candidate : *candidates) {
    auto response = prober.send(tus_request("OPTIONS", candidate), false);
    if (!response) return tl::unexpected(response.error());
    if (refused(*response)) {
      response = prober.send(tus_request("OPTIONS", candidate), true);
      if (!response) return tl::unexpected(response.error());
    }
    if (candidates->size() == 1 || looks_like_tus(*response)) {
      answer = std::move(*response);
      if (candidates->size() > 1) {
        remarks.push_back("creation URL: " + candidate + " (found by probing)");
      }
      return candidate;
    }
    seen += fmt::format("{}{} answered {}", seen.empty() ? "" : ", ", candidate, response->status);
  }
  return failure(options_.url, "no tus server found: " + seen,
                 "give the creation URL, as in http://HOST/files");
}

Request TusTarget::creation_of(std::size_t length) const {
  http::Fields headers{{std::string(tus::header::upload_length), std::to_string(length)}};
  if (!metadata.empty()) {
    headers.add(std::string(tus::header::upload_metadata), tus::format_metadata(metadata));
  }
  return tus_request("POST", url, std::move(headers), "");
}

/// Makes one small upload, to see whether credentials are needed and whether it can be downloaded.
Result<void> TusTarget::try_creation(Prober& prober, Credentials& credentials,
                                     const Response& options, Discovered& found) {
  const std::uint64_t most = discovery.max_size ? discovery.max_size->value : first_probe;
  const std::string bytes = noise(std::min<std::uint64_t>(first_probe, most));
  auto response = prober.send(creation_of(bytes.size()), false);
  if (!response) return tl::unexpected(response.error());
  needs_authorization = refused(*response);
  if (needs_authorization) {
    if (!credentials.any()) {
      return failure(url,
                     fmt::format("refuses a creation without credentials ({})", response->status),
                     "give --username-env and --password-env, or --token-env");
    }
    response = prober.send(creation_of(bytes.size()), true);
    if (!response) return tl::unexpected(response.error());
    if (refused(*response)) {
      return failure(url, fmt::format("refuses these credentials ({})", response->status));
    }
  } else if (credentials.any()) {
    // Wrong credentials must not pass unnoticed because the target happens not to ask for them.
    if (auto ok = credentials.token(prober.time_for_one()); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  auto upload = created_by(*response, found);
  if (!upload) {
    if (auto ok = look_into_refusal(prober, options, *response, found); !ok) return ok;
    if (found.trials.empty() || !found.trials.back().any_held()) return {};
    // Refused once, taken once: that is reported, and the rest can still be discovered.
    response = prober.send(creation_of(bytes.size()), true);
    if (response) upload = created_by(*response, found);
    if (!upload) return {};
  }
  if (reach_of(*this, options_.trusted, *upload) != Reach::entrusted) {
    found.remarks.push_back("Location of a creation: " + why_not_sent(*this, *upload));
    return {};
  }
  look_for_downloads(prober, *upload, bytes, found);
  return {};
}

/// Downloads are not probed, as that would use up an upload.
Result<void> TusTarget::look_at_given(Prober& prober, Discovered& found) {
  std::map<std::uint64_t, std::size_t> of_length;
  for (const std::string& upload : options_.own.at(upload_flag)) {
    const auto head = prober.admit(tus_request("HEAD", upload), upload,
                                   "give --username-env and --password-env, or --token-env");
    if (!head) return tl::unexpected(head.error());
    needs_authorization = needs_authorization || head->needs_authorization;
    const Response& answer = head->answer;
    const auto offset = answer.headers.find(tus::header::upload_offset);
    const auto length = answer.headers.find(tus::header::upload_length);
    const Result<Bytes> bytes = tus::parse_length(length.value_or(""));
    if (answer.status / 100 != 2 || offset != "0" || !bytes) {
      return failure(
          "--upload-url",
          fmt::format("{} is no upload at its beginning: HEAD is answered {}, "
                      "Upload-Offset {}, Upload-Length {}",
                      redact::shown_url(upload), answer.status, offset ? quote(*offset) : "missing",
                      length ? quote(*length) : "missing"),
          "give uploads that nothing was sent to");
    }
    given_->add(upload, *bytes);
    ++of_length[bytes->value];
  }
  std::string lengths;
  for (const auto& [length, count] : of_length) {
    lengths += fmt::format("{}{} of {} bytes", lengths.empty() ? "" : ", ", count, length);
  }
  found.remarks.push_back(fmt::format(
      "uploads that another API made: {}; each is used by one check and not cleaned up", lengths));
  return {};
}

Result<void> TusTarget::look_into_refusal(Prober& prober, const Response& options,
                                          const Response& refusal, Discovered& found) {
  if (!looks_like_tus(options) && !looks_like_tus(refusal)) {
    return failure(options_.url,
                   fmt::format("no tus server found: OPTIONS is answered {} and a creation {}, "
                               "neither with Tus-Version or Tus-Resumable",
                               options.status, refusal.status),
                   "give the creation URL, as in http://HOST/files");
  }
  // Masked before it is cut: half a token is a secret as well.
  std::string body = options_.secrets.mask(transport::redact(refusal.body)).substr(0, 300);
  for (char& c : body) c = c == '\n' || c == '\r' ? ' ' : c;
  auto trial = tried(foundation::creation, prober, found.created);
  if (!trial) return {};
  if (trial->any_held()) {
    trial->tries.insert(trial->tries.begin(),
                        {"at first", std::to_string(refusal.status), std::string()});
  }
  found.objection = objection_to(refusal, *trial);
  if (!found.objection) {
    found.remarks.push_back(fmt::format("a correct creation was answered {}{}{}", refusal.status,
                                        body.empty() ? "" : ": " + body, creation_hint()));
  } else if (!body.empty()) {
    found.objection->what += fmt::format(" ({}: {})", refusal.status, body);
  }
  found.trials.push_back(std::move(*trial));
  return {};
}

std::optional<std::string> TusTarget::created_by(const Response& response,
                                                 Discovered& found) const {
  const auto location = response.headers.find("Location");
  if (response.status != 201 || !location || location->empty()) return std::nullopt;
  auto upload = client::locate(url, *location);
  if (!upload || upload->empty()) return std::nullopt;
  found.created.push_back(*upload);
  return std::move(*upload);
}

std::optional<std::string> TusTarget::sent_and_got(Prober& prober, const std::string& upload,
                                                   const std::string& bytes) {
  const http::Fields patch{{std::string(tus::header::upload_offset), "0"},
                           {"Content-Type", std::string(tus::offset_media_type)}};
  auto patched = prober.send(tus_request("PATCH", upload, patch, bytes), true);
  // A 409 that passes must not let the target seem to have no downloads.
  if (patched && patched->status == 409) {
    patched = prober.send(tus_request("PATCH", upload, patch, bytes), true);
  }
  if (!patched || patched->status / 100 != 2) return std::nullopt;
  auto got = prober.send(tus_request("GET", upload), true);
  if (!got || got->status / 100 != 2) return std::nullopt;
  return std::move(got->body);
}

/// Looks at two uploads. With one, a server that damages every byte would pass for one without
/// downloads, and one that answers every GET with a page for one that has them.
void TusTarget::look_for_downloads(Prober& prober, const std::string& upload,
                                   const std::string& bytes, Discovered& found) {
  const auto got = sent_and_got(prober, upload, bytes);
  if (!got) return;
  const Echo first{bytes, *got};
  const std::string others = noise(bytes.size() / 2);
  const auto response = prober.send(creation_of(others.size()), true);
  const auto another = response ? created_by(*response, found) : std::nullopt;
  if (!another || reach_of(*this, options_.trusted, *another) != Reach::entrusted) return;
  const auto got_of_it = sent_and_got(prober, *another, others);
  downloads = got_of_it && give_bytes(first, {others, *got_of_it});
  if (!downloads) {
    found.remarks.push_back(fmt::format(
        "GET of uploads of {} and {} bytes gives {} and {}: not taken as their bytes", bytes.size(),
        others.size(), got->size(), got_of_it ? std::to_string(got_of_it->size()) : "nothing"));
  }
}

Result<std::vector<std::string>> candidate_urls(const std::string& url) {
  const auto parts = transport::parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  auto shapes = tus::creation_urls_at(url);
  if (shapes.empty()) shapes.push_back(parts->origin() + parts->target);
  return shapes;
}

std::vector<OwnSetting> tus_settings() {
  return {
      {{{delivered_flag, "DIR", "Where the target's deliveries can be read"}, read_folder}},
      {{{metadata_flag, "K=V", "Metadata that every upload carries; repeatable", "", "",
         settings::Times::often},
        read_pair,
        /*refused_elsewhere=*/true}},
      {{{draft_flag, "N[,N]", "Interop versions of the IETF draft to judge, all by default"},
        read_interop_versions}},
  };
}

namespace {

/// --upload-url is for tus alone: systems on tus know more of their uploads than a URL.
std::vector<OwnSetting> own_settings() {
  auto all = tus_settings();
  all.push_back({{{upload_flag, "URL",
                   "An upload of 10 bytes, at offset 0, that another API made: checks take those "
                   "and create none; repeatable",
                   "", "", settings::Times::often},
                  read_address,
                  /*refused_elsewhere=*/true},
                 /*address=*/true});
  return all;
}

}  // namespace

std::vector<std::string_view> tus_extensions() {
  return {tus::extension::creation,
          tus::extension::creation_with_upload,
          tus::extension::creation_defer_length,
          tus::extension::termination,
          tus::extension::concatenation,
          tus::extension::concatenation_unfinished,
          tus::extension::expiration,
          tus::extension::checksum,
          tus::extension::checksum_trailer};
}

const System tus_system{
    .name = "tus",
    .origins = {"tus", "http", "ietf"},
    .known_servers = {{"tusd", "tusd 2.4 / 2.10"}, {"tus_node", "@tus/server 2.4.5"}},
    .extensions = tus_extensions(),
    .settings = own_settings(),
    .checks = suites::tus_checks,
    .make_target = make,
    .uploads_given = uploads_given,
};

}  // namespace conformance
