// What the tests of this room share: a server's services without a server, and requests by hand.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/manual_loop.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "services.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"
#include "tus/attributes.hpp"
#include "tus/test_address.hpp"
#include "tus/tus_system.hpp"

namespace mock::misbehave {

inline Misbehaviour misbehaviour(std::string_view json) {
  auto loaded = load_text(json, "test.json");
  if (!loaded) throw std::logic_error(loaded.error().line());
  return std::move(*loaded);
}

/// tus, as far as rules ask it.
class RuledTus final : public System {
 public:
  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override { return {}; }
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request&, Services&) override {
    return nullptr;
  }
  [[nodiscard]] AskedFor asked_for(const Request&, const ::http::Fields& fields) const override {
    return mock::asked_for(fields);
  }
  [[nodiscard]] bool signals_end(const ::http::Fields& fields) const override {
    return fields.has("Upload-Complete");
  }
};

/// The options of a lane with that system.
inline RuleOptions on_tus(RuleOptions options = {}) {
  static const RuledTus tus;
  options.system_of = [](const RouteMatch&) { return &tus; };
  return options;
}

/// An interceptor with rules in it.
class Rules : public RuleInterceptor {
 public:
  Rules(std::string_view json, RuleOptions options, Services& services)
      : RuleInterceptor(on_tus(std::move(options)), services) {
    if (auto added = add(misbehaviour(json)); !added) throw std::logic_error(added.error().line());
  }
};

inline Request request(std::string method, std::string path, ::http::Fields fields = {}) {
  Request r;
  r.method = std::move(method);
  r.target = path;
  r.path = std::move(path);
  r.fields = std::move(fields);
  r.local_authority = "127.0.0.1:8080";
  if (const auto length = r.fields.find("Content-Length"))
    r.content_length = Bytes{std::stoull(std::string{*length})};
  r.addressed = test::addressed(r);
  return r;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

class FakeLocks : public Locks {
 public:
  std::unique_ptr<Lease> acquire(std::string_view id, std::function<void()> revoked) override {
    return table_->acquire(id, std::move(revoked));
  }
  [[nodiscard]] bool locked(std::string_view id) const override {
    return id == held || table_->locked(id);
  }
  [[nodiscard]] std::vector<std::string> all_locked() const override {
    auto all = table_->all_locked();
    if (!held.empty()) all.push_back(held);
    return all;
  }
  std::string held;

 private:
  std::unique_ptr<Locks> table_ = make_locks();
};

struct World {
  ManualLoop loop;
  std::unique_ptr<Store> store = make_memory_store(loop, Bytes{1U << 20U});
  FakeLocks locks;
  Services services{*store, locks, loop};

  void upload(const std::string& id, std::optional<std::uint64_t> length, std::string_view bytes,
              std::string_view name = "") {
    Upload u;
    u.id = id;
    if (length) u.length = Bytes{*length};
    complete_attributes(u);
    if (!name.empty()) edit_tus(u).metadata.set("filename", std::string{name});
    u.created = u.modified = loop.now();
    ASSERT_TRUE(store->create(u).has_value());
    ASSERT_TRUE(store->append(id, Bytes{0}, bytes_of(bytes)).has_value());
  }
  [[nodiscard]] std::string stored(const std::string& id) const {
    auto reader = store->open(id);
    if (!reader) return "(absent)";
    std::string text((*reader)->size().value, '\0');
    const auto read = (*reader)->read(Bytes{0}, std::as_writable_bytes(std::span{text}));
    EXPECT_TRUE(read.has_value());
    return text;
  }
};

/// A PATCH as the tus room carries it out, through whatever store it is given.
/// Returns the Upload-Offset of the reply before the rules see it; nullopt: refused.
inline std::optional<std::uint64_t> append_all(Store& store, const std::string& id,
                                               std::initializer_list<std::string_view> slices) {
  auto upload = store.find(id);
  if (!upload) return std::nullopt;
  auto at = upload->offset;
  for (const auto slice : slices) {
    const auto end = store.append(id, at, bytes_of(slice));
    if (!end || *end - at < Bytes{slice.size()}) return std::nullopt;
    at = *end;
  }
  return at.value;
}

inline Reply reply(int status, ::http::Fields fields = {}, std::string body = {}) {
  Reply r;
  r.status = status;
  r.fields = std::move(fields);
  r.body = std::move(body);
  return r;
}

/// What the rules make of one exchange: the request as the handler sees it, the reply as sent.
struct Outcome {
  bool touched = false;
  Request request;
  RequestPlan request_plan;
  Reply reply;
  ReplyPlan reply_plan;
};

inline Outcome exchange(RuleInterceptor& rules, Request request, Reply reply) {
  Outcome outcome;
  auto intercept = rules.begin(request);
  outcome.touched = intercept != nullptr;
  if (intercept) {
    outcome.request_plan = intercept->on_request(request);
    outcome.reply_plan = intercept->on_reply(reply);
  }
  outcome.request = std::move(request);
  outcome.reply = std::move(reply);
  return outcome;
}

}  // namespace mock::misbehave
