#include <limits>
#include <nlohmann/json.hpp>

#include "misbehave/reading.hpp"
#include "protocol/http/fields.hpp"

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

Delay delay_at(const Cursor& at, std::string_view key) {
  return optional(at, key, delay_of).value_or(Delay{});
}

Bandwidth bandwidth_at(const Cursor& at, std::string_view key) {
  const auto found = at.find(key);
  if (!found) return {};
  const auto rate = found->unwrap(parse_rate(found->string()));
  if (rate.value < 1) found->fail("must be at least 1 byte per second");
  return {static_cast<std::uint64_t>(rate.value)};
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

RequestEdit request_of(const Cursor& at) {
  at.only({"method", "target", "headers", "body"});
  RequestEdit edit;
  edit.method = optional(at, "method", method_of);
  edit.target = optional(at, "target", template_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  if (auto body = at.find("body")) edit.body = body_of(*body);
  if (!edit.method && !edit.target && !edit.fields.any() && !edit.body.any())
    at.fail("edits nothing");
  return edit;
}

StoreCall call_of(const Cursor& at) {
  return choice<StoreCall>(at, {{"create", StoreCall::create},
                                {"find", StoreCall::find},
                                {"update", StoreCall::update},
                                {"append", StoreCall::append},
                                {"truncate", StoreCall::truncate},
                                {"remove", StoreCall::remove},
                                {"join", StoreCall::join}});
}

void read_told(const Cursor& at, Commit& commit) {
  using Told = Commit::Told;
  if (at.is_string() && at.string() == "received") return;
  if (at.is_string() && at.string() == "stored") {
    commit.told = Told::stored;
  } else if (at.is_string() && at.string() == "declared") {
    commit.told = Told::declared;
  } else {
    commit.told = Told::value;
    commit.told_value = template_of(at);
  }
}

Commit::Found found_of(const Cursor& at) {
  at.only({"offset", "length", "kind"});
  Commit::Found found;
  found.offset = optional(at, "offset", template_of);
  if (auto length = at.find("length")) {
    found.deferred = length->is_string() && length->string() == "deferred";
    if (!found.deferred) found.length = template_of(*length);
  }
  found.kind = optional(at, "kind", kind_of);
  if (!found.any()) at.fail("names nothing");
  return found;
}

Commit commit_of(const Cursor& at) {
  at.only({"bytes", "position", "corrupt", "twice", "parts", "told", "lasting", "found", "skip",
           "fail"});
  if (at.raw().empty()) at.fail("changes nothing");
  Commit commit;
  if (auto bytes = at.find("bytes")) {
    const auto word = bytes->is_string() ? bytes->string() : std::string{};
    if (word.find('{') != std::string::npos)
      commit.bytes = template_of(*bytes);
    else if (word != "all")
      commit.bytes = bytes->unwrap(
          Template::parse(std::to_string(word == "none" ? 0 : size_of(*bytes).value)));
  }
  commit.position = optional(at, "position", template_of);
  commit.corrupt = optional(at, "corrupt", size_of);
  commit.twice = flag(at, "twice");
  if (auto parts = at.find("parts"))
    commit.parts_reversed = choice<bool>(*parts, {{"reversed", true}});
  if (auto told = at.find("told")) read_told(*told, commit);
  if (auto lasting = at.find("lasting")) {
    commit.until_head = lasting->is_string();
    if (commit.until_head && lasting->string() != "until_head")
      lasting->fail("expected true, false or \"until_head\"");
    commit.lasting = commit.until_head || lasting->boolean();
  }
  if (commit.lasting && commit.told == Commit::Told::received && !commit.bytes && !commit.twice &&
      !commit.position)
    at.at("lasting").fail("needs a 'told' or 'bytes' that differs from what is stored");
  if (auto found = at.find("found")) commit.found = found_of(*found);
  const auto skip = list(at, "skip", call_of);
  commit.skip = {skip.begin(), skip.end()};
  if (commit.skip.contains(StoreCall::find) || commit.skip.contains(StoreCall::append))
    at.at("skip").fail(
        "takes create, update, truncate, remove and join (bytes: none drops what is appended)");
  if (auto failures = at.find("fail")) {
    for (const auto& [call, kind] : failures->members()) {
      const nlohmann::json name = call;
      const Cursor named{name, {}, {}};
      StoreCall which{};
      try {
        which = call_of(named);
      } catch (const json::DecodeError&) {
        kind.fail(
            "unknown call: expected one of create, find, update, append, truncate, remove, join");
      }
      using Kind = StoreError::Kind;
      commit.failures.emplace_back(which, choice<Kind>(kind, {{"not_found", Kind::not_found},
                                                              {"exists", Kind::exists},
                                                              {"wrong_offset", Kind::wrong_offset},
                                                              {"no_space", Kind::no_space},
                                                              {"damaged", Kind::damaged},
                                                              {"not_kept", Kind::not_kept},
                                                              {"io", Kind::io}}));
    }
  }
  return commit;
}

/// "first", "previous" or {"mark": NAME}.
void read_replay(const Cursor& at, ReplyEdit& edit) {
  using Replay = ReplyEdit::Replay;
  if (!at.is_object()) {
    edit.replay = choice<Replay>(at, {{"first", Replay::first}, {"previous", Replay::previous}});
    return;
  }
  at.only({"mark"});
  edit.replay = Replay::marked;
  edit.replay_mark = mark_of(at.at("mark"));
}

ReplyEdit reply_of(const Cursor& at) {
  ReplyEdit edit;
  if (at.is_string()) {
    edit.none = choice<bool>(at, {{"none", true}});
    return edit;
  }
  at.only({"early", "status", "reason", "headers", "body", "raw", "truncate", "replay"});
  if (at.raw().empty()) at.fail("edits nothing");
  if (auto early = at.find("early")) {
    using Early = ReplyEdit::Early;
    if (early->is_string())
      edit.early = choice<Early>(*early, {{"now", Early::now}, {"after_body", Early::after_body}});
    else if (early->boolean())
      edit.early = Early::now;
  }
  edit.status = optional(at, "status", [](const Cursor& c) {
    const auto status = c.unsigned_integer();
    if (status < 200 || status > 999) c.fail("expected a final HTTP status, 200 or above");
    return static_cast<int>(status);
  });
  edit.reason = optional(at, "reason", template_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  if (auto body = at.find("body")) {
    edit.body = body_of(*body);
    if (edit.body.form.any())
      body->at("form").fail("replies are no forms: edit the request's body");
  }
  edit.raw = optional(at, "raw", template_of);
  if (auto truncate = at.find("truncate")) {
    truncate->only({"head", "body"});
    edit.truncate_head = optional(*truncate, "head", size_of);
    edit.truncate_body = optional(*truncate, "body", size_of);
    if (edit.truncate_head && edit.truncate_body)
      truncate->fail("takes either head or body: a cut head has no body");
  }
  if (auto replay = at.find("replay")) read_replay(*replay, edit);
  if (edit.early != ReplyEdit::Early::no && !edit.status && !edit.raw)
    at.fail("an early reply needs a status");
  if (edit.raw &&
      (edit.status || edit.fields.any() || edit.body.any() || edit.replay != ReplyEdit::Replay::no))
    at.at("raw").fail("is the whole reply: status, headers and body go into it");
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

SocketEdit socket_of(const Cursor& at) {
  if (at.is_string()) return {end_of(at), false};
  at.only({"end", "at"});
  SocketEdit edit;
  edit.end = end_of(at.at("end"));
  if (auto place = at.find("at"))
    edit.before = choice<bool>(*place, {{"before", true}, {"after", false}});
  return edit;
}

Pace pace_of(const Cursor& at) {
  at.only({"before", "reply", "slice", "gap", "receive", "send"});
  if (at.raw().empty()) at.fail("slows nothing down");
  Pace pace;
  pace.before = delay_at(at, "before");
  pace.reply = delay_at(at, "reply");
  pace.slice = optional(at, "slice", size_of).value_or(Bytes{0});
  pace.slice_gap = optional(at, "gap", duration_of).value_or(Milliseconds{0});
  pace.receive = bandwidth_at(at, "receive");
  pace.send = bandwidth_at(at, "send");
  if ((pace.slice == Bytes{0}) != (pace.slice_gap == Milliseconds{0}))
    at.fail("slice and gap belong together");
  if (!pace.before.any() && !pace.reply.any() && pace.slice == Bytes{0} &&
      pace.receive.bytes_per_second == 0 && pace.send.bytes_per_second == 0)
    at.fail("slows nothing down");
  return pace;
}

ConnectionEdit connection_edit_of(const Cursor& at) {
  at.only({"delay", "handshake", "end"});
  ConnectionEdit edit;
  edit.delay = delay_at(at, "delay");
  if (auto handshake = at.find("handshake"))
    edit.fail_handshake = choice<bool>(*handshake, {{"fail", true}});
  if (auto end = at.find("end")) edit.end = end_of(*end);
  if (!edit.delay.any() && !edit.fail_handshake && edit.end == SocketEnd::keep)
    at.fail("changes nothing");
  if (edit.fail_handshake && edit.end != SocketEnd::keep)
    at.fail("takes either handshake or end: a connection that ends has no handshake");
  return edit;
}

EffectEdit effect_edit_of(const Cursor& at) {
  at.only({"drop", "pretend", "fail", "repeat", "delay", "rename", "deliver"});
  EffectEdit edit;
  edit.drop = flag(at, "drop");
  edit.pretend = flag(at, "pretend");
  edit.fail = optional(at, "fail", template_of);
  if (auto repeat = at.find("repeat")) {
    const auto times = repeat->unsigned_integer();
    if (times == 0) repeat->fail("is 0: it repeats nothing");
    if (times > 1000) repeat->fail("must be at most 1000");
    edit.repeat = static_cast<unsigned>(times);
  }
  edit.delay = delay_at(at, "delay");
  if (auto name = at.find("rename")) {
    if (name->string().find('/') != std::string::npos || name->string().size() > 100)
      name->fail("is no name: at most 100 characters and no '/'");
    edit.rename = template_of(*name);
  }
  edit.deliver = flag(at, "deliver");
  const bool acts = edit.pretend || edit.fail || edit.repeat > 0 || edit.delay.any() || edit.rename;
  if (!edit.drop && !acts && !edit.deliver) at.fail("changes nothing");
  if (edit.deliver && (edit.drop || acts)) at.at("deliver").fail("leaves the other keys nothing");
  if (edit.drop && acts) at.at("drop").fail("leaves nothing for the other keys to do");
  if (edit.pretend && edit.fail) at.fail("takes either pretend or fail");
  if (edit.fail && edit.repeat > 0) at.at("repeat").fail("what fails is not repeated");
  return edit;
}

Turn turn_of(const Cursor& at) {
  return choice<Turn>(at, {{"before", Turn::before}, {"after", Turn::after}});
}

UploadEdit upload_edit_of(const Cursor& at) {
  at.only({"expire", "forget", "roll_back", "lock", "at"});
  UploadEdit edit;
  edit.turn = optional(at, "at", turn_of).value_or(Turn::after);
  edit.expire = flag(at, "expire");
  edit.forget = flag(at, "forget");
  edit.roll_back = optional(at, "roll_back", template_of);
  edit.lock = optional(at, "lock", duration_of);
  if (!edit.expire && !edit.forget && !edit.roll_back && !edit.lock) at.fail("changes nothing");
  if (edit.forget && (edit.expire || edit.roll_back))
    at.at("forget").fail("leaves nothing to expire or to roll back");
  return edit;
}

ServerEdit server_edit_of(const Cursor& at) {
  at.only({"outage", "revoke_token", "crash", "at"});
  ServerEdit edit;
  edit.turn = optional(at, "at", turn_of).value_or(Turn::after);
  edit.outage = optional(at, "outage", duration_of);
  if (edit.outage == Milliseconds{0}) at.at("outage").fail("is no time at all");
  if (auto token = at.find("revoke_token")) {
    if (!token->raw().is_boolean())
      edit.revoke_token = template_of(*token);
    else if (token->boolean())
      edit.revoke_token = *Template::parse("{request.authorization}");
  }
  edit.crash = flag(at, "crash");
  if (!edit.outage && !edit.revoke_token && !edit.crash) at.fail("changes nothing");
  if (edit.crash && edit.outage) at.fail("takes either crash or outage");
  return edit;
}

}  // namespace

Then then_of(const Cursor& at) {
  at.only(
      {"request", "commit", "reply", "socket", "pace", "connection", "effect", "upload", "server"});
  if (at.raw().empty()) at.fail("does nothing");
  Then then;
  then.request = optional(at, "request", request_of);
  then.commit = optional(at, "commit", commit_of);
  then.reply = optional(at, "reply", reply_of);
  then.socket = optional(at, "socket", socket_of);
  then.pace = optional(at, "pace", pace_of);
  then.connection = optional(at, "connection", connection_edit_of);
  then.effect = optional(at, "effect", effect_edit_of);
  then.upload = optional(at, "upload", upload_edit_of);
  then.server = optional(at, "server", server_edit_of);
  return then;
}

}  // namespace mock::misbehave
