#include "openhumans/openhumans_settings.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "objects/objects_settings.hpp"
#include "openhumans/openhumans_system.hpp"
#include "system/made_spelling.hpp"

namespace mock {
namespace {

// Example credentials of AWS's documentation: they open nothing but this server.
constexpr auto access_key = "AKIAIOSFODNN7EXAMPLE";
constexpr auto secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// project_member_id is a column of so many characters.
constexpr std::size_t longest_member = 16;

/// Visible ASCII, so that it can stand in a header field; no comma, which parts it from the next.
Result<std::string> word_of(const std::string& text) {
  const bool good = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7F' && c != ',';
  });
  if (!good) return failure({}, "must be visible ASCII without commas, and not empty");
  return text;
}

Result<ProjectMember> member_of(const std::string& text) {
  const auto equals = text.find('=');
  const auto id = word_of(text.substr(0, equals));
  if (!id || id->size() > longest_member) {
    return failure({}, "a member is ID or ID=TOKEN, with an ID of 1 to 16 characters");
  }
  if (equals == std::string::npos) return ProjectMember{*id, {}};
  auto token = word_of(text.substr(equals + 1));
  if (!token) return tl::unexpected(token.error());
  return ProjectMember{*id, *std::move(token)};
}

std::string text_of(const std::string& token, ConfigReader reader) {
  return reader == ConfigReader::client ? "[redacted]" : token;
}
std::string text_of(const ProjectMember& member, ConfigReader reader) {
  return member.token.empty() ? member.id : member.id + "=" + text_of(member.token, reader);
}

}  // namespace

const std::vector<SystemSetting>& openhumans_settings() {
  static const std::string heading = "Open Humans";
  static const std::vector<SystemSetting> table{
      system_setting({"oh-tokens", "", "Master access tokens of the project, with commas between",
                      heading, "example_token"},
                     &OpenHumansConfig::tokens,
                     spell::list<std::string>("TOKEN,...", word_of, text_of)),
      system_setting(
          {"oh-expired-tokens", "", "The same, which were good once", heading, "expired_token"},
          &OpenHumansConfig::expired_tokens,
          spell::list<std::string>("TOKEN,...", word_of, text_of)),
      system_setting(
          {"oh-members", "", "Members of the project, each with a token of its own if it has one",
           heading, "12345678=member_token,87654321"},
          &OpenHumansConfig::members,
          spell::list<ProjectMember>("ID[=TOKEN],...", member_of, text_of)),
      system_setting({"oh-lifetime", "",
                      "How long a direct upload may take: its URL is refused from then on, and the "
                      "file is forgotten unless it is complete",
                      heading, "6h"},
                     &OpenHumansConfig::lifetime, spell::lifetime()),
  };
  return table;
}

Result<std::unique_ptr<System>> make_openhumans(const SystemGround& ground) {
  const auto& config = ground.values.config.get<OpenHumansConfig>();
  OpenHumansOptions options;
  if (ground.values.by_guide) options.contract = openhumans::Contract::guide;
  options.tokens = {config.tokens, config.expired_tokens, config.members};
  options.credentials = {access_key, secret_key};
  options.lifetime = config.lifetime;
  options.early_error = ground.values.early_error;
  auto store = objects_options_of(ground.values);
  store.buckets = {options.bucket};
  store.public_buckets.clear();
  store.keys = {options.credentials};
  options.md5_is_etag = store.etag == ETag::md5;
  auto objects = ObjectsSystem::make(std::move(store), ground.services);
  if (!objects) return tl::unexpected(objects.error());
  return std::make_unique<OpenHumansSystem>(std::move(options), *std::move(objects),
                                            ground.services);
}

}  // namespace mock
