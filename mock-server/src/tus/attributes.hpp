// What tus knows of an upload beside its bytes.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "protocol/tus/concat.hpp"
#include "protocol/tus/metadata.hpp"
#include "store/store.hpp"

namespace mock {

struct TusAttributes final : Attributes {
  tus::Metadata metadata;                      ///< decoded, with what hooks added
  std::optional<std::string> metadata_header;  ///< Upload-Metadata as HEAD gives it back
  tus::UploadKind kind = tus::UploadKind::normal;
  std::optional<std::string> concat_header;  ///< Upload-Concat as received

  [[nodiscard]] const AttributeSchema& schema() const override;
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<Attributes> with(std::string_view name,
                                                 std::string_view value) const override;
  [[nodiscard]] std::optional<std::string_view> metadata_of(std::string_view key) const override {
    return metadata.find(key);
  }
  void visit_metadata(const Visit& visit) const override;
  [[nodiscard]] std::string chosen(const std::set<std::string, std::less<>>& made) const override;
};

/// As tusd's .info has them; what that cannot hold is in the mock's member of it.
[[nodiscard]] const AttributeSchema& tus_schema();

/// Whether tus serves the upload: not if another system made it.
[[nodiscard]] bool is_tus(const Upload& upload);
/// The upload's attributes, or those of a plain one if it has none. Valid as long as
/// `upload.attributes`.
[[nodiscard]] const TusAttributes& tus_of(const Upload& upload);
/// A final whose parts are not joined yet (extension concatenation-unfinished).
[[nodiscard]] bool awaits_parts(const Upload& upload);
/// To be changed for this upload alone, not for its copies.
[[nodiscard]] TusAttributes& edit_tus(Upload& upload);
/// Gives a plain upload the record that all plain uploads share.
void complete_attributes(Upload& upload);

}  // namespace mock
