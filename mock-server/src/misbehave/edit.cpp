#include "misbehave/edit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "protocol/http/form.hpp"

namespace mock::misbehave {
namespace {

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void edit_json(const BodyEdit& edit, std::string& body) {
  using Ordered = nlohmann::ordered_json;  // keeps the members in the order the server has them
  const auto ordered = [](const nlohmann::json& value) { return Ordered::parse(value.dump()); };
  const bool line = !body.empty() && body.back() == '\n';
  try {
    auto document = Ordered::parse(body);
    if (edit.json_patch) document = document.patch(ordered(*edit.json_patch));
    if (edit.json_merge) document.merge_patch(ordered(*edit.json_merge));
    body = document.dump(-1, ' ', false, Ordered::error_handler_t::replace);
    if (line) body += '\n';
  } catch (const nlohmann::json::exception&) {
    // The edit does not fit the document, which stays as it was (edit.hpp).
  }
}

void edit_form(const FormEdits& edits, const Template::Lookup& lookup,
               std::string_view content_type, std::string& body) {
  constexpr std::string_view form_type = "application/x-www-form-urlencoded";
  if (!lower(std::string{content_type}).starts_with(form_type)) return;
  auto form = ::http::parse_form(body);
  if (!form) return;
  const auto drop = [&](const std::string& name) {
    std::erase_if(*form, [&](const auto& field) { return field.first == name; });
  };
  for (const auto& name : edits.drop) drop(name);
  for (const auto& [name, value] : edits.set) {
    drop(name);
    form->emplace_back(name, value.fill(lookup));
  }
  body = ::http::format_form(*form);
}

/// The lines to add whose field no earlier rule has. Asked before this rule claims the fields that
/// it sets, as it may both set a field and add to it.
std::vector<const std::pair<std::string, Template>*> free_lines(const FieldEdits& edits, Axis of,
                                                                const Claims& claims) {
  std::vector<const std::pair<std::string, Template>*> lines;
  for (const auto& line : edits.add)
    if (!claims.taken(of, line.first)) lines.push_back(&line);
  return lines;
}

}  // namespace

std::string one_line(std::string value) {
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return value;
}

bool edit_fields(const FieldEdits& edits, Axis of, const Template::Lookup& lookup, Claims& claims,
                 PatternWork& work, ::http::Fields& fields) {
  bool in_time = true;
  const auto lines = free_lines(edits, of, claims);
  for (const auto& name : edits.drop)
    if (claims.take(of, name)) fields.remove(name);
  for (const auto& [name, value] : edits.set)
    if (claims.take(of, name)) fields.set(name, one_line(value.fill(lookup)));
  for (const auto& replace : edits.replace) {
    if (!claims.take(of, replace.name)) continue;
    const auto value = fields.joined(replace.name);
    if (!value) continue;
    if (auto replaced = replace.pattern.replace(*value, replace.with, work))
      fields.set(replace.name, one_line(*std::move(replaced)));
    else
      in_time = false;
  }
  for (const auto* line : lines) {
    static_cast<void>(claims.take(of, line->first));
    fields.add(line->first, one_line(line->second.fill(lookup)));
  }
  return in_time;
}

bool edit_body(const BodyEdit& edit, const Template::Lookup& lookup, std::string_view content_type,
               PatternWork& work, std::string& body) {
  bool in_time = true;
  if (edit.text) body = edit.text->fill(lookup);
  if (edit.regex) {
    if (auto replaced = edit.regex->first.replace(body, edit.regex->second, work))
      body = *std::move(replaced);
    else
      in_time = false;
  }
  if (edit.json_patch || edit.json_merge) edit_json(edit, body);
  if (edit.form.any()) edit_form(edit.form, lookup, content_type, body);
  return in_time;
}

}  // namespace mock::misbehave
