#include "protocol/tus/draft.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tus::draft {
namespace {

// Read at the tags of httpwg/http-extensions (docs/reference/ietf-draft.md); the newest text, of
// 2026-07-01, still says 8. That -12 is 9 is known only by hearsay, so neither 9 nor what came
// after it has a line here. No server is known that speaks 7 (-06 to -08).
constexpr std::array<Version, 5> known{{
    {3, "-01", header::incomplete, "?0", "?1", false, ""},
    {4, "-02", header::complete, "?1", "?0", false, ""},
    {5, "-03", header::complete, "?1", "?0", false, ""},
    {6, "-04 and -05", header::complete, "?1", "?0", true, "expires"},
    {8, "-09 to -11, and the text of 2026-07-01", header::complete, "?1", "?0", true, "max-age"},
}};

}  // namespace

std::span<const Version> versions() { return known; }

Version version_of(int number) {
  const auto* const found = std::ranges::find(known, number, &Version::number);
  if (found != known.end()) return *found;
  Version unread = known.back();
  unread.number = number;
  unread.texts = "";
  unread.read = false;
  return unread;
}

std::optional<int> parse_interop(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.front() == '0' || number < 1 || number > 999) return std::nullopt;
  return number;
}

}  // namespace tus::draft
