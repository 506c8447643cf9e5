#include "transport/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "protocol/json/encode.hpp"
#include "redact/field_names.hpp"
#include "redact/printable.hpp"

namespace transport {
namespace {

using ::redact::printable;

// Whoever has the signature of a URL or a form may do what it allows. Storages that refuse one send
// it back with what it signs: for a form the policy, as it is and in hexadecimal. An API may also
// hand out the secret key of its storage.
constexpr std::array<std::string_view, 13> secret_fields = {"password",
                                                            "access_token",
                                                            "refresh_token",
                                                            "id_token",
                                                            "token",
                                                            "client_secret",
                                                            "client_assertion",
                                                            "X-Amz-Signature",
                                                            "Signature",
                                                            "SignatureProvided",
                                                            "StringToSign",
                                                            "StringToSignBytes",
                                                            "upload_aws_secret_access_key"};
constexpr std::size_t shown_body = 2048;

bool name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

bool secret_field(std::string_view name) {
  return std::any_of(secret_fields.begin(), secret_fields.end(),
                     [&](std::string_view s) { return same_text(s, name); });
}

/// The end of a JSON string whose first character is at `from`.
std::size_t string_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i;
    }
  }
  return text.size();
}

void add_fields(std::string& out, char mark, const http::Fields& fields) {
  for (const auto& field : fields) {
    const std::string value = is_secret_header(field.name) ? "***" : redact(field.value);
    out += fmt::format("{} {}: {}\n", mark, printable(field.name), printable(value));
  }
}

bool is_text(const Response& response) {
  const auto type = response.headers.find("Content-Type");
  if (!type) return json::is_utf8(response.body) && response.body.find('\0') == std::string::npos;
  const std::string_view media = http::trim_ows(type->substr(0, type->find(';')));
  const bool texty = media.starts_with("text/") || media == "application/json" ||
                     media.ends_with("+json") || media == "application/xml" ||
                     media.ends_with("+xml");
  return texty && json::is_utf8(response.body);
}

/// The bytes of an upload must not get into evidence, whatever type they claim to have.
bool is_download(const Sent& sent, const Response& response) {
  return response.headers.has("Content-Disposition") ||
         (sent.method == "GET" && response.status / 100 == 2 &&
          (response.headers.has("Tus-Resumable") || response.headers.has("Upload-Offset") ||
           response.headers.has("Accept-Ranges")));
}

std::string shown(std::string_view body, std::string_view prefix) {
  std::string out;
  std::size_t from = 0;
  while (from < body.size()) {
    const std::size_t end = std::min(body.find('\n', from), body.size());
    std::string_view line = body.substr(from, end - from);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += fmt::format("{}{}\n", prefix, printable(line, ::redact::Lines::kept));
    from = end + 1;
  }
  return out;
}

}  // namespace

std::string_view to_string(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::resolve:
      return "resolve";
    case Failure::Kind::connect:
      return "connect";
    case Failure::Kind::own:
      return "own limit";
    case Failure::Kind::tls:
      return "tls";
    case Failure::Kind::proxy:
      return "proxy";
    case Failure::Kind::timeout:
      return "timeout";
    case Failure::Kind::reset:
      return "reset";
    case Failure::Kind::closed:
      return "closed";
    case Failure::Kind::protocol:
      return "protocol";
    case Failure::Kind::other:
      break;
  }
  return "other";
}

bool is_secret_header(std::string_view name) { return ::redact::is_credential_field(name); }

std::string redact(std::string_view text) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!name_char(text[i])) {
      out += text[i++];
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && name_char(text[i])) ++i;
    std::string_view name = text.substr(begin, i - begin);
    out += name;
    // An '&' that was written as an escape of JSON.
    constexpr std::string_view ampersand = "u0026";
    if (begin > 0 && text[begin - 1] == '\\' && name.starts_with(ampersand)) {
      name.remove_prefix(ampersand.size());
    }
    if (!secret_field(name)) continue;
    std::size_t at = i;
    if (at < text.size() && text[at] == '=') {  // a form or a query
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != '&' && text[end] != '#' && text[end] != '"' &&
             std::isspace(static_cast<unsigned char>(text[end])) == 0) {
        ++end;
      }
      out += "=***";
      i = end;
      continue;
    }
    if (at < text.size() && text[at] == '>' && begin > 0 && text[begin - 1] == '<') {  // XML
      out += ">***";
      i = std::min(text.find('<', at), text.size());
      continue;
    }
    if (at >= text.size() || text[at] != '"') continue;  // a member of a JSON object
    ++at;
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
    if (at >= text.size() || text[at] != ':') continue;
    ++at;
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
    out += text.substr(i, at - i);
    if (at < text.size() && text[at] == '"') {
      const std::size_t end = string_end(text, at + 1);
      out += end < text.size() ? "\"***\"" : "\"***";
      i = std::min(end + 1, text.size());
    } else {
      std::size_t end = at;
      while (end < text.size() && text[end] != ',' && text[end] != '}' && text[end] != '\n') ++end;
      out += "***";
      i = end;
    }
  }
  return out;
}

std::string transcript(const Exchange& exchange) {
  const Sent& sent = exchange.sent;
  std::string out = fmt::format("> {} {}\n", sent.method, printable(redact(sent.url)));
  add_fields(out, '>', sent.headers);
  if (sent.body_size.value > 0) {
    out += fmt::format("> [body: {} bytes, sha256 {}]\n", sent.body_size.value, sent.body_sha256);
  }
  for (const Interim& interim : exchange.interims) {
    out += fmt::format("< HTTP/1.1 {}\n", interim.status);
    add_fields(out, '<', interim.headers);
  }
  if (exchange.response) {
    const Response& response = *exchange.response;
    out +=
        fmt::format("< {} {} {}\n", response.version, response.status, printable(response.reason));
    add_fields(out, '<', response.headers);
    if (response.body_size.value > 0) {
      if (is_text(response) && !is_download(sent, response)) {
        // Redacted before it is cut: half a token is a secret as well.
        const std::string text = redact(response.body);
        out += shown(std::string_view(text).substr(0, shown_body), "< | ");
        if (text.size() > shown_body || response.body_size.value > response.body.size()) {
          out += fmt::format("< [cut: {} bytes in all]\n", response.body_size.value);
        }
      } else {
        out += fmt::format("< [body: {} bytes]\n", response.body_size.value);
      }
    }
  }
  if (exchange.failure) {
    out += fmt::format("! {}: {}\n", to_string(exchange.failure->kind),
                       printable(exchange.failure->message));
  }
  out += fmt::format("  ({} connection, first byte {:.1f} ms, total {:.1f} ms)\n",
                     exchange.reused_connection ? "reused" : "new",
                     static_cast<double>(exchange.timings.first_byte.count()) / 1000.0,
                     static_cast<double>(exchange.timings.total.count()) / 1000.0);
  return out;
}

}  // namespace transport
