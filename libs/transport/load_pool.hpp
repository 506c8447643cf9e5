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

/// Its transfers share its connections. Not thread-safe.
class LoadPool final : public LoadLoop::Watcher {
 public:
  struct Limits {
    std::size_t kept = 0;     ///< one is kept for reuse while no more than so many are open
    std::size_t sockets = 0;  ///< connections, and transfers, at a time; 0: no limit
  };
  /// The pool of each socket, by its number.
  using Owners = std::vector<LoadPool*>;
  /// `loop` and `owners` outlive it. Throws std::bad_alloc.
  LoadPool(LoadLoop& loop, Limits limits, Owners& owners);
  /// Every handle must have been removed.
  ~LoadPool() override;
  LoadPool(const LoadPool&) = delete;
  LoadPool& operator=(const LoadPool&) = delete;

  /// Not from within a callback of libcurl. The handle is to be removed even if this fails.
  [[nodiscard]] CURLMcode add(Handle& handle);
  void remove(Handle& handle);
  /// A transfer of this pool has opened this socket.
  void opened(int fd);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] std::size_t transfers() const { return transfers_; }
  /// Open sockets, also those in use. Of addresses that are tried at once, all count for a while.
  [[nodiscard]] std::size_t sockets() const { return sockets_; }
  /// One more transfer would stay within the limit.
  [[nodiscard]] bool has_room() const {
    return limits_.sockets == 0 || transfers_ < limits_.sockets;
  }
  /// A transfer that is added finds an open connection.
  [[nodiscard]] bool has_idle() const { return sockets_ > transfers_; }

  void ready(int fd, std::uint32_t events) override;
  /// A transfer was resumed outside of libcurl's own events: `turned` goes on with it.
  void kick() { kicked_ = true; }
  /// Goes on with what is due.
  void turned(LoadTime now);
  /// When `turned` has something to do next.
  [[nodiscard]] const std::optional<LoadTime>& due() const { return due_; }
  /// The transfers that have ended since it was asked last. They are not removed.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, CURLcode>> ended();

  /// When libcurl was last given something to do.
  [[nodiscard]] LoadTime called() const { return called_; }
  /// libcurl is about to be given something to do.
  void call() { called_ = LoadClock::now(); }

 private:
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
  static int on_close(void* self, curl_socket_t fd);
  void act(int fd, int events);

  LoadLoop& loop_;
  Limits limits_;
  Owners& owners_;
  CURLM* multi_;
  std::size_t transfers_ = 0;
  std::size_t sockets_ = 0;
  bool kicked_ = false;
  bool acted_ = false;  ///< since `ended`
  std::optional<LoadTime> due_;
  LoadTime called_;
};

}  // namespace transport
