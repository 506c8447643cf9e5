#include "minted_tokens.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "transport/client.hpp"

namespace programs {
namespace {

nlohmann::json mint(transport::Client& client, const std::string& url, const nlohmann::json& wish) {
  transport::Request request;
  request.method = "POST";
  request.url = url + "/_mock/tokens";
  request.headers.add("Content-Type", "application/json");
  request.body = wish.dump();
  const auto seen = client.send(request);
  if (!seen.response || seen.response->status / 100 != 2) {
    throw std::runtime_error("no token for " + wish.dump() + ": " +
                             (seen.response ? seen.response->body : "no response"));
  }
  return nlohmann::json::parse(seen.response->body);
}

}  // namespace

void write_tokens(const std::string& url, const std::filesystem::path& file) {
  transport::Client client{transport::ClientOptions{}};
  std::string scopes = "dex:upload";
  for (int i = 0; i < 60; ++i) scopes += " extra:scope-" + std::to_string(i);
  const nlohmann::json wishes{{"expired", {{"expires_in", -60}}},
                              {"not_yet_valid", {{"not_before", 3000}}},
                              {"wrong_key", {{"key", "unknown"}}},
                              {"wrong_issuer", {{"issuer", "https://else.example"}}},
                              {"missing_scope", {{"scopes", {"dex:status"}}}},
                              {"extra_scopes", {{"scopes", scopes}}},
                              {"bad_claims", {{"claims", {{"scope", {1, 2}}}}}}};
  nlohmann::json tokens;
  for (const auto& [kind, wish] : wishes.items()) {
    tokens[kind] = mint(client, url, wish).at("access_token");
  }
  tokens["session"] = mint(client, url, nlohmann::json::object()).at("cookie");
  std::ofstream(file) << tokens.dump(2) << '\n';
}

}  // namespace programs
