#include "systems/tus/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/endpoints.hpp"
#include "protocol/tus/checksum.hpp"
#include "protocol/tus/concat.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/metadata.hpp"
#include "protocol/tus/numbers.hpp"
#include "transport/origins.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

/// A server that forgets every upload must not keep a run alive.
constexpr std::uint64_t most_new_uploads = 10;

/// Above this, a checksum is made on another thread, so that it does not hold up other uploads.
constexpr Bytes summed_at_once{1U << 20U};

std::string digest_of(const Payload& payload, ByteRange range, DigestAlgorithm algorithm) {
  Digest digest(algorithm);
  std::vector<std::byte> buffer(64U << 10U);
  while (range.begin < range.end) {
    const auto most = std::min<std::uint64_t>(buffer.size(), (range.end - range.begin).value);
    const std::size_t count = payload.read(range.begin, std::span(buffer).first(most));
    if (count == 0) break;
    digest.update(std::span<const std::byte>(buffer).first(count));
    range.begin += Bytes{count};
  }
  return digest.finish();
}

/// The part with this number, from 0: all are equally long but for the last one.
ByteRange part_of(Bytes size, unsigned parts, std::size_t number) {
  const std::uint64_t each = size.value / parts;
  const bool last = number + 1 == parts;
  return {Bytes{each * number}, last ? size : Bytes{each * (number + 1)}};
}

/// Its Upload-Offset, as a position of the file; nullopt: there is none in `part`.
std::optional<Bytes> offset_in(const transport::LoadResponse& answer, const ByteRange& part) {
  const auto header = answer.headers.find(tus::header::upload_offset);
  const auto offset = header ? tus::parse_length(*header) : failure("", "is missing");
  if (!offset || *offset > part.end - part.begin) return std::nullopt;
  return part.begin + *offset;
}

std::string told_offset(const transport::LoadResponse& answer) {
  return std::string(answer.headers.find(tus::header::upload_offset).value_or("missing"));
}

}  // namespace

TusUpload::TusUpload(const UploadHost& host, const TusClient& client, std::uint64_t index,
                     Bytes size, Time intended, Events events)
    : host_(host),
      client_(client),
      options_(client.options()),
      habits_(client.habits()),
      file_({options_.payload, options_.seed, index, size}, options_.digest_of(size)),
      budget_(options_.retry_delays, habits_.heeds_retry_after),
      events_(std::move(events)),
      result_(new_result(options_, index, size, intended)),
      part_(part_of(size, habits_.parts, 0)) {}

void TusUpload::start() {
  result_.started = host_.transport.now();
  create();
}

UploadResult TusUpload::interrupted() const {
  UploadResult result = result_;
  result.state = UploadState::interrupted;
  result.sent += requests_.under_way;
  if (two_) result.sent += two_->second.under_way;
  return result;
}

// ---- creation ----------------------------------------------------------------------------------

void TusUpload::create() {
  LoadRequest post;
  post.method = "POST";
  post.url = options_.create_url;
  post.fresh_connection = options_.connections == Connections::own && parts_.empty();
  if (habits_.length == TusHabits::Length::creation) {
    post.headers.add(std::string(tus::header::upload_length),
                     fmt::format("{}", (part_.end - part_.begin).value));
  } else {
    post.headers.add(std::string(tus::header::upload_defer_length), "1");
  }
  if (habits_.parts > 1) {
    post.headers.add(std::string(tus::header::upload_concat),
                     tus::format_concat({tus::UploadKind::partial, {}}));
  }
  post.headers.add(std::string(tus::header::upload_metadata),
                   tus::format_metadata(client_.metadata_of(result_)));
  for (const auto& field : habits_.creation_fields) post.headers.add(field.name, field.value);
  Bytes carried;
  if (habits_.with_creation && part_.begin < part_.end) {
    carried = next_length();
    carry(post, carried);
  }
  requests_.send(std::move(post),
                 [this, carried](const LoadOutcome& outcome) { created(carried, outcome); });
}

bool TusUpload::located(const LoadOutcome& outcome) {
  const auto location = outcome.response->headers.find("Location");
  if (!location) {
    end(UploadState::failed,
        Cause{fmt::format("POST: {} without Location", status_of(outcome)), ""});
    return false;
  }
  const auto url = client::locate(options_.create_url, *location);
  if (!url) {
    end(UploadState::failed, Cause{"POST: Location is not a URL", url.error().line()});
    return false;
  }
  if (!options_.may_lead_to(*url)) {
    end(UploadState::failed, Cause{"POST: Location leads to another host or port",
                                   fmt::format("{} is not followed without --trust-origin {}", *url,
                                               transport::origin_of(*url).value_or("URL"))});
    return false;
  }
  result_.url = *url;
  return true;
}

void TusUpload::created(Bytes carried, const LoadOutcome& outcome) {
  requests_.under_way = Bytes{0};
  result_.sent += outcome.sent;
  if (!habits_.creates(outcome)) {
    if (habits_.creates_again) {
      refused("POST", outcome);
    } else {
      end(UploadState::failed, cause_of("POST", outcome));
    }
    return;
  }
  if (!located(outcome)) return;
  budget_.let_on();
  if (!result_.created) result_.created = host_.transport.now();
  lost_at_.reset();
  was_sent({part_.begin, part_.begin + outcome.sent});
  if (carried.value > 0) {
    const auto offset = offset_in(*outcome.response, part_);
    if (!offset) {
      retry({"POST: no Upload-Offset for its bytes", told_offset(*outcome.response)}, outcome);
      return;
    }
    advance_to(*offset);
  }
  if (habits_.asks_first) {
    head();
  } else {
    go_on();
  }
}

// ---- bytes -------------------------------------------------------------------------------------

void TusUpload::go_on() {
  const bool end_known = habits_.length == TusHabits::Length::creation;
  if (result_.acknowledged == part_.end && end_known) {
    next_part();
  } else {
    patch();
  }
}

Bytes TusUpload::next_length() const {
  const Bytes left = part_.end - result_.acknowledged;
  return options_.chunk.value > 0 ? std::min(left, options_.chunk) : left;
}

void TusUpload::carry(LoadRequest& request, Bytes length) {
  const Bytes from = result_.acknowledged;
  request.headers.add("Content-Type", std::string(tus::offset_media_type));
  request.source_size = length;
  request.file_at = from;
  request.chunked = habits_.chunked;
  request.source = [this, from](Bytes at, std::span<std::byte> into) {
    const std::size_t count = file_.read(from + at, into);
    requests_.under_way = at + Bytes{count};
    return count;
  };
}

void TusUpload::patch() {
  const Bytes from = result_.acknowledged;
  const Bytes length = next_length();
  const auto algorithm = tus::digest_algorithm(habits_.checksum);
  if (!algorithm) {
    send_patch(length, {});
    return;
  }
  auto digest = std::make_shared<std::string>();
  const auto work = [digest, payload = file_.payload(), range = ByteRange{from, from + length},
                     algorithm = *algorithm] { *digest = digest_of(payload, range, algorithm); };
  const auto then = [this, digest, length] {
    send_patch(length, tus::format_checksum({habits_.checksum, *digest}));
  };
  if (length <= summed_at_once) {
    work();
    then();
  } else {
    host_.transport.aside(work, then);
  }
}

void TusUpload::send_patch(Bytes length, const std::string& checksum) {
  const Bytes from = result_.acknowledged;
  LoadRequest patch;
  patch.method = "PATCH";
  patch.url = result_.url;
  patch.headers.add(std::string(tus::header::upload_offset),
                    fmt::format("{}", (from - part_.begin).value));
  carry(patch, length);
  if (!checksum.empty()) patch.headers.add(std::string(tus::header::upload_checksum), checksum);
  for (const auto& field : habits_.upload_fields) patch.headers.add(field.name, field.value);
  tell_end(patch, from + length == part_.end);
  if (habits_.two_writers && length.value > 0) {
    send_twice(std::move(patch));
    return;
  }
  const bool tells_length = patch.headers.has(tus::header::upload_length);
  requests_.send(std::move(patch), [this, from, tells_length](const LoadOutcome& outcome) {
    if (tells_length && !outcome.response) length_may_arrive_ = true;
    patched(from, outcome);
  });
}

void TusUpload::tell_end(LoadRequest& patch, bool last) const {
  using Length = TusHabits::Length;
  constexpr const char* complete = "Upload-Complete";
  const Length how = habits_.length;
  if (how == Length::draft) patch.headers.add(complete, last ? "?1" : "?0");
  if (!last) return;
  const bool known = length_known_ && !habits_.length_again;
  if ((how == Length::last || how == Length::draft) && !known) {
    patch.headers.set(tus::header::upload_length, fmt::format("{}", result_.size.value));
  }
  if (how == Length::end) {
    patch.headers.set("Upload-Draft-Interop-Version", "5");
    patch.headers.add(complete, "?1");
  }
}

void TusUpload::send_twice(LoadRequest patch) {
  const Bytes from = result_.acknowledged;
  ++result_.second_writers;
  two_ = std::make_unique<Two>(host_, result_);
  LoadRequest again = patch;
  again.fresh_connection = true;
  // To a network it carries nothing of the file: planned cuts are met only by the first.
  again.before_file = again.source_size;
  again.source = [this, from](Bytes at, std::span<std::byte> into) {
    const std::size_t count = file_.read(from + at, into);
    two_->second.under_way = at + Bytes{count};
    return count;
  };
  requests_.send(std::move(patch), [this, from](LoadOutcome outcome) {
    requests_.under_way = Bytes{0};
    count_sent(from, outcome);
    two_->of_first = std::move(outcome);
    patched_twice(from);
  });
  two_->second.send(std::move(again), [this, from](LoadOutcome outcome) {
    two_->second.under_way = Bytes{0};
    count_sent(from, outcome);
    two_->of_second = std::move(outcome);
    patched_twice(from);
  });
}

void TusUpload::patched_twice(Bytes from) {
  if (!two_->of_first || !two_->of_second) return;
  const auto two = std::exchange(two_, nullptr);
  const auto accepted = [](const LoadOutcome& outcome) { return status_of(outcome) / 100 == 2; };
  const auto reached = [&](const LoadOutcome& outcome) {
    return accepted(outcome) ? offset_in(*outcome.response, part_) : std::nullopt;
  };
  const bool second_is_in = reached(*two->of_second) > reached(*two->of_first);
  const LoadOutcome& told = second_is_in ? *two->of_second : *two->of_first;
  const LoadOutcome& other = second_is_in ? *two->of_first : *two->of_second;
  const int status = status_of(other);
  if (accepted(other)) {
    ++result_.second_accepted;
  } else if (status == 409 || status == 423) {
    ++result_.second_refused;
  }
  if (accepted(told) || host_.authorizer.credentials_refused()) {
    go_on_from(from, told);
  } else {
    // With two writers the first may be sent away by any status, so it is always retried.
    retry(cause_of("PATCH", told), told);
  }
}

void TusUpload::patched(Bytes from, const LoadOutcome& outcome) {
  requests_.under_way = Bytes{0};
  count_sent(from, outcome);
  go_on_from(from, outcome);
}

void TusUpload::count_sent(Bytes from, const LoadOutcome& outcome) {
  result_.sent += outcome.sent;
  was_sent({from, from + outcome.sent});
}

void TusUpload::go_on_from(Bytes from, const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status < 200 || status > 299) {
    refused("PATCH", outcome);
    return;
  }
  const auto offset = offset_in(*outcome.response, part_);
  if (!offset || (*offset <= from && from < part_.end)) {
    // A client cannot go on from there, so it asks again (tus-js-client treats it as an error).
    retry({"PATCH: no progress in Upload-Offset", told_offset(*outcome.response)}, outcome);
    return;
  }
  advance_to(*offset);
  if (*offset == part_.end) {
    next_part();
  } else {
    patch();
  }
}

void TusUpload::was_sent(ByteRange bytes) {
  sent_to_ = std::max(sent_to_, bytes.end);
  std::vector<ByteRange> left;
  for (const auto& [begin, end] : unsent_) {
    if (begin < bytes.begin) left.push_back({begin, std::min(end, bytes.begin)});
    if (end > bytes.end) left.push_back({std::max(begin, bytes.end), end});
  }
  unsent_ = std::move(left);
}

void TusUpload::advance_to(Bytes offset) {
  if (offset > sent_to_) {
    result_.never_sent += offset - sent_to_;
    unsent_.push_back({sent_to_, offset});
    sent_to_ = offset;
  }
  const Bytes before = result_.acknowledged;
  result_.acknowledged = offset;
  count_unsent();
  // Only what was never acknowledged before shows that the server lets this client on.
  if (offset > farthest_) {
    farthest_ = offset;
    budget_.let_on();
  }
  if (offset > before && events_.acknowledged) events_.acknowledged(offset - before);
}

void TusUpload::count_unsent() {
  const Bytes offset = result_.acknowledged;
  result_.acknowledged_unsent = Bytes{};
  for (const auto& [begin, end] : unsent_) {
    if (begin < offset) result_.acknowledged_unsent += std::min(end, offset) - begin;
  }
}

void TusUpload::head() {
  LoadRequest head;
  head.method = "HEAD";
  head.url = result_.url;
  for (const auto& field : habits_.upload_fields) head.headers.add(field.name, field.value);
  requests_.send(std::move(head), [this](const LoadOutcome& outcome) { headed(outcome); });
}

void TusUpload::headed(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (outcome.response && habits_.makes_anew(status)) {
    begin_again(cause_of("HEAD", outcome));
    return;
  }
  if (status < 200 || status > 299) {
    refused("HEAD", outcome);
    return;
  }
  const auto offset = offset_in(*outcome.response, part_);
  if (!offset) {
    retry({"HEAD: no usable Upload-Offset", told_offset(*outcome.response)}, outcome);
    return;
  }
  if (*offset < result_.acknowledged) result_.rolled_back += result_.acknowledged - *offset;
  advance_to(*offset);
  const bool resumed = lost_at_.has_value();
  if (lost_at_) {
    result_.resume_times.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(host_.transport.now() - *lost_at_));
    lost_at_.reset();
  }
  // The server may not know a deferred length yet.
  length_known_ = outcome.response->headers.has(tus::header::upload_length);
  const bool end_known = habits_.length == TusHabits::Length::creation || length_known_;
  if (*offset == part_.end && end_known) {
    next_part();
    return;
  }
  if (resumed) ++result_.resumes;
  patch();
}

void TusUpload::begin_again(const Cause& cause) {
  if (result_.new_uploads == most_new_uploads) {
    end(UploadState::failed, cause);
    return;
  }
  ++result_.new_uploads;
  result_.rolled_back += result_.acknowledged - part_.begin;
  std::erase_if(unsent_, [&](const ByteRange& range) { return range.begin >= part_.begin; });
  farthest_ = sent_to_ = part_.begin;
  length_known_ = false;
  length_may_arrive_ = false;
  result_.acknowledged = part_.begin;
  count_unsent();
  result_.url.clear();
  budget_.restart();
  create();
}

// ---- what goes wrong ---------------------------------------------------------------------------

void TusUpload::refused(const char* what, const LoadOutcome& outcome) {
  const Cause cause = cause_of(what, outcome);
  // A length that was told in a lost PATCH may have been read after the HEAD that did not know it.
  if (status_of(outcome) == 400 && std::exchange(length_may_arrive_, false) &&
      !habits_.length_again) {
    retry(cause, outcome);
    return;
  }
  if (host_.authorizer.credentials_refused() || !habits_.may_help(status_of(outcome), limited_)) {
    end(UploadState::failed, cause);
  } else {
    retry(cause, outcome);
  }
}

void TusUpload::retry(const Cause& cause, const LoadOutcome& outcome) {
  if (const auto trouble = file_.payload().trouble(); !trouble.empty()) {
    end(UploadState::failed, cause_of_trouble(trouble));
    return;
  }
  if (!lost_at_) lost_at_ = host_.transport.now();
  std::optional<Milliseconds> delay{0};
  if (outcome.client_ended) {
    // A client that begins anew knows only the URL that it has stored.
    budget_ = RetryBudget(options_.retry_delays, habits_.heeds_retry_after);
    limited_ = 0;
  } else {
    delay = budget_.spend(outcome, result_.acknowledged);
  }
  if (!delay) {
    end(UploadState::failed, cause);
    return;
  }
  if (status_of(outcome) == 429 && limited_ < habits_.limited.size()) {
    delay = std::max(*delay, habits_.limited[limited_++]);
  }
  ++result_.retries;
  host_.transport.after(*delay, [this] {
    if (parts_.size() == habits_.parts) {
      join();
    } else if (result_.url.empty()) {
      create();
    } else {
      head();
    }
  });
}

// ---- the end -----------------------------------------------------------------------------------

void TusUpload::next_part() {
  if (habits_.parts == 1) {
    all_acknowledged();
    return;
  }
  parts_.push_back(std::exchange(result_.url, {}));
  if (parts_.size() == habits_.parts) {
    join();
    return;
  }
  part_ = part_of(result_.size, habits_.parts, parts_.size());
  farthest_ = sent_to_ = part_.begin;
  budget_.restart();
  create();
}

void TusUpload::join() {
  LoadRequest post;
  post.method = "POST";
  post.url = options_.create_url;
  post.headers.add(std::string(tus::header::upload_concat),
                   tus::format_concat({tus::UploadKind::final, parts_}));
  post.headers.add(std::string(tus::header::upload_metadata),
                   tus::format_metadata(client_.metadata_of(result_)));
  requests_.send(std::move(post), [this](const LoadOutcome& outcome) {
    if (!habits_.creates(outcome)) {
      refused("POST of the whole", outcome);
    } else if (located(outcome)) {
      all_acknowledged();
    }
  });
}

void TusUpload::all_acknowledged() {
  result_.uploaded = host_.transport.now();
  result_.digest = file_.digest();
  end(UploadState::uploaded, std::nullopt);
}

void TusUpload::end(UploadState state, std::optional<Cause> cause) {
  result_.state = state;
  result_.cause = std::move(cause);
  // The owner may destroy this upload in `ended`.
  const Events events = std::exchange(events_, {});
  if (events.uploaded) events.uploaded();
  if (events.ended) events.ended();
}

}  // namespace loadgen
