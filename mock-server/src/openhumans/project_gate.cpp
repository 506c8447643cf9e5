#include "openhumans/project_gate.hpp"

#include <algorithm>
#include <utility>

#include "openhumans/words.hpp"

namespace mock {
namespace {

std::vector<KeyWay> ways() {
  return {{KeyWay::Kind::query, "access_token"}, {KeyWay::Kind::bearer}};
}

Reply refusal(KeyFlaw flaw) {
  switch (flaw) {
    case KeyFlaw::empty:
      return unauthenticated(openhumans::header_without_token);
    case KeyFlaw::malformed:
      return unauthenticated(openhumans::token_with_spaces);
    case KeyFlaw::unknown:
      return unauthenticated(openhumans::invalid_token);
    case KeyFlaw::absent:
      break;
  }
  return unauthenticated(openhumans::no_credentials);
}

std::vector<std::string> all_of(const ProjectGate::Tokens& tokens) {
  auto all = tokens.project;
  for (const auto& member : tokens.members) {
    if (!member.token.empty()) all.push_back(member.token);
  }
  return all;
}

}  // namespace

Reply unauthenticated(std::string_view sentence) {
  auto reply = words::detail(401, sentence);
  reply.fields.set("WWW-Authenticate", "Bearer realm=\"api\"");
  return reply;
}

ProjectGate::ProjectGate(Tokens tokens)
    : members_(tokens.members),
      all_({ways(), all_of(tokens), refusal}),
      expired_({ways(), std::move(tokens.expired), refusal}) {}

std::optional<Reply> ProjectGate::check(const Request& request) const {
  auto refused = all_.check(request);
  if (refused && expired_.key_of(request)) return unauthenticated(openhumans::expired_token);
  return refused;
}

const ProjectMember* ProjectGate::member_of(const Request& request) const {
  const auto key = all_.key_of(request);
  if (!key) return nullptr;
  const auto found = std::ranges::find(members_, *key, &ProjectMember::token);
  return found == members_.end() ? nullptr : &*found;
}

}  // namespace mock
