#include "objects/objects_settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "objects/objects_system.hpp"
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

}  // namespace

const std::vector<SystemSetting>& objects_settings() {
  static const std::vector<SystemSetting> table{
      system_setting({"etag", "",
                      "ETag of an object: the MD5 of its bytes, or nothing computed; default as "
                      "the profile",
                      "What is offered"},
                     &ObjectsConfig::etag, spell::unless_null(spell::choice(etags))),
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
  auto made = ObjectsSystem::make(objects_options_of(ground.values), ground.services);
  if (!made) return tl::unexpected(made.error());
  return *std::move(made);
}

}  // namespace mock
