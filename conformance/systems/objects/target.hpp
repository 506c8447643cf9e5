// An object store as the suite finds it: a bucket that the user has an access key for, or the forms
// and URLs for one that the user's service hands out.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "protocol/http/form.hpp"
#include "protocol/s3/signature_v2.hpp"
#include "protocol/s3/signature_v4.hpp"
#include "target/prober.hpp"
#include "target/target.hpp"

namespace conformance {

/// The version of a signature.
enum class Version { v2, v4 };

/// A form with its policy, as a service hands it out.
struct HandedForm {
  std::string url;
  http::Form fields;
};

/// --handed-out FILE: {"form": {"url": U, "fields": {...}}, "put_url": U, "get_url": U}, each of
/// which may be left out.
struct HandedOut {
  std::optional<HandedForm> form;
  std::string put_url;  ///< empty: none
  std::string get_url;  ///< of the same object
};
/// Errors name `document`, and show nothing of its text.
[[nodiscard]] Result<HandedOut> parse_handed_out(std::string_view text,
                                                 const std::string& document);

/// `url` is that of the bucket; without an access key, any URL of the store.
class ObjectsTarget final : public Target {
 public:
  ObjectsTarget(TargetOptions options, std::optional<s3::Credentials> key, HandedOut handed_out);

  std::optional<s3::Credentials> key;  ///< nullopt: only what was handed out is judged
  HandedOut handed_out;
  std::string region;
  std::string public_url;  ///< of a bucket that anyone may write to; empty: none was given
  std::string bucket;
  /// The bucket where the host names it, else empty: then the path does.
  std::string host_bucket;
  bool takes_v2 = false;
  bool takes_v4 = false;
  Version version = Version::v4;  ///< for rows that do not say which

  /// What was handed out is for one object, which one check at a time may store.
  using Turn = std::unique_lock<std::recursive_timed_mutex>;
  [[nodiscard]] Turn turn(Milliseconds at_most) const { return Turn{one_at_a_time_, at_most}; }

  /// Without a query.
  [[nodiscard]] std::string object_url(const std::string& object) const;
  /// `url` signed for `method`, good from now on for a quarter of an hour.
  [[nodiscard]] std::string presigned(const std::string& method, const std::string& url) const;
  [[nodiscard]] const std::string& run_id() const { return options_.run_id; }

  [[nodiscard]] Result<Discovered> discover(Credentials& credentials) override;
  [[nodiscard]] Result<TokenEndpoint> token_endpoint() const override;
  [[nodiscard]] TargetFacts facts() const override;
  [[nodiscard]] bool offers(std::string_view extension) const override;
  [[nodiscard]] std::vector<std::string> addresses() const override;
  [[nodiscard]] std::optional<transport::Request> removal(const std::string& object) const override;

 private:
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<transport::Response> try_put(Prober& prober, Version with,
                                                    const std::string& object) const;
  [[nodiscard]] Result<Discovered> try_key(Prober& prober);

  TargetOptions options_;
  mutable std::recursive_timed_mutex one_at_a_time_;
};

extern const System objects_system;

}  // namespace conformance
