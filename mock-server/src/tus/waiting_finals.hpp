// Which finals wait for which part (protocol.md, Concatenation; concatenation-unfinished).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mock {

/// A final is noted under only one of its unfinished parts. When that part is finished, the next
/// unfinished one is looked for. So a final costs the same however many parts it has, and however
/// many finals wait.
/// Loop thread only.
class WaitingFinals {
 public:
  /// `final_id` waits for `part`, and for no other that it was noted under before.
  void wait(const std::string& final_id, const std::string& part) {
    forget(final_id);
    finals_[part].insert(final_id);
    part_of_.emplace(final_id, part);
  }
  /// nullptr when it is not noted. Valid until the next change.
  [[nodiscard]] const std::string* part_of(std::string_view final_id) const {
    const auto noted = part_of_.find(final_id);
    return noted == part_of_.end() ? nullptr : &noted->second;
  }
  /// The finals that are noted under `part`, which are noted no longer.
  [[nodiscard]] std::vector<std::string> take(std::string_view part) {
    const auto found = finals_.find(part);
    if (found == finals_.end()) return {};
    std::vector<std::string> taken(found->second.begin(), found->second.end());
    for (const auto& id : taken) part_of_.erase(id);
    finals_.erase(found);
    return taken;
  }
  void forget(std::string_view final_id) {
    const auto noted = part_of_.find(final_id);
    if (noted == part_of_.end()) return;
    const auto finals = finals_.find(noted->second);
    finals->second.erase(noted->first);
    if (finals->second.empty()) finals_.erase(finals);
    part_of_.erase(noted);
  }

 private:
  std::map<std::string, std::set<std::string>, std::less<>> finals_;  ///< by part
  std::map<std::string, std::string, std::less<>> part_of_;           ///< by final
};

}  // namespace mock
