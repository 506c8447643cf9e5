#include "onboard/storage.hpp"

#include <fmt/format.h>

namespace conformance::onboard {

Told at_service(std::string what, const std::string& people) {
  return trouble({Whose::service, std::move(what),
                  fmt::format("Send this page to {}: this is theirs to mend.", people)});
}

Told not_taken(const transport::Exchange& seen, const std::string& of, const std::string& people) {
  if (seen.response) {
    return at_service(
        fmt::format("The service does not take {} (its answer: {}).", of, seen.response->status),
        people);
  }
  return trouble(
      {Whose::unclear,
       fmt::format("{} It was lost at {}.",
                   seen.failure ? lost_told(*seen.failure) : "No answer came.", of),
       "Walk again. If it stays so, ask your IT whether a firewall or a proxy limits how "
       "much may be sent at once, or how long a connection may last."});
}

Told cut_and_begin_again(Visit& visit, const transport::Request& request,
                         const std::string& people) {
  const auto size = request.body.value_or("").size();
  const auto cut = visit.cut(request, Who::nobody, size / 2);
  const auto seen = visit.ask(request, Who::nobody, std::chrono::minutes{10});
  if (!seen.response || seen.response->status / 100 != 2) {
    return not_taken(seen, "the file", people);
  }
  if (!cut) {
    return remark("The connection could not be broken from here. The file was sent whole.");
  }
  return done(
      "The connection was broken in the middle, and the file sent again from its beginning: this "
      "service cannot go on where it stopped. Your program has to begin again as well.");
}

}  // namespace conformance::onboard
