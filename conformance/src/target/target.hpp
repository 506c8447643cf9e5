// What is being judged, and the systems that can be. A system gives one object per tool: here it is
// its Target, which systems/ makes.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.hpp"
#include "redact/secrets.hpp"
#include "settings/own.hpp"
#include "target/credentials.hpp"
#include "target/foundation.hpp"
#include "transport/client.hpp"
#include "transport/origins.hpp"

namespace conformance {

/// What a user said of the target. A system takes what it knows; empty: derived, or none.
struct TargetOptions {
  std::string url;            ///< --url: an address, or only the host
  settings::OwnSettings own;  ///< of System::settings
  std::string oauth_url;      ///< instead of the derived one
  std::string run_id;
  transport::ClientOptions client;
  /// When discovery must have ended, tokens included; no request waits for longer.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  /// Of --trust-origin, and of the addresses among `own`.
  transport::Origins trusted;
  redact::Secrets secrets;  ///< not shown in remarks
};

class Prober;
namespace onboard {
class Journey;
struct Party;
}  // namespace onboard

/// What reports say of a target.
struct TargetFacts {
  std::string url;
  std::string system;  ///< as --system calls it
  std::string title;   ///< for people: "DEX (contract guide)"
  /// The system's own members of the JSON report, in their order: {"contract", "guide"}.
  std::vector<std::pair<std::string, std::string>> settings;
  std::set<std::string> extensions;
  bool downloads = false;   ///< what is stored can be read back
  bool deliveries = false;  ///< what was delivered can be read
  bool authorization = false;
};

/// For --require, beside the extensions: stored bytes can be compared in one way or another.
inline constexpr std::string_view integrity = "integrity";
[[nodiscard]] inline bool shows_bytes(const TargetFacts& facts) {
  return facts.downloads || facts.deliveries;
}

/// What discovery showed besides the target.
struct Discovered {
  /// What a person should know: the address that was chosen, a creation that was refused.
  std::vector<std::string> remarks;
  std::vector<std::string> created;  ///< what probing made, for the cleanup
  /// Why this is most likely not what was meant to be asked, with the flag that mends it (exit code
  /// 2, or a remark with --keep-going).
  std::optional<Error> objection;
  /// Foundations that were tried because their first request failed.
  std::vector<Trial> trials;
};

struct TokenEndpoint {
  std::string url;
  std::string refresh_url;
};

/// The server that is judged, as its system knows it. `discover` is called once, before any check;
/// from then on it does not change, and all threads of the run read it. What only the checks of one
/// system need is in the derived class of that system.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;

  std::string url;     ///< what is judged, as in "http://127.0.0.1:8080/files"
  std::string origin;  ///< "http://127.0.0.1:8080"
  transport::TlsOptions tls;
  bool needs_authorization = false;  ///< a request without credentials is refused (probed)

  /// An Error means that the target cannot be reached or refuses the credentials (exit code 3).
  [[nodiscard]] virtual Result<Discovered> discover(Credentials& credentials) = 0;
  /// Where --username-env and --password-env get a token; asked before `discover`.
  [[nodiscard]] virtual Result<TokenEndpoint> token_endpoint() const = 0;
  /// Before `discover`: what is known from the options.
  [[nodiscard]] virtual TargetFacts facts() const = 0;

  /// Whether it offers an extension: one that a check `needs`, a row excludes or --require names.
  [[nodiscard]] virtual bool offers(std::string_view extension) const = 0;
  /// Why what needs `extension` is not judged, when it is not offered.
  [[nodiscard]] virtual std::string why_not_offered(std::string_view extension) const;
  /// Why a request that a check would send is not sent; empty: it is.
  [[nodiscard]] virtual std::string withheld(const transport::Request& /*request*/) const {
    return {};
  }
  /// Where its requests carry the credentials of the run.
  [[nodiscard]] virtual client::Presentation presentation() const { return {}; }
  /// Its addresses besides `url` that get those credentials.
  [[nodiscard]] virtual std::vector<std::string> addresses() const { return {}; }
  /// An address that is asked without them, as a token endpoint elsewhere; empty: none.
  [[nodiscard]] virtual std::string anonymous_address() const { return {}; }
  /// Whether a 503 from there is an answer about the server's parts, not that of a gateway.
  [[nodiscard]] virtual bool tells_health(const std::string& /*address*/) const { return false; }
  /// The request that takes away what a check made, without credentials; nullopt where none can.
  [[nodiscard]] virtual std::optional<transport::Request> removal(
      const std::string& /*created*/) const {
    return std::nullopt;
  }

  /// What the checks stand on; each comes before those that need it.
  [[nodiscard]] virtual std::vector<const Foundation*> foundations() const {
    return {&foundation::login, &foundation::location};
  }
  /// Which of them an exchange was, and what its answer lacks; nullopt: none of them. An exchange
  /// without an answer is told by its request.
  [[nodiscard]] virtual std::optional<Step> step_of(const transport::Exchange& /*seen*/) const {
    return std::nullopt;
  }
  /// Tries one of them by itself, after `discover`; nullopt where there is no request for it. What
  /// it makes is added to `created`.
  [[nodiscard]] virtual std::optional<Trial> tried(const Foundation& /*foundation*/,
                                                   Prober& /*prober*/,
                                                   std::vector<std::string>& /*created*/) const {
    return std::nullopt;
  }
};

/// A real server whose behaviour the rows of the catalogue tell.
struct KnownServer {
  std::string_view column;  ///< of a row in fixtures/requirements: "tus_node"
  std::string_view title;   ///< for people: "@tus/server 2.4.5"
};

/// A flag that a system brings.
struct OwnSetting : settings::OwnSetting {
  /// It is an address of the target: it gets the credentials of the run and the fields of
  /// --header, and its query is never shown.
  bool address = false;
};
/// An absolute URL, for OwnSetting::read. The Error shows nothing that may be secret.
[[nodiscard]] Result<std::string> read_address(const std::string& text);

/// A kind of server that can be judged.
struct System {
  std::string_view name;                  ///< "dex": for --system, `excludes` and reports
  std::vector<std::string_view> origins;  ///< the catalogue's "system"s that it is judged by
  std::vector<KnownServer> known_servers;
  std::vector<std::string_view> extensions;  ///< what --require may name
  std::vector<OwnSetting> settings;          ///< its own flags, with those of what it builds on
  std::vector<Check> (*checks)();
  /// What shows that `url` is such a server, in a few words ("its /health names DEX"); nullopt:
  /// nothing does. Its requests have no effect. nullptr: such a server cannot be recognised.
  std::optional<std::string> (*recognises)(Prober& prober, const std::string& url) = nullptr;
  /// An Error of usage: a file that cannot be read.
  Result<std::unique_ptr<Target>> (*make_target)(TargetOptions options);
  /// How many uploads the user made elsewhere for the checks, which then create none. nullptr: the
  /// system takes none.
  std::size_t (*uploads_given)(const settings::OwnSettings& own) = nullptr;
  /// What a partner of this system does, for `onboard`; `target` of the party is of this system. An
  /// Error of usage: a file of the partner cannot be read. nullptr: `onboard` is not for it.
  Result<std::unique_ptr<onboard::Journey>> (*make_journey)(onboard::Party party) = nullptr;
};
/// Those of systems/systems.cpp, the default first. They live as long as the program.
using Systems = std::span<const System* const>;
[[nodiscard]] Systems systems();

[[nodiscard]] settings::Owners<OwnSetting> owners(Systems systems);
/// nullptr when there is none of that name.
[[nodiscard]] const System* system_named(Systems systems, std::string_view name);
[[nodiscard]] std::vector<std::string_view> names_of(Systems systems);
/// The checks of all of them.
[[nodiscard]] std::vector<Check> checks_of(Systems systems);

}  // namespace conformance
