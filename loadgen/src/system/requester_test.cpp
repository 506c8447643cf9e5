// What a request of an upload carries.
#include "system/requester.hpp"

#include <gtest/gtest.h>

#include "upload/fake_transport.hpp"

namespace loadgen {
namespace {

using Way = client::Presentation::Way;

/// A system that has nothing but requests to /up.
class Asking final : public Client {
 public:
  explicit Asking(client::Presentation how) : Client({}), how_(std::move(how)) {}
  [[nodiscard]] client::Presentation presentation() const override { return how_; }
  [[nodiscard]] LoadRequest probe() const override { return {}; }
  [[nodiscard]] std::unique_ptr<Upload> upload(const UploadHost&, std::uint64_t, Bytes, Time,
                                               Upload::Events) const override {
    return nullptr;
  }
  [[nodiscard]] LoadRequest look(const std::string&) const override { return {}; }
  [[nodiscard]] std::optional<std::string> told_size(const LoadResponse&) const override {
    return std::nullopt;
  }
  [[nodiscard]] LoadRequest download(const std::string&) const override { return {}; }

 private:
  client::Presentation how_;
};

/// The requests that come of one, in the words of an access log: the URL, and what is in
/// Authorization and X-API-Key.
std::vector<std::string> asked(const client::Presentation& how, const Credentials& credentials,
                               int first_status = 200) {
  int grants = 0;
  std::vector<std::string> log;
  FakeTransport transport([&](const LoadRequest& request) {
    if (request.url == credentials.oauth_url) {
      return answer(
          200, {},
          R"({"access_token":"t)" + std::to_string(++grants) + R"(","token_type":"Bearer"})");
    }
    std::string line = request.url;
    for (const auto* name : {"Authorization", "X-API-Key"}) {
      for (const auto value : request.headers.all(name)) line.append(" ").append(value);
    }
    log.push_back(std::move(line));
    return answer(log.size() == 1 ? first_status : 200);
  });
  const Asking client(how);
  Authorizer authorizer(transport, credentials);
  UploadResult result;
  Requester requester({transport, authorizer, client}, result);
  LoadRequest request;
  request.method = "POST";
  request.url = "http://h/up?a=1";
  requester.send(std::move(request), [](const LoadOutcome&) {});
  transport.run();
  EXPECT_EQ(result.requests, log.size());
  return log;
}

using Log = std::vector<std::string>;

TEST(Requester, PresentsCredentialsAsTheSystemHasIt) {
  const Credentials key{"the-key", "", "", ""};
  EXPECT_EQ(asked({}, key), Log{"http://h/up?a=1 Bearer the-key"});
  EXPECT_EQ(asked({Way::basic_user}, key), Log{"http://h/up?a=1 Basic dGhlLWtleTo="});
  EXPECT_EQ(asked({Way::field, "X-API-Key"}, key), Log{"http://h/up?a=1 the-key"});
  EXPECT_EQ(asked({Way::query, "token"}, key), Log{"http://h/up?a=1&token=the-key"});
  EXPECT_EQ(asked({Way::query, "token"}, {}), Log{"http://h/up?a=1"});
}

TEST(Requester, ANewTokenTakesThePlaceOfTheOneThatWasRefused) {
  const Credentials grant{"", "http://h/oauth", "demo", "secret"};
  EXPECT_EQ(asked({}, grant, 401), (Log{"http://h/up?a=1 Bearer t1", "http://h/up?a=1 Bearer t2"}));
  EXPECT_EQ(asked({Way::query, "token"}, grant, 401),
            (Log{"http://h/up?a=1&token=t1", "http://h/up?a=1&token=t2"}));
}

TEST(Requester, AGivenKeyThatIsRefusedIsNotSentAgain) {
  const Credentials key{"the-key", "", "", ""};
  EXPECT_EQ(asked({Way::field, "X-API-Key"}, key, 401), Log{"http://h/up?a=1 the-key"});
}

}  // namespace
}  // namespace loadgen
