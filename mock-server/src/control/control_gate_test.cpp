#include <gtest/gtest.h>

#include "control/control.hpp"

namespace mock {
namespace {

/// What stands behind the gate.
class Open : public Application {
 public:
  std::unique_ptr<Handler> handler_for(const Request&, Intercept*) override {
    return bodiless([](const Request&) { return text_reply(200, "in"); });
  }
};

class OneReply : public Exchange {
 public:
  void read_body() override {}
  void interim(Reply /*reply*/) override {}
  void reply(Reply reply) override { got = std::move(reply); }
  Reply got;
};

Reply ask(const ControlGate::Access& access, const ::http::Fields& fields,
          const std::string& path = "/_mock/health") {
  Open open;
  ControlGate gate(open, access);
  Request request;
  request.method = "GET";
  request.path = path;
  request.fields = fields;
  request.local_authority = "127.0.0.1:8080";
  OneReply exchange;
  gate.handler_for(request, nullptr)->on_header(request, exchange);
  return exchange.got;
}

using Serves = ControlGate::Access::Serves;

TEST(ControlGate, WithoutATokenTheHostIsThisMachine) {
  const ControlGate::Access open{Serves::open, ""};
  for (const char* host : {"127.0.0.1:8080", "127.0.0.1", "127.9.8.7:1", "localhost:8080",
                           "LOCALHOST", "[::1]:8080"}) {
    EXPECT_EQ(ask(open, {{"Host", host}}).status, 200) << host;
  }
  EXPECT_EQ(ask(open, {}).status, 200) << "HTTP/1.0";
  for (const char* host :
       {"evil.example", "evil.example:8080", "127.evil.example", "127.0.0.1.evil", "localhost.evil",
        "127.0.0.1@evil", "127.0.0.", "[::2]:8080", "", "["}) {
    EXPECT_EQ(ask(open, {{"Host", host}}).status, 403) << host;
  }
  EXPECT_EQ(ask(open, {{"Host", "localhost"}, {"Host", "evil.example"}}).status, 403);
}

TEST(ControlGate, WithATokenItIsDemandedAndTheHostIsNot) {
  const ControlGate::Access access{Serves::open, "s3cret"};
  const auto with = [&](const char* value) {
    return ask(access, {{"Host", "mock.example"}, {"Authorization", value}}).status;
  };
  EXPECT_EQ(with("Bearer s3cret"), 200);
  EXPECT_EQ(with("bearer  s3cret"), 200);
  for (const char* wrong : {"Bearer s3cre", "Bearer s3cret2", "Bearer S3CRET", "Bearer", "Bearer ",
                            "Basic s3cret", "", "s3cret"}) {
    EXPECT_EQ(with(wrong), 401) << wrong;
  }
  const auto refused = ask(access, {});
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(refused.fields.has("WWW-Authenticate"));
}

TEST(ControlGate, AClosedOneKnowsNoControl) {
  EXPECT_EQ(ask({Serves::closed, "s3cret"}, {{"Authorization", "Bearer s3cret"}}).status, 404);
  EXPECT_EQ(ask({Serves::closed, ""}, {}, "/files").status, 200);
}

TEST(ControlGate, AControlListenerServesNothingElse) {
  EXPECT_EQ(ask({Serves::only, ""}, {}, "/files").status, 404);
  EXPECT_EQ(ask({Serves::only, ""}, {}, "/metrics").status, 404);
  EXPECT_EQ(ask({Serves::only, ""}, {}).status, 200);
}

TEST(ControlGate, OnlyLoopbackIsOpenByItself) {
  EXPECT_EQ(control_access("127.0.0.1", "").serves, Serves::open);
  EXPECT_EQ(control_access("::1", "").serves, Serves::open);
  EXPECT_EQ(control_access("localhost", "").serves, Serves::open);
  EXPECT_EQ(control_access("0.0.0.0", "").serves, Serves::closed);
  EXPECT_EQ(control_access("::", "").serves, Serves::closed);
  EXPECT_EQ(control_access("127.evil.example", "").serves, Serves::closed);
  EXPECT_EQ(control_access("0.0.0.0", "s3cret").serves, Serves::open);
}

}  // namespace
}  // namespace mock
