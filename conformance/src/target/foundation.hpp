// What checks stand on: correct requests of which nearly every check needs a good answer.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

/// One of them: a constant of its system, or one of those below, which every system has.
struct Foundation {
  std::string_view name;      ///< for reports and people: "HEAD"
  std::string_view demand;    ///< "HEAD of an upload is answered 200 with Upload-Offset"
  std::string_view remedy;    ///< what to do when it is not so; one line
  bool tells_offers = false;  ///< its answer says what is offered, and so which rows are judged
};

namespace foundation {
inline constexpr Foundation login{
    "login", "the credentials of the run are taken",
    "look whether they expired or were revoked; with --username-env and --password-env tokens are "
    "renewed"};
inline constexpr Foundation location{
    "Location", "a Location leads back to the upload, at the origin that was asked",
    "let the server make Location of the address it was asked by: Host, or X-Forwarded-Host, -Port "
    "and -Proto behind a proxy; --trust-origin URL lets another origin in"};
}  // namespace foundation

/// One exchange of a check, as a request of a foundation.
struct Step {
  const Foundation* foundation = nullptr;
  std::string lacks;  ///< what is wrong with the answer: "405 Method Not Allowed"; empty: it held
  bool operator==(const Step&) const = default;
};

/// What came of trying one foundation by itself, by correct requests in more than one way.
struct Trial {
  const Foundation* foundation = nullptr;
  struct Try {
    std::string how;    ///< "on a connection of its own"
    std::string lacks;  ///< empty: it held
    std::string transcript;
  };
  std::vector<Try> tries;
  /// The failed steps by which a row is known to have met this: those of the tries, and those that
  /// follow from them.
  std::vector<Step> met;
  std::string remedy;  ///< instead of the foundation's; what the tries showed
  std::string said;    ///< what the server says of it, for people; no secret is in it

  [[nodiscard]] bool any_held() const {
    return std::any_of(tries.begin(), tries.end(), [](const Try& t) { return t.lacks.empty(); });
  }
  [[nodiscard]] bool any_failed() const {
    return std::any_of(tries.begin(), tries.end(), [](const Try& t) { return !t.lacks.empty(); });
  }
  [[nodiscard]] bool broken() const { return any_failed() && !any_held(); }
  [[nodiscard]] bool unsteady() const { return any_failed() && any_held(); }
};

}  // namespace conformance
