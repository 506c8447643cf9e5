// What a server does wrong, as hooks of the relay.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "world.hpp"

namespace strangers {

struct Slice {
  std::string bytes;
  std::uint64_t at = 0;  ///< how much of the body has come before it
  bool begins_chunk = false;
};

/// Each hook is called with the world's mutex held, and does nothing unless it is overridden.
class Wrong {
 public:
  Wrong() = default;
  Wrong(const Wrong&) = delete;
  Wrong& operator=(const Wrong&) = delete;
  virtual ~Wrong() = default;

  /// The head of a request has come. May change it, and decide what becomes of the request.
  virtual void request(World&, Exchange&) {}
  /// May change the bytes. If the request has a Content-Length, slices and body_end() together must
  /// keep their number.
  virtual void body(World&, Exchange&, Slice&) {}
  /// Bytes to add after the last slice.
  virtual std::string body_end(World&, Exchange&) { return {}; }
  /// The size line of a chunk; false refuses the request with 400.
  virtual bool chunk_line(World&, Exchange&, std::string_view) { return true; }
  /// The client broke off before the end of the body. Returns how many zeros to send for the rest.
  virtual std::uint64_t cut(World&, Exchange&) { return 0; }
  /// The whole body is in `kept`. Returns the answer.
  virtual Answer swallowed(World&, Exchange&) { return {}; }
  /// The request has gone to the server, or has been answered here.
  virtual void sent(World&, Exchange&) {}
  /// Whether to pass on an interim reply.
  virtual bool interim(World&, Exchange&, const ReplyHead&) { return true; }
  virtual void reply(World&, Exchange&, ReplyHead&) {}
  /// The body of a reply for which `edits_reply` was set.
  virtual void document(World&, Exchange&, ReplyHead&, std::string&) {}
};

/// nullptr when there is no wrong of that name.
[[nodiscard]] std::unique_ptr<Wrong> make_wrong(std::string_view name);

}  // namespace strangers
