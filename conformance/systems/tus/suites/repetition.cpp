// What servers get wrong the second time: equal creations, many PATCHes, uploads that interleave.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// The head of a PATCH of `size` bytes.
std::string patch_head(Context& c, const std::string& upload, std::size_t offset,
                       std::size_t size) {
  auto fields = patch_fields(std::to_string(offset));
  fields.add("Content-Length", std::to_string(size));
  return raw_head(c, "PATCH", upload, fields);
}

/// "204" with the offset, or what came instead.
std::string told_by(const RawConnection::Read& read) {
  return read.response ? describe(*read.response) : to_string(read.seen);
}

bool moved_to(const RawConnection::Read& read, std::size_t offset) {
  return read.response && is_2xx(*read.response) &&
         number_in(*read.response, hdr::upload_offset) == Bytes{offset};
}

/// Three creations that are the same to the byte: two at once, and one after them.
std::vector<std::string> equal_creations(Context& c, std::size_t length) {
  tus::Metadata metadata;
  metadata.set("filename", "twin.txt");
  metadata.set("filetype", "text/plain");
  const Fields fields{{std::string{hdr::upload_length}, std::to_string(length)},
                      {std::string{hdr::upload_metadata}, metadata_header(c, metadata)},
                      {"Content-Length", "0"}};
  const auto head = raw_head(c, "POST", c.target().url, fields);
  std::array<RawConnection, 2> connections{c.raw(), c.raw()};
  for (auto& connection : connections) {
    static_cast<void>(connection.send(head, answer_timeout));
  }
  std::vector<std::string> uploads;
  for (auto& connection : connections) {
    const auto read = connection.read_response(answer_timeout);
    c.record_raw("one of two creations at once", head, read);
    const auto created = answer(read);
    uploads.push_back(url_of(c, created));
    c.created(uploads.back());
  }
  uploads.push_back(create(c, {.length = Bytes{length}, .metadata = metadata}));
  return uploads;
}

Outcome equal_creations_are_separate(Context& c) {
  const auto size = within_limit(c, 1000);
  const auto uploads = equal_creations(c, size);
  Kept kept{c, "creations that are the same, metadata included, make uploads of their own"};
  const auto urls = std::set<std::string>(uploads.begin(), uploads.end()).size();
  kept.check(urls == 3, fmt::format("three creations, {} Locations", urls));
  if (kept.broken()) return kept.outcome();
  std::vector<std::string> bytes;
  for (std::size_t i = 0; i < uploads.size(); ++i) bytes.push_back(c.random_bytes(size));
  const auto half = size / 2;
  for (const auto& [from, to] : {std::pair{std::size_t{0}, half}, std::pair{half, size}}) {
    for (std::size_t i = 0; i < uploads.size(); ++i) {
      const auto why = append(c, uploads[i], from, bytes[i].substr(0, to), {size});
      if (why) return kept.check(false, fmt::format("upload {}: {}", i + 1, *why)).outcome();
    }
  }
  for (std::size_t i = 0; i < uploads.size(); ++i) {
    kept.look(fmt::format("upload {} of 3", i + 1), uploads[i], bytes[i]);
  }
  return kept.outcome();
}

/// `count` PATCHes in a row, on the connection that the library keeps; fewer on a slow line.
Outcome many_patches(Context& c, std::size_t count) {
  // The sizes differ, so that a mistake does not hide behind a round number.
  const std::vector<std::size_t> pieces{1, 8, 15, 22, 4, 11, 18, 25};
  constexpr std::size_t turn = 104;  // their sum
  const auto bytes = c.random_bytes(within_limit(c, turn * count / pieces.size()));
  const auto upload = create(c, {.length = Bytes{bytes.size()}});
  Kept kept{c, fmt::format("{} PATCHes in a row are each kept", count)};
  for (std::size_t offset = 0; offset < bytes.size(); offset += turn) {
    const bool in_pieces = time_for_more(c);
    const auto end = in_pieces ? std::min(offset + turn, bytes.size()) : bytes.size();
    const auto why = append(c, upload, offset, bytes.substr(0, end),
                            in_pieces ? pieces : std::vector{bytes.size()});
    if (why) return kept.check(false, *why).outcome();
    if (!in_pieces) break;
  }
  return kept.look("the upload", upload, bytes).outcome();
}

Outcome hundred_patches_are_kept(Context& c) { return many_patches(c, 100); }
Outcome thousand_patches_are_kept(Context& c) { return many_patches(c, 1000); }

Outcome alternating_uploads_keep_their_own(Context& c) {
  const auto size = within_limit(c, 60'000);
  const auto half = size / 2;
  std::vector<std::string> uploads;
  std::vector<std::string> bytes;
  std::vector<RawConnection> connections;
  for (int i = 0; i < 2; ++i) {
    uploads.push_back(create(c, {.length = Bytes{size}}));
    bytes.push_back(c.random_bytes(size));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    connections.push_back(half_sent_patch(c, uploads[i], Bytes{0}, size, bytes[i].substr(0, half)));
  }
  Kept kept{c, "two uploads whose bytes come in turns each keep their own"};
  for (std::size_t i = 0; i < 2; ++i) {
    static_cast<void>(connections[i].send(from_offset(bytes[i], Bytes{half}), answer_timeout));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const auto read = connections[i].read_response(answer_timeout);
    c.record_raw(fmt::format("the PATCH of upload {}", i + 1), "", read);
    if (moved_to(read, size)) continue;
    // A server may serve one at a time, as long as a client can go on afterwards.
    std::string why;
    const bool resumed = c.eventually(c.patience(), [&] {
      const auto offset = try_offset(c, uploads[i]);
      if (!offset) return false;
      const auto failed =
          append(c, uploads[i], static_cast<std::size_t>(offset->value), bytes[i], {size});
      why = failed.value_or("");
      return !failed;
    });
    kept.check(resumed, fmt::format("upload {}: {}, then {}", i + 1, told_by(read), why));
    if (kept.broken()) return kept.outcome();
  }
  for (std::size_t i = 0; i < 2; ++i) {
    kept.look(fmt::format("upload {} of 2", i + 1), uploads[i], bytes[i]);
  }
  return kept.outcome();
}

Outcome shared_connection_mixes_nothing(Context& c) {
  const auto size = within_limit(c, 3000);
  const auto step = std::max<std::size_t>(1, size / 3);
  std::vector<std::string> uploads;
  std::vector<std::string> bytes;
  for (int i = 0; i < 3; ++i) {
    uploads.push_back(create(c, {.length = Bytes{size}}));
    bytes.push_back(c.random_bytes(size));
  }
  Kept kept{c, "one connection serves several uploads in turn, and mixes nothing"};
  auto connection = c.raw();
  const auto fresh_after = [&](const RawConnection::Read& read) {
    if (!read.response || read.response->headers.has_token("Connection", "close")) {
      connection = c.raw();
    }
  };
  for (std::size_t offset = 0; offset < size; offset += step) {
    const auto piece = std::min(step, size - offset);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto read =
          talk(c, connection, fmt::format("PATCH of upload {}", i + 1),
               patch_head(c, uploads[i], offset, piece), bytes[i].substr(offset, piece));
      kept.check(moved_to(read, offset + piece),
                 fmt::format("PATCH of upload {} at {}: {}", i + 1, offset, told_by(read)));
      if (kept.broken()) return kept.outcome();
      fresh_after(read);
      const auto next = (i + 1) % 3;
      const auto expected = next > i ? offset : offset + piece;
      const auto head = talk(c, connection, fmt::format("HEAD of upload {}", next + 1),
                             raw_head(c, "HEAD", uploads[next]), {}, /*head_request=*/true);
      kept.check(moved_to(head, expected), fmt::format("HEAD of upload {}, which is at {}: {}",
                                                       next + 1, expected, told_by(head)));
      if (kept.broken()) return kept.outcome();
      fresh_after(head);
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    kept.look(fmt::format("upload {} of 3", i + 1), uploads[i], bytes[i]);
  }
  return kept.outcome();
}

}  // namespace

std::vector<Check> repetition() {
  return {
      {"TUS-REP-001", equal_creations_are_separate, ext::creation},
      {"TUS-REP-002", hundred_patches_are_kept, ext::creation},
      {"TUS-REP-003", thousand_patches_are_kept, ext::creation},
      {"TUS-REP-004", alternating_uploads_keep_their_own, ext::creation},
      {"TUS-REP-005", shared_connection_mixes_nothing, ext::creation},
  };
}

}  // namespace conformance::suites
