// What is known of one request, or of an upload that something happens to without a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/route.hpp"
#include "misbehave/pattern.hpp"
#include "services.hpp"
#include "store/store.hpp"
#include "system/system.hpp"

namespace mock::misbehave {

/// Looked up when first asked for. Refers to the request, which outlives it. Loop thread only.
class Facts {
 public:
  /// `system` serves the request; nullptr: none does.
  Facts(const Request& request, Services& services, const System* system);
  /// No request: an upload, or nothing at all.
  Facts(std::string lane, const Upload* upload, Services& services);

  [[nodiscard]] const ::http::Fields& fields() const {
    return own_ ? own_->fields : request_->fields;
  }
  /// Keeps a copy of the request as it is now, because a rule is about to edit it.
  void keep_request() {
    own_.emplace(*request_);
    own_->admission.reset();  // belongs to the request that is served
  }
  /// That copy; nullptr: none was kept.
  [[nodiscard]] const Request* kept_request() const { return own_ ? &*own_ : nullptr; }
  /// Keeps a copy of what the request is about, before it may be edited.
  void keep_addressed() {
    own_addressed_ = *addressed_;
    addressed_ = nullptr;
  }
  /// Until this is called the store does not change, so its own upload is looked at; now it is
  /// copied, if it was looked at.
  void keep_looked_at();
  /// Looks the upload up now, before the handler changes it.
  void keep_upload() const { static_cast<void>(upload()); }
  [[nodiscard]] const Request& request() const { return *request_; }
  /// What the request was about before rules edited it.
  [[nodiscard]] const Addressed& addressed() const {
    return addressed_ != nullptr ? *addressed_ : own_addressed_;
  }
  /// The method by which the server was to act.
  [[nodiscard]] const std::string& method() const { return addressed().method; }
  [[nodiscard]] const std::string& lane() const { return own_ ? own_->lane : request_->lane; }
  [[nodiscard]] std::string host() const;
  /// The value of {name} in a Template, as known before the handler is asked; nullopt: none.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  [[nodiscard]] const std::string& target() const { return own_ ? own_->target : request_->target; }
  /// The upload as stored when first asked for; nullptr: the request names none, or an unknown one.
  [[nodiscard]] const Upload* upload() const;
  [[nodiscard]] bool creates() const { return addressed().route.creates(); }
  /// Those of the upload, or of the one that a creation asks for; nullptr: none.
  [[nodiscard]] const Attributes* attributes() const;
  [[nodiscard]] std::string_view kind() const { return kind_of(attributes()); }
  [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
  /// Valid until the next call.
  [[nodiscard]] std::optional<std::string_view> metadata(std::string_view key) const;
  [[nodiscard]] bool deferred() const;
  /// That of the upload, or of the one that a creation asks for; nullopt: deferred, or no upload.
  [[nodiscard]] std::optional<Bytes> length() const;
  /// How many bytes of a body bring the upload to its length; nullopt: none can.
  [[nodiscard]] std::optional<Bytes> missing() const;
  [[nodiscard]] bool locked() const;
  /// Whether a request is writing to another upload of the lane. Takes longer the more are locked.
  [[nodiscard]] bool another_locked() const;
  /// Ids of the parts that a final is made of, or that the request asks to join.
  [[nodiscard]] const std::vector<std::string>& parts() const;
  /// When the upload was created; nullopt: there is none.
  [[nodiscard]] std::optional<TimePoint> created(const std::string& id) const;
  /// The request ends an upload of deferred length with its body, however long that is.
  [[nodiscard]] bool signals_end() const;
  /// Of the body; nullopt: none, or chunked.
  [[nodiscard]] std::optional<Bytes> content_length() const { return request_->content_length; }
  [[nodiscard]] bool chunked() const { return request_->chunked; }
  /// What the patterns of all rules may still spend.
  [[nodiscard]] PatternWork& pattern_work() const { return work_; }
  /// The time when this was first asked for, so that all conditions see the same.
  [[nodiscard]] TimePoint now() const;

 private:
  [[nodiscard]] const AskedFor& asked() const;
  const Request* request_;
  const Addressed* addressed_ = nullptr;  ///< the request's; null: own_addressed_
  Addressed own_addressed_;
  Services* services_;
  const System* system_ = nullptr;
  std::optional<Request> own_;
  mutable std::optional<std::optional<Upload>> upload_;
  mutable const Upload* peeked_ = nullptr;  ///< the store's own upload, in place of upload_
  bool peeks_ = false;                      ///< the store stays as it is, until keep_looked_at
  mutable std::optional<AskedFor> asked_;
  mutable std::string metadata_;  ///< keeps what metadata() returned last
  mutable std::optional<TimePoint> now_;
  mutable PatternWork work_;
};

}  // namespace mock::misbehave
