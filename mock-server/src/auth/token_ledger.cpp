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

std::string line_of(const std::string& digest, const Grant& grant) {
  return json::dump(nlohmann::ordered_json{{"sha256", digest},
                                           {"username", grant.username},
                                           {"scope", join_scopes(grant.scopes)},
                                           {"issued", seconds(grant.issued)},
                                           {"expires", seconds(grant.expires)}});
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
        grants_.erase(revoked->string());
        return true;
      }
      root.only({"sha256", "username", "scope", "issued", "expires"});
      grants_[root.at("sha256").string()] =
          Grant{root.at("username").string(), split_scopes(root.at("scope").string()),
                from_seconds(root.at("issued")), from_seconds(root.at("expires"))};
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
  // Rewritten whole: without what expired, was revoked or was torn.
  std::string lines;
  for (const auto& [digest, grant] : grants_) lines += line_of(digest, grant) + "\n";
  auto rewritten = replace_file(*file_, lines, FileAccess::owner);
  // Only a torn line, which would run into the next one, cannot wait until the disk has room again.
  if (!rewritten && *content && rest.empty()) return {};
  return rewritten;
}

void TokenLedger::forget_expired(TimePoint now) {
  std::erase_if(grants_, [&](const auto& entry) { return now >= entry.second.expires; });
  prune_at_ = std::max<std::size_t>(1024, 2 * grants_.size());
}

Result<std::string> TokenLedger::issue(const Grant& grant) {
  if (grants_.size() >= prune_at_) forget_expired(grant.issued);
  std::string token = random_token(token_bytes);
  std::string digest = sha256_hex(token);
  if (file_) {
    auto kept = append_line(*file_, line_of(digest, grant), FileAccess::owner);
    if (!kept) return tl::unexpected(kept.error());
  }
  grants_.emplace(std::move(digest), grant);
  return token;
}

tl::expected<Grant, TokenRefusal> TokenLedger::verify(std::string_view token, TimePoint now) const {
  const auto found = grants_.find(sha256_hex(token));
  if (found == grants_.end()) return tl::unexpected(unverified("token was not issued here"));
  if (now >= found->second.expires) return tl::unexpected(expired(found->second.expires));
  return found->second;
}

Result<void> TokenLedger::revoke(std::string_view token) {
  const std::string digest = sha256_hex(token);
  if (!grants_.contains(digest)) return {};
  // First on disk: a token that is unknown now must not come back with a restart.
  if (file_) {
    auto kept =
        append_line(*file_, json::dump(nlohmann::json{{"revoked", digest}}), FileAccess::owner);
    if (!kept) return kept;
  }
  grants_.erase(digest);
  return {};
}

}  // namespace mock
