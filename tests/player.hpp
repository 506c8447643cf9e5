// Sends the cases of a request list to a server, byte by byte as they are written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reply.hpp"
#include "request_list.hpp"
#include "transport/client.hpp"

namespace replies {

/// A server that is asked. Copyable; may be used by several threads at once.
class Server {
 public:
  /// Of `url` only scheme, host and port are used. An Error when the server cannot be reached or
  /// does not answer. `folder`: where the server says that it delivers to, which replies hold as
  /// {folder}; may be empty.
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
  int probe_status_ = 0;  ///< status of a first request on a connection
};

}  // namespace replies
