#include "misbehave/pattern.hpp"

// std::regex recurses once per character: a 64 KB header would end the process.
#include <boost/regex.hpp>
#include <stdexcept>

namespace mock::misbehave {

struct Pattern::Compiled {
  std::string expression;
  boost::regex regex;
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  try {
    auto compiled = std::make_shared<Compiled>();
    compiled->expression = std::string{expression};
    compiled->regex.assign(compiled->expression, boost::regex::perl);
    return Pattern{std::move(compiled)};
  } catch (const std::runtime_error& e) {
    return failure({},
                   "'" + std::string{expression} + "' is not a regular expression: " + e.what());
  }
}

bool Pattern::found_in(std::string_view text) const {
  try {
    return boost::regex_search(text.begin(), text.end(), compiled_->regex);
  } catch (const std::runtime_error&) {  // the engine gave up on its complexity
    return false;
  }
}

std::string Pattern::replace(std::string_view text, const std::string& with) const {
  try {
    return boost::regex_replace(std::string{text}, compiled_->regex, with, boost::format_perl);
  } catch (const std::runtime_error&) {
    return std::string{text};
  }
}

const std::string& Pattern::expression() const { return compiled_->expression; }

}  // namespace mock::misbehave
