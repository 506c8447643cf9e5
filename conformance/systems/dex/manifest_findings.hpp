// What is wrong with a partner's manifest, in words for them: by an upload config, and by the
// service's refusal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "onboard/walk.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/dex/upload_config.hpp"

namespace conformance::onboard {

/// One finding for each field that is missing or not allowed, in the order of the config. A remedy
/// says to ask `people` where nothing else helps.
[[nodiscard]] std::vector<Finding> by_config(const dex::Manifest& manifest,
                                             const dex::UploadConfig& config,
                                             const std::string& people);

/// From the body of a refused creation, in the service's shape ({"validation_errors"}) or the
/// guide's ({"error"}). Fields that the config knows get the findings of `by_config`. Never empty.
[[nodiscard]] std::vector<Finding> by_refusal(const std::string& body,
                                              const dex::Manifest& manifest,
                                              const std::optional<dex::UploadConfig>& config,
                                              const std::string& people);

}  // namespace conformance::onboard
