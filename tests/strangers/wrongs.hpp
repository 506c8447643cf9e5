// The wrongs by area, and what they share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "wrong.hpp"

namespace strangers {

using Makers = std::map<std::string_view, std::unique_ptr<Wrong> (*)()>;

template <class T>
std::unique_ptr<Wrong> make() {
  return std::make_unique<T>();
}

[[nodiscard]] const Makers& wrongs_of_bytes();
[[nodiscard]] const Makers& wrongs_of_acknowledgement();
[[nodiscard]] const Makers& wrongs_of_many();
[[nodiscard]] const Makers& wrongs_of_connections();
[[nodiscard]] const Makers& wrongs_of_fields();
[[nodiscard]] const Makers& wrongs_of_extensions();
[[nodiscard]] const Makers& wrongs_of_dex();

/// An answer of tus without a body.
[[nodiscard]] Answer tus_answer(int status, std::string_view reason, http::Fields fields = {});
/// Whether the exchange is a HEAD that was answered with an offset.
[[nodiscard]] bool is_told_head(const Exchange& exchange, const ReplyHead& reply);
/// `size` bytes of `pattern`, over and over.
[[nodiscard]] std::string repeated(std::string_view pattern, std::size_t size);

}  // namespace strangers
