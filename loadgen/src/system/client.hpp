// What a run needs to know of the system that it loads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/presentation.hpp"
#include "protocol/error.hpp"
#include "settings/own.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"
#include "upload/options.hpp"
#include "upload/upload.hpp"

namespace loadgen {

class Client;

/// A page of a list of uploads that are stored.
struct Listing {
  /// Where the bytes of uploads are, by the uploads' URLs. Such a place needs no credentials.
  std::map<std::string, std::string> places;
  std::optional<transport::LoadRequest> next;  ///< asks for the next page
};

/// What a server tells of an upload when all is over.
struct Account {
  std::optional<Cause> missing;    ///< the upload is lost
  std::optional<Cause> otherwise;  ///< told otherwise than it was sent
  /// Where copies of it were delivered to, as the server names those places; each is its own.
  std::vector<std::string> copies;
};

/// How a system is recognised.
struct Recognition {
  /// They ask for what every server of the system has.
  std::vector<transport::LoadRequest> requests;
  /// Whether an answer is that of a server that has never heard of it. If all answers are, the
  /// target is of another system.
  std::function<bool(const transport::LoadResponse& answer)> is_strange;
  Error otherwise;  ///< names the flag, and what to do
};

/// What the uploads of one loop share. Not owning: everything outlives every upload.
struct UploadHost {
  transport::LoadTransport& transport;
  Authorizer& authorizer;
  const Client& client;
};

/// A partner's software for one system: how it uploads, and how it asks what came of it. One per
/// run, constant while uploads run, so that every loop may use it.
class Client {
 public:
  explicit Client(UploadOptions options) : options_(std::move(options)) {}
  virtual ~Client() = default;

  [[nodiscard]] const UploadOptions& options() const { return options_; }

  /// URLs besides the creation URL that requests go to: they are looked up before the load.
  [[nodiscard]] virtual std::vector<std::string> urls() const { return {}; }

  /// The creation URLs to try where the given one names only a host; empty: it is a whole one. The
  /// first whose answer to OPTIONS `recognises` accepts goes to `settle_on`.
  [[nodiscard]] virtual std::vector<std::string> creation_urls() const { return {}; }
  [[nodiscard]] virtual bool recognises(const transport::LoadResponse& /*answer*/) const {
    return true;
  }
  virtual void settle_on(std::string creation_url) {
    options_.create_url = std::move(creation_url);
  }

  /// For every file that is sent from now on (UploadOptions::digest).
  void make_digests(DigestAlgorithm algorithm) { options_.digest = algorithm; }

  /// Adds what every request of this system carries, besides credentials.
  virtual void dress(transport::LoadRequest& /*request*/) const {}
  /// Where its requests carry the credentials of the run.
  [[nodiscard]] virtual client::Presentation presentation() const { return {}; }
  /// Puts `credential`, as an Authorizer gave it, on `request`.
  void present(const std::string& credential, transport::LoadRequest& request) const {
    presentation().put(credential, request.headers, request.url);
  }
  /// A request that needs the credentials and changes nothing. Of its status only a 401 matters.
  [[nodiscard]] virtual transport::LoadRequest probe() const = 0;
  /// How to tell a target of another system before the load; nullopt: the uploads will tell.
  [[nodiscard]] virtual std::optional<Recognition> recognition() const { return std::nullopt; }

  [[nodiscard]] virtual std::unique_ptr<Upload> upload(const UploadHost& host, std::uint64_t index,
                                                       Bytes size, Time intended,
                                                       Upload::Events events) const = 0;

  // ---- verification ----------------------------------------------------------------------------
  /// A mock server's account of an upload is at "{this}/{last segment of its URL}"; empty: none can
  /// be found by the URL.
  [[nodiscard]] virtual std::string control_url() const;
  /// Requests that ask where the bytes of uploads are; none: they are at the uploads' URLs.
  [[nodiscard]] virtual std::vector<transport::LoadRequest> listings() const { return {}; }
  /// What the answer to one of them says.
  [[nodiscard]] virtual Result<Listing> read_listing(const std::string& /*answer*/) const {
    return Listing{};
  }
  /// Asks where the bytes of one upload are, by its URL; nullopt: where it was listed, or at its
  /// URL.
  [[nodiscard]] virtual std::optional<transport::LoadRequest> whereabouts(
      const std::string& /*url*/) const {
    return std::nullopt;
  }
  /// The place that its answer, a 200, names. It needs no credentials.
  [[nodiscard]] virtual Result<std::string> read_whereabouts(const std::string& /*answer*/) const {
    return failure("", "this system tells no place");
  }
  /// How many bytes of an upload can be seen there, from the first on.
  [[nodiscard]] virtual Bytes shown(const UploadResult& upload) const { return upload.size; }
  /// Asks whether the server still knows an upload, by its URL.
  [[nodiscard]] virtual transport::LoadRequest look(const std::string& url) const = 0;
  /// What the answer to `look` says of the bytes that are there, in decimal.
  [[nodiscard]] virtual std::optional<std::string> told_size(
      const transport::LoadResponse& answer) const = 0;
  /// What the answer to `look` tells otherwise than `upload` was sent, besides the bytes.
  [[nodiscard]] virtual std::optional<Cause> told_otherwise(
      const transport::LoadResponse& /*answer*/, const UploadResult& /*upload*/) const {
    return std::nullopt;
  }
  /// Asks for a further account of an upload, by its URL; nullopt: the system gives none.
  [[nodiscard]] virtual std::optional<transport::LoadRequest> account(
      const std::string& /*url*/) const {
    return std::nullopt;
  }
  /// What the answer to it, a 200, says.
  [[nodiscard]] virtual Result<Account> read_account(const transport::LoadResponse& /*answer*/,
                                                     const UploadResult& /*upload*/) const {
    return Account{};
  }
  /// Asks for the bytes of an upload.
  [[nodiscard]] virtual transport::LoadRequest download(const std::string& url) const = 0;
  /// Asks for an upload to be taken away; nullopt: the system has no way.
  [[nodiscard]] virtual std::optional<transport::LoadRequest> removal(
      const std::string& /*url*/) const {
    return std::nullopt;
  }

 protected:
  UploadOptions options_;
};

/// A file of another tool, as a scenario.
struct ForeignScenario {
  std::string scenario;            ///< JSON, as a file of ours
  std::vector<std::string> notes;  ///< what of it could not be taken over
};

/// A system by the name that --system gives it.
struct SystemKind {
  std::string name;
  std::string about;  ///< for --help, behind the name; may be empty
  std::vector<settings::OwnSetting> settings;
  /// An Error names the flag. Does no I/O.
  std::function<Result<std::unique_ptr<Client>>(UploadOptions options,
                                                const settings::OwnSettings& own)>
      make;
  /// Reads a file of another load tool of this system; nullopt: `text` is no such file. Empty:
  /// there is no other tool.
  std::function<std::optional<Result<ForeignScenario>>(const std::string& text,
                                                       const std::string& file)>
      read_foreign = {};
};

}  // namespace loadgen
