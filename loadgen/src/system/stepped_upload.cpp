#include "system/stepped_upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/endpoints.hpp"
#include "payload/hash.hpp"
#include "transport/origins.hpp"
#include "upload/cause.hpp"

namespace loadgen {

using transport::LoadOutcome;
using transport::LoadRequest;

SteppedUpload::SteppedUpload(const UploadHost& host, std::uint64_t index, Bytes size, Time intended,
                             Events events)
    : host_(host),
      payload_(options().payload, options().seed, index, size),
      budget_(options().retry_delays),
      events_(std::move(events)),
      result_(new_result(options(), index, size, intended)) {}

void SteppedUpload::start() {
  result_.started = host_.transport.now();
  go_on();
}

UploadResult SteppedUpload::interrupted() const {
  UploadResult result = result_;
  result.state = UploadState::interrupted;
  result.sent += requests_.under_way;
  return result;
}

std::string SteppedUpload::boundary() const {
  return fmt::format("dex-loadgen-{:016x}",
                     hash_for(Purpose::boundary, {options().seed, result_.index}));
}

void SteppedUpload::send(LoadRequest request, Requester::Handler handler) {
  request.fresh_connection = result_.requests == 0 && options().connections == Connections::own;
  requests_.send(std::move(request), std::move(handler));
}

void SteppedUpload::send_bare(LoadRequest request, Requester::Handler handler) {
  ++result_.requests;
  host_.transport.send(std::move(request), std::move(handler));
}

void SteppedUpload::send_file(LoadRequest request, FileBody body, Requester::Handler handler,
                              bool with_credentials) {
  request.file_at = body.from;
  request.before_file = Bytes{body.head.size()};
  request.after_file = Bytes{body.tail.size()};
  request.source_size = request.before_file + body.length + request.after_file;
  Requester::Handler counted = [this, before = request.before_file, length = body.length,
                                handler = std::move(handler)](LoadOutcome outcome) mutable {
    requests_.under_way = Bytes{0};
    if (outcome.sent > before) result_.sent += std::min(outcome.sent - before, length);
    handler(std::move(outcome));
  };
  request.source = [this, payload = payload_, body = std::move(body)](Bytes at,
                                                                      std::span<std::byte> into) {
    const auto copy = [&](const std::string& text, Bytes from) {
      const std::size_t count = std::min(into.size(), text.size() - from.value);
      std::memcpy(into.data(), text.data() + from.value, count);
      return count;
    };
    const Bytes before{body.head.size()};
    if (at < before) return copy(body.head, at);
    const Bytes position = at - before;
    if (position >= body.length) return copy(body.tail, position - body.length);
    const auto left = (body.length - position).value;
    const std::size_t count =
        payload.read(body.from + position, into.first(std::min<std::uint64_t>(into.size(), left)));
    requests_.under_way = position + Bytes{count};
    return count;
  };
  if (with_credentials) {
    send(std::move(request), std::move(counted));
  } else {
    send_bare(std::move(request), std::move(counted));
  }
}

std::optional<std::string> SteppedUpload::followed(const char* what, const char* name,
                                                   const std::string& url) {
  auto located = client::locate(options().create_url, url);
  if (!located) {
    fail({fmt::format("{}: the {} is no URL", what, name), located.error().line()});
    return std::nullopt;
  }
  if (!options().may_lead_to(*located)) {
    fail({fmt::format("{}: the {} leads to another host or port", what, name),
          fmt::format("it is not followed without --trust-origin {}",
                      transport::origin_of(*located).value_or("URL"))});
    return std::nullopt;
  }
  return *std::move(located);
}

void SteppedUpload::acknowledge(Bytes more) {
  budget_.let_on();
  result_.acknowledged += more;
  if (events_.acknowledged) events_.acknowledged(more);
}

void SteppedUpload::refused(const char* what, const LoadOutcome& outcome) {
  Cause cause = cause_of(what, outcome);
  if (host_.authorizer.credentials_refused() || !is_retryable(status_of(outcome))) {
    fail(std::move(cause));
  } else {
    retry(cause, outcome);
  }
}

void SteppedUpload::retry(const Cause& cause, const LoadOutcome& outcome) {
  if (const auto trouble = payload_.trouble(); !trouble.empty()) {
    fail(cause_of_trouble(trouble));
    return;
  }
  std::optional<Milliseconds> delay{0};
  if (outcome.client_ended) {
    forget();
    result_.acknowledged = Bytes{0};
    budget_ = RetryBudget(options().retry_delays);
  } else {
    delay = budget_.spend(outcome, result_.acknowledged);
  }
  if (!delay) {
    fail(cause);
    return;
  }
  ++result_.retries;
  host_.transport.after(*delay, [this] { go_on(); });
}

void SteppedUpload::stored() {
  result_.uploaded = host_.transport.now();
  end(UploadState::uploaded, std::nullopt);
}

void SteppedUpload::end(UploadState state, std::optional<Cause> cause) {
  result_.state = state;
  result_.cause = std::move(cause);
  // The owner may destroy this upload in `ended`.
  const Events events = std::exchange(events_, {});
  if (events.uploaded) events.uploaded();
  if (events.ended) events.ended();
}

}  // namespace loadgen
