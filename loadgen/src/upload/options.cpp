#include "upload/options.hpp"

#include <fmt/format.h>

#include <utility>

#include "safety/production.hpp"

namespace loadgen {
namespace {

/// Whether scheme, host and port are the same to the letter, as nearly always: taking URLs apart
/// costs more than a small upload has left.
bool same_to_the_letter(const std::string& url, const std::string& create_url) {
  const auto authority = create_url.find("://");
  const auto path = create_url.find('/', authority + 3);
  return authority != std::string::npos && path != std::string::npos &&
         url.compare(0, path + 1, create_url, 0, path + 1) == 0;
}

}  // namespace

std::string filled_in(std::string text, std::string_view name, std::uint64_t number) {
  const std::string placeholder = fmt::format("{{{}}}", name);
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at)) {
    const std::string digits = std::to_string(number);
    text.replace(at, placeholder.size(), digits);
    at += digits.size();
  }
  return text;
}

std::string Numbering::filled_in(std::string text, std::uint64_t upload) const {
  if (text.find('{') == std::string::npos) return text;
  text = loadgen::filled_in(std::move(text), "partner", partner(upload));
  text = loadgen::filled_in(std::move(text), "file", file(upload));
  return loadgen::filled_in(std::move(text), "account", account(upload));
}

std::map<std::string, std::string> UploadOptions::metadata_of(std::uint64_t upload) const {
  std::map<std::string, std::string> filled = metadata;
  for (auto& [key, value] : filled) value = numbering.filled_in(std::move(value), upload);
  return filled;
}

/// RFC 6454: the credentials were given for one scheme, host and port.
bool UploadOptions::may_lead_to(const std::string& url) const {
  // The run has checked that create_url is no URL of production.
  if (same_to_the_letter(url, create_url)) return true;
  if (!not_production(url)) return false;
  return any_origin || transport::origin_of(url) == transport::origin_of(create_url) ||
         trusted.hold(url);
}

std::string file_name(const std::string& run_id, std::uint64_t index, std::string_view extension) {
  return fmt::format("dex-loadgen-{}-{:08}.{}", run_id, index, extension);
}

}  // namespace loadgen
