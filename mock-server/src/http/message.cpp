#include "http/message.hpp"

#include <array>
#include <utility>

namespace mock {

namespace {

Reply typed_reply(int status, std::string type, std::string body) {
  Reply reply;
  reply.status = status;
  reply.fields.add("Content-Type", std::move(type));
  reply.body = std::move(body);
  return reply;
}

struct Phrase {
  int status;
  std::string_view text;
};

// RFC 9110 section 15; 460 is tus's own (protocol 1.0, Checksum), 104 and 423, 424, 429, 431, 507
// and 511 are IANA's.
constexpr std::array phrases{
    Phrase{100, "Continue"},
    Phrase{101, "Switching Protocols"},
    Phrase{102, "Processing"},
    Phrase{103, "Early Hints"},
    Phrase{104, "Upload Resumption Supported"},
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{203, "Non-Authoritative Information"},
    Phrase{204, "No Content"},
    Phrase{205, "Reset Content"},
    Phrase{206, "Partial Content"},
    Phrase{207, "Multi-Status"},
    Phrase{300, "Multiple Choices"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{305, "Use Proxy"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{402, "Payment Required"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{407, "Proxy Authentication Required"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{416, "Range Not Satisfiable"},
    Phrase{417, "Expectation Failed"},
    Phrase{421, "Misdirected Request"},
    Phrase{422, "Unprocessable Content"},
    Phrase{423, "Locked"},
    Phrase{424, "Failed Dependency"},
    Phrase{425, "Too Early"},
    Phrase{426, "Upgrade Required"},
    Phrase{428, "Precondition Required"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{451, "Unavailable For Legal Reasons"},
    Phrase{460, "Checksum Mismatch"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
    Phrase{507, "Insufficient Storage"},
    Phrase{511, "Network Authentication Required"},
};

}  // namespace

Reply text_reply(int status, std::string body) {
  return typed_reply(status, "text/plain; charset=utf-8", std::move(body));
}

Reply json_reply(int status, std::string body) {
  return typed_reply(status, "application/json", std::move(body));
}

std::optional<std::string> small_body_of(const Reply& reply) {
  if (!reply.source) return reply.body;
  if (reply.length() > editable_body) return std::nullopt;
  std::string bytes(reply.length().value, '\0');
  if (!reply.source->read(Bytes{0}, std::as_writable_bytes(std::span(bytes)))) return std::nullopt;
  return bytes;
}

std::string_view reason_phrase(int status) {
  for (const auto& phrase : phrases) {
    if (phrase.status == status) return phrase.text;
  }
  return {};
}

}  // namespace mock
