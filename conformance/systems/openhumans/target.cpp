#include "openhumans/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "openhumans/onboarding.hpp"
#include "openhumans/suites.hpp"
#include "protocol/http/form.hpp"
#include "settings/choice.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

using openhumans::Contract;
using transport::Request;

constexpr const char* contract_flag = "contract";
constexpr const char* member_flag = "member";
constexpr const char* other_member_flag = "other-member";
/// The member in the examples of the Open Humans documentation.
constexpr const char* default_member = "12345678";
constexpr std::string_view project_path = "/api/direct-sharing/project";
constexpr std::array<std::pair<std::string_view, Contract>, 2> contracts{
    {{"server", Contract::server}, {"guide", Contract::guide}}};

Result<std::string> read_contract(const std::string& text) {
  if (settings::value_named(contracts, text)) return text;
  return settings::not_one_of(text, settings::names_in(contracts));
}

/// The server keeps the id in a column of 16 characters.
Result<std::string> read_member(const std::string& text) {
  const bool good = !text.empty() && text.size() <= 16 &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
  if (good) return text;
  return failure("", quote(text) + " is no id of a member: 1 to 16 characters, as in 12345678");
}

std::vector<OwnSetting> openhumans_settings() {
  return {
      {{{contract_flag, "C",
         "Where a system's public guide and its service differ, judge by what the one or the "
         "other says: server, guide [server]"},
        read_contract}},
      {{{member_flag, "ID", "The member whose files are uploaded [12345678]"},
        read_member,
        /*refused_elsewhere=*/true}},
      {{{other_member_flag, "ID",
         "Another member of the project. ALL files of this member may be deleted; without it, "
         "rows about several members are skipped"},
        read_member,
        /*refused_elsewhere=*/true}},
  };
}

Result<std::unique_ptr<Target>> make(TargetOptions options) {
  return std::make_unique<OpenHumansTarget>(std::move(options));
}

/// Deletes a file that nobody has: a correct request without effect.
Request harmless(const OpenHumansTarget& target) {
  Request request;
  request.method = "POST";
  request.url = target.delete_url;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::format_form({{"project_member_id", target.member},
                                    {"file_basename", "dex-conformance-" + target.run_id()}});
  return request;
}

}  // namespace

OpenHumansTarget::OpenHumansTarget(TargetOptions options)
    : member(settings::given(options.own, member_flag).value_or(default_member)),
      other_member(settings::given(options.own, other_member_flag).value_or("")),
      options_(std::move(options)) {
  url = options_.url;
  tls = options_.client.tls;
  if (const auto name = settings::given(options_.own, contract_flag)) {
    contract = settings::value_named(contracts, *name).value_or(Contract::server);
  }
}

TargetFacts OpenHumansTarget::facts() const {
  TargetFacts facts;
  facts.url = url;
  facts.system = openhumans_system.name;
  const std::string name{settings::name_of(contracts, contract)};
  facts.title = fmt::format("Open Humans (contract {})", name);
  facts.settings = {{"contract", name}};
  facts.downloads = true;
  facts.authorization = needs_authorization;
  return facts;
}

/// It has no extensions.
bool OpenHumansTarget::offers(std::string_view /*extension*/) const { return false; }

Result<TokenEndpoint> OpenHumansTarget::token_endpoint() const {
  return failure(options_.url, "Open Humans issues no tokens for a user name and a password",
                 "give the token of the project with --token-env");
}

std::string OpenHumansTarget::remembered(const std::string& of_member, std::uint64_t id) const {
  return delete_url + "#" +
         http::format_form({{"project_member_id", of_member}, {"file_id", std::to_string(id)}});
}

std::optional<Request> OpenHumansTarget::removal(const std::string& file) const {
  const auto hash = file.find('#');
  if (hash == std::string::npos) return std::nullopt;
  Request request;
  request.method = "POST";
  request.url = file.substr(0, hash);
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = file.substr(hash + 1);
  return request;
}

// ---- discovery -------------------------------------------------------------------------------

/// The given address may be that of the project, of one of its endpoints, or only of the host.
Result<void> OpenHumansTarget::settle() {
  const auto parts = transport::parse_url(options_.url);
  if (!parts) return tl::unexpected(parts.error());
  origin = parts->origin();
  std::string path = parts->target.substr(0, parts->target.find('?'));
  path = path.substr(0, path.find(project_path));
  while (path.ends_with('/')) path.pop_back();
  url = origin + path + std::string(project_path);
  upload_url = url + "/files/upload/";
  direct_url = url + "/files/upload/direct/";
  complete_url = url + "/files/upload/complete/";
  delete_url = url + "/files/delete/";
  exchange_member_url = url + "/exchange-member/";
  members_url = url + "/members/";
  return {};
}

Result<Discovered> OpenHumansTarget::discover(Credentials& credentials) {
  if (auto ok = settle(); !ok) return tl::unexpected(ok.error());
  Prober prober(options_, credentials);
  const auto admitted =
      prober.admit(harmless(*this), url, "give the token of the project with --token-env");
  if (!admitted) return tl::unexpected(admitted.error());
  needs_authorization = admitted->needs_authorization;
  const int status = admitted->answer.status;
  if (status == 404) {
    return failure(url, "no Open Humans server found: its files/delete/ answered 404",
                   "give what stands before /api, as in http://HOST");
  }
  Discovered found;
  if (status != 200) {
    found.remarks.push_back(
        fmt::format("a deletion of a file that nobody has was answered {} (is the member right? "
                    "--member)",
                    status));
  }
  return found;
}

const System openhumans_system{
    .name = "openhumans",
    .origins = {"openhumans"},
    .known_servers = {},
    .extensions = {},
    .settings = openhumans_settings(),
    .checks = suites::openhumans_checks,
    .make_target = make,
    .make_journey = openhumans_journey,
};

}  // namespace conformance
