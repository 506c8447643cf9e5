#include "auth/users.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "auth/scopes.hpp"
#include "files/input.hpp"
#include "protocol/json/decode.hpp"

namespace mock {
namespace {

User decode_user(const json::Cursor& cursor) {
  cursor.only({"username", "password", "scopes"});
  User user;
  const auto not_empty = [&](std::string_view key) {
    const auto member = cursor.at(key);
    if (member.string().empty()) member.fail("must not be empty");
    return member.string();
  };
  user.name = not_empty("username");
  user.password = not_empty("password");
  const auto scopes = cursor.find("scopes");
  if (!scopes) {
    user.scopes = default_scopes();
    return user;
  }
  for (const auto& scope : scopes->items()) {
    if (!is_scope(scope.string())) {
      scope.fail("is not a scope: expected visible ASCII without spaces, '\"' and '\\'");
    }
    user.scopes.push_back(scope.string());
  }
  return user;
}

std::vector<User> decode_users(const json::Cursor& root) {
  root.only({"users"});
  std::vector<User> users;
  for (const auto& item : root.at("users").items()) {
    User user = decode_user(item);
    const bool known = std::any_of(users.begin(), users.end(),
                                   [&](const User& other) { return other.name == user.name; });
    if (known) item.at("username").fail("is the name of an earlier user as well");
    users.push_back(std::move(user));
  }
  if (users.empty()) root.at("users").fail("expected at least one user");
  return users;
}

}  // namespace

std::vector<std::string> default_scopes() { return {"dex:upload", "dex:status"}; }

Users::Users() : Users({User{"demo", "demo", default_scopes()}}) {}
Users::Users(std::vector<User> users)
    : users_(std::make_shared<const std::vector<User>>(std::move(users))) {}

Result<Users> Users::parse(std::string_view text, const std::string& document) {
  auto list = json::decode(text, document, decode_users, json::Content::secret);
  if (!list) return tl::unexpected(list.error());
  return Users(std::move(*list));
}

Result<Users> Users::load(const std::string& file) {
  const auto text = read_input(file);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, file);
}

const User* Users::authenticate(std::string_view name, std::string_view password) const {
  for (const User& user : *users_) {
    if (user.name != name) continue;
    const bool same = user.password.size() == password.size() &&
                      CRYPTO_memcmp(user.password.data(), password.data(), password.size()) == 0;
    return same ? &user : nullptr;
  }
  return nullptr;
}

}  // namespace mock
