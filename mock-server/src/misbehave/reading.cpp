#include "misbehave/reading.hpp"

#include <nlohmann/json.hpp>

#include "protocol/http/fields.hpp"
#include "system/registered.hpp"

namespace mock::misbehave {
namespace {

/// "200ms", or {"mean": "200ms", "jitter": "50ms"}.
Delay delay_of(const Cursor& at) {
  if (!at.is_object()) return {duration_of(at), Milliseconds{0}};
  at.only({"mean", "jitter"});
  const Delay delay{duration_of(at.at("mean")), duration_of(at.at("jitter"))};
  if (delay.jitter > delay.mean) at.at("jitter").fail("is larger than the mean");
  return delay;
}

FormEdits form_of(const Cursor& at) {
  at.only({"set", "drop"});
  FormEdits edits;
  if (auto set = at.find("set"))
    for (const auto& [name, value] : set->members())
      edits.set.emplace_back(name, template_of(value));
  edits.drop = list(at, "drop", text_of);
  if (!edits.any()) at.fail("names nothing to edit");
  return edits;
}

}  // namespace

std::string attribute_of(const Cursor& at, std::string_view name) {
  const auto& text = at.string();
  const auto* const attribute = find_attribute(name);
  if (attribute == nullptr || attribute->values.empty()) return text;
  std::string known;
  for (const auto& value : attribute->values) {
    if (value == text) return text;
    known.append(known.empty() ? "" : ", ").append(value);
  }
  at.fail("expected one of " + known);
}

std::string kind_of(const Cursor& at) { return attribute_of(at, "kind"); }

Delay delay_at(const Cursor& at, std::string_view key) {
  return optional(at, key, delay_of).value_or(Delay{});
}

FieldEdits fields_of(const Cursor& at) {
  at.only({"set", "drop", "replace"});
  FieldEdits edits;
  if (auto set = at.find("set")) {
    for (const auto& [name, value] : set->members()) {
      require_token(value, name);
      if (value.is_string() && !::http::is_field_value(value.string()))
        value.fail("holds a line break or NUL: use \"raw\" for malformed replies");
      edits.set.emplace_back(name, template_of(value));
    }
  }
  edits.drop = list(at, "drop", [](const Cursor& c) {
    require_token(c, c.string());
    return c.string();
  });
  if (auto replace = at.find("replace")) {
    for (const auto& [name, value] : replace->members()) {
      require_token(value, name);
      value.only({"regex", "with"});
      edits.replace.push_back({name, pattern_of(value.at("regex")), value.at("with").string()});
    }
  }
  if (!edits.any()) at.fail("names nothing to edit");
  return edits;
}

BodyEdit body_of(const Cursor& at) {
  BodyEdit edit;
  if (at.is_string()) {
    edit.text = template_of(at);
    return edit;
  }
  at.only({"regex", "with", "json_patch", "json_merge", "form"});
  if (auto regex = at.find("regex")) edit.regex = {pattern_of(*regex), at.at("with").string()};
  if (auto patch = at.find("json_patch")) {
    if (!patch->is_array()) patch->fail("expected a list of operations (RFC 6902)");
    for (const auto& step : patch->items()) {
      step.only({"op", "path", "from", "value"});
      choice<int>(
          step.at("op"),
          {{"add", 0}, {"remove", 0}, {"replace", 0}, {"move", 0}, {"copy", 0}, {"test", 0}});
      static_cast<void>(step.at("path").string());
    }
    edit.json_patch = std::make_shared<const nlohmann::json>(patch->raw());
  }
  if (auto merge = at.find("json_merge"))
    edit.json_merge = std::make_shared<const nlohmann::json>(merge->raw());
  if (auto form = at.find("form")) edit.form = form_of(*form);
  if (!edit.any()) at.fail("edits nothing");
  return edit;
}

SocketEnd end_of(const Cursor& at) {
  return choice<SocketEnd>(at, {{"keep", SocketEnd::keep},
                                {"fin", SocketEnd::fin},
                                {"rst", SocketEnd::rst},
                                {"stall", SocketEnd::stall},
                                {"half_close", SocketEnd::half_close},
                                {"zombie", SocketEnd::zombie}});
}

Turn turn_of(const Cursor& at) {
  return choice<Turn>(at, {{"before", Turn::before}, {"after", Turn::after}});
}

}  // namespace mock::misbehave
