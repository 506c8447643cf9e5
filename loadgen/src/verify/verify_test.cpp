#include "verify/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "systems/tus/client.hpp"
#include "testkit/temp_folder.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {
namespace {

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    uploads_options.run_id = "r1";
    options.control_url = "http://127.0.0.1:1/_mock/uploads";
    add_uploads(3);
  }
  void add_uploads(std::uint64_t to) {
    for (std::uint64_t i = results.size(); i < to; ++i) {
      UploadResult r;
      r.index = i;
      r.size = Bytes{3000};
      r.state = UploadState::uploaded;
      r.url = "http://127.0.0.1:1/files/" + std::to_string(i);
      r.name = file_name("r1", i, "bin");
      results.push_back(r);
      stored[r.url] = bytes_of(i);
    }
  }
  static std::uint64_t number_in(const std::string& url) {
    return std::stoull(url.substr(url.rfind('/') + 1));
  }
  static Payload payload(std::uint64_t i) { return {PayloadKind::random, 1, i, Bytes{3000}}; }
  static std::string bytes_of(std::uint64_t i) {
    std::string bytes(3000, '\0');
    payload(i).read(Bytes{0}, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }
  LoadOutcome serve(const LoadRequest& r) {
    if (r.url.find("/_mock/") != std::string::npos) return control ? control(r) : answer(404);
    const auto found = stored.find(r.url);
    if (found == stored.end()) return answer(404);
    if (r.method == "HEAD") {
      UploadResult sent;
      sent.index = number_in(r.url);
      sent.name = file_name("r1", sent.index, "bin");
      auto metadata = tus::format_metadata(TusClient(uploads_options).metadata_of(sent));
      if (dropped) return answer(200, {{"Upload-Offset", std::to_string(found->second.size())}});
      return answer(200, {{"Upload-Offset", std::to_string(found->second.size())},
                          {"Upload-Metadata", std::move(metadata)}});
    }
    if (r.sink) r.sink(std::as_bytes(std::span(found->second)));
    return answer(download_status);
  }
  VerifyMethod verify() {
    Authorizer authorizer(transport, {});
    const TusClient client(uploads_options);
    Verifier verifier(transport, authorizer, client, std::move(options));
    bool done = false;
    run(verifier, [&] { done = true; });
    transport.run();
    EXPECT_TRUE(done);
    return verifier.method();
  }

  /// Hands out `results` and takes them back.
  void run(Verifier& verifier, std::function<void()> done) {
    auto next = [this, at = std::size_t{0}]() mutable -> std::optional<UploadResult> {
      while (at < results.size() && results[at].state != UploadState::uploaded) ++at;
      if (at == results.size()) return std::nullopt;
      return results[at++];
    };
    verifier.run(
        std::move(next), [this](UploadResult result) { results[result.index] = std::move(result); },
        std::move(done));
  }

  FakeTransport transport{[this](const LoadRequest& r) { return serve(r); }};
  UploadOptions uploads_options;
  Verifier::Options options;
  std::vector<UploadResult> results;
  std::map<std::string, std::string> stored;
  std::function<LoadOutcome(const LoadRequest&)> control;
  int download_status = 200;
  bool dropped = false;  ///< the metadata
};

TEST_F(VerifyTest, DownloadsFindDifferentMissingAndAdditionalBytes) {
  stored[results[0].url][1234] ^= 1;
  stored[results[1].url].resize(2999);
  stored[results[2].url] += "x";
  EXPECT_EQ(verify(), VerifyMethod::download);
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_EQ(results[0].cause->detail, "bytes 1234-1234, 1 of them");
  EXPECT_EQ(results[0].damage, (ByteRange{Bytes{1234}, Bytes{1235}}));
  EXPECT_EQ(results[1].damage, (ByteRange{Bytes{2999}, Bytes{3000}}));
  EXPECT_EQ(results[1].cause->what, "verify: bytes are missing");
  EXPECT_EQ(results[2].cause->what, "verify: too many bytes");
}

TEST_F(VerifyTest, AnUploadThatIsGoneIsLost) {
  stored.erase(results[1].url);
  EXPECT_EQ(verify(), VerifyMethod::download);
  EXPECT_EQ(results[0].state, UploadState::verified);
  EXPECT_EQ(results[1].state, UploadState::lost);
  EXPECT_EQ(results[2].state, UploadState::verified);
}

TEST_F(VerifyTest, DigestsComeFirst) {
  control = [](const LoadRequest& r) {
    const auto i = number_in(r.url);
    const std::string digest =
        i == 2 ? std::string(64, '0') : payload(i).digest(DigestAlgorithm::sha256);
    return answer(200, {},
                  R"({"id":"x","offset":)" + std::string(i == 1 ? "2999" : "3000") +
                      R"(,"length":3000,"complete":true,"sha256":")" + digest + "\"}");
  };
  EXPECT_EQ(verify(), VerifyMethod::digest);
  EXPECT_EQ(results[0].state, UploadState::verified);
  EXPECT_EQ(results[1].cause->what, "verify: bytes are missing");
  EXPECT_EQ(results[2].cause->what, "verify: different bytes");
}

// An older mock server does not know the fast digest, and tells the other one.
TEST_F(VerifyTest, AFastDigestIsAskedFor) {
  control = [](const LoadRequest& r) {
    EXPECT_THAT(r.url, testing::EndsWith("?digest=xxh128"));
    const auto i = number_in(r.url);
    const std::string digest =
        i == 2 ? std::string(32, '0') : payload(i).digest(DigestAlgorithm::xxh128);
    return answer(200, {},
                  R"({"offset":3000,"complete":true,"sha256":null,"xxh128":")" + digest + "\"}");
  };
  EXPECT_EQ(verify(), VerifyMethod::digest);
  EXPECT_EQ(results[0].state, UploadState::verified);
  EXPECT_EQ(results[1].state, UploadState::verified);
  EXPECT_EQ(results[2].state, UploadState::lost);
  EXPECT_EQ(results[2].cause->what, "verify: different bytes");
}

/// A mock server whose every upload has one digest, whatever the bytes are.
LoadOutcome same_for_all(const std::string& digest) {
  return answer(200, {},
                R"({"offset":3000,"complete":true,"sha256":null,"xxh128":")" + digest + "\"}");
}

TEST_F(VerifyTest, ADigestThatWasMadeOnTheWayIsNotMadeAgain) {
  const std::string told(32, '7');
  control = [&](const LoadRequest&) { return same_for_all(told); };
  uploads_options.digest = DigestAlgorithm::xxh128;
  results[0].digest = told;
  results[1].digest = payload(1).digest(DigestAlgorithm::xxh128);
  EXPECT_EQ(verify(), VerifyMethod::digest);
  EXPECT_EQ(results[0].state, UploadState::verified);
  EXPECT_EQ(results[1].state, UploadState::lost);
  EXPECT_EQ(results[2].state, UploadState::lost) << "it has none";
}

// The digest made on the way is wrong, and what is stored is right.
TEST_F(VerifyTest, ADigestThatWasMadeOnTheWayIsNoProofOfALoss) {
  control = [](const LoadRequest& r) {
    return same_for_all(payload(number_in(r.url)).digest(DigestAlgorithm::xxh128));
  };
  uploads_options.digest = DigestAlgorithm::xxh128;
  for (auto& r : results) r.digest = std::string(32, '7');
  verify();
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::verified);
}

TEST_F(VerifyTest, ADigestOfAnotherKindIsMadeAgain) {
  control = [](const LoadRequest& r) {
    return answer(200, {},
                  R"({"offset":3000,"complete":true,"sha256":")" +
                      payload(number_in(r.url)).digest(DigestAlgorithm::sha256) + "\"}");
  };
  uploads_options.digest = DigestAlgorithm::xxh128;
  for (auto& r : results) r.digest = payload(r.index).digest(DigestAlgorithm::xxh128);
  verify();
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::verified);
}

// A client that always sends the same wrong bytes has the digest of what it sent.
TEST_F(VerifyTest, OneInManyIsHeldToWhatItShouldHaveBeen) {
  add_uploads(130);
  const std::string told(32, '7');
  control = [&](const LoadRequest&) { return same_for_all(told); };
  uploads_options.digest = DigestAlgorithm::xxh128;
  for (auto& r : results) r.digest = told;
  verify();
  for (const auto& r : results) {
    EXPECT_EQ(r.state, r.index % 64 == 63 ? UploadState::lost : UploadState::verified) << r.index;
  }
}

TEST_F(VerifyTest, RightBytesThatTheServerDoesNotOwnUpToAreLost) {
  control = [](const LoadRequest& r) {
    const auto i = number_in(r.url);
    return answer(200, {},
                  R"({"id":"x","offset":3000,"length":3000,"complete":true,"sha256":")" +
                      payload(i).digest(DigestAlgorithm::sha256) + "\"}");
  };
  stored.erase(results[0].url);
  stored[results[1].url].resize(0);
  EXPECT_EQ(verify(), VerifyMethod::digest);
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_EQ(results[0].cause->what, "verify: the server has no such upload");
  EXPECT_EQ(results[1].state, UploadState::lost);
  EXPECT_EQ(results[1].cause->what, "verify: HEAD tells another size");
  EXPECT_EQ(results[2].state, UploadState::verified);
}

// "50 unverified, 0 lost" used to be told when the first one was gone.
TEST_F(VerifyTest, TheFirstLossDoesNotEndIt) {
  stored.erase(results[0].url);
  EXPECT_EQ(verify(), VerifyMethod::download);
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_EQ(results[1].state, UploadState::verified);
  EXPECT_EQ(results[2].state, UploadState::verified);
}

TEST_F(VerifyTest, WhatIsGoneIsLostAlsoWhereNoBytesAreShown) {
  download_status = 405;
  stored.erase(results[0].url);
  stored[results[2].url].resize(7);
  EXPECT_EQ(verify(), VerifyMethod::none);
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_EQ(results[1].state, UploadState::unverified);
  EXPECT_EQ(results[2].state, UploadState::lost);
}

TEST_F(VerifyTest, WhatWasNotSeenBeforeStaysUnverifiedUnlessItIsLost) {
  for (auto& r : results) {
    r.cause = Cause{"/info: 401", ""};
  }
  stored.erase(results[1].url);
  verify();
  EXPECT_EQ(results[0].state, UploadState::unverified);
  EXPECT_EQ(results[0].cause->what, "/info: 401");
  EXPECT_EQ(results[1].state, UploadState::lost);
}

TEST_F(VerifyTest, MetadataThatIsNotToldIsWrong) {
  dropped = true;
  verify();
  EXPECT_EQ(results[0].state, UploadState::wrong);
  EXPECT_EQ(results[0].cause->what, "verify: HEAD does not tell the metadata");
}

TEST_F(VerifyTest, ADigestThatDiffersIsFollowedToTheBytes) {
  control = [](const LoadRequest&) {
    return answer(200, {},
                  R"({"id":"x","offset":3000,"length":3000,"complete":true,"sha256":")" +
                      std::string(64, '0') + "\"}");
  };
  stored[results[0].url].replace(100, 50, 50, '\0');
  verify();
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_EQ(results[0].damage, (ByteRange{Bytes{100}, Bytes{150}}));
  EXPECT_FALSE(results[1].damage) << "what is shown is right, and what is stored is not";
  EXPECT_EQ(results[1].state, UploadState::lost);
}

TEST_F(VerifyTest, WithNothingOfferedNothingIsVerified) {
  download_status = 405;
  EXPECT_EQ(verify(), VerifyMethod::none);
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::unverified);
  EXPECT_THAT(results[0].cause->detail, testing::HasSubstr("--verify none"));
}

TEST_F(VerifyTest, ATargetThatIsGoneIsNotOneWithNothingToOffer) {
  FakeTransport gone{[](const LoadRequest&) { return broken(Failure::Kind::connect); }};
  Authorizer authorizer(gone, {});
  const TusClient client(uploads_options);
  Verifier verifier(gone, authorizer, client, std::move(options));
  run(verifier, [] {});
  gone.run();
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::unverified);
  EXPECT_THAT(results[0].cause->what, testing::HasSubstr("cannot be reached"));
}

TEST_F(VerifyTest, WhatWasNotUploadedIsLeftAlone) {
  results[0].state = UploadState::failed;
  verify();
  EXPECT_EQ(results[0].state, UploadState::failed);
}

TEST_F(VerifyTest, ADownloadThatIsRefusedAtFirstIsComparedFromItsFirstByte) {
  int asked = 0;
  FakeTransport busy{[&](const LoadRequest& r) {
    if (r.url.find("/_mock/") != std::string::npos) return answer(404);
    if (asked++ > 0) return serve(r);
    if (r.sink) r.sink(std::as_bytes(std::span<const char>("busy", 4)));
    return answer(503);
  }};
  Authorizer authorizer(busy, {});
  const TusClient client(uploads_options);
  Verifier verifier(busy, authorizer, client, std::move(options));
  run(verifier, [] {});
  busy.run();
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::verified) << r.name;
}

/// A client whose uploads are where a list of two pages says.
class Listed final : public TusClient {
 public:
  using TusClient::TusClient;
  std::string control_url() const override { return {}; }
  std::vector<LoadRequest> listings() const override { return {page("1")}; }
  Result<Listing> read_listing(const std::string& answer) const override {
    if (answer.empty()) return failure("list", "is empty");
    Listing listing;
    const std::string upload = "http://127.0.0.1:1/files/" + answer;
    listing.places[upload] = places.contains(answer) ? places.at(answer) : upload + "/bytes";
    if (answer == "1" || endless) listing.next = page("2");
    return listing;
  }
  std::map<std::string, std::string> places;
  bool endless = false;

 private:
  static LoadRequest page(const std::string& number) {
    LoadRequest request;
    request.method = "GET";
    request.url = "http://127.0.0.1:1/list/" + number;
    return request;
  }
};

class ListedVerifyTest : public VerifyTest {
 protected:
  ListedVerifyTest() {
    options.control_url.clear();
    uploads_options.create_url = "http://127.0.0.1:1/files";
    for (std::uint64_t i = 0; i < 3; ++i) stored[results[i].url + "/bytes"] = bytes_of(i);
  }
  VerifyMethod verify_listed(int status, int times = 1) {
    FakeTransport listing{[&, times](const LoadRequest& r) mutable {
      const bool is_list = r.url.find("/list/") != std::string::npos;
      const bool of_server = is_list || r.method == "HEAD";
      EXPECT_EQ(r.headers.has("Authorization"), of_server) << r.url;
      if (!is_list) return serve(r);
      const bool refused = status != 200 && times-- > 0;
      const std::string text = refused ? "an error page" : r.url.substr(r.url.size() - 1);
      r.sink(std::as_bytes(std::span(text)));
      return answer(refused ? status : 200);
    }};
    Authorizer authorizer(listing, {"the-token", "", "", ""});
    Listed client(uploads_options);
    client.places = places;
    client.endless = endless;
    Verifier verifier(listing, authorizer, client, std::move(options));
    bool done = false;
    run(verifier, [&] { done = true; });
    listing.run();
    EXPECT_TRUE(done);
    return verifier.method();
  }
  std::map<std::string, std::string> places;
  bool endless = false;
};

TEST_F(ListedVerifyTest, BytesAreReadWhereTheListSaysWithoutCredentials) {
  EXPECT_EQ(verify_listed(200), VerifyMethod::download);
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_EQ(results[0].cause->what, "verify: the server does not list it");
  EXPECT_EQ(results[1].state, UploadState::verified);
  EXPECT_EQ(results[2].state, UploadState::verified);
}

TEST_F(ListedVerifyTest, AListThatIsRefusedAtFirstIsAskedAgain) {
  verify_listed(503, 2);
  EXPECT_EQ(results[1].state, UploadState::verified);
}

TEST_F(ListedVerifyTest, WithoutAListNothingIsVerified) {
  verify_listed(403);
  for (const auto& r : results) {
    EXPECT_EQ(r.state, UploadState::unverified);
    EXPECT_EQ(r.cause->what, "verify: list of uploads: 403");
  }
}

TEST_F(ListedVerifyTest, AListThatLeadsElsewhereIsNotFollowed) {
  places["2"] = "http://192.0.2.1/bytes?Signature=secret";
  verify_listed(200);
  EXPECT_EQ(results[1].state, UploadState::verified);
  EXPECT_EQ(results[2].state, UploadState::unverified);
  EXPECT_THAT(results[2].cause->detail, testing::HasSubstr("--trust-origin http://192.0.2.1"));
}

/// A client whose uploads are where the server says when it is asked for one.
class Told final : public TusClient {
 public:
  using TusClient::TusClient;
  std::string control_url() const override { return {}; }
  std::optional<LoadRequest> whereabouts(const std::string& url) const override {
    LoadRequest request;
    request.method = "POST";
    request.url = url + "/where";
    return request;
  }
  Result<std::string> read_whereabouts(const std::string& answer) const override {
    if (answer.empty()) return failure("place", "is empty");
    return answer;
  }
  Bytes shown(const UploadResult& upload) const override { return std::min(seen, upload.size); }
  Bytes seen{3000};
};

class ToldVerifyTest : public VerifyTest {
 protected:
  ToldVerifyTest() {
    options.control_url.clear();
    uploads_options.create_url = "http://127.0.0.1:1/files";
    for (std::uint64_t i = 0; i < 3; ++i) {
      stored[results[i].url + "/bytes"] = bytes_of(i);
      places[results[i].url + "/where"] = answer(200, {}, results[i].url + "/bytes");
    }
  }
  void verify_told(Bytes seen = Bytes{3000}) {
    FakeTransport told{[&](const LoadRequest& r) {
      EXPECT_EQ(r.headers.has("Authorization"), !r.url.ends_with("/bytes")) << r.url;
      return r.method == "POST" ? places.at(r.url) : serve(r);
    }};
    Authorizer authorizer(told, {"the-token", "", "", ""});
    Told client(uploads_options);
    client.seen = seen;
    Verifier verifier(told, authorizer, client, std::move(options));
    bool done = false;
    run(verifier, [&] { done = true; });
    told.run();
    EXPECT_TRUE(done);
    EXPECT_EQ(verifier.method(), VerifyMethod::download);
  }
  std::map<std::string, LoadOutcome> places;
};

TEST_F(ToldVerifyTest, BytesAreReadWhereTheServerSaysWithoutCredentials) {
  stored[results[0].url + "/bytes"][7] ^= 1;
  places[results[1].url + "/where"] = answer(404);
  verify_told();
  EXPECT_EQ(results[0].cause->what, "verify: different bytes");
  EXPECT_EQ(results[1].state, UploadState::unverified) << "HEAD knows it";
  EXPECT_EQ(results[1].cause->what, "verify: 404 to POST");
  EXPECT_EQ(results[2].state, UploadState::verified);
}

TEST_F(ToldVerifyTest, WhereThatIsNotToldNothingIsVerified) {
  places[results[0].url + "/where"] = answer(403, {}, "http://127.0.0.1:1/secret");
  places[results[1].url + "/where"] = answer(200);
  places[results[2].url + "/where"] = answer(200, {}, "http://192.0.2.1/bytes?Signature=secret");
  verify_told();
  EXPECT_EQ(results[0].cause, (Cause{"verify: 403 to POST", results[0].url}));
  EXPECT_EQ(results[1].cause->what, "verify: where the bytes are cannot be read");
  EXPECT_EQ(results[2].cause->what, "verify: where the bytes are leads to another host or port");
  for (const auto& r : results) {
    EXPECT_EQ(r.state, UploadState::unverified);
    EXPECT_THAT(r.cause->detail, testing::Not(testing::HasSubstr("secret")));
  }
}

TEST_F(ToldVerifyTest, WhatIsShownInPartIsNotVerified) {
  for (const auto& r : results) stored[r.url + "/bytes"].resize(1000);
  stored[results[1].url + "/bytes"][7] ^= 1;
  stored[results[2].url].resize(2999);
  verify_told(Bytes{1000});
  EXPECT_EQ(results[0].state, UploadState::unverified);
  EXPECT_EQ(results[0].cause, (Cause{"verify: not all of the bytes can be seen",
                                     "the first 1000 of 3000 are right"}));
  EXPECT_EQ(results[1].cause->what, "verify: different bytes");
  EXPECT_EQ(results[2].state, UploadState::lost) << "the server tells another size";
}

/// A system that gives an account of each upload: where its copy is.
class Accounting final : public TusClient {
 public:
  using TusClient::TusClient;
  std::optional<LoadRequest> account(const std::string& url) const override {
    LoadRequest request;
    request.method = "GET";
    request.url = "http://127.0.0.1:1/account/" + url.substr(url.size() - 1);
    return request;
  }
  Result<Account> read_account(const LoadResponse& answer,
                               const UploadResult& upload) const override {
    if (answer.body.starts_with('<')) return failure("account", "is a page");
    return accounts[upload.index];
  }
  std::vector<Account> accounts{3};
};

class AccountTest : public VerifyTest {
 protected:
  void verify_accounts() {
    FakeTransport target{[this](const LoadRequest& r) {
      return r.url.find("/account/") == std::string::npos ? serve(r) : answer(account_status);
    }};
    Authorizer authorizer(target, {});
    Accounting client(uploads_options);
    client.accounts = accounts;
    Verifier verifier(target, authorizer, client, std::move(options));
    run(verifier, [] {});
    target.run();
  }
  std::vector<Account> accounts{3};
  int account_status = 200;
};

// "good: 20 verified" used to be told of 20 uploads that were delivered to one name.
TEST_F(AccountTest, CopiesInOnePlaceAreLostButForOne) {
  for (auto& account : accounts) account.copies = {"container/one.bin"};
  verify_accounts();
  EXPECT_EQ(results[0].state, UploadState::verified);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(results[i].state, UploadState::lost);
    EXPECT_EQ(results[i].cause->what, "verify: overwritten by another delivery");
  }
}

TEST_F(AccountTest, WhatIsToldOtherwiseIsWrongAndWhatIsMissingLost) {
  accounts[0].otherwise = Cause{"/info: another manifest", ""};
  accounts[1].missing = Cause{"/info: not delivered", ""};
  accounts[2].copies = {""};
  verify_accounts();
  EXPECT_EQ(results[0].state, UploadState::wrong);
  EXPECT_EQ(results[1].state, UploadState::lost);
  EXPECT_EQ(results[2].cause->what, "verify: a delivery that leads nowhere");
}

TEST_F(AccountTest, WithoutTheAccountItIsUnverified) {
  account_status = 401;
  verify_accounts();
  EXPECT_EQ(results[0].state, UploadState::unverified);
  EXPECT_EQ(results[0].cause->what, "verify: the account: 401");
}

TEST_F(AccountTest, CopiesOnThisMachineAreRead) {
  const testkit::TempFolder folder;
  const auto deep = folder.path() / "a" / "b";
  std::filesystem::create_directories(deep);
  std::string damaged = bytes_of(1);
  damaged[7] = static_cast<char>(damaged[7] ^ 1);
  std::ofstream(deep / "0", std::ios::binary) << bytes_of(0);
  std::ofstream(deep / "1", std::ios::binary) << damaged;
  for (std::size_t i = 0; i < 3; ++i) accounts[i].copies = {(deep / std::to_string(i)).string()};
  options.copies_are_here = true;
  verify_accounts();
  EXPECT_EQ(results[0].state, UploadState::verified);
  EXPECT_EQ(results[1].damage, (ByteRange{Bytes{7}, Bytes{8}}));
  EXPECT_EQ(results[2].cause->what, "verify: no delivered file");
}

TEST_F(VerifyTest, DeliveredFilesAreFoundByTheirNameAnywhere) {
  std::string name = testing::TempDir() + "verifyXXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path folder = name;
  std::filesystem::create_directories(folder / "2024" / "05");
  std::ofstream(folder / "2024" / "05" / ("prefix_" + results[0].name), std::ios::binary)
      << bytes_of(0);
  std::ofstream(folder / (results[1].name + "_copy"), std::ios::binary) << bytes_of(0);
  options.delivered = [&] { return DeliveredFiles::scan(folder, "r1"); };
  EXPECT_EQ(verify(), VerifyMethod::delivered);
  EXPECT_EQ(results[0].state, UploadState::verified);
  EXPECT_EQ(results[1].cause->what, "verify: different bytes");
  EXPECT_EQ(results[2].cause->what, "verify: no delivered file");
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(DeliveredFiles::scan(folder, "r1"));
}

/// A folder that deliveries go to.
class DeliveredTest : public VerifyTest {
 protected:
  void deliver(const std::string& as, const std::string& bytes) const { folder.write(as, bytes); }
  void verify_delivered() {
    options.delivered = [this] {
      if (on_scan) on_scan(++scans);
      return DeliveredFiles::scan(folder.path(), "r1");
    };
    EXPECT_EQ(verify(), VerifyMethod::delivered);
  }
  testkit::TempFolder folder;
  std::function<void(int)> on_scan;
  int scans = 0;
};

TEST_F(DeliveredTest, EachKindOfBadDeliveryIsTold) {
  add_uploads(8);
  const auto name = [&](std::size_t i) { return results[i].name; };
  deliver(name(0), bytes_of(0));
  deliver("edav/" + name(0), bytes_of(0));
  deliver("dex-loadgen-r2-00000007.bin", "of another run");
  deliver(name(1), bytes_of(2));
  deliver(name(2), bytes_of(2).substr(0, 1000));
  deliver(name(3), bytes_of(3));
  deliver(name(3) + "_2", bytes_of(3));
  deliver(name(4), bytes_of(4));
  deliver("edav/" + name(4), bytes_of(4).replace(10, 1, 1, '\0'));
  deliver(name(5), "");
  deliver(name(6), bytes_of(6) + "more");
  verify_delivered();
  struct Case {
    UploadState state;
    std::string cause;
    std::optional<ByteRange> damage = std::nullopt;
  };
  const std::vector<Case> told{
      {UploadState::verified, ""},
      {UploadState::lost, "verify: different bytes", ByteRange{Bytes{0}, Bytes{3000}}},
      {UploadState::lost, "verify: bytes are missing", ByteRange{Bytes{1000}, Bytes{3000}}},
      {UploadState::wrong, "verify: delivered more than once"},
      {UploadState::lost, "verify: different bytes", ByteRange{Bytes{10}, Bytes{11}}},
      {UploadState::lost, "verify: bytes are missing", ByteRange{Bytes{0}, Bytes{3000}}},
      {UploadState::lost, "verify: too many bytes"},
      {UploadState::lost, "verify: no delivered file"}};
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(results[i].state, told[i].state) << i;
    EXPECT_EQ(results[i].cause.value_or(Cause{}).what, told[i].cause) << i;
    if (told[i].damage) {
      EXPECT_EQ(results[i].damage, told[i].damage) << i;
    }
  }
}

TEST_F(DeliveredTest, ADeliveryMayComeALittleLater) {
  deliver(results[0].name, bytes_of(0));
  deliver(results[1].name, bytes_of(1));
  on_scan = [&](int scan) {
    if (scan == 4) deliver(results[2].name, bytes_of(2));
  };
  verify_delivered();
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::verified) << r.name;
}

TEST_F(DeliveredTest, AFileThatCannotBeReadIsNoLoss) {
  std::filesystem::create_symlink("/proc/self/mem", folder.path() / results[0].name);
  deliver(results[1].name, bytes_of(1));
  deliver(results[2].name, bytes_of(2));
  verify_delivered();
  EXPECT_EQ(results[0].state, UploadState::unverified);
  EXPECT_EQ(results[0].cause->what, "verify: a delivered file cannot be read");
  EXPECT_EQ(results[1].state, UploadState::verified);
}

// ---- targets that lack what is asked for -------------------------------------------------------

struct Lack {
  std::string of;  ///< control, GET, HEAD, account: what the target has not
  VerifyMethod by;
  LoadOutcome answer;
  std::string cause;
};
std::ostream& operator<<(std::ostream& out, const Lack& lack) {
  return out << lack.of << " by " << to_string(lack.by) << ": " << lack.cause;
}

std::vector<Lack> lacks() {
  const auto silent = broken(Failure::Kind::timeout);
  const auto page = answer(200, {}, "<html>Welcome</html>");
  using enum VerifyMethod;
  std::vector<Lack> all;
  const auto add = [&](const char* of, VerifyMethod by, const std::string& cause,
                       const std::vector<std::pair<LoadOutcome, const char*>>& answers) {
    for (const auto& [answer, told] : answers) all.push_back({of, by, answer, cause + told});
  };
  add("control", digest, "verify: the control endpoint",
      {{answer(404), ": 404"},
       {answer(405), ": 405"},
       {answer(503), ": 503"},
       {silent, ": no progress"},
       {broken(), ": connection reset"},
       {page, ": 200"}});
  for (const VerifyMethod by : {download, automatic}) {
    const bool asked = by == download;
    const std::string cause = asked ? "verify: GET" : "verify: nothing to verify with";
    add("GET", by, cause,
        {{answer(404), asked ? ": 404" : ""},
         {answer(405), asked ? ": 405" : ""},
         {answer(403), asked ? ": 403" : ""},
         {answer(503), asked ? ": 503" : ""},
         {silent, asked ? ": no progress" : ""},
         {broken(), asked ? ": connection reset" : ""}});
  }
  add("HEAD", download, "verify: HEAD",
      {{answer(405), ": 405"},
       {answer(503), ": 503"},
       {silent, ": no progress"},
       {answer(200), " tells no size"},
       {answer(200, {{"Upload-Offset", "all"}}), " tells no size"}});
  add("account", download, "verify: the account",
      {{answer(404), ": 404"},
       {answer(401), ": 401"},
       {answer(503), ": 503"},
       {silent, ": no progress"},
       {page, " cannot be read"}});
  return all;
}

// It used to go on for as long as there were uploads, and to call lost what it did not see.
class LackTest : public AccountTest, public testing::WithParamInterface<Lack> {};
TEST_P(LackTest, IsUnverifiedForThatReasonAndSoon) {
  constexpr std::uint64_t uploads = 400;
  add_uploads(uploads);
  accounts.resize(uploads);
  options.method = GetParam().by;
  control = [](const LoadRequest& r) {
    if (GetParam().by == VerifyMethod::automatic) return answer(404);
    return answer(200, {},
                  R"({"id":"x","offset":3000,"length":3000,"complete":true,"sha256":")" +
                      payload(number_in(r.url)).digest(DigestAlgorithm::sha256) + "\"}");
  };
  FakeTransport target{[this](const LoadRequest& r) {
    const bool of_control = r.url.find("/_mock/") != std::string::npos;
    const bool of_account = r.url.find("/account/") != std::string::npos;
    const std::string what = of_control ? "control" : of_account ? "account" : r.method;
    if (what == GetParam().of) return GetParam().answer;
    return of_account ? answer(200, {}, "{}") : serve(r);
  }};
  Authorizer authorizer(target, {});
  Accounting client(uploads_options);
  client.accounts = accounts;
  Verifier verifier(target, authorizer, client, std::move(options));
  bool done = false;
  run(verifier, [&] { done = true; });
  target.run();
  EXPECT_TRUE(done);
  for (const auto& r : results) {
    ASSERT_EQ(r.state, UploadState::unverified) << r.name;
    ASSERT_EQ(r.cause->what, GetParam().cause);
  }
  EXPECT_LT(target.now().time_since_epoch(), std::chrono::minutes{5});
}
INSTANTIATE_TEST_SUITE_P(All, LackTest, testing::ValuesIn(lacks()));

TEST_F(VerifyTest, OneBrokenDownloadIsNotATargetWithoutAny) {
  bool first = true;
  FakeTransport breaking{[&](const LoadRequest& r) {
    if (r.method == "GET" && r.sink && std::exchange(first, false)) return broken();
    return serve(r);
  }};
  Authorizer authorizer(breaking, {});
  const TusClient client(uploads_options);
  Verifier verifier(breaking, authorizer, client, std::move(options));
  run(verifier, [] {});
  breaking.run();
  EXPECT_EQ(results[0].state, UploadState::unverified);
  EXPECT_EQ(results[1].state, UploadState::verified);
  EXPECT_EQ(verifier.method(), VerifyMethod::download);
}

TEST_F(VerifyTest, ABusyTargetIsAskedAgainWhenItSays) {
  int busy = 0;
  FakeTransport later{[&](const LoadRequest& r) {
    if (r.method == "HEAD" && busy++ < 2) return answer(429, {{"Retry-After", "7"}});
    return serve(r);
  }};
  Authorizer authorizer(later, {});
  const TusClient client(uploads_options);
  Verifier verifier(later, authorizer, client, std::move(options));
  run(verifier, [] {});
  later.run();
  for (const auto& r : results) EXPECT_EQ(r.state, UploadState::verified) << r.name;
  EXPECT_THAT(later.delays, testing::Contains(Milliseconds{7000}));
}

TEST_F(VerifyTest, AnotherLengthIsWrong) {
  FakeTransport other{[&](const LoadRequest& r) {
    auto outcome = serve(r);
    if (r.method == "HEAD") outcome.response->headers.add("Upload-Length", "3001");
    return outcome;
  }};
  Authorizer authorizer(other, {});
  const TusClient client(uploads_options);
  Verifier verifier(other, authorizer, client, std::move(options));
  run(verifier, [] {});
  other.run();
  EXPECT_EQ(results[0].state, UploadState::wrong);
  EXPECT_EQ(results[0].cause->detail, "\"3001\" instead of 3000");
}

TEST_F(ListedVerifyTest, AListWithoutEndIsLeft) {
  places["2"] = "http://127.0.0.1:1/files/2/bytes";
  endless = true;
  verify_listed(200);
  EXPECT_EQ(results[1].state, UploadState::unverified);
  EXPECT_EQ(results[1].cause->what, "verify: the list of uploads does not end");
}

// Two loops of a run, of which each sees one of the two.
TEST_F(AccountTest, CopiesOfTwoLoopsMayMeet) {
  for (auto& account : accounts) account.copies = {"container/one.bin"};
  options.copies = std::make_shared<Copies>();
  EXPECT_FALSE(options.copies->put("container/one.bin", 7));
  verify_accounts();
  EXPECT_EQ(results[0].state, UploadState::lost);
  EXPECT_THAT(results[0].cause->detail, testing::StartsWith("uploads 7 and 0 were both"));
}
}  // namespace
}  // namespace loadgen
