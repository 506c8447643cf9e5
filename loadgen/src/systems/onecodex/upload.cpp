#include "systems/onecodex/upload.hpp"

#include <fmt/format.h>

#include "protocol/http/multipart.hpp"
#include "upload/cause.hpp"
#include "upload/storage.hpp"

namespace loadgen {

using onecodex::Kind;
using transport::LoadOutcome;
using transport::LoadRequest;

OneCodexUpload::OneCodexUpload(const UploadHost& host, const OneCodexClient& client,
                               std::uint64_t index, Bytes size, Time intended, Events events)
    : SteppedUpload(host, index, size, intended, std::move(events)), client_(client) {
  const Bytes first = first_file(options().payload.kind, size);
  files_.push_back({client.file_name(result().name, 0), Bytes{0}, first});
  if (first < size) {
    files_.push_back({client.file_name(result().name, 1), first, size - first});
  }
}

onecodex::SampleDraft OneCodexUpload::draft() const {
  onecodex::SampleDraft draft;
  draft.filename = files_[0].name;
  if (files_.size() > 1) draft.paired_end_filename = files_[1].name;
  draft.tags = {"dex-loadgen"};
  return draft;
}

void OneCodexUpload::call(const std::string& url, std::string body, Requester::Handler handler) {
  LoadRequest post;
  post.method = "POST";
  post.url = url;
  post.headers.add("Content-Type", "application/json");
  post.body = std::move(body);
  send(std::move(post), std::move(handler));
}

void OneCodexUpload::begun(const std::string& id) {
  result().url = client_.sample_url(id);
  if (!result().created) result().created = now();
}

void OneCodexUpload::deny(const char* what, const LoadOutcome& outcome) {
  result().rolled_back += std::exchange(result().acknowledged, Bytes{});
  lose(cause_of(what, outcome));
}

void OneCodexUpload::refused_by_storage(const char* what, const LoadOutcome& outcome) {
  Cause cause = cause_of_storage(what, outcome);
  if (is_storage_timeout(outcome) || is_retryable(status_of(outcome))) {
    retry(cause, outcome);
  } else {
    fail(std::move(cause));
  }
}

// ---- form --------------------------------------------------------------------------------------

void FormUpload::go_on() {
  if (!given_up_.empty()) {
    cancel();
  } else if (forms_.empty()) {
    init();
  } else if (file() != nullptr) {
    post();
  } else {
    confirm();
  }
}

void FormUpload::forget() {
  given_up_.clear();
  forms_.clear();
  first_file_again();
}

void FormUpload::cancel() {
  call(client().url_of("samples/cancel_upload"),
       to_json(onecodex::Confirmation{given_up_}, onecodex::Call::cancel_sample),
       [this](const LoadOutcome& /*outcome*/) {
         given_up_.clear();
         go_on();
       });
}

void FormUpload::init() {
  auto draft = this->draft();
  draft.size = files()[0].length.value;
  call(client().url_of("samples/init_upload"), to_json(draft),
       [this](const LoadOutcome& outcome) { initiated(outcome); });
}

void FormUpload::initiated(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  auto answer = outcome.response ? onecodex::parse_initiated(outcome.response->body, Kind::sample)
                                 : Result<onecodex::Initiated>(failure("", "no answer"));
  if (status != 200 && status != 201) {
    // A form that is not used is a secret all the same, and causes are shown.
    LoadOutcome said = outcome;
    if (answer) said.response->body.clear();
    refused("init_upload", said);
    return;
  }
  if (!answer) {
    fail({fmt::format("init_upload: {} without an id and a form", status), answer.error().line()});
    return;
  }
  std::vector<onecodex::UploadForm> forms{std::move(answer->file)};
  if (answer->paired_end) forms.push_back(*std::move(answer->paired_end));
  if (forms.size() < files().size()) {
    fail({"init_upload: no form for the second file", ""});
    return;
  }
  for (auto& form : forms) {
    auto url = followed("init_upload", "upload_url", form.url);
    if (!url) return;
    form.url = *std::move(url);
  }
  id_ = answer->id;
  forms_ = std::move(forms);
  begun(id_);
  post();
}

void FormUpload::post() {
  if (std::exchange(file()->was_sent, true)) ++result().new_uploads;
  const auto& form = forms_[number_of_file()];
  LoadRequest post;
  post.method = "POST";
  post.url = form.url;
  auto body =
      http::write_form(form.fields, {"file", file()->name, "application/octet-stream"}, boundary());
  post.headers.add("Content-Type", body.content_type);
  send_file(
      std::move(post), {file()->from, file()->length, std::move(body.head), std::move(body.tail)},
      [this](const LoadOutcome& outcome) { posted(outcome); }, false);
}

void FormUpload::posted(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status == 200 || status == 201) {
    acknowledge(file()->length);
    next_file();
    go_on();
    return;
  }
  if (status != 403) {
    refused_by_storage("POST", outcome);
    return;
  }
  given_up_ = id_;
  forms_.clear();
  first_file_again();
  result().acknowledged = Bytes{0};
  retry(cause_of_storage("POST", outcome), outcome);
}

void FormUpload::confirm() {
  call(client().url_of("samples/confirm_upload"),
       to_json(onecodex::Confirmation{id_}, onecodex::Call::confirm_sample),
       [this](const LoadOutcome& outcome) { confirmed(outcome); });
}

void FormUpload::confirmed(const LoadOutcome& outcome) {
  const int status = status_of(outcome);
  if (status == 400 || status == 404) {
    deny("confirm_upload", outcome);
    return;
  }
  if (status != 200) {
    refused("confirm_upload", outcome);
    return;
  }
  const auto told = onecodex::parse_confirmed(outcome.response->body, Kind::sample);
  if (!told) {
    fail({"confirm_upload: 200 without a sample", told.error().line()});
  } else if (!told->success) {
    fail({"confirm_upload: 200 without success", told->message});
  } else if (told->id != id_) {
    fail({"confirm_upload: another sample", fmt::format("{} instead of {}", told->id, id_)});
  } else {
    stored();
  }
}

}  // namespace loadgen
