#include "systems/openhumans/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/endpoints.hpp"
#include "payload/hash.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/openhumans/answers.hpp"
#include "protocol/openhumans/metadata.hpp"
#include "protocol/s3/documents.hpp"
#include "systems/openhumans/requests.hpp"
#include "transport/origins.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

/// What the storage said, without the signature that it was sent.
std::optional<s3::ErrorBody> refusal_of(const LoadOutcome& outcome) {
  if (!outcome.response) return std::nullopt;
  const auto body = s3::parse_error_body(outcome.response->body);
  return body ? std::optional(*body) : std::nullopt;
}

Cause cause_of_put(const LoadOutcome& outcome) {
  Cause cause = cause_of("PUT", outcome);
  if (const auto body = refusal_of(outcome)) {
    cause.detail = fmt::format("{}: {}", body->code, body->message);
  }
  return cause;
}

/// The storage waited for bytes in vain: S3's word for a timeout, which is no 408.
bool is_timeout(const LoadOutcome& outcome) {
  const auto body = refusal_of(outcome);
  return status_of(outcome) == 400 && body && body->code == "RequestTimeout";
}

}  // namespace

OpenHumansUpload::OpenHumansUpload(const UploadHost& host, const OpenHumansClient& client,
                                   std::uint64_t index, Bytes size, Time intended, Events events)
    : host_(host),
      client_(client),
      options_(client.options()),
      payload_(options_.payload, options_.seed, index, size),
      budget_(options_.retry_delays),
      events_(std::move(events)),
      result_(new_result(options_, index, size, intended)) {}

void OpenHumansUpload::start() {
  result_.started = host_.transport.now();
  go_on();
}

UploadResult OpenHumansUpload::interrupted() const {
  UploadResult result = result_;
  result.state = UploadState::interrupted;
  result.sent += requests_.under_way;
  return result;
}

std::string OpenHumansUpload::metadata() const {
  openhumans::MetadataDraft draft;
  draft.tags = {"dex-loadgen"};
  draft.description = fmt::format("upload {} of the run {}", result_.index, options_.run_id);
  return openhumans::to_json(draft);
}

void OpenHumansUpload::send(LoadRequest request, Requester::Handler handler) {
  // A partner of its own.
  request.fresh_connection = result_.requests == 0;
  requests_.send(std::move(request), std::move(handler));
}

void OpenHumansUpload::send_file(LoadRequest request, std::string head, std::string tail,
                                 Requester::Handler handler, bool with_credentials) {
  if (std::exchange(was_sent_, true)) ++result_.new_uploads;
  request.before_file = Bytes{head.size()};
  request.after_file = Bytes{tail.size()};
  request.source_size = request.before_file + result_.size + request.after_file;
  request.source = [this, payload = payload_, head = std::move(head), tail = std::move(tail)](
                       Bytes at, std::span<std::byte> into) {
    const auto copy = [&](const std::string& text, Bytes from) {
      const std::size_t count = std::min(into.size(), text.size() - from.value);
      std::memcpy(into.data(), text.data() + from.value, count);
      return count;
    };
    const Bytes before{head.size()};
    if (at < before) return copy(head, at);
    const Bytes position = at - before;
    if (position >= payload.size()) return copy(tail, position - payload.size());
    const std::size_t count = payload.read(position, into);
    requests_.under_way = position + Bytes{count};
    return count;
  };
  Requester::Handler counted = [this, before = request.before_file,
                                handler = std::move(handler)](LoadOutcome outcome) mutable {
    requests_.under_way = Bytes{0};
    if (outcome.sent > before) result_.sent += std::min(outcome.sent - before, result_.size);
    handler(std::move(outcome));
  };
  if (with_credentials) {
    send(std::move(request), std::move(counted));
    return;
  }
  ++result_.requests;
  host_.transport.send(std::move(request), std::move(counted));
}

void OpenHumansUpload::acknowledge_all() {
  budget_.let_on();
  result_.acknowledged = result_.size;
  if (events_.acknowledged) events_.acknowledged(result_.size);
}

void OpenHumansUpload::refused(const char* what, const LoadOutcome& outcome) {
  Cause cause = cause_of(what, outcome);
  if (host_.authorizer.credentials_refused() || !is_retryable(status_of(outcome))) {
    fail(std::move(cause));
  } else {
    retry(cause, outcome);
  }
}

void OpenHumansUpload::retry(const Cause& cause, const LoadOutcome& outcome) {
  const auto delay = budget_.spend(outcome, result_.acknowledged);
  if (!delay) {
    fail(cause);
    return;
  }
  ++result_.retries;
  host_.transport.after(*delay, [this] { go_on(); });
}

void OpenHumansUpload::stored() {
  result_.uploaded = host_.transport.now();
  end(UploadState::uploaded, std::nullopt);
}

void OpenHumansUpload::end(UploadState state, std::optional<Cause> cause) {
  result_.state = state;
  result_.cause = std::move(cause);
  // The owner may destroy this upload in `ended`.
  const Events events = std::exchange(events_, {});
  if (events.uploaded) events.uploaded();
  if (events.ended) events.ended();
}

// ---- simple ------------------------------------------------------------------------------------

void SimpleUpload::go_on() {
  LoadRequest post;
  post.method = "POST";
  post.url = client().url_of("files/upload");
  // Of the seed alone, as everything here; not in the file, by all odds of 64 bits.
  const auto boundary =
      fmt::format("dex-loadgen-{:016x}",
                  hash_for(Purpose::boundary, {client().options().seed, result().index}));
  auto form = http::write_form({{"project_member_id", member()}, {"metadata", metadata()}},
                               {"data_file", result().name, "application/octet-stream"}, boundary);
  post.headers.add("Content-Type", form.content_type);
  send_file(
      std::move(post), std::move(form.head), std::move(form.tail),
      [this](const LoadOutcome& outcome) { answered(outcome); }, true);
}

void SimpleUpload::answered(const LoadOutcome& outcome) {
  if (status_of(outcome) != 201) {
    refused("POST", outcome);
    return;
  }
  const auto created = openhumans::parse_created(outcome.response->body);
  if (!created) {
    fail({"POST: 201 without an id", created.error().line()});
    return;
  }
  result().url = client().upload_url(member(), created->id);
  acknowledge_all();
  stored();
}

// ---- direct ------------------------------------------------------------------------------------

void DirectUpload::go_on() {
  if (is_there_) {
    complete();
  } else if (storage_url_.empty()) {
    begin();
  } else {
    put();
  }
}

void DirectUpload::begin() {
  send(openhumans_form(client().url_of("files/upload/direct"), {{"project_member_id", member()},
                                                                {"filename", result().name},
                                                                {"metadata", metadata()}}),
       [this](const LoadOutcome& outcome) { begun(outcome); });
}

void DirectUpload::begun(const LoadOutcome& outcome) {
  if (status_of(outcome) != 201) {
    // A URL that is not used is a secret all the same, and causes are shown.
    LoadOutcome said = outcome;
    if (said.response && openhumans::parse_created(said.response->body)) {
      said.response->body.clear();
    }
    refused("direct", said);
    return;
  }
  const auto created = openhumans::parse_created(outcome.response->body);
  if (!created || !created->url) {
    fail({"direct: 201 without an id and a URL", created ? "" : created.error().line()});
    return;
  }
  const auto url = client::locate(client().options().create_url, *created->url);
  if (!url) {
    fail({"direct: the url is no URL", url.error().line()});
    return;
  }
  if (!client().options().may_lead_to(*url)) {
    fail({"direct: the url leads to another host or port",
          fmt::format("it is not followed without --trust-origin {}",
                      transport::origin_of(*url).value_or("URL"))});
    return;
  }
  id_ = created->id;
  storage_url_ = *url;
  result().url = client().upload_url(member(), id_);
  if (!result().created) result().created = now();
  put();
}

void DirectUpload::put() {
  LoadRequest put;
  put.method = "PUT";
  put.url = storage_url_;
  send_file(
      std::move(put), {}, {}, [this](const LoadOutcome& outcome) { was_put(outcome); }, false);
}

void DirectUpload::was_put(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status == 200) {
    is_there_ = true;
    acknowledge_all();
    complete();
    return;
  }
  Cause cause = cause_of_put(outcome);
  if (status == 403) storage_url_.clear();
  if (status == 403 || is_timeout(outcome) || is_retryable(status)) {
    retry(cause, outcome);
  } else {
    fail(std::move(cause));
  }
}

void DirectUpload::complete() {
  send(openhumans_form(client().url_of("files/upload/complete"),
                       {{"project_member_id", member()}, {"file_id", fmt::format("{}", id_)}}),
       [this](const LoadOutcome& outcome) { completed(outcome); });
}

void DirectUpload::completed(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status == 400 || status == 404) {
    result().rolled_back += std::exchange(result().acknowledged, Bytes{});
    lose(cause_of("complete", outcome));
    return;
  }
  if (status != 200) {
    refused("complete", outcome);
    return;
  }
  const auto told = openhumans::parse_completed(outcome.response->body);
  if (!told) {
    fail({"complete: 200 without a size", told.error().line()});
    return;
  }
  if (told->size != result().size.value) {
    lose({"complete: another size",
          fmt::format("{} bytes are there instead of {}", told->size, result().size.value)});
    return;
  }
  stored();
}

}  // namespace loadgen
