#include "protocol/json/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "protocol/nearest.hpp"

namespace json {
namespace {

/// How much of a document one error may show.
constexpr std::size_t longest_excerpt = 60;
constexpr std::size_t longest_reason = 200;

std::string_view type_name(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::null:
      return "null";
    case nlohmann::json::value_t::object:
      return "an object";
    case nlohmann::json::value_t::array:
      return "an array";
    case nlohmann::json::value_t::string:
      return "a string";
    case nlohmann::json::value_t::boolean:
      return "a boolean";
    default:
      return "a number";
  }
}

/// "file.json:3:14" for the 1-based byte that nlohmann counts.
std::string position(std::string_view text, std::size_t byte, const std::string& document) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : text.substr(0, byte == 0 ? 0 : byte - 1)) {
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  return fmt::format("{}:{}:{}", document, line, column);
}

/// nlohmann's text without the exception's name and the position, which we tell ourselves. That
/// text ends with all of the token that was read last, however long it is and whatever it holds.
std::string reason(std::string_view what, Content content) {
  for (const std::string_view before : {std::string_view("] "), std::string_view(": ")}) {
    const std::size_t at = what.find(before);
    if (at != std::string_view::npos) what.remove_prefix(at + before.size());
    if (!what.starts_with("parse error at")) break;
  }
  constexpr std::string_view last_read = "; last read: '";
  const std::size_t at = what.find(last_read);
  if (at == std::string_view::npos) return std::string(what.substr(0, longest_reason));
  std::string why(what.substr(0, at));
  if (content == Content::secret) return why;
  std::string_view token = what.substr(at + last_read.size());
  // What follows it says what was expected; so does the beginning of the text.
  token = token.substr(0, token.rfind('\''));
  const std::size_t shown = std::min(token.size(), longest_excerpt);
  return fmt::format("{}{}{}'{}", why, last_read, token.substr(0, shown),
                     shown < token.size() ? "..." : what.substr(at + last_read.size() + shown + 1));
}

std::string element_path(const std::string& path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

std::string member_path(const std::string& path, std::string_view key) {
  const std::string_view more = key.size() > longest_excerpt ? "..." : "";
  key = key.substr(0, longest_excerpt);
  return path.empty() ? fmt::format("{}{}", key, more) : fmt::format("{}.{}{}", path, key, more);
}

}  // namespace

Cursor::Cursor(const nlohmann::json& value, std::string document, std::string path, Content content)
    : value_(&value), document_(std::move(document)), path_(std::move(path)), content_(content) {}

void Cursor::fail(const std::string& what) const {
  throw DecodeError{Error{path_.empty() ? document_ : document_ + ": " + path_, what, {}}};
}

void Cursor::only(std::span<const std::string_view> keys) const {
  for (const auto& [key, member] : members()) {
    bool known = false;
    for (const std::string_view k : keys) known = known || k == key;
    if (known) continue;
    if (content_ == Content::secret) {
      fail(fmt::format("there is an unknown key, expected {}", fmt::join(keys, ", ")));
    }
    const auto meant = slip_of(key, {keys.begin(), keys.end()});
    fail(fmt::format("unknown key {}{}, expected {}", quote(key),
                     meant ? fmt::format(" (did you mean {}?)", *meant) : "",
                     fmt::join(keys, ", ")));
  }
}

Cursor Cursor::at(std::string_view key) const {
  auto member = find(key);
  if (!member) fail(fmt::format("{} is missing", quote(key)));
  return std::move(*member);
}

std::optional<Cursor> Cursor::find(std::string_view key) const {
  if (!is_object()) fail(fmt::format("expected an object, found {}", type_name(*value_)));
  const auto member = value_->find(key);
  if (member == value_->end()) return std::nullopt;
  return Cursor{*member, document_, member_path(path_, key), content_};
}

std::vector<Cursor> Cursor::items() const {
  if (!is_array()) fail(fmt::format("expected an array, found {}", type_name(*value_)));
  std::vector<Cursor> out;
  out.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    out.emplace_back((*value_)[i], document_, element_path(path_, i), content_);
  }
  return out;
}

std::vector<std::pair<std::string, Cursor>> Cursor::members() const {
  if (!is_object()) fail(fmt::format("expected an object, found {}", type_name(*value_)));
  std::vector<std::pair<std::string, Cursor>> out;
  out.reserve(value_->size());
  for (const auto& [key, member] : value_->items()) {
    out.emplace_back(key, Cursor{member, document_, member_path(path_, key), content_});
  }
  return out;
}

const std::string& Cursor::string() const {
  if (!is_string()) fail(fmt::format("expected a string, found {}", type_name(*value_)));
  return value_->get_ref<const std::string&>();
}

bool Cursor::is_null() const { return value_->is_null(); }
bool Cursor::is_object() const { return value_->is_object(); }
bool Cursor::is_array() const { return value_->is_array(); }
bool Cursor::is_string() const { return value_->is_string(); }
bool Cursor::is_number() const { return value_->is_number(); }

bool Cursor::boolean() const {
  if (!value_->is_boolean())
    fail(fmt::format("expected true or false, found {}", type_name(*value_)));
  return value_->get<bool>();
}

std::int64_t Cursor::integer() const {
  if (!value_->is_number_integer()) {
    fail(is_number() ? "expected a whole number"
                     : fmt::format("expected a whole number, found {}", type_name(*value_)));
  }
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > limit) {
    fail(fmt::format("too large: at most {}", limit));
  }
  return value_->get<std::int64_t>();
}

std::uint64_t Cursor::unsigned_integer() const {
  // nlohmann keeps every non-negative integer it has parsed as unsigned.
  if (!value_->is_number_unsigned()) {
    fail(is_number() ? "expected a whole number that is not negative"
                     : fmt::format("expected a whole number, found {}", type_name(*value_)));
  }
  return value_->get<std::uint64_t>();
}

double Cursor::number() const {
  if (!is_number()) fail(fmt::format("expected a number, found {}", type_name(*value_)));
  return value_->get<double>();
}

namespace detail {

/// Far more than any document of ours has, and far less than recursion over the value can stand.
constexpr std::size_t max_depth = 100;

/// Builds the value of a document as it is read. nlohmann's own callback could refuse the same, but
/// its time grows with the square of the elements of an array.
class Builder {
 public:
  Builder(const std::string& document, Content content) : document_(document), content_(content) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(nlohmann::json::binary_t& value) { return add(std::move(value)); }
  bool start_object(std::size_t /*unknown*/) { return open(nlohmann::json::object()); }
  bool start_array(std::size_t /*unknown*/) { return open(nlohmann::json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  /// Refuses a key that is there twice: the last one would win in silence.
  bool key(std::string& name) {
    check_depth();
    auto& members = open_.back()->get_ref<nlohmann::json::object_t&>();
    // try_emplace leaves `name` alone if it is there already.
    const auto [member, fresh] = members.try_emplace(std::move(name));
    member_ = &member->second;
    if (fresh) return true;
    const bool secret = content_ == Content::secret;
    throw DecodeError{Error{document_,
                            secret ? "a key is there twice"
                                   : fmt::format("the key {} is there twice", quote(member->first)),
                            {}}};
  }

  template <class Exception>
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/, const Exception& error) {
    throw error;
  }

  /// Once all was read.
  [[nodiscard]] nlohmann::json value() && { return std::move(root_); }

 private:
  void check_depth() const {
    if (open_.size() <= max_depth) return;
    throw DecodeError{Error{document_, fmt::format("nested deeper than {} levels", max_depth), {}}};
  }
  template <class Value>
  bool add(Value&& value) {
    check_depth();
    place() = std::forward<Value>(value);
    return true;
  }
  /// Where the next value goes.
  nlohmann::json& place() {
    if (open_.empty()) return root_;
    if (open_.back()->is_object()) return *member_;
    return open_.back()->get_ref<nlohmann::json::array_t&>().emplace_back();
  }
  bool open(nlohmann::json empty) {
    if (open_.size() > max_depth) check_depth();
    auto& value = place();
    value = std::move(empty);
    open_.push_back(&value);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::string& document_;
  Content content_;
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;  ///< the outermost first; none of them grows but the last
  nlohmann::json* member_ = nullptr;   ///< whose value is next, in an object
};

namespace {
/// An iterator over text. No other unit has a parser over this type, so the linker cannot put
/// another's, compiled with other options, in the place of this one's (decision 28).
struct Character {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  reference operator*() const { return *at; }
  Character& operator++() {
    ++at;
    return *this;
  }
  Character operator++(int) { return {at++}; }
  bool operator==(const Character&) const = default;

  const char* at;
};
}  // namespace

Result<nlohmann::json> parse(std::string_view text, const std::string& document, Content content) {
  try {
    Builder builder(document, content);
    const Character begin{text.data()}, end{text.data() + text.size()};
    static_cast<void>(nlohmann::json::sax_parse(begin, end, &builder));
    // The parser takes a NUL byte for the end of the text, whatever follows it.
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
      return failure(position(text, nul + 1, document), "not JSON: a NUL byte");
    }
    return std::move(builder).value();
  } catch (const DecodeError& e) {
    return tl::unexpected(e.error);
  } catch (const nlohmann::json::parse_error& e) {
    return failure(position(text, e.byte, document), "not JSON: " + reason(e.what(), content));
  } catch (const nlohmann::json::exception& e) {
    // A number that no double can hold.
    return failure(document, content == Content::secret ? "a number is out of range"
                                                        : "not JSON: " + reason(e.what(), content));
  }
}

Result<std::shared_ptr<const nlohmann::json>> parse_shared(std::string_view text,
                                                           const std::string& document,
                                                           Content content) {
  auto value = parse(text, document, content);
  if (!value) return tl::unexpected(value.error());
  return std::make_shared<const nlohmann::json>(*std::move(value));
}

Result<std::string> read_file(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return failure(file, "is a directory, expected a file");
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text;
  bool failed = !in.is_open();
  try {
    if (!failed) text.assign(std::istreambuf_iterator<char>(in), {});
  } catch (const std::ios_base::failure&) {  // libstdc++'s way to tell of a failed read(2)
    failed = true;
  }
  if (failed || in.bad()) {
    return failure(file,
                   fmt::format("cannot be read: {}", std::strerror(errno != 0 ? errno : EIO)));
  }
  return text;
}

}  // namespace detail
}  // namespace json
