// For tests: an object store without sockets, over a memory store.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/handler.hpp"
#include "loop/manual_loop.hpp"
#include "objects/objects_system.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/signature.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"

namespace mock::test {

inline const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE",
                                   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

/// One request in flight, as the http room would drive it.
class FakeExchange final : public Exchange {
 public:
  FakeExchange(ObjectsSystem& system, Services& services, Request request)
      : request_(std::move(request)), handler_(system.handler_for(request_, services)) {
    handler_->on_header(request_, *this);
  }
  void read_body() override { reading_ = true; }
  void interim(Reply /*reply*/) override {}
  void reply(Reply reply) override {
    ASSERT_FALSE(reply_) << "a second reply: " << reply.status;
    reply_ = std::move(reply);
    if (!reply_->source) return;
    reply_->body.resize(reply_->length().value);
    ASSERT_TRUE(reply_->source->read(Bytes{0}, std::as_writable_bytes(std::span(reply_->body))));
  }
  [[nodiscard]] bool reading() const { return reading_ && !reply_; }
  void bytes(std::string_view slice) {
    if (reading()) handler_->on_bytes(std::as_bytes(std::span(slice)));
  }
  void finish(BodyEnd end = BodyEnd::complete) {
    if (reading()) handler_->on_end(end);
  }
  void drop() { handler_.reset(); }
  [[nodiscard]] const Reply& answer() const {
    static const Reply none{0, {}, {}, {}, false, UnreadBody::drain};
    return reply_ ? *reply_ : none;
  }

 private:
  Request request_;
  std::unique_ptr<Handler> handler_;
  std::optional<Reply> reply_;
  bool reading_ = false;
};

class FakeObjects {
 public:
  explicit FakeObjects(Bytes limit = Bytes{64U << 20U}, ETag etag = ETag::md5)
      : store(make_memory_store(loop, limit)),
        locks(make_locks([] { return std::chrono::steady_clock::time_point{}; })) {
    ObjectsOptions options;
    options.buckets = {"examplebucket", "publicbucket"};
    options.public_buckets = {"publicbucket"};
    options.keys = {owner};
    options.etag = etag;
    system = ObjectsSystem::make(std::move(options), services).value();
  }

  std::unique_ptr<FakeExchange> open(std::string method, std::string target, ::http::Fields fields,
                                     std::optional<std::uint64_t> length = std::nullopt,
                                     std::string mount = {}) {
    Request request;
    request.method = std::move(method);
    request.target = mount + target;
    request.path = target.substr(0, target.find('?'));
    const auto mark = target.find('?');
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    request.mount = std::move(mount);
    request.chunked = fields.has("Transfer-Encoding");
    if (!fields.has("Host")) fields.add("Host", "127.0.0.1:8080");
    request.fields = std::move(fields);
    if (length) request.content_length = Bytes{*length};
    return std::make_unique<FakeExchange>(*system, services, std::move(request));
  }
  /// A whole request, its body in slices of `slice` bytes.
  Reply send(std::string method, std::string target, ::http::Fields fields,
             std::string_view body = {}, std::size_t slice = 7) {
    auto exchange = open(std::move(method), std::move(target), std::move(fields), body.size());
    while (!body.empty()) {
      exchange->bytes(body.substr(0, slice));
      body.remove_prefix(std::min(slice, body.size()));
    }
    exchange->finish();
    loop.run();
    return exchange->answer();
  }
  /// What a GET gives, signed; nullopt: 404.
  std::optional<std::string> content(std::string_view bucket, std::string_view key) {
    const auto path = s3::encode_path("/" + std::string(bucket) + "/" + std::string(key));
    const auto reply = send("GET", presigned("GET", path), {});
    if (reply.status == 404) return std::nullopt;
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.body;
  }
  std::string presigned(std::string_view method, std::string_view path,
                        std::chrono::seconds lifetime = std::chrono::hours{1}) {
    return s3::presign_v2({method, path, {}}, owner, loop.now() + lifetime);
  }

  ManualLoop loop;
  std::unique_ptr<Store> store;
  std::unique_ptr<Locks> locks;
  Services services{*store, *locks, loop};
  std::unique_ptr<ObjectsSystem> system;
};

inline s3::ErrorBody error_of(const Reply& reply) {
  auto parsed = s3::parse_error_body(reply.body);
  return parsed ? *std::move(parsed) : s3::ErrorBody{"(no error: " + reply.body + ")", {}, {}};
}

}  // namespace mock::test
