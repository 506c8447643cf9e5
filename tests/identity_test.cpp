// Tokens over time, as a client sees them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "control_client.hpp"
#include "programs.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"

namespace {

using programs::Mock;

constexpr Milliseconds patience{20'000};

class Identity : public ::testing::Test {
 protected:
  transport::Response send(const std::string& method, const std::string& target,
                           http::Fields headers = {},
                           std::optional<std::string> body = std::nullopt) {
    transport::Request request;
    request.method = method;
    request.url = mock_.url() + target;
    request.headers = std::move(headers);
    request.body = std::move(body);
    auto seen = client_.send(request);
    EXPECT_TRUE(seen.response) << method << " " << target;
    return seen.response.value_or(transport::Response{});
  }
  nlohmann::json control(const std::string& method, const std::string& what,
                         std::optional<std::string> body = std::nullopt) {
    const auto response =
        send(method, "/_mock/" + what, {{"Content-Type", "application/json"}}, std::move(body));
    EXPECT_EQ(response.status / 100, 2) << what << ": " << response.body;
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  http::Fields with_token(const std::string& token) {
    return {{"Authorization", "Bearer " + token}, {"Tus-Resumable", "1.0.0"}};
  }
  std::string log_in() {
    const auto response =
        send("POST", "/oauth", {{"Content-Type", "application/x-www-form-urlencoded"}},
             "username=demo&password=demo");
    return nlohmann::json::parse(response.body).at("access_token");
  }
  std::string create(const std::string& token) {
    auto fields = with_token(token);
    fields.add("Upload-Length", "10");
    const auto response = send("POST", "/files", fields, "");
    EXPECT_EQ(response.status, 201) << response.body;
    const std::string location{response.headers.find("Location").value_or("")};
    return location.substr(location.find("/files/"));
  }

  Mock mock_{{"--profile", "tus", "--store", "memory", "--auth", "jwt"}};
  transport::Client client_{transport::ClientOptions{}};
};

TEST_F(Identity, ATokenThatExpiresDuringABodyIsGoodUntilTheBodyEnds) {
  const auto token = log_in();
  const auto upload = create(token);
  auto connection = transport::RawConnection::open(mock_.url(), {}, patience);
  ASSERT_TRUE(connection);
  auto fields = with_token(token);
  fields.add("Host", mock_.url().substr(mock_.url().rfind('/') + 1));
  fields.add("Content-Type", "application/offset+octet-stream");
  fields.add("Upload-Offset", "0");
  fields.add("Content-Length", "10");
  ASSERT_TRUE(
      connection->send(transport::request_head("PATCH", upload, fields) + "01234", patience));
  const auto id = upload.substr(upload.rfind('/') + 1);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (control("GET", "uploads/" + id).at("offset") != 5 &&
         std::chrono::steady_clock::now() < deadline) {
    ::usleep(1000);
  }
  ASSERT_EQ(control("GET", "uploads/" + id).at("offset"), 5);

  control("POST", "clock", R"({"advance": "2h"})");
  ASSERT_TRUE(connection->send("56789", patience));
  const auto read = connection->read_response(patience);
  ASSERT_TRUE(read.response);
  EXPECT_EQ(read.response->status, 204) << read.response->body;
  EXPECT_EQ(send("HEAD", upload, with_token(token)).status, 401) << "the next request";
  EXPECT_EQ(send("HEAD", upload, with_token(log_in())).status, 200);
}

TEST_F(Identity, TokensOutliveARotationUntilTheirKeyIsRetired) {
  const auto token = log_in();
  const auto upload = create(token);
  const auto keys = [&] {
    return nlohmann::json::parse(send("GET", "/oauth/jwks").body).at("keys").size();
  };
  EXPECT_EQ(keys(), 1U);
  control("POST", "keys", "{}");
  EXPECT_EQ(keys(), 2U);
  EXPECT_EQ(send("HEAD", upload, with_token(token)).status, 200);
  control("POST", "keys", R"({"retire_earlier": true})");
  EXPECT_EQ(keys(), 1U);
  EXPECT_EQ(send("HEAD", upload, with_token(token)).status, 401);
}

TEST_F(Identity, TheConfigurationIsFoundUnderItsIssuer) {
  const auto config =
      nlohmann::json::parse(send("GET", "/oauth/.well-known/openid-configuration").body);
  EXPECT_EQ(config.at("issuer"), mock_.url() + "/oauth");
  EXPECT_EQ(config.at("jwks_uri"), mock_.url() + "/oauth/jwks");
  const auto lane =
      nlohmann::json::parse(send("GET", "/_lane/blue/oauth/.well-known/openid-configuration").body);
  EXPECT_EQ(lane.at("issuer"), mock_.url() + "/_lane/blue/oauth");
}

TEST_F(Identity, ATokenOfOneLaneIsAStrangersInAnother) {
  const auto token = log_in();
  EXPECT_EQ(send("HEAD", "/files/x", with_token(token)).status, 404);
  EXPECT_EQ(send("HEAD", "/_lane/blue/files/x", with_token(token)).status, 401);
}

TEST(SecureIdentity, GuessingAPasswordTakesItsTime) {
  Mock mock({"--profile", "dex", "--store", "memory", "--auth", "opaque", "--secure"});
  programs::ControlClient client(mock.url());
  const auto log_in = [&](const std::string& name, const std::string& password) {
    return client.send("POST", "/oauth", {{"Content-Type", "application/x-www-form-urlencoded"}},
                       "username=" + name + "&password=" + password);
  };
  for (const std::string name : {"demo", "nobody"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in(name, "guess").status, 400) << name << i;
    const auto sixth = log_in(name, "guess");
    EXPECT_EQ(sixth.status, 429) << name;
    EXPECT_EQ(sixth.header("Retry-After"), "60") << name;
  }
  EXPECT_EQ(log_in("demo", "demo").status, 429);
  EXPECT_EQ(client.post("/_mock/clock", R"({"freeze": true, "advance": "59s"})").status, 200);
  EXPECT_EQ(log_in("demo", "demo").status, 429) << "the minute is the lane's";
  EXPECT_EQ(client.post("/_mock/clock", R"({"advance": "1s"})").status, 200);
  EXPECT_EQ(log_in("demo", "demo").status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in("demo", "guess").status, 400);
  EXPECT_EQ(log_in("demo", "demo").status, 429);
  EXPECT_EQ(client.post("/_mock/reset").status, 204);
  EXPECT_EQ(log_in("demo", "demo").status, 200) << "a reset is a beginning";
}

/// Folders stand where the server expects files, and files where it expects folders, so that
/// nothing can be stored.
TEST(BrokenState, NoAnswerTellsWhereTheServerKeepsIt) {
  const testkit::TempFolder folder;
  const auto store = folder.path() / "marker-of-a-path";
  Mock mock({"--profile", "dex", "--store", store.string(), "--auth", "jwt"});
  programs::ControlClient client(mock.url());
  std::string told;
  const auto note = [&](const programs::Answer& answer) {
    told += answer.body + "\n";
    for (const auto& field : answer.headers) told += field.name + ": " + field.value + "\n";
    return answer.status;
  };
  const http::Fields form{{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto tokens = client.send("POST", "/oauth", form, "username=demo&password=demo").json;
  const std::string bearer = "Bearer " + tokens.at("access_token").get<std::string>();
  const std::string manifest =
      "sender_id YQ==,data_producer_id YQ==,jurisdiction YQ==,received_filename YS50eHQ=,"
      "data_stream_id ZGV4dGVzdGluZw==,data_stream_route dGVzdGV2ZW50MQ==,version Mi4w";
  const http::Fields as_user{{"Authorization", bearer}, {"Upload-Metadata", manifest}};

  for (const auto* const name : {"access-tokens.jsonl", "refresh-tokens.jsonl"}) {
    std::filesystem::remove(store / "auth" / name);
    std::filesystem::create_directory(store / "auth" / name);
  }
  std::filesystem::create_directories(store / "auth" / "signing-key.pem.new" / "x");
  EXPECT_EQ(note(client.send("POST", "/oauth", form, "username=demo&password=demo")), 500);
  EXPECT_EQ(note(client.send("POST", "/oauth/refresh", form,
                             "refresh_token=" + tokens.at("refresh_token").get<std::string>())),
            500);
  EXPECT_EQ(note(client.post("/_mock/tokens")), 500);
  EXPECT_EQ(note(client.post("/_mock/keys")), 500);
  EXPECT_EQ(note(client.post("/_mock/tokens/revoke",
                             nlohmann::json{{"token", tokens.at("access_token")}}.dump())),
            500);
  EXPECT_EQ(note(client.post("/_mock/reset")), 500);

  std::filesystem::remove_all(store / "lanes");
  folder.write("marker-of-a-path/lanes", "a file");
  EXPECT_EQ(note(client.put("/_mock/lanes/red")), 500);
  EXPECT_EQ(note(client.post("/_lane/blue/_mock/tokens")), 500);
  EXPECT_EQ(note(client.send("POST", "/_lane/green/oauth", form, "username=demo&password=demo")),
            500);

  std::filesystem::remove_all(store / "deliveries");
  folder.write("marker-of-a-path/deliveries", "a file");
  EXPECT_EQ(note(client.get("/health")), 200);
  const auto url = client.create(5, as_user);
  std::filesystem::create_directories(store / (client.id_of(url) + ".meta.new") / "x");
  EXPECT_EQ(note(client.patch(url, 0, "hello", as_user)), 500);
  note(client.send("GET", "/info/" + client.id_of(url), as_user));
  EXPECT_EQ(told.find("marker-of-a-path"), std::string::npos) << told;
}

}  // namespace
