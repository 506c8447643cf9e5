// Recorded replies of real servers to the lists of requests: fixtures/requests/recorded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "reply.hpp"

namespace replies {

/// Replies by the name of the request; nullopt: the request was not sent.
using Replies = std::map<std::string, std::optional<Reply>>;

struct Recorded {
  std::string system;  ///< which requests it was asked: "dex" or "tus"
  std::string list;    ///< the fingerprint of the requests
  Replies replies;
};

/// Strict: an Error names the document and the field.
[[nodiscard]] Result<Recorded> parse_recorded(std::string_view text, const std::string& document);
[[nodiscard]] Result<Recorded> load_recorded(const std::string& file);

}  // namespace replies
