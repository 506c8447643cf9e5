// Finals over parts that are not finished (protocol.md, Concatenation: concatenation-unfinished).
#include "tus/suites/exercise.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string create_partial(Context& c, std::uint64_t length) {
  return create(c, {.length = Bytes{length}, .concat = "partial"});
}

Response post_final(Context& c, const std::string& first, const std::string& second) {
  return post(c, {.length = std::nullopt, .concat = "final;" + first + " " + second});
}

std::string create_final(Context& c, const std::string& first, const std::string& second) {
  return url_of(c, post_final(c, first, second));
}

Outcome unfinished_parts_taken_if_listed(Context& c) {
  const auto& discovery = tus_target(c).discovery;
  if (discovery.offers(ext::concatenation_unfinished) && !discovery.offers(ext::concatenation)) {
    return broken("who lists concatenation-unfinished lists concatenation", "it is not listed");
  }
  return announced_as(c, ext::concatenation_unfinished);
}

Outcome final_over_unfinished_parts_is_201(Context& c) {
  const auto created = post_final(c, create_partial(c, 3), create_partial(c, 4));
  return expect(created.status == 201 && location_of(c, created),
                "a final upload over parts that are not finished is created", created);
}

Outcome unjoined_final_has_no_offset(Context& c) {
  const auto head = head_of(c, create_final(c, create_partial(c, 3), create_partial(c, 4)));
  if (!is_2xx(head)) stop_blocked("HEAD of the final upload succeeds", describe(head));
  Findings findings{"HEAD of a final upload has no Upload-Offset until its parts are joined"};
  return findings
      .check(!head.headers.has(hdr::upload_offset),
             code(head) + ", " + tell(head, hdr::upload_offset))
      .outcome();
}

Outcome unjoined_final_tells_known_length(Context& c) {
  Findings findings{
      "HEAD of a final upload has Upload-Length once the length of each part is known"};
  const auto head = head_of(c, create_final(c, create_partial(c, 3), create_partial(c, 4)));
  findings.check(head.headers.find(hdr::upload_length) == "7",
                 "over 3 and 4 bytes: " + tell(head, hdr::upload_length));
  if (tus_target(c).discovery.offers(ext::creation_defer_length)) {
    const auto deferred =
        create(c, {.length = std::nullopt, .defer_length = true, .concat = "partial"});
    const auto created = post_final(c, create_partial(c, 3), deferred);
    if (const auto upload = location_of(c, created); created.status == 201 && upload) {
      const auto open = head_of(c, *upload);
      findings.check(!open.headers.has(hdr::upload_length),
                     "over a deferred length: " + tell(open, hdr::upload_length));
    } else {
      findings.note("over a deferred length: " + code(created));
    }
  }
  return findings.outcome();
}

Outcome final_completes_with_its_parts(Context& c) {
  const auto first = create_partial(c, 3);
  const auto second = create_partial(c, 4);
  const auto upload = create_final(c, first, second);
  taken(patch(c, second, Bytes{0}, "defg"), "the bytes of the second part");
  taken(patch(c, first, Bytes{0}, "abc"), "the bytes of the first part");
  Response head;
  const bool joined = c.eventually(c.patience(), [&] {
    head = head_of(c, upload);
    const auto offset = number_in(head, hdr::upload_offset);
    return offset && offset == number_in(head, hdr::upload_length);
  });
  Findings findings{"when its parts are finished, a final upload reaches its length"};
  findings.check(joined && number_in(head, hdr::upload_length) == Bytes{7},
                 tell(head, hdr::upload_offset) + ", " + tell(head, hdr::upload_length));
  if (joined) {
    const bool right = stored_equals(c, upload, "abcdefg").value_or(true);
    findings.check(right, right ? "with the bytes of its parts" : "with other bytes");
  }
  return findings.outcome();
}

Outcome parts_take_patches_after_final(Context& c) {
  const auto first = create_partial(c, 3);
  const auto second = create_partial(c, 4);
  static_cast<void>(create_final(c, first, second));
  Findings findings{"parts of a final upload still take bytes (204)"};
  const auto look = [&](const char* label, std::uint64_t offset, std::string body) {
    const auto patched = patch(c, first, Bytes{offset}, std::move(body));
    findings.check(patched.status == 204, label, patched);
  };
  look("the first 2 bytes of a part", 0, "ab");
  look("its last byte", 2, "c");
  return findings.outcome();
}

}  // namespace

std::vector<Check> concatenation_unfinished() {
  constexpr auto unfinished = ext::concatenation_unfinished;
  return {
      {"TUS-CUNF-001", unfinished_parts_taken_if_listed, ext::concatenation},
      {"TUS-CUNF-002", final_over_unfinished_parts_is_201, unfinished},
      {"TUS-CUNF-003", unjoined_final_has_no_offset, unfinished},
      {"TUS-CUNF-004", unjoined_final_tells_known_length, unfinished},
      {"TUS-CUNF-005", final_completes_with_its_parts, unfinished},
      {"TUS-CUNF-006", parts_take_patches_after_final, unfinished},
  };
}

}  // namespace conformance::suites
