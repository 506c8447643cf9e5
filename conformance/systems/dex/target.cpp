#include "dex/target.hpp"

#include <algorithm>

#include "client/dex/endpoints.hpp"
#include "client/dex/manifest.hpp"
#include "client/endpoints.hpp"
#include "dex/suites.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/tus/headers.hpp"
#include "run/context.hpp"

namespace conformance {
namespace {

Result<std::unique_ptr<Target>> make(TargetOptions options) {
  dex::Manifest manifest = default_manifest();
  if (!options.manifest_file.empty()) {
    const auto text = json::detail::read_file(options.manifest_file);
    if (!text) return tl::unexpected(text.error());
    auto given = dex::parse_manifest_json(*text, options.manifest_file);
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
  contract = this->options().contract == "guide" ? Contract::guide : Contract::server;
  manifest["dex_harness_run"] = this->options().run_id;
  metadata = dex::metadata_of(manifest);
}

TargetFacts DexTarget::facts() const {
  TargetFacts facts = TusTarget::facts();
  facts.system = dex_system.name;
  facts.title = "DEX (contract " + options().contract + ")";
  return facts;
}

std::vector<std::string> DexTarget::addresses() const {
  return {info_url, health_url, version_url, metrics_url, root_url};
}

Result<void> DexTarget::settle(const std::string& creation_url) {
  if (auto ok = TusTarget::settle(creation_url); !ok) return ok;
  auto beside = dex::endpoints_of(creation_url);
  if (!beside) return tl::unexpected(beside.error());
  const auto given_or = [](const std::string& given, std::string& derived) {
    return given.empty() ? std::move(derived) : given;
  };
  info_url = given_or(options().info_url, beside->info);
  health_url = given_or(options().health_url, beside->health);
  oauth_url = given_or(options().oauth_url, beside->oauth);
  version_url = std::move(beside->version);
  metrics_url = std::move(beside->metrics);
  root_url = std::move(beside->root);
  return {};
}

/// The upload server itself has no token endpoint (census section 8, row 12).
void DexTarget::look_around(Prober& prober) {
  if (!options().oauth_url.empty() || oauth_url.empty()) return;
  transport::Request request;
  request.method = "GET";
  request.url = oauth_url;
  request.headers.add(std::string(tus::header::tus_resumable), std::string(tus::version));
  const auto described = prober.send(std::move(request), true);
  if (!described || described->status == 404) oauth_url.clear();
}

/// Deliveries, as /info tells them.
TusTarget::Processing DexTarget::processing_of(Context& c, const std::string& upload) const {
  const auto info = dex::parse_info(c.get(info_url + "/" + client::last_segment(upload)).body);
  if (!info || !info->deliveries) return {};
  const auto succeeded = [](const dex::Delivery& delivery) {
    return delivery.status == dex::delivery_state::success;
  };
  return {info->deliveries->size(),
          std::any_of(info->deliveries->begin(), info->deliveries->end(), succeeded)};
}

const System dex_system{
    .name = "dex",
    .origins = {"tus", "http",
                "dex"},  // of the IETF draft nothing: DEX leaves it off (DEX-TUS-007)
    .known_servers = {{"dex", "DEX 2.8"}},
    .extensions = tus_extensions(),
    .takes_manifest = true,
    .checks = suites::dex_checks,
    .make_target = make,
};

}  // namespace conformance
