#include "protocol/openhumans/answers.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/json/object_text.hpp"

namespace openhumans {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view selectors = "one of file_id, file_basename, or all_files is required";

}  // namespace

std::string detail_body(std::string_view sentence) {
  return json::dump_plain(ordered_json{{"detail", sentence}});
}

std::string problems_body(const Problems& problems) {
  ordered_json body = ordered_json::object();
  for (const auto& [field, sentence] : problems) body[field].push_back(sentence);
  return json::dump_plain(body);
}

std::string unknown_member_body() {
  return json::dump_plain(ordered_json{{"project_member_id", "project_member_id is invalid"}});
}

std::string missing_selector_body() {
  return json::dump_plain(ordered_json{{"missing_field", selectors}});
}

std::string too_many_selectors_body() {
  return json::dump_plain(ordered_json{{"too_many", selectors}});
}

Result<Problems> parse_problems(std::string_view text) {
  return json::decode(text, "error body", [](const json::Cursor& root) {
    Problems problems;
    for (const auto& [field, value] : root.members()) {
      if (value.is_string()) {
        problems.emplace_back(field, value.string());
        continue;
      }
      for (const auto& sentence : value.items()) problems.emplace_back(field, sentence.string());
    }
    if (problems.empty()) root.fail("tells of no problem");
    return problems;
  });
}

std::string to_json(const Created& created) {
  json::ObjectText body;
  body.number("id", created.id);
  if (created.url) body.text("url", *created.url);
  return std::move(body).finish();
}

Result<Created> parse_created(std::string_view text) {
  // The URL is signed: whoever reads it could store a file of their own.
  return json::decode(
      text, "upload answer",
      [](const json::Cursor& root) {
        Created created{root.at("id").unsigned_integer(), std::nullopt};
        if (const auto url = root.find("url")) created.url = url->string();
        return created;
      },
      json::Content::secret);
}

std::string to_json(const Completed& completed) {
  json::ObjectText body;
  body.text("status", "ok").number("size", completed.size);
  return std::move(body).finish();
}

Result<Completed> parse_completed(std::string_view text) {
  return json::decode(text, "completion answer", [](const json::Cursor& root) {
    const auto status = root.at("status");
    if (status.string() != "ok") status.fail("expected \"ok\", found " + quote(status.string()));
    return Completed{root.at("size").unsigned_integer()};
  });
}

std::string to_json(const Deleted& deleted) {
  return json::dump_plain(ordered_json{{"ids", deleted.ids}});
}

Result<Deleted> parse_deleted(std::string_view text) {
  return json::decode(text, "deletion answer", [](const json::Cursor& root) {
    Deleted deleted;
    for (const auto& id : root.at("ids").items()) deleted.ids.push_back(id.unsigned_integer());
    return deleted;
  });
}

}  // namespace openhumans
