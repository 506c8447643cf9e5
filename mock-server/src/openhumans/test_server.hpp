// Open Humans without sockets, over a store in memory. For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/gate.hpp"
#include "http/addressed.hpp"
#include "http/handler.hpp"
#include "http/route.hpp"
#include "loop/manual_loop.hpp"
#include "openhumans/openhumans_settings.hpp"
#include "protocol/http/form.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"
#include "system/ground.hpp"
#include "system/system.hpp"

namespace mock::test {

inline const std::string api = "/api/direct-sharing/project/";
inline const std::string with_token = "?access_token=example_token";
inline const std::string good_metadata = R"({"tags": ["a"], "description": "d"})";

/// One request in flight.
class OneExchange final : public Exchange {
 public:
  void read_body() override { reading = true; }
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

class OpenHumansServer {
 public:
  explicit OpenHumansServer(bool by_guide = false, OpenHumansConfig config = {})
      : by_guide_(by_guide) {
    config_.get<OpenHumansConfig>() = std::move(config);
    restart();
  }

  /// The store is as it was; what else the server knew is forgotten.
  void restart() {
    const TypedValues profile;
    const TypedValues content;
    SystemValues values{profile, config_, content};
    values.by_guide = by_guide_;
    system_ = make_openhumans(SystemGround{services, values}).value();
    routes_ = {};
    for (const auto& patterns : system_->routes()) ASSERT_TRUE(routes_.add(patterns));
    system_->start();
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
    if (exchange.reading && !exchange.answer) handler->on_end(end);
    loop.run();
    return exchange.answer.value_or(Reply{0, {}, {}, {}});
  }

  Reply post(const std::string& call, const ::http::Form& form) {
    return send("POST", api + call + with_token,
                {{"Content-Type", "application/x-www-form-urlencoded"}}, ::http::format_form(form));
  }
  Reply post_json(const std::string& call, const std::string& body) {
    return send("POST", api + call + with_token, {{"Content-Type", "application/json"}}, body);
  }
  Reply post_multipart(const std::string& call, const std::string& body,
                       std::size_t slice = 1U << 16U, BodyEnd end = BodyEnd::complete) {
    return send("POST", api + call + with_token,
                {{"Content-Type", "multipart/form-data; boundary=b"}}, body, slice, end);
  }

  /// Those of a direct upload.
  struct Begun {
    std::uint64_t id;
    std::string target;  ///< of the URL
  };
  Begun begin(const std::string& name, const std::string& metadata = good_metadata) {
    const auto reply =
        post("files/upload/direct/",
             {{"project_member_id", "12345678"}, {"filename", name}, {"metadata", metadata}});
    EXPECT_EQ(reply.status, 201) << reply.body;
    const auto body = nlohmann::json::parse(reply.body);
    const auto url = body.at("url").get<std::string>();
    EXPECT_TRUE(url.starts_with("http://h/"));
    return {body.at("id"), url.substr(std::string("http://h").size())};
  }
  Reply put(const std::string& target, std::string_view body) {
    return send("PUT", target, {{"Content-Length", std::to_string(body.size())}}, body);
  }
  Reply complete(std::uint64_t id, const std::string& member = "12345678") {
    return post("files/upload/complete/",
                {{"project_member_id", member}, {"file_id", std::to_string(id)}});
  }
  /// A file that is there.
  std::uint64_t store(const std::string& name, std::string_view body = "bytes") {
    const auto begun = begin(name);
    EXPECT_EQ(put(begun.target, body).status, 200);
    EXPECT_EQ(complete(begun.id).status, 200);
    return begun.id;
  }
  nlohmann::json listing(const std::string& member = "12345678") {
    const auto reply =
        send("GET", api + "exchange-member/" + with_token + "&project_member_id=" + member, {});
    EXPECT_EQ(reply.status, 200) << reply.body;
    return nlohmann::json::parse(reply.body);
  }
  std::vector<std::uint64_t> ids(const std::string& member = "12345678") {
    std::vector<std::uint64_t> all;
    const auto listed = listing(member);
    for (const auto& file : listed.at("data")) all.push_back(file.at("id"));
    return all;
  }
  /// Of the file that is listed at that place.
  std::string download(std::size_t index = 0) {
    const auto url = listing().at("data").at(index).at("download_url").get<std::string>();
    const auto reply = send("GET", url.substr(std::string("http://h").size()), {});
    return reply.status == 200 ? reply.body : "(" + std::to_string(reply.status) + ")";
  }

 private:
  bool by_guide_;
  TypedValues config_;

 public:
  ManualLoop loop;

 private:
  std::unique_ptr<Store> memory_ = make_memory_store(loop, Bytes{64UL << 20U});
  std::unique_ptr<Locks> locks_ = make_locks();

 public:
  Services services{*memory_, *locks_, loop};

 private:
  std::unique_ptr<System> system_;
  RouteTable routes_;
};

/// A part of a form whose boundary is "b".
inline std::string part(const std::string& name, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}
inline std::string file_part(const std::string& filename, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"data_file\"; filename=\"" + filename +
         "\"\r\n\r\n" + value + "\r\n";
}
inline const std::string end_of_form = "--b--\r\n";

}  // namespace mock::test
