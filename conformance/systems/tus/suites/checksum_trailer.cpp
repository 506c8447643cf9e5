// Upload-Checksum after the bytes (protocol.md, Checksum: checksum-trailer).
#include "tus/suites/checksum_words.hpp"
#include "tus/suites/exercise.hpp"

namespace conformance::suites {
namespace {

Outcome trailer_checksum_works_if_listed(Context& c) {
  return announced_as(c, ext::checksum_trailer);
}

Outcome right_checksum_in_trailer_is_taken(Context& c) {
  const auto upload = create(c);
  const auto sum = checksum_of(usable_algorithm(c), "hello");
  const auto patched = answer(patch_trailing(c, upload, "hello", sum));
  Findings findings{"a chunk whose checksum comes as a trailer is taken (204)"};
  findings.check(patched.status == 204, "a right checksum", patched);
  const auto state = state_of(c, upload);
  return findings.check(state.offset == Bytes{5}, "HEAD: " + to_string(state)).outcome();
}

Outcome wrong_checksum_in_trailer_stores_nothing(Context& c) {
  const auto upload = create(c);
  const auto sum = checksum_of(usable_algorithm(c), "hallo");
  const auto patched = answer(patch_trailing(c, upload, "hello", sum));
  const auto state = state_of(c, upload);
  Findings findings{"a chunk whose trailer has a wrong checksum is refused, nothing is stored"};
  findings.check(is_4xx(patched), "a wrong checksum", patched);
  return findings.check(state.offset == Bytes{0}, "HEAD: " + to_string(state)).outcome();
}

Outcome trailer_extension_comes_with_checksum(Context& c) {
  const auto options = ask_options(c);
  Findings findings{"who lists checksum-trailer lists checksum"};
  return findings
      .check(options.headers.has_token(hdr::tus_extension, ext::checksum),
             tell(options, hdr::tus_extension))
      .outcome();
}

Outcome trailer_with_and_without_trailer_field(Context& c) {
  const auto name = usable_algorithm(c);
  const auto look = [&](Announced announced) {
    const auto right =
        answer(patch_trailing(c, create(c), "hello", checksum_of(name, "hello"), announced));
    const auto wrong =
        answer(patch_trailing(c, create(c), "hello", checksum_of(name, "hallo"), announced));
    return "right " + code(right) + ", wrong " + code(wrong);
  };
  return observed("announced by Trailer: " + look(Announced::yes) +
                  "; not announced: " + look(Announced::no));
}

Outcome unasked_trailer_is_survived(Context& c) {
  if (tus_target(c).discovery.offers(ext::checksum_trailer)) {
    return not_offered("checksum-trailer is offered; this row judges its absence");
  }
  auto connection = c.raw();
  const auto upload = create(c);
  const auto read = patch_trailing(c, connection, upload, "hello", checksum_of("sha1", "hallo"));
  const auto patched = answer(read);
  const auto head = raw_head(c, "HEAD", upload);
  const bool sent = connection.send(head, answer_timeout).has_value();
  const auto next = connection.read_response(answer_timeout, /*head_request=*/true);
  c.record_raw("HEAD on the same connection", head, next);
  const bool closed =
      !sent || next.seen == RawConnection::Seen::closed || next.seen == RawConnection::Seen::reset;
  Findings findings{"a trailer that is not understood does no harm"};
  findings.check(is_2xx(patched) || is_4xx(patched), "a PATCH with a trailer", patched);
  findings.check(closed || (next.response && is_2xx(*next.response)),
                 "then on the same connection " + (closed          ? "the end of it"
                                                   : next.response ? code(*next.response)
                                                                   : to_string(next.seen)));
  return findings.outcome();
}

}  // namespace

std::vector<Check> checksum_trailer() {
  constexpr auto trailer = ext::checksum_trailer;
  return {
      {"TUS-CTRL-001", trailer_checksum_works_if_listed, ext::creation},
      {"TUS-CTRL-002", right_checksum_in_trailer_is_taken, trailer},
      {"TUS-CTRL-003", wrong_checksum_in_trailer_stores_nothing, trailer},
      {"TUS-CTRL-004", trailer_extension_comes_with_checksum, trailer},
      {"TUS-CTRL-005", trailer_with_and_without_trailer_field, trailer},
      {"TUS-CTRL-006", unasked_trailer_is_survived, ext::creation},
  };
}

}  // namespace conformance::suites
