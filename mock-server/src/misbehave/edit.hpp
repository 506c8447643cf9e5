// Carries out the edits of rules on requests and replies. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "misbehave/axis.hpp"
#include "misbehave/rule.hpp"

namespace mock::misbehave {

// False: a regular expression took too long for what is left of `work`, and replaced nothing.

/// Each name is an axis `of` its own.
[[nodiscard]] bool edit_fields(const FieldEdits& edits, Axis of, const Template::Lookup& lookup,
                               Claims& claims, PatternWork& work, ::http::Fields& fields);
[[nodiscard]] bool edit_request(const RequestEdit& edit, const Template::Lookup& lookup,
                                Claims& claims, PatternWork& work, Request& request);
/// An edit that does not fit the body (a JSON Patch on a document without that place, a form edit
/// on what is no form) leaves it as it was.
[[nodiscard]] bool edit_body(const BodyEdit& edit, const Template::Lookup& lookup,
                             std::string_view content_type, PatternWork& work, std::string& body);
/// Everything but `none`, `early` and `replay`.
[[nodiscard]] bool edit_reply(const ReplyEdit& edit, const Template::Lookup& lookup, Claims& claims,
                              PatternWork& work, Reply& reply, ReplyPlan& plan);
/// The reply of a rule that answers in place of the handler; the rule edits it again when it is
/// written.
[[nodiscard]] Reply early_reply(const ReplyEdit& edit, const Template::Lookup& lookup,
                                PatternWork& work);

}  // namespace mock::misbehave
