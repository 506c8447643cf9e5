#include "misbehave/pattern.hpp"

// std::regex recurses once per character: a 64 KB header would end the process.
#include <algorithm>
#include <boost/regex.hpp>
#include <stdexcept>

namespace mock::misbehave {

namespace {

/// What every text that matches begins with; empty when the expression does not say so plainly.
std::string literal_prefix(std::string_view expression) {
  if (!expression.starts_with('^') || expression.find('|') != std::string_view::npos) return {};
  expression.remove_prefix(1);
  const auto end = std::min(expression.find_first_of("\\.[](){}*+?^$"), expression.size());
  auto literal = expression.substr(0, end);
  // A quantifier may take the last character away again.
  if (end < expression.size() &&
      std::string_view{"*?{"}.find(expression[end]) != std::string::npos && !literal.empty())
    literal.remove_suffix(1);
  return std::string{literal};
}

}  // namespace

struct Pattern::Compiled {
  std::string expression;
  std::string prefix;  ///< sorts out most texts for little
  boost::regex regex;
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  try {
    auto compiled = std::make_shared<Compiled>();
    compiled->expression = std::string{expression};
    compiled->prefix = literal_prefix(expression);
    compiled->regex.assign(compiled->expression, boost::regex::perl);
    return Pattern{std::move(compiled)};
  } catch (const std::runtime_error& e) {
    return failure({},
                   "'" + std::string{expression} + "' is not a regular expression: " + e.what());
  }
}

bool Pattern::found_in(std::string_view text) const {
  if (!text.starts_with(compiled_->prefix)) return false;
  try {
    return boost::regex_search(text.begin(), text.end(), compiled_->regex,
                               boost::match_default | boost::match_single_line);
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
