// What One Codex knows of a sample or a document. It is kept as an upload without bytes; the bytes
// are objects.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/date.hpp"
#include "protocol/onecodex/answers.hpp"
#include "store/attributes.hpp"
#include "store/store.hpp"
#include "system/attribute_names.hpp"

namespace mock {

/// All text is UTF-8.
struct FileUpload final : Attributes {
  enum class State {
    preuploaded,  ///< known before there was a file
    awaited,      ///< a client was told where to send it
    confirmed,
  };
  onecodex::Kind kind = onecodex::Kind::sample;
  State state = State::awaited;
  std::string id;     ///< 16 hexadecimal digits, as all ids here
  std::string owner;  ///< a user's id
  /// The id in the keys of a form's objects or, with `multipart`, the key itself.
  std::string file_id;
  std::string paired_file_id;  ///< of the second of paired ends; empty: there is none
  bool multipart = false;
  bool was_preuploaded = false;
  std::optional<std::string> filename;
  std::optional<std::uint64_t> announced;  ///< bytes of the file
  std::string metadata = "{}";             ///< JSON, an object
  std::vector<std::string> tags;
  std::optional<std::string> project;
  TimePoint confirmed;     ///< once it is confirmed
  std::uint64_t size = 0;  ///< bytes that are stored, once it is confirmed

  [[nodiscard]] const AttributeSchema& schema() const override;
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override;
  void visit(const Visit& visit) const override;
};

/// What rules can name of one.
inline constexpr std::string_view file_upload_resources[]{"samples", "documents"};
inline constexpr std::string_view file_upload_states[]{"preuploaded", "awaited", "confirmed"};
inline constexpr AttributeName file_upload_attribute_names[]{
    {"resource", file_upload_resources}, {"state", file_upload_states}, {"filename"}};

[[nodiscard]] const AttributeSchema& file_upload_schema();
/// nullptr: the upload is no such record.
[[nodiscard]] std::shared_ptr<const FileUpload> file_upload_of(const Upload& upload);

}  // namespace mock
