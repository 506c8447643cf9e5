#include "report/uploads_csv.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "redact/printable.hpp"

namespace loadgen {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string uploads_csv_head() {
  return "index,name,url,size,state,cause,intended_ms,started_ms,created_ms,uploaded_ms,"
         "delivered_ms,requests,retries,resumes,new_uploads,sent,acknowledged,rolled_back,cuts,"
         "never_sent,ended_ms,damage\r\n";
}

std::string uploads_csv_line(const UploadResult& u, Time begin, const redact::Secrets& secrets) {
  const auto ms = [&](const std::optional<Time>& time) {
    if (!time) return std::string{};
    return fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(*time - begin).count());
  };
  const auto shown = [&](const std::string& text) {
    return csv_field(redact::printable(secrets.mask(text)));
  };
  std::string cuts;
  for (const auto& cut : u.cuts) {
    cuts += fmt::format("{}{}:{}", cuts.empty() ? "" : ";", cut.at.value, to_string(cut.kind));
    if (cut.loses != Loses::body) cuts += fmt::format(":{}", to_string(cut.loses));
  }
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", u.index, u.name,
      shown(u.url), u.size.value, to_string(u.state), shown(u.cause ? u.cause->what : ""),
      ms(u.intended), ms(u.started), ms(u.created), ms(u.uploaded), ms(u.delivered), u.requests,
      u.retries, u.resumes, u.new_uploads, u.sent.value, u.acknowledged.value, u.rolled_back.value,
      cuts, u.never_sent.value, ms(u.ended), u.damage ? to_string(*u.damage) : "");
}

}  // namespace loadgen
