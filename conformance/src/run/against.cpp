#include "run/against.hpp"

namespace conformance {

Against compared(const std::string& file, const verdicts::Column& recorded,
                 const verdicts::Rows& found) {
  Against out{file, recorded.title, {}, 0, 0};
  for (const auto& [id, row] : found) {
    const auto before = recorded.rows.find(id);
    if (before == recorded.rows.end()) {
      auto fresh = verdicts::changes({}, {{id, row}});
      out.changes.push_back(std::move(fresh.front()));
    } else if (auto differs = verdicts::difference(before->second, &row)) {
      out.changes.push_back({id, std::move(*differs)});
    } else {
      ++out.same;
    }
  }
  for (const auto& [id, row] : recorded.rows) out.not_judged += found.contains(id) ? 0 : 1;
  return out;
}

}  // namespace conformance
