// For tests: an Open Humans server and its storage behind a FakeTransport.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "protocol/http/form.hpp"
#include "protocol/openhumans/answers.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {

/// `interfere` may answer instead, before anything happens.
class FakeOpenHumans {
 public:
  static constexpr const char* api = "http://127.0.0.1:1/api/direct-sharing/project/";
  std::string storage = "http://127.0.0.1:1/bucket/";

  LoadOutcome operator()(const LoadRequest& request) {
    if (interfere) {
      if (auto outcome = interfere(request)) return *outcome;
    }
    return serve(request);
  }

  LoadOutcome serve(const LoadRequest& request) {
    if (request.url.starts_with(storage)) return store(request);
    const std::string call = request.url.substr(std::string(api).size());
    if (call == "files/upload/") {
      auto [outcome, body] = taken(request);
      if (outcome.failure) return outcome;
      forms.push_back(std::move(body));
      outcome.response->status = 201;
      outcome.response->body = openhumans::to_json(openhumans::Created{++last_, std::nullopt});
      return outcome;
    }
    const auto form = http::parse_form(request.body).value_or(http::Form{});
    if (call == "files/upload/direct/") {
      begun.push_back(form);
      const auto id = std::to_string(++last_);
      const auto key = id + "?Signature=s" + id;
      return answer(201, {}, openhumans::to_json(openhumans::Created{last_, storage + key}));
    }
    if (call == "files/upload/complete/") {
      const auto found = objects.find(std::string(http::find(form, "file_id").value_or("")));
      if (found == objects.end()) {
        return answer(400, {}, openhumans::detail_body(openhumans::file_not_present));
      }
      return answer(200, {}, openhumans::to_json(openhumans::Completed{found->second.size()}));
    }
    return answer(404);
  }

  std::function<std::optional<LoadOutcome>(const LoadRequest&)> interfere;
  std::vector<http::Form> begun;               ///< of direct calls
  std::vector<std::string> forms;              ///< bodies of simple uploads
  std::map<std::string, std::string> objects;  ///< by file id

 private:
  LoadOutcome store(const LoadRequest& request) {
    auto [outcome, body] = taken(request);
    if (outcome.response) {
      const auto key = request.url.substr(storage.size());
      objects[key.substr(0, key.find('?'))] = std::move(body);
    }
    return outcome;
  }

  std::uint64_t last_ = 0;
};

}  // namespace loadgen
