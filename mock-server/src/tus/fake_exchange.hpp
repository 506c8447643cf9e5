// Drives a tus handler without a socket, as the http room would. For tests.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/handler.hpp"
#include "loop/manual_loop.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"
#include "tus/attributes.hpp"
#include "tus/hooks.hpp"
#include "tus/test_address.hpp"
#include "tus/tus_handler.hpp"
#include "tus/upkeep.hpp"

namespace mock {

/// One request in flight. The handler is destroyed with it, or by `drop`.
class FakeExchange : public Exchange {
 public:
  FakeExchange(Request request, const TusOptions& options, const TusServices& services)
      : request_(std::move(request)), handler_(make_tus_handler(options, services)) {
    request_.addressed = test::addressed(request_, options);
  }

  void begin() { handler_->on_header(request_, *this); }
  void read_body() override { reading_ = true; }
  void interim(Reply reply) override { interims.push_back(std::move(reply)); }
  void reply(Reply reply) override {
    ASSERT_FALSE(reply_.has_value()) << "a second reply: " << reply.status;
    reply_ = std::move(reply);
    if (!reply_->source) return;
    ASSERT_TRUE(reply_->body.empty());
    reply_->body.resize(reply_->length().value);
    const auto into = std::as_writable_bytes(std::span(reply_->body));
    ASSERT_TRUE(reply_->source->read(Bytes{0}, into));
    reply_->source.reset();
  }

  /// Whether the handler asked for the body and waits for it.
  [[nodiscard]] bool reading() const { return reading_ && !reply_; }
  [[nodiscard]] bool looks_at_bytes() const { return handler_->looks_at_bytes(); }
  void bytes(std::string_view slice) {
    ASSERT_TRUE(reading_) << "the handler has not asked for the body";
    if (!reply_) handler_->on_bytes(std::as_bytes(std::span(slice)));
  }
  void finish(BodyEnd end = BodyEnd::complete) {
    if (!reply_) handler_->on_end(end);
  }
  void trailer(std::string name, std::string value) {
    request_.trailers.add(std::move(name), std::move(value));
  }
  std::vector<Reply> interims;

  /// The connection is gone.
  void drop() { handler_.reset(); }

  [[nodiscard]] bool replied() const { return reply_.has_value(); }
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

/// Remembers what was called, and can be told to refuse.
class RecordingHooks : public Hooks {
 public:
  tl::expected<void, Reply> before_create(const Request&, Upload& upload) override {
    if (!next_id.empty()) upload.id = std::exchange(next_id, {});
    for (const auto& [key, value] : add) edit_tus(upload).metadata.set(key, value);
    if (refuse_create) return tl::unexpected(Reply{*refuse_create, {}, {}, "no"});
    return {};
  }
  void after_create(const Upload& upload) override { note("created", upload); }
  void after_receive(const Upload& upload) override { received = upload.offset; }
  tl::expected<void, Reply> before_finish(const Upload& upload) override {
    note("finishing", upload);
    if (refuse_finish) return tl::unexpected(Reply{*refuse_finish, {}, {}, "no"});
    return {};
  }
  void after_finish(const Upload& upload) override { note("finished", upload); }
  void after_terminate(const Upload& upload) override {
    note("terminated", upload);
    if (std::exchange(throw_once, false)) throw std::bad_alloc();
  }

  std::string next_id;
  std::vector<std::pair<std::string, std::string>> add;
  std::optional<int> refuse_create;
  std::optional<int> refuse_finish;
  bool throw_once = false;  ///< in after_terminate
  Bytes received;
  std::vector<std::string> calls;  ///< "finished 10/10"

 private:
  void note(std::string what, const Upload& upload) {
    what += " " + std::to_string(upload.offset.value) + "/";
    what += upload.length ? std::to_string(upload.length->value) : "?";
    calls.push_back(std::move(what));
  }
};

/// A tus server without sockets, over a memory store.
class FakeServer {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  enum class Framing { length, chunked };

  /// nullopt: over the store that keeps no bytes.
  explicit FakeServer(std::optional<Bytes> limit = Bytes{1ULL << 30U})
      : store(limit ? make_memory_store(loop, *limit) : make_discard_store(loop)),
        locks(make_locks([this] {
          // A holder has always been silent for long, unless a test says otherwise.
          if (holders_are_silent) steady += std::chrono::hours{1};
          return steady + loop.now().time_since_epoch();
        })) {}

  /// `path` as in a request line: "/files", "/upload/{id}", or what Location said.
  std::unique_ptr<FakeExchange> open(std::string method, std::string path, const Headers& headers,
                                     std::optional<std::uint64_t> length = std::nullopt,
                                     bool chunked = false) {
    if (const auto scheme = path.find("://"); scheme != std::string::npos) {
      path = path.substr(path.find('/', scheme + 3));
    }
    Request request;
    request.method = std::move(method);
    request.target = path;
    request.path = path;
    request.local_authority = "127.0.0.1:8080";
    request.chunked = chunked;
    if (length) request.content_length = Bytes{*length};
    bool host = false;
    for (const auto& [name, value] : headers) {
      request.fields.add(name, value);
      host = host || ::http::same_name(name, "Host");
    }
    if (!host) request.fields.add("Host", "127.0.0.1:8080");
    auto exchange = std::make_unique<FakeExchange>(std::move(request), options, services);
    exchange->begin();
    return exchange;
  }

  /// A whole request with a body.
  Reply send(std::string method, std::string path, const Headers& headers,
             std::string_view body = {}, Framing framing = Framing::length) {
    const bool chunked = framing == Framing::chunked;
    auto exchange =
        open(std::move(method), std::move(path), headers,
             chunked ? std::nullopt : std::optional<std::uint64_t>(body.size()), chunked);
    if (exchange->reading()) {
      // In two slices, as it may come.
      exchange->bytes(body.substr(0, body.size() / 2));
      exchange->bytes(body.substr(body.size() / 2));
      exchange->finish();
    }
    loop.run();
    return exchange->answer();
  }

  /// What is stored, or nullopt.
  std::optional<std::string> stored(std::string_view id) {
    auto reader = store->open(id);
    if (!reader) return std::nullopt;
    std::string bytes((*reader)->size().value, '\0');
    auto n = (*reader)->read(Bytes{0}, std::as_writable_bytes(std::span(bytes)));
    return n ? std::optional(bytes) : std::nullopt;
  }

  ManualLoop loop;
  bool holders_are_silent = true;
  std::chrono::steady_clock::time_point steady;
  std::unique_ptr<Store> store;
  std::unique_ptr<Locks> locks;
  RecordingHooks hooks;
  TusOptions options;
  Upkeep upkeep{TusServices{{*store, *locks, loop}, hooks}, options};
  TusServices services{{*store, *locks, loop}, upkeep.hooks()};
};

}  // namespace mock
