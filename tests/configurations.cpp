#include "configurations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "minted_tokens.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"

namespace programs {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

/// Delivery targets of which the one for the stream `route` cannot be written to: its folder would
/// be below a file.
void deliver_badly(const fs::path& folder, const std::string& route, Arguments& server) {
  write(folder / "file", "");
  write(folder / "deliver.yml", fmt::format(R"(
targets:
  broken: {{name: broken, type: file, path: {0}/file/below}}
  spare: {{name: spare, type: file, path: {0}/spare}}
routing_groups:
  - data_stream_id: dextesting
    data_stream_route: {1}
    delivery_targets:
      - name: broken
)",
                                            folder.string(), route));
  server.insert(server.end(), {"--deliver", (folder / "deliver.yml").string()});
}

/// A data stream with an optional field that allows only some values, and a manifest with that
/// field.
void restrict_optional(const fs::path& folder, Arguments& server, Arguments& judge) {
  fs::create_directory(folder / "configs");
  write(folder / "configs" / "dextesting_testevent1.json",
        R"({"metadata_config": {"fields": [
             {"field_name": "dex_kind", "required": false, "allowed_values": ["a", "b"]}]}})");
  write(folder / "manifest.json",
        R"({"data_stream_id": "dextesting", "data_stream_route": "testevent1", "dex_kind": "a"})");
  server.insert(server.end(), {"--upload-configs", (folder / "configs").string()});
  judge.insert(judge.end(), {"--manifest", (folder / "manifest.json").string()});
}

/// Lets dex-conformance look into the folder that the mock delivers to by itself.
void look_into_deliveries(const fs::path& folder, Arguments& judge) {
  const auto delivered = folder / "store" / "deliveries";
  fs::create_directories(delivered);
  judge.insert(judge.end(), {"--delivered-dir", delivered.string()});
}

/// Gives dex-conformance tokens that only the identity provider can make.
void ask_for_tokens(const Mock& mock, const fs::path& folder, Arguments& judge) {
  write_tokens(mock.control_url(), folder / "tokens.json");
  judge.insert(judge.end(), {"--tokens", (folder / "tokens.json").string()});
}

/// Plays a service that has an access key and hands out a form and the URLs of one object, signed
/// with version 2, as One Codex and Open Humans do.
void ask_for_handed_out(const Mock& mock, const fs::path& folder, Arguments& judge) {
  const std::string& url = mock.url();
  const auto known = with_demo_user().environment;
  const s3::Credentials key{known.at("DEX_TEST_ACCESS_KEY"), known.at("DEX_TEST_SECRET_KEY")};
  const auto until = std::chrono::system_clock::now() + std::chrono::hours{1};
  nlohmann::json fields{
      {"key", "user/${filename}"}, {"acl", "private"}, {"success_action_status", 201}};
  const s3::Policy policy{until,
                          {s3::equals("bucket", "examplebucket"), s3::starts_with("key", "user/"),
                           s3::equals("acl", "private"), s3::equals("success_action_status", "201"),
                           s3::size_between(0, 10 << 20)}};
  for (const auto& [name, value] : s3::sign_post_v2(policy, key)) fields[name] = value;
  const auto presigned = [&](const char* method) {
    return url + s3::presign_v2({method, "/examplebucket/a/k.txt", {}}, key, until);
  };
  const nlohmann::json handed_out{{"form", {{"url", url + "/examplebucket"}, {"fields", fields}}},
                                  {"put_url", presigned("PUT")},
                                  {"get_url", presigned("GET")}};
  write(folder / "handed.json", handed_out.dump());
  judge.insert(judge.end(), {"--handed-out", (folder / "handed.json").string()});
}

/// The token of the mock's project that has expired.
void give_expired_token(const fs::path& folder, Arguments& /*server*/, Arguments& judge) {
  write(folder / "tokens.json", R"({"expired": "expired_token"})");
  judge.insert(judge.end(), {"--tokens", (folder / "tokens.json").string()});
}

}  // namespace

const std::vector<Configuration>& configurations() {
  static const Arguments tus{"--system", "tus"};
  static const Arguments dex{"--system", "dex"};
  const auto with_user = [](std::string system) {
    return Arguments{"--system",          std::move(system), "--username-env",
                     "DEX_TEST_USERNAME", "--password-env",  "DEX_TEST_PASSWORD"};
  };
  const auto delivering_badly = [](const char* route) {
    return [route](const fs::path& folder, Arguments& server, Arguments&) {
      deliver_badly(folder, route, server);
    };
  };
  const auto of_project = [](const char* name, const char* contract, const Arguments& server = {},
                             const Arguments& judge = {}) {
    Configuration made{
        name,
        {"--profile", "openhumans", "--contract", contract},
        {"--system", "openhumans", "--contract", contract, "--other-member", "87654321"},
        give_expired_token};
    made.server.insert(made.server.end(), server.begin(), server.end());
    made.judge.insert(made.judge.end(), judge.begin(), judge.end());
    made.path.clear();
    made.key = "example_token";
    return made;
  };
  const auto storing = [](std::string name, Arguments more) {
    Configuration made{
        std::move(name),
        {"--profile", "objects", "--store", "memory", "--read-timeout", "2s"},
        {"--system", "objects", "--access-key-env", "DEX_TEST_ACCESS_KEY", "--secret-key-env",
         "DEX_TEST_SECRET_KEY", "--public-bucket", "{url}/publicbucket"}};
    made.judge.insert(made.judge.end(), more.begin(), more.end());
    made.path = "/examplebucket";
    return made;
  };
  // Judged with what a service hands out, without an access key.
  Configuration of_handed_out{"objects-handed-out",
                              {"--profile", "objects", "--store", "memory"},
                              {"--system", "objects"},
                              {},
                              ask_for_handed_out};
  of_handed_out.path = "/examplebucket";
  const auto of_samples = [](const char* name, const char* contract, const Arguments& server = {},
                             const Arguments& judge = {}) {
    static const std::string key = "demodemodemodemodemodemodemodemo";
    Configuration made{name,
                       {"--profile", "onecodex", "--store", "memory", "--contract", contract,
                        "--oc-api-keys", key + "," + other_user},
                       {"--system", "onecodex", "--contract", contract, "--other-token-env",
                        "DEX_TEST_OTHER_KEY"}};
    made.server.insert(made.server.end(), server.begin(), server.end());
    made.judge.insert(made.judge.end(), judge.begin(), judge.end());
    made.path.clear();
    made.key = key;
    return made;
  };
  const auto delivering_to_be_read = [](const fs::path& folder, Arguments&, Arguments& judge) {
    look_into_deliveries(folder, judge);
  };
  static const std::vector<Configuration> all{
      {"tus", {"--profile", "tus", "--store", "memory"}, tus},
      {"tus-max-size", {"--profile", "tus", "--store", "memory", "--max-size", "1MiB"}, tus},
      {"tus-impatient", {"--profile", "tus", "--store", "memory", "--read-timeout", "2s"}, tus},
      {"tus-expiring", {"--profile", "tus", "--store", "memory", "--expire-after", "2s"}, tus},
      {"tus-jwt", {"--profile", "tus", "--store", "memory", "--auth", "jwt"}, with_user("tus")},
      {"dex-jwt",
       {"--profile", "dex", "--auth", "jwt"},
       with_user("dex"),
       delivering_to_be_read,
       ask_for_tokens},
      {"dex", {"--profile", "dex"}, dex, delivering_to_be_read},
      // A store in memory has no folder to deliver to.
      {"dex-memory", {"--profile", "dex", "--store", "memory"}, dex},
      {"dex-impatient", {"--profile", "dex", "--store", "memory", "--read-timeout", "2s"}, dex},
      // Some rows judge what a server does when it offers no extension but creation.
      {"creation-only",
       {"--profile", DEX_TESTS "/creation_only_profile.json", "--store", "memory"},
       tus},
      // --secure does not follow Forwarded.
      {"dex-secure",
       {"--profile", "dex", "--auth", "jwt", "--secure"},
       with_user("dex"),
       {},
       {},
       /*red=*/true},
      {"dex-target-broken", {"--profile", "dex"}, dex, delivering_badly("testevent1"), {}, true},
      {"dex-not-routed", {"--profile", "dex"}, dex, delivering_badly("another"), {}, true},
      {"dex-optional-field",
       {"--profile", "dex"},
       dex,
       [](const fs::path& folder, Arguments& server, Arguments& judge) {
         restrict_optional(folder, server, judge);
         look_into_deliveries(folder, judge);
       },
       {},
       true},
      // Requirements that only the document has are judged under "guide"; under "server" they are
      // remarks.
      of_project("openhumans-guide", "guide"),
      of_project("openhumans", "server"),
      // Only the rows that wait for the end of a lifetime: the others could not finish within 3 s.
      of_project("openhumans-short-lived", "server", {"--oh-lifetime", "3s"},
                 {"--select", "OH-UP-029", "--select", "OH-FILES-016"}),
      of_samples("onecodex", "server"),
      of_samples("onecodex-guide", "guide"),
      // Only what has to wait.
      of_samples("onecodex-short-lived", "server", {"--oc-lifetime", "3s"},
                 {"--select", "OC-UP-022"}),
      storing("objects", {}),
      storing("objects-v2", {"--signature-version", "2"}),
      of_handed_out,
  };
  return all;
}

namespace {

/// Puts the address of the server in place of "{url}".
Arguments at_server(Arguments arguments, const std::string& url) {
  constexpr std::string_view place = "{url}";
  for (auto& argument : arguments) {
    if (const auto at = argument.find(place); at != std::string::npos) {
      argument.replace(at, place.size(), url);
    }
  }
  return arguments;
}

}  // namespace

Conformance judge_rows(const Configuration& configuration, const std::set<std::string>& rows,
                       const Arguments& more, const Arguments& of_judge) {
  const testkit::TempFolder folder;
  auto server = configuration.server;
  // /_mock/ gets a port of its own: the judge of a server that others run would not find it there.
  server.insert(server.end(), {"--control", "127.0.0.1:0"});
  if (!std::ranges::count(server, "--store")) {
    server.insert(server.end(), {"--store", (folder.path() / "store").string()});
  }
  server.insert(server.end(), more.begin(), more.end());
  auto arguments = configuration.judge;
  arguments.insert(arguments.end(), of_judge.begin(), of_judge.end());
  // A defect may make dex-conformance take the server for another system and stop: go on.
  arguments.emplace_back("--keep-going");
  if (configuration.prepare) configuration.prepare(folder.path(), server, arguments);
  Mock mock(server);
  if (configuration.ask) configuration.ask(mock, folder.path(), arguments);
  auto options = with_demo_user();
  if (!configuration.key.empty()) {
    options.environment["DEX_TEST_KEY"] = configuration.key;
    arguments.insert(arguments.end(), {"--token-env", "DEX_TEST_KEY"});
  }
  for (const auto& row : rows) arguments.insert(arguments.end(), {"--select", row});
  return judge(mock.url() + configuration.path, at_server(std::move(arguments), mock.url()),
               std::move(options));
}

}  // namespace programs
