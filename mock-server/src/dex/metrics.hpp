// GET /metrics: Prometheus text with the families DEX has (row DEX-ROUTE-004).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/handler.hpp"
#include "store/store.hpp"

namespace mock {

/// What tusd calls a server back for, in the order in which it does.
enum class HookType : std::uint8_t {
  pre_create,
  post_create,
  post_receive,
  pre_finish,
  post_finish,
  post_terminate,
};

/// Counts what the server does. Clients cannot make up series without end: of the values of
/// manifests the first `most_manifests` combinations have series of their own, those after them are
/// "other". Loop thread only.
class Metrics : public Observer {
 public:
  static constexpr std::size_t most_manifests = 1000;

  Metrics();
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void on_exchange(const ExchangeRecord& record) override;
  void on_connections(std::size_t open) override;

  /// After a restart, for each stored upload: unfinished ones are active.
  void upload_found(const Upload& upload);
  void upload_created();
  /// Once for each upload; `now` minus its creation gives the speed.
  void upload_finished(const Upload& upload, TimePoint now);
  void upload_terminated(const Upload& upload);

  /// Makes the target's series appear before its first delivery.
  void delivery_target(const std::string& name);
  void delivery_started(const std::string& target);
  void delivery_ended(const std::string& target, bool delivered, Bytes size, Milliseconds took);
  /// Messages that no delivery has taken yet.
  void queue(std::size_t messages);
  void published(std::string_view type);
  void subscribed(std::string_view type);
  void hook(HookType type);

  /// The series that clients named are gone, as after a restart; the others go on.
  void forget_clients();

  /// Text exposition format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace mock
