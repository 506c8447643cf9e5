// Open Humans without sockets, over a store in memory. For tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openhumans/openhumans_settings.hpp"
#include "protocol/http/form.hpp"
#include "system/test_server.hpp"

namespace mock::test {

inline const std::string api = "/api/direct-sharing/project/";
inline const std::string with_token = "?access_token=example_token";
inline const std::string good_metadata = R"({"tags": ["a"], "description": "d"})";

class OpenHumansServer : public SystemServer {
 public:
  explicit OpenHumansServer(bool by_guide = false, OpenHumansConfig config = {})
      : SystemServer(make_openhumans, by_guide, values_of(std::move(config))) {}

  Reply post(const std::string& call, const ::http::Form& form) {
    return send("POST", api + call + with_token,
                {{"Content-Type", "application/x-www-form-urlencoded"}}, ::http::format_form(form));
  }
  Reply post_json(const std::string& call, const std::string& body) {
    return send("POST", api + call + with_token, {{"Content-Type", "application/json"}}, body);
  }
  Reply post_multipart(const std::string& call, const std::string& body,
                       std::size_t slice = 1U << 16U, BodyEnd end = BodyEnd::complete) {
    return send("POST", api + call + with_token,
                {{"Content-Type", "multipart/form-data; boundary=b"}}, body, slice, end);
  }

  /// A direct upload that was begun.
  struct Begun {
    std::uint64_t id;
    std::string target;  ///< of the URL
  };
  Begun begin(const std::string& name, const std::string& metadata = good_metadata) {
    const auto reply =
        post("files/upload/direct/",
             {{"project_member_id", "12345678"}, {"filename", name}, {"metadata", metadata}});
    EXPECT_EQ(reply.status, 201) << reply.body;
    const auto body = nlohmann::json::parse(reply.body);
    const auto url = body.at("url").get<std::string>();
    EXPECT_TRUE(url.starts_with("http://h/"));
    return {body.at("id"), url.substr(std::string("http://h").size())};
  }
  Reply put(const std::string& target, std::string_view body) {
    return send("PUT", target, {{"Content-Length", std::to_string(body.size())}}, body);
  }
  Reply complete(std::uint64_t id, const std::string& member = "12345678") {
    return post("files/upload/complete/",
                {{"project_member_id", member}, {"file_id", std::to_string(id)}});
  }
  /// A file that is there.
  std::uint64_t store(const std::string& name, std::string_view body = "bytes") {
    const auto begun = begin(name);
    EXPECT_EQ(put(begun.target, body).status, 200);
    EXPECT_EQ(complete(begun.id).status, 200);
    return begun.id;
  }
  nlohmann::json listing(const std::string& member = "12345678") {
    const auto reply =
        send("GET", api + "exchange-member/" + with_token + "&project_member_id=" + member, {});
    EXPECT_EQ(reply.status, 200) << reply.body;
    return nlohmann::json::parse(reply.body);
  }
  std::vector<std::uint64_t> ids(const std::string& member = "12345678") {
    std::vector<std::uint64_t> all;
    const auto listed = listing(member);
    for (const auto& file : listed.at("data")) all.push_back(file.at("id"));
    return all;
  }
  /// Of the file that is listed at that place.
  std::string download(std::size_t index = 0) {
    const auto url = listing().at("data").at(index).at("download_url").get<std::string>();
    const auto reply = send("GET", url.substr(std::string("http://h").size()), {});
    return reply.status == 200 ? reply.body : "(" + std::to_string(reply.status) + ")";
  }
};

/// A part of a form whose boundary is "b".
inline std::string part(const std::string& name, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}
inline std::string file_part(const std::string& filename, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"data_file\"; filename=\"" + filename +
         "\"\r\n\r\n" + value + "\r\n";
}
inline const std::string end_of_form = "--b--\r\n";

}  // namespace mock::test
