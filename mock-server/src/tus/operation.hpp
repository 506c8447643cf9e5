// What the requests of the tus protocol share: their surroundings and their common replies.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/handler.hpp"
#include "store/locks.hpp"
#include "tus/attributes.hpp"
#include "tus/hooks.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// Refers to what outlives the operation.
struct Context {
  const Request& request;
  std::string_view method;  ///< resolved against X-HTTP-Method-Override
  Exchange& exchange;
  const RouteMatch& match;
  const TusOptions& options;
  TusServices& services;
};

/// One request whose protocol version was already found good. Loop thread only.
class Operation {
 public:
  virtual ~Operation() = default;
  /// Replies, or asks for the body.
  virtual void start() = 0;
  virtual void on_bytes(std::span<const std::byte>) {}
  virtual void on_end(BodyEnd) {}
  /// As Handler::looks_at_bytes.
  [[nodiscard]] virtual bool looks_at_bytes() const { return true; }
};

[[nodiscard]] std::unique_ptr<Operation> make_create(const Context& context);
[[nodiscard]] std::unique_ptr<Operation> make_patch(const Context& context);
[[nodiscard]] std::unique_ptr<Operation> make_download(const Context& context);

/// Adds what every tus response carries (Tus-Resumable, CORS, nosniff) and sends the reply. The
/// operation may be gone when this returns.
void send(const Context& context, Reply reply);
/// Adds CORS only. Like `send`, it takes the body from a reply to HEAD.
void send_as_it_is(const Context& context, Reply&& reply);

/// Goes on with a request in a callback of the loop. What `go_on` throws is answered 500 or 507.
template <class GoOn>
void carry_on(const Context& context, const GoOn& go_on) {
  try {
    go_on();
  } catch (...) {
    send(context, failed(context.services.loop, context.request, std::current_exception()));
  }
}

/// A text/plain reply for a request that is not carried out; one line for a person. For what has a
/// name see refusals.hpp.
[[nodiscard]] Reply refusal(int status, std::string_view why);
/// The reply to a request that the store could not serve.
[[nodiscard]] Reply refusal(const TusOptions& options, const StoreError& error);
/// A body that ended before it was whole.
[[nodiscard]] Reply cut_off(const TusOptions& options, BodyEnd end);
/// 423: another request holds the upload, or took it over.
[[nodiscard]] Reply locked(const TusOptions& options);

/// The upload that `match.id` names, or the reply that says why there is none.
[[nodiscard]] tl::expected<Upload, Reply> find_upload(const Context& context);

/// Runs the hooks of an upload whose last byte was just stored.
[[nodiscard]] tl::expected<void, Reply> finish(Hooks& hooks, const Upload& upload);

/// Only unfinished uploads expire (protocol.md, Expiration).
[[nodiscard]] bool has_expired(const Upload& upload, TimePoint now);
/// Adds Upload-Expires when the upload is going to expire (protocol.md, Expiration).
void add_expiry(const Upload& upload, Reply& reply);

}  // namespace mock
