#include "world.hpp"

#include <utility>

namespace strangers {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> members;
  while (!text.empty()) {
    const auto end = text.find(at);
    if (const auto member = text.substr(0, end); !member.empty()) members.emplace_back(member);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return members;
}

}  // namespace

std::vector<std::string> parts_of(std::string_view concat) {
  if (!concat.starts_with("final;")) return {};
  return split(concat.substr(6), ' ');
}

std::vector<std::string> pairs_of(std::string_view metadata) { return split(metadata, ','); }

std::string value_of(std::string_view metadata, std::string_view key) {
  for (const auto& pair : pairs_of(metadata)) {
    const auto text = http::trim_ows(pair);
    const auto space = text.find(' ');
    if (space != std::string_view::npos && text.substr(0, space) == key) {
      return std::string(text.substr(space + 1));
    }
  }
  return {};
}

std::string Exchange::verb() const {
  return std::string(field("X-HTTP-Method-Override").value_or(head.method));
}

Upload* World::upload(const std::string& path) {
  const auto found = uploads_.find(path);
  return found == uploads_.end() ? nullptr : &found->second;
}

void World::note(const Exchange& exchange, const ReplyHead& reply) {
  if (exchange.is_creation() && reply.status == 201) return note_creation(exchange, reply);
  auto* about = upload(exchange.path());
  if (about == nullptr || reply.status >= 300) return;
  if (const auto offset = number(reply.fields.find("Upload-Offset"))) {
    if (exchange.verb() == "PATCH") {
      about->before = about->offset;
      about->patched = now();
      about->was_cut = false;
      ++about->patches;
      if (const auto length = number(exchange.field("Upload-Length"))) about->length = length;
    }
    about->offset = *offset;
  }
}

void World::note_creation(const Exchange& exchange, const ReplyHead& reply) {
  Upload made;
  made.location = reply.fields.find("Location").value_or("");
  made.path = path_of(made.location);
  made.length = number(exchange.field("Upload-Length"));
  made.deferred = !made.length;
  made.offset = number(reply.fields.find("Upload-Offset")).value_or(0);
  made.metadata = exchange.field("Upload-Metadata").value_or("");
  made.concat = exchange.field("Upload-Concat").value_or("");
  made.filename = value_of(made.metadata, "filename");
  made.created = made.patched = made.asked = now();
  uploads_.insert_or_assign(made.path, made);
}

void World::forget(const Exchange& exchange, const ReplyHead& reply) {
  if (exchange.verb() == "DELETE" && reply.status == 204) uploads_.erase(exchange.path());
}

void World::own(ReplyHead& reply) const {
  const auto theirs = "http://" + options_.host + ':' + std::to_string(options_.port) + '/';
  const auto location = reply.fields.find("Location");
  if (location && location->starts_with(theirs)) {
    reply.fields.set("Location",
                     "http://" + options_.own + '/' + std::string(location->substr(theirs.size())));
  }
}

Answer World::ask(const RequestHead& head, std::string_view body) const {
  auto socket = connect();
  auto asked = head;
  asked.fields.set("Connection", "close");
  if (!body.empty()) asked.fields.set("Content-Length", std::to_string(body.size()));
  socket.send(written(asked));
  socket.send(body);
  Input in(socket);
  const auto end = in.until("\r\n\r\n");
  if (!end) return {};
  const auto reply = parse_reply(in.take(*end));
  if (!reply) return {};
  while (in.fill()) {
  }
  return {reply->status, reply->reason, reply->fields, in.take_all()};
}

void World::terminate(const std::string& path, const Exchange& by) {
  RequestHead head{"DELETE", path, "HTTP/1.1", {{"Tus-Resumable", "1.0.0"}}};
  head.fields.add("Host", std::string(by.field("Host").value_or("localhost")));
  if (const auto credential = by.field("Authorization")) {
    head.fields.add("Authorization", std::string(*credential));
  }
  static_cast<void>(ask(head));
  uploads_.erase(path);
}

}  // namespace strangers
