#include "redact/command_line.hpp"

#include "protocol/error.hpp"
#include "redact/secrets.hpp"

namespace redact {

bool is_variable_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

std::string unknown_flags(const std::vector<std::string>& arguments) {
  std::string flags;
  std::string words;
  for (const std::string& word : arguments) {
    if (word.starts_with("-")) {
      flags += (flags.empty() ? "" : ", ") + quote(word.substr(0, word.find('=')));
    } else {
      words += (words.empty() ? "" : ", ") +
               (word.size() < Secrets::least_bytes ? quote(word) : std::string("***"));
    }
  }
  return flags.empty() ? "unexpected argument " + words : "there is no flag " + flags;
}

}  // namespace redact
