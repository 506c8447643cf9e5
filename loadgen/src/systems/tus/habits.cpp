#include "systems/tus/habits.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <utility>

#include "protocol/tus/checksum.hpp"
#include "protocol/tus/headers.hpp"
#include "settings/choice.hpp"
#include "upload/cause.hpp"
#include "upload/retry.hpp"

namespace loadgen {
namespace {

constexpr const char* client_flag = "client";
constexpr const char* creation_flag = "creation-with-upload";
constexpr const char* length_flag = "upload-length";
constexpr const char* parts_flag = "parts";
constexpr const char* checksum_flag = "checksum";
constexpr const char* chunked_flag = "chunked";
constexpr const char* writers_flag = "two-writers";

using Length = TusHabits::Length;

// tus-js-client 4.3.1, lib/upload.js.
TusHabits tus_js_client() {
  TusHabits habits;
  habits.length_again = true;
  habits.anew = TusHabits::Anew::all_but_locked;
  habits.heeds_retry_after = false;
  return habits;
}

// Uppy 5, @uppy/tus: tus-js-client with delays of its own, and a queue that pauses after a 429.
TusHabits uppy() {
  TusHabits habits = tus_js_client();
  habits.retry_delays = {Milliseconds{100}, Milliseconds{1000}, Milliseconds{3000},
                         Milliseconds{5000}};
  habits.limited = *habits.retry_delays;
  return habits;
}

// tuspy 1.0.3: a failure is the end, unless its user asks for retries (--retry-delays), which then
// follow any status. In the answer to a creation it wants only a Location.
TusHabits tuspy() {
  TusHabits habits;
  habits.creation = TusHabits::Creation::any;
  habits.creates_again = false;
  habits.anew = TusHabits::Anew::never;
  habits.any_status_again = true;
  habits.heeds_retry_after = false;
  habits.retry_delays.emplace();
  return habits;
}

// CDC's upload page (DEX 2.8): its server creates, the browser asks and sends by the draft's rules.
TusHabits dex_page() {
  TusHabits habits = tus_js_client();
  habits.length = Length::draft;
  habits.asks_first = true;
  habits.upload_fields = {{"Upload-Draft-Interop-Version", "5"}};
  habits.chunk = Bytes{40'000'000};
  return habits;
}

// CDC's load tool (bad-uploader over go-tus): it announces no length, and has an empty field for
// one in each request. The first failure is the end.
TusHabits dex_load_tool() {
  TusHabits habits;
  habits.length = Length::end;
  habits.creation_fields = {{"Upload-Length", ""}};
  habits.upload_fields = {{"Upload-Defer-Length", "1"}, {"Upload-Length", ""}};
  habits.creation = TusHabits::Creation::created;
  habits.creates_again = false;
  habits.heeds_retry_after = false;
  habits.chunk = Bytes{2U << 20U};
  habits.retry_delays.emplace();
  return habits;
}

using Maker = TusHabits (*)();
constexpr std::array<std::pair<std::string_view, Maker>, 6> clients{
    {{"patient", [] { return TusHabits{}; }},
     {"tus-js-client", tus_js_client},
     {"uppy", uppy},
     {"tuspy", tuspy},
     {"dex-page", dex_page},
     {"dex-load-tool", dex_load_tool}}};

constexpr std::array<std::pair<std::string_view, Length>, 4> lengths{
    {{"creation", Length::creation},
     {"last", Length::last},
     {"draft", Length::draft},
     {"end", Length::end}}};

/// A text that is one of the names in `table`.
template <class Table>
std::function<Result<std::string>(const std::string&)> one_of(const Table& table) {
  return [&table](const std::string& text) -> Result<std::string> {
    if (settings::value_named(table, text)) return text;
    return settings::not_one_of(text, settings::names_in(table));
  };
}

Result<std::string> checksum(const std::string& text) {
  if (!tus::digest_algorithm(text)) {
    return failure("", fmt::format("{} is no checksum of tus", quote(text)), "as in sha1");
  }
  return text;
}

constexpr std::uint64_t most_parts = 1000;

Result<std::string> parts(const std::string& text) {
  const auto number = settings::whole_number(1, most_parts)(text);
  if (!number) return tl::unexpected(number.error());
  return text;
}

Result<std::string> on_off(const std::string& text) {
  if (text == "true" || text == "false") return text;
  return failure("", fmt::format("{} is neither true nor false", quote(text)));
}

settings::OwnSetting own(const char* name, const char* value, const char* help,
                         std::function<Result<std::string>(const std::string&)> read) {
  return {{name, value, help}, std::move(read), /*refused_elsewhere=*/true};
}

}  // namespace

bool TusHabits::creates(const transport::LoadOutcome& outcome) const {
  const int status = status_of(outcome);
  switch (creation) {
    case Creation::success:
      return status / 100 == 2;
    case Creation::created:
      return status == 201;
    case Creation::any:
      return outcome.response && outcome.response->headers.has("Location");
  }
  return false;
}

bool TusHabits::makes_anew(int status) const {
  switch (anew) {
    case Anew::client_error:
      return status >= 400 && status < 500 && status != 423 && status != 429;
    case Anew::all_but_locked:
      return status / 100 != 2 && status != 423;
    case Anew::never:
      break;
  }
  return false;
}

bool TusHabits::may_help(int status, std::size_t had) const {
  if (any_status_again) return true;
  if (status == tus::status_checksum_mismatch) return !checksum.empty();
  if (status == 429 && !heeds_retry_after) return had < limited.size();
  return is_retryable(status);
}

std::vector<settings::OwnSetting> habit_settings() {
  return {
      own(client_flag, "NAME",
          "whose software: patient | tus-js-client | uppy | tuspy | dex-page | dex-load-tool "
          "[patient]",
          one_of(clients)),
      own(length_flag, "WHEN",
          "the length is told by creation | last PATCH | draft | end [creation]", one_of(lengths)),
      own(creation_flag, "", "send the first bytes with the creation", on_off),
      own(parts_flag, "N", "send so many parts, and concatenate them [1]", parts),
      own(checksum_flag, "NAME", "a checksum of each PATCH, as in sha1 [none]", checksum),
      own(chunked_flag, "", "send bodies in chunks, without a length", on_off),
      own(writers_flag, "", "send each PATCH by two connections at the same time", on_off),
  };
}

Result<TusHabits> habits_of(const settings::OwnSettings& own) {
  using settings::given;
  const auto client = given(own, client_flag).value_or("patient");
  TusHabits habits = (*settings::value_named(clients, client))();
  if (const auto when = given(own, length_flag)) {
    habits.length = *settings::value_named(lengths, *when);
  }
  if (const auto on = given(own, creation_flag)) habits.with_creation = *on == "true";
  if (const auto count = given(own, parts_flag)) {
    habits.parts = static_cast<unsigned>(*settings::whole_number(1, most_parts)(*count));
  }
  if (const auto name = given(own, checksum_flag)) habits.checksum = *name;
  if (const auto on = given(own, chunked_flag)) habits.chunked = *on == "true";
  if (const auto on = given(own, writers_flag)) habits.two_writers = *on == "true";
  // tus 1.0: a final upload has the length of its parts.
  if (habits.parts > 1 && habits.length != Length::creation) {
    return failure("--parts", "parts that are concatenated need their length with the creation",
                   given(own, length_flag) ? "drop --upload-length" : "drop --client");
  }
  return habits;
}

UploadOptions with_habits(UploadOptions options, const TusHabits& habits) {
  if (options.chunk.value == 0) options.chunk = habits.chunk;
  if (habits.retry_delays && options.retry_delays == UploadOptions{}.retry_delays) {
    options.retry_delays = *habits.retry_delays;
  }
  return options;
}

}  // namespace loadgen
