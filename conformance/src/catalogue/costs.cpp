#include "catalogue/costs.hpp"

#include "protocol/json/decode.hpp"

namespace conformance {
namespace {

Cost read_cost(const json::Cursor& at) {
  at.only({"requests", "bytes", "uploads", "ms"});
  Cost cost;
  cost.requests = at.at("requests").unsigned_integer();
  cost.bytes = at.at("bytes").unsigned_integer();
  cost.uploads = at.at("uploads").unsigned_integer();
  cost.ms = at.at("ms").unsigned_integer();
  return cost;
}

}  // namespace

Cost& Cost::operator+=(const Cost& more) {
  requests += more.requests;
  bytes += more.bytes;
  uploads += more.uploads;
  ms += more.ms;
  return *this;
}

Result<Costs> parse_costs(std::string_view text, const std::string& document) {
  return json::decode(text, document, [](const json::Cursor& root) {
    root.only({"$schema", "system", "measured", "left_behind", "besides", "rows"});
    Costs costs;
    static_cast<void>(root.at("system").string());
    costs.measured = root.at("measured").string();
    if (costs.measured.empty()) root.at("measured").fail("must say how");
    costs.left_behind = root.at("left_behind").string();
    costs.besides = read_cost(root.at("besides"));
    for (const auto& [id, cost] : root.at("rows").members()) {
      costs.rows.emplace(id, read_cost(cost));
    }
    return costs;
  });
}

Result<Costs> load_costs(std::span<const EmbeddedFile> documents, std::string_view system) {
  for (const EmbeddedFile& document : documents) {
    if (document.stem() == system) return parse_costs(document.text, std::string(document.path));
  }
  return failure("plan", "nobody measured what rows of " + std::string(system) + " send");
}

}  // namespace conformance
