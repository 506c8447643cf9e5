// What rules edit of requests and replies alike. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "misbehave/axis.hpp"
#include "misbehave/rule.hpp"

namespace mock::misbehave {

/// A value made of what a client sent must not break the message apart.
[[nodiscard]] std::string one_line(std::string value);

// False: a regular expression took too long for what is left of `work`, and replaced nothing.

/// Each name is an axis `of` its own. Lines are added last.
[[nodiscard]] bool edit_fields(const FieldEdits& edits, Axis of, const Template::Lookup& lookup,
                               Claims& claims, PatternWork& work, ::http::Fields& fields);
/// An edit that does not fit the body (a JSON Patch on a document without that place, a form edit
/// on what is no form) leaves it as it was.
[[nodiscard]] bool edit_body(const BodyEdit& edit, const Template::Lookup& lookup,
                             std::string_view content_type, PatternWork& work, std::string& body);

}  // namespace mock::misbehave
