// The secret values that a process knows, and text without them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace redact {

/// Values that must not leave the process: given ones (passwords, tokens, API keys), issued ones
/// (access tokens, refresh tokens, cookies). Masked by value, as CI runners do, because a server
/// may send back what it was sent, anywhere and in any form.
///
/// Values of `least_bytes` and more are masked wherever they stand; shorter ones would hide words
/// that are no secret, so they are masked only where a credential stands (see `add_field`).
/// Thread-safe. Copies share what they know.
class Secrets {
 public:
  static constexpr std::size_t least_bytes = 8;

  Secrets();

  /// A password, a token, a key. Shorter values than `least_bytes` are not kept.
  void add(std::string_view value);
  /// A header field that a user gave for every request: its value, and what it is made of (the
  /// credentials of Authorization, the password in Basic, each cookie of Cookie). A harmless name
  /// (`is_harmless_field`) adds nothing. A short value is masked after its name.
  void add_field(std::string_view name, std::string_view value);
  /// A parameter of the query that goes with every request. A short value is masked after its name.
  void add_parameter(std::string_view name, std::string_view value);
  /// The user information and the values of the query of a URL, or of what was meant as one.
  void add_url(std::string_view url);
  /// What a server issued: the values of access_token, refresh_token and id_token in `document`,
  /// which need not be well-formed.
  void learn_tokens(std::string_view document);
  /// The value of one Set-Cookie field (RFC 6265 section 4.1.1).
  void learn_cookie(std::string_view set_cookie);

  /// `text` with "***" in place of every known value: as it is, percent-encoded or as a form (RFC
  /// 3986 section 2.1), escaped as in JSON, XML and `printable`, in Base64 of either alphabet,
  /// alone or within something longer (user:password). A value that is cut short in the text is
  /// masked too. Time grows with the text, not with the number of values that are not in it.
  [[nodiscard]] std::string mask(std::string_view text) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// `url` to be shown: user information and the values of its query are "***". It need not be a
/// URL.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace redact
