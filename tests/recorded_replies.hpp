// What a real server answered to the lists of requests, on record: fixtures/requests/recorded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "reply.hpp"

namespace replies {

/// By the name of the request; nullopt: nothing was sent.
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
