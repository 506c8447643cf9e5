// What the endpoints of One Codex do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "auth/key_gate.hpp"
#include "http/handler.hpp"
#include "loop/loop.hpp"
#include "objects/objects.hpp"
#include "onecodex/file_uploads.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/contract.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/signature_v2.hpp"
#include "protocol/units.hpp"
#include "services.hpp"

namespace mock {

struct OneCodexOptions {
  onecodex::Contract contract = onecodex::Contract::server;
  std::vector<std::string> api_keys;         ///< each is a user
  Milliseconds lifetime{0};                  ///< of a form
  Milliseconds import_time{0};               ///< for which a confirmed sample is "importing"
  std::string project = "d0c0ffee00000001";  ///< the only one that there is
  std::string bucket = "onecodex-uploads";
  /// They sign forms and URLs of objects, and are handed out for multipart uploads.
  s3::Credentials credentials;
  bool md5_is_etag = true;  ///< so that the MD5 of what was sent is known
};

/// Loop thread only.
class OneCodexApi {
 public:
  /// Everything by reference outlives it.
  OneCodexApi(const OneCodexOptions& options, const KeyGate& gate, FileUploads& uploads,
              Loop& loop);

  /// For a request to one of the endpoints that the gate let through. The request and `services`
  /// outlive the handler.
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request, Services& services);

 private:
  /// A request with its whole body.
  struct Call {
    const Request& request;
    const std::string& body;
    Store& store;
    std::string user;  ///< an id
  };
  using Answer = Reply (OneCodexApi::*)(const Call& call);
  template <class T>
  using OrRefusal = tl::expected<T, Reply>;

  // ---- uploads (api.cpp)
  [[nodiscard]] Reply init_sample(const Call& call);
  [[nodiscard]] Reply init_sample_multipart(const Call& call);
  [[nodiscard]] Reply preupload(const Call& call);
  [[nodiscard]] Reply confirm_sample(const Call& call);
  [[nodiscard]] Reply cancel_sample(const Call& call);
  [[nodiscard]] Reply init_document(const Call& call);
  [[nodiscard]] Reply init_document_multipart(const Call& call);
  [[nodiscard]] Reply confirm_document(const Call& call);
  [[nodiscard]] Reply callback(const Call& call);

  [[nodiscard]] OrRefusal<FileUpload> sample_for(const Call& call,
                                                 const onecodex::SampleDraft& draft);
  [[nodiscard]] OrRefusal<std::optional<StoredUpload>> preuploaded_for(
      const Call& call, const onecodex::SampleDraft& draft);
  [[nodiscard]] OrRefusal<StoredUpload> store(const Call& call, FileUpload record);
  [[nodiscard]] OrRefusal<StoredUpload> store_again(const Call& call, FileUpload record);
  [[nodiscard]] OrRefusal<StoredUpload> own(const Call& call, onecodex::Kind kind,
                                            std::string_view id);
  [[nodiscard]] Reply confirm(const Call& call, onecodex::Kind kind,
                              const onecodex::Confirmation& confirmation);
  [[nodiscard]] OrRefusal<StoredUpload> finish(const Call& call, const StoredUpload& upload,
                                               const onecodex::Confirmation& confirmation);
  [[nodiscard]] OrRefusal<std::vector<Object>> objects_of(const Call& call,
                                                          const FileUpload& record);
  [[nodiscard]] std::optional<Reply> contradiction(const FileUpload& record, const Object& file,
                                                   const onecodex::Confirmation& said) const;
  [[nodiscard]] onecodex::UploadForm form_for(const Call& call, const FileUpload& record,
                                              std::string_view file_id) const;
  [[nodiscard]] Reply initiated(const Call& call, const FileUpload& record) const;
  [[nodiscard]] Reply multipart_initiated(const FileUpload& record) const;

  // ---- resources (resources.cpp)
  [[nodiscard]] Reply schema(const Call& call);
  [[nodiscard]] Reply resource(const Call& call);
  [[nodiscard]] Reply list(const Call& call, std::string_view name);
  [[nodiscard]] Reply list_uploads(const Call& call, onecodex::Kind kind);
  [[nodiscard]] Reply upload(const Call& call, onecodex::Kind kind, const std::string& id);
  [[nodiscard]] Reply download(const Call& call, onecodex::Kind kind, const std::string& id);
  [[nodiscard]] Reply item(const Call& call, std::string_view name, const std::string& id);
  [[nodiscard]] Reply metadata(const Call& call, const std::string& id);
  [[nodiscard]] Reply tag(const Call& call, const std::string& id);
  [[nodiscard]] onecodex::Sample shown_sample(const StoredUpload& upload) const;
  [[nodiscard]] static onecodex::Document shown_document(const StoredUpload& upload);

  const OneCodexOptions& options_;
  const KeyGate& gate_;
  FileUploads& uploads_;
  Loop& loop_;
  std::map<std::string, std::string, std::less<>> users_;  ///< by the keys that are let through
};

/// The user with that key: 16 hexadecimal digits.
[[nodiscard]] std::string user_of_key(std::string_view key);

}  // namespace mock
