// Uploads of samples to One Codex.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/requests.hpp"
#include "system/stepped_upload.hpp"
#include "systems/onecodex/client.hpp"

namespace loadgen {

/// What both flows have in common. A sample is one file, or the two of a pair.
class OneCodexUpload : public SteppedUpload {
 public:
  OneCodexUpload(const UploadHost& host, const OneCodexClient& client, std::uint64_t index,
                 Bytes size, Time intended, Events events);

 protected:
  struct File {
    std::string name;
    Bytes from, length;     ///< of what is uploaded
    bool was_sent = false;  ///< some of it, or all
  };

  [[nodiscard]] const OneCodexClient& client() const { return client_; }
  [[nodiscard]] const std::vector<File>& files() const { return files_; }
  /// The next one that the storage has not acknowledged yet; nullptr: it has all of them.
  [[nodiscard]] File* file() { return at_ < files_.size() ? &files_[at_] : nullptr; }
  [[nodiscard]] std::size_t number_of_file() const { return at_; }
  void next_file() { ++at_; }
  void first_file_again() { at_ = 0; }

  [[nodiscard]] onecodex::SampleDraft draft() const;
  /// POST of `body`, with the API key.
  void call(const std::string& url, std::string body, Requester::Handler handler);
  /// The server has begun the sample with this id.
  void begun(const std::string& id);
  /// What the server said to `what` denies a file that the storage had acknowledged.
  void deny(const char* what, const transport::LoadOutcome& outcome);
  /// Of an upload that is refused: tries again when that may help, else fails. `what` is a request
  /// to the storage.
  void refused_by_storage(const char* what, const transport::LoadOutcome& outcome);

 private:
  const OneCodexClient& client_;
  std::vector<File> files_;
  std::size_t at_ = 0;
};

/// The documented flow: the form is POSTed to the storage without any credentials. While the form
/// is valid, what is lost is POSTed again. When it is refused, which is also how it expires, the
/// sample is cancelled and another one begun.
class FormUpload final : public OneCodexUpload {
 public:
  using OneCodexUpload::OneCodexUpload;

 private:
  void go_on() override;
  void forget() override;
  void cancel();
  void init();
  void initiated(const transport::LoadOutcome& outcome);
  void post();
  void posted(const transport::LoadOutcome& outcome);
  void confirm();
  void confirmed(const transport::LoadOutcome& outcome);

  std::string id_;
  std::vector<onecodex::UploadForm> forms_;  ///< a file each; none: to be asked for. Secrets
  std::string given_up_;                     ///< a sample that is to be cancelled
};

}  // namespace loadgen
