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
    std::size_t sockets = 0;  ///< connections, and transfers, at a time; 0: no limit
  };
  /// Whose a socket is, by its number.
  using Owners = std::vector<LoadPool*>;
  /// `loop` and `owners` outlive it. Throws std::bad_alloc.
  LoadPool(LoadLoop& loop, Limits limits, Owners& owners);
  /// Every handle must have been removed.
  ~LoadPool();
  LoadPool(const LoadPool&) = delete;
  LoadPool& operator=(const LoadPool&) = delete;

  /// Not from within a callback of libcurl. It is to be removed also when that fails.
  [[nodiscard]] CURLMcode add(Handle& handle);
  void remove(Handle& handle);
  /// A transfer of its own has opened it.
  void opened(int fd);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] std::size_t transfers() const { return transfers_; }
  /// Open ones, with those of transfers; of addresses that were tried at once, for a while all.
  [[nodiscard]] std::size_t sockets() const { return sockets_; }
  /// One more transfer needs no more connections than it may have.
  [[nodiscard]] bool has_room() const {
    return limits_.sockets == 0 || transfers_ < limits_.sockets;
  }
  /// A transfer that is added finds a connection that is open.
  [[nodiscard]] bool has_idle() const { return sockets_ > transfers_; }

  void ready(int fd, std::uint32_t events) override;
  /// A transfer was resumed outside of libcurl's own events: `turned` goes on with it.
  void kick() { kicked_ = true; }
  /// Goes on with what is due.
  void turned(LoadTime now);
  /// When it wants that next.
  [[nodiscard]] const std::optional<LoadTime>& due() const { return due_; }
  /// The transfers that have ended since it was asked last. They are not removed.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, CURLcode>> ended();

  /// When libcurl was last given something to do.
  [[nodiscard]] LoadTime called() const { return called_; }
  /// It was given something for itself.
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
