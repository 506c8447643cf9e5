// A tus server as the suite finds it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/tus/discovery.hpp"
#include "protocol/tus/metadata.hpp"
#include "target/prober.hpp"
#include "target/target.hpp"
#include "tus/foundations.hpp"
#include "tus/given_uploads.hpp"

namespace conformance {

class Context;

/// `url` is the creation URL. Systems that build on tus derive from this class, and answer here
/// what tus leaves open.
class TusTarget : public Target {
 public:
  explicit TusTarget(TargetOptions options);

  tus::Discovery discovery;
  /// GET of an upload gives bytes of that upload (probed), be they the right ones or not.
  bool downloads = false;
  tus::Metadata metadata;  ///< every creation carries it
  /// Where the target's deliveries can be read on this machine; empty: nowhere.
  std::string delivered_dir;

  [[nodiscard]] Result<Discovered> discover(Credentials& credentials) override;
  [[nodiscard]] Result<TokenEndpoint> token_endpoint() const override;
  [[nodiscard]] TargetFacts facts() const override;
  [[nodiscard]] bool offers(std::string_view extension) const override;
  [[nodiscard]] std::vector<const Foundation*> foundations() const override;
  [[nodiscard]] std::optional<Step> step_of(const transport::Exchange& seen) const override;
  [[nodiscard]] std::optional<Trial> tried(const Foundation& foundation, Prober& prober,
                                           std::vector<std::string>& created) const override;
  [[nodiscard]] std::string anonymous_address() const override;
  [[nodiscard]] std::optional<transport::Request> removal(const std::string& upload) const override;

  [[nodiscard]] std::string why_not_offered(std::string_view extension) const override;
  [[nodiscard]] std::string withheld(const transport::Request& request) const override;
  /// Whether uploads come from another API (--upload-url), so that no creation is sent.
  [[nodiscard]] bool takes_given() const;
  /// One of those uploads, of that length, that no check had yet; nullopt: there is none left.
  [[nodiscard]] std::optional<std::string> given_upload(Bytes length) const;

  /// Takes `creation_url` as `url`, and derives the addresses that belong to it.
  [[nodiscard]] virtual Result<void> settle(const std::string& creation_url);

  // ---- what tus leaves open --------------------------------------------------------------------
  /// Upload-Metadata comes back with keys that the client did not send.
  [[nodiscard]] virtual bool adds_metadata() const { return false; }
  /// What the server does with a finished upload can be seen.
  [[nodiscard]] virtual bool shows_processing() const { return false; }
  struct Processing {
    std::size_t attempts = 0;
    bool succeeded = false;  ///< one of them did
  };
  /// What the server has done with `upload` so far.
  [[nodiscard]] virtual Processing processing_of(Context& c, const std::string& upload) const;

 protected:
  [[nodiscard]] const TargetOptions& options() const { return options_; }
  /// What may be wrong when a correct creation is refused; empty, or " (...)".
  [[nodiscard]] virtual std::string creation_hint() const { return {}; }
  /// For a creation that was refused, and tried as `trial` tells: an Error when its metadata is the
  /// reason, with what to give instead; nullopt when that cannot be told.
  [[nodiscard]] virtual std::optional<Error> objection_to(const transport::Response& refusal,
                                                          const Trial& trial) const;
  /// Discovers what the system has besides tus; called when all of tus is known.
  virtual void look_around(Prober& /*prober*/) {}

 private:
  [[nodiscard]] Result<std::string> choose(Prober& prober, transport::Response& answer,
                                           std::vector<std::string>& remarks) const;
  /// Takes the sound fields of OPTIONS; the others are remarked on.
  void read_discovery(const http::Fields& fields, Discovered& found);
  [[nodiscard]] Result<void> try_creation(Prober& prober, Credentials& credentials,
                                          const transport::Response& options, Discovered& found);
  /// Called when a creation got the answer `refusal`, which names no upload.
  [[nodiscard]] Result<void> look_into_refusal(Prober& prober, const transport::Response& options,
                                               const transport::Response& refusal,
                                               Discovered& found);
  [[nodiscard]] TusTrials trials() const;
  [[nodiscard]] transport::Request creation_of(std::size_t length) const;
  /// The upload that this answer to a creation names, remembered for the cleanup.
  [[nodiscard]] std::optional<std::string> created_by(const transport::Response& response,
                                                      Discovered& found) const;
  /// What GET gives of `upload` after `bytes` were sent to it; nullopt: no 2xx.
  [[nodiscard]] static std::optional<std::string> sent_and_got(Prober& prober,
                                                               const std::string& upload,
                                                               const std::string& bytes);
  void look_for_downloads(Prober& prober, const std::string& upload, const std::string& bytes,
                          Discovered& found);

  /// Instead of a creation, where uploads are given (--upload-url).
  [[nodiscard]] Result<void> look_at_given(Prober& prober, Discovered& found);

  TargetOptions options_;
  std::unique_ptr<GivenUploads> given_ = std::make_unique<GivenUploads>();
};

/// "/files" and "/upload" below a URL that names only the host; the URL itself otherwise.
[[nodiscard]] Result<std::vector<std::string>> candidate_urls(const std::string& url);

/// What --metadata gives, in its order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> given_metadata(
    const TargetOptions& options);

/// The flags of systems on tus.
[[nodiscard]] std::vector<OwnSetting> tus_settings();
/// The extensions of tus 1.0, for --require.
[[nodiscard]] std::vector<std::string_view> tus_extensions();

extern const System tus_system;

}  // namespace conformance
