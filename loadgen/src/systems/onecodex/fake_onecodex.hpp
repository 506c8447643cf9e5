// For tests: a One Codex server and its storage behind a FakeTransport.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/http/form_data.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/request.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {

/// `interfere` may answer instead, before anything happens. Holds bodies to the schema.
class FakeOneCodex {
 public:
  static constexpr const char* base = "http://127.0.0.1:1";
  static constexpr const char* api = "http://127.0.0.1:1/api/v1/";
  std::string storage = "http://127.0.0.1:1/bucket";

  LoadOutcome operator()(const LoadRequest& request) {
    if (interfere) {
      if (auto outcome = interfere(request)) return *outcome;
    }
    return serve(request);
  }

  LoadOutcome serve(const LoadRequest& request) {
    if (request.url == storage) return store_form(request);
    if (request.url.starts_with(storage + "/")) return serve_object(request);
    const std::string call = request.url.substr(std::string(api).size());
    if (call == "samples/init_upload") return init(request.body);
    if (call == "samples/init_multipart_upload") return init_multipart(request.body);
    if (call == "samples/confirm_upload") return confirm(request.body);
    if (call == "upload_callback") return call_back(request.body);
    if (call == "samples/cancel_upload") {
      cancelled.push_back(request.body);
      return answer(200, {}, onecodex::cancelled_body());
    }
    return answer(404);
  }

  std::function<std::optional<LoadOutcome>(const LoadRequest&)> interfere;
  std::vector<onecodex::SampleDraft> begun;
  std::vector<http::Form> forms;  ///< that were POSTed to the storage
  std::vector<std::string> cancelled;
  std::map<std::string, std::string> objects;  ///< by key
  std::optional<onecodex::Callback> told_back;

 private:
  LoadOutcome init(const std::string& body) {
    const auto draft =
        onecodex::parse_sample_draft(body, onecodex::Call::init_sample, onecodex::Contract::server);
    if (!draft) return answer(400, {}, to_json(draft.error()));
    begun.push_back(*draft);
    const auto id = new_id();
    onecodex::Initiated initiated{onecodex::Kind::sample, id, form_for(id)};
    if (draft->paired_end_filename) initiated.paired_end = form_for(id + "p");
    return answer(200, {}, to_json(initiated));
  }
  [[nodiscard]] onecodex::UploadForm form_for(const std::string& id) const {
    return {storage, {{"key", id + "/${filename}"}, {"signature", "s" + id}}};
  }

  LoadOutcome init_multipart(const std::string& body) {
    const auto draft = onecodex::parse_sample_draft(body, onecodex::Call::init_sample_multipart,
                                                    onecodex::Contract::server);
    if (!draft) return answer(400, {}, to_json(draft.error()));
    begun.push_back(*draft);
    const auto id = new_id();
    onecodex::MultipartInitiated initiated{onecodex::Kind::sample,
                                           "/api/v1/upload_callback",
                                           "bucket",
                                           id,
                                           {},
                                           "access",
                                           "secret",
                                           id};
    if (draft->paired_end_filename) initiated.paired_end_file_id = id + "p";
    return answer(200, {}, to_json(initiated));
  }

  LoadOutcome store_form(const LoadRequest& request) {
    auto [outcome, body] = taken(request);
    if (outcome.failure) return outcome;
    http::FormReader reader(
        http::boundary_of(std::string(*request.headers.find("Content-Type"))).value(), {});
    std::string file;
    std::string_view slice = body;
    auto event = http::FormReader::Event::bytes;
    while (event != http::FormReader::Event::more) {
      event = reader.next(slice);
      if (event == http::FormReader::Event::failed) return answer(400);
      if (event == http::FormReader::Event::bytes) file += reader.bytes();
    }
    forms.push_back(reader.fields());
    std::string key(http::find(reader.fields(), "key").value_or(""));
    objects[key.substr(0, key.find('$')) + reader.head().filename.value_or("")] = std::move(file);
    outcome.response->status = 201;
    return outcome;
  }

  LoadOutcome confirm(const std::string& body) {
    const auto said = onecodex::parse_confirmation(body, onecodex::Call::confirm_sample,
                                                   onecodex::Contract::server);
    if (!said) return answer(400, {}, to_json(said.error()));
    const auto there = objects.lower_bound(said->id + "/");
    if (there == objects.end() || !there->first.starts_with(said->id + "/")) {
      return answer(400, {}, to_json(onecodex::Problem{400, "The file has not been uploaded"}));
    }
    return answer(200, {},
                  to_json(onecodex::Confirmed{onecodex::Kind::sample, true, "done", said->id}));
  }

  LoadOutcome serve_object(const LoadRequest& request) {
    const auto behind = std::string_view(request.url).substr(storage.size() + 1);
    const std::string key(behind.substr(0, behind.find('?')));
    const auto query = s3::parse_query(s3::query_of(behind)).value();
    if (s3::find(query, "uploads")) {
      parts_.clear();
      return answer(200, {}, s3::initiate_multipart_upload_result({"bucket", key, "upload+1"}));
    }
    if (const auto number = s3::find(query, "partNumber")) {
      auto [outcome, body] = taken(request);
      if (outcome.failure) return outcome;
      const auto etag = "e" + std::string(*number);
      outcome.response->headers.add("ETag", '"' + etag + '"');
      parts_[etag] = std::move(body);
      return outcome;
    }
    if (s3::find(query, "uploadId")) return complete(key, request.body);
    auto [outcome, body] = taken(request);
    if (outcome.response) objects[key] = std::move(body);
    return outcome;
  }

  LoadOutcome complete(const std::string& key, const std::string& list) {
    if (parts_.empty()) {
      return answer(404, {}, "<Error><Code>NoSuchUpload</Code><Message>none</Message></Error>");
    }
    const auto named = s3::parse_complete_multipart_upload(list).value();
    std::string object;
    for (const auto& part : named) object += parts_.at(part.etag);
    objects[key] = std::move(object);
    parts_.clear();
    return answer(
        200, {}, s3::complete_multipart_upload_result({"http://h/" + key, "bucket", key, "\"e\""}));
  }

  LoadOutcome call_back(const std::string& body) {
    told_back = onecodex::parse_callback(body).value();
    if (!objects.contains(told_back->file_id)) {
      return answer(400, {}, to_json(onecodex::Problem{400, "The file has not been uploaded"}));
    }
    return answer(200, {}, onecodex::id_body(onecodex::Kind::sample, told_back->file_id));
  }

  std::string new_id() { return "00000000000000a" + std::to_string(++last_); }

  std::uint64_t last_ = 0;
  std::map<std::string, std::string> parts_;  ///< by ETag
};

}  // namespace loadgen
