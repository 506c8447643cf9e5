// GET: what is stored, as an attachment. Not in the protocol, but every tus server offers it.
#include <algorithm>
#include <array>

#include "http/range.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "system/stored_bytes.hpp"
#include "tus/operation.hpp"
#include "tus/refusals.hpp"

namespace mock {

namespace {

/// The name is percent-encoded: metadata holds any bytes (RFC 8187 section 3.2).
std::string disposition(const tus::Metadata& metadata) {
  std::string value = "attachment";
  for (const auto* key : {"filename", "name"}) {
    if (const auto name = metadata.find(key); name && !name->empty()) {
      return value + "; filename*=UTF-8''" + ::http::percent_encode(*name);
    }
  }
  return value;
}

/// As Go writes text as a literal.
std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      literal += '\\';
      literal += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      literal.append("\\x") += hex[byte >> 4U];
      literal += hex[byte & 0x0FU];
    } else {
      literal += c;
    }
  }
  return literal + '"';
}

/// "text/plain", or "text/plain" with parameters: what may be sent as a Content-Type.
bool is_media_type(std::string_view text) {
  if (!::http::is_field_value(text)) return false;
  const auto essence = ::http::trim_ows(text.substr(0, text.find(';')));
  const auto slash = essence.find('/');
  return ::http::is_token(essence.substr(0, slash)) &&
         (slash == std::string_view::npos || ::http::is_token(essence.substr(slash + 1)));
}

/// What tusd lets a browser show, as no script can hide in it.
bool is_shown(std::string_view type) {
  constexpr std::array<std::string_view, 16> shown{
      "text/plain", "image/png",  "image/jpeg",  "image/gif",      "image/bmp",  "image/webp",
      "audio/wave", "audio/wav",  "audio/x-wav", "audio/x-pn-wav", "audio/webm", "audio/ogg",
      "video/mp4",  "video/webm", "video/ogg",   "application/ogg"};
  return std::ranges::find(shown, ::http::trim_ows(type.substr(0, type.find(';')))) != shown.end();
}

class Download : public Operation {
 public:
  explicit Download(const Context& context) : context_(context) {}

  void start() override {
    auto upload = find_upload(context_);
    if (!upload) return send(context_, std::move(upload.error()));
    auto reader = context_.services.store.open(upload->id);
    if (!reader) return send(context_, refusal(context_.options, reader.error()));
    const auto size = (*reader)->size();
    if (context_.options.downloads_as_file) return start_as_file(*upload, std::move(*reader), size);
    auto [answer, range] = choose_range(context_.request, size);
    if (answer == RangeAnswer::unsatisfiable) {
      auto reply = refusal(context_.options, refused::range);
      reply.fields.add("Content-Range", "bytes */" + std::to_string(size.value));
      return send(context_, std::move(reply));
    }
    describe(*upload);
    send_bytes(answer, range, std::move(*reader), size);
  }

 private:
  /// As Go's http.ServeFile answers: a file of the type that the metadata names, with the date of
  /// its last change, which is all that conditional requests can be about.
  void start_as_file(const Upload& upload, std::unique_ptr<Reader> reader, Bytes size) {
    auto& fields = reply_.fields;
    const auto type = tus_of(upload).metadata.find("filetype").value_or("");
    const bool typed = is_media_type(type);
    std::string disposition = typed && is_shown(type) ? "inline" : "attachment";
    if (const auto name = tus_of(upload).metadata.find("filename")) {
      disposition += ";filename=" + quoted(*name);
    }
    fields.add("Content-Disposition", disposition);
    const auto changed = ::http::format_imf_fixdate(upload.modified);
    if (context_.request.fields.find("If-None-Match") == "*") {
      reply_.status = 304;
      fields.add("Last-Modified", changed);
      return send(context_, std::move(reply_));
    }
    const auto [answer, range] = choose_file_range(context_.request, size);
    if (answer == RangeAnswer::unsatisfiable || answer == RangeAnswer::faulty) {
      return send(context_, no_range(answer, disposition, size));
    }
    fields.add("Last-Modified", changed);
    fields.add("Content-Type", std::string(typed ? type : "application/octet-stream"));
    fields.add("Accept-Ranges", "bytes");
    send_bytes(answer, range, std::move(reader), size);
  }

  [[nodiscard]] Reply no_range(RangeAnswer answer, std::string disposition, Bytes size) const {
    const bool faulty = answer == RangeAnswer::faulty;
    auto reply = refusal(context_.options, faulty ? refused::range_faulty : refused::range);
    reply.fields.add("Content-Disposition", std::move(disposition));
    if (!faulty) reply.fields.add("Content-Range", "bytes */" + std::to_string(size.value));
    return reply;
  }

  void describe(const Upload& upload) {
    auto& fields = reply_.fields;
    fields.add("Content-Type", "application/octet-stream");
    fields.add("Content-Disposition", disposition(tus_of(upload).metadata));
    fields.add("Accept-Ranges", "bytes");
    // What is stored of an unfinished upload changes.
    fields.add("Cache-Control", "no-store");
  }

  void send_bytes(RangeAnswer answer, ByteRange range, std::unique_ptr<Reader> reader, Bytes size) {
    if (answer == RangeAnswer::whole) {
      range = {Bytes{0}, size};
    } else {
      reply_.status = 206;
      const auto first = static_cast<std::int64_t>(range.first.value);
      // Go also sends a range without a byte: its last position is the one before its first.
      const auto last = first + static_cast<std::int64_t>(range.length.value) - 1;
      reply_.fields.add("Content-Range", "bytes " + std::to_string(first) + "-" +
                                             std::to_string(last) + "/" +
                                             std::to_string(size.value));
    }
    reply_.source = std::make_shared<StoredBytes>(std::move(reader), range.first, range.length);
    send(context_, std::move(reply_));
  }

  const Context& context_;
  Reply reply_;
};

}  // namespace

std::unique_ptr<Operation> make_download(const Context& context) {
  return std::make_unique<Download>(context);
}

}  // namespace mock
