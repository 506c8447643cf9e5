#include "upload/read.hpp"

#include <fmt/format.h>

#include "redact/secrets.hpp"
#include "transport/url.hpp"

namespace loadgen {

Result<std::string> http_url(const std::string& text) {
  if (const auto parts = transport::parse_url(text); !parts) {
    // What is shown goes into logs: never what may be a password.
    return failure(
        "",
        fmt::format("{} is not an http or https URL: {}", quote(redact::shown_url(text)),
                    parts.error().what),
        parts.error().hint.empty() ? "as in http://127.0.0.1:8080/files" : parts.error().hint);
  }
  std::string value = text;
  while (value.ends_with('/')) value.pop_back();
  return value;
}

Result<Milliseconds> positive_duration(const std::string& text) {
  auto value = parse_duration(text);
  if (value && value->count() <= 0) return failure("", "it must be above 0");
  return value;
}

}  // namespace loadgen
