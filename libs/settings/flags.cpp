#include "settings/flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "redact/command_line.hpp"

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

Result<std::optional<std::string>> parse(CLI::App& app, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
  try {
    app.parse(std::move(arguments));
  } catch (const Refused& refused) {
    return tl::unexpected(refused.error);
  } catch (const CLI::Success& asked) {
    std::ostringstream out;
    std::ostringstream none;
    app.exit(asked, out, none);
    return out.str();
  } catch (const CLI::ExtrasError&) {
    return failure("", redact::unknown_flags(app.remaining(/*recurse=*/true)));
  } catch (const CLI::ParseError& error) {
    return failure("", error.what());
  }
  return std::nullopt;
}

}  // namespace settings
