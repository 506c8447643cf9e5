// What the endpoints of Open Humans do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.hpp"
#include "loop/loop.hpp"
#include "objects/objects.hpp"
#include "openhumans/files.hpp"
#include "openhumans/project_gate.hpp"
#include "openhumans/request_form.hpp"
#include "protocol/openhumans/answers.hpp"
#include "protocol/openhumans/contract.hpp"
#include "protocol/openhumans/files.hpp"
#include "protocol/s3/signature_v2.hpp"
#include "services.hpp"

namespace mock {

struct OpenHumansOptions {
  openhumans::Contract contract = openhumans::Contract::server;
  ProjectGate::Tokens tokens;
  std::string project = "1";  ///< in keys and listings: "direct-sharing-1"
  std::string bucket = "open-humans-production";
  /// They sign URLs of objects.
  s3::Credentials credentials;
  /// Of URLs that are PUT to, and of files that are not complete.
  Milliseconds lifetime{0};
  bool md5_is_etag = true;  ///< so that the MD5 of what was PUT is known
  UnreadBody early_error = UnreadBody::drain;
};

/// Loop thread only.
class OpenHumansApi {
 public:
  /// Everything by reference outlives it.
  OpenHumansApi(const OpenHumansOptions& options, const ProjectGate& gate, Objects& objects,
                Files& files, Loop& loop);

  /// For a request to one of the endpoints that the gate let through. The request and `services`
  /// outlive the handler.
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request, Services& services);

 private:
  class FormReading;

  [[nodiscard]] Reply upload(const Request& request, SentForm form, Store& store);
  [[nodiscard]] Reply direct(const Request& request, const SentForm& form, Store& store);
  [[nodiscard]] Reply complete(const Request& request, const SentForm& form, Store& store);
  [[nodiscard]] Reply remove(const Request& request, const SentForm& form, Store& store);
  [[nodiscard]] Reply exchange_member(const Request& request, Store& store);
  [[nodiscard]] Reply members(const Request& request, Store& store);

  [[nodiscard]] std::unique_ptr<Handler> listing(Reply (OpenHumansApi::*answer)(const Request&,
                                                                                Store&),
                                                 Store& store);
  [[nodiscard]] StoreResult<void> begin_file(SentForm::File& file, const ::http::PartHead& head,
                                             Store& store);
  [[nodiscard]] Reply finish(const StoredFile& file, const Object& object, Store& store);
  [[nodiscard]] bool is_member(std::string_view id) const;
  [[nodiscard]] std::string key_of(std::string_view name) const;
  [[nodiscard]] bool denies(std::string_view metadata, std::string_view md5) const;
  [[nodiscard]] std::string url_of(const Request& request, std::string_view method,
                                   std::string_view key, Milliseconds lifetime) const;
  [[nodiscard]] openhumans::File listed(const Request& request, const StoredFile& file) const;

  const OpenHumansOptions& options_;
  const ProjectGate& gate_;
  Objects& objects_;
  Files& files_;
  Loop& loop_;
  TimePoint opened_;  ///< told as the time when its members joined
};

}  // namespace mock
