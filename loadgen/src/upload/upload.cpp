#include "upload/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/endpoints.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/metadata.hpp"
#include "protocol/tus/numbers.hpp"
#include "transport/origins.hpp"
#include "upload/delivery.hpp"

namespace loadgen {
namespace {

using transport::Failure;
using transport::LoadOutcome;
using transport::LoadRequest;

/// A server that never lets a client in, or forgets every upload, must not keep a run alive.
constexpr std::uint64_t most_waits = 20;
constexpr std::uint64_t most_new_uploads = 10;
constexpr Milliseconds longest_poll{1000};

int status_of(const LoadOutcome& outcome) {
  return outcome.response ? outcome.response->status : 0;
}

std::string_view name_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::resolve:
      return "no address";
    case Failure::Kind::connect:
      return "cannot connect";
    case Failure::Kind::tls:
      return "TLS failed";
    case Failure::Kind::proxy:
      return "proxy failed";
    case Failure::Kind::timeout:
      return "no progress";
    case Failure::Kind::reset:
      return "connection reset";
    case Failure::Kind::closed:
      return "connection closed";
    case Failure::Kind::protocol:
      return "not HTTP";
    case Failure::Kind::other:
      break;
  }
  return "transfer failed";
}

Cause cause_of(std::string_view what, const LoadOutcome& outcome) {
  if (outcome.failure) {
    return {fmt::format("{}: {}", what, name_of(outcome.failure->kind)), outcome.failure->message};
  }
  std::string body = outcome.response->body.substr(0, 200);
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.pop_back();
  return {fmt::format("{}: {}", what, outcome.response->status), body};
}

}  // namespace

std::string file_name(const std::string& run_id, std::uint64_t index, PayloadKind kind) {
  return fmt::format("dex-loadgen-{}-{:08}.{}", run_id, index, file_extension(kind));
}

Upload::Upload(const UploadHost& host, std::uint64_t index, Bytes size, Time intended,
               Events events)
    : host_(host),
      payload_(host.options.payload, host.options.seed, index, size),
      budget_(host.options.retry_delays),
      events_(std::move(events)) {
  result_.index = index;
  result_.size = size;
  result_.intended = intended;
  result_.name = file_name(host.options.run_id, index, host.options.payload);
}

void Upload::start() {
  result_.started = host_.transport.now();
  create();
}

UploadResult Upload::interrupted() const {
  UploadResult result = result_;
  result.state = UploadState::interrupted;
  result.sent += under_way_;
  return result;
}

void Upload::request(LoadRequest request, Handler handler, bool renewed) {
  host_.authorizer.authorize([this, request = std::move(request), handler = std::move(handler),
                              renewed](const Result<std::string>& authorization) mutable {
    if (!authorization) {
      LoadOutcome outcome;
      outcome.failure = Failure{Failure::Kind::other, authorization.error().line()};
      handler(std::move(outcome));
      return;
    }
    request.headers.set(tus::header::tus_resumable, std::string(tus::version));
    if (!authorization->empty()) request.headers.set("Authorization", *authorization);
    ++result_.requests;
    LoadRequest copy = request;
    host_.transport.send(
        std::move(copy), [this, request = std::move(request), handler = std::move(handler), renewed,
                          used = *authorization](LoadOutcome outcome) mutable {
          if (!renewed && status_of(outcome) == 401 && host_.authorizer.refused(used)) {
            under_way_ = Bytes{0};
            result_.sent += outcome.sent;
            this->request(std::move(request), std::move(handler), true);
            return;
          }
          handler(std::move(outcome));
        });
  });
}

void Upload::create() {
  LoadRequest post;
  post.method = "POST";
  post.url = host_.options.create_url;
  post.fresh_connection = true;  // a partner of its own
  post.headers.add(std::string(tus::header::upload_length), fmt::format("{}", result_.size.value));
  tus::Metadata metadata = dex::metadata_of(host_.options.manifest);
  metadata.set(dex::field::received_filename, result_.name);
  metadata.set("dex_loadgen_run", host_.options.run_id);
  post.headers.add(std::string(tus::header::upload_metadata), tus::format_metadata(metadata));
  request(std::move(post), [this](const LoadOutcome& outcome) { created(outcome); });
}

void Upload::created(const LoadOutcome& outcome) {
  if (status_of(outcome) != 201) {
    refused("POST", outcome);
    return;
  }
  const auto location = outcome.response->headers.find("Location");
  if (!location) {
    end(UploadState::failed, Cause{"POST: 201 without Location", ""});
    return;
  }
  const auto url = client::locate(host_.options.create_url, *location);
  if (!url) {
    end(UploadState::failed, Cause{"POST: Location is not a URL", url.error().line()});
    return;
  }
  if (!may_follow(*url)) {
    end(UploadState::failed, Cause{"POST: Location leads to another host or port",
                                   fmt::format("{} is not followed without --trust-origin {}", *url,
                                               transport::origin_of(*url).value_or("URL"))});
    return;
  }
  result_.url = *url;
  waits_ = 0;
  if (!result_.created) result_.created = host_.transport.now();
  lost_at_.reset();
  if (result_.size.value == 0) {
    all_acknowledged();
    return;
  }
  patch();
}

/// RFC 6454: the credentials were given for one scheme, host and port.
bool Upload::may_follow(const std::string& url) const {
  return host_.options.any_origin ||
         transport::origin_of(url) == transport::origin_of(host_.options.create_url) ||
         host_.options.trusted.hold(url);
}

void Upload::patch() {
  const Bytes from = result_.acknowledged;
  Bytes length = result_.size - from;
  if (host_.options.chunk.value > 0) length = std::min(length, host_.options.chunk);
  LoadRequest patch;
  patch.method = "PATCH";
  patch.url = result_.url;
  patch.headers.add("Content-Type", std::string(tus::offset_media_type));
  patch.headers.add(std::string(tus::header::upload_offset), fmt::format("{}", from.value));
  patch.source_size = length;
  patch.file_at = from;
  patch.source = [this, payload = payload_, from](Bytes at, std::span<std::byte> into) {
    const std::size_t count = payload.read(from + at, into);
    under_way_ = at + Bytes{count};
    return count;
  };
  request(std::move(patch), [this, from](const LoadOutcome& outcome) { patched(from, outcome); });
}

void Upload::patched(Bytes from, const LoadOutcome& outcome) {
  under_way_ = Bytes{0};
  result_.sent += outcome.sent;
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

void Upload::advance_to(Bytes offset) {
  const Bytes before = result_.acknowledged;
  result_.acknowledged = offset;
  // Only what was never acknowledged before shows that the server lets this client on.
  if (offset > farthest_) {
    farthest_ = offset;
    waits_ = 0;
  }
  if (offset > before && events_.acknowledged) events_.acknowledged(offset - before);
}

void Upload::head() {
  LoadRequest head;
  head.method = "HEAD";
  head.url = result_.url;
  request(std::move(head), [this](const LoadOutcome& outcome) { headed(outcome); });
}

void Upload::headed(const LoadOutcome& outcome) {
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

void Upload::begin_again(const Cause& cause) {
  if (result_.new_uploads == most_new_uploads) {
    end(UploadState::failed, cause);
    return;
  }
  ++result_.new_uploads;
  result_.rolled_back += result_.acknowledged;
  result_.acknowledged = Bytes{0};
  farthest_ = Bytes{0};
  result_.url.clear();
  budget_.restart();
  create();
}

void Upload::refused(const char* what, const LoadOutcome& outcome) {
  const Cause cause = cause_of(what, outcome);
  if (host_.authorizer.credentials_refused() || !is_retryable(status_of(outcome))) {
    end(UploadState::failed, cause);
  } else {
    retry(cause, outcome);
  }
}

void Upload::retry(const Cause& cause, const LoadOutcome& outcome) {
  if (!lost_at_) lost_at_ = host_.transport.now();
  std::optional<Milliseconds> told;
  if (outcome.response) told = retry_after(outcome.response->headers);
  std::optional<Milliseconds> delay;
  if (status_of(outcome) == 429) {
    if (waits_++ < most_waits) delay = told.value_or(Milliseconds{1000});
  } else {
    delay = budget_.spend(result_.acknowledged);
    if (delay && told) delay = std::max(*delay, *told);
  }
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

void Upload::all_acknowledged() {
  result_.uploaded = host_.transport.now();
  if (host_.options.system == System::tus) {
    end(UploadState::uploaded, std::nullopt);
    return;
  }
  if (auto uploaded = std::exchange(events_.uploaded, nullptr)) uploaded();
  follow();
}

void Upload::follow() {
  LoadRequest get;
  get.method = "GET";
  get.url = host_.options.info_url + "/" + client::last_segment(result_.url);
  request(std::move(get), [this](const LoadOutcome& outcome) { followed(outcome); });
}

void Upload::followed(const LoadOutcome& outcome) {
  if (status_of(outcome) != 200) {
    Cause cause = cause_of("/info", outcome);
    if (status_of(outcome) == 404) cause.detail += " (a plain tus server needs --system tus)";
    follow_later(std::move(cause));
    return;
  }
  const auto info = dex::parse_info(outcome.response->body);
  if (!info) {
    follow_later({"/info: not an info document", info.error().line()});
    return;
  }
  if (auto missing = still_missing(*info, result_.size, host_.options.expect_targets)) {
    follow_later(std::move(*missing));
    return;
  }
  result_.delivered = host_.transport.now();
  end(UploadState::uploaded, std::nullopt);
}

void Upload::follow_later(Cause cause) {
  if (host_.transport.now() - *result_.uploaded >= host_.options.deliver_timeout) {
    end(UploadState::lost, std::move(cause));
    return;
  }
  host_.transport.after(poll_delay_, [this] { follow(); });
  poll_delay_ = std::min(poll_delay_ * 2, longest_poll);
}

void Upload::end(UploadState state, std::optional<Cause> cause) {
  result_.state = state;
  result_.cause = std::move(cause);
  // The owner may destroy this upload in `ended`.
  const Events events = std::exchange(events_, {});
  if (events.uploaded) events.uploaded();
  if (events.ended) events.ended();
}

}  // namespace loadgen
