#include "objects/objects_settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "objects/objects_system.hpp"
#include "protocol/s3/signature.hpp"
#include "system/made_spelling.hpp"
#include "system/profile_reading.hpp"

namespace mock {
namespace {

constexpr std::array<std::pair<std::string_view, ETag>, 2> etags{
    {{"md5", ETag::md5}, {"opaque", ETag::opaque}}};

std::vector<std::string> buckets_of(const json::Cursor& at) {
  std::vector<std::string> buckets;
  for (const auto& item : at.items()) {
    auto name = item.unwrap(bucket_name(item.string()));
    if (std::ranges::count(buckets, name) > 0) item.fail("'" + name + "' is listed twice");
    buckets.push_back(std::move(name));
  }
  return buckets;
}

/// Visible ASCII without '/' and ':', which end it in a header field.
bool is_access_key(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7F' && c != '/' && c != ':';
  });
}

Result<s3::Credentials> credentials_of(const std::string& text) {
  const auto equals = text.find('=');
  const auto id = text.substr(0, equals);
  if (equals == std::string::npos || equals + 1 == text.size() || !is_access_key(id)) {
    return failure({}, "an access key is ID=SECRET, with an ID without '/' and ':'");
  }
  return s3::Credentials{id, text.substr(equals + 1)};
}

std::string text_of(const s3::Credentials& key, ConfigReader reader) {
  return key.access_key + "=" + (reader == ConfigReader::client ? "[redacted]" : key.secret);
}

Result<void> check_each_once(const std::vector<s3::Credentials>& keys) {
  for (const auto& [id, secret] : keys) {
    if (std::ranges::count(keys, id, &s3::Credentials::access_key) > 1) {
      return failure("object_keys", quote(id) + " is listed twice");
    }
  }
  return {};
}

}  // namespace

const std::vector<SystemSetting>& objects_settings() {
  static const std::vector<SystemSetting> table{
      system_setting({"etag", "",
                      "ETag of an object: the MD5 of its bytes, or nothing computed; default as "
                      "the profile",
                      "What is offered"},
                     &ObjectsConfig::etag, spell::unless_null(spell::choice(etags))),
      system_setting({"object-keys", "",
                      "Access keys of the object store, with commas between; default as the "
                      "profile",
                      "What is offered"},
                     &ObjectsConfig::keys,
                     spell::list<s3::Credentials>("ID=SECRET,...", credentials_of, text_of)),
  };
  return table;
}

void read_objects_profile(const json::Cursor& at, TypedValues& into) {
  at.only({"buckets", "public_buckets", "keys", "etag"});
  auto& options = into.get<ObjectsOptions>();
  options.buckets = buckets_of(at.at("buckets"));
  if (auto list = at.find("public_buckets")) {
    options.public_buckets = profiles::names_of(*list, options.buckets, "bucket");
  }
  for (const auto& [access_key, secret] : at.at("keys").members()) {
    options.keys.push_back({access_key, profiles::text_of(secret)});
  }
  if (auto value = at.find("etag")) {
    const std::array<std::string_view, 2> known{etags[0].first, etags[1].first};
    options.etag =
        profiles::one_of(*value, known, "kind of ETag") == known[1] ? ETag::opaque : ETag::md5;
  }
}

ObjectsOptions objects_options_of(const SystemValues& values) {
  auto options = values.profile.get<ObjectsOptions>();
  if (const auto etag = values.config.get<ObjectsConfig>().etag) options.etag = *etag;
  options.early_error = values.early_error;
  return options;
}

Result<std::unique_ptr<System>> make_objects(const SystemGround& ground) {
  auto options = objects_options_of(ground.values);
  if (const auto& keys = ground.values.config.get<ObjectsConfig>().keys; !keys.empty()) {
    if (auto sound = check_each_once(keys); !sound) return tl::unexpected(sound.error());
    options.keys = keys;
    options.keys_name_lane = true;
  }
  auto made = ObjectsSystem::make(std::move(options), ground.services);
  if (!made) return tl::unexpected(made.error());
  return *std::move(made);
}

std::optional<std::string> object_access_key(const Request& request) {
  return s3::claimed_access_key({request.method, request.target, request.fields});
}

}  // namespace mock
