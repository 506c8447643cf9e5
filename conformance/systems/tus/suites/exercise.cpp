#include "tus/suites/exercise.hpp"

#include "tus/suites/checksum_words.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

Exercise creation(Context& c) {
  const auto response = post(c, {});
  return {response.status == 201 && location_of(c, response), "POST " + code(response)};
}

Exercise creation_with_upload(Context& c) {
  const auto response = post(c, {.body = letters(5)});
  return {response.status == 201 && number_in(response, hdr::upload_offset) > Bytes{0},
          "POST with 5 bytes " + code(response) + ", " + tell(response, hdr::upload_offset)};
}

Exercise creation_defer_length(Context& c) {
  const auto response = post(c, {.length = std::nullopt, .defer_length = true});
  if (response.status != 201 || !location_of(c, response)) {
    return {false, "POST with Upload-Defer-Length: 1 " + code(response)};
  }
  const auto head = head_of(c, *location_of(c, response));
  return {head.headers.find(hdr::upload_defer_length) == "1",
          "POST 201, HEAD with " + tell(head, hdr::upload_defer_length)};
}

Exercise termination(Context& c) {
  const auto upload = create(c);
  const auto removed = remove(c, upload);
  const auto head = head_of(c, upload);
  return {is_2xx(removed) && is_4xx(head), "DELETE " + code(removed) + ", HEAD " + code(head)};
}

/// A final upload over two parts; the second one is finished if `finish`.
Exercise concatenation(Context& c, bool finish) {
  const auto partial = [&c](const std::string& body, bool complete) -> std::optional<std::string> {
    const auto created = post(c, {.length = Bytes{body.size()}, .concat = "partial"});
    auto upload = location_of(c, created);
    if (created.status != 201 || !upload) return std::nullopt;
    if (complete) taken(patch(c, *upload, Bytes{0}, body), "the bytes of a partial upload");
    return upload;
  };
  const auto first = partial("abc", true);
  const auto second = first ? partial("defg", finish) : std::nullopt;
  if (!first || !second) return {false, "no partial upload could be created"};
  const auto joined =
      post(c, {.length = std::nullopt, .concat = "final;" + *first + " " + *second});
  if (!finish) {
    return {joined.status == 201, "a final upload over an unfinished part " + code(joined)};
  }
  if (joined.status != 201 || !location_of(c, joined)) {
    return {false, "a final upload over two parts " + code(joined)};
  }
  const auto upload = *location_of(c, joined);
  const auto head = head_of(c, upload);
  const bool whole = number_in(head, hdr::upload_length) == Bytes{7};
  const bool right = stored_equals(c, upload, "abcdefg").value_or(true);
  return {whole && right,
          "a final upload over 3 and 4 bytes has " + tell(head, hdr::upload_length) +
              (right ? "" : " and other bytes than its parts"),
          upload};
}

Exercise checksum(Context& c) {
  const auto name = known_algorithm(c).value_or("sha1");
  const Fields fields{{std::string{hdr::upload_checksum}, checksum_of(name, "hello")}};
  const auto wrong = patch_with(c, create(c), fields, "hallo");
  const auto right = patch_with(c, create(c), fields, "hello");
  return {is_4xx(wrong) && is_2xx(right),
          "wrong " + name + " " + code(wrong) + ", right one " + code(right)};
}

Exercise checksum_trailer(Context& c) {
  const auto name = known_algorithm(c).value_or("sha1");
  const auto sum = checksum_of(name, "hello");
  const auto wrong = answer(patch_trailing(c, create(c), "hallo", sum));
  const auto right = answer(patch_trailing(c, create(c), "hello", sum));
  return {is_4xx(wrong) && is_2xx(right),
          "wrong " + name + " as a trailer " + code(wrong) + ", right one " + code(right)};
}

}  // namespace

std::optional<Exercise> exercise(Context& c, std::string_view extension) {
  if (extension == ext::creation) return creation(c);
  if (extension == ext::creation_with_upload) return creation_with_upload(c);
  if (extension == ext::creation_defer_length) return creation_defer_length(c);
  if (extension == ext::termination) return termination(c);
  if (extension == ext::concatenation) return concatenation(c, true);
  if (extension == ext::concatenation_unfinished) return concatenation(c, false);
  if (extension == ext::checksum) return checksum(c);
  if (extension == ext::checksum_trailer) return checksum_trailer(c);
  return std::nullopt;
}

Outcome announced_as(Context& c, std::string_view extension) {
  const bool listed = tus_target(c).discovery.offers(extension);
  const auto result = exercise(c, extension);
  const auto seen = std::string{listed ? "" : "not "} + "listed in Tus-Extension; " +
                    (result ? result->seen : "not tried");
  if (result && result->works == listed) return holds(seen);
  // For the evidence: the list as OPTIONS tells it now.
  if (!listed) static_cast<void>(attempt(c, "OPTIONS", c.target().url));
  return broken(
      "Tus-Extension lists " + std::string{extension} + " if and only if the server supports it",
      seen);
}

}  // namespace conformance::suites
