#include "upload/storage.hpp"

#include <fmt/format.h>

#include <optional>

#include "protocol/s3/documents.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;

/// What the storage said.
std::optional<s3::ErrorBody> refusal_of(const LoadOutcome& outcome) {
  if (!outcome.response) return std::nullopt;
  const auto body = s3::parse_error_body(outcome.response->body);
  return body ? std::optional(*body) : std::nullopt;
}

}  // namespace

Cause cause_of_storage(std::string_view what, const LoadOutcome& outcome) {
  Cause cause = cause_of(what, outcome);
  if (const auto body = refusal_of(outcome)) {
    cause.detail = fmt::format("{}: {}", body->code, body->message);
  }
  return cause;
}

bool is_storage_timeout(const LoadOutcome& outcome) {
  const auto body = refusal_of(outcome);
  return status_of(outcome) == 400 && body && body->code == "RequestTimeout";
}

}  // namespace loadgen
