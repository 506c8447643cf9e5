#include "target/reach.hpp"

#include <fmt/format.h>

#include <string_view>

namespace conformance {
namespace {

/// Compares the text: checks send request targets that no valid URL has.
bool is_below(std::string_view url, std::string_view origin) {
  if (origin.empty() || !url.starts_with(origin)) return false;
  url.remove_prefix(origin.size());
  return url.empty() || url.front() == '/' || url.front() == '?' || url.front() == '#';
}

}  // namespace

Reach reach_of(const Target& target, const transport::Origins& trusted, const std::string& url) {
  if (is_below(url, target.origin) || trusted.hold(url)) return Reach::entrusted;
  // The addresses besides --url were derived from it, or given by the user.
  transport::Origins own;
  own.add(target.url);
  for (const std::string& beside : target.addresses()) own.add(beside);
  if (own.hold(url)) return Reach::entrusted;
  own.add(target.anonymous_address());
  return own.hold(url) ? Reach::anonymous : Reach::nothing;
}

std::string why_not_sent(const Target& target, const std::string& url) {
  const auto origin = transport::origin_of(url);
  return fmt::format("{} is another origin than {}: nothing is sent there{}",
                     origin ? *origin : quote(url), target.origin,
                     origin ? fmt::format(" (--trust-origin {} lets it in)", *origin) : "");
}

}  // namespace conformance
