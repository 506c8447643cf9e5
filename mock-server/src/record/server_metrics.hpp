// What a lane did, as Prometheus families of the mock's own (dex_mock_*).
#pragma once

#include <memory>
#include <string>

#include "http/handler.hpp"

namespace mock {

/// One per lane, fed by its exchanges; those of /_mock/ are not counted. Clients cannot make up
/// series: methods, routes, statuses and rule names are all from bounded sets. Loop thread only.
class ServerMetrics : public Observer {
 public:
  ServerMetrics();
  ~ServerMetrics() override;
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  void on_exchange(const ExchangeRecord& record) override;
  void on_connections(std::size_t open) override;

  /// What `dex_mock_uploads{state}` shows from now on.
  struct Uploads {
    std::size_t created = 0;  ///< not a byte of it yet
    std::size_t receiving = 0;
    std::size_t complete = 0;
    std::size_t expired = 0;  ///< unfinished, and not swept out yet
  };
  void set_uploads(const Uploads& uploads);

  /// As when it was made, but for the connections that are open.
  void reset();

  /// Text exposition format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace mock
