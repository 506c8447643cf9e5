#include "link/tcp.hpp"

#include <chrono>
#include <utility>

#include "link/lost.hpp"
#include "link/zombie.hpp"

namespace loadgen {

using transport::LoadOutcome;
using transport::LoadRequest;

namespace {
/// Whether another request may follow (RFC 9112 section 9.3).
bool is_kept(const LoadOutcome& outcome) {
  if (!outcome.response) return false;
  return !outcome.response->headers.has_token("Connection", "close");
}
}  // namespace

Milliseconds TcpLink::delay(const LoadRequest& request, bool is_new) const {
  double seconds = is_new ? path_->handshakes * path_->tcp.round_trip : 0;
  // A question sent beside a body waits behind what the body has put into the queue.
  if (!request.source && path_->bodies > 0 && path_->usual.link_limited) {
    seconds += path_->tcp.queue;
  }
  return std::chrono::round<Milliseconds>(std::chrono::duration<double>(seconds));
}

void TcpLink::send(LoadRequest request, Done done) {
  Connection connection;
  if (!kept_->empty()) {
    connection = std::move(kept_->back());
    kept_->pop_back();
  }
  // A request for a new connection has given the old one up.
  if (request.fresh_connection) connection = {};
  if (connection.sender) {
    const auto most = path_->idle_timeout;
    if (most.count() > 0 && now() - connection.idle_since > most) {
      tell_later(*this, path_->stall_timeout, lost(transport::Cut::Kind::silent), std::move(done));
      return;
    }
  }
  const bool is_new = !connection.sender;
  if (is_new) connection.sender = std::make_shared<Sender>(path_, now());
  const bool has_body = static_cast<bool>(request.source);
  const Milliseconds wait = delay(request, is_new);
  if (has_body) {
    give_pace(request, connection.sender);
    ++path_->bodies;
  } else if (path_->line && !request.body.empty()) {
    path_->line->spend(request.body.size());
  }
  // Without `this`: the link may be gone before the loop is.
  Done over = [kept = kept_, path = path_, &to = below(), has_body,
               connection = std::move(connection), done = std::move(done)](LoadOutcome outcome) {
    if (has_body) --path->bodies;
    if (is_kept(outcome)) kept->push_back({connection.sender, to.now()});
    done(std::move(outcome));
  };
  if (wait.count() == 0) {
    below().send(std::move(request), std::move(over));
    return;
  }
  after(wait, [&to = below(), request = std::move(request), over = std::move(over)]() mutable {
    to.send(std::move(request), std::move(over));
  });
}

}  // namespace loadgen
