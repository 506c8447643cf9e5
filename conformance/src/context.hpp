// What a check works with: the target, correct tus requests, raw bytes, and its own evidence.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dex/contract.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/http/form.hpp"
#include "protocol/tus/discovery.hpp"
#include "protocol/tus/metadata.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"
#include "verdict.hpp"

namespace conformance {

enum class System { tus, dex };
using Contract = dex::Contract;

/// What --tokens FILE may name: tokens that a check needs and cannot make.
enum class TokenKind {
  expired,
  not_yet_valid,
  wrong_key,      ///< signed by a key that the issuer never published
  wrong_issuer,   ///< signed by the right key, issued in another name
  missing_scope,  ///< good, but for a scope that is required
  extra_scopes,   ///< good, with more scopes than are required
  bad_claims,     ///< well signed, with claims of the wrong types
  session,        ///< a good session cookie: "phdo_session=..."
};

/// What is being judged: found out once by probing, before any check runs.
struct Target {
  System system = System::tus;
  Contract contract = Contract::server;
  std::string creation_url;  ///< "http://127.0.0.1:8080/files"
  std::string origin;        ///< "http://127.0.0.1:8080"
  std::string info_url;      ///< DEX: "http://.../info"; an id is appended after a '/'
  std::string health_url;
  std::string version_url;
  std::string metrics_url;
  std::string root_url;
  std::string oauth_url;  ///< empty: no token endpoint known
  tus::Discovery discovery;
  bool downloads = false;            ///< GET on an upload gives its bytes (probed)
  bool needs_authorization = false;  ///< a request without credentials is refused (probed)
  dex::Manifest manifest;            ///< metadata every creation carries (DEX); empty for plain tus
  transport::TlsOptions tls;
};

/// A correct creation; members switch parts of it off or add to it. Every member has an
/// initializer, so that designated ones may leave out the rest without a warning.
struct Creation {
  std::optional<Bytes> length = Bytes{10};  ///< nullopt: no Upload-Length
  bool defer_length = false;
  tus::Metadata metadata = {};                   ///< added to the target's manifest
  std::optional<std::string> raw_metadata = {};  ///< sent as Upload-Metadata instead of all that
  std::string concat = {};                       ///< Upload-Concat; empty: none
  std::optional<std::string> body = {};          ///< creation-with-upload
  http::Fields headers = {};                     ///< added; replace those of the same name
};

/// One check's view. Used by one thread; made anew for every check.
class Context {
 public:
  virtual ~Context() = default;

  [[nodiscard]] virtual const Target& target() const = 0;
  /// Seeded by the run's seed and the requirement's id: a run repeats.
  [[nodiscard]] virtual std::mt19937_64& random() = 0;
  /// `size` random bytes from random().
  [[nodiscard]] std::string random_bytes(std::size_t size);

  // ---- exchanges -------------------------------------------------------------------------------
  /// Sends exactly this (plus credentials, User-Agent and run id) and records it as evidence.
  virtual transport::Exchange exchange(transport::Request request) = 0;
  /// Without credentials.
  virtual transport::Exchange exchange_anonymously(transport::Request request) = 0;
  /// Asks the token endpoint with the run's user name and password, which no check sees (RFC 6749
  /// section 4.3); `more` is added to the form. nullopt when the run has none of them, or the
  /// target no token endpoint.
  virtual std::optional<transport::Exchange> password_grant(const http::Form& more) = 0;
  /// The value of Authorization ("Bearer ...") or of Cookie for a token that only the identity
  /// provider can make, as --tokens gives it; nullopt when it gives none of that kind.
  [[nodiscard]] virtual std::optional<std::string> given(TokenKind /*kind*/) {
    return std::nullopt;
  }
  /// Whether credentials of the run may go to the origin of `url`: the target's own, and those of
  /// --trust-origin. A request to an origin that only the target named is not sent: the check ends
  /// as blocked.
  [[nodiscard]] virtual bool entrusts(const std::string& /*url*/) const { return false; }
  /// As `exchange`; without a response the check ends as error (network) or blocked.
  transport::Response send(transport::Request request);
  /// A correct tus request: Tus-Resumable is added unless `headers` has a field of that name. A
  /// field with an empty value is not sent at all, which is how a check leaves one out.
  transport::Response tus(std::string_view method, const std::string& url,
                          http::Fields headers = {},
                          std::optional<std::string> body = std::nullopt);

  transport::Response options();  ///< of the creation URL
  transport::Response post(const Creation& creation);
  transport::Response head(const std::string& upload);
  transport::Response patch(const std::string& upload, Bytes offset, std::string body,
                            http::Fields extra = {});
  transport::Response remove(const std::string& upload);  ///< DELETE
  transport::Response get(const std::string& url);        ///< plain GET

  /// Creates an upload and returns its absolute URL; anything but 201 with Location ends the check
  /// as blocked. Uploads made here (or by `post`) are deleted after the run where that is offered.
  std::string create(const Creation& creation = {});
  /// Creates and uploads `bytes` whole; ends the check as blocked when that fails.
  std::string create_complete(const std::string& bytes, Creation creation = {});
  /// Offset from HEAD; ends the check as blocked without a valid one.
  Bytes offset_of(const std::string& upload);
  /// The Location of a 201 made absolute (RFC 3986 section 5); nullopt when it cannot be.
  [[nodiscard]] std::optional<std::string> location_of(const transport::Response& response) const;
  /// The last path segment, percent-encoded as it came.
  [[nodiscard]] static std::string id_of(const std::string& upload);
  /// The Upload-Metadata a creation of this target must carry, with `extra` added.
  [[nodiscard]] std::string metadata_header(const tus::Metadata& extra = {}) const;
  /// Remembers an upload for deletion after the run.
  virtual void created(const std::string& upload) = 0;

  /// Compares the stored bytes: by GET where downloads are offered, through the delivered copy or
  /// a digest the target offers otherwise; nullopt when this target gives no way to see them.
  std::optional<bool> stored_equals(const std::string& upload, const std::string& bytes);
  /// The ways to see stored bytes besides a download.
  virtual std::optional<bool> stored_elsewhere_equals(const std::string& upload,
                                                      const std::string& bytes) = 0;
  /// Compares the delivered copy (DEX); nullopt when it cannot be read from here, or never came.
  virtual std::optional<bool> delivered_equals(const std::string& upload,
                                               const std::string& bytes) = 0;

  // ---- raw bytes -------------------------------------------------------------------------------
  /// A connection to the target; ends the check as error when it cannot be made.
  virtual transport::RawConnection raw() = 0;
  /// The fields a correct raw request of this target needs: Host, Authorization, User-Agent,
  /// Tus-Resumable.
  [[nodiscard]] virtual http::Fields raw_headers() = 0;
  /// Path and query of a URL, as a request target.
  [[nodiscard]] static std::string target_of(const std::string& url);
  /// Adds what a raw connection sent and saw to the evidence (lengths and digests of bodies only).
  virtual void record_raw(std::string_view what, const std::string& sent_head,
                          const transport::RawConnection::Read& read) = 0;

  // ---- time ------------------------------------------------------------------------------------
  /// Calls `done` until it is true or `deadline` passed, pausing between calls.
  virtual bool eventually(Milliseconds deadline, const std::function<bool()>& done) = 0;
  /// How long a check may wait for what a server should do soon.
  [[nodiscard]] virtual Milliseconds patience() const = 0;
  /// What is left of the check's own time (--case-timeout).
  [[nodiscard]] virtual Milliseconds time_left() const = 0;
};

/// Ends a check that got no answer to `what`: as error when the network or this machine is the
/// cause, as blocked when the target was reached and gave none that can be read.
[[noreturn]] void stop_unanswered(const std::string& what, const transport::Exchange& seen);
/// "409 Conflict, Upload-Offset: 4": the parts of a response that a reader wants first.
[[nodiscard]] std::string describe(const transport::Response& response);
[[nodiscard]] inline bool is_2xx(const transport::Response& r) { return r.status / 100 == 2; }
[[nodiscard]] inline bool is_4xx(const transport::Response& r) { return r.status / 100 == 4; }

}  // namespace conformance
