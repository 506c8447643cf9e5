#include "fuzz.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/oauth/token.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parse = [](std::string_view text) {
    auto response = oauth::parse_token_response(text);
    if (response) {
      fuzz::require(http::is_field_value(response->access_token) && !response->access_token.empty(),
                    "a token can be sent in a header");
    }
    return response;
  };
  const auto write = [](const oauth::TokenResponse& response) { return oauth::to_json(response); };
  const auto write_error = [](const oauth::TokenError& error) { return oauth::to_json(error); };
  fuzz::require_round_trip(fuzz::text_of(data, size), parse, write);
  fuzz::require_round_trip(fuzz::text_of(data, size), oauth::parse_token_error, write_error);

  FuzzedDataProvider provider(data, size);
  const auto text = [&] { return provider.ConsumeRandomLengthString(16); };
  oauth::TokenResponse response;
  response.access_token = "t" + std::to_string(provider.ConsumeIntegral<std::uint32_t>());
  response.token_type = "Bearer";
  response.expires_in = std::chrono::seconds(provider.ConsumeIntegral<std::uint16_t>());
  response.refresh_token = text();
  response.scope = text();
  for (int i = provider.ConsumeIntegralInRange(0, 2); i > 0; --i) {
    response.resource.push_back(text());
  }
  const oauth::TokenError error{text(), text()};
  fuzz::require_json_round_trip(response, provider, parse, write);
  fuzz::require_json_round_trip(error, provider, oauth::parse_token_error, write_error);
  return 0;
}
