#include "system/spelling.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "settings/choice.hpp"
#include "settings/setting.hpp"

namespace mock {
namespace {

using json::Cursor;
using std::chrono::seconds;
using Json = nlohmann::ordered_json;

Milliseconds duration_of(const Cursor& value) {
  return value.unwrap(parse_duration(value.string()));
}

}  // namespace

namespace spell {

Spelling<bool> on_or_off() {
  return {"", [](const std::string& text) -> Result<bool> { return text == "true"; },
          [](const Cursor& value, bool& into, ConfigWriter) { into = value.boolean(); },
          [](bool on, ConfigReader) { return Json(on); }};
}

Spelling<Milliseconds> duration() {
  return {"DURATION", settings::shown(parse_duration),
          [](const Cursor& value, Milliseconds& into, ConfigWriter) { into = duration_of(value); },
          [](Milliseconds time, ConfigReader) { return Json(fmt::format("{}ms", time.count())); }};
}

Spelling<Milliseconds> timeout() {
  auto spelling = duration();
  spelling.read = [](const Cursor& value, Milliseconds& into, ConfigWriter) {
    into = duration_of(value);
    if (into <= Milliseconds{0}) value.fail("must be longer than zero");
  };
  return spelling;
}

Spelling<Milliseconds> lifetime() {
  const auto check = [](Milliseconds time) -> Result<Milliseconds> {
    if (time >= seconds{1} && time <= std::chrono::hours{8'760}) return time;
    return failure({}, "must be 1s to 8760h");
  };
  auto spelling = duration();
  spelling.parse = [check, parse = spelling.parse](const std::string& text) {
    return parse(text).and_then(check);
  };
  spelling.read = [check, read = spelling.read](const Cursor& value, Milliseconds& into,
                                                ConfigWriter writer) {
    read(value, into, writer);
    value.unwrap(check(into));
  };
  return spelling;
}

Spelling<seconds> whole_seconds() {
  const auto parse = [](const std::string& text) -> Result<seconds> {
    const auto time = parse_duration(text);
    if (!time) return tl::unexpected(time.error());
    return std::chrono::duration_cast<seconds>(*time);
  };
  return {"DURATION", settings::shown(parse),
          [](const Cursor& value, seconds& into, ConfigWriter) {
            into = std::chrono::duration_cast<seconds>(duration_of(value));
          },
          [](seconds time, ConfigReader) { return Json(fmt::format("{}s", time.count())); }};
}

Spelling<Bytes> bytes() {
  return {"SIZE", settings::shown(parse_bytes),
          [](const Cursor& value, Bytes& into, ConfigWriter) {
            into = value.is_number() ? Bytes{value.unsigned_integer()}
                                     : value.unwrap(parse_bytes(value.string()));
          },
          [](Bytes size, ConfigReader) { return Json(size.value); }};
}

Spelling<std::uint64_t> whole_number() {
  // Not by way of strtoull, which takes -1 for 2^64 - 1.
  const auto parse = [](const std::string& text) -> Result<std::uint64_t> {
    std::uint64_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error == std::errc{} && end == last) return number;
    return failure("", "is not a whole number from 0 to 18446744073709551615");
  };
  return {"N", settings::shown(parse),
          [](const Cursor& value, std::uint64_t& into, ConfigWriter) {
            into = value.unsigned_integer();
          },
          [](std::uint64_t number, ConfigReader) { return Json(number); }};
}

Spelling<LaneInput> input(std::string value,
                          std::function<void(const Cursor&, LaneInput&, ConfigWriter)> read,
                          std::function<Json(const LaneInput&, ConfigReader)> write) {
  const auto parse = [](const std::string& text) -> Result<LaneInput> {
    auto name = settings::not_empty(text);
    if (!name) return tl::unexpected(name.error());
    return LaneInput::file(*std::move(name));
  };
  return {std::move(value), parse, std::move(read), std::move(write)};
}

}  // namespace spell
}  // namespace mock
