// A system that the programs do not have: what it registers is all that a lane, a profile and the
// command line's table need.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "dex/registration.hpp"
#include "lane/lane_config_json.hpp"
#include "lane/lane_settings.hpp"
#include "lane/lanes.hpp"
#include "loop/manual_loop.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "net/no_server.hpp"
#include "profile/profile.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"
#include "store/test_noted.hpp"
#include "system/made_spelling.hpp"
#include "tus/registration.hpp"

namespace mock {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

struct EchoConfig {
  Bytes limit{4};
  std::vector<std::string> keys;
};
struct EchoOffer {
  std::string greeting;
};
struct EchoContent {
  std::string read;
};

constexpr Endpoint echo_endpoint{.name = "echo", .names_upload = true};
constexpr Endpoint echo_creation{.name = "echo_creation", .creates = true};
constexpr RoutePattern echo_routes[]{{"/echo/{id}", echo_endpoint}, {"/echo", echo_creation}};
constexpr AttributeName echo_attributes[]{{"note"}};

class Echo final : public System {
 public:
  explicit Echo(const SystemValues& values)
      : limit_(values.config.get<EchoConfig>().limit),
        keys_(values.config.get<EchoConfig>().keys),
        words_(values.profile.get<EchoOffer>().greeting + values.content.get<EchoContent>().read) {}

  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override {
    return {echo_routes};
  }
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request&, Services&) override {
    return buffered(limit_, [this](const Request&, const std::string& body) {
      ++answered_;
      return text_reply(200, words_ + body);
    });
  }
  [[nodiscard]] AskedFor asked_for(const Request&, const ::http::Fields& fields) const override {
    AskedFor asked;
    if (const auto note = fields.find("Echo-Note")) {
      asked.attributes = std::make_shared<test::Noted>(std::string(*note));
    }
    return asked;
  }
  [[nodiscard]] std::string metrics() const override {
    return "echo_answered_total " + std::to_string(answered_) + "\n";
  }

  /// Any echo takes "old".
  [[nodiscard]] std::vector<AccessKey> access_keys() const override {
    std::vector<AccessKey> all{{"old"}};
    for (const auto& key : keys_) all.push_back({key, true});
    return all;
  }

 private:
  Bytes limit_;
  std::vector<std::string> keys_;
  std::string words_;
  int answered_ = 0;
};

const std::vector<SystemSetting>& echo_settings() {
  static const std::vector<SystemSetting> table{
      system_setting({"echo-limit", "", "The longest body", "Echo", "4"}, &EchoConfig::limit,
                     spell::bytes()),
      system_setting(
          {"echo-keys", "", "Access keys", "Echo"}, &EchoConfig::keys,
          spell::list<std::string>(
              "KEY,...", [](const std::string& text) -> Result<std::string> { return text; },
              [](const std::string& key, ConfigReader) { return key; }))};
  return table;
}

std::optional<std::string> key_for_echo(const Request& request) {
  const auto key = request.fields.find("Echo-Key");
  return key ? std::optional(std::string(*key)) : std::nullopt;
}

void read_echo(const json::Cursor& at, TypedValues& into) {
  at.only({"greeting"});
  into.get<EchoOffer>().greeting = at.at("greeting").string();
}

Loaded<void> load_echo(const SystemInputs& inputs, TypedValues& into) {
  if (inputs.config.get<EchoConfig>().limit == Bytes{13}) {
    return input_error({"echo_limit", "is unlucky", {}});
  }
  into.get<EchoContent>().read = ", ";
  return {};
}

Result<std::unique_ptr<System>> make_echo(const SystemGround& ground) {
  return std::make_unique<Echo>(ground.values);
}

constexpr std::array systems{
    tus_registration,
    dex_registration,
    RegisteredSystem{.name = "echo",
                     .routes = echo_routes,
                     .attributes = echo_attributes,
                     .schema = test::noted_schema,
                     .make = make_echo,
                     .settings = echo_settings,
                     .read_profile = read_echo,
                     .load = load_echo,
                     .access_key = key_for_echo},
};

}  // namespace

// In place of systems/registered.cpp.
std::span<const RegisteredSystem> registered_systems() { return systems; }

namespace {

class Replied final : public Exchange {
 public:
  void read_body() override {}
  void interim(Reply /*reply*/) override {}
  void reply(Reply reply) override { told = std::move(reply); }
  std::optional<Reply> told;
};

LaneConfig read(const Json& config) {
  return json::decode(config.dump(), "body",
                      [](const json::Cursor& root) {
                        return read_lane_config(root, {}, ConfigWriter::client);
                      })
      .value();
}

const Json both{{"name", "both"},
                {"description", "Two systems."},
                {"system", {"dex", "echo"}},
                {"echo", {{"greeting", "hello"}}}};

class ThirdSystem : public testing::Test {
 protected:
  ThirdSystem() {
    lanes_ = MockLanes::make(LaneGround{*store_, index_, *locks_, loop_}, LaneNetwork{server_}, {})
                 .value();
    lanes_->start();
  }
  /// A lane with DEX and echo on one port.
  Result<Lane*> open(const std::string& name, Json config = Json::object()) {
    config["profile"] = both;
    return lanes_->open(name, read(config));
  }
  /// Which lane a request with these fields is in.
  std::string lane_of(const std::string& path, ::http::Fields fields, std::string listener = "") {
    Request request;
    request.method = "GET";
    request.path = path;
    request.fields = std::move(fields);
    request.lane = std::move(listener);
    lanes_->admit(request);
    return request.lane;
  }
  Reply ask(const std::string& path, const std::string& body) {
    Request request;
    request.method = "PUT";
    request.path = path;
    request.content_length = Bytes{body.size()};
    lanes_->admit(request);
    const auto handler = lanes_->handler_for(request, nullptr);
    Replied exchange;
    handler->on_header(request, exchange);
    if (!exchange.told) {
      handler->on_bytes(std::as_bytes(std::span(body)));
      if (!exchange.told) handler->on_end(BodyEnd::complete);
    }
    return exchange.told.value();
  }

  ManualLoop loop_;
  NoServer server_{loop_};
  std::unique_ptr<Store> store_ = make_memory_store(loop_, Bytes{1U << 20U});
  LaneIndex index_;
  std::unique_ptr<Locks> locks_ = make_locks();
  std::unique_ptr<MockLanes> lanes_;
};

TEST_F(ThirdSystem, AnswersBesideDexAndTellsItsMetrics) {
  const auto lane = open("both");
  ASSERT_TRUE(lane) << lane.error().line();
  EXPECT_EQ(ask("/_lane/both/echo/a", "you").body, "hello, you");
  EXPECT_EQ(ask("/_lane/both/health", "").status, 200);
  EXPECT_THAT((*lane)->system_metrics(), HasSubstr("echo_answered_total 1\n"));
  EXPECT_EQ(ask("/echo/a", "you").status, 404) << "the main lane has no echo";
}

TEST_F(ThirdSystem, IsAskedWhatItsRequestsAreAbout) {
  auto* const lane = open("both").value();
  auto rule = misbehave::load_text(
      R"({"when": {"upload": {"attributes": {"note": "x"}}}, "then": {"socket": "rst"}})", "rule");
  ASSERT_TRUE(rule) << rule.error().line();
  ASSERT_TRUE(lane->rules().add(*std::move(rule)));
  const auto touched = [&](const std::string& path, ::http::Fields fields) {
    Request request;
    request.method = "POST";
    request.path = "/_lane/both" + path;
    request.fields = std::move(fields);
    lanes_->admit(request);
    return lane->rules().begin(request) != nullptr;
  };
  EXPECT_TRUE(touched("/echo", {{"Echo-Note", "x"}}));
  EXPECT_FALSE(touched("/echo", {{"Echo-Note", "y"}}));
  EXPECT_FALSE(touched("/files", {{"Echo-Note", "x"}})) << "DEX, the first of the lane, has none";
  Upload kept;
  kept.id = "n";
  kept.attributes = std::make_shared<test::Noted>("x");
  ASSERT_TRUE(lane->services().store.create(kept));
  EXPECT_TRUE(touched("/echo/n", {}));
}

TEST_F(ThirdSystem, AnAccessKeyNamesTheLaneThatWasGivenIt) {
  ASSERT_TRUE(open("red", {{"echo_keys", {"r1", "r2"}}}));
  ASSERT_TRUE(open("blue", {{"echo_keys", {"b"}}}));
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "r1"}}), "red");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "r2"}}), "red");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "b"}}), "blue");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "other"}}), "");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "old"}}), "") << "each echo has it";
  EXPECT_EQ(lane_of("/echo/a", {}), "");
  // Prefix, header and listener come before the key.
  EXPECT_EQ(lane_of("/_lane/red/echo/a", {{"Echo-Key", "b"}}), "red");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "b"}, {"X-Dex-Lane", "red"}}), "red");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "b"}}, "red"), "red");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "b"}}, std::string(no_lane)), "blue");
  Upload upload;
  upload.id = "u";
  ASSERT_TRUE(lanes_->find("red")->services().store.create(upload));
  EXPECT_EQ(lane_of("/files/u", {}), "red");
  EXPECT_EQ(lane_of("/files/u", {{"Echo-Key", "b"}}), "blue");

  ASSERT_TRUE(lanes_->close("red"));
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "r1"}}), "");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "b"}}), "blue");
  EXPECT_TRUE(open("green", {{"echo_keys", {"r1"}}})) << "nobody has it any more";
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "r1"}}), "green");
}

TEST_F(ThirdSystem, AnAccessKeyNamesOneLane) {
  lanes_ = MockLanes::make(LaneGround{*store_, index_, *locks_, loop_}, LaneNetwork{server_},
                           read({{"profile", both}, {"echo_keys", {"main"}}}))
               .value();
  lanes_->start();
  ASSERT_TRUE(open("red", {{"echo_keys", {"r"}}}));
  const auto refusal = [&](const Json& keys) {
    const auto opened = open("blue", {{"echo_keys", keys}});
    EXPECT_EQ(lanes_->find("blue"), nullptr);
    return opened ? std::string() : opened.error().line();
  };
  EXPECT_EQ(refusal({"b", "r"}),
            R"(access key "r": names lane "red" already (give each lane keys of its own))");
  EXPECT_EQ(refusal({"old"}),
            R"(access key "old": is one of the main lane's (give each lane keys of its own))");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "b"}}), "") << "nothing is left of a refused lane";
  // A key that lanes have in common with the main lane does not name one of them.
  ASSERT_TRUE(open("alike"));
  ASSERT_TRUE(open("green", {{"echo_keys", {"main", "g"}}}));
  EXPECT_EQ(lane_of("/_lane/named/echo/a", {}), "named");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "main"}}), "");
  EXPECT_EQ(lane_of("/echo/a", {{"Echo-Key", "g"}}), "green");
}

TEST(ThirdSystemRules, NameItsAttributes) {
  const auto wrong = misbehave::load_text(
      R"({"when": {"upload": {"attributes": {"noet": "x"}}}, "then": {"socket": "rst"}})", "rule");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().line(), HasSubstr("did you mean note?"));
}

TEST(ThirdSystemStore, KnowsItsSchema) {
  const auto schemas = attribute_schemas();
  EXPECT_EQ(std::ranges::count(schemas, "noted", &AttributeSchema::system), 1);
}

TEST_F(ThirdSystem, ItsSettingIsAKeyThatIsKept) {
  const auto config = read({{"echo_limit", 2}});
  EXPECT_EQ(to_json(config).at("echo_limit"), 2);
  EXPECT_EQ(to_json({}).at("echo_limit"), 4);
  ASSERT_TRUE(open("short", {{"echo_limit", 2}}));
  EXPECT_EQ(ask("/_lane/short/echo/a", "you").status, 413);
}

TEST_F(ThirdSystem, ItsSettingIsAFlag) {
  const auto& table = lane_settings();
  const auto setting = std::ranges::find(table, "echo-limit", &LaneSetting::name);
  ASSERT_NE(setting, table.end());
  EXPECT_EQ(setting->group, "Echo");
  LaneConfig config;
  ASSERT_TRUE(setting->apply(config, "1KiB"));
  EXPECT_EQ(config.systems.get<EchoConfig>().limit, Bytes{1024});
  EXPECT_FALSE(setting->apply(config, "much"));
}

TEST_F(ThirdSystem, WhatItCannotReadOpensNoLane) {
  const auto refused = open("unlucky", {{"echo_limit", 13}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().line(), "echo_limit: is unlucky");
}

TEST(ThirdSystemProfile, IsReadByTheSystemItself) {
  const auto wrong = load_profile_text(
      R"({"name": "a", "description": "d", "system": "echo", "echo": {"greating": ""}})", "p");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().line(), HasSubstr("echo"));
  const auto none =
      load_profile_text(R"({"name": "a", "description": "d", "system": "dex", "dex": {}})", "p");
  ASSERT_FALSE(none) << "DEX reads nothing there";
  EXPECT_THAT(none.error().line(), HasSubstr("dex"));
}

TEST(ThirdSystemRoutes, AreKnownByName) { EXPECT_EQ(parse_route("echo"), Route(echo_endpoint)); }

}  // namespace
}  // namespace mock
