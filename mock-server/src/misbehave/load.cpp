#include "misbehave/load.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "files/input.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

void append_texts(const Cursor& at, std::string_view key, std::vector<std::string>& into) {
  for (auto& text : list(at, key, text_of))
    if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(std::move(text));
}

/// Reads what a rule shares with a file of rules.
void read_story(const Cursor& at, Misbehaviour& into) {
  append_texts(at, "breaks", into.breaks);
  append_texts(at, "seen", into.seen);
  flag(at, "lies");  // for those who read the files; here it only has to be a boolean
  if (auto description = at.find("description"))
    if (into.description.empty()) into.description = description->string();
}

/// The keys of a rule; with the last one, those of a document that has several.
constexpr std::array<std::string_view, 14> keys_of_documents{
    "$schema", "name",  "description", "lies",  "breaks",           "seen",    "when",
    "then",    "times", "sets",        "needs", "survives_restart", "control", "rules"};

Rule rule_of(const Cursor& at, const std::string& default_name) {
  at.only(std::span(keys_of_documents).first(keys_of_documents.size() - 1));
  Rule rule;
  rule.name = optional(at, "name", text_of).value_or(default_name);
  rule.json = at.raw().dump();
  if (rule.name.empty()) at.at("name").fail("is empty");
  try {
    if (auto when = at.find("when")) rule.when = when_of(*when);
    rule.sets = optional(at, "sets", mark_of);
    // A rule may be there for its mark only.
    if (!rule.sets || at.find("then")) rule.then = then_of(at.at("then"));
    if (auto times = at.find("times")) {
      rule.times = times->unsigned_integer();
      if (*rule.times == 0) times->fail("is 0: the rule can never fire");
    }
    rule.needs = optional(at, "needs", mark_of);
    rule.survives_restart = flag(at, "survives_restart");
    const bool locks = rule.then.upload && rule.then.upload->lock;
    if (rule.survives_restart && !rule.sets && !locks)
      at.at("survives_restart").fail("is about a mark or a lock, and the rule leaves neither");
    if (locks) rule.then.upload->lock_survives = rule.survives_restart;
    rule.control = flag(at, "control");
    if (auto why = contradiction_in(rule)) at.fail(*why);
  } catch (json::DecodeError& e) {
    e.error.what += " (rule '" + rule.name + "')";
    throw;
  }
  return rule;
}

std::string stem_of(const std::string& document) {
  const auto slash = document.find_last_of('/');
  auto name = slash == std::string::npos ? document : document.substr(slash + 1);
  if (name.size() > 5 && name.substr(name.size() - 5) == ".json") name.resize(name.size() - 5);
  return name;
}

Misbehaviour misbehaviour_of(const Cursor& root, const std::string& document) {
  Misbehaviour result;
  result.name = optional(root, "name", text_of).value_or(stem_of(document));
  const auto rules = root.find("rules");
  if (!rules) {
    root.only(keys_of_documents);
    read_story(root, result);
    result.rules.push_back(rule_of(root, result.name));
    return result;
  }
  root.only({"$schema", "name", "description", "lies", "breaks", "seen", "rules"});
  read_story(root, result);
  if (rules->items().size() > rule_limit)
    rules->fail("holds " + std::to_string(rules->items().size()) + " rules: at most " +
                std::to_string(rule_limit) + " can be loaded");
  for (const auto& item : rules->items()) {
    const auto number = result.rules.size() + 1;
    result.rules.push_back(rule_of(item, result.name + "#" + std::to_string(number)));
    read_story(item, result);
  }
  if (result.rules.empty()) rules->fail("holds no rule");
  if (const auto shadow = shadow_among(result.rules))
    rules->items()[shadow->hidden].fail(
        "rule '" + result.rules[shadow->hidden].name + "' stands behind rule '" +
        result.rules[shadow->by].name +
        "', which always takes everything that it would change: it can never do anything; drop it, "
        "or put the narrower one first");
  return result;
}

}  // namespace

Result<Misbehaviour> load_file(const std::string& file) {
  const auto text = read_input(file);
  if (!text) return tl::unexpected(text.error());
  return load_text(*text, file);
}

Result<Misbehaviour> load_text(std::string_view text, const std::string& document) {
  return json::decode(text, document,
                      [&](const Cursor& root) { return misbehaviour_of(root, document); });
}

}  // namespace mock::misbehave
