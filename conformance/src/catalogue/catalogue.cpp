#include "catalogue/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "protocol/json/decode.hpp"

namespace conformance {
namespace {

bool is_id(std::string_view id) {
  if (id.size() < 5 || id[id.size() - 4] != '-') return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool number = std::all_of(id.end() - 3, id.end(), digit);
  return number && id.front() >= 'A' && id.front() <= 'Z' &&
         std::all_of(id.begin(), id.end(),
                     [&](char c) { return digit(c) || (c >= 'A' && c <= 'Z') || c == '-'; });
}

/// Three to seven words of small letters and digits, a hyphen between each two.
bool is_name(std::string_view name) {
  std::size_t words = 0;
  for (std::size_t at = 0; at <= name.size(); ++words) {
    const std::size_t end = std::min(name.find('-', at), name.size());
    const std::string_view word = name.substr(at, end - at);
    const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
    if (word.empty() || !plain) return false;
    at = end + 1;
  }
  // The function of its check has the same name, so no digit may begin it.
  return words >= 3 && words <= 7 && name.front() >= 'a';
}

std::string needed_text(const json::Cursor& row, std::string_view key) {
  const json::Cursor member = row.at(key);
  if (member.string().empty()) member.fail("must not be empty");
  return member.string();
}

std::string read_origin(const json::Cursor& at, const CatalogueWords& words) {
  if (words.origins.contains(at.string())) return at.string();
  at.fail(fmt::format("expected one of {}", fmt::join(words.origins, ", ")));
}

std::string read_name(const json::Cursor& row, const std::string& id) {
  constexpr std::string_view form = "three to seven words, as in patch-above-the-offset-is-409";
  const auto name = row.find("name");
  if (!name) row.fail(fmt::format("{} has no name: {}", id, form));
  if (!is_name(name->string())) name->fail(fmt::format("the name of {} is {}", id, form));
  return name->string();
}

/// Reads what the known servers do, and refuses keys that a row does not have.
void read_columns(const json::Cursor& at, const CatalogueWords& words, Requirement& row) {
  std::vector<std::string_view> keys{"id",   "name",     "level",    "section", "requirement",
                                     "test", "excludes", "arguable", "slow"};
  keys.insert(keys.end(), words.servers.begin(), words.servers.end());
  at.only(std::span<const std::string_view>(keys));
  for (const auto& [key, value] : at.members())
    if (words.servers.contains(key) && !value.string().empty()) row.known[key] = value.string();
}

Requirement read_row(const json::Cursor& at, const std::string& area, const std::string& origin,
                     const CatalogueWords& words) {
  Requirement row;
  read_columns(at, words, row);
  row.area = area;
  row.origin = origin;
  row.id = needed_text(at, "id");
  if (!is_id(row.id)) at.at("id").fail("expected an id like TUS-CORE-VER-001");
  row.name = read_name(at, row.id);
  const auto level = level_named(at.at("level").string());
  if (!level) at.at("level").fail("expected one of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY");
  row.level = *level;
  row.section = needed_text(at, "section");
  row.text = needed_text(at, "requirement");
  row.test = at.at("test").string();
  if (at.find("arguable")) {
    row.arguable = needed_text(at, "arguable");
    if (row.level == Level::must || row.level == Level::must_not) {
      at.at("level").fail("expected SHOULD or less of what is arguable");
    }
  }
  if (const auto excludes = at.find("excludes")) {
    for (const auto& e : excludes->items()) row.excludes.push_back(e.string());
  }
  if (const auto slow = at.find("slow")) row.slow = slow->boolean();
  return row;
}

}  // namespace

const Requirement* Catalogue::find(std::string_view id) const {
  const auto row =
      std::find_if(rows_.begin(), rows_.end(), [&](const Requirement& r) { return r.id == id; });
  return row == rows_.end() ? nullptr : &*row;
}

Result<Catalogue> load_catalogue(std::span<const EmbeddedFile> documents,
                                 const CatalogueWords& words) {
  std::vector<Requirement> rows;
  std::set<std::string> ids;
  std::map<std::string, std::string> named;
  for (const EmbeddedFile& document : documents) {
    auto read =
        json::decode(document.text, std::string(document.path), [&](const json::Cursor& root) {
          root.only({"$schema", "area", "system", "requirements"});
          const std::string area = needed_text(root, "area");
          const std::string origin = read_origin(root.at("system"), words);
          for (const auto& item : root.at("requirements").items()) {
            Requirement row = read_row(item, area, origin, words);
            if (!ids.insert(row.id).second) item.fail(row.id + " is there twice");
            const auto [first, is_new] = named.emplace(row.name, row.id);
            if (!is_new) {
              item.at("name").fail(
                  fmt::format("{} has the name of {}, {}", row.id, first->second, row.name));
            }
            rows.push_back(std::move(row));
          }
          return true;
        });
    if (!read) return tl::unexpected(read.error());
  }
  if (rows.empty()) return failure("fixtures/requirements", "holds no requirement");
  return Catalogue(std::move(rows));
}

namespace {

using Breakers = std::map<std::string, std::vector<std::string>, std::less<>>;

/// The names of all embedded defects, by the requirement that they break.
Breakers read_breakers() {
  Breakers all;
  for (const EmbeddedFile& document : embedded_defects()) {
    const auto found =
        json::decode(document.text, std::string(document.path), [](const json::Cursor& root) {
          Breakers out;
          const auto consider = [&](const json::Cursor& rule) {
            const auto breaks = rule.find("breaks");
            if (!breaks) return;
            for (const auto& b : breaks->items()) {
              out[b.string()].push_back(needed_text(rule, "name"));
            }
          };
          if (root.is_array()) {
            for (const auto& rule : root.items()) consider(rule);
          } else {
            consider(root);
            if (const auto rules = root.find("rules")) {
              for (const auto& rule : rules->items()) consider(rule);
            }
          }
          return out;
        });
    if (!found) continue;
    for (const auto& [id, names] : *found)
      all[id].insert(all[id].end(), names.begin(), names.end());
  }
  for (auto& [id, names] : all) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }
  return all;
}

}  // namespace

std::vector<std::string> defects_breaking(std::string_view id) {
  static const Breakers all = read_breakers();
  const auto names = all.find(id);
  return names == all.end() ? std::vector<std::string>() : names->second;
}

}  // namespace conformance
