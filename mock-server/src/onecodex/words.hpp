// How One Codex answers: JSON, and errors that say something.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "protocol/onecodex/answers.hpp"
#include "store/store.hpp"

namespace mock::onecodex_words {

/// {"message": ..., "status": ...}
[[nodiscard]] Reply problem(int status, std::string message);
/// 400: what the body breaks of its schema.
[[nodiscard]] Reply breach(const onecodex::Breach& breach);
[[nodiscard]] Reply unknown_item(std::string_view resource, std::string_view id);
/// What the store cannot do.
[[nodiscard]] Reply trouble(const StoreError& error);
/// 405, with what is `allowed` instead.
[[nodiscard]] Reply method_not_allowed(const Request& request, std::string_view allowed);

}  // namespace mock::onecodex_words
