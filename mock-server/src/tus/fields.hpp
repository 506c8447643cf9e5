// Reading the request fields of tus strictly: a field that says two things is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "protocol/tus/metadata.hpp"
#include "tl/expected.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

template <class T>
using OrReply = tl::expected<T, Reply>;

/// The one value of a field that must not be a list. Lines that contradict each other are a 400
/// (row TUS-CORE-HDR-011; RFC 9110 section 5.3). An empty one is none, where
/// `options.empty_is_absent`.
[[nodiscard]] OrReply<std::optional<std::string_view>> single(const Request& request,
                                                              std::string_view name,
                                                              const TusOptions& options);

/// Upload-Length. Not a number: 400; a number too large to be kept: 413.
[[nodiscard]] OrReply<std::optional<Bytes>> length_of(const Request& request,
                                                      const TusOptions& options);
/// Upload-Offset. Not a number, or one too large to be kept: 400.
[[nodiscard]] OrReply<std::optional<Bytes>> offset_of(const Request& request,
                                                      const TusOptions& options);

/// The type and subtype of Content-Type in lower case, without parameters; empty when absent.
[[nodiscard]] std::string media_type(const Request& request);
/// Whether the body is announced as bytes of an upload (application/offset+octet-stream).
[[nodiscard]] bool is_offset_stream(const Request& request);

/// The Upload-Metadata lines as one value: nullopt when there is none, or all are empty and
/// `options.empty_is_absent`.
[[nodiscard]] std::optional<std::string> metadata_header(const Request& request,
                                                         const TusOptions& options);

/// Replaces every byte that is not UTF-8 with U+FFFD, as a server does that keeps values as JSON.
void keep_as_text(tus::Metadata& metadata);

/// What HEAD is to return as Upload-Metadata: the header as the client sent it, byte for byte, as
/// long as `metadata` is what it says; otherwise its pairs that still hold, as they were spelled,
/// and the others formatted. nullopt when there are no pairs.
[[nodiscard]] std::optional<std::string> echoed_metadata(const std::optional<std::string>& sent,
                                                         const tus::Metadata& metadata);

}  // namespace mock
