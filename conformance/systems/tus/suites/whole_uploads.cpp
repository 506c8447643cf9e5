#include "tus/suites/whole_uploads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "protocol/http/date.hpp"

namespace conformance::suites {

std::optional<std::string> append(Context& c, const std::string& upload, std::size_t offset,
                                  const std::string& bytes, const std::vector<std::size_t>& pieces,
                                  Framing framing) {
  for (std::size_t turn = 0; offset < bytes.size(); ++turn) {
    const auto piece = bytes.substr(offset, pieces[turn % pieces.size()]);
    const auto seen = framing == Framing::chunked
                          ? patch_chunked(c, upload, Bytes{offset}, piece)
                          : attempt(c, "PATCH", upload, patch_fields(std::to_string(offset)), piece,
                                    Request{}.timeout);
    const auto where = fmt::format("{} bytes at {}{}: ", piece.size(), offset,
                                   framing == Framing::chunked ? ", chunked" : "");
    if (!seen.response) {
      if (seen.failure && seen.failure->kind == transport::Failure::Kind::timeout) {
        stop_unanswered("PATCH " + Context::target_of(upload), seen);
      }
      return where + code(seen);
    }
    const auto told = number_in(*seen.response, hdr::upload_offset);
    if (!is_2xx(*seen.response) || !told || told->value <= offset ||
        told->value > offset + piece.size()) {
      return where + describe(*seen.response);
    }
    offset = static_cast<std::size_t>(told->value);
  }
  return std::nullopt;
}

void pause(Context& c, Milliseconds how_long) {
  static_cast<void>(c.eventually(how_long, [] { return false; }));
}

void needs_lasting_uploads(Context& c) {
  if (!tus_target(c).discovery.offers(ext::expiration)) return;
  constexpr std::chrono::seconds enough{120};
  const auto created = post(c, {});
  const auto expires = http::parse_imf_fixdate(value_of(created, hdr::upload_expires));
  if (expires && *expires - std::chrono::system_clock::now() < enough) {
    throw Stop{not_offered("uploads expire too soon here")};
  }
}

bool time_for_more(Context& c, Milliseconds for_the_rest) { return c.time_left() > for_the_rest; }

Kept::Kept(Context& c, std::string rule) : c_(c), findings_(std::move(rule)) {
  needs_lasting_uploads(c);
}

Kept& Kept::look(const std::string& label, const std::string& upload, const std::string& bytes) {
  const auto head = head_of(c_, upload);
  if (is_4xx(head)) return must(false, label + ": HEAD: " + describe(head));
  const auto state = state_of(c_, upload);
  must(state.offset == Bytes{bytes.size()}, label + ": HEAD tells " + to_string(state));
  const auto damage = damage_of(c_, upload, bytes);
  if (!damage) {
    ++unseen_;
    return *this;
  }
  ++compared_;
  return must(damage->empty(), label + ": " + *damage);
}

Kept& Kept::check(bool ok, std::string seen) {
  broken_ = broken_ || !ok;
  if (!ok) findings_.check(false, std::move(seen));
  return *this;
}

Kept& Kept::must(bool ok, std::string seen) {
  broken_ = broken_ || !ok;
  if (!ok) findings_.must(false, "what was acknowledged is kept", std::move(seen));
  return *this;
}

Kept& Kept::note(std::string seen) {
  findings_.note(std::move(seen));
  return *this;
}

Outcome Kept::outcome() const {
  if (!broken_ && compared_ == 0 && unseen_ > 0) {
    return not_offered("the target gives no way to read stored bytes; offsets were right");
  }
  return findings_.outcome();
}

}  // namespace conformance::suites
