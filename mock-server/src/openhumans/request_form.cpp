#include "openhumans/request_form.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "openhumans/words.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/openhumans/form.hpp"

namespace mock {
namespace {

/// DATA_UPLOAD_MAX_MEMORY_SIZE of Django: of a body without its files.
constexpr std::size_t longest_form = 2'621'440;
/// DATA_UPLOAD_MAX_NUMBER_FIELDS; FormReader has it, too.
constexpr std::ptrdiff_t most_fields = 1'000;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_type(std::string_view content_type, std::string_view essence) {
  return ::http::same_name(::http::trim_ows(content_type.substr(0, content_type.find(';'))),
                           essence);
}

Reply form_error(const std::string& what) {
  return words::detail(400, "Multipart form parse error - " + what);
}

/// As Django makes names of files harmless: what a client says of its own folders is left out, and
/// so is what cannot be printed. Empty: there is no name.
std::string file_name(const ::http::PartHead& head) {
  auto name = head.filename.value_or("");
  const auto slash = name.find_last_of("/\\");
  if (slash != std::string::npos) name.erase(0, slash + 1);
  std::erase_if(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U || byte == 0x7FU;
  });
  if (name == "." || name == "..") name.clear();
  return as_utf8(std::move(name));
}

/// A body that is read as it comes. Replies are for the request that is read.
class Body {
 public:
  virtual ~Body() = default;
  /// A Reply: go no further.
  virtual std::optional<Reply> take(std::string_view slice) = 0;
  virtual std::optional<Reply> finish(SentForm& into) = 0;
};

/// Held whole, and read at its end.
class ShortBody final : public Body {
 public:
  using Read = std::function<tl::expected<::http::Form, Reply>(const std::string& text)>;
  explicit ShortBody(Read read) : read_(std::move(read)) {}

  std::optional<Reply> take(std::string_view slice) override {
    if (slice.size() > longest_form - text_.size()) return words::too_much();
    text_ += slice;
    return std::nullopt;
  }
  std::optional<Reply> finish(SentForm& into) override {
    if (text_.empty()) return std::nullopt;
    auto form = read_(text_);
    if (!form) return std::move(form.error());
    into.fields = *std::move(form);
    return std::nullopt;
  }

 private:
  Read read_;
  std::string text_;
};

tl::expected<::http::Form, Reply> read_json(const std::string& text) {
  auto form = openhumans::form_of_json(text);
  if (!form) return tl::unexpected(words::detail(400, form.error().what));
  return *std::move(form);
}

tl::expected<::http::Form, Reply> read_urlencoded(const std::string& text) {
  if (1 + std::ranges::count(text, '&') > most_fields) return tl::unexpected(words::too_much());
  auto form = ::http::parse_form(text);
  if (!form) return tl::unexpected(words::detail(400, "Form parse error - a '%' stands alone"));
  return *std::move(form);
}

class Multipart final : public Body {
 public:
  Multipart(std::string_view boundary, const FormCall& call)
      : reader_(boundary, shape()), call_(call) {}

  std::optional<Reply> take(std::string_view slice) override {
    for (;;) {
      const auto event = reader_.next(slice);
      if (event == Event::more) return std::nullopt;
      if (auto refused = on(event)) return refused;
    }
  }
  std::optional<Reply> finish(SentForm& into) override {
    for (;;) {
      const auto event = reader_.finish();
      if (event == Event::end) break;
      if (auto refused = on(event)) return refused;
    }
    into.fields = reader_.fields();
    into.file = std::move(file_);
    return std::nullopt;
  }

 private:
  using Event = ::http::FormReader::Event;
  using Failure = ::http::FormReader::Failure;

  static ::http::FormShape shape() {
    ::http::FormShape shape;
    shape.file = "data_file";
    shape.file_has_name = true;
    shape.fields_after_file = true;
    shape.fields = longest_form;
    return shape;
  }

  std::optional<Reply> on(Event event) {
    switch (event) {
      case Event::file:
        return begin();
      case Event::bytes:
        return append();
      case Event::failed:
        return failed();
      case Event::more:
      case Event::file_end:
      case Event::end:
        break;
    }
    return std::nullopt;
  }

  std::optional<Reply> begin() {
    if (!call_.begin_file) return std::nullopt;
    SentForm::File file{file_name(reader_.head()), {}, nullptr};
    // Without a name Django sees no file.
    if (file.name.empty()) return std::nullopt;
    file_ = std::move(file);
    return std::nullopt;
  }

  /// The file is begun with its first byte: an empty one is refused, and need not be stored.
  std::optional<Reply> append() {
    if (!file_) return std::nullopt;
    if (!file_->bytes) {
      const auto begun = call_.begin_file(*file_, reader_.head());
      if (!begun) return words::trouble(begun.error());
    }
    const auto appended = file_->bytes->append(std::as_bytes(std::span(reader_.bytes())));
    return appended ? std::nullopt : std::optional(words::trouble(appended.error()));
  }

  std::optional<Reply> failed() {
    switch (reader_.failure()) {
      case Failure::before_file:
      case Failure::fields_too_long:
        return words::too_much();
      case Failure::second_file:
        return words::problems({{"data_file", "Only one file can be sent."}});
      case Failure::malformed:
        break;
    }
    return form_error(reader_.error().what);
  }

  ::http::FormReader reader_;
  const FormCall& call_;
  std::optional<SentForm::File> file_;
};

class FormHandler final : public Handler {
 public:
  explicit FormHandler(FormCall call) : call_(std::move(call)) {}

  void on_header(const Request& request, Exchange& exchange) override {
    request_ = &request;
    exchange_ = &exchange;
    if (request.method == "OPTIONS") return send(words::description(request));
    if (request.method != "POST") return send(words::method_not_allowed(request.method));
    if (!words::accepts_json(request)) return send(words::not_acceptable());
    if (!request.has_body()) return send(call_.answer(request, {}));
    if (auto refused = choose_body()) return send(*std::move(refused));
    exchange.read_body();
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    if (auto refused = body_->take(text_of(bytes))) send(*std::move(refused));
  }

  void on_end(BodyEnd end) override {
    if (end == BodyEnd::aborted) return;
    if (end == BodyEnd::timed_out) {
      return send(words::detail(408, "The request body did not come in time."));
    }
    SentForm form;
    if (auto refused = body_->finish(form)) return send(*std::move(refused));
    for (auto& [name, value] : form.fields) value = as_utf8(std::move(value));
    send(call_.answer(*request_, std::move(form)));
  }

 private:
  std::optional<Reply> choose_body() {
    const auto type = request_->fields.find("Content-Type").value_or("");
    if (::http::is_form_data(type)) {
      const auto boundary = ::http::boundary_of(type);
      if (!boundary) return form_error("Invalid boundary in multipart: None");
      body_ = std::make_unique<Multipart>(*boundary, call_);
    } else if (is_type(type, "application/x-www-form-urlencoded")) {
      body_ = std::make_unique<ShortBody>(read_urlencoded);
    } else if (is_type(type, "application/json")) {
      body_ = std::make_unique<ShortBody>(read_json);
    } else {
      return words::detail(415, "Unsupported media type \"" + std::string(type) + "\" in request.");
    }
    return std::nullopt;
  }

  void send(Reply reply) {
    words::add_fields(*request_, reply);
    reply.unread_body = call_.early_error;
    exchange_->reply(std::move(reply));
  }

  FormCall call_;
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  std::unique_ptr<Body> body_;
};

}  // namespace

std::unique_ptr<Handler> form_handler(FormCall call) {
  return std::make_unique<FormHandler>(std::move(call));
}

std::string as_utf8(std::string text) {
  if (json::is_utf8(text)) return text;
  return nlohmann::json::parse(json::dump_string(text)).get<std::string>();
}

}  // namespace mock
