// The steps about identity: the partner is let in, and a stranger is turned away.
#pragma once

#include <string>

#include "onboard/visit.hpp"
#include "onboard/walk.hpp"

namespace conformance::onboard {

/// What lets a partner in, in words.
struct Key {
  std::string people;  ///< who gives it out
  std::string name;    ///< "user name and password", "API key"
  std::string how;     ///< to give it: "--token-env VARIABLE"
  std::string remedy;  ///< when it is refused
};

struct LetIn {
  Told told;
  bool anybody = false;  ///< whoever comes is let in
};
/// `harmless` is a correct request without effect. A password is sent only once, as some services
/// lock an account after a few wrong ones.
[[nodiscard]] LetIn let_in(Visit& visit, const transport::Request& harmless, const Key& key);
/// Sends `harmless` with a token that nobody issued.
[[nodiscard]] Told turned_away(Visit& visit, const transport::Request& harmless, const Key& key);

}  // namespace conformance::onboard
