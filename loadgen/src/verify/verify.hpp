// After the load: is every byte of every upload at the other end?
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stats/result.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"

namespace loadgen {

enum class VerifyMethod {
  automatic,  ///< what is offered, in this order: delivered, digest, download
  digest,    ///< the mock's control endpoint tells the SHA-256 of what it stored, and HEAD knows it
  download,  ///< GET of the upload's URL, or of where it is listed, compared byte by byte
  delivered,  ///< files under a folder that deliveries go to, compared byte by byte
  none,
};
[[nodiscard]] Result<VerifyMethod> parse_verify_method(std::string_view text);
[[nodiscard]] std::string_view to_string(VerifyMethod method);

/// The files below a folder by the run's file name that is part of theirs. Read once.
class DeliveredFiles {
 public:
  [[nodiscard]] static Result<DeliveredFiles> scan(const std::filesystem::path& folder,
                                                   const std::string& run_id);
  /// Every delivered file of the upload that was sent under `name`.
  [[nodiscard]] std::vector<std::filesystem::path> of(const std::string& name) const;

 private:
  std::multimap<std::string, std::filesystem::path> files_;  ///< "dex-loadgen-RUN-INDEX" -> file
};

/// Verifies uploads one after the other or a few at once, on one loop. Results are the caller's:
/// their state becomes verified, unverified or lost.
class Verifier {
 public:
  struct Options {
    VerifyMethod method = VerifyMethod::automatic;
    std::string control_url;  ///< as Client::control_url
    std::optional<DeliveredFiles> delivered;
    std::size_t at_once = 8;
    Milliseconds stall_timeout{std::chrono::seconds{30}};
  };
  Verifier(transport::LoadTransport& transport, Authorizer& authorizer, const Client& client,
           Options options);
  ~Verifier();

  /// Looks at every result in the state `uploaded`. `results` must stay where they are until
  /// `done`.
  void run(std::vector<UploadResult>& results, std::function<void()> done);
  /// Bytes found to be right so far.
  [[nodiscard]] Bytes verified_bytes() const { return verified_; }
  /// What `automatic` came to; automatic itself while nothing was offered.
  [[nodiscard]] VerifyMethod method() const { return options_.method; }

 private:
  void fill();
  void by_digest(UploadResult& result, bool probing);
  void by_download(UploadResult& result, bool probing);
  void by_delivered(UploadResult& result);
  void settle(UploadResult& result, UploadState state, std::optional<Cause> cause = {});
  /// The right bytes are of no use where the upload's own URL does not lead to them.
  void by_head(UploadResult& result);
  struct Question {
    std::function<transport::LoadRequest()> request;  ///< made anew for every attempt
    bool with_credentials = true;
  };
  void ask(Question question, transport::LoadTransport::Done done, bool renewed = false,
           int attempt = 0);
  void ask(transport::LoadRequest request, transport::LoadTransport::Done done);
  /// Finds out where the bytes are, page by page, and then begins.
  void list();
  void nothing_listed(const Cause& cause);
  [[nodiscard]] Payload payload_of(const UploadResult& result) const;

  transport::LoadTransport& transport_;
  Authorizer& authorizer_;
  const Client& client_;
  Options options_;
  std::vector<transport::LoadRequest> listings_;  ///< yet to be asked
  bool listed_ = false;                           ///< the bytes are where `places_` says
  std::map<std::string, std::string> places_;
  std::vector<UploadResult*> waiting_;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
  bool probing_ = false;
  Bytes verified_;
  std::function<void()> done_;
};

}  // namespace loadgen
