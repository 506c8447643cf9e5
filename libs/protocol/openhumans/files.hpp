// What an Open Humans server lists: the files of members.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/openhumans/metadata.hpp"

namespace openhumans {

struct File {
  std::uint64_t id = 0;
  std::string basename;
  std::string created;  ///< "2018-05-27T12:22:27.123456Z"
  std::vector<Datatype> datatypes;
  std::string download_url;
  std::string metadata = "{}";  ///< JSON
  std::string source;           ///< "direct-sharing-91"
  std::string source_project;   ///< a URL
  bool operator==(const File&) const = default;
};

/// GET exchange-member/: the files of one member, a page of them.
struct MemberFiles {
  std::string project_member_id;
  std::string created;  ///< of the membership
  std::vector<std::string> sources_shared;
  std::uint64_t count = 0;              ///< of all pages
  std::optional<std::string> next;      ///< a URL
  std::optional<std::string> previous;  ///< a URL
  std::vector<File> data;
  bool operator==(const MemberFiles&) const = default;
};
[[nodiscard]] std::string to_json(const MemberFiles& files);
/// Unknown members are ignored. A file needs id, basename and download_url; its other members may
/// be missing.
[[nodiscard]] Result<MemberFiles> parse_member_files(std::string_view text);

/// GET members/: the members of a project, with a page of files each.
struct Member {
  std::string project_member_id;
  std::uint64_t file_count = 0;
  std::string exchange_member;  ///< a URL
  std::vector<std::string> sources_shared;
  std::vector<File> data;
  bool operator==(const Member&) const = default;
};
struct MemberList {
  std::uint64_t count = 0;
  std::optional<std::string> next;
  std::optional<std::string> previous;
  std::vector<Member> results;
  bool operator==(const MemberList&) const = default;
};
[[nodiscard]] std::string to_json(const MemberList& list);
[[nodiscard]] Result<MemberList> parse_member_list(std::string_view text);

}  // namespace openhumans
