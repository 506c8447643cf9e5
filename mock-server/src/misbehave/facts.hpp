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
  /// Keeps what a rule is about to edit as it is now.
  void keep_request() {
    own_.emplace(*request_);
    own_->admission.reset();  // of what is served
  }
  /// The request as it was then; nullptr: it was not kept.
  [[nodiscard]] const Request* kept_request() const { return own_ ? &*own_ : nullptr; }
  /// Keeps what the request is about as it is now: before it may be edited.
  void keep_addressed() {
    own_addressed_ = *addressed_;
    addressed_ = nullptr;
  }
  /// Until then nothing is handled: what was looked at is kept, if anything was.
  void keep_looked_at();
  /// Looks the upload up now, before the handler changes it.
  void keep_upload() const { static_cast<void>(upload()); }
  [[nodiscard]] const Request& request() const { return *request_; }
  /// What the request was about before rules edited it.
  [[nodiscard]] const Addressed& addressed() const {
    return addressed_ != nullptr ? *addressed_ : own_addressed_;
  }
  /// The one that the server was to act by.
  [[nodiscard]] const std::string& method() const { return addressed().method; }
  [[nodiscard]] const std::string& lane() const { return own_ ? own_->lane : request_->lane; }
  [[nodiscard]] std::string host() const;
  /// What a Template calls {name}, of what is known before the handler is asked; nullopt: nothing.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  [[nodiscard]] const std::string& target() const { return own_ ? own_->target : request_->target; }
  /// As stored when first asked for; nullptr when the request names none, or an unknown one.
  [[nodiscard]] const Upload* upload() const;
  [[nodiscard]] bool creates() const { return addressed().route.creates(); }
  /// Of the upload, or of the one that a creation asks for; nullptr: none.
  [[nodiscard]] const Attributes* attributes() const;
  [[nodiscard]] std::string_view kind() const { return kind_of(attributes()); }
  [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
  /// Valid until it is asked again.
  [[nodiscard]] std::optional<std::string_view> metadata(std::string_view key) const;
  [[nodiscard]] bool deferred() const;
  /// Of the upload, or of the one that a creation asks for; nullopt: deferred, or there is none.
  [[nodiscard]] std::optional<Bytes> length() const;
  /// How many bytes of a body bring the upload to its length; nullopt: none can.
  [[nodiscard]] std::optional<Bytes> missing() const;
  [[nodiscard]] bool locked() const;
  /// A request is writing to another upload of the lane. Takes a time that grows with those.
  [[nodiscard]] bool another_locked() const;
  /// Ids of those that a final is made of, or asks for.
  [[nodiscard]] const std::vector<std::string>& parts() const;
  /// When the upload was created; nullopt: there is none.
  [[nodiscard]] std::optional<TimePoint> created(const std::string& id) const;
  /// The request ends an upload of deferred length with its body, however long that is.
  [[nodiscard]] bool signals_end() const;
  /// Of the body; nullopt: none, or chunked.
  [[nodiscard]] std::optional<Bytes> content_length() const { return request_->content_length; }
  [[nodiscard]] bool chunked() const { return request_->chunked; }
  /// What is left of it for the patterns of all rules.
  [[nodiscard]] PatternWork& pattern_work() const { return work_; }
  /// When it was first asked for.
  [[nodiscard]] TimePoint now() const;

 private:
  [[nodiscard]] const AskedFor& asked() const;
  const Request* request_;
  const Addressed* addressed_ = nullptr;  ///< the request's; null: its own
  Addressed own_addressed_;
  Services* services_;
  const System* system_ = nullptr;
  std::optional<Request> own_;
  mutable std::optional<std::optional<Upload>> upload_;
  mutable const Upload* peeked_ = nullptr;  ///< the store's own, in its place
  bool peeks_ = false;                      ///< nobody changes the store
  mutable std::optional<AskedFor> asked_;
  mutable std::string metadata_;  ///< of what is asked for: what was asked about last
  mutable std::optional<TimePoint> now_;
  mutable PatternWork work_;
};

}  // namespace mock::misbehave
