// The steps about who somebody is: being let in, and being turned away.
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
/// `harmless` is right and has no effect. A password is sent once: accounts are locked after some.
[[nodiscard]] LetIn let_in(Visit& visit, const transport::Request& harmless, const Key& key);
/// Sends it with a token that nobody issued.
[[nodiscard]] Told turned_away(Visit& visit, const transport::Request& harmless, const Key& key);

}  // namespace conformance::onboard
