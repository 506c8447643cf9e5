// The command line of dex-conformance.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "catalogue/selection.hpp"
#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "target/target.hpp"

namespace conformance {

struct RunCommand {
  std::string url;
  const System* system = nullptr;
  bool system_given = false;  ///< by --system; else `system` is the first one
  bool keep_going = false;
  bool allow_production = false;
  Milliseconds wait_for{0};   ///< for the target to answer; 0: it has to at once
  settings::OwnSettings own;  ///< what only some systems have
  Selection selection;
  bool strict = false;
  bool notes = false;                 ///< print notes one by one
  bool all = false;                   ///< print every red row, not only its cause
  std::vector<std::string> required;  ///< extensions
  std::string baseline, evidence, junit, json;
  std::string record, against, update_baseline, html, badge;
  std::size_t repeat = 1;  ///< how often each row is judged
  std::string tokens_file;
  std::size_t jobs = 4;
  std::uint64_t seed = 1;
  std::string username_env, password_env, token_env;
  http::Fields headers;
  std::vector<std::string> trusted_origins;  ///< URLs
  std::string proxy, ca_file, client_cert;
  transport::HttpVersion http = transport::HttpVersion::http1;
  std::string oauth_url;
  Milliseconds case_timeout{std::chrono::seconds{60}};
  Milliseconds run_timeout{std::chrono::minutes{10}};  ///< discovery included
  Milliseconds patience{std::chrono::seconds{10}};
  std::vector<std::string> arguments;  ///< as given, for rerun lines
};
struct ListCommand {
  const System* system = nullptr;  ///< nullptr: of every one
  Selection selection;
};
struct ExplainCommand {
  std::string row;  ///< its id or its name
};
/// Says what a run would do, and sends nothing.
struct PlanCommand {
  RunCommand run;
};
/// Compares two records of --record or reports of --json.
struct DiffCommand {
  std::string before, after;
  bool verdicts_only = false;
};
/// A partner is walked through what they will do.
struct OnboardCommand {
  RunCommand access;  ///< the target, and what gives access to it
  std::string file, manifest, upload_config;
  std::string markdown, html;  ///< pages to send on; empty: none
};
/// --help, --version: print and exit 0.
struct PrintCommand {
  std::string text;
};
using Command = std::variant<RunCommand, OnboardCommand, ListCommand, ExplainCommand, DiffCommand,
                             PlanCommand, PrintCommand>;

/// An Error is one line that names the flag (exit code 2) and holds no secret. Values are checked,
/// files are not opened.
[[nodiscard]] Result<Command> parse_command_line(const std::vector<std::string>& arguments,
                                                 Systems systems);

/// The secrets that stand on a command line, which need not be a valid one: values of --header, and
/// what URLs hold besides the address.
[[nodiscard]] redact::Secrets secrets_of(const std::vector<std::string>& arguments,
                                         Systems systems);
/// The command line, for a shell, that repeats one row when --select ROW is added: `arguments`
/// without the flags that select rows or write reports, and with "***" in place of secrets.
[[nodiscard]] std::string rerun_line(const std::vector<std::string>& arguments, Systems systems,
                                     const redact::Secrets& secrets);
/// The same with one row at a time, whatever --jobs was given.
[[nodiscard]] std::string rerun_line_alone(const std::vector<std::string>& arguments,
                                           Systems systems, const redact::Secrets& secrets);
/// `word` as a shell reads it back.
[[nodiscard]] std::string shell_quoted(const std::string& word);
/// The arguments of `run` that decide the verdicts: all but --url and the flags that write reports,
/// with "***" in place of secrets.
[[nodiscard]] std::vector<std::string> judging_arguments(const std::vector<std::string>& arguments,
                                                         Systems systems,
                                                         const redact::Secrets& secrets);

}  // namespace conformance
