// A profile: which server the mock is. Without defects it follows the text (`dex`, `tus`); a real
// server is a base, what it offers, and a list of defects. Files: fixtures/profiles.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "http/http_options.hpp"
#include "misbehave/rule.hpp"
#include "protocol/error.hpp"
#include "system/typed_values.hpp"

namespace mock {

/// A value type.
struct Profile {
  /// Where the mock still differs from the real server: on a requirement, or in the replies to
  /// requests of fixtures/requests.
  struct NotReproduced {
    std::string requirement;            ///< empty when it is about requests
    std::vector<std::string> requests;  ///< by name; '*' stands for anything
    std::vector<std::string> in;        ///< the aspects of their replies; '*' as above
    std::string reason;
  };

  std::string name;
  std::string description;
  /// What is mounted, by the names of the registration (systems/registered.cpp): `dex` adds /info,
  /// /health, deliveries and manifests to plain `tus`. At least one.
  std::vector<std::string> systems{"dex"};
  /// What systems offer, as they read it (RegisteredSystem::read_profile).
  TypedValues offered;
  HttpOptions http;
  /// Names in fixtures/misbehaviours/defects.
  std::vector<std::string> defects;
  /// Rules of the profile's own: manners that break no requirement, such as the wording of errors.
  /// They come before the defects, being about this server alone.
  std::vector<misbehave::Rule> rules;
  std::vector<NotReproduced> not_reproduced;
};

/// Whether `name` is that of a file: it holds a '/' or ends in ".json".
[[nodiscard]] bool names_profile_file(std::string_view name);
/// A profile that comes with the program, a list of such ("dex,openhumans": their systems side by
/// side, in the HTTP layer of the first), or a file. An Error names the file and the key, or the
/// known names that are nearest.
[[nodiscard]] Result<Profile> load_profile(const std::string& name_or_file);
/// `document` is what errors call `text`.
[[nodiscard]] Result<Profile> load_profile_text(std::string_view text, const std::string& document);
/// Those that come with the program, by name.
[[nodiscard]] std::vector<Profile> list_profiles();

/// The profile's own rules, then its defects, to be put last, so that the user's own rules win. A
/// defect in `already` is left out: it is loaded under the same names.
[[nodiscard]] std::vector<misbehave::Misbehaviour> misbehaviours_of(
    const Profile& profile, const std::vector<std::string>& already);

/// Everything in fixtures/profiles, as it was when the program was built.
[[nodiscard]] std::span<const EmbeddedFile> profile_files();

}  // namespace mock
