#include "settings/flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "protocol/nearest.hpp"
#include "redact/command_line.hpp"
#include "redact/secrets.hpp"
#include "settings/choice.hpp"

namespace settings {
namespace {

/// An Error of ours on its way through CLI11.
struct Refused : CLI::ValidationError {
  explicit Refused(::Error e) : CLI::ValidationError(e.line()), error(std::move(e)) {}
  ::Error error;
};

using Apply = std::function<Result<void>(const std::string& text)>;

void apply_or_refuse(const std::string& flag, const Apply& apply, const std::string& text) {
  const auto applied = apply(text);
  if (applied) return;
  ::Error error = applied.error();
  error.where = error.where.empty() ? flag : flag + ": " + error.where;
  throw Refused(std::move(error));
}

/// "the nearest are --a, --b, --c": the flags nearest to the first of `words` that looks like a
/// flag, among those of `app` and of the subcommands given. Empty if no word looks like a flag.
std::string nearest_flags(const CLI::App& app, const std::vector<std::string>& words) {
  const auto wrong =
      std::ranges::find_if(words, [](const std::string& word) { return word.starts_with("--"); });
  if (wrong == words.end()) return {};
  std::vector<std::string> names;
  std::vector<const CLI::App*> open{&app};
  while (!open.empty()) {
    const auto* const one = open.back();
    open.pop_back();
    for (const auto* const option : one->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back(name);
    }
    for (const auto* const given : one->get_subcommands()) open.push_back(given);
  }
  // Without dashes, so that "timeout" is found in "read-timeout".
  auto nearest = nearest_names(std::string_view(*wrong).substr(2, wrong->find('=') - 2),
                               {names.begin(), names.end()});
  for (auto at = nearest.find(", "); at != std::string::npos; at = nearest.find(", ", at + 2)) {
    nearest.insert(at + 2, "--");
  }
  return "the nearest are --" + nearest;
}

/// Refuses a first word that is none of the subcommands of `app`, if it has any.
Result<void> check_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with("-")) return {};
  std::vector<std::string_view> commands;
  for (const auto* const command : app.get_subcommands(/*filter=*/{})) {
    commands.push_back(command->get_name());
  }
  if (commands.empty() || std::ranges::count(commands, arguments.front()) > 0) return {};
  auto none = not_one_of(arguments.front(), commands);
  // As in redact::unknown_flags: a long word that is no slip of a command may be a secret.
  if (none.value().hint.empty() && arguments.front().size() >= redact::Secrets::least_bytes) {
    none = not_one_of("***", commands);
  }
  return none;
}

bool asks_for_help(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return (app.get_help_ptr() != nullptr && app.get_help_ptr()->count() > 0) ||
         std::ranges::any_of(given,
                             [](const CLI::App* command) { return asks_for_help(*command); });
}

std::string text_for(const CLI::App& app, const CLI::Success& asked) {
  std::ostringstream out;
  std::ostringstream none;
  app.exit(asked, out, none);
  return out.str();
}

}  // namespace

void add_flag(CLI::App& app, const Flag& flag, Apply apply) {
  const std::string name = "--" + flag.name;
  if (flag.value.empty()) {
    app.add_flag_callback(
           name, [name, apply = std::move(apply)] { apply_or_refuse(name, apply, "true"); },
           flag.help)
        ->group(flag.group);
    return;
  }
  CLI::callback_t run = [name, apply = std::move(apply)](const CLI::results_t& given) {
    for (const auto& text : given) apply_or_refuse(name, apply, text);
    return true;
  };
  auto* option = app.add_option(name, std::move(run), flag.help);
  option->type_name(flag.value)->default_str(flag.initial)->group(flag.group);
  if (flag.times == Times::listed) option->expected(CLI::detail::expected_max_vector_size);
  if (flag.times != Times::once) option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_word(CLI::App& app, const Flag& word, Apply apply) {
  CLI::callback_t run = [apply = std::move(apply)](const CLI::results_t& given) {
    for (const auto& text : given) {
      if (const auto applied = apply(text); !applied) throw Refused(applied.error());
    }
    return true;
  };
  app.add_option(word.name, std::move(run), word.help)->type_name(word.value);
}

void add_printing_flag(CLI::App& app, const Flag& flag,
                       std::function<Result<std::string>(const std::string& text)> print) {
  const std::string name = "--" + flag.name;
  CLI::callback_t run = [name, print = std::move(print)](const CLI::results_t& given) {
    // CLI11's word for a value that was left out.
    const bool left_out = given.empty() || given.front() == "true";
    std::string text;
    const auto keep = [&text, &print](const std::string& value) -> Result<void> {
      auto printed = print(value);
      if (!printed) return tl::unexpected(printed.error());
      text = *std::move(printed);
      return {};
    };
    apply_or_refuse(name, keep, left_out ? "" : given.front());
    // CLI11 itself prints the end of the last line.
    while (text.ends_with('\n')) text.pop_back();
    throw CLI::CallForVersion(text, 0);
    return true;
  };
  app.add_option(name, std::move(run), flag.help)
      ->type_name(flag.value)
      ->group(flag.group)
      ->expected(0, 1);
}

Result<std::optional<std::string>> parse(CLI::App& app, std::vector<std::string> arguments) {
  if (auto sound = check_command(app, arguments); !sound) return tl::unexpected(sound.error());
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
  const auto unknown = [&]() -> tl::unexpected<::Error> {
    const auto words = app.remaining(/*recurse=*/true);
    return failure("", redact::unknown_flags(words), nearest_flags(app, words));
  };
  try {
    app.parse(std::move(arguments));
  } catch (const Refused& refused) {
    // CLI11 reads values before it looks for --help and for unknown flags.
    if (asks_for_help(app)) return text_for(app, CLI::CallForHelp());
    if (app.remaining_size(/*recurse=*/true) > 0) return unknown();
    return tl::unexpected(refused.error);
  } catch (const CLI::Success& asked) {
    return text_for(app, asked);
  } catch (const CLI::ExtrasError&) {
    return unknown();
  } catch (const CLI::ParseError& error) {
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return failure("", std::move(text));
  }
  return std::nullopt;
}

}  // namespace settings
