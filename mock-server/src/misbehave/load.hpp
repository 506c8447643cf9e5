// Reads rules from JSON: the user's files, and the misbehaviours that come with the program.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "embedded/embedded.hpp"
#include "misbehave/rule.hpp"
#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"

namespace mock::misbehave {

/// One rule, or {"rules": [...]}. Strict: an Error names the file, the place in it and the rule.
/// A rule that can never fire is an Error too.
[[nodiscard]] Result<Misbehaviour> load_file(const std::string& file);
/// `document` is what errors call `text`; without a "name" the misbehaviour is called after it.
[[nodiscard]] Result<Misbehaviour> load_text(std::string_view text, const std::string& document);

/// Reads a condition on a text as rules have it, but without values of a request such as {length}:
/// true (it is there), false (it is not), a text, {"regex": "..."}, or a number as below. Fails at
/// the place of the fault.
[[nodiscard]] TextCondition read_text_condition(const json::Cursor& at);
/// 1024, "1MiB" or {"above": 1024, "multiple_of": "256KiB"}; likewise.
[[nodiscard]] NumberCondition read_number_condition(const json::Cursor& at);

/// Why `rule` can never fire or never do what it says; nullopt when it can.
[[nodiscard]] std::optional<std::string> contradiction_in(const Rule& rule);

/// The names and marks of rules that are loaded already.
struct LoadedNames {
  std::unordered_set<std::string> rules;
  std::unordered_map<std::string, std::size_t> marks;  ///< by how many rules each is set
};
/// An Error names a rule whose name is used twice, or that needs a mark which no rule sets.
[[nodiscard]] Result<void> fit_together(const std::vector<const Rule*>& rules,
                                        const LoadedNames& loaded = {});

/// The first rule of a file that an earlier one hides wholly: whenever the later rule would fire,
/// the earlier one has taken every axis that it would change. nullopt: none was found, without
/// running them and within a million comparisons.
struct Shadow {
  std::size_t hidden = 0;
  std::size_t by = 0;
};
[[nodiscard]] std::optional<Shadow> shadow_among(const std::vector<Rule>& rules);

/// A defect is a server that is written wrong, a fault is a network or backend that goes wrong.
enum class Named { defect, fault };

/// Everything in fixtures/misbehaviours, as it was when the program was built.
[[nodiscard]] std::span<const EmbeddedFile> defect_files();
[[nodiscard]] std::span<const EmbeddedFile> fault_files();
/// An unknown name is an Error that names the nearest ones.
[[nodiscard]] Result<Misbehaviour> load_named(Named kind, std::string_view name);
/// Everything that a server is told to misbehave by, in this order.
[[nodiscard]] Result<std::vector<Misbehaviour>> load_all(const std::vector<std::string>& defects,
                                                         const std::vector<std::string>& faults,
                                                         const std::vector<std::string>& files);
/// All of one kind, by name.
[[nodiscard]] std::vector<Misbehaviour> list_named(Named kind);

}  // namespace mock::misbehave
