// How Open Humans answers: Django REST framework's words, and the fields of every reply.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "protocol/openhumans/answers.hpp"
#include "store/store.hpp"

namespace mock::words {

/// {"detail": sentence}
[[nodiscard]] Reply detail(int status, std::string_view sentence);
/// 400 of a form.
[[nodiscard]] Reply problems(const openhumans::Problems& problems);
/// More fields than Django reads: its page of a bad request.
[[nodiscard]] Reply too_much();
/// What the store cannot do.
[[nodiscard]] Reply trouble(const StoreError& error);
[[nodiscard]] Reply method_not_allowed(std::string_view method);
/// Whether Accept allows JSON, or the HTML page around it, which this server does not have.
[[nodiscard]] bool accepts_json(const Request& request);
[[nodiscard]] Reply not_acceptable();
/// OPTIONS: what the endpoint is. A browser's question is answered for any origin.
[[nodiscard]] Reply description(const Request& request);

/// For any page, as the API has no cookies (Fetch standard, CORS protocol).
void add_cors(const Request& request, Reply& reply);
/// Adds what all replies of the API carry.
void add_fields(const Request& request, Reply& reply);

/// "http://127.0.0.1:8080", as the client reached us.
[[nodiscard]] std::string origin_of(const Request& request);

}  // namespace mock::words
