// Which gate stands before an endpoint: the lane's, its system's own, or none.
#include "lane/application.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "auth/key_gate.hpp"
#include "http/http_options.hpp"
#include "loop/manual_loop.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"

namespace mock {
namespace {

constexpr Endpoint keyed{.name = "keyed", .guarded = Endpoint::Guard::system};
constexpr Endpoint tokened{.name = "tokened", .guarded = Endpoint::Guard::always};
constexpr Endpoint open{.name = "open"};
constexpr RoutePattern patterns[]{{"/keyed", keyed}, {"/tokened", tokened}, {"/open", open}};

/// Answers with the name of the endpoint, and has a key.
class Keyed final : public System {
 public:
  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override {
    return {patterns};
  }
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request, Services&) override {
    return bodiless([name = request.addressed.route.name()](const Request&) {
      return text_reply(200, std::string(name));
    });
  }
  [[nodiscard]] const Gate* gate(Route) const override { return has_gate ? &gate_ : nullptr; }
  void complete_refusal(const Request&, Reply& refusal) const override {
    refusal.fields.set("X-System", "keyed");
  }

  bool has_gate = true;

 private:
  KeyGate gate_{{{{KeyWay::Kind::field, "X-API-Key"}}, {"the-key"}, [](KeyFlaw) {
                   return json_reply(401, R"({"message":"no"})");
                 }}};
};

/// Keeps the reply.
class Replied final : public Exchange {
 public:
  void read_body() override {}
  void interim(Reply /*reply*/) override {}
  void reply(Reply reply) override { told = std::move(reply); }
  std::optional<Reply> told;
};

class ApplicationTest : public testing::Test {
 protected:
  ApplicationTest() {
    auto system = std::make_unique<Keyed>();
    system_ = system.get();
    systems_.push_back(std::move(system));
    EXPECT_TRUE(table_.add(patterns));
  }
  [[nodiscard]] Reply ask(AuthMode mode, const std::string& path,
                          const ::http::Fields& fields = {}) {
    AuthOptions options;
    options.mode = mode;
    const auto auth = Auth::make(options, loop_).value();
    MockApplication application({http_, table_, systems_, *auth, services_, UnreadBody::close, {}});
    Request request;
    request.method = "POST";
    request.path = path;
    request.fields = fields;
    application.admit(request);
    Replied exchange;
    const auto handler = application.handler_for(request, nullptr);
    handler->on_header(request, exchange);
    return exchange.told.value();
  }

  ManualLoop loop_;
  HttpOptions http_;
  RouteTable table_;
  std::unique_ptr<Store> store_ = make_memory_store(loop_, Bytes{1024});
  std::unique_ptr<Locks> locks_ = make_locks();
  Services services_{*store_, *locks_, loop_};
  std::vector<std::unique_ptr<System>> systems_;
  Keyed* system_ = nullptr;
};

TEST_F(ApplicationTest, ASystemsOwnGateAsksForItsOwnCredential) {
  for (const auto mode : {AuthMode::none, AuthMode::opaque}) {
    const auto refused = ask(mode, "/keyed");
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.body, R"({"message":"no"})");
    EXPECT_EQ(refused.fields.find("X-System"), "keyed");
    EXPECT_EQ(refused.unread_body, UnreadBody::close);
    EXPECT_EQ(ask(mode, "/keyed", {{"X-API-Key", "the-key"}}).body, "keyed");
  }
}

TEST_F(ApplicationTest, ItsOtherEndpointsAreTheLanes) {
  EXPECT_EQ(ask(AuthMode::none, "/tokened").body, "tokened");
  EXPECT_EQ(ask(AuthMode::opaque, "/tokened", {{"X-API-Key", "the-key"}}).status, 401);
  EXPECT_EQ(ask(AuthMode::opaque, "/open").body, "open");
}

TEST_F(ApplicationTest, WithoutAGateOfItsOwnNothingStandsBeforeIt) {
  system_->has_gate = false;
  EXPECT_EQ(ask(AuthMode::opaque, "/keyed").body, "keyed");
}

}  // namespace
}  // namespace mock
