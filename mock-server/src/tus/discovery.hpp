// What the server offers, and how OPTIONS tells it.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// Whether the extension was asked for in `options` and what it builds on is offered too
/// (protocol.md: creation-with-upload depends on creation).
[[nodiscard]] bool offers(const TusOptions& options, std::string_view extension);
/// The methods of `route`, as Allow lists them (RFC 9110 section 10.2.1).
[[nodiscard]] std::string allow(const TusOptions& options, Route route);
[[nodiscard]] bool allows(const TusOptions& options, Route route, std::string_view method);
[[nodiscard]] Reply discovery(const TusOptions& options, Route route);

}  // namespace mock
