// What Open Humans knows of a file. It is kept as an upload without bytes; the bytes are an object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/attributes.hpp"
#include "store/store.hpp"
#include "system/attribute_names.hpp"

namespace mock {

/// All text is UTF-8.
struct FileRecord final : Attributes {
  std::uint64_t number = 0;  ///< what clients call its id; counts from 1 in each lane
  std::string member;
  std::string key;  ///< of the object, which may have yet to be sent
  std::string basename;
  std::string metadata;   ///< JSON, an object
  bool complete = false;  ///< it is listed

  [[nodiscard]] const AttributeSchema& schema() const override;
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override;
  void visit(const Visit& visit) const override;
};

/// What rules can name of a file.
inline constexpr std::string_view file_states[]{"yes", "no"};
inline constexpr AttributeName file_attribute_names[]{
    {"member"}, {"basename"}, {"complete", file_states}};

[[nodiscard]] const AttributeSchema& file_schema();
/// nullptr: the upload is no file's record.
[[nodiscard]] std::shared_ptr<const FileRecord> file_of(const Upload& upload);

}  // namespace mock
