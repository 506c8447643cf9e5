// After the load: is every byte of every upload at the other end?
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/stored.hpp"
#include "stats/result.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"
#include "verify/asker.hpp"
#include "verify/comparison.hpp"
#include "verify/copies.hpp"
#include "verify/delivered_files.hpp"

namespace loadgen {

enum class VerifyMethod {
  automatic,  ///< what is offered, in this order: delivered, digest, download
  digest,     ///< the mock's control endpoint tells the digest of what it stored, and HEAD knows it
  download,   ///< GET of the upload's URL, or of where that is told, compared byte by byte
  delivered,  ///< files under a folder that deliveries go to, compared byte by byte
  none,
};
[[nodiscard]] Result<VerifyMethod> parse_verify_method(std::string_view text);
[[nodiscard]] std::string_view to_string(VerifyMethod method);

/// Verifies uploads, a few at once, on one loop: first their bytes, by the method, and then
/// whatever else the target tells of them. That is whether they are there, their length and
/// metadata, an account of the system's own, and the copies it names that are files of this
/// machine. Results are the caller's: their state becomes verified, unverified, wrong or lost. Lost
/// is what was seen to be lost; what could not be seen is unverified, with a cause
/// (docs/decisions/0030).
class Verifier {
 public:
  struct Options {
    VerifyMethod method = VerifyMethod::automatic;
    std::string control_url;  ///< as Client::control_url
    /// Reads the folder that deliveries go to, on another thread; empty: no folder was given.
    std::function<Result<DeliveredFiles>()> delivered;
    bool copies_are_here = false;  ///< the target runs on this machine
    std::shared_ptr<Copies> copies = std::make_shared<Copies>();  ///< seen so far, by any loop
    std::size_t at_once = 8;
    Milliseconds stall_timeout{std::chrono::seconds{30}};
    /// Called again and again while bytes are read or made, on any thread: there is progress.
    std::function<void()> at_work = [] {};
  };
  Verifier(transport::LoadTransport& transport, Authorizer& authorizer, const Client& client,
           Options options);
  ~Verifier();

  /// Gives the next upload to look at: one that was `uploaded`, with a cause where something about
  /// it could not be seen before; nullopt: there is no more.
  using Next = std::function<std::optional<UploadResult>()>;
  /// Takes it back when nothing more will be found out.
  using Settled = std::function<void(UploadResult)>;
  void run(Next next, Settled settled, std::function<void()> done);
  /// Bytes found to be right so far.
  [[nodiscard]] Bytes verified_bytes() const { return verified_; }
  /// What `automatic` came to; automatic itself while nothing was offered.
  [[nodiscard]] VerifyMethod method() const { return options_.method; }

 private:
  void fill();
  // Each of these finds out something and goes on with the next, or settles.
  void by_digest(UploadResult& result, bool probing);
  void compare_digest(UploadResult& result, const client::Stored& theirs);
  void by_download(UploadResult& result, bool probing);
  void compare_at(const std::string& place, UploadResult& result, bool probing);
  void by_delivered(UploadResult& result);
  void compare_files(UploadResult& result, std::vector<std::filesystem::path> files);
  /// The right bytes are of no use where the upload's own URL does not lead to them.
  void by_look(UploadResult& result);
  void by_account(UploadResult& result);
  void by_copies(UploadResult& result, std::vector<std::string> copies);
  /// GET gave no bytes: is the upload gone, or does the server offer none?
  void probe_failed(UploadResult& result, const transport::LoadOutcome& outcome);
  /// The bytes are known to differ; finds out where.
  void find_damage(UploadResult& result, Cause cause);
  /// Nothing shows the bytes; the rest may still be seen.
  void bytes_unseen(UploadResult& result, Cause cause);
  void lose(UploadResult& result, Cause cause, std::optional<ByteRange> damage = {});
  void settle(UploadResult& result, UploadState state, std::optional<Cause> cause = {});
  [[nodiscard]] std::shared_ptr<std::optional<Comparison>> comparison_for(
      const UploadResult& result) const;
  /// Finds out where the bytes are, page by page, and then begins.
  void list();
  void nothing_listed(const Cause& cause);
  /// Reads the folder of deliveries, and then goes on with `then`.
  void scan(std::function<void()> then);
  [[nodiscard]] Asker::Question download(const UploadResult& result, const std::string& place,
                                         std::shared_ptr<std::optional<Comparison>> into);
  [[nodiscard]] Payload payload_of(const UploadResult& result) const;
  /// The part of it that a download shows.
  [[nodiscard]] Payload shown_of(const UploadResult& result) const;
  /// Work on another thread asks it again and again; each time counts as progress.
  [[nodiscard]] std::function<bool()> stopped() const;

  transport::LoadTransport& transport_;
  const Client& client_;
  Options options_;
  // A kind of question each.
  Asker control_, bytes_, looks_, accounts_;
  std::vector<transport::LoadRequest> listings_;  ///< yet to be asked
  bool listed_ = false;                           ///< the bytes are where `places_` says
  std::map<std::string, std::string> places_;
  std::optional<DeliveredFiles> delivered_;     ///< as the folder was read last
  std::optional<Time> delivered_until_;         ///< what is not there by then was not delivered
  std::vector<std::function<void()>> scanned_;  ///< wait for the folder that is being read
  /// Why no bytes can be seen at all; and that the target is gone, so that nothing else can be
  /// asked.
  std::optional<Cause> unseen_;
  bool gone_ = false;
  std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
  Next next_;
  Settled settled_;
  std::optional<UploadResult> first_;  ///< that `next_` gave
  std::list<UploadResult> in_hand_;
  bool probing_ = false;
  unsigned probes_ = 0;  ///< in vain
  Bytes verified_;
  std::function<void()> done_;
};

}  // namespace loadgen
