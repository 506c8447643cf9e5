#include <utility>

#include "http/handler.hpp"
#include "loop/trouble.hpp"

namespace mock {

namespace {

class Buffered final : public Handler {
 public:
  using Answer = std::function<Reply(const Request&, const std::string&)>;
  using Refusal = std::function<Reply(int, std::string)>;
  Buffered(Bytes limit, Answer answer, Refusal refusal)
      : limit_(limit), answer_(std::move(answer)), refusal_(std::move(refusal)) {}

  void on_header(const Request& request, Exchange& exchange) override {
    request_ = &request;
    exchange_ = &exchange;
    if (request.content_length && *request.content_length > limit_) return refuse_length();
    exchange.read_body();
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    if (bytes.size() > limit_.value - body_.size()) return refuse_length();
    const auto chars = std::span(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    body_.append(chars.begin(), chars.end());
  }
  void on_end(BodyEnd end) override {
    if (end == BodyEnd::complete) {
      exchange_->reply(answer_(*request_, body_));
    } else if (end == BodyEnd::timed_out) {
      refuse(408, "the request body did not come in time");
    }
  }

 private:
  void refuse_length() { refuse(413, "the request body is longer than " + to_string(limit_)); }
  void refuse(int status, std::string sentence) {
    exchange_->reply(refusal_ ? refusal_(status, std::move(sentence))
                              : text_reply(status, sentence + "\n"));
  }

  Bytes limit_;
  Answer answer_;
  Refusal refusal_;
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  std::string body_;
};

class Bodiless final : public Handler {
 public:
  explicit Bodiless(std::function<Reply(const Request&)> answer) : answer_(std::move(answer)) {}
  void on_header(const Request& request, Exchange& exchange) override {
    exchange.reply(answer_(request));
  }
  void on_bytes(std::span<const std::byte> /*bytes*/) override {}
  void on_end(BodyEnd /*end*/) override {}

 private:
  std::function<Reply(const Request&)> answer_;
};

}  // namespace

void report(Loop& loop, const Request& request, const std::exception_ptr& thrown) {
  // Without the query, which may hold a password.
  auto what = request.method + " " + request.mount + request.path;
  if (!request.lane.empty()) what += ", lane " + request.lane;
  loop.trouble(what, thrown);
}

Reply failed(Loop& loop, const Request& request, const std::exception_ptr& thrown) {
  report(loop, request, thrown);
  return trouble_of(thrown).no_space ? text_reply(507, "no memory or no space is left for this\n")
                                     : text_reply(500, "internal error\n");
}

std::unique_ptr<Handler> buffered(
    Bytes limit, std::function<Reply(const Request&, const std::string& body)> answer,
    std::function<Reply(int status, std::string sentence)> refusal) {
  return std::make_unique<Buffered>(limit, std::move(answer), std::move(refusal));
}

std::unique_ptr<Handler> bodiless(std::function<Reply(const Request&)> answer) {
  return std::make_unique<Bodiless>(std::move(answer));
}

}  // namespace mock
