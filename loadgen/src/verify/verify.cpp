#include "verify/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <utility>

#include "client/delivered.hpp"
#include "client/endpoints.hpp"
#include "client/stored.hpp"
#include "settings/choice.hpp"
#include "transport/origins.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

constexpr int get_attempts = 4;
/// Beyond the bytes of the upload itself: of an account, of an error page.
constexpr Bytes most_of_an_answer{1U << 20U};

/// Compares bytes that arrive in order with those that were sent.
class Comparison {
 public:
  explicit Comparison(const Payload& payload) : payload_(payload) {}
  /// False from the first difference on.
  bool add(std::span<const std::byte> bytes) {
    while (!bytes.empty() && !differs_) {
      expected_.resize(std::min<std::size_t>(bytes.size(), 64U << 10U));
      const std::size_t count = payload_.read(at_, expected_);
      if (count == 0 || std::memcmp(expected_.data(), bytes.data(), count) != 0) {
        std::size_t same = 0;
        while (same < count && expected_[same] == bytes[same]) ++same;
        at_ += Bytes{same};
        differs_ = true;
        break;
      }
      at_ += Bytes{count};
      bytes = bytes.subspan(count);
    }
    return !differs_;
  }
  [[nodiscard]] std::optional<Cause> verdict() const {
    if (differs_ && at_ < payload_.size()) {
      return Cause{"verify: different bytes", fmt::format("first at byte {}", at_.value)};
    }
    if (differs_) {
      return Cause{"verify: too many bytes", fmt::format("more than the {} sent", at_.value)};
    }
    if (at_ < payload_.size()) {
      return Cause{"verify: bytes are missing",
                   fmt::format("{} of {} are there", at_.value, payload_.size().value)};
    }
    return std::nullopt;
  }

 private:
  Payload payload_;
  Bytes at_;
  bool differs_ = false;
  std::vector<std::byte> expected_;
};

constexpr std::array<std::pair<std::string_view, VerifyMethod>, 5> methods{
    {{"auto", VerifyMethod::automatic},
     {"digest", VerifyMethod::digest},
     {"download", VerifyMethod::download},
     {"delivered", VerifyMethod::delivered},
     {"none", VerifyMethod::none}}};

std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

}  // namespace

Result<VerifyMethod> parse_verify_method(std::string_view text) {
  if (const auto method = settings::value_named(methods, text)) return *method;
  return settings::not_one_of(text, settings::names_in(methods));
}

std::string_view to_string(VerifyMethod method) { return settings::name_of(methods, method); }

Result<DeliveredFiles> DeliveredFiles::scan(const std::filesystem::path& folder,
                                            const std::string& run_id) {
  DeliveredFiles files;
  const std::string prefix = fmt::format("dex-loadgen-{}-", run_id);
  constexpr std::size_t digits = 8;
  const auto keep = [&](const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    files.files_.emplace(name.substr(name.find(prefix), prefix.size() + digits), file);
    return true;
  };
  if (const auto read = client::each_delivered(folder, prefix, keep); !read) {
    return tl::unexpected(read.error());
  }
  return files;
}

std::vector<std::filesystem::path> DeliveredFiles::of(const std::string& name) const {
  std::vector<std::filesystem::path> list;
  const auto [from, to] = files_.equal_range(stem_of(name));
  for (auto i = from; i != to; ++i) list.push_back(i->second);
  return list;
}

Verifier::Verifier(transport::LoadTransport& transport, Authorizer& authorizer,
                   const Client& client, Options options)
    : transport_(transport),
      authorizer_(authorizer),
      client_(client),
      options_(std::move(options)) {}
Verifier::~Verifier() = default;

Payload Verifier::payload_of(const UploadResult& result) const {
  const UploadOptions& uploads = client_.options();
  return {uploads.payload, uploads.seed, result.index, result.size};
}

void Verifier::run(std::vector<UploadResult>& results, std::function<void()> done) {
  done_ = std::move(done);
  waiting_.clear();
  next_ = 0;
  for (auto& result : results) {
    if (result.state == UploadState::uploaded) waiting_.push_back(&result);
  }
  if (options_.method == VerifyMethod::automatic && options_.delivered) {
    options_.method = VerifyMethod::delivered;
  }
  if (options_.method == VerifyMethod::automatic && options_.control_url.empty()) {
    options_.method = VerifyMethod::download;
  }
  if (options_.method == VerifyMethod::download && !waiting_.empty()) {
    listings_ = client_.listings();
    listed_ = !listings_.empty();
  }
  list();
}

void Verifier::fill() {
  while (next_ < waiting_.size() && in_flight_ < options_.at_once && !probing_) {
    UploadResult& result = *waiting_[next_++];
    ++in_flight_;
    if (options_.method == VerifyMethod::automatic) {
      // One upload finds out what is offered; the others wait for it.
      probing_ = true;
      by_digest(result, true);
      return;
    }
    switch (options_.method) {
      case VerifyMethod::digest:
        by_digest(result, false);
        break;
      case VerifyMethod::download:
        by_download(result, false);
        break;
      case VerifyMethod::delivered:
        by_delivered(result);
        break;
      case VerifyMethod::automatic:
      case VerifyMethod::none:
        settle(result, UploadState::unverified);
        return;
    }
  }
  if (next_ == waiting_.size() && in_flight_ == 0 && done_) {
    // `done_` may be what destroys this.
    transport_.after(Milliseconds{0}, std::exchange(done_, nullptr));
  }
}

void Verifier::settle(UploadResult& result, UploadState state, std::optional<Cause> cause) {
  result.state = state;
  if (cause) result.cause = std::move(cause);
  if (state == UploadState::verified) verified_ += result.size;
  --in_flight_;
  // Not by recursion: ten thousand uploads may settle at once.
  transport_.after(Milliseconds{0}, [this] { fill(); });
}

void Verifier::ask(Question question, transport::LoadTransport::Done done, bool renewed,
                   int attempt) {
  authorizer_.authorize([=, this](const Result<std::string>& credential) {
    LoadRequest request = question.request();
    request.stall_timeout = options_.stall_timeout;
    const std::string used = credential ? *credential : std::string{};
    if (question.with_credentials) {
      client_.dress(request);
      client_.present(used, request);
    }
    const bool download = request.sink != nullptr;
    transport_.send(std::move(request), [=, this](const LoadOutcome& outcome) {
      const int status = status_of(outcome);
      if (!renewed && question.with_credentials && status == 401 && authorizer_.refused(used)) {
        ask(question, done, true, attempt);
        return;
      }
      // A download that breaks off tells that the target cannot be read.
      const bool again = (status == 0 && !download) || status == 429 || status >= 500;
      if (again && attempt + 1 < get_attempts) {
        transport_.after(Milliseconds{500} * (1 << attempt),
                         [=, this] { ask(question, done, renewed, attempt + 1); });
        return;
      }
      done(outcome);
    });
  });
}

void Verifier::ask(LoadRequest request, transport::LoadTransport::Done done) {
  ask({[request = std::move(request)] { return request; }}, std::move(done));
}

void Verifier::list() {
  if (listings_.empty()) {
    fill();
    return;
  }
  LoadRequest request = std::move(listings_.back());
  listings_.pop_back();
  const auto text = std::make_shared<std::string>();
  request.sink = [text](std::span<const std::byte> bytes) {
    text->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  };
  const auto begin = [text, request = std::move(request)] {
    text->clear();
    return request;
  };
  ask({begin}, [this, text](const LoadOutcome& outcome) {
    if (status_of(outcome) != 200) {
      Cause cause = cause_of("verify: list of uploads", outcome);
      if (cause.detail.empty()) cause.detail = text->substr(0, 200);
      nothing_listed(cause);
      return;
    }
    auto page = client_.read_listing(*text);
    if (!page) {
      nothing_listed({"verify: the list of uploads cannot be read", page.error().line()});
      return;
    }
    places_.merge(page->places);
    if (page->next) listings_.push_back(*std::move(page->next));
    list();
  });
}

void Verifier::nothing_listed(const Cause& cause) {
  for (UploadResult* const result : waiting_) {
    result->state = UploadState::unverified;
    result->cause = cause;
  }
  options_.method = VerifyMethod::none;
  waiting_.clear();
  fill();
}

void Verifier::by_digest(UploadResult& result, bool probing) {
  LoadRequest request;
  request.method = "GET";
  request.url = options_.control_url + "/" + client::last_segment(result.url);
  request.answer_limit = most_of_an_answer;
  ask(std::move(request), [this, &result, probing](const LoadOutcome& outcome) {
    const int status = status_of(outcome);
    const auto control = status == 200 ? client::parse_stored(outcome.response->body)
                                       : Result<client::Stored>(failure("", "no answer"));
    if (probing) {
      if (!control) {
        by_download(result, true);
        return;
      }
      options_.method = VerifyMethod::digest;
      probing_ = false;
    }
    if (status == 404) {
      settle(result, UploadState::lost, Cause{"verify: the server has no such upload", result.url});
      return;
    }
    if (!control) {
      settle(result, UploadState::unverified,
             Cause{fmt::format("verify: {} from the control endpoint", status),
                   outcome.failure ? outcome.failure->message : control.error().line()});
      return;
    }
    if (!control->complete || control->offset != result.size.value) {
      settle(result, UploadState::lost,
             Cause{"verify: bytes are missing",
                   fmt::format("{} of {} are there", control->offset, result.size.value)});
      return;
    }
    auto ours = std::make_shared<std::string>();
    transport_.aside([ours, payload = payload_of(result)] { *ours = payload.sha256(); },
                     [this, ours, &result, theirs = control->sha256] {
                       if (*ours == theirs) {
                         by_head(result);
                       } else {
                         settle(result, UploadState::lost,
                                Cause{"verify: different bytes",
                                      fmt::format("SHA-256 {} instead of {}", theirs, *ours)});
                       }
                     });
  });
}

void Verifier::by_head(UploadResult& result) {
  LoadRequest request = client_.look(result.url);
  request.answer_limit = most_of_an_answer;
  ask(std::move(request), [this, &result](const LoadOutcome& outcome) {
    const int status = status_of(outcome);
    if (status == 404 || status == 410) {
      settle(result, UploadState::lost, Cause{"verify: the server has no such upload", result.url});
      return;
    }
    if (status / 100 != 2) {
      settle(result, UploadState::unverified,
             Cause{fmt::format("verify: {} to HEAD", status),
                   outcome.failure ? outcome.failure->message : result.url});
      return;
    }
    const auto told = client_.told_size(*outcome.response);
    if (told == std::to_string(result.size.value)) {
      settle(result, UploadState::verified);
      return;
    }
    settle(result, UploadState::lost,
           Cause{"verify: HEAD tells another offset",
                 fmt::format("{} instead of {}", told ? quote(*told) : "none", result.size.value)});
  });
}

void Verifier::by_download(UploadResult& result, bool probing) {
  std::string place = result.url;
  if (listed_) {
    const auto found = places_.find(result.url);
    if (found == places_.end()) {
      settle(result, UploadState::lost, Cause{"verify: the server does not list it", result.url});
      return;
    }
    place = found->second;
    if (!client_.options().may_lead_to(place)) {
      settle(result, UploadState::unverified,
             Cause{"verify: the list leads to another host or port",
                   fmt::format("it is not followed without --trust-origin {}",
                               transport::origin_of(place).value_or("URL"))});
      return;
    }
  }
  const auto comparison = std::make_shared<std::optional<Comparison>>();
  const auto begin = [this, comparison, place, &result] {
    comparison->emplace(payload_of(result));
    LoadRequest request = client_.download(place);
    // The transfer is never ended early: of an error page only the status counts.
    request.sink = [comparison](std::span<const std::byte> bytes) {
      (*comparison)->add(bytes);
      return true;
    };
    request.answer_limit = result.size + most_of_an_answer;
    return request;
  };
  ask({begin, !listed_}, [this, comparison, &result, probing](const LoadOutcome& outcome) {
    const int status = status_of(outcome);
    if (probing) {
      probing_ = false;
      if (outcome.failure) {
        options_.method = VerifyMethod::none;
        settle(result, UploadState::unverified,
               Cause{outcome.failure->kind == transport::Failure::Kind::protocol
                         ? "verify: GET has no answer that can be read"
                         : "verify: the target cannot be reached any more",
                     outcome.failure->message});
        return;
      }
      if (status != 200) {
        // Nothing is offered: every other upload ends here as well, without asking again.
        options_.method = VerifyMethod::none;
        settle(result, UploadState::unverified,
               Cause{"verify: nothing to verify with",
                     fmt::format("no control endpoint, and GET of the upload gives {}; "
                                 "--verify none accepts that",
                                 status)});
        return;
      }
      options_.method = VerifyMethod::download;
    }
    if (status == 404 || status == 410) {
      settle(result, UploadState::lost, Cause{"verify: the server has no such upload", result.url});
    } else if (status != 200) {
      settle(result, UploadState::unverified,
             Cause{fmt::format("verify: {} to GET", status),
                   outcome.failure ? outcome.failure->message : result.url});
    } else if (auto cause = (*comparison)->verdict()) {
      settle(result, UploadState::lost, std::move(cause));
    } else {
      settle(result, UploadState::verified);
    }
  });
}

void Verifier::by_delivered(UploadResult& result) {
  auto verdict = std::make_shared<std::optional<Cause>>();
  transport_.aside(
      [this, verdict, &result] {
        const auto files = options_.delivered->of(result.name);
        if (files.empty()) {
          *verdict = Cause{"verify: no delivered file", result.name};
          return;
        }
        std::vector<char> buffer(256U << 10U);
        for (const auto& file : files) {
          Comparison comparison(payload_of(result));
          std::ifstream in(file, std::ios::binary);
          while (in) {
            in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
            const auto count = static_cast<std::size_t>(in.gcount());
            if (!comparison.add(std::as_bytes(std::span(buffer.data(), count)))) break;
          }
          *verdict = comparison.verdict();
          if (*verdict) {
            (*verdict)->detail += " in " + file.string();
            return;
          }
        }
      },
      [this, verdict, &result] {
        if (*verdict) {
          settle(result, UploadState::lost, std::move(*verdict));
        } else {
          settle(result, UploadState::verified);
        }
      });
}

}  // namespace loadgen
