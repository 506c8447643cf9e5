#include "report/uploads_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "redact/printable.hpp"
#include "report/csv.hpp"

namespace loadgen {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

constexpr std::array states{UploadState::running,    UploadState::uploaded,   UploadState::verified,
                            UploadState::unverified, UploadState::lost,       UploadState::wrong,
                            UploadState::failed,     UploadState::interrupted};
constexpr std::array kinds{transport::Cut::Kind::reset, transport::Cut::Kind::silent};
constexpr std::array losses{Loses::body, Loses::answer, Loses::zombie, Loses::process,
                            Loses::question};

/// The member of `all` with that name.
template <class All>
std::optional<typename All::value_type> named(const All& all, std::string_view name) {
  for (const auto one : all) {
    if (to_string(one) == name) return one;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The part before `mark`, which is taken off `text`; all of it where there is none.
std::string_view before(std::string_view& text, char mark) {
  const auto part = text.substr(0, text.find(mark));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

/// "4096:reset;8192:silent:answer"
bool read_cuts(std::string_view text, std::vector<PlannedCut>& cuts) {
  while (!text.empty()) {
    std::string_view cut = before(text, ';');
    const auto at = whole(before(cut, ':'));
    const auto kind = named(kinds, before(cut, ':'));
    const auto loses = cut.empty() ? Loses::body : named(losses, cut);
    if (!at || !kind || !loses) return false;
    cuts.push_back({Bytes{*at}, *kind, *loses});
  }
  return true;
}

/// "12-34": the first byte and the last one.
std::optional<ByteRange> read_range(std::string_view text) {
  const auto first = whole(before(text, '-'));
  const auto last = whole(text);
  if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
  return ByteRange{Bytes{*first}, Bytes{*last + 1}};
}

}  // namespace

std::string uploads_csv_head() {
  return "index,name,url,size,state,cause,intended_ms,started_ms,created_ms,uploaded_ms,"
         "delivered_ms,requests,retries,resumes,new_uploads,sent,acknowledged,rolled_back,cuts,"
         "never_sent,ended_ms,damage\r\n";
}

std::string uploads_csv_line(const UploadResult& u, Time begin, const redact::Secrets& secrets) {
  const auto ms = [&](const std::optional<Time>& time) {
    if (!time) return std::string{};
    return fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(*time - begin).count());
  };
  const auto shown = [&](const std::string& text) {
    return csv_field(redact::printable(secrets.mask(text)));
  };
  std::string cuts;
  for (const auto& cut : u.cuts) {
    cuts += fmt::format("{}{}:{}", cuts.empty() ? "" : ";", cut.at.value, to_string(cut.kind));
    if (cut.loses != Loses::body) cuts += fmt::format(":{}", to_string(cut.loses));
  }
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", u.index, u.name,
      shown(u.url), u.size.value, to_string(u.state), shown(u.cause ? u.cause->what : ""),
      ms(u.intended), ms(u.started), ms(u.created), ms(u.uploaded), ms(u.delivered), u.requests,
      u.retries, u.resumes, u.new_uploads, u.sent.value, u.acknowledged.value, u.rolled_back.value,
      cuts, u.never_sent.value, ms(u.ended), u.damage ? to_string(*u.damage) : "");
}

Result<UploadResult> read_uploads_csv_line(std::string_view line, Time begin) {
  csv::Fields fields(line);
  UploadResult u;
  const auto time = [&] {
    const auto ms = fields.maybe_milliseconds();
    return ms ? std::optional<Time>(begin + *ms) : std::nullopt;
  };
  const auto needed = [&] { return begin + fields.milliseconds(); };
  const auto harmless = [&] {
    std::string text = fields.text();
    if (redact::printable(text) != text) fields.spoil("it is not printable");
    return text;
  };
  u.index = fields.number();
  u.name = harmless();
  if (csv_field(u.name) != u.name) fields.spoil("that is no name of a file of ours");
  u.url = harmless();
  u.size = Bytes{fields.number()};
  if (const auto state = named(states, fields.text())) {
    u.state = *state;
  } else {
    fields.spoil("there is no such state");
  }
  if (std::string what = harmless(); !what.empty()) u.cause = Cause{std::move(what), ""};
  u.intended = needed();
  u.started = needed();
  u.created = time();
  u.uploaded = time();
  u.delivered = time();
  u.requests = fields.number();
  u.retries = fields.number();
  u.resumes = fields.number();
  u.new_uploads = fields.number();
  u.sent = Bytes{fields.number()};
  u.acknowledged = Bytes{fields.number()};
  u.rolled_back = Bytes{fields.number()};
  if (!read_cuts(fields.text(), u.cuts)) fields.spoil("these are no cuts");
  u.never_sent = Bytes{fields.number()};
  u.ended = time();
  if (const std::string damage = fields.text(); !damage.empty()) {
    u.damage = read_range(damage);
    if (!u.damage) fields.spoil("that is no range of bytes");
  }
  if (const auto good = fields.end(); !good) return tl::unexpected(good.error());
  return u;
}

}  // namespace loadgen
