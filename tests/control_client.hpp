// A client of the mock's control API, for tests.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "programs.hpp"
#include "protocol/http/fields.hpp"
#include "transport/client.hpp"

namespace programs {

struct Answer {
  int status = 0;  ///< 0: there was no answer
  http::Fields headers;
  std::string body;
  nlohmann::json json;  ///< null when the body is no JSON

  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(headers.find(name).value_or(""));
  }
};

/// Sends whole requests to one server. Not thread-safe.
class ControlClient {
 public:
  explicit ControlClient(std::string url) : url_(std::move(url)) {}

  Answer send(const std::string& method, const std::string& path, http::Fields headers = {},
              std::optional<std::string> body = std::nullopt) {
    transport::Request request;
    request.method = method;
    request.url = path.starts_with("http") ? path : url_ + path;
    request.headers = std::move(headers);
    request.body = std::move(body);
    request.timeout = std::chrono::seconds{30};
    request.body_limit = Bytes{16UL << 20U};
    const auto exchange = client_.send(request);
    Answer answer;
    if (!exchange.response) return answer;
    answer.status = exchange.response->status;
    answer.headers = exchange.response->headers;
    answer.body = exchange.response->body;
    answer.json = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.json.is_discarded()) answer.json = nullptr;
    return answer;
  }
  Answer get(const std::string& path) { return send("GET", path); }
  Answer remove(const std::string& path) { return send("DELETE", path); }
  Answer post(const std::string& path, const std::string& json = "{}") {
    return send("POST", path, {{"Content-Type", "application/json"}}, json);
  }
  Answer put(const std::string& path, const std::string& json = "{}") {
    return send("PUT", path, {{"Content-Type", "application/json"}}, json);
  }

  /// The URL of a new upload.
  std::string create(std::size_t length, http::Fields headers = {}, const std::string& base = "") {
    headers.add("Tus-Resumable", "1.0.0");
    headers.add("Upload-Length", std::to_string(length));
    const auto answer = send("POST", base + "/files", std::move(headers));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.header("Location");
  }
  Answer patch(const std::string& url, std::size_t offset, const std::string& bytes,
               http::Fields headers = {}) {
    headers.add("Tus-Resumable", "1.0.0");
    headers.add("Upload-Offset", std::to_string(offset));
    headers.add("Content-Type", "application/offset+octet-stream");
    return send("PATCH", url, std::move(headers), bytes);
  }
  Answer head(const std::string& url) { return send("HEAD", url, {{"Tus-Resumable", "1.0.0"}}); }

  static std::string id_of(const std::string& url) { return url.substr(url.rfind('/') + 1); }

 private:
  std::string url_;
  transport::Client client_{transport::ClientOptions{}};
};

/// Removes the rules of a profile that fire by chance: what a server does by chance is not on
/// record, and differs from run to run.
inline void leave_out_chance(const Mock& mock, const nlohmann::json& profile) {
  ControlClient control(mock.url());
  for (const auto& rule : profile.value("rules", nlohmann::json::array())) {
    if (!rule.contains(nlohmann::json::json_pointer("/when/probability"))) continue;
    const auto name = rule.at("name").get<std::string>();
    EXPECT_EQ(control.remove("/_mock/rules/" + name).status, 204) << name;
  }
}

}  // namespace programs
