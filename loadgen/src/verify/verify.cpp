#include "verify/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "client/endpoints.hpp"
#include "client/stored.hpp"
#include "settings/choice.hpp"
#include "transport/origins.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

/// How much longer than the upload an answer may be: it may be an account, or an error page.
constexpr Bytes most_of_an_answer{1U << 20U};
/// One upload in so many has its digest made again, although one was made while it was sent: what
/// was sent is held to what it should have been.
constexpr std::uint64_t one_made_again_in = 64;

/// How many uploads try what a target offers: one may be gone, or badly served.
constexpr unsigned most_probes = 3;

/// How long a delivery may come after the load where the target does not tell that it was made.
constexpr Milliseconds late_delivery{5000};
constexpr Milliseconds between_scans{250};

/// Whether a place that a target names may be on this machine's disk, and not in a container: its
/// folders exist here, so deep down that this is no chance (/var/lib is everywhere).
bool could_be_here(const std::filesystem::path& file) {
  if (!file.is_absolute()) return false;
  std::filesystem::path folder;
  int deep = 0;  // with the root
  for (const auto& part : file.parent_path()) {
    folder /= part;
    std::error_code unknown;
    if (deep == 4 || !std::filesystem::is_directory(folder, unknown)) break;
    ++deep;
  }
  return deep == 4;
}

/// Those of `copies` that are files of this machine.
Delivered compare_here(const std::vector<std::string>& copies, const Payload& payload,
                       const std::function<bool()>& stopped) {
  std::vector<std::filesystem::path> files;
  for (const auto& copy : copies) {
    const std::filesystem::path file(copy);
    if (!could_be_here(file)) continue;
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (status.type() == std::filesystem::file_type::not_found) {
      return {Damage{{"verify: no delivered file", copy}, std::nullopt}, {}, {}};
    }
    // Also if it cannot be looked at: reading it tells why.
    const bool unknown = status.type() == std::filesystem::file_type::none;
    if (unknown || std::filesystem::is_regular_file(status)) files.push_back(file);
  }
  return compare(files, payload, stopped);
}

constexpr std::array<std::pair<std::string_view, VerifyMethod>, 5> methods{
    {{"auto", VerifyMethod::automatic},
     {"digest", VerifyMethod::digest},
     {"download", VerifyMethod::download},
     {"delivered", VerifyMethod::delivered},
     {"none", VerifyMethod::none}}};

}  // namespace

Result<VerifyMethod> parse_verify_method(std::string_view text) {
  if (const auto method = settings::value_named(methods, text)) return *method;
  return settings::not_one_of(text, settings::names_in(methods));
}

std::string_view to_string(VerifyMethod method) { return settings::name_of(methods, method); }

Verifier::Verifier(transport::LoadTransport& transport, Authorizer& authorizer,
                   const Client& client, Options options)
    : transport_(transport),
      client_(client),
      options_(std::move(options)),
      control_(transport, authorizer, client, options_.stall_timeout),
      bytes_(transport, authorizer, client, options_.stall_timeout),
      looks_(transport, authorizer, client, options_.stall_timeout),
      accounts_(transport, authorizer, client, options_.stall_timeout) {}
Verifier::~Verifier() { *stopped_ = true; }

Payload Verifier::payload_of(const UploadResult& result) const {
  const UploadOptions& uploads = client_.options();
  return {uploads.payload, uploads.seed, result.index, result.size};
}

Payload Verifier::shown_of(const UploadResult& result) const {
  return payload_of(result).until(client_.shown(result));
}

void Verifier::run(Next next, Settled settled, std::function<void()> done) {
  next_ = std::move(next);
  settled_ = std::move(settled);
  done_ = std::move(done);
  first_ = next_();
  if (options_.method == VerifyMethod::automatic && options_.delivered) {
    options_.method = VerifyMethod::delivered;
  }
  if (options_.method == VerifyMethod::automatic && options_.control_url.empty()) {
    options_.method = VerifyMethod::download;
  }
  if (options_.method == VerifyMethod::download && first_) {
    listings_ = client_.listings();
    listed_ = !listings_.empty();
  }
  if (options_.method != VerifyMethod::delivered) {
    list();
    return;
  }
  if (first_ && !client_.account(first_->url)) delivered_until_ = transport_.now() + late_delivery;
  scan([this] { fill(); });
}

void Verifier::scan(std::function<void()> then) {
  scanned_.push_back(std::move(then));
  if (scanned_.size() > 1) return;
  const auto files = std::make_shared<std::optional<Result<DeliveredFiles>>>();
  transport_.aside(
      [files, read = options_.delivered] { *files = read(); },
      [this, files] {
        if (**files) {
          delivered_ = std::move(***files);
        } else if (!delivered_) {
          options_.method = VerifyMethod::none;
          unseen_ = Cause{"verify: cannot read the delivered files", (*files)->error().line()};
        }
        for (const auto& next : std::exchange(scanned_, {})) next();
      });
}

void Verifier::fill() {
  while (in_hand_.size() < options_.at_once && !probing_) {
    auto upload = first_ ? std::exchange(first_, std::nullopt) : next_();
    if (!upload) break;
    UploadResult& result = in_hand_.emplace_back(std::move(*upload));
    if (result.cause) result.state = UploadState::unverified;
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
        if (gone_) {
          settle(result, UploadState::unverified, unseen_);
        } else {
          bytes_unseen(result, unseen_.value_or(Cause{}));
        }
        break;
    }
  }
  if (in_hand_.empty() && done_) {
    // `done_` may be what destroys this.
    transport_.after(Milliseconds{0}, std::exchange(done_, nullptr));
  }
}

void Verifier::settle(UploadResult& result, UploadState state, std::optional<Cause> cause) {
  // Something could not be seen before: what was seen since does not make up for it.
  const bool unseen = result.state == UploadState::unverified;
  if (!unseen || (state != UploadState::verified && state != UploadState::unverified)) {
    result.state = state;
    if (cause) result.cause = std::move(cause);
  }
  if (result.state == UploadState::verified) verified_ += result.size;
  const UploadResult* const settled = &result;
  settled_(std::move(result));
  in_hand_.remove_if([settled](const UploadResult& held) { return &held == settled; });
  // Not by recursion: ten thousand uploads may settle at once.
  transport_.after(Milliseconds{0}, [this] { fill(); });
}

void Verifier::lose(UploadResult& result, Cause cause, std::optional<ByteRange> damage) {
  // What the bytes should be is no longer known.
  if (const auto trouble = payload_of(result).trouble(); !trouble.empty()) {
    settle(result, UploadState::unverified, cause_of_trouble(trouble));
    return;
  }
  result.damage = damage;
  settle(result, UploadState::lost, std::move(cause));
}

void Verifier::bytes_unseen(UploadResult& result, Cause cause) {
  if (result.state != UploadState::unverified) {
    result.state = UploadState::unverified;
    result.cause = std::move(cause);
  }
  by_look(result);
}

std::function<bool()> Verifier::stopped() const {
  return [stopped = stopped_, at_work = options_.at_work] {
    at_work();
    return stopped->load();
  };
}

std::shared_ptr<std::optional<Comparison>> Verifier::comparison_for(
    const UploadResult& result) const {
  return std::make_shared<std::optional<Comparison>>(shown_of(result));
}

Asker::Question Verifier::download(const UploadResult& result, const std::string& place,
                                   std::shared_ptr<std::optional<Comparison>> into) {
  return {[this, into = std::move(into), place, &result] {
            into->emplace(shown_of(result));
            LoadRequest request = client_.download(place);
            // The transfer is never ended early: of an error page only the status counts.
            request.sink = [this, into](std::span<const std::byte> bytes) {
              options_.at_work();
              (*into)->add(bytes);
              return true;
            };
            request.answer_limit = result.size + most_of_an_answer;
            return request;
          },
          place == result.url};
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
  bytes_.ask({begin}, [this, text](const LoadOutcome& outcome) {
    if (status_of(outcome) != 200) {
      Cause cause = cause_of("verify: list of uploads", outcome);
      if (cause.detail.empty()) cause.detail = text->substr(0, 200);
      gone_ = !outcome.response;
      nothing_listed(cause);
      return;
    }
    auto page = client_.read_listing(*text);
    if (!page) {
      nothing_listed({"verify: the list of uploads cannot be read", page.error().line()});
      return;
    }
    const std::size_t before = places_.size();
    places_.merge(page->places);
    if (page->next && places_.size() == before) {
      nothing_listed({"verify: the list of uploads does not end",
                      "a page of it has a next one and nothing new"});
      return;
    }
    if (page->next) listings_.push_back(*std::move(page->next));
    list();
  });
}

void Verifier::nothing_listed(const Cause& cause) {
  unseen_ = cause;
  options_.method = VerifyMethod::none;
  fill();
}

// ---- the bytes -------------------------------------------------------------------------------

void Verifier::by_digest(UploadResult& result, bool probing) {
  LoadRequest request;
  request.method = "GET";
  request.url = options_.control_url + "/" + client::last_segment(result.url);
  request.url += client::ask_for_xxh128;
  request.answer_limit = most_of_an_answer;
  control_.ask(std::move(request), [this, &result, probing](const LoadOutcome& outcome) {
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
    if (!control) {
      // A server without a control endpoint answers 404 as well.
      Cause cause = cause_of("verify: the control endpoint", outcome);
      if (status == 200) cause.detail = control.error().line();
      cause.detail += " (only dex-mock-server has one; --verify auto takes what there is)";
      bytes_unseen(result, std::move(cause));
    } else if (!control->complete || control->offset != result.size.value) {
      const Bytes there{std::min(control->offset, result.size.value)};
      std::optional<ByteRange> damage;
      if (there < result.size) damage = ByteRange{there, result.size};
      lose(result,
           {"verify: bytes are missing",
            fmt::format("{} of {} are there", control->offset, result.size.value)},
           damage);
    } else {
      compare_digest(result, *control);
    }
  });
}

void Verifier::compare_digest(UploadResult& result, const client::Stored& theirs) {
  const bool fast = !theirs.xxh128.empty();
  const auto algorithm = fast ? DigestAlgorithm::xxh128 : DigestAlgorithm::sha256;
  const std::string& told = fast ? theirs.xxh128 : theirs.sha256;
  const bool of_sending = client_.options().digest == algorithm && result.digest == told;
  if (of_sending && result.index % one_made_again_in != one_made_again_in - 1) {
    by_look(result);
    return;
  }
  // Also where the two differ: what the file should be has the last word.
  auto ours = std::make_shared<std::string>();
  const Payload payload = payload_of(result);
  const auto work = [ours, algorithm, payload, stopped = stopped()] {
    *ours = payload.digest(algorithm, stopped);
  };
  const auto then = [this, ours, fast, &result, told, own = payload.is_own()] {
    if (*ours == told) {
      by_look(result);
    } else {
      // A digest of somebody's file may tell whose it is.
      find_damage(result, {"verify: different bytes",
                           own ? std::string("by their digest")
                               : fmt::format("{} {} instead of {}", fast ? "XXH128" : "SHA-256",
                                             told, *ours)});
    }
  };
  if (result.size <= made_again_at_once) {
    work();
    then();
  } else {
    transport_.aside(work, then);
  }
}

void Verifier::find_damage(UploadResult& result, Cause cause) {
  auto comparison = comparison_for(result);
  bytes_.ask(
      download(result, result.url, comparison),
      [this, &result, cause = std::move(cause), comparison](const LoadOutcome& outcome) mutable {
        const auto damage = status_of(outcome) == 200 ? (*comparison)->verdict() : std::nullopt;
        if (damage) {
          cause = damage->cause;
        } else if (status_of(outcome) != 200) {
          cause.detail += "; where is not known, as the target does not show the bytes";
        }
        lose(result, std::move(cause), damage ? damage->range : std::nullopt);
      });
}

void Verifier::by_download(UploadResult& result, bool probing) {
  auto question = client_.whereabouts(result.url);
  if (!question) {
    const auto found = listed_ ? places_.find(result.url) : places_.end();
    if (listed_ && found == places_.end()) {
      lose(result, {"verify: the server does not list it", result.url});
      return;
    }
    compare_at(listed_ ? found->second : result.url, result, probing);
    return;
  }
  question->answer_limit = most_of_an_answer;
  const std::string method = question->method;
  bytes_.ask(*std::move(question), [this, &result, probing, method](const LoadOutcome& outcome) {
    const int status = status_of(outcome);
    if (status != 200) {
      bytes_unseen(result, {fmt::format("verify: {} to {}", status, method),
                            outcome.failure ? outcome.failure->message : result.url});
      return;
    }
    const auto place = client_.read_whereabouts(outcome.response->body);
    if (!place) {
      bytes_unseen(result, {"verify: where the bytes are cannot be read", place.error().line()});
      return;
    }
    compare_at(*place, result, probing);
  });
}

void Verifier::compare_at(const std::string& place, UploadResult& result, bool probing) {
  if (place != result.url && !client_.options().may_lead_to(place)) {
    settle(result, UploadState::unverified,
           Cause{fmt::format("verify: {} leads to another host or port",
                             listed_ ? "the list" : "where the bytes are"),
                 fmt::format("it is not followed without --trust-origin {}",
                             transport::origin_of(place).value_or("URL"))});
    return;
  }
  auto comparison = comparison_for(result);
  bytes_.ask(download(result, place, comparison), [this, comparison, &result,
                                                   probing](const LoadOutcome& outcome) {
    const int status = status_of(outcome);
    if (probing && status != 200) {
      probe_failed(result, outcome);
      return;
    }
    if (probing) {
      probing_ = false;
      options_.method = VerifyMethod::download;
    }
    if (status != 200) {
      // A server that shows no bytes may answer 404 as well.
      bytes_unseen(result, cause_of("verify: GET", outcome));
    } else if (auto damage = (*comparison)->verdict()) {
      lose(result, std::move(damage->cause), damage->range);
    } else if (const Bytes shown = client_.shown(result); shown < result.size) {
      bytes_unseen(result,
                   {"verify: not all of the bytes can be seen",
                    fmt::format("the first {} of {} are right", shown.value, result.size.value)});
    } else {
      by_look(result);
    }
  });
}

void Verifier::probe_failed(UploadResult& result, const LoadOutcome& got) {
  LoadRequest request = client_.look(result.url);
  request.answer_limit = most_of_an_answer;
  looks_.ask(std::move(request), [this, &result, got](const LoadOutcome& outcome) {
    probing_ = false;
    if (status_of(outcome) == 404 || status_of(outcome) == 410) {
      // This one is gone; the next one is asked the same question.
      lose(result, {"verify: the server has no such upload", result.url});
      return;
    }
    if (!outcome.response) {
      gone_ = true;
      options_.method = VerifyMethod::none;
      unseen_ = Cause{outcome.failure->kind == transport::Failure::Kind::protocol
                          ? "verify: HEAD has no answer that can be read"
                          : "verify: the target cannot be reached any more",
                      outcome.failure->message};
      settle(result, UploadState::unverified, unseen_);
      return;
    }
    const Cause cause = cause_of("GET of the upload", got);
    const Cause nothing{
        "verify: nothing to verify with",
        fmt::format("no control endpoint, and {}; --verify none accepts that", cause.what)};
    if (status_of(got) == 405 || ++probes_ == most_probes) {
      options_.method = VerifyMethod::none;
      unseen_ = nothing;
    }
    bytes_unseen(result, nothing);
  });
}

void Verifier::by_delivered(UploadResult& result) {
  auto files = delivered_->of(result.name);
  if (!files.empty()) {
    compare_files(result, std::move(files));
  } else if (transport_.now() < delivered_until_) {
    transport_.after(between_scans,
                     [this, &result] { scan([this, &result] { by_delivered(result); }); });
  } else if (delivered_->empty()) {
    // A wrong folder looks just like one in which nothing has arrived.
    bytes_unseen(result, {"verify: no delivered file of this run",
                          "is --delivered-dir the folder that deliveries go to?"});
  } else {
    lose(result, {"verify: no delivered file", result.name});
  }
}

void Verifier::compare_files(UploadResult& result, std::vector<std::filesystem::path> files) {
  auto found = std::make_shared<Delivered>();
  transport_.aside([found, files = std::move(files), payload = payload_of(result),
                    stopped = stopped()] { *found = compare(files, payload, stopped); },
                   [this, found, &result] {
                     if (found->damage) {
                       lose(result, std::move(found->damage->cause), found->damage->range);
                     } else if (found->not_seen) {
                       bytes_unseen(result, *std::move(found->not_seen));
                     } else if (found->more_than_once) {
                       settle(result, UploadState::wrong, std::move(found->more_than_once));
                     } else {
                       by_look(result);
                     }
                   });
}

// ---- what else is told -----------------------------------------------------------------------

void Verifier::by_look(UploadResult& result) {
  LoadRequest request = client_.look(result.url);
  request.answer_limit = most_of_an_answer;
  const std::string method = request.method;
  looks_.ask(std::move(request), [this, &result, method](const LoadOutcome& outcome) {
    const int status = status_of(outcome);
    if (status == 404 || status == 410) {
      lose(result, {"verify: the server has no such upload", result.url});
      return;
    }
    if (status / 100 != 2) {
      settle(result, UploadState::unverified, cause_of("verify: " + method, outcome));
      return;
    }
    const auto told = client_.told_size(*outcome.response);
    if (!told) {
      settle(result, UploadState::unverified,
             Cause{fmt::format("verify: {} tells no size", method), result.url});
    } else if (told != std::to_string(result.size.value)) {
      lose(result, {fmt::format("verify: {} tells another size", method),
                    fmt::format("{} instead of {}", quote(*told), result.size.value)});
    } else if (auto cause = client_.told_otherwise(*outcome.response, result)) {
      settle(result, UploadState::wrong, std::move(cause));
    } else {
      by_account(result);
    }
  });
}

void Verifier::by_account(UploadResult& result) {
  auto request = client_.account(result.url);
  if (!request) {
    settle(result, UploadState::verified);
    return;
  }
  request->answer_limit = most_of_an_answer;
  accounts_.ask(*std::move(request), [this, &result](const LoadOutcome& outcome) {
    if (status_of(outcome) != 200) {
      settle(result, UploadState::unverified, cause_of("verify: the account", outcome));
      return;
    }
    auto account = client_.read_account(*outcome.response, result);
    if (!account) {
      settle(result, UploadState::unverified,
             Cause{"verify: the account cannot be read", account.error().line()});
    } else if (account->missing) {
      lose(result, *std::move(account->missing));
    } else if (account->otherwise) {
      settle(result, UploadState::wrong, std::move(account->otherwise));
    } else {
      by_copies(result, std::move(account->copies));
    }
  });
}

void Verifier::by_copies(UploadResult& result, std::vector<std::string> copies) {
  for (const auto& copy : copies) {
    if (copy.empty()) {
      lose(result, {"verify: a delivery that leads nowhere", "it is told to be a success"});
      return;
    }
    const auto other = options_.copies->put(copy, result.index);
    if (!other) continue;
    lose(result,
         {"verify: overwritten by another delivery",
          fmt::format("uploads {} and {} were both delivered to {}", *other, result.index, copy)});
    return;
  }
  if (!options_.copies_are_here || copies.empty()) {
    settle(result, UploadState::verified);
    return;
  }
  auto found = std::make_shared<Delivered>();
  transport_.aside(
      [found, payload = payload_of(result), stopped = stopped(), copies = std::move(copies)] {
        *found = compare_here(copies, payload, stopped);
      },
      [this, found, &result] {
        if (found->damage) {
          lose(result, std::move(found->damage->cause), found->damage->range);
        } else if (found->not_seen) {
          settle(result, UploadState::unverified, std::move(found->not_seen));
        } else {
          settle(result, UploadState::verified);
        }
      });
}

}  // namespace loadgen
