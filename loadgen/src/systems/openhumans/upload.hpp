// Uploads to Open Humans.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "system/stepped_upload.hpp"
#include "systems/openhumans/client.hpp"

namespace loadgen {

/// What both ways have in common: a file is sent whole.
class OpenHumansUpload : public SteppedUpload {
 public:
  OpenHumansUpload(const UploadHost& host, const OpenHumansClient& client, std::uint64_t index,
                   Bytes size, Time intended, Events events)
      : SteppedUpload(host, index, size, intended, std::move(events)), client_(client) {}

 protected:
  [[nodiscard]] const OpenHumansClient& client() const { return client_; }
  [[nodiscard]] const std::string& member() const { return client_.member_of(result().index); }
  /// The field "metadata".
  [[nodiscard]] std::string metadata() const;
  /// The body of `request` becomes the file between `head` and `tail`.
  void send_whole(transport::LoadRequest request, std::string head, std::string tail,
                  Requester::Handler handler, bool with_credentials);

 private:
  const OpenHumansClient& client_;
  bool was_sent_ = false;  ///< some of the file, or all of it
};

/// A form with the file.
class SimpleUpload final : public OpenHumansUpload {
 public:
  using OpenHumansUpload::OpenHumansUpload;

 private:
  void go_on() override;
  void forget() override {}
  void answered(const transport::LoadOutcome& outcome);
};

/// A URL of the storage is asked for, the file is PUT there without any credentials, and then
/// declared complete. While the URL is valid, what is lost is PUT there again. When it is refused,
/// which is also how it expires, a new one is asked for.
class DirectUpload final : public OpenHumansUpload {
 public:
  using OpenHumansUpload::OpenHumansUpload;

 private:
  void go_on() override;
  void forget() override;
  void begin();
  void begun(const transport::LoadOutcome& outcome);
  void put();
  void was_put(const transport::LoadOutcome& outcome);
  void complete();
  void completed(const transport::LoadOutcome& outcome);

  std::uint64_t id_ = 0;
  std::string storage_url_;  ///< empty: has to be asked for. A secret
  bool is_there_ = false;    ///< the storage has acknowledged the file
};

}  // namespace loadgen
