// A system without sockets, over a store in memory. For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "auth/gate.hpp"
#include "http/addressed.hpp"
#include "http/handler.hpp"
#include "http/route.hpp"
#include "loop/manual_loop.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"
#include "system/ground.hpp"
#include "system/system.hpp"

namespace mock::test {

/// One request in flight.
class OneExchange final : public Exchange {
 public:
  void read_body() override { reading = true; }
  void interim(Reply /*reply*/) override {}
  void reply(Reply reply) override {
    ASSERT_FALSE(answer) << "a second reply: " << reply.status;
    answer = std::move(reply);
    if (!answer->source) return;
    answer->body.resize(answer->length().value);
    const auto into = std::as_writable_bytes(std::span(answer->body));
    ASSERT_TRUE(answer->source->read(Bytes{0}, into));
    answer->source.reset();
  }
  bool reading = false;
  std::optional<Reply> answer;
};

class SystemServer {
 public:
  using Make = std::function<Result<std::unique_ptr<System>>(const SystemGround& ground)>;
  explicit SystemServer(Make make, bool by_guide = false, TypedValues config = {})
      : make_(std::move(make)), by_guide_(by_guide), config_(std::move(config)) {
    restart();
  }

  /// The store is as it was; what else the server knew is forgotten.
  void restart() {
    const TypedValues profile;
    const TypedValues content;
    SystemValues values{profile, config_, content};
    values.by_guide = by_guide_;
    system_ = make_(SystemGround{services, values}).value();
    routes_ = {};
    for (const auto& patterns : system_->routes()) ASSERT_TRUE(routes_.add(patterns));
    system_->start();
  }

  /// What a system is set to, for the constructor.
  template <class Config>
  static TypedValues values_of(Config config) {
    TypedValues values;
    values.get<Config>() = std::move(config);
    return values;
  }

  /// A whole request; `slice` is how many bytes of its body come at once.
  Reply send(const std::string& method, const std::string& target, const ::http::Fields& fields,
             std::string_view body = {}, std::size_t slice = 1U << 16U,
             BodyEnd end = BodyEnd::complete) {
    Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.fields = fields;
    request.fields.add("Host", "h");
    request.local_authority = "127.0.0.1:8080";
    if (!body.empty()) request.content_length = Bytes{body.size()};
    request.addressed = address(request, routes_);
    const auto route = request.addressed.route;
    if (!route.known()) return text_reply(404, "");
    const auto* const gate =
        route.guarded() == Endpoint::Guard::system ? system_->gate(route) : nullptr;
    if (auto refused = gate != nullptr ? gate->check(request) : std::nullopt) {
      system_->complete_refusal(request, *refused);
      return *refused;
    }
    OneExchange exchange;
    const auto handler = system_->handler_for(request, services);
    handler->on_header(request, exchange);
    while (exchange.reading && !exchange.answer && !body.empty()) {
      const auto part = body.substr(0, slice);
      body.remove_prefix(part.size());
      handler->on_bytes(std::as_bytes(std::span(part)));
    }
    if (const auto other = std::exchange(meanwhile, nullptr)) other();
    if (exchange.reading && !exchange.answer) handler->on_end(end);
    loop.run();
    return exchange.answer.value_or(Reply{0, {}, {}, {}});
  }

 private:
  Make make_;
  bool by_guide_;
  TypedValues config_;

 public:
  ManualLoop loop;

 private:
  std::unique_ptr<Store> memory_ = make_memory_store(loop, Bytes{64UL << 20U});
  std::unique_ptr<Locks> locks_ = make_locks();

 public:
  Services services{*memory_, *locks_, loop};
  /// Called between the body of the next request and its end.
  std::function<void()> meanwhile;

 private:
  std::unique_ptr<System> system_;
  RouteTable routes_;
};

}  // namespace mock::test
