// Trouble that whoever runs the server should hear of, whichever room it happens in.
#pragma once

#include <functional>
#include <string>

namespace mock {

/// A failure that no client can help, or that no client is told of. A value type.
struct Notice {
  std::string kind;         ///< what is counted together: "store", "delivery", "accept"
  std::string lane = {};    ///< empty: the main one, or all
  std::string upload = {};  ///< id; empty: it is about none, or about several
  /// One line without a full stop. No value that a client sent is in it: no metadata, no file name,
  /// no token.
  std::string text;
};

/// From any thread. May be empty: then nobody listens.
using Notify = std::function<void(const Notice&)>;

}  // namespace mock
