#include "systems/tus/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/endpoints.hpp"
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

}  // namespace

TusUpload::TusUpload(const UploadHost& host, const TusClient& client, std::uint64_t index,
                     Bytes size, Time intended, Events events)
    : host_(host),
      client_(client),
      options_(client.options()),
      file_({options_.payload, options_.seed, index, size}, options_.digest_of(size)),
      budget_(options_.retry_delays),
      events_(std::move(events)),
      result_(new_result(options_, index, size, intended)) {}

void TusUpload::start() {
  result_.started = host_.transport.now();
  create();
}

UploadResult TusUpload::interrupted() const {
  UploadResult result = result_;
  result.state = UploadState::interrupted;
  result.sent += requests_.under_way;
  return result;
}

void TusUpload::create() {
  LoadRequest post;
  post.method = "POST";
  post.url = options_.create_url;
  post.fresh_connection = options_.connections == Connections::own;
  post.headers.add(std::string(tus::header::upload_length), fmt::format("{}", result_.size.value));
  post.headers.add(std::string(tus::header::upload_metadata),
                   tus::format_metadata(client_.metadata_of(result_.name)));
  requests_.send(std::move(post), [this](const LoadOutcome& outcome) { created(outcome); });
}

void TusUpload::created(const LoadOutcome& outcome) {
  // tus-js-client takes any of them, whatever the protocol says of 201.
  if (status_of(outcome) / 100 != 2) {
    refused("POST", outcome);
    return;
  }
  const auto location = outcome.response->headers.find("Location");
  if (!location) {
    end(UploadState::failed,
        Cause{fmt::format("POST: {} without Location", status_of(outcome)), ""});
    return;
  }
  const auto url = client::locate(options_.create_url, *location);
  if (!url) {
    end(UploadState::failed, Cause{"POST: Location is not a URL", url.error().line()});
    return;
  }
  if (!options_.may_lead_to(*url)) {
    end(UploadState::failed, Cause{"POST: Location leads to another host or port",
                                   fmt::format("{} is not followed without --trust-origin {}", *url,
                                               transport::origin_of(*url).value_or("URL"))});
    return;
  }
  result_.url = *url;
  budget_.let_on();
  if (!result_.created) result_.created = host_.transport.now();
  lost_at_.reset();
  if (result_.size.value == 0) {
    all_acknowledged();
    return;
  }
  patch();
}

void TusUpload::patch() {
  const Bytes from = result_.acknowledged;
  Bytes length = result_.size - from;
  if (options_.chunk.value > 0) length = std::min(length, options_.chunk);
  LoadRequest patch;
  patch.method = "PATCH";
  patch.url = result_.url;
  patch.headers.add("Content-Type", std::string(tus::offset_media_type));
  patch.headers.add(std::string(tus::header::upload_offset), fmt::format("{}", from.value));
  patch.source_size = length;
  patch.file_at = from;
  patch.source = [this, from](Bytes at, std::span<std::byte> into) {
    const std::size_t count = file_.read(from + at, into);
    requests_.under_way = at + Bytes{count};
    return count;
  };
  requests_.send(std::move(patch),
                 [this, from](const LoadOutcome& outcome) { patched(from, outcome); });
}

void TusUpload::patched(Bytes from, const LoadOutcome& outcome) {
  requests_.under_way = Bytes{0};
  result_.sent += outcome.sent;
  was_sent({from, from + outcome.sent});
  const int status = status_of(outcome);
  if (status < 200 || status > 299) {
    refused("PATCH", outcome);
    return;
  }
  const auto header = outcome.response->headers.find(tus::header::upload_offset);
  const auto offset = header ? tus::parse_length(*header) : failure("", "is missing");
  if (!offset || *offset <= from || *offset > result_.size) {
    // A client cannot go on from there, so it asks again (tus-js-client treats it as an error).
    retry({"PATCH: no progress in Upload-Offset", header ? std::string(*header) : "missing"},
          outcome);
    return;
  }
  advance_to(*offset);
  if (*offset == result_.size) {
    all_acknowledged();
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
  result_.acknowledged_unsent = Bytes{};
  for (const auto& [begin, end] : unsent_) {
    if (begin < offset) result_.acknowledged_unsent += std::min(end, offset) - begin;
  }
  // Only what was never acknowledged before shows that the server lets this client on.
  if (offset > farthest_) {
    farthest_ = offset;
    budget_.let_on();
  }
  if (offset > before && events_.acknowledged) events_.acknowledged(offset - before);
}

void TusUpload::head() {
  LoadRequest head;
  head.method = "HEAD";
  head.url = result_.url;
  requests_.send(std::move(head), [this](const LoadOutcome& outcome) { headed(outcome); });
}

void TusUpload::headed(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status >= 400 && status < 500 && status != 423 && status != 429) {
    begin_again(cause_of("HEAD", outcome));
    return;
  }
  if (status < 200 || status > 299) {
    refused("HEAD", outcome);
    return;
  }
  const auto header = outcome.response->headers.find(tus::header::upload_offset);
  const auto offset = header ? tus::parse_length(*header) : failure("", "is missing");
  if (!offset || *offset > result_.size) {
    retry({"HEAD: no usable Upload-Offset", header ? std::string(*header) : "missing"}, outcome);
    return;
  }
  if (*offset < result_.acknowledged) result_.rolled_back += result_.acknowledged - *offset;
  advance_to(*offset);
  if (lost_at_) {
    result_.resume_times.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(host_.transport.now() - *lost_at_));
    lost_at_.reset();
  }
  if (*offset == result_.size) {
    all_acknowledged();
    return;
  }
  ++result_.resumes;
  patch();
}

void TusUpload::begin_again(const Cause& cause) {
  if (result_.new_uploads == most_new_uploads) {
    end(UploadState::failed, cause);
    return;
  }
  ++result_.new_uploads;
  result_.rolled_back += result_.acknowledged;
  result_.acknowledged = result_.acknowledged_unsent = Bytes{0};
  farthest_ = Bytes{0};
  sent_to_ = Bytes{0};
  unsent_.clear();
  result_.url.clear();
  budget_.restart();
  create();
}

void TusUpload::refused(const char* what, const LoadOutcome& outcome) {
  const Cause cause = cause_of(what, outcome);
  if (host_.authorizer.credentials_refused() || !is_retryable(status_of(outcome))) {
    end(UploadState::failed, cause);
  } else {
    retry(cause, outcome);
  }
}

void TusUpload::retry(const Cause& cause, const LoadOutcome& outcome) {
  if (!lost_at_) lost_at_ = host_.transport.now();
  const auto delay = budget_.spend(outcome, result_.acknowledged);
  if (!delay) {
    end(UploadState::failed, cause);
    return;
  }
  ++result_.retries;
  host_.transport.after(*delay, [this] {
    if (result_.url.empty()) {
      create();
    } else {
      head();
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
