#include "run/session.hpp"

#include <algorithm>
#include <set>

#include "transport/raw_connection.hpp"
#include "transport/url.hpp"

namespace conformance {

Milliseconds Session::patience_with(const Foundation* foundation, Milliseconds wanted) const {
  constexpr std::size_t enough = 3;
  constexpr Milliseconds little{2000};
  const std::lock_guard lock(mutex_);
  const auto found = silent_in_a_row_.find(foundation);
  return found != silent_in_a_row_.end() && found->second >= enough ? std::min(wanted, little)
                                                                    : wanted;
}

void Session::answered(const Foundation* foundation, bool in_time) {
  if (in_time && !was_silent_) return;
  was_silent_ = true;
  const std::lock_guard lock(mutex_);
  std::size_t& silent = silent_in_a_row_[foundation];
  silent = in_time ? 0 : silent + 1;
}

void Session::credentials_taken(bool taken) {
  const std::lock_guard lock(mutex_);
  refused_in_a_row_ = taken ? 0 : refused_in_a_row_ + 1;
}

bool Session::credentials_refused() const {
  constexpr std::size_t enough = 5;
  const std::lock_guard lock(mutex_);
  return refused_in_a_row_ >= enough;
}

void Session::created(const std::string& upload) {
  const std::lock_guard lock(mutex_);
  uploads_.push_back(upload);
}

void Session::spoke(const std::string& http) {
  const std::lock_guard lock(mutex_);
  ++spoken_[http];
}

std::map<std::string, std::size_t> Session::spoken() const {
  const std::lock_guard lock(mutex_);
  return spoken_;
}

bool Session::answers_http1() {
  constexpr Milliseconds at_most{5'000};
  std::call_once(http1_asked_, [&] {
    const auto parts = transport::parse_url(target->url);
    auto connection = transport::RawConnection::open(target->url, target->tls, at_most);
    if (!parts || !connection) return;
    const http::Fields fields{{"Host", parts->authority}, {"Connection", "close"}};
    const auto head = transport::request_head("OPTIONS", parts->target, fields);
    answers_http1_ =
        connection->send(head, at_most) && connection->read_response(at_most).response.has_value();
  });
  return answers_http1_;
}

std::vector<std::string> Session::uploads() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const std::string& upload : uploads_) {
    if (seen.insert(upload).second) out.push_back(upload);
  }
  return out;
}

}  // namespace conformance
