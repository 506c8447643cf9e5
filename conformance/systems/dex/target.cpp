#include "dex/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client/dex/endpoints.hpp"
#include "client/dex/manifest.hpp"
#include "client/endpoints.hpp"
#include "dex/suites.hpp"
#include "protocol/dex/info.hpp"
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

/// It is opened when the target is made.
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
  // What --metadata gives goes before what the manifest has.
  for (const tus::MetadataPair& given : metadata.pairs()) manifest[given.key] = given.value;
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

Result<void> DexTarget::settle(const std::string& creation_url) {
  if (auto ok = TusTarget::settle(creation_url); !ok) return ok;
  auto beside = dex::endpoints_of(creation_url);
  if (!beside) return tl::unexpected(beside.error());
  info_url = settings::given(options().own, info_flag).value_or(std::move(beside->info));
  health_url = settings::given(options().own, health_flag).value_or(std::move(beside->health));
  oauth_url = options().oauth_url.empty() ? std::move(beside->oauth) : options().oauth_url;
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
    .settings = dex_settings(),
    .checks = suites::dex_checks,
    .make_target = make,
};

}  // namespace conformance
