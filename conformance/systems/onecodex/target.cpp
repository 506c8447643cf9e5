#include "onecodex/target.hpp"

#include <fmt/format.h>

#include <array>

#include "client/secret.hpp"
#include "onecodex/onboarding.hpp"
#include "onecodex/suites.hpp"
#include "settings/choice.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

using onecodex::Contract;
using transport::Request;

constexpr const char* contract_flag = "contract";
constexpr const char* other_key_flag = "other-token-env";
constexpr std::string_view api_path = "/api/v1";
constexpr std::array<std::pair<std::string_view, Contract>, 2> contracts{
    {{"server", Contract::server}, {"guide", Contract::guide}}};

Result<std::string> read_contract(const std::string& text) {
  if (settings::value_named(contracts, text)) return text;
  return settings::not_one_of(text, settings::names_in(contracts));
}

std::vector<OwnSetting> onecodex_settings() {
  return {
      {{{contract_flag, "C",
         "Where a system's public guide and its service differ, judge by what the one or the "
         "other says: server, guide [server]"},
        read_contract}},
      {{{other_key_flag, "VAR",
         "Variable with the API key of another user, who is to be refused what is the first one's; "
         "without it that is not judged"},
        [](const std::string& text) -> Result<std::string> { return text; },
        /*refused_elsewhere=*/true}},
  };
}

Result<std::unique_ptr<Target>> make(TargetOptions options) {
  std::string other_key;
  if (const auto variable = settings::given(options.own, other_key_flag)) {
    auto key = client::secret_in(fmt::format("--{}", other_key_flag), *variable);
    if (!key) return tl::unexpected(key.error());
    other_key = *std::move(key);
  }
  auto secrets = options.secrets;
  auto target = std::make_unique<OneCodexTarget>(std::move(options));
  target->presentation().hide(other_key, secrets);
  target->other_key = std::move(other_key);
  return target;
}

/// A correct request without effect.
Request harmless(const OneCodexTarget& target) {
  Request request;
  request.method = "GET";
  request.url = target.url_of("samples?per_page=1");
  return request;
}

}  // namespace

OneCodexTarget::OneCodexTarget(TargetOptions options) : options_(std::move(options)) {
  url = options_.url;
  tls = options_.client.tls;
  if (const auto name = settings::given(options_.own, contract_flag)) {
    contract = settings::value_named(contracts, *name).value_or(Contract::server);
  }
}

TargetFacts OneCodexTarget::facts() const {
  TargetFacts facts;
  facts.url = url;
  facts.system = onecodex_system.name;
  const std::string name{settings::name_of(contracts, contract)};
  facts.title = fmt::format("One Codex (contract {})", name);
  facts.settings = {{"contract", name}};
  facts.downloads = true;
  facts.authorization = needs_authorization;
  return facts;
}

Result<TokenEndpoint> OneCodexTarget::token_endpoint() const {
  return failure(options_.url, "One Codex issues no tokens for a user name and a password",
                 "give the API key with --token-env");
}

client::Presentation OneCodexTarget::presentation() const {
  return {client::Presentation::Way::basic_user, {}};
}

std::optional<Request> OneCodexTarget::removal(const std::string& created) const {
  Request request;
  request.method = "DELETE";
  request.url = created;
  return request;
}

/// The given address may be that of the API, of one of its endpoints, or only of the host.
Result<void> OneCodexTarget::settle() {
  const auto parts = transport::parse_url(options_.url);
  if (!parts) return tl::unexpected(parts.error());
  origin = parts->origin();
  std::string path = parts->target.substr(0, parts->target.find('?'));
  path = path.substr(0, path.find(api_path));
  while (path.ends_with('/')) path.pop_back();
  url = origin + path + std::string(api_path);
  return {};
}

Result<Discovered> OneCodexTarget::discover(Credentials& credentials) {
  if (auto ok = settle(); !ok) return tl::unexpected(ok.error());
  Prober prober(options_, credentials);
  const auto admitted = prober.admit(harmless(*this), url, "give the API key with --token-env");
  if (!admitted) return tl::unexpected(admitted.error());
  needs_authorization = admitted->needs_authorization;
  const int status = admitted->answer.status;
  if (status == 404) {
    return failure(url, "no One Codex server found: its samples answered 404",
                   "give what stands before /api, as in http://HOST");
  }
  Discovered found;
  if (status != 200) {
    found.remarks.push_back(fmt::format("the list of samples was answered {}", status));
  }
  return found;
}

const System onecodex_system{
    .name = "onecodex",
    .origins = {"onecodex"},
    .known_servers = {},
    .extensions = {},
    .settings = onecodex_settings(),
    .checks = suites::onecodex_checks,
    .make_target = make,
    .make_journey = onecodex_journey,
};

}  // namespace conformance
