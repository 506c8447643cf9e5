// What is known of one request, or of an upload that something happens to without a request.
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"
#include "http/route.hpp"
#include "services.hpp"
#include "store/store.hpp"

namespace mock::misbehave {

/// Looked up when first asked for. Refers to the request until `detach`. Loop thread only.
class Facts {
 public:
  /// `method` is the one that the server is to act by.
  Facts(const Request& request, RouteMatch match, std::string method, Services& services);
  /// No request: an upload, or nothing at all.
  Facts(std::string lane, const Upload* upload, Services& services);

  [[nodiscard]] const ::http::Fields& fields() const { return own_ ? *own_ : request_->fields; }
  /// Keeps fields and upload as they are now, before a rule or the handler changes them.
  void detach();
  [[nodiscard]] const Request& request() const { return *request_; }
  [[nodiscard]] const RouteMatch& match() const { return match_; }
  [[nodiscard]] const std::string& method() const { return method_; }
  [[nodiscard]] const std::string& lane() const { return lane_; }
  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] const std::string& target() const { return target_; }
  [[nodiscard]] const std::string& mount() const { return mount_; }
  /// As stored when first asked for; nullptr when the request names none, or an unknown one.
  [[nodiscard]] const Upload* upload() const;
  [[nodiscard]] bool creates() const { return match_.route == Route::creation; }
  [[nodiscard]] tus::UploadKind kind() const;
  [[nodiscard]] bool deferred() const;
  /// How many bytes of a body bring the upload to its length; nullopt: none can.
  [[nodiscard]] std::optional<Bytes> missing() const;
  [[nodiscard]] bool locked() const;
  [[nodiscard]] const tus::Metadata& metadata() const;
  /// Of the body; nullopt: none, or chunked.
  [[nodiscard]] std::optional<Bytes> content_length() const { return content_length_; }
  [[nodiscard]] bool chunked() const { return chunked_; }
  [[nodiscard]] TimePoint now() const { return services_->loop.now(); }

 private:
  const Request* request_;
  RouteMatch match_;
  std::string method_;
  std::string lane_;
  std::string host_;
  std::string target_;
  std::string mount_;
  std::optional<Bytes> content_length_;
  bool chunked_ = false;
  Services* services_;
  std::optional<::http::Fields> own_;
  mutable std::optional<std::optional<Upload>> upload_;
  mutable std::optional<tus::Metadata> metadata_;
};

}  // namespace mock::misbehave
