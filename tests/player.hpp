// Plays the cases of a request list to a server, byte by byte as they are written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reply.hpp"
#include "request_list.hpp"
#include "transport/client.hpp"

namespace replies {

/// One of the servers. Copyable; may be used by several threads at once.
class Server {
 public:
  /// `url`: scheme, host and port count. An Error when it cannot be connected to or does not
  /// answer. `folder`: where it says that it delivers to; told as {folder}. May be empty.
  [[nodiscard]] static Result<Server> reach(const std::string& url,
                                            const transport::TlsOptions& tls, std::string folder);

  /// One reply for each request; nullopt where a placeholder had no value, so that nothing was
  /// sent.
  [[nodiscard]] std::vector<std::optional<Reply>> play(const Case& one) const;

 private:
  Server() = default;
  [[nodiscard]] Seen ask(const std::string& bytes, const Request& request) const;
  [[nodiscard]] Result<int> probe() const;

  std::string url_;
  std::string authority_;
  std::string folder_;
  transport::TlsOptions tls_;
  int probe_status_ = 0;  ///< to a request that nothing was sent before
};

}  // namespace replies
