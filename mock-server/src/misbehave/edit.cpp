#include "misbehave/edit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/http/form.hpp"

namespace mock::misbehave {
namespace {

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// A value made of what a client sent must not break the message apart.
std::string one_line(std::string value) {
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return value;
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
    // Not a document that the edit fits; said so in the header.
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

/// A long download stays as it is, unless it is replaced as a whole.
bool edit_reply_body(const BodyEdit& edit, const Template::Lookup& lookup, PatternWork& work,
                     Reply& reply) {
  if (reply.source) {
    auto body = edit.text ? std::string() : small_body_of(reply);
    if (!body) return true;
    reply.body = *std::move(body);
    reply.source.reset();
  }
  return edit_body(edit, lookup, {}, work, reply.body);
}

}  // namespace

bool edit_fields(const FieldEdits& edits, Axis of, const Template::Lookup& lookup, Claims& claims,
                 PatternWork& work, ::http::Fields& fields) {
  bool in_time = true;
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
  return in_time;
}

bool edit_request(const RequestEdit& edit, const Template::Lookup& lookup, Claims& claims,
                  PatternWork& work, Request& request) {
  if (edit.method && claims.take(Axis::request_method)) request.method = *edit.method;
  if (edit.target && claims.take(Axis::request_target)) {
    request.target = one_line(edit.target->fill(lookup));
    const auto query = request.target.find('?');
    request.path = request.target.substr(0, query);
    request.query = query == std::string::npos ? std::string{} : request.target.substr(query + 1);
  }
  return edit_fields(edit.fields, Axis::request_field, lookup, claims, work, request.fields);
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

bool edit_reply(const ReplyEdit& edit, const Template::Lookup& lookup, Claims& claims,
                PatternWork& work, Reply& reply, ReplyPlan& plan) {
  if (edit.status && claims.take(Axis::reply_status)) {
    reply.status = *edit.status;
    // The usual phrase, unless an earlier rule gave one.
    if (!claims.taken(Axis::reply_reason)) reply.reason.clear();
  }
  if (edit.reason && claims.take(Axis::reply_reason)) {
    reply.reason = one_line(edit.reason->fill(lookup));
    reply.no_reason = reply.reason.empty();
  }
  bool in_time = edit_fields(edit.fields, Axis::reply_field, lookup, claims, work, reply.fields);
  if (edit.body.any() && claims.take(Axis::reply_body))
    in_time &= edit_reply_body(edit.body, lookup, work, reply);
  if (edit.raw && claims.take(Axis::reply_whole)) plan.raw = edit.raw->fill(lookup);
  if ((edit.truncate_head || edit.truncate_body) && claims.take(Axis::reply_truncate)) {
    plan.truncate_head = edit.truncate_head;
    plan.truncate_body = edit.truncate_body;
  }
  return in_time;
}

Reply early_reply(const ReplyEdit& edit, const Template::Lookup& lookup, PatternWork& work) {
  Reply reply;
  ReplyPlan plan;  // raw and truncation are applied when this reply is written
  Claims claims;
  // What takes too long here does so again then, and is told of.
  static_cast<void>(edit_reply(edit, lookup, claims, work, reply, plan));
  return reply;
}

}  // namespace mock::misbehave
