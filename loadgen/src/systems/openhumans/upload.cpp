#include "systems/openhumans/upload.hpp"

#include <fmt/format.h>

#include <utility>

#include "protocol/http/multipart.hpp"
#include "protocol/openhumans/answers.hpp"
#include "protocol/openhumans/metadata.hpp"
#include "systems/openhumans/requests.hpp"
#include "upload/cause.hpp"
#include "upload/storage.hpp"

namespace loadgen {

using transport::LoadOutcome;
using transport::LoadRequest;

std::string OpenHumansUpload::metadata() const {
  openhumans::MetadataDraft draft;
  draft.tags = {"dex-loadgen"};
  draft.description = fmt::format("upload {} of the run {}", result().index, options().run_id);
  return openhumans::to_json(draft);
}

void OpenHumansUpload::send_whole(LoadRequest request, std::string head, std::string tail,
                                  Requester::Handler handler, bool with_credentials) {
  if (std::exchange(was_sent_, true)) ++result().new_uploads;
  send_file(std::move(request), {Bytes{0}, result().size, std::move(head), std::move(tail)},
            std::move(handler), with_credentials);
}

// ---- simple ------------------------------------------------------------------------------------

void SimpleUpload::go_on() {
  LoadRequest post;
  post.method = "POST";
  post.url = client().url_of("files/upload");
  auto form =
      http::write_form({{"project_member_id", member()}, {"metadata", metadata()}},
                       {"data_file", result().name, "application/octet-stream"}, boundary());
  post.headers.add("Content-Type", form.content_type);
  send_whole(
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
  acknowledge(result().size);
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

void DirectUpload::forget() {
  storage_url_.clear();
  is_there_ = false;
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
  const auto url = followed("direct", "url", *created->url);
  if (!url) return;
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
  send_whole(
      std::move(put), {}, {}, [this](const LoadOutcome& outcome) { was_put(outcome); }, false);
}

void DirectUpload::was_put(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status == 200) {
    is_there_ = true;
    acknowledge(result().size);
    complete();
    return;
  }
  Cause cause = cause_of_storage("PUT", outcome);
  if (status == 403) storage_url_.clear();
  if (status == 403 || is_storage_timeout(outcome) || is_retryable(status)) {
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
