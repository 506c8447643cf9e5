// Transfers that share one of libcurl's multi handles, driven by a loop.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "transport/load_handle.hpp"
#include "transport/load_loop.hpp"

namespace transport {

/// They share its connections. Not thread-safe.
class LoadPool final : public LoadLoop::Watcher {
 public:
  struct Limits {
    std::size_t kept = 0;     ///< connections that are open, when one is kept for reuse
    std::size_t sockets = 0;  ///< connections open at a time; what needs one more waits; 0: none
  };
  /// `loop` outlives it. Throws std::bad_alloc.
  LoadPool(LoadLoop& loop, Limits limits);
  /// Every handle must have been removed.
  ~LoadPool();
  LoadPool(const LoadPool&) = delete;
  LoadPool& operator=(const LoadPool&) = delete;

  /// Not from within a callback of libcurl.
  [[nodiscard]] CURLMcode add(Handle& handle);
  void remove(Handle& handle);

  void ready(int fd, std::uint32_t events) override;
  /// A transfer was resumed outside of libcurl's own events: `turned` goes on with it.
  void kick() { kicked_ = true; }
  /// Goes on with what is due.
  void turned();
  /// The transfers that have ended since it was asked last. They are not removed.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, CURLcode>> ended();

  /// When libcurl was last given something to do.
  [[nodiscard]] LoadTime called() const { return called_; }
  /// It was given something for itself.
  void call() { called_ = LoadClock::now(); }

 private:
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
  void act(int fd, int events);

  LoadLoop& loop_;
  CURLM* multi_;
  bool kicked_ = false;
  LoadTime called_;
};

}  // namespace transport
