// Where CDC's public upload guide differs from the running service (28 points:
// docs/guides/contract-guide.md), as values: the counterparts of info.hpp and upload_config.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/dex/info.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/dex/upload_config.hpp"

namespace dex::guide {

namespace delivery_state {
inline constexpr std::string_view success = "Success";
inline constexpr std::string_view failure = "Failed";
}  // namespace delivery_state

/// The /info document with the guide's names (Manifest, File_Info, Upload_Status, Deliveries),
/// status words, one delivery per target - the latest - and neither Location nor Delivered_At where
/// one failed. Deliveries is one object if there is one target, as the guide has it, and a list if
/// there are several, on which the guide is silent. With a trailing newline.
[[nodiscard]] std::string to_json(const Info& info);

/// {"error": text} with a trailing newline: the guide says "returns JSON-encoded responses".
[[nodiscard]] std::string error_json(std::string_view text);

/// The stream fields of the older metadata model, which the guide still allows, under the names of
/// the current one: meta_destination_id is data_stream_id, meta_ext_event data_stream_route. What
/// is there already stays.
[[nodiscard]] Manifest with_stream(Manifest manifest);

/// What is wrong with the names of fields: '/' must not be used in them.
[[nodiscard]] std::vector<std::string> validate_names(const Manifest& manifest);
/// What is wrong with a manifest, in the lines of the guide's error sample; empty: nothing. Besides
/// the config's required fields, `version` is required from senders of the current model. Names are
/// compared without regard to case (the guide spells Jurisdiction and Version so). A required value
/// that is not known is "null", not empty. A '/' in a file name is refused whatever the config
/// lists.
[[nodiscard]] std::vector<std::string> validate(const Manifest& manifest,
                                                const UploadConfig& config);
/// The lines if no stream is named, or one without a config (`config` is null); else empty.
[[nodiscard]] std::vector<std::string> validate_stream(const Manifest& manifest,
                                                       const UploadConfig* config);

/// The 400 of a refused manifest: {"upload_id", "error"}, the latter as in the guide's sample, with
/// what the sender provided of `manifest`.
[[nodiscard]] std::string refusal_json(const std::string& upload_id,
                                       const std::vector<std::string>& lines, Manifest manifest);

}  // namespace dex::guide
