#include "configurations.hpp"

#include <utility>

namespace programs {

const std::vector<Configuration>& configurations() {
  static const std::vector<std::string> plain{"--system", "tus"};
  const auto with_user = [](std::string system) {
    return std::vector<std::string>{"--system",          std::move(system), "--username-env",
                                    "DEX_TEST_USERNAME", "--password-env",  "DEX_TEST_PASSWORD"};
  };
  static const std::vector<Configuration> all{
      {"tus", {"--profile", "tus", "--store", "memory"}, plain},
      {"tus-max-size", {"--profile", "tus", "--store", "memory", "--max-size", "1MiB"}, plain},
      {"tus-impatient", {"--profile", "tus", "--store", "memory", "--read-timeout", "2s"}, plain},
      {"tus-expiring", {"--profile", "tus", "--store", "memory", "--expire-after", "2s"}, plain},
      {"tus-jwt", {"--profile", "tus", "--store", "memory", "--auth", "jwt"}, with_user("tus")},
      {"dex-jwt", {"--profile", "dex", "--auth", "jwt"}, with_user("dex")},
      {"dex", {"--profile", "dex"}, {"--system", "dex"}},
      // Without a folder there is nowhere to deliver to.
      {"dex-memory", {"--profile", "dex", "--store", "memory"}, {"--system", "dex"}},
      // Some rows judge what a server does when it offers no extension but creation.
      {"creation-only",
       {"--profile", DEX_TESTS "/creation_only_profile.json", "--store", "memory"},
       plain},
  };
  return all;
}

}  // namespace programs
