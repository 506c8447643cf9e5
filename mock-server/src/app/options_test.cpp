#include "app/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "lane/lane_config_json.hpp"
#include "lane/lane_settings.hpp"
#include "profile/profile.hpp"
#include "tus/tus_settings.hpp"

namespace mock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::variant<Options, Exit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "dex-mock-server");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

Options accepted(std::vector<const char*> arguments) {
  auto parsed = parse(std::move(arguments));
  EXPECT_TRUE(std::holds_alternative<Options>(parsed)) << std::get<Exit>(parsed).text;
  return std::get<Options>(parsed);
}

TusOptions offered(std::vector<const char*> arguments, const std::string& profile) {
  const auto config = accepted(std::move(arguments)).main;
  const auto loaded = *load_profile(profile);
  return tus_options_of({loaded.offered, config.systems, TypedValues{}});
}

TEST(Options, ListenTakesIpv4Ipv6AndNames) {
  EXPECT_EQ(accepted({"--listen", "127.0.0.1:0"}).main.listen, "127.0.0.1:0");
  EXPECT_EQ(accepted({"--listen", "[::1]:9000"}).main.listen, "[::1]:9000");
  EXPECT_EQ(accepted({"--listen", "localhost:65535"}).main.listen, "localhost:65535");
}

TEST(Options, TheCommandLineOverridesTheProfile) {
  EXPECT_EQ(offered({}, "tus").max_size, Bytes{1ULL << 40U});
  EXPECT_EQ(offered({"--max-size", "1MiB"}, "tus").max_size, Bytes{1UL << 20U});
  EXPECT_EQ(accepted({}).main.profile, "dex");
}

TEST(Options, UnfinishedUploadsExpireWhereTheProfileOrAFlagSaysSo) {
  using std::chrono::hours;
  const auto dex = offered({}, "dex");
  EXPECT_FALSE(dex.expire_after);
  EXPECT_EQ(dex.extensions.count("expiration"), 0U);
  EXPECT_EQ(offered({}, "tus").expire_after, hours{24});
  const auto short_lived = offered({"--expire-after", "2s"}, "dex");
  EXPECT_EQ(short_lived.expire_after, std::chrono::seconds{2});
  EXPECT_EQ(short_lived.extensions.count("expiration"), 1U);
}

TEST(Options, AProfileSaysWhetherChunksBesideALengthAreTakenUnlessAFlagDoes) {
  using Choice = HttpOptions::ChunkedAndLength;
  const auto choice = [](std::vector<const char*> arguments, const std::string& profile) {
    return http_options_of(accepted(std::move(arguments)).main, *load_profile(profile))
        .chunked_and_length;
  };
  for (const auto* const taker : {"dex", "dex-2.8", "tusd-2.10"}) {
    EXPECT_EQ(choice({}, taker), Choice::take) << taker;
    EXPECT_EQ(choice({"--chunked-and-length", "refuse"}, taker), Choice::refuse) << taker;
    EXPECT_EQ(choice({"--auth", "jwt", "--secure"}, taker), Choice::refuse) << taker;
  }
  for (const auto* const refuser : {"tus", "tus-node-2.4"}) {
    EXPECT_EQ(choice({}, refuser), Choice::refuse) << refuser;
    EXPECT_EQ(choice({"--chunked-and-length", "take"}, refuser), Choice::take) << refuser;
  }
}

TEST(Options, BrowsersMaySendTheDraftsFieldsWhereTheRealServerSaysSo) {
  for (const auto* const profile : {"dex", "dex-2.8", "tusd-2.10"}) {
    const auto tus = offered({}, profile);
    for (const auto* const name :
         {"Upload-Incomplete", "Upload-Complete", "Upload-Draft-Interop-Version"}) {
      EXPECT_NE(tus.cors.headers.find(name), std::string::npos) << profile;
      EXPECT_NE(tus.cors.exposed.find(name), std::string::npos) << profile;
    }
    EXPECT_EQ(tus.cors.headers.find("Upload-Checksum"), std::string::npos) << profile;
    EXPECT_EQ(tus.cors.exposed.find("Upload-Expires"), std::string::npos) << profile;
    EXPECT_TRUE(tus.cors.any_options) << profile;
    EXPECT_FALSE(tus.options_allow) << profile;
  }
  const auto expiring = offered({"--expire-after", "2s"}, "dex");
  EXPECT_TRUE(expiring.cors.exposed.ends_with(", Upload-Expires")) << expiring.cors.exposed;
}

TEST(Options, LanesHaveNamesAndAddressesOrFiles) {
  const auto lanes = accepted({"--lane", "blue=127.0.0.1:0", "--lane", "red=[::1]:0", "--lane",
                               "green=lanes/green.json"})
                         .lanes;
  ASSERT_EQ(lanes.size(), 3U);
  EXPECT_EQ(lanes[0].name, "blue");
  EXPECT_EQ(lanes[1].listen, "[::1]:0");
  EXPECT_EQ(lanes[2].listen, "");
  EXPECT_EQ(lanes[2].config_file, "lanes/green.json");
}

TEST(Options, SeedIsAny64BitNumber) {
  EXPECT_EQ(accepted({}).main.seed, 1U);
  EXPECT_EQ(accepted({"--seed", "18446744073709551615"}).main.seed, 18446744073709551615U);
}

TEST(Options, HelpNamesExamplesAndExitCodes) {
  const auto help = std::get<Exit>(parse({"--help"}));
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.text, HasSubstr("Examples:"));
  EXPECT_THAT(help.text, HasSubstr("Exit codes:"));
}

TEST(Options, EveryFlagOfALaneIsInHelpWithItsDefault) {
  const auto help = "\n" + std::get<Exit>(parse({"--help"})).text;
  for (const auto& setting : lane_settings()) {
    const auto initial = setting.initial.empty() ? "" : "=" + setting.initial;
    const auto shown =
        "\n  --" + setting.name + (setting.value.empty() ? "" : " " + setting.value + initial);
    if (setting.apply) {
      EXPECT_THAT(help, HasSubstr(shown));
    } else {
      EXPECT_THAT(help, Not(HasSubstr("--" + setting.name)));
    }
  }
}

TEST(Options, TheDefaultsThatHelpShowsAreTheDefaults) {
  const auto config = accepted({}).main;
  for (const auto& setting : lane_settings()) {
    if (setting.initial.empty()) continue;
    auto same = config;
    ASSERT_TRUE(setting.apply(same, setting.initial)) << setting.name;
    EXPECT_EQ(to_json(same), to_json(config)) << setting.name;
  }
}

TEST(Options, TokensAreSpelledAsTheFlagTakesThem) {
  EXPECT_EQ(accepted({"--auth", "none"}).main.auth, AuthMode::none);
  EXPECT_EQ(accepted({"--auth", "jwt"}).main.auth, AuthMode::jwt);
  EXPECT_EQ(accepted({"--auth", "opaque"}).main.auth, AuthMode::opaque);
  EXPECT_EQ(std::get<Exit>(parse({"--auth", "JWT"})).code, 2);
}

TEST(Options, LevelsAndFormatsOfTheLogHaveNames) {
  EXPECT_EQ(accepted({}).log_level, LogLevel::info);
  EXPECT_EQ(accepted({"--log-level", "off"}).log_level, LogLevel::off);
  EXPECT_EQ(accepted({"--log-format", "json"}).log_format, LogFormat::json);
}

TEST(Options, TlsTakesTwoFiles) {
  EXPECT_FALSE(accepted({}).tls);
  const auto tls = accepted({"--tls-key", "k.pem", "--tls-cert", "c.pem"}).tls;
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->certificate, "c.pem");
  EXPECT_EQ(tls->key, "k.pem");
}

struct BadInput {
  std::vector<const char*> arguments;
  const char* says;
};

class OptionsBadInput : public ::testing::TestWithParam<BadInput> {};

TEST_P(OptionsBadInput, IsOneLineAndExitCode2) {
  auto parsed = parse(GetParam().arguments);
  ASSERT_TRUE(std::holds_alternative<Exit>(parsed));
  const auto& exit = std::get<Exit>(parsed);
  EXPECT_EQ(exit.code, 2);
  EXPECT_THAT(exit.text, HasSubstr(GetParam().says));
  EXPECT_THAT(exit.text, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OptionsBadInput,
    ::testing::Values(
        BadInput{{"--lane", "blue"}, "--lane"}, BadInput{{"--lane", "a/b=127.0.0.1:0"}, "--lane"},
        BadInput{{"--lane", "blue=8080"}, "--lane"},
        BadInput{{"--lane", "a=127.0.0.1:0", "--lane", "a=127.0.0.1:0"}, "given twice"},
        BadInput{{"--secure"}, "--secure"}, BadInput{{"--issuer", ""}, "--issuer"},
        BadInput{{"--contract", "both"}, "--contract"}, BadInput{{"--listen", "8080"}, "HOST:PORT"},
        BadInput{{"--listen", "127.0.0.1:"}, "HOST:PORT"},
        BadInput{{"--listen", "127.0.0.1:65536"}, "HOST:PORT"},
        BadInput{{"--listen", "127.0.0.1:http"}, "HOST:PORT"},
        BadInput{{"--listen", "::1:8080"}, "brackets"}, BadInput{{"--profile", ""}, "--profile"},
        BadInput{{"--auth", "basic"}, "--auth"}, BadInput{{"--max-size", "many"}, "--max-size"},
        BadInput{{"--max-size", "-1"}, "--max-size"},
        BadInput{{"--expire-after", "soon"}, "--expire-after"},
        BadInput{{"--expire-after", "999ms"}, "--expire-after"},
        BadInput{{"--read-timeout", "30"}, "--read-timeout"},
        BadInput{{"--read-timeout", "0s"}, "--read-timeout"},
        BadInput{{"--token-lifetime", "100ms"}, "--token-lifetime"},
        BadInput{{"--token-lifetime", "3600"}, "--token-lifetime"},
        BadInput{{"--early-error", "later"}, "--early-error"},
        BadInput{{"--chunked-and-length", "both"}, "--chunked-and-length"},
        BadInput{{"--seed", "x"}, "--seed"}, BadInput{{"--seed", "-1"}, "--seed"},
        BadInput{{"--seed", "1.5"}, "--seed"},
        BadInput{{"--seed", "18446744073709551616"}, "--seed"}, BadInput{{"--seed", ""}, "--seed"},
        BadInput{{"--users", ""}, "--users"}, BadInput{{"--deliver", ""}, "--deliver"},
        BadInput{{"--deliver-root", ""}, "--deliver-root"}, BadInput{{"--rules", ""}, "--rules"},
        BadInput{{"--ready-file", ""}, "--ready-file"},
        BadInput{{"--upload-configs", ""}, "--upload-configs"},
        BadInput{{"--tls-self-signed", ""}, "--tls-self-signed"},
        BadInput{{"--tls-cert", "", "--tls-key", ""}, "--tls-"},
        BadInput{{"--store", ""}, "--store"}, BadInput{{"--tls-cert", "a.pem"}, "--tls-key"},
        BadInput{{"--tls-key", "a.pem"}, "--tls-cert"},
        BadInput{{"--tls-self-signed", "d", "--tls-cert", "a", "--tls-key", "b"}, "--tls"},
        BadInput{{"--log-level", "loud"}, "--log-level"},
        BadInput{{"--log-level", "warn"}, "} (the nearest is warning; see --help)"},
        BadInput{{"--auth", "opaqe"}, "{none,jwt,opaque} (the nearest is opaque; see --help)"},
        BadInput{{"--max-sise", "1"}, "\"--max-sise\" (the nearest are --max-size, "},
        BadInput{{"--no-such-flag"}, "--no-such-flag"}, BadInput{{"stray"}, "stray"}));

}  // namespace
}  // namespace mock
