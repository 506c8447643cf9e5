// What time must not change: the same question asked again, slow bodies, cut connections.
#include <fmt/format.h>

#include <algorithm>

#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// What HEAD tells about an upload, for comparison.
std::string told_of(const Response& head) {
  std::string told = code(head);
  for (const auto name : {hdr::upload_offset, hdr::upload_length, hdr::upload_defer_length,
                          hdr::upload_concat, hdr::tus_resumable}) {
    told += ", " + tell(head, name);
  }
  auto pairs = pairs_of(head);
  std::sort(pairs.begin(), pairs.end());
  told += fmt::format(", {} pairs of metadata", pairs.size());
  if (!head.headers.has_token("Cache-Control", "no-store")) told += ", no no-store";
  return told;
}

/// The answer of an overloaded server says nothing about the upload.
bool tells_of_upload(const Response& head) { return head.status != 429 && head.status < 500; }

Outcome repeated_head_tells_the_same(Context& c) {
  tus::Metadata metadata;
  metadata.set("first", "one");
  metadata.set("second", "two");
  const std::string bytes = letters(10);
  const auto fresh = create(c, {.metadata = metadata});
  const auto half = create(c, {.metadata = metadata});
  taken(patch(c, half, Bytes{0}, letters(4)), "4 of 10 bytes");
  const auto whole = create_complete(c, bytes, {.metadata = metadata});
  struct Asked {
    const char* label;
    std::string upload;
    Response first;
    std::vector<std::string> pairs;
  };
  std::vector<Asked> all{{"a new upload", fresh, {}, {}},
                         {"a half-sent one", half, {}, {}},
                         {"a finished one", whole, {}, {}}};
  Kept kept{c, "HEAD, asked again when nothing happened, tells the same"};
  const auto sorted = [](const Response& head) {
    auto pairs = pairs_of(head);
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  };
  for (auto& asked : all) {
    asked.first = head_of(c, asked.upload);
    asked.pairs = sorted(asked.first);
  }
  const auto again = [&](const std::string& when) {
    for (const auto& asked : all) {
      const auto head = head_of(c, asked.upload);
      if (!tells_of_upload(head) || kept.broken()) continue;
      kept.check(told_of(head) == told_of(asked.first) && sorted(head) == asked.pairs,
                 fmt::format("{}, first {}; {} {}", asked.label, told_of(asked.first), when,
                             told_of(head)));
    }
  };
  kept.look("the finished one", whole, bytes);
  for (int i = 0; i < 4; ++i) again("at once");
  pause(c, Milliseconds{1'100});
  for (int i = 0; i < 2; ++i) again("a second later");
  if (!kept.broken()) kept.look("the finished one a second later", whole, bytes);
  return kept.outcome();
}

/// What OPTIONS says of the server.
std::string told_of_server(const Response& options) {
  std::string told = code(options);
  for (const auto name :
       {hdr::tus_resumable, hdr::tus_version, hdr::tus_extension, hdr::tus_checksum_algorithm}) {
    auto values = options.headers.joined(name).value_or("");
    std::vector<std::string> list;
    for (const auto value : http::split_list(values)) list.emplace_back(value);
    std::sort(list.begin(), list.end());
    told += fmt::format(", {}: {}", name, fmt::join(list, ","));
  }
  return told;
}

Outcome repeated_options_tells_the_same(Context& c) {
  const auto first = told_of_server(ask_options(c));
  Findings findings{"OPTIONS, asked again, tells the same versions, extensions and algorithms"};
  for (int i = 2; i <= 6; ++i) {
    const auto options = ask_options(c);
    if (!tells_of_upload(options)) continue;
    const auto now = told_of_server(options);
    findings.check(now == first, fmt::format("first {}; then {}", first, now));
    if (now != first) break;
  }
  return findings.outcome();
}

/// A PATCH whose body is sent in `slices` slices, with `gap` between them.
Outcome dribbled(Context& c, std::size_t slices, Milliseconds gap) {
  needs_lasting_uploads(c);
  const std::size_t size = 17 * slices;
  const auto bytes = c.random_bytes(size);
  const auto upload = create(c, {.length = Bytes{size}});
  auto fields = patch_fields("0");
  fields.add("Content-Length", std::to_string(size));
  auto connection = c.raw();
  const auto head = raw_head(c, "PATCH", upload, fields);
  bool sent = connection.send(head, answer_timeout).has_value();
  for (std::size_t i = 0; i < slices && sent; ++i) {
    sent = connection.send(std::string_view{bytes}.substr(17 * i, 17), answer_timeout).has_value();
    // One pause is longer, for servers whose reads time out.
    pause(c, i == slices / 2 ? std::max(gap, Milliseconds{500}) : gap);
  }
  const auto read = connection.read_response(answer_timeout);
  c.record_raw("a body that comes slowly", head, read);
  const auto rule = fmt::format("a body of which something comes every {} ms is waited for, {} ms",
                                gap.count(), gap.count() * static_cast<int>(slices));
  if (!read.response || read.response->status != 204) {
    return broken(rule, read.response ? describe(*read.response) : to_string(read.seen));
  }
  const auto state = state_of(c, upload);
  const auto damage = damage_of(c, upload, bytes);
  const auto seen = code(*read.response) + ", then " + to_string(state) +
                    (damage && !damage->empty() ? ", " + *damage : "");
  const bool kept = state.offset == Bytes{size} && (!damage || damage->empty());
  return kept ? holds(seen) : broken_must("a body that was acknowledged is kept to the byte", seen);
}

Outcome two_second_body_is_kept(Context& c) { return dribbled(c, 14, Milliseconds{100}); }
Outcome ten_second_body_is_kept(Context& c) { return dribbled(c, 24, Milliseconds{500}); }

/// Sends the head of a PATCH that declares `declared` bytes, and `part`.
void start_patch(Context& c, RawConnection& connection, const std::string& upload,
                 std::size_t offset, std::size_t declared, std::string_view part) {
  auto fields = patch_fields(std::to_string(offset));
  fields.add("Content-Length", std::to_string(declared));
  const auto head = raw_head(c, "PATCH", upload, fields);
  static_cast<void>(connection.send(head, answer_timeout));
  static_cast<void>(connection.send(part, answer_timeout));
  c.record_raw("a PATCH that is cut off", head, {});
}

Outcome acknowledged_bytes_survive_a_cut(Context& c) {
  const auto size = within_limit(c, 9001);
  const auto acknowledged = size / 2;
  const auto bytes = c.random_bytes(size);
  Kept kept{c, "what was acknowledged is there after the connection is cut, and stays"};
  for (const bool in_next : {false, true}) {
    const std::string cut = in_next ? "cut in the next PATCH" : "cut after the answer";
    const auto upload = create(c, {.length = Bytes{size}});
    auto connection = c.raw();
    auto fields = patch_fields("0");
    fields.add("Content-Length", std::to_string(acknowledged));
    const auto patched = answer(talk(c, connection, "a PATCH", raw_head(c, "PATCH", upload, fields),
                                     std::string_view{bytes}.substr(0, acknowledged)));
    taken(patched, "half of the bytes");
    if (in_next) {
      start_patch(c, connection, upload, acknowledged, size - acknowledged,
                  std::string_view{bytes}.substr(acknowledged, 100));
    }
    connection.reset();
    const auto told = [&](const std::string& when) {
      std::optional<Bytes> offset;
      c.eventually(c.patience(), [&] { return (offset = try_offset(c, upload)).has_value(); });
      const auto least = number_in(patched, hdr::upload_offset).value_or(Bytes{0});
      const auto most = Bytes{acknowledged + (in_next ? 100 : 0)};
      kept.check(offset && *offset >= least && *offset <= most,
                 fmt::format("{}, {} bytes acknowledged: HEAD {} tells {}", cut, least.value, when,
                             offset ? std::to_string(offset->value) : "nothing"));
    };
    told("at once");
    pause(c, Milliseconds{300});
    told("later");
    if (kept.broken()) return kept.outcome();
    // The bytes of the cut request may still be on their way to the disk.
    std::string why;
    const bool whole = c.eventually(c.patience(), [&] {
      const auto offset = try_offset(c, upload);
      if (!offset || offset->value > size) return false;
      const auto failed = append(c, upload, offset->value, bytes, {size});
      why = failed.value_or("");
      return !failed;
    });
    if (!whole) return kept.check(false, fmt::format("{}, the rest: {}", cut, why)).outcome();
    kept.look(cut, upload, bytes);
  }
  return kept.outcome();
}

/// Half of an upload, left alone for `how_long`, and then the rest.
Outcome left_alone(Context& c, Milliseconds how_long) {
  const auto bytes = c.random_bytes(40);
  Kept kept{
      c, fmt::format("an upload that is left alone for {} can be resumed", ::to_string(how_long))};
  const auto upload = create(c, {.length = Bytes{bytes.size()}});
  taken(patch(c, upload, Bytes{0}, bytes.substr(0, 15)), "15 of 40 bytes");
  pause(c, how_long);
  const auto head = head_of(c, upload);
  kept.must(is_2xx(head) && number_in(head, hdr::upload_offset) == Bytes{15},
            fmt::format("15 of 40 bytes acknowledged, then HEAD {}, {}", code(head),
                        tell(head, hdr::upload_offset)));
  if (kept.broken()) return kept.outcome();
  if (const auto why = append(c, upload, 15, bytes, {bytes.size()})) {
    return kept.must(false, "the rest: " + *why).outcome();
  }
  return kept.look("the upload", upload, bytes).outcome();
}

Outcome upload_waits_for_six_seconds(Context& c) { return left_alone(c, Milliseconds{6'000}); }
Outcome upload_waits_for_twenty_seconds(Context& c) { return left_alone(c, Milliseconds{20'000}); }

}  // namespace

std::vector<Check> over_time() {
  return {
      {"TUS-TIME-001", repeated_head_tells_the_same, ext::creation},
      {"TUS-TIME-002", repeated_options_tells_the_same},
      {"TUS-TIME-003", two_second_body_is_kept, ext::creation},
      {"TUS-TIME-004", ten_second_body_is_kept, ext::creation},
      {"TUS-TIME-005", acknowledged_bytes_survive_a_cut, ext::creation},
      {"TUS-TIME-006", upload_waits_for_six_seconds, ext::creation},
      {"TUS-TIME-007", upload_waits_for_twenty_seconds, ext::creation},
  };
}

}  // namespace conformance::suites
