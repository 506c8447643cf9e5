// The edits that requests and replies have in common. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "misbehave/axis.hpp"
#include "misbehave/rule.hpp"

namespace mock::misbehave {

/// Without line breaks and NUL: a value may hold what a client sent, and must not end its field.
[[nodiscard]] std::string one_line(std::string value);

// Both return false when a regular expression took too long for what is left of `work`; it then
// replaced nothing.

/// Each name is an axis by itself, of the kind `of`. Lines are added last.
[[nodiscard]] bool edit_fields(const FieldEdits& edits, Axis of, const Template::Lookup& lookup,
                               Claims& claims, PatternWork& work, ::http::Fields& fields);
/// An edit that does not fit the body (a JSON Patch on a document without that place, a form edit
/// on what is no form) leaves it as it was.
[[nodiscard]] bool edit_body(const BodyEdit& edit, const Template::Lookup& lookup,
                             std::string_view content_type, PatternWork& work, std::string& body);

}  // namespace mock::misbehave
