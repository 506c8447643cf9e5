#include "auth/token_ledger.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "auth/scopes.hpp"
#include "files/files.hpp"
#include "protocol/digest.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace mock {
namespace {

constexpr std::size_t token_bytes = 32;

std::int64_t seconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}
TimePoint from_seconds(const json::Cursor& cursor) {
  constexpr std::int64_t year_2262 = 9'200'000'000;
  const std::int64_t value = cursor.integer();
  if (value < 0 || value > year_2262) cursor.fail("expected seconds since 1970");
  return TimePoint{std::chrono::seconds{value}};
}

std::string line_of(const std::string& digest, const TokenLedger::Entry& entry) {
  const Grant& grant = entry.grant;
  nlohmann::ordered_json line{{"sha256", digest},
                              {"username", grant.username},
                              {"scope", join_scopes(grant.scopes)},
                              {"issued", seconds(grant.issued)},
                              {"expires", seconds(grant.expires)}};
  if (grant.not_before > TimePoint{}) line["not_before"] = seconds(grant.not_before);
  if (!grant.family.empty()) line["family"] = grant.family;
  if (entry.revoked) line["void"] = true;
  return json::dump(line);
}

TokenLedger::Entry entry_from(const json::Cursor& root) {
  root.only({"sha256", "username", "scope", "issued", "expires", "not_before", "family", "void"});
  TokenLedger::Entry entry;
  entry.grant = {root.at("username").string(), split_scopes(root.at("scope").string()),
                 from_seconds(root.at("issued")), from_seconds(root.at("expires"))};
  if (const auto nbf = root.find("not_before")) entry.grant.not_before = from_seconds(*nbf);
  if (const auto family = root.find("family")) entry.grant.family = family->string();
  if (const auto revoked = root.find("void")) entry.revoked = revoked->boolean();
  return entry;
}

}  // namespace

Result<std::unique_ptr<TokenLedger>> TokenLedger::open(std::optional<std::filesystem::path> file,
                                                       TimePoint now) {
  std::unique_ptr<TokenLedger> ledger(new TokenLedger(std::move(file)));
  if (auto loaded = ledger->load(now); !loaded) return tl::unexpected(loaded.error());
  return ledger;
}

Result<void> TokenLedger::load(TimePoint now) {
  if (!file_) return {};
  auto content = read_file(*file_);
  if (!content) return tl::unexpected(content.error());
  std::string_view rest = *content ? std::string_view(**content) : std::string_view();
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    const std::string where = file_->string() + ":" + std::to_string(number);
    auto read = json::decode(rest.substr(0, end), where, [&](const json::Cursor& root) {
      if (const auto revoked = root.find("revoked")) {
        root.only({"revoked"});
        const auto found = entries_.find(revoked->string());
        if (found != entries_.end()) found->second.revoked = true;
        return true;
      }
      if (const auto family = root.find("revoked_family")) {
        root.only({"revoked_family"});
        mark_family(family->string());
        return true;
      }
      if (root.find("revoked_all")) {
        root.only({"revoked_all"});
        for (auto& [digest, entry] : entries_) entry.revoked = true;
        return true;
      }
      entries_[root.at("sha256").string()] = entry_from(root);
      return true;
    });
    if (!read) {
      Error error = read.error();
      error.hint = "remove the file; tokens issued so far become invalid";
      return tl::unexpected(error);
    }
    rest.remove_prefix(end + 1);
  }
  forget_expired(now);
  // Rewritten whole: without what expired or was torn.
  auto rewritten = replace_file(*file_, all_lines(), FileAccess::owner);
  // On a full disk that can wait, but not if a line is torn: the next one would run into it.
  if (!rewritten && *content && rest.empty()) return {};
  return rewritten;
}

std::string TokenLedger::all_lines() const {
  std::string lines;
  for (const auto& [digest, entry] : entries_) lines += line_of(digest, entry) + "\n";
  return lines;
}

Result<void> TokenLedger::keep_in(const std::filesystem::path& file) {
  auto written = replace_file(file, all_lines(), FileAccess::owner);
  if (written) file_ = file;
  return written;
}

bool TokenLedger::holds(TimePoint now, bool with_void) const {
  return std::any_of(entries_.begin(), entries_.end(), [=](const auto& entry) {
    return (with_void || !entry.second.revoked) && now < entry.second.grant.expires;
  });
}

void TokenLedger::forget_expired(TimePoint now) {
  std::erase_if(entries_, [&](const auto& entry) { return now >= entry.second.grant.expires; });
  ++voided_;  // forgotten tokens must not pass again if the clock goes back
  prune_at_ = std::max<std::size_t>(1024, 2 * entries_.size());
}

void TokenLedger::mark_family(const std::string& family) {
  ++voided_;
  for (auto& [digest, entry] : entries_) {
    if (entry.grant.family == family) entry.revoked = true;
  }
}

Result<std::string> TokenLedger::issue(const Grant& grant) {
  std::string token = random_token(token_bytes);
  if (auto kept = record(token, grant); !kept) return tl::unexpected(kept.error());
  return token;
}

Result<void> TokenLedger::record(std::string_view token, const Grant& grant) {
  if (entries_.size() >= prune_at_) forget_expired(grant.issued);
  std::string digest = sha256_hex(token);
  Entry entry{grant};
  if (file_) {
    auto kept = append_line(*file_, line_of(digest, entry), FileAccess::owner);
    if (!kept) return kept;
  }
  entries_.insert_or_assign(std::move(digest), std::move(entry));
  return {};
}

const TokenLedger::Entry* TokenLedger::find(std::string_view token) const {
  const auto found = entries_.find(sha256_hex(token));
  return found == entries_.end() ? nullptr : &found->second;
}

tl::expected<Grant, TokenRefusal> TokenLedger::verify(std::string_view token, TimePoint now) const {
  const Entry* entry = find(token);
  if (!entry) return tl::unexpected(unverified("token was not issued here"));
  if (entry->revoked) return tl::unexpected(unverified("token was revoked"));
  if (now >= entry->grant.expires) return tl::unexpected(expired(entry->grant.expires));
  if (now < entry->grant.not_before) return tl::unexpected(not_yet_valid(now));
  return entry->grant;
}

// First on disk: a token that is void now must not come back with a restart.
Result<void> TokenLedger::revoke(std::string_view token) {
  const auto found = entries_.find(sha256_hex(token));
  if (found == entries_.end() || found->second.revoked) return {};
  if (file_) {
    auto kept = append_line(*file_, json::dump(nlohmann::json{{"revoked", found->first}}),
                            FileAccess::owner);
    if (!kept) return kept;
  }
  ++voided_;
  found->second.revoked = true;
  return {};
}

// Marked, not forgotten: a JWT that is unknown here would pass by its signature.
Result<void> TokenLedger::revoke_all() {
  if (file_) {
    auto kept =
        append_line(*file_, json::dump(nlohmann::json{{"revoked_all", true}}), FileAccess::owner);
    if (!kept) return kept;
  }
  ++voided_;
  for (auto& [digest, entry] : entries_) entry.revoked = true;
  return {};
}

Result<void> TokenLedger::revoke_family(const std::string& family) {
  if (family.empty()) return {};
  if (file_) {
    auto kept = append_line(*file_, json::dump(nlohmann::json{{"revoked_family", family}}),
                            FileAccess::owner);
    if (!kept) return kept;
  }
  mark_family(family);
  return {};
}

}  // namespace mock
