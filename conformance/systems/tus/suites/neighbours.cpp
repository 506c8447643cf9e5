// What one upload, one refusal or one connection leaves to the next.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "tus/suites/checksum_words.hpp"
#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// A PATCH that has to be refused, of an upload of 10 bytes at offset 4.
struct Refusal {
  std::string label;
  Fields fields;  ///< of the request, Content-Length aside
  std::string body;
  std::string version = std::string{tus::version};
};

std::vector<Refusal> refusals(Context& c) {
  const std::string media{tus::offset_media_type};
  std::vector<Refusal> all{
      {"an offset below (409)", patch_fields("0"), "XXXX"},
      {"an offset above (409)", patch_fields("7"), "XXX"},
      {"an offset that is none (400)", patch_fields("four"), "XXXX"},
      {"no offset", {{"Content-Type", media}}, "XXXX"},
      {"another media type (415)",
       {{"Content-Type", "text/plain"}, {std::string{hdr::upload_offset}, "4"}},
       "XXXX"},
      {"another version (412)", patch_fields("4"), "XXXX", "0.0.1"},
  };
  if (tus_target(c).discovery.offers(ext::checksum)) {
    if (const auto name = known_algorithm(c)) {
      auto fields = patch_fields("4");
      fields.add(std::string{hdr::upload_checksum}, checksum_of(*name, "other"));
      all.push_back({"a wrong checksum (460)", fields, "XXXX"});
    }
  }
  return all;
}

/// Sends the refusal by hand, on `connection`.
RawConnection::Read send_refused(Context& c, RawConnection& connection, const std::string& upload,
                                 const Refusal& refusal) {
  auto fields = c.raw_headers();
  fields.add(std::string{hdr::tus_resumable}, refusal.version);
  for (const auto& field : refusal.fields) fields.add(field.name, field.value);
  fields.add("Content-Length", std::to_string(refusal.body.size()));
  const auto head = transport::request_head("PATCH", Context::target_of(upload), fields);
  return talk(c, connection, refusal.label, head, refusal.body);
}

std::string half_sent(Context& c, const std::string& bytes, const tus::Metadata& metadata = {}) {
  auto upload = create(c, {.length = Bytes{bytes.size()}, .metadata = metadata});
  taken(patch(c, upload, Bytes{0}, bytes.substr(0, 4)), "the first 4 bytes");
  return upload;
}

Outcome refused_patch_changes_nothing(Context& c) {
  const std::string bytes = "abcdefghij";
  const auto upload = half_sent(c, bytes);
  const auto before = state_of(c, upload);
  Kept kept{c, "a PATCH that is refused changes nothing, and the right one is taken after it"};
  for (const auto& refusal : refusals(c)) {
    if (!time_for_more(c)) break;
    auto connection = c.raw();
    const auto sent = send_refused(c, connection, upload, refusal);
    // After an early close nothing may have changed either; whether the refusal can be read is
    // TUS-CORE-PATCH-027.
    const bool unread = !sent.response && (sent.seen == RawConnection::Seen::closed ||
                                           sent.seen == RawConnection::Seen::reset);
    const auto told = unread ? to_string(sent.seen) : code(answer(sent));
    // Another row judges a PATCH that is taken instead of refused.
    if (sent.response && is_2xx(*sent.response)) {
      return not_offered(refusal.label + ": taken with " + told);
    }
    const auto after = state_of(c, upload);
    kept.check(after == before,
               fmt::format("{}: {}, then {}", refusal.label, told, to_string(after)));
    if (kept.broken()) return kept.outcome();
  }
  if (const auto why = append(c, upload, 4, bytes, {bytes.size()})) {
    return kept.check(false, "the rest, after the refusals: " + *why).outcome();
  }
  return kept.look("the upload", upload, bytes).outcome();
}

Outcome refusal_leaves_connection_in_step(Context& c) {
  needs_lasting_uploads(c);
  const std::string bytes = "abcdefghij";
  const auto upload = half_sent(c, bytes);
  const auto other = create(c, {.length = Bytes{77}});
  Findings findings{"after a refusal the connection is in step for the next request, or closed"};
  const auto head = raw_head(c, "HEAD", other);
  for (const auto& refusal : refusals(c)) {
    if (!time_for_more(c)) break;
    auto connection = c.raw();
    // A body so long that it is not read together with the head by chance.
    auto longer = refusal;
    longer.body = letters(20'000, 'X');
    const auto refused = send_refused(c, connection, upload, longer);
    if (!refused.response) continue;  // closed early: see TUS-CORE-PATCH-027
    const auto next = talk(c, connection, "HEAD of another upload on the same connection", head, {},
                           /*head_request=*/true);
    const bool closed =
        next.seen == RawConnection::Seen::closed || next.seen == RawConnection::Seen::reset;
    const bool in_step = next.response && is_2xx(*next.response) &&
                         number_in(*next.response, hdr::upload_length) == Bytes{77} &&
                         number_in(*next.response, hdr::upload_offset) == Bytes{0};
    findings.check(closed || in_step,
                   fmt::format("{}: {}, then HEAD of another upload: {}", refusal.label,
                               code(*refused.response),
                               next.response ? describe(*next.response) : to_string(next.seen)));
  }
  return findings.outcome();
}

Outcome neighbour_leaves_upload_alone(Context& c) {
  const auto bytes = c.random_bytes(10);
  tus::Metadata metadata;
  metadata.set("owner", "neighbour");
  metadata.set("filename", "report.csv");
  const auto upload = half_sent(c, bytes, metadata);
  const auto sorted_pairs = [&] {
    auto pairs = pairs_of(head_of(c, upload));
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  };
  const auto before = state_of(c, upload);
  const auto pairs = sorted_pairs();
  Kept kept{c, "what happens to one upload leaves another as it was"};
  const auto look = [&](const std::string& label) {
    if (const auto head = head_of(c, upload); is_gone(head)) {
      kept.check(false, fmt::format("{}: the other upload is gone, {}", label, code(head)));
      return false;
    }
    const auto after = state_of(c, upload);
    kept.check(after == before, fmt::format("{}: the other upload, {}, is {}", label,
                                            to_string(before), to_string(after)));
    kept.check(sorted_pairs() == pairs, label + ": the other upload has other metadata");
    return !kept.broken();
  };
  tus::Metadata others;
  others.set("owner", "another");
  others.set("filename", "report.csv");
  const auto busy = create(c, {.length = Bytes{10}, .metadata = others});
  const std::vector<std::pair<std::string, std::function<void()>>> events{
      {"a creation", [] {}},
      {"a PATCH of another upload", [&] { patch(c, busy, Bytes{0}, letters(4, 'Y')); }},
      {"refusals",
       [&] {
         for (const auto& refusal : refusals(c)) {
           auto connection = c.raw();
           static_cast<void>(send_refused(c, connection, busy, refusal));
         }
       }},
      {"a body that was cut off",
       [&] {
         auto connection = half_sent_patch(c, busy, offset_of(c, busy), 6, "Z");
         break_off(connection);
       }},
      {"an upload that was finished", [&] { create_complete(c, letters(33, 'W')); }},
      {"a DELETE",
       [&] {
         if (tus_target(c).discovery.offers(ext::termination)) {
           static_cast<void>(attempt(c, "DELETE", busy));
         }
       }},
      {"a creation that was refused",
       [&] {
         static_cast<void>(post_with(c, {{std::string{hdr::upload_length}, "none"}}));
       }},
  };
  for (const auto& [label, happen] : events) {
    // On a slow line, finishing the upload is worth more than the rest of the list.
    if (!time_for_more(c)) break;
    happen();
    if (!look(label)) return kept.outcome();
  }
  if (const auto why = append(c, upload, 4, bytes, {bytes.size()})) {
    return kept.check(false, "the rest: " + *why).outcome();
  }
  return kept.look("after all of it", upload, bytes).outcome();
}

Outcome new_upload_begins_empty(Context& c) {
  tus::Metadata metadata;
  metadata.set("leftover", "of the upload before");
  Kept kept{c, "an upload begins empty, whatever became of the one before"};
  const bool removable = tus_target(c).discovery.offers(ext::termination);
  const auto before_length = std::size_t{10};
  const auto look = [&](const std::string& after) {
    const auto bytes = c.random_bytes(7);
    const auto created = post(c, {.length = Bytes{bytes.size()}});
    if (created.status != 201 || !location_of(c, created)) {
      kept.check(false, fmt::format("after {}: a creation is answered {}", after, code(created)));
      return false;
    }
    const auto upload = url_of(c, created);
    const auto head = head_of(c, upload);
    const auto offset = number_in(head, hdr::upload_offset);
    kept.check(offset == Bytes{0} && number_in(head, hdr::upload_length) == Bytes{7} &&
                   !lists_key(head, "leftover"),
               fmt::format("after {}: {}, {}, {}", after, tell(head, hdr::upload_offset),
                           tell(head, hdr::upload_length),
                           lists_key(head, "leftover") ? "metadata of the one before"
                                                       : "no metadata of the one before"));
    if (kept.broken()) return false;
    if (const auto why = append(c, upload, 0, bytes, {bytes.size()})) {
      kept.check(false, "after " + after + ": " + *why);
      return false;
    }
    return !kept.look("after " + after, upload, bytes).broken();
  };
  const auto whole = create_complete(c, letters(before_length), {.metadata = metadata});
  static_cast<void>(post_with(c, {{std::string{hdr::upload_length}, "none"}}));
  if (!look("a finished upload and a creation that was refused")) return kept.outcome();
  if (!time_for_more(c)) return kept.outcome();
  if (removable) {
    static_cast<void>(attempt(c, "DELETE", whole));
    if (!look("a DELETE of it")) return kept.outcome();
  }
  const auto half = create(c, {.length = Bytes{before_length}, .metadata = metadata});
  {
    auto connection = half_sent_patch(c, half, Bytes{0}, before_length, letters(4));
    break_off(connection);
  }
  if (!look("a body that was cut off")) return kept.outcome();
  if (removable) {
    c.eventually(c.patience(), [&] {
      const auto deleted = attempt(c, "DELETE", half);
      return deleted.response && deleted.response->status != 423;
    });
    if (!look("a DELETE of an unfinished upload")) return kept.outcome();
  }
  return kept.outcome();
}

}  // namespace

std::vector<Check> neighbours() {
  return {
      {"TUS-NEXT-001", refused_patch_changes_nothing, ext::creation},
      {"TUS-NEXT-002", refusal_leaves_connection_in_step, ext::creation},
      {"TUS-NEXT-003", neighbour_leaves_upload_alone, ext::creation},
      {"TUS-NEXT-004", new_upload_begins_empty, ext::creation},
  };
}

}  // namespace conformance::suites
