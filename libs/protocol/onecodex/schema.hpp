// The schema that One Codex publishes of its API and holds requests to. The documents are our own,
// with the facts of the recorded ones (JSON hyper-schema, draft 4, as Flask-Potion writes it).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/onecodex/contract.hpp"

namespace onecodex {

/// The calls whose bodies are held to a schema.
enum class Call {
  init_sample,            ///< POST samples/init_upload
  init_sample_multipart,  ///< POST samples/init_multipart_upload
  preupload,              ///< POST samples/preupload
  confirm_sample,         ///< POST samples/confirm_upload
  cancel_sample,          ///< POST samples/cancel_upload
  init_document,          ///< POST documents/init_upload
  confirm_document,       ///< POST documents/confirm_upload
};
/// Lives as long as the program. Thread-safe.
[[nodiscard]] const nlohmann::ordered_json& schema_of(Call call, Contract contract);

/// GET /api/v1/schema: the resources, each by a reference.
[[nodiscard]] const std::string& schema_document();
/// GET /api/v1/schema?expand=all: the same with each reference replaced by its schema.
[[nodiscard]] const std::string& expanded_schema_document();
/// GET /api/v1/{resource}/schema; nullptr: there is no such resource.
[[nodiscard]] const std::string* schema_document(std::string_view resource);

/// "/api/v1/samples/{id}".
[[nodiscard]] std::string reference(std::string_view resource, std::string_view id);
/// The pattern of such references, as the schema has it.
[[nodiscard]] std::string reference_pattern(std::string_view resource);
/// The id in a text that matches such a pattern; empty if it does not.
[[nodiscard]] std::string_view id_of_reference(std::string_view pattern, std::string_view text);

}  // namespace onecodex
