// PATCH when the connection breaks, stalls or is shared (protocol.md, Requests/PATCH).
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tus/suites/core_patch.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

using Clock = std::chrono::steady_clock;
using Seen = RawConnection::Seen;

/// How soon a new request must get past an old one that hangs.
constexpr Milliseconds soon{5'000};

/// The head of a correct PATCH of `size` bytes.
std::string patch_head(Context& c, const std::string& upload, std::uint64_t offset,
                       std::size_t size) {
  auto fields = patch_fields(std::to_string(offset));
  fields.add("Content-Length", std::to_string(size));
  return raw_head(c, "PATCH", upload, fields);
}

Outcome cut_off_patch_keeps_its_bytes(Context& c) {
  const auto upload = create(c);
  {
    auto connection = half_sent_patch(c, upload, Bytes{0}, 10, letters(4));
    connection.shutdown_send();
    // A server that closes its side has noticed the break. Another row judges an earlier HEAD.
    static_cast<void>(connection.wait_for_close(Milliseconds{1'000}));
  }
  std::optional<Bytes> offset;
  c.eventually(soon, [&] {
    offset = try_offset(c, upload);
    return offset && *offset >= Bytes{4};
  });
  if (!offset) return broken("HEAD works soon after a broken PATCH", "no offset within 5 s");
  Findings findings{"when the connection breaks, the server keeps the bytes that it received"};
  const auto seen = "4 of 10 bytes arrived, offset " + std::to_string(offset->value);
  findings.check(*offset >= Bytes{4}, seen);
  findings.must(*offset <= Bytes{4}, "the offset never passes what was sent", seen);
  return findings.outcome();
}

/// Sends `part` bytes of `rest` and then breaks the connection.
void send_and_break(Context& c, const std::string& upload, std::size_t offset,
                    std::string_view rest, std::size_t part, bool reset) {
  auto connection = c.raw();
  const auto head = patch_head(c, upload, offset, rest.size());
  static_cast<void>(connection.send(head, answer_timeout));
  static_cast<void>(connection.send(rest.substr(0, part), answer_timeout));
  c.record_raw("a PATCH that is cut off", head, {});
  if (reset) connection.reset();
}

Outcome resumed_upload_has_original_bytes(Context& c) {
  constexpr std::size_t breaks = 3;
  const auto length = within_limit(c, 200'000);
  if (length < 4 * breaks) return not_offered("Tus-Max-Size is too small to break an upload");
  const auto bytes = c.random_bytes(length);
  const auto upload = create(c, {.length = Bytes{length}});
  Findings findings{"resuming from the reported offset yields the original bytes"};
  std::size_t offset = 0;
  std::size_t sent = 0;  // the farthest byte: an earlier request may be stored after a later HEAD
  for (std::size_t cut = 0; cut < breaks; ++cut) {
    const auto rest = std::string_view{bytes}.substr(offset);
    if (rest.size() < 2) break;
    std::uniform_int_distribution<std::size_t> part(1, rest.size() - 1);
    const auto now = part(c.random());
    sent = std::max(sent, offset + now);
    send_and_break(c, upload, offset, rest, now, cut == 1);
    // As a client does: ask until the upload can be reached again.
    std::optional<Bytes> told;
    if (!c.eventually(soon, [&] { return (told = try_offset(c, upload)).has_value(); })) {
      return broken("HEAD works soon after a broken PATCH", "no offset within 5 s");
    }
    if (told->value > sent) {
      return broken(
          "the offset never passes what was sent",
          "sent up to " + std::to_string(sent) + ", HEAD told " + std::to_string(told->value));
    }
    offset = told->value;
  }
  // The server may still be storing the bytes of the last broken request, for long on a slow line,
  // and a HEAD may wait for that. A 409 means to ask again, for as long as the offset moves.
  constexpr int most_at_rest = 3;
  Response last;
  std::uint64_t farthest = offset;
  bool done = false;
  for (int at_rest = 0; !done && at_rest < most_at_rest;) {
    const auto before = farthest;
    done = c.eventually(soon, [&] {
      const auto told = try_offset(c, upload);
      if (!told) return false;
      farthest = std::max(farthest, told->value);
      if (told->value == length) return true;
      last = patch(c, upload, *told, from_offset(bytes, *told));
      return is_2xx(last);
    });
    at_rest = farthest > before ? 0 : at_rest + 1;
  }
  if (!done) return findings.check(false, "the upload could not be resumed", last).outcome();
  const auto after = state_of(c, upload);
  findings.check(after.offset == Bytes{length}, "after three breaks: " + to_string(after));
  const auto equal = stored_equals(c, upload, bytes);
  if (!equal)
    return not_offered("the target gives no way to read stored bytes; offsets were right");
  return findings.check(*equal, *equal ? "the bytes are the original ones" : "the bytes differ")
      .outcome();
}

}  // namespace

Outcome stalled_sender_is_timed_out(Context& c) {
  constexpr Milliseconds usual_timeout{65'000};
  const auto upload = create(c);
  auto connection = half_sent_patch(c, upload, Bytes{0}, 10, letters(5));
  const auto waited = c.patience();
  const auto read = connection.read_response(waited);
  c.record_raw("after half of the body", "", read);
  const std::string rule = "a sender that stalls is timed out: an error, or the connection closes";
  if (read.seen == Seen::response && read.response) {
    return expect(read.response->status >= 400, rule, *read.response);
  }
  if (read.seen == Seen::closed || read.seen == Seen::reset) return holds(to_string(read.seen));
  const auto seen = "still open after " + ::to_string(waited);
  if (waited >= usual_timeout) return broken(rule, seen);
  return not_offered(seen + "; to judge a timeout of a minute, wait longer (--patience 65s)");
}

namespace {

Outcome concurrent_patches_apply_once(Context& c) {
  const auto length = within_limit(c, 80'000);
  constexpr std::array<char, 3> writers{'A', 'B', 'C'};
  const auto upload = create(c, {.length = Bytes{length}});
  std::vector<RawConnection> connections;
  const auto head = patch_head(c, upload, 0, length);
  for (std::size_t i = 0; i < writers.size(); ++i) {
    connections.push_back(c.raw());
    static_cast<void>(connections.back().send(head, answer_timeout));
  }
  // In turns, so that all are under way at once; a writer that was refused stops sending.
  constexpr std::size_t slice = 8'000;
  std::array<bool, writers.size()> refused{};
  for (std::size_t sent = 0; sent < length; sent += slice) {
    for (std::size_t i = 0; i < writers.size(); ++i) {
      if (!refused[i])
        refused[i] =
            !connections[i].send(letters(std::min(slice, length - sent), writers[i]), soon);
    }
  }
  Findings findings{"of several PATCHes at one offset at the same time at most one is applied"};
  int applied = 0;
  std::string answers;
  for (auto& connection : connections) {
    const auto read = connection.read_response(answer_timeout);
    c.record_raw("one of three PATCHes at offset 0", head, read);
    if (read.response && is_2xx(*read.response)) ++applied;
    answers += (answers.empty() ? "" : ", ") +
               (read.response ? code(*read.response) : to_string(read.seen));
  }
  findings.check(applied <= 1, "answers " + answers);
  const auto after = state_of(c, upload);
  findings.check(after.offset <= Bytes{length} && (applied == 0 || after.offset > Bytes{0}),
                 to_string(after));
  const auto stored = after.offset.value;
  if (stored > length) return findings.outcome();
  if (stored < length) {
    const auto filled = patch(c, upload, after.offset, letters(length - stored, 'D'));
    // What is broken already is told as it is; the stored bytes cannot be compared then.
    if (!is_2xx(filled) && findings.outcome().kind != Outcome::Kind::holds) {
      return findings.outcome();
    }
    taken(filled, "the rest");
  }
  std::vector<std::string> all;
  all.reserve(std::size(writers));
  for (const char writer : writers) {
    all.push_back(letters(stored, writer) + letters(length - stored, 'D'));
  }
  const auto of_one = stored_as_any_of(c, upload, all);
  if (!of_one) return findings.outcome();
  return findings
      .check(*of_one,
             *of_one ? "the stored bytes are those of one sender" : "the stored bytes are mixed")
      .outcome();
}

Outcome head_passes_a_stalled_patch(Context& c) {
  const auto upload = create(c);
  auto stalled = half_sent_patch(c, upload, Bytes{0}, 10, letters(4));
  Findings findings{"a new request gets through within 5 s while an old PATCH hangs half-sent"};
  std::optional<Bytes> offset;
  const auto through = [&](const char* what, const std::function<Exchange()>& send) {
    const auto deadline = Clock::now() + soon;
    Exchange last;
    const bool done = c.eventually(soon, [&] {
      last = send();
      return last.response && is_2xx(*last.response);
    });
    const bool in_time = done && Clock::now() <= deadline + Milliseconds{500};
    findings.check(
        in_time, std::string{what} + ": " + (in_time ? "" : "not within 5 s, last ") + code(last));
    return in_time;
  };
  const auto head = [&] {
    auto exchange = attempt(c, "HEAD", upload, {}, std::nullopt, soon + Milliseconds{500});
    if (exchange.response) offset = number_in(*exchange.response, hdr::upload_offset);
    return exchange;
  };
  if (!through("HEAD", head)) return findings.outcome();
  through("PATCH", [&] {
    if (!offset) head();
    const auto at = std::exchange(offset, std::nullopt).value_or(Bytes{0});
    return attempt(c, "PATCH", upload, patch_fields(std::to_string(at.value)),
                   letters(10 - std::min<std::uint64_t>(at.value, 10)), soon);
  });
  const auto old = stalled.read_response(Milliseconds{1'000});
  c.record_raw("the old PATCH", "", old);
  findings.note("the old PATCH: " + (old.response ? code(*old.response) : to_string(old.seen)));
  return findings.outcome();
}

Outcome early_refusal_can_be_read(Context& c) {
  // A server that answers and closes without reading on races the client that is still sending:
  // whether a reset overtakes the answer differs from try to try. "Always" and "never" are judged;
  // anything in between is only reported, with its figure.
  constexpr int tries = 5;
  constexpr std::size_t size = 5U << 20U;
  const auto upload = create(c, {.length = Bytes{within_limit(c, 2 * size)}});
  int read = 0, of_gateway = 0;
  Exchange last;
  for (int i = 0; i < tries; ++i) {
    last = attempt(c, "PATCH", upload, patch_fields("7"), letters(size));
    if (last.response && last.response->status < 400) {
      stop_blocked("a PATCH at a wrong offset is refused", describe(*last.response));
    }
    if (last.response && is_4xx(*last.response)) ++read;
    // From a gateway that could not read the early refusal either (RFC 9110 section 15.6.3).
    if (last.response && last.response->status == 502) ++of_gateway;
  }
  if (of_gateway == tries) {
    return not_offered(
        "a gateway in front answered 502 each time: the server's answer is not seen");
  }
  const auto seen = "the refusal could be read in " + std::to_string(read) + " of " +
                    std::to_string(tries) + " tries, last " + code(last);
  if (read == tries) return holds(seen);
  return read > 0
             ? observed(seen)
             : broken("a client that is sending a large body can still read an early 409", seen);
}

Outcome expect_with_a_wrong_offset(Context& c) {
  const auto upload = create(c);
  auto fields = patch_fields("5");
  fields.add("Content-Length", "4");
  fields.add("Expect", "100-continue");
  auto connection = c.raw();
  const auto head = raw_head(c, "PATCH", upload, fields);
  static_cast<void>(connection.send(head, answer_timeout));
  const auto first = await_continue(connection, c.patience());
  c.record_raw("PATCH at a wrong offset with Expect: 100-continue", head, first);
  if (!first.interims.empty()) {
    return observed("a doomed PATCH is told " + std::to_string(first.interims.front().status) +
                    " first");
  }
  return observed("a doomed PATCH gets " + (first.response ? code(*first.response) + " without 100"
                                                           : to_string(first.seen)));
}

Outcome connection_in_sync_after_error(Context& c) {
  const auto upload = create(c);
  auto connection = c.raw();
  const auto refused = answer(
      talk(c, connection, "PATCH at a wrong offset", patch_head(c, upload, 5, 50), letters(50)));
  if (!is_4xx(refused)) stop_blocked("a PATCH at a wrong offset is refused", describe(refused));
  const auto head = raw_head(c, "HEAD", upload);
  const bool sent = connection.send(head, answer_timeout).has_value();
  const auto next = connection.read_response(answer_timeout, /*head_request=*/true);
  c.record_raw("HEAD on the same connection", head, next);
  const bool closed = !sent || next.seen == Seen::closed || next.seen == Seen::reset;
  const bool in_sync =
      next.response && is_2xx(*next.response) && next.response->headers.has(hdr::upload_offset);
  const auto seen = code(refused) + ", then on the same connection " +
                    (closed          ? "the end of it"
                     : next.response ? describe(*next.response)
                                     : to_string(next.seen));
  return closed || in_sync
             ? holds(seen)
             : broken("after an error the connection is in step for the next request, or closed",
                      seen);
}

Outcome status_of_a_locked_upload(Context& c) {
  const auto upload = create(c);
  auto stalled = half_sent_patch(c, upload, Bytes{0}, 10, letters(4, 'A'));
  const auto second = attempt(c, "PATCH", upload, patch_fields("0"), letters(10, 'B'));
  static_cast<void>(stalled.send(letters(6, 'A'), soon));
  const auto first = stalled.read_response(soon);
  c.record_raw("the PATCH that came first", "", first);
  Findings findings{""};
  const bool both =
      second.response && is_2xx(*second.response) && first.response && is_2xx(*first.response);
  findings.must(!both, "of two PATCHes at one offset at most one is applied",
                "a PATCH while another is under way -> " + code(second) + "; the first one -> " +
                    (first.response ? code(*first.response) : to_string(first.seen)));
  return findings.report();
}

/// How a client that lost its connection went on.
struct Resumption {
  std::string first;  ///< what the PATCH at the offset of the first HEAD got; empty: 2xx
  bool done = false;  ///< that PATCH, or a later one after another HEAD, got 2xx
};

/// Sends a PATCH that breaks off half-way, asks HEAD at once and goes on from there, as clients do.
Resumption resume_after_abort(Context& c) {
  constexpr std::size_t size = 64U << 10U;
  const auto upload = create(c, {.length = Bytes{size}});
  auto aborted = c.raw();
  // Without a pause: the server may not have begun with the PATCH when HEAD comes.
  static_cast<void>(
      aborted.send(patch_head(c, upload, 0, size) + letters(size / 2), answer_timeout));
  aborted.reset();
  Resumption seen;
  bool first = true;
  seen.done = c.eventually(c.patience(), [&] {
    const auto told = try_offset(c, upload);
    std::string got = "HEAD fails";
    if (told) {
      const auto resumed = attempt(c, "PATCH", upload, patch_fields(std::to_string(told->value)),
                                   letters(size - std::min<std::uint64_t>(size, told->value)));
      if (resumed.response && is_2xx(*resumed.response)) return true;
      got = code(resumed);
    }
    if (std::exchange(first, false)) seen.first = got;
    return false;
  });
  return seen;
}

Outcome broken_off_patch_resumes_soon(Context& c) {
  // A HEAD may overtake the end of the connection, so that the first offset misleads: this is only
  // reported. But a client that asks again must be able to go on.
  constexpr int most = 10;
  std::map<std::string, int> misled;
  int tries = 0;
  int count = 0;
  // A server that is slow to release an upload takes seconds for each try.
  for (; tries < most && (tries == 0 || c.time_left() > 2 * answer_timeout); ++tries) {
    const auto seen = resume_after_abort(c);
    if (!seen.done) {
      return broken("after a PATCH that broke off, HEAD soon tells where the next one goes on",
                    "refused again and again, at first " + seen.first);
    }
    if (seen.first.empty()) continue;
    ++misled[seen.first];
    ++count;
  }
  if (count == 0) return holds("the offset told was right in each of " + std::to_string(tries));
  std::string text = "the first HEAD misled in " + std::to_string(count) + " of " +
                     std::to_string(tries) + ", the next did not";
  for (const auto& [how, times] : misled) text += ", " + how + ": " + std::to_string(times);
  return observed(text);
}

}  // namespace

std::vector<Check> core_patch_connection() {
  return {
      {"TUS-CORE-PATCH-021", cut_off_patch_keeps_its_bytes, ext::creation},
      {"TUS-CORE-PATCH-022", resumed_upload_has_original_bytes, ext::creation},
      {"TUS-CORE-PATCH-023", stalled_sender_is_timed_out, ext::creation},
      {"TUS-CORE-PATCH-024", concurrent_patches_apply_once, ext::creation},
      {"TUS-CORE-PATCH-025", head_passes_a_stalled_patch, ext::creation},
      {"TUS-CORE-PATCH-027", early_refusal_can_be_read, ext::creation},
      {"TUS-CORE-PATCH-028", expect_with_a_wrong_offset, ext::creation},
      {"TUS-CORE-PATCH-029", connection_in_sync_after_error, ext::creation},
      {"TUS-CORE-PATCH-030", status_of_a_locked_upload, ext::creation},
      {"TUS-CORE-PATCH-031", broken_off_patch_resumes_soon, ext::creation},
  };
}

}  // namespace conformance::suites
