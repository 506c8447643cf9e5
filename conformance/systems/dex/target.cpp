#include "dex/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "client/dex/endpoints.hpp"
#include "client/dex/manifest.hpp"
#include "client/endpoints.hpp"
#include "dex/onboarding.hpp"
#include "dex/suites.hpp"
#include "dex/vocabulary.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/tus/headers.hpp"
#include "run/context.hpp"
#include "settings/choice.hpp"

namespace conformance {
namespace {

constexpr const char* contract_flag = "contract";
constexpr const char* info_flag = "info-url";
constexpr const char* health_flag = "health-url";
constexpr const char* manifest_flag = "manifest";
constexpr std::array<std::pair<std::string_view, Contract>, 2> contracts{
    {{"server", Contract::server}, {"guide", Contract::guide}}};

Result<std::string> read_contract(const std::string& text) {
  if (settings::value_named(contracts, text)) return text;
  return settings::not_one_of(text, settings::names_in(contracts));
}

/// The file is opened when the target is made.
Result<std::string> read_name(const std::string& file) { return file; }

std::vector<OwnSetting> dex_settings() {
  std::vector<OwnSetting> all{
      {{{contract_flag, "C",
         "Where a system's public guide and its service differ, judge by what the one or the "
         "other says: server, guide [server]"},
        read_contract}},
      {{{info_flag, "URL", "Instead of the derived /info"}, read_address}, /*address=*/true},
      {{{health_flag, "URL", "Instead of the derived /health"}, read_address}, /*address=*/true},
      {{{manifest_flag, "FILE", "Metadata of every upload, a JSON object of strings"},
        read_name,
        /*refused_elsewhere=*/true}},
  };
  for (OwnSetting& of_tus : tus_settings()) all.push_back(std::move(of_tus));
  return all;
}

Result<std::unique_ptr<Target>> make(TargetOptions options) {
  dex::Manifest manifest = default_manifest();
  if (const auto file = settings::given(options.own, manifest_flag)) {
    const auto text = json::detail::read_file(*file);
    if (!text) return tl::unexpected(text.error());
    auto given = dex::parse_manifest_json(*text, *file);
    if (!given) return tl::unexpected(given.error());
    manifest = std::move(*given);
  }
  return std::make_unique<DexTarget>(std::move(options), std::move(manifest));
}

}  // namespace

dex::Manifest default_manifest() {
  dex::Manifest manifest = dex::default_manifest("dex-harness");
  manifest[std::string(dex::field::received_filename)] = "dex-conformance.txt";
  return manifest;
}

DexTarget::DexTarget(TargetOptions options, dex::Manifest with)
    : TusTarget(std::move(options)), manifest(std::move(with)) {
  if (const auto name = settings::given(this->options().own, contract_flag)) {
    contract = settings::value_named(contracts, *name).value_or(Contract::server);
  }
  for (const auto& [key, value] : given_metadata(this->options())) manifest[key] = value;
  manifest["dex_harness_run"] = this->options().run_id;
  metadata = dex::metadata_of(manifest);
}

TargetFacts DexTarget::facts() const {
  TargetFacts facts = TusTarget::facts();
  facts.system = dex_system.name;
  facts.title = fmt::format("DEX (contract {})", settings::name_of(contracts, contract));
  return facts;
}

std::vector<std::string> DexTarget::addresses() const {
  return {info_url, health_url, version_url, metrics_url, root_url};
}

std::vector<const Foundation*> DexTarget::foundations() const {
  auto all = TusTarget::foundations();
  all.push_back(&foundation::info);
  return all;
}

std::optional<Step> DexTarget::step_of(const transport::Exchange& seen) const {
  const bool of_info = seen.sent.method == "GET" && seen.sent.url.starts_with(info_url + "/");
  if (of_info) return Step{&foundation::info, lacks_success(seen)};
  return TusTarget::step_of(seen);
}

std::optional<Trial> DexTarget::tried(const Foundation& foundation, Prober& prober,
                                      std::vector<std::string>& created) const {
  if (&foundation == &foundation::info) return tried_info(prober, created);
  auto trial = TusTarget::tried(foundation, prober, created);
  if (trial && trial->broken() && &foundation == &foundation::creation &&
      settings::given(options().own, manifest_flag)) {
    trial->remedy = "mend the manifest of --manifest";
  }
  return trial;
}

/// Asks for a complete upload, which /info shows by either contract.
std::optional<Trial> DexTarget::tried_info(Prober& prober,
                                           std::vector<std::string>& created) const {
  const auto before = created.size();
  const auto patched = TusTarget::tried(foundation::patch, prober, created);
  if (!patched || patched->any_failed() || created.size() == before) return std::nullopt;
  const std::string id = client::last_segment(created[before]);
  Trial trial;
  trial.foundation = &foundation::info;
  for (const bool again : {false, true}) {
    transport::Request request;
    request.method = "GET";
    request.url = info_url + "/" + id;
    request.fresh_connection = again;
    const auto seen = prober.exchange(std::move(request), true);
    Step step{&foundation::info, lacks_success(seen)};
    trial.tries.push_back({again ? "once more, on a connection of its own" : "of a complete upload",
                           step.lacks, transport::transcript(seen) + "\n"});
    if (step.lacks.empty()) break;
    trial.met.push_back(std::move(step));
  }
  return trial;
}

std::optional<Error> DexTarget::objection_to(const transport::Response& refusal,
                                             const Trial& trial) const {
  const bool of_user =
      settings::given(options().own, manifest_flag) || !given_metadata(options()).empty();
  const bool of_manifest = refusal.status == 400 || refusal.status == 422;
  if (of_user || !of_manifest || !trial.broken()) return std::nullopt;
  return Error{url, "refuses the manifest that is built in",
               "give that of your data stream with --manifest FILE.json, a JSON object of strings"};
}

Result<void> DexTarget::settle(const std::string& creation_url) {
  if (auto ok = TusTarget::settle(creation_url); !ok) return ok;
  auto beside = dex::endpoints_of(creation_url);
  if (!beside) return tl::unexpected(beside.error());
  info_url = settings::given(options().own, info_flag).value_or(std::move(beside->info));
  health_url = settings::given(options().own, health_flag).value_or(std::move(beside->health));
  oauth_url = options().oauth_url;
  if (oauth_url.empty()) oauth_url = std::move(beside->oauth);
  version_url = std::move(beside->version);
  metrics_url = std::move(beside->metrics);
  root_url = std::move(beside->root);
  return {};
}

/// Only a gateway has a token endpoint (libs/client/dex/endpoints.hpp), the server itself has none.
void DexTarget::look_around(Prober& prober) {
  if (!options().oauth_url.empty() || oauth_url.empty()) return;
  transport::Request request;
  request.method = "GET";
  request.url = oauth_url;
  request.headers.add(std::string(tus::header::tus_resumable), std::string(tus::version));
  const auto described = prober.send(std::move(request), true);
  if (!described || described->status == 404) oauth_url.clear();
}

/// Deliveries, as /info shows them in either contract's words.
TusTarget::Processing DexTarget::processing_of(Context& c, const std::string& upload) const {
  const auto entries = suites::entries_of(suites::see_info(c, upload));
  return {entries.size(), std::any_of(entries.begin(), entries.end(), suites::delivered)};
}

namespace {

/// By its /health, which needs no token.
std::optional<std::string> recognises(Prober& prober, const std::string& url) {
  const auto candidates = candidate_urls(url);
  if (!candidates) return std::nullopt;
  for (const std::string& candidate : *candidates) {
    const auto beside = dex::endpoints_of(candidate);
    if (!beside) continue;
    transport::Request request;
    request.method = "GET";
    request.url = beside->health;
    const auto seen = prober.exchange(std::move(request), false);
    if (!seen.response) continue;
    const auto health = nlohmann::json::parse(seen.response->body, nullptr, false);
    if (!health.is_object() || !health.contains("status") || !health.contains("services")) continue;
    const auto& services = health.at("services");
    const bool ours = services.is_array() &&
                      std::any_of(services.begin(), services.end(), [](const auto& service) {
                        return service.is_object() && service.contains("service") &&
                               service.contains("health_issue");
                      });
    if (ours) return beside->health + " is that of a DEX server";
  }
  return std::nullopt;
}

}  // namespace

const System dex_system{
    .name = "dex",
    .origins = {"tus", "http",
                "dex"},  // nothing of the IETF draft, which DEX leaves switched off (DEX-TUS-007)
    .known_servers = {{"dex", "DEX 2.8"}},
    .extensions = tus_extensions(),
    .settings = dex_settings(),
    .checks = suites::dex_checks,
    .recognises = recognises,
    .make_target = make,
    .make_journey = dex_journey,
};

}  // namespace conformance
