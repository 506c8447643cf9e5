#include "systems/onecodex/multipart_upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocol/http/form.hpp"
#include "protocol/s3/request.hpp"
#include "protocol/s3/signature_v4.hpp"
#include "transport/url.hpp"
#include "upload/cause.hpp"
#include "upload/storage.hpp"

namespace loadgen {
namespace {

using onecodex::Kind;
using transport::LoadOutcome;
using transport::LoadRequest;

// As onecodex 1.2.0 has it.
constexpr Bytes largest_put{8U << 20U};
constexpr Bytes part_step{10U << 20U};
constexpr std::uint64_t largest_step = 10;

LoadRequest request_of(const char* method, std::string url) {
  LoadRequest request;
  request.method = method;
  request.url = std::move(url);
  return request;
}

void encrypt(LoadRequest& request) {
  request.headers.add("x-amz-server-side-encryption", "AES256");
}

}  // namespace

bool MultipartUpload::has_parts() {
  return file()->length > (options().chunk.value > 0 ? options().chunk : largest_put);
}

/// --chunk, or else the least of 10, 20, ... 100 MiB that makes fewer than 10,000 parts.
Bytes MultipartUpload::part_size() {
  if (options().chunk.value > 0) return options().chunk;
  const std::uint64_t most = (s3::most_parts - 1) * part_step.value;
  const std::uint64_t steps = (file()->length.value + most - 1) / most;
  return Bytes{part_step.value * std::min(steps, largest_step)};
}

std::string MultipartUpload::object_url() const {
  return fmt::format("{}/{}/{}", client().storage_url(), bucket_,
                     s3::encode_path(keys_[number_of_file()]));
}

void MultipartUpload::sign(LoadRequest& request) const {
  const auto url = transport::parse_url(request.url);
  if (!url) return;
  http::Fields fields = request.headers;
  fields.set("Host", url->authority);
  // The bytes are compared after the load; their digest would cost another pass over them.
  const auto added = s3::authorize_v4({request.method, url->target, fields}, credentials_,
                                      std::chrono::system_clock::now(), s3::unsigned_payload);
  for (const auto& field : added) request.headers.add(field.name, field.value);
}

void MultipartUpload::go_on() {
  if (callback_url_.empty()) {
    init();
  } else if (file() == nullptr) {
    call_back();
  } else if (!has_parts()) {
    put();
  } else if (upload_id_.empty()) {
    create();
  } else if (in_parts() < file()->length) {
    send_part();
  } else {
    complete();
  }
}

void MultipartUpload::forget() {
  callback_url_.clear();
  lost_at_.reset();
  first_file_again();
  begin_file();
}

void MultipartUpload::init() {
  call(client().url_of("samples/init_multipart_upload"), to_json(draft()),
       [this](const LoadOutcome& outcome) { initiated(outcome); });
}

void MultipartUpload::initiated(const LoadOutcome& outcome) {
  constexpr const char* what = "init_multipart_upload";
  auto answer = outcome.response
                    ? onecodex::parse_multipart_initiated(outcome.response->body, Kind::sample)
                    : Result<onecodex::MultipartInitiated>(failure("", "no answer"));
  if (status_of(outcome) != 200) {
    // Credentials that are not used are secret all the same, and causes are shown.
    LoadOutcome said = outcome;
    if (answer) said.response->body.clear();
    refused(what, said);
    return;
  }
  if (!answer) {
    fail({fmt::format("{}: 200 without all that an upload needs", what), answer.error().line()});
    return;
  }
  keys_ = {answer->file_id};
  if (answer->paired_end_file_id) keys_.push_back(*answer->paired_end_file_id);
  if (keys_.size() < files().size()) {
    fail({fmt::format("{}: no key for the second file", what), ""});
    return;
  }
  const bool is_path = answer->callback_url.starts_with('/');
  const auto url =
      followed(what, "callback_url", (is_path ? client().base_url() : "") + answer->callback_url);
  if (!url) return;
  bucket_ = answer->bucket;
  credentials_ = {answer->access_key, answer->secret};
  if (answer->sample_id) begun(*answer->sample_id);
  if (!result().created) result().created = now();
  callback_url_ = *url;
  go_on();
}

// ---- a file in one piece

void MultipartUpload::put() {
  if (std::exchange(file()->was_sent, true)) ++result().new_uploads;
  auto request = request_of("PUT", object_url());
  encrypt(request);
  sign(request);
  send_file(
      std::move(request), {file()->from, file()->length},
      [this](const LoadOutcome& outcome) {
        if (status_of(outcome) != 200) {
          refused_by_storage("PUT", outcome);
          return;
        }
        acknowledge(file()->length);
        next_file();
        go_on();
      },
      false);
}

// ---- a file in parts

void MultipartUpload::create() {
  // Sending a part sets it again.
  if (std::exchange(file()->was_sent, false)) ++result().new_uploads;
  auto request = request_of("POST", object_url() + "?uploads");
  encrypt(request);
  sign(request);
  send_bare(std::move(request), [this](const LoadOutcome& outcome) { created(outcome); });
}

void MultipartUpload::created(const LoadOutcome& outcome) {
  if (status_of(outcome) != 200) {
    refused_by_storage("POST ?uploads", outcome);
    return;
  }
  const auto upload = s3::parse_initiate_multipart_upload_result(outcome.response->body);
  if (!upload) {
    fail({"POST ?uploads: 200 without an UploadId", upload.error().line()});
    return;
  }
  upload_id_ = upload->upload_id;
  go_on();
}

void MultipartUpload::send_part() {
  file()->was_sent = true;
  if (std::exchange(part_was_sent_, true)) {
    ++result().resumes;
    if (lost_at_) {
      result().resume_times.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(now() - *lost_at_));
      lost_at_.reset();
    }
  }
  const Bytes length = std::min(part_size(), file()->length - in_parts());
  auto request =
      request_of("PUT", fmt::format("{}?partNumber={}&uploadId={}", object_url(), parts_.size() + 1,
                                    http::percent_encode(upload_id_)));
  sign(request);
  send_file(
      std::move(request), {file()->from + in_parts(), length},
      [this, length](const LoadOutcome& outcome) { part_sent(length, outcome); }, false);
}

void MultipartUpload::part_sent(Bytes length, const LoadOutcome& outcome) {
  if (status_of(outcome) != 200) {
    if (!lost_at_) lost_at_ = now();
    refused_by_storage("PUT ?partNumber", outcome);
    return;
  }
  const auto etag = outcome.response->headers.find("ETag");
  if (!etag) {
    fail({"PUT ?partNumber: 200 without an ETag", ""});
    return;
  }
  std::string bare(*etag);
  std::erase(bare, '"');
  parts_.push_back({static_cast<unsigned>(parts_.size() + 1), std::move(bare)});
  part_was_sent_ = false;
  lost_at_.reset();
  acknowledge(length);
  go_on();
}

void MultipartUpload::complete() {
  auto request = request_of(
      "POST", fmt::format("{}?uploadId={}", object_url(), http::percent_encode(upload_id_)));
  request.headers.add("Content-Type", "application/xml");
  request.body = s3::complete_multipart_upload(parts_);
  sign(request);
  send_bare(std::move(request), [this](const LoadOutcome& outcome) { completed(outcome); });
}

void MultipartUpload::completed(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  // A 404: the upload was completed before, and only the answer was lost. The callback tells
  // whether the object is there.
  const bool done_before = std::exchange(was_completed_, true) && status == 404;
  // S3 may say 200 before it knows (AWS, CompleteMultipartUpload).
  const bool done =
      status == 200 && s3::parse_complete_multipart_upload_result(outcome.response->body);
  if (!done && !done_before) {
    if (status == 200) {
      retry(cause_of_storage("POST ?uploadId", outcome), outcome);
    } else {
      refused_by_storage("POST ?uploadId", outcome);
    }
    return;
  }
  next_file();
  begin_file();
  go_on();
}

void MultipartUpload::begin_file() {
  upload_id_.clear();
  parts_.clear();
  part_was_sent_ = false;
  was_completed_ = false;
}

// ---- the end

void MultipartUpload::call_back() {
  call(callback_url_, to_json(onecodex::Callback{bucket_, keys_[0], files()[0].name}),
       [this](const LoadOutcome& outcome) { called_back(outcome); });
}

void MultipartUpload::called_back(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status == 400 || status == 404) {
    deny("callback", outcome);
    return;
  }
  if (status != 200) {
    refused("callback", outcome);
    return;
  }
  const auto id = onecodex::parse_id(outcome.response->body, Kind::sample);
  if (!id) {
    fail({"callback: 200 without a sample_id", id.error().line()});
    return;
  }
  begun(*id);
  stored();
}

}  // namespace loadgen
