// Who may ask for a token: --users FILE.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace mock {

struct User {
  std::string name;
  std::string password;
  std::vector<std::string> scopes;  ///< what the user's tokens may do
};

/// The accounts of the token endpoint. A value type; copies share what they hold.
class Users {
 public:
  /// One user, demo / demo, with every default scope.
  Users();
  /// { "users": [ { "username": "...", "password": "...", "scopes": ["..."] } ] }; `scopes` may be
  /// left out. Unknown keys, empty or repeated names and a list without users are errors.
  [[nodiscard]] static Result<Users> load(const std::string& file);
  [[nodiscard]] static Result<Users> parse(std::string_view text, const std::string& document);

  /// The user of that name and password, or null. Takes the same time for any wrong password of
  /// the same length.
  [[nodiscard]] const User* authenticate(std::string_view name, std::string_view password) const;
  [[nodiscard]] const std::vector<User>& all() const { return *users_; }

 private:
  explicit Users(std::vector<User> users);

  std::shared_ptr<const std::vector<User>> users_;
};

/// "dex:upload" and "dex:status": what a user without `scopes` is given.
[[nodiscard]] std::vector<std::string> default_scopes();

}  // namespace mock
