#include "auth/token_ledger.hpp"

#include <gtest/gtest.h>

#include "files/files.hpp"
#include "files/temporary_folder.hpp"

namespace mock {
namespace {

using std::chrono::seconds;

const TimePoint start{seconds{1'800'000'000}};
Grant grant_until(TimePoint expires) { return {"lab", {"dex:upload", "b"}, start, expires}; }

class Ledger : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "state" / "t.jsonl"; }
  [[nodiscard]] std::unique_ptr<TokenLedger> open(TimePoint now = start) const {
    auto ledger = TokenLedger::open(file(), now);
    EXPECT_TRUE(ledger) << ledger.error().line();
    return ledger ? std::move(*ledger) : nullptr;
  }

  TemporaryFolder folder_;
};

TEST_F(Ledger, KnowsWhatItIssuedUntilItExpires) {
  const auto ledger = open();
  const auto token = ledger->issue(grant_until(start + seconds{10})).value();
  EXPECT_GE(token.size(), 43U) << "256 bits";
  EXPECT_EQ(ledger->verify(token, start + seconds{9}).value(), grant_until(start + seconds{10}));
  const auto late = ledger->verify(token, start + seconds{10});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().text.rfind("failed to verify token\noidc: token is expired", 0), 0U);
}

TEST_F(Ledger, RefusesWhatItDidNotIssue) {
  const auto ledger = open();
  const auto token = ledger->issue(grant_until(start + seconds{10})).value();
  for (const std::string& other : {std::string{}, std::string("anything"), token + "A"}) {
    EXPECT_FALSE(ledger->verify(other, start)) << other;
  }
  EXPECT_NE(ledger->issue(grant_until(start + seconds{10})).value(), token);
}

TEST_F(Ledger, OutlivesARestartWithoutKeepingTheTokens) {
  const auto token = open()->issue(grant_until(start + seconds{10})).value();
  EXPECT_EQ(open()->verify(token, start).value(), grant_until(start + seconds{10}));
  EXPECT_EQ(read_file(file()).value()->find(token), std::string::npos);
}

TEST_F(Ledger, OpensWhenItCannotBeRewritten) {
  std::string token;
  {
    const auto ledger = open();
    token = ledger->issue(grant_until(start + seconds{10})).value();
    ASSERT_TRUE(ledger->revoke(ledger->issue(grant_until(start + seconds{10})).value()));
  }
  // A folder in the way of the new file, which cannot be written then, as on a full disk.
  std::filesystem::create_directory(file().string() + ".new");
  EXPECT_TRUE(open()->verify(token, start));
  // After a torn line it has to be written: another line would make both unreadable.
  ASSERT_TRUE(append_line(file(), "{\"sha256\":"));
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 1);
  EXPECT_FALSE(TokenLedger::open(file(), start));
}

TEST_F(Ledger, ARevocationThatCannotBeKeptLeavesTheTokenGood) {
  const auto ledger = open();
  const auto token = ledger->issue(grant_until(start + seconds{10})).value();
  std::filesystem::remove(file());
  std::filesystem::create_directory(file());
  EXPECT_FALSE(ledger->revoke(token));
  EXPECT_TRUE(ledger->verify(token, start));
}

TEST_F(Ledger, RevocationOutlivesARestart) {
  std::string token;
  {
    const auto ledger = open();
    token = ledger->issue(grant_until(start + seconds{10})).value();
    ASSERT_TRUE(ledger->revoke(token));
    EXPECT_FALSE(ledger->verify(token, start));
  }
  EXPECT_FALSE(open()->verify(token, start));
}

TEST_F(Ledger, AFamilyIsRevokedAtOnce) {
  std::string mine;
  std::string other;
  {
    const auto ledger = open();
    auto grant = grant_until(start + seconds{10});
    grant.family = "a";
    mine = ledger->issue(grant).value();
    ASSERT_TRUE(ledger->record("made elsewhere", grant));
    grant.family = "b";
    other = ledger->issue(grant).value();
    ASSERT_TRUE(ledger->revoke_family("a"));
    EXPECT_FALSE(ledger->verify(mine, start));
  }
  const auto again = open();
  EXPECT_FALSE(again->verify(mine, start));
  EXPECT_TRUE(again->find("made elsewhere")->revoked);
  EXPECT_TRUE(again->verify(other, start));
  ASSERT_TRUE(again->revoke_all());
  EXPECT_FALSE(again->verify(other, start));
  EXPECT_FALSE(open()->verify(other, start));
}

TEST_F(Ledger, IsEarlyBeforeItsTime) {
  const auto ledger = open();
  auto grant = grant_until(start + seconds{10});
  grant.not_before = start + seconds{5};
  const auto token = ledger->issue(grant).value();
  EXPECT_FALSE(ledger->verify(token, start + seconds{4}));
  EXPECT_TRUE(ledger->verify(token, start + seconds{5}));
  EXPECT_TRUE(open()->verify(token, start + seconds{5}));
  EXPECT_FALSE(open()->verify(token, start));
}

TEST_F(Ledger, ForgetsTheExpiredAtStart) {
  const auto token = open()->issue(grant_until(start + seconds{10})).value();
  EXPECT_FALSE(open(start + seconds{10})->verify(token, start));
  EXPECT_EQ(read_file(file()).value(), "");
}

TEST_F(Ledger, ATornLastLineIsDropped) {
  const auto token = open()->issue(grant_until(start + seconds{10})).value();
  const std::string whole = **read_file(file());
  ASSERT_TRUE(replace_file(file(), whole + whole.substr(0, whole.size() / 2)));
  EXPECT_TRUE(open()->verify(token, start));
  EXPECT_EQ(read_file(file()).value(), whole);
}

TEST_F(Ledger, ADamagedLineIsNamed) {
  ASSERT_TRUE(open()->issue(grant_until(start + seconds{10})));
  ASSERT_TRUE(append_line(file(), "{\"sha256\": 1}"));
  const auto ledger = TokenLedger::open(file(), start);
  ASSERT_FALSE(ledger);
  EXPECT_NE(ledger.error().line().find("t.jsonl:2"), std::string::npos) << ledger.error().line();
}

TEST_F(Ledger, WithoutAFileItLivesInMemory) {
  const auto ledger = TokenLedger::open(std::nullopt, start);
  ASSERT_TRUE(ledger);
  const auto token = (*ledger)->issue(grant_until(start + seconds{10})).value();
  EXPECT_TRUE((*ledger)->verify(token, start));
}

}  // namespace
}  // namespace mock
