// Sends lists of requests to two servers and prints how their replies differ.
//   compare_replies --a URL --b URL LIST...          the two servers
//   compare_replies --a URL --record FILE LIST...    writes the replies of one server into FILE
//   compare_replies --b URL --against FILE LIST...   compares a server with the replies in FILE
//   compare_replies --show NAME LIST...              prints the requests of cases, byte by byte
// LIST is a file of fixtures/requests or a folder of them. With --known FILE, differences that are
// listed there are printed with their reasons; a listed difference that does not occur fails the
// run. Exit codes: 0 no differences but known ones, 1 others, 2 usage, 3 a server cannot be
// reached.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <ctime>
#include <exception>
#include <fstream>
#include <locale>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "player.hpp"
#include "recorded_replies.hpp"
#include "transport/url.hpp"

namespace {

using replies::Case;
using replies::Replies;
using replies::Reply;
using replies::Server;

enum Exit : int { same = 0, differ = 1, usage = 2, unreachable = 3 };

/// Thrown to end the program with a line on standard error and an exit code.
struct Stop {
  Exit code;
  std::string line;
};

struct Flags {
  std::string a, b, record, against, known, json, ca_file;
  std::string a_folder, b_folder;
  std::string system;
  std::string only;
  std::optional<std::string> show;
  std::vector<std::string> lists;
  unsigned jobs = 8;
};

template <class T>
T unwrap(Result<T> result, Exit code) {
  if (!result) throw Stop{code, result.error().line()};
  return std::move(*result);
}

nlohmann::ordered_json parsed(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw Stop{usage, file + ": cannot be read"};
  auto json = nlohmann::ordered_json::parse(in, nullptr, false);
  if (!json.is_object()) throw Stop{usage, file + ": is no JSON object"};
  return json;
}

void write(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  if (!out.flush()) throw Stop{usage, file + ": cannot be written"};
}

/// libstdc++'s regular expressions fill a cache of the locale at their first use, without a lock;
/// so fill it before the threads start.
void fill_cache_of_locale() {
  const char any = 'a';
  char same = any;
  std::use_facet<std::ctype<char>>(std::locale()).narrow(&any, &any + 1, '?', &same);
}

Replies play(const std::vector<Case>& cases, const Server& server, unsigned jobs) {
  fill_cache_of_locale();
  Replies all;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto i = next++; i < cases.size(); i = next++) {
      auto replies = server.play(cases[i]);
      const std::lock_guard lock(mutex);
      for (std::size_t k = 0; k < replies.size(); ++k) {
        all.insert_or_assign(replies::request_name(cases[i], k), std::move(replies[k]));
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < jobs; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  return all;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

/// Keeps the other members of FILE, which people write. Each different reply stands there once,
/// with the names of the requests that got it.
void record(const std::string& file, const Flags& flags, const std::vector<Case>& cases,
            const Replies& replies) {
  auto head = std::ifstream(file) ? parsed(file) : nlohmann::ordered_json::object();
  head.erase("replies");
  head["recorded"] = today();
  head["system"] = flags.system;
  head["list"] = replies::fingerprint(cases);
  std::map<std::string, std::vector<std::string>> names;
  for (const auto& [name, reply] : replies) {
    names[(reply ? nlohmann::json(*reply) : nlohmann::json()).dump()].push_back(name);
  }
  auto text = head.dump(2);
  text.resize(text.rfind('}') - 1);
  text += ",\n  \"replies\": [";
  const char* comma = "";
  for (const auto& [reply, to] : names) {
    text += fmt::format("{}\n    {{\"to\": {},\n     \"reply\": {}}}", comma,
                        nlohmann::json(to).dump(), reply);
    comma = ",";
  }
  write(file, text + "\n  ]\n}\n");
  fmt::print("{}: {} replies, {} different ones\n", file, replies.size(), names.size());
}

Replies recorded(const std::string& file, replies::Recorded on_record,
                 const std::vector<Case>& cases) {
  if (on_record.list != replies::fingerprint(cases)) {
    throw Stop{usage, file + ": was recorded with other requests than these; record it anew"};
  }
  return std::move(on_record.replies);
}

/// One line for a terminal, at most 300 bytes of it.
std::string shown(const std::optional<std::string>& text) {
  if (!text) return "-";
  constexpr std::size_t most = 300;
  auto line = Error{"", *text, ""}.line();
  if (line.size() > most) line = line.substr(0, most) + "...";
  return line;
}

class Comparison {
 public:
  explicit Comparison(std::optional<replies::Known> known) : known_(std::move(known)) {}

  void add(const std::string& name, const std::string& line, const std::optional<Reply>& a,
           const std::optional<Reply>& b) {
    if (!a && !b) {
      ++unsent_;
      return;
    }
    ++replies_;
    const auto found = difference_of(a, b);
    if (found.empty()) return;
    ++differing_;
    bool unknown = false;
    std::string text = fmt::format("{}: {}\n", name, line);
    nlohmann::ordered_json json{{"request", name}, {"line", line}};
    for (const auto& one : found) {
      const auto* reason = known_ ? known_->reason(name, one.aspect) : nullptr;
      unknown = unknown || reason == nullptr;
      text += fmt::format("  {}\n    a  {}\n    b  {}\n", one.aspect, shown(one.a), shown(one.b));
      if (reason != nullptr) text += fmt::format("    known: {}\n", *reason);
      nlohmann::ordered_json entry{{"in", one.aspect}, {"a", nullptr}, {"b", nullptr}};
      if (one.a) entry["a"] = *one.a;
      if (one.b) entry["b"] = *one.b;
      if (reason != nullptr) entry["known"] = *reason;
      json["differences"].push_back(std::move(entry));
    }
    if (unknown) ++unknown_;
    fmt::print("{}", text);
    differences_.push_back(std::move(json));
  }

  Exit finish(const std::string& json_file) const {
    const auto stale = known_ ? known_->stale() : std::vector<std::string>{};
    for (const auto& line : stale) fmt::print("not needed any more: {}\n", line);
    if (unsent_ > 0) fmt::print("{} requests had nothing to name and were not sent\n", unsent_);
    fmt::print("{} replies, {} differ", replies_, differing_);
    if (known_) fmt::print(", {} of them not as known", unknown_);
    fmt::print("\n");
    if (!json_file.empty()) {
      const nlohmann::ordered_json json{
          {"replies", replies_}, {"differing", differing_}, {"unknown", unknown_},
          {"not_sent", unsent_}, {"stale", stale},          {"requests", differences_},
      };
      write(json_file, json.dump(2) + "\n");
    }
    return unknown_ == 0 && stale.empty() ? same : differ;
  }

 private:
  /// A request that only one of them was asked is one difference, in its status.
  static std::vector<replies::Difference> difference_of(const std::optional<Reply>& a,
                                                        const std::optional<Reply>& b) {
    if (a && b) return replies::differences(*a, *b);
    const auto status = [](const std::optional<Reply>& reply) {
      return reply ? reply->at("status") : "not asked: there was nothing to name";
    };
    return {{"status", status(a), status(b)}};
  }

  std::optional<replies::Known> known_;
  std::size_t replies_ = 0;
  std::size_t differing_ = 0;
  std::size_t unknown_ = 0;
  std::size_t unsent_ = 0;
  nlohmann::ordered_json differences_ = nlohmann::ordered_json::array();
};

Server reached(const std::string& url, const transport::TlsOptions& tls,
               const std::string& folder) {
  const auto parts = unwrap(transport::parse_url(url), usage);
  if (parts.target != "/") {
    throw Stop{usage, url + ": has a path; scheme, host and port are needed only"};
  }
  return unwrap(Server::reach(parts.origin(), tls, folder), unreachable);
}

std::vector<Case> cases_of(const Flags& flags) {
  auto cases = unwrap(replies::load_lists(flags.lists), usage);
  const auto begin = flags.show.value_or(flags.only);
  std::erase_if(cases, [&](const Case& one) {
    return (one.dex_only && flags.system != "dex") || !one.name.starts_with(begin);
  });
  if (cases.empty()) throw Stop{usage, "no case is left of " + flags.lists.front()};
  return cases;
}

/// Prints the bytes that would be sent, with placeholders for values that only a server gives.
Exit show(const std::vector<Case>& cases) {
  for (const auto& one : cases) {
    for (std::size_t i = 0; i < one.requests.size(); ++i) {
      const auto bytes = replies::bytes_of(
          one.requests[i], [](std::string_view name) { return fmt::format("{{{}}}", name); });
      fmt::print("{}\n{}\n\n", replies::request_name(one, i), bytes.value_or(""));
    }
  }
  return same;
}

Exit run(Flags flags) {
  replies::Recorded on_record;
  if (!flags.against.empty()) {
    on_record = unwrap(replies::load_recorded(flags.against), usage);
    if (flags.system.empty()) flags.system = on_record.system;
  }
  if (flags.system.empty()) flags.system = "dex";
  const auto cases = cases_of(flags);
  if (flags.show) return show(cases);
  std::optional<replies::Known> known;
  if (!flags.known.empty()) known = unwrap(replies::Known::load(flags.known), usage);

  transport::TlsOptions tls;
  tls.ca_file = flags.ca_file;
  std::map<std::string, Replies> of;
  if (!flags.against.empty()) of["a"] = recorded(flags.against, std::move(on_record), cases);
  if (!flags.a.empty()) {
    of["a"] = play(cases, reached(flags.a, tls, flags.a_folder), flags.jobs);
  }
  if (!flags.b.empty()) {
    of["b"] = play(cases, reached(flags.b, tls, flags.b_folder), flags.jobs);
  }
  if (!flags.record.empty()) {
    record(flags.record, flags, cases, of["a"]);
    return same;
  }
  Comparison comparison(std::move(known));
  for (const auto& one : cases) {
    for (std::size_t i = 0; i < one.requests.size(); ++i) {
      const auto name = replies::request_name(one, i);
      const auto& request = one.requests[i];
      comparison.add(name, request.raw.empty() ? request.line : request.raw, of["a"][name],
                     of["b"][name]);
    }
  }
  return comparison.finish(flags.json);
}

int parse_and_run(int argc, char** argv) {
  Flags flags;
  CLI::App app{"Puts lists of requests to two servers and prints in what their replies differ",
               "compare_replies"};
  auto* a = app.add_option("--a", flags.a, "URL of one server: scheme, host and port");
  auto* b = app.add_option("--b", flags.b, "URL of the other one");
  auto* record = app.add_option("--record", flags.record, "write the replies of --a into FILE");
  auto* against =
      app.add_option("--against", flags.against, "the replies in FILE, in place of --a");
  record->needs(a)->excludes(b)->excludes(against);
  against->needs(b)->excludes(a);
  app.add_option("--a-folder", flags.a_folder, "the folder that --a says it delivers to");
  app.add_option("--b-folder", flags.b_folder, "the folder that --b says it delivers to");
  app.add_option("--known", flags.known, "differences that are known, with their reasons");
  app.add_option("--json", flags.json, "write the differences into FILE");
  app.add_option("--system", flags.system, "dex (the default), or tus: plain tus is asked only")
      ->check(CLI::IsMember({"dex", "tus"}));
  app.add_option("--only", flags.only, "cases whose names begin so");
  app.add_option("--show", flags.show, "print the requests of cases whose names begin so");
  app.add_option("--jobs", flags.jobs, "cases at once")->check(CLI::Range(1, 64));
  app.add_option("--ca-file", flags.ca_file, "certificates to trust");
  app.add_option("LIST", flags.lists, "files or folders")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? same : usage;
  }
  if (flags.show) return run(std::move(flags));
  if (flags.b.empty() && flags.record.empty()) {
    throw Stop{usage, "there is nothing to compare with: --b, --record or --against is needed"};
  }
  if (flags.a.empty() && flags.against.empty()) {
    throw Stop{usage, "there is nothing to compare with: --a or --against is needed"};
  }
  return run(std::move(flags));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const Stop& stop) {
    fmt::print(stderr, "compare_replies: {}\n", stop.line);
    return stop.code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "compare_replies: {}\n", error.what());
  }
  return usage;
}
