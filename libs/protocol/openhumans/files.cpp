#include "protocol/openhumans/files.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace openhumans {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const std::optional<std::string>& text) {
  return text ? ordered_json(*text) : ordered_json(nullptr);
}

ordered_json json_of(const File& file) {
  ordered_json datatypes = ordered_json::array();
  for (const Datatype& datatype : file.datatypes) {
    std::visit([&](const auto& value) { datatypes.push_back(value); }, datatype);
  }
  // It was parsed when it came. If it is no JSON all the same, the listing shows an empty object.
  ordered_json metadata = ordered_json::parse(file.metadata, nullptr, false);
  if (metadata.is_discarded()) metadata = ordered_json::object();
  return {{"id", file.id},
          {"basename", file.basename},
          {"created", file.created},
          {"datatypes", std::move(datatypes)},
          {"download_url", file.download_url},
          {"metadata", std::move(metadata)},
          {"source", file.source},
          {"source_project", file.source_project}};
}

ordered_json json_of(const std::vector<File>& files) {
  ordered_json list = ordered_json::array();
  for (const File& file : files) list.push_back(json_of(file));
  return list;
}

std::optional<json::Cursor> present(const json::Cursor& root, std::string_view key) {
  auto member = root.find(key);
  return member && !member->is_null() ? member : std::nullopt;
}

std::string text_or_empty(const json::Cursor& root, std::string_view key) {
  const auto member = present(root, key);
  return member ? member->string() : std::string{};
}

std::optional<std::string> optional_text(const json::Cursor& root, std::string_view key) {
  const auto member = present(root, key);
  return member ? std::optional(member->string()) : std::nullopt;
}

std::uint64_t number_or_zero(const json::Cursor& root, std::string_view key) {
  const auto member = present(root, key);
  return member ? member->unsigned_integer() : 0;
}

std::vector<std::string> texts(const json::Cursor& root, std::string_view key) {
  std::vector<std::string> list;
  const auto member = present(root, key);
  if (!member) return list;
  for (const auto& item : member->items()) list.push_back(item.string());
  return list;
}

File read_file(const json::Cursor& root) {
  File file;
  file.id = root.at("id").unsigned_integer();
  file.basename = root.at("basename").string();
  file.created = text_or_empty(root, "created");
  if (const auto datatypes = present(root, "datatypes")) {
    for (const auto& one : datatypes->items()) {
      if (one.is_string()) {
        file.datatypes.emplace_back(one.string());
      } else {
        file.datatypes.emplace_back(one.integer());
      }
    }
  }
  file.download_url = root.at("download_url").string();
  if (const auto metadata = present(root, "metadata"))
    file.metadata = json::dump_plain(metadata->raw());
  file.source = text_or_empty(root, "source");
  file.source_project = text_or_empty(root, "source_project");
  return file;
}

std::vector<File> read_files(const json::Cursor& root) {
  std::vector<File> files;
  for (const auto& one : root.at("data").items()) files.push_back(read_file(one));
  return files;
}

Member read_member(const json::Cursor& root) {
  return {root.at("project_member_id").string(), number_or_zero(root, "file_count"),
          text_or_empty(root, "exchange_member"), texts(root, "sources_shared"), read_files(root)};
}

}  // namespace

std::string to_json(const MemberFiles& files) {
  return json::dump_plain(ordered_json{{"count", files.count},
                                       {"next", json_of(files.next)},
                                       {"previous", json_of(files.previous)},
                                       {"created", files.created},
                                       {"project_member_id", files.project_member_id},
                                       {"sources_shared", files.sources_shared},
                                       {"data", json_of(files.data)}});
}

Result<MemberFiles> parse_member_files(std::string_view text) {
  return json::decode(text, "member's files", [](const json::Cursor& root) {
    return MemberFiles{root.at("project_member_id").string(),
                       text_or_empty(root, "created"),
                       texts(root, "sources_shared"),
                       number_or_zero(root, "count"),
                       optional_text(root, "next"),
                       optional_text(root, "previous"),
                       read_files(root)};
  });
}

std::string to_json(const MemberList& list) {
  ordered_json results = ordered_json::array();
  for (const Member& member : list.results) {
    results.push_back({{"project_member_id", member.project_member_id},
                       {"file_count", member.file_count},
                       {"exchange_member", member.exchange_member},
                       {"sources_shared", member.sources_shared},
                       {"data", json_of(member.data)}});
  }
  return json::dump_plain(ordered_json{{"count", list.count},
                                       {"next", json_of(list.next)},
                                       {"previous", json_of(list.previous)},
                                       {"results", std::move(results)}});
}

Result<MemberList> parse_member_list(std::string_view text) {
  return json::decode(text, "list of members", [](const json::Cursor& root) {
    MemberList list{number_or_zero(root, "count"),
                    optional_text(root, "next"),
                    optional_text(root, "previous"),
                    {}};
    for (const auto& one : root.at("results").items()) list.results.push_back(read_member(one));
    return list;
  });
}

}  // namespace openhumans
