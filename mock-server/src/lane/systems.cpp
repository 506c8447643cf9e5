#include "lane/systems.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "dex/dex_system.hpp"
#include "protocol/version.hpp"
#include "tus/tus_system.hpp"

namespace mock {
namespace {

using Made = Result<std::unique_ptr<System>>;

Made make_tus(const SystemGround& ground) {
  static Hooks nothing_behind;
  return std::make_unique<TusSystem>(tus_options_of(ground.config, *ground.content.profile),
                                     TusServices{ground.services, nothing_behind});
}

Made make_dex(const SystemGround& ground) {
  DexOptions options;
  // Ids are unique, so .meta files and reports of all lanes lie beside the uploads, as DEX has it.
  options.store_folder = ground.store_folder;
  options.delivery_folder = ground.delivery_folder;
  options.config_source = ground.content.upload_configs;
  options.delivery = ground.content.delivery;
  if (options.delivery && options.delivery->inside_lane) {
    if (!options.delivery_folder) {
      return failure("deliver", "needs a folder, and this server keeps nothing on disk",
                     "start it with --store DIR");
    }
    for (auto& target : options.delivery->targets) {
      target.folder = *options.delivery_folder / target.folder;
    }
  }
  if (ground.config.auth == AuthMode::jwt) options.oauth_issuer = ground.issuer;
  if (ground.config.contract == Contract::guide) options.contract = dex::Contract::guide;
  options.version.latest_release_version = harness_version();
  options.notify = ground.notify;
  if (options.delivery && options.notify && ground.warns) {
    for (const auto& warning : options.delivery->warnings) {
      options.notify({"config", {}, {}, "deliver: " + warning});
    }
  }
  auto made = Dex::make(std::move(options), ground.services.store, ground.services.loop);
  if (!made) return tl::unexpected(made.error());
  return std::make_unique<DexSystem>(
      *std::move(made), tus_options_of(ground.config, *ground.content.profile), ground.services);
}

struct Maker {
  std::string_view system;
  Made (*make)(const SystemGround& ground);
};

/// One line for each system; what its endpoints are called is in systems/registered.cpp.
constexpr std::array makers{
    Maker{"tus", make_tus},
    Maker{"dex", make_dex},
};

}  // namespace

Result<std::unique_ptr<System>> make_system(std::string_view name, const SystemGround& ground) {
  const auto maker = std::ranges::find(makers, name, &Maker::system);
  if (maker == makers.end()) return failure("system " + quote(name), "cannot be made");
  return maker->make(ground);
}

}  // namespace mock
