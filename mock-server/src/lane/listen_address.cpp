#include "lane/listen_address.hpp"

#include <charconv>

namespace mock {

Result<ListenAddress> parse_listen_address(const std::string& text) {
  ListenAddress address;
  const auto colon = text.rfind(':');
  constexpr auto expected = "is not HOST:PORT, for example 127.0.0.1:8080 or [::1]:0";
  if (colon == std::string::npos) return failure("listen", expected);
  address.host = text.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return failure("listen", "needs brackets round an IPv6 address, for example [::1]:8080");
  }
  const char* first = text.data() + colon + 1;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, address.port);
  if (address.host.empty() || first == last || error != std::errc{} || end != last) {
    return failure("listen", expected);
  }
  return address;
}

}  // namespace mock
