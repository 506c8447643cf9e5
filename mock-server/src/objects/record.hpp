// The record of an upload that holds the bytes of an object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/fields.hpp"
#include "store/store.hpp"
#include "system/attribute_names.hpp"

namespace mock {

struct ObjectRecord final : Attributes {
  enum class State {
    writing,  ///< nobody was told of it: a killed transfer leaves it so
    object,
    multipart,  ///< a multipart upload that was begun; it has no bytes
    part,       ///< of one
  };
  State state = State::writing;
  std::string bucket;
  std::string key;
  std::string etag;            ///< without quotes; once it is an object
  ::http::Fields fields;       ///< NewObject::fields
  std::uint64_t sequence = 0;  ///< of two objects with one key the later has the higher one
  std::string multipart;       ///< of a part or a joined object: the id of the multipart upload
  unsigned number = 0;         ///< of a part, from 1
  std::string former;          ///< of a multipart upload: the id of the object it began with

  [[nodiscard]] const AttributeSchema& schema() const override;
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override;
  void visit(const Visit& visit) const override;
  /// x-amz-meta-*, by its whole name.
  [[nodiscard]] std::optional<std::string_view> metadata_of(std::string_view key) const override;
  void visit_metadata(const Visit& visit) const override;
};

inline constexpr AttributeName object_attribute_names[]{{"bucket"}, {"key"}, {"content_type"}};

/// How records are kept in a .info.
[[nodiscard]] const AttributeSchema& objects_schema();

/// nullptr: the upload is not an object's. Valid as long as `upload.attributes`.
[[nodiscard]] const ObjectRecord* record_of(const Upload& upload);

}  // namespace mock
