#include "recorded_replies.hpp"

#include "protocol/json/decode.hpp"

namespace replies {
namespace {

using json::Cursor;

/// The texts of a list, which must not be empty.
std::vector<std::string> texts_in(const Cursor& list) {
  std::vector<std::string> texts;
  for (const auto& one : list.items()) texts.push_back(one.string());
  if (texts.empty()) list.fail("expected at least one");
  return texts;
}

std::string system_of(const Cursor& at) {
  if (at.string() != "dex" && at.string() != "tus") at.fail("expected dex or tus");
  return at.string();
}

std::string fingerprint_of(const Cursor& at) {
  const auto& digits = at.string();
  if (digits.size() != 16 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    at.fail("expected the 16 hexadecimal digits of a list");
  return digits;
}

std::optional<Reply> reply_of(const Cursor& at) {
  if (at.is_null()) return std::nullopt;
  Reply reply;
  for (const auto& [aspect, value] : at.members()) reply.emplace(aspect, value.string());
  static_cast<void>(at.at("status"));
  return reply;
}

Recorded read_recorded(const Cursor& root) {
  root.only({"$schema", "server", "commands", "recorded", "system", "list", "replies"});
  Recorded recorded;
  if (root.at("server").string().empty()) root.at("server").fail("must not be empty");
  static_cast<void>(texts_in(root.at("commands")));
  static_cast<void>(root.at("recorded").string());
  recorded.system = system_of(root.at("system"));
  recorded.list = fingerprint_of(root.at("list"));
  for (const auto& entry : root.at("replies").items()) {
    entry.only({"to", "reply"});
    const auto reply = reply_of(entry.at("reply"));
    for (const auto& name : texts_in(entry.at("to"))) recorded.replies[name] = reply;
  }
  return recorded;
}

}  // namespace

Result<Recorded> parse_recorded(std::string_view text, const std::string& document) {
  return json::decode(text, document, read_recorded);
}

Result<Recorded> load_recorded(const std::string& file) {
  return json::decode_file(file, read_recorded);
}

}  // namespace replies
