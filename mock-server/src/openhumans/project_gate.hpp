// Whose requests Open Humans serves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/gate.hpp"
#include "auth/key_gate.hpp"

namespace mock {

/// Who takes part in the project. A value type.
struct ProjectMember {
  std::string id;
  std::string token;  ///< of OAuth2, for this member alone; empty: there is none
  bool operator==(const ProjectMember&) const = default;
};

/// Lets in one project, by its master access tokens, and its members, by theirs. A token in the
/// query counts before one in the header. Loop thread only.
class ProjectGate final : public Gate {
 public:
  struct Tokens {
    std::vector<std::string> project;
    std::vector<std::string> expired;  ///< once were the project's
    std::vector<ProjectMember> members;
  };
  explicit ProjectGate(Tokens tokens);

  [[nodiscard]] std::optional<Reply> check(const Request& request) const override;
  /// The member whose token a request that was let through has; nullptr: it has the project's.
  [[nodiscard]] const ProjectMember* member_of(const Request& request) const;

 private:
  std::vector<ProjectMember> members_;
  KeyGate all_;
  KeyGate expired_;
};

/// A 401 in the words of Open Humans.
[[nodiscard]] Reply unauthenticated(std::string_view sentence);

}  // namespace mock
