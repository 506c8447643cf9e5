#include "tus/suites/habits.hpp"

namespace conformance::suites {
namespace {

/// A creation that, unlike send_tus, also sends fields that are empty.
Response created_raw(Context& c, Fields fields) {
  fields.add("Content-Length", "0");
  if (auto metadata = metadata_header(c); !metadata.empty())
    fields.add(std::string{hdr::upload_metadata}, std::move(metadata));
  auto response =
      answer(talk(c, "creation with an empty field", raw_head(c, "POST", c.target().url, fields)));
  if (const auto upload = location_of(c, response)) c.created(*upload);
  return response;
}

std::string create_deferred(Context& c) {
  return create(c, {.length = std::nullopt, .defer_length = true});
}

}  // namespace

Habit creation_with_empty(Context& c, std::string_view empty) {
  const bool deferred = empty == hdr::upload_length;
  const auto created =
      created_raw(c, {{std::string{hdr::upload_length}, deferred ? "" : "10"},
                      {std::string{hdr::upload_defer_length}, deferred ? "1" : ""}});
  const auto label = "an empty " + std::string{empty} + ": " + code(created);
  const auto upload = location_of(c, created);
  if (created.status != 201 || !upload) return {false, label};
  const auto state = state_of(c, *upload);
  const UploadState right{Bytes{0}, deferred ? std::nullopt : std::optional(Bytes{10}), deferred};
  return {state == right, label + ", then " + to_string(state)};
}

Habit patch_with_empty_length(Context& c) {
  const auto upload = create(c);
  auto fields = patch_fields("0");
  fields.add(std::string{hdr::upload_length}, "");
  fields.add("Content-Length", "5");
  const auto patched = answer(
      talk(c, "PATCH with an empty Upload-Length", raw_head(c, "PATCH", upload, fields), "hello"));
  const auto state = state_of(c, upload);
  return {patched.status == 204 && state == UploadState{Bytes{5}, Bytes{10}, false},
          "a PATCH with an empty Upload-Length: " + code(patched) + ", then " + to_string(state)};
}

Habit ended_by_draft(Context& c, const EndSignal& signal, std::string_view last,
                     std::string* upload) {
  const auto url = create_deferred(c);
  if (upload != nullptr) *upload = url;
  taken(patch(c, url, Bytes{0}, "hello"), "5 bytes while the length is deferred");
  const auto patched = patch(c, url, Bytes{5}, std::string{last},
                             {{"Upload-Draft-Interop-Version", std::string{signal.version}},
                              {std::string{signal.field}, std::string{signal.value}}});
  const auto state = state_of(c, url);
  const Bytes end{5 + last.size()};
  return {patched.status == 204 && state == UploadState{end, end, false},
          "version " + std::string{signal.version} + ", " + std::to_string(last.size()) +
              " bytes: " + code(patched) + ", then " + to_string(state)};
}

Habit chunked_beside_length(Context& c) {
  const auto upload = create(c);
  auto fields = patch_fields("0");
  fields.add("Content-Length", "0");
  fields.add("Transfer-Encoding", "chunked");
  auto connection = c.raw();
  const auto read =
      talk(c, connection, "chunked PATCH with Content-Length: 0",
           raw_head(c, "PATCH", upload, fields), transport::chunk("hello") + transport::chunk(""));
  std::string seen = "a chunked PATCH with Content-Length: 0: ";
  // A server that refuses such a request closes the connection (RFC 9112 section 6.1), and may do
  // so before the refusal is read.
  if (!read.response &&
      (read.seen == RawConnection::Seen::closed || read.seen == RawConnection::Seen::reset)) {
    return {false, seen + to_string(read.seen)};
  }
  const auto patched = answer(read);
  seen += code(patched);
  if (patched.status != 204) return {false, seen};
  const auto next =
      talk(c, connection, "HEAD on the same connection", raw_head(c, "HEAD", upload), {}, true);
  const auto state = state_of(c, upload);
  seen += ", then " + to_string(state) + ", and on the same connection " +
          (next.response ? code(*next.response) : to_string(next.seen));
  return {state.offset == Bytes{5} && next.response && next.response->status == 200, seen};
}

}  // namespace conformance::suites
