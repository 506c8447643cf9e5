// One Codex without sockets, over a store in memory. For tests.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "onecodex/onecodex_settings.hpp"
#include "protocol/base64.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/s3/signature.hpp"
#include "system/test_server.hpp"

namespace mock::test {

inline const std::string demo_key = "demodemodemodemodemodemodemodemo";
inline const std::string other_key = "other";

class OneCodexServer : public SystemServer {
 public:
  explicit OneCodexServer(bool by_guide = false)
      : SystemServer(make_onecodex, by_guide,
                     values_of(OneCodexConfig{.api_keys = {demo_key, other_key}})) {}

  static ::http::Fields authorized(const std::string& key) {
    return {{"Authorization", "Basic " + base64::encode(key + ":")}};
  }
  /// `call` is what stands behind /api/v1/.
  Reply post(const std::string& call, std::string_view body, const std::string& key = demo_key) {
    auto fields = authorized(key);
    fields.add("Content-Type", "application/json");
    return send("POST", "/api/v1/" + call, fields, body);
  }
  Reply get(const std::string& call, const std::string& key = demo_key) {
    return send("GET", "/api/v1/" + call, authorized(key));
  }
  nlohmann::json shown(const std::string& call) {
    const auto reply = get(call);
    EXPECT_EQ(reply.status, 200) << call << " " << reply.body;
    return nlohmann::json::parse(reply.body);
  }

  onecodex::Initiated init(const std::string& body = R"({"filename": "a.fa", "size": 5})",
                           onecodex::Kind kind = onecodex::Kind::sample) {
    const auto reply = post(std::string(onecodex::resource_of(kind)) + "/init_upload", body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return onecodex::parse_initiated(reply.body, kind).value();
  }
  Reply post_file(const onecodex::UploadForm& form, std::string_view content = "bytes",
                  const std::string& filename = "a.fa") {
    std::string body;
    for (const auto& [name, value] : form.fields) {
      body +=
          "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }
    body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename +
            "\"\r\n\r\n" + std::string(content) + "\r\n--b--\r\n";
    EXPECT_TRUE(form.url.starts_with("http://h/")) << form.url;
    return send("POST", form.url.substr(std::string("http://h").size()),
                {{"Content-Type", "multipart/form-data; boundary=b"}}, body);
  }
  Reply confirm(const std::string& id, const std::string& key = demo_key) {
    return post("samples/confirm_upload", R"({"sample_id": ")" + id + "\"}", key);
  }
  Reply cancel(const std::string& id) {
    return post("samples/cancel_upload", R"({"sample_id": ")" + id + "\"}");
  }
  /// To the storage; `behind` is what follows the bucket. Signed in the header, version 4.
  Reply signed_request(const onecodex::MultipartInitiated& at, const std::string& method,
                       const std::string& behind, std::string_view content = {}) {
    const auto target = "/" + at.bucket + "/" + behind;
    const ::http::Fields host{{"Host", "h"}};
    const auto fields =
        s3::authorize_v4({method, target, host}, {at.access_key, at.secret}, loop.now());
    return send(method, target, fields, content);
  }
  Reply put(const onecodex::MultipartInitiated& at, const std::string& key,
            std::string_view content) {
    return signed_request(at, "PUT", key, content);
  }
  std::string visibility(const std::string& id) { return shown("samples/" + id).at("visibility"); }
  std::string download(const std::string& resource, const std::string& id) {
    const auto told =
        onecodex::parse_download(post(resource + "/" + id + "/download_uri", "").body);
    EXPECT_TRUE(told.has_value());
    if (!told) return {};
    return send("GET", told->url.substr(std::string("http://h").size()), {}).body;
  }
};

}  // namespace mock::test
