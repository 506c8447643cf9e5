// Where a delivered file goes: CDC's path templates (rows DEX-DELIV-009 to -011).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dex/manifest.hpp"
#include "protocol/error.hpp"

namespace mock {

/// Text with {{.Year}} {{.Month}} {{.Day}} {{.Hour}} {{.Filename}} {{.UploadId}} {{.Prefix}}
/// {{.Suffix}} {{.DataStreamID}} {{.DataStreamRoute}}. A value type.
class PathTemplate {
 public:
  /// {{.Year}}/{{.Month}}/{{.Day}}/{{.Filename}}, as DEX uses without a path_template.
  PathTemplate();
  /// An unknown name or another construct of Go's text/template is an Error.
  [[nodiscard]] static Result<PathTemplate> parse(std::string_view text);

  /// The file's path below its target. The date is the UTC of dex_ingest_datetime; Filename comes
  /// without its extension, which is added at the end; Prefix and Suffix are empty, as DEX leaves
  /// them. A path that would leave the target, or names no file, is an Error (DEX-SEC-003).
  [[nodiscard]] Result<std::filesystem::path> render(const std::string& upload_id,
                                                     const dex::Manifest& manifest) const;

 private:
  struct Piece {
    bool placeholder = false;
    std::string text;  ///< literal text, or the placeholder's name
  };
  explicit PathTemplate(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  std::vector<Piece> pieces_;
};

/// A '/' together with a ".." component: a name that was made to climb out of a folder.
[[nodiscard]] bool climbs_out(std::string_view path);

}  // namespace mock
