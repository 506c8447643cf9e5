#include "cli/onboard.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "cli/complaint.hpp"
#include "cli/run_plan.hpp"
#include "files/output.hpp"
#include "onboard/reach.hpp"
#include "onboard/report.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/version.hpp"
#include "report/terminal.hpp"

namespace conformance {
namespace {

namespace fs = std::filesystem;
using onboard::Baggage;
using onboard::Document;

/// A walk sends one small file; a sample is enough to show the way.
constexpr std::uintmax_t most_bytes = std::uintmax_t{100} << 20U;

Result<std::string> read_sample(const std::string& name) {
  const auto cannot = [&](const std::string& why, std::string hint = {}) {
    return failure("--file", quote(name) + " " + why, std::move(hint));
  };
  std::error_code error;
  if (fs::is_directory(name, error)) return cannot("is a folder");
  std::ifstream in(name, std::ios::binary);
  if (!in) return cannot(fmt::format("cannot be read: {}", std::strerror(errno)));
  const auto size = fs::file_size(name, error);
  if (!error && size > most_bytes) {
    return cannot("has more than 100 MiB", "take a smaller one of the same kind");
  }
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (bytes.empty()) return cannot("is empty", "take one of the kind that you will send");
  return bytes;
}

Result<Document> read_document(const std::string& name) {
  if (name.empty()) return Document{};
  auto text = json::detail::read_file(name);
  if (!text) return tl::unexpected(text.error());
  return Document{name, std::move(*text)};
}

Result<Baggage> packed(const OnboardCommand& command) {
  Baggage baggage;
  auto file = read_sample(command.file);
  if (!file) return tl::unexpected(file.error());
  baggage.file = std::move(*file);
  baggage.file_name = fs::path(command.file).filename().string();
  auto manifest = read_document(command.manifest);
  if (!manifest) return tl::unexpected(manifest.error());
  baggage.manifest = std::move(*manifest);
  auto config = read_document(command.upload_config);
  if (!config) return tl::unexpected(config.error());
  baggage.upload_config = std::move(*config);
  baggage.patience = command.access.patience;
  return baggage;
}

struct Pages {
  files::Output markdown, html;
};

/// Before the walk, so that a page that cannot be written does not cost one.
Result<Pages> open_pages(const OnboardCommand& command) {
  auto markdown = files::Output::open("--markdown", command.markdown);
  if (!markdown) return tl::unexpected(markdown.error());
  auto html = files::Output::open("--html", command.html);
  if (!html) return tl::unexpected(html.error());
  return Pages{std::move(*markdown), std::move(*html)};
}

}  // namespace

int onboard_partner(const OnboardCommand& command, Systems systems, std::ostream& out,
                    std::ostream& err) {
  const redact::Secrets secrets = secrets_of(command.access.arguments, systems);
  auto plan = plan_run(command.access, systems, secrets);
  if (!plan) return complain({err, secrets}, plan.error().error, plan.error().code);
  const Complaints complaints{err, plan->secrets};
  const auto usage = [&](const Error& error) {
    return complain(complaints, error, ExitCode::usage);
  };
  const auto baggage = packed(command);
  if (!baggage) return usage(baggage.error());
  auto pages = open_pages(command);
  if (!pages) return usage(pages.error());
  onboard::Visit visit(plan->session->client, plan->session->credentials, plan->secrets,
                       baggage->patience);
  auto journey = command.access.system->make_journey({&*baggage, plan->target.get(), &visit});
  if (!journey) return usage(journey.error());

  onboard::Walk walk;
  walk.about = (*journey)->about();
  walk.url = plan->target->url;
  walk.id = plan->report.run_id;
  walk.version = harness_version();
  walk.started = plan->report.started;
  const bool colour = style_for(STDOUT_FILENO).colour;
  out << onboard::terminal_head(masked(walk, plan->secrets)) << std::flush;
  auto stages = onboard::reach_stages(plan->target->url, plan->session->client, walk.about);
  for (auto& stage : (*journey)->stages()) stages.push_back(std::move(stage));
  walk.steps = onboard::walk_through(stages, [&](const onboard::Step& step) {
    out << onboard::terminal_line(masked(step, plan->secrets), colour) << std::flush;
  });
  walk.facts = (*journey)->facts();
  walk.left = (*journey)->left();
  walk = masked(std::move(walk), plan->secrets);
  out << onboard::terminal_end(walk, colour) << std::flush;

  auto code = onboard::exit_code(walk);
  const auto told = [&](const Result<void>& written) {
    if (written) return;
    complain(complaints, written.error(), ExitCode::harness);
    if (code == ExitCode::conformant) code = ExitCode::harness;
  };
  if (pages->markdown.wanted()) told(pages->markdown.write(onboard::markdown(walk)));
  if (pages->html.wanted()) told(pages->html.write(onboard::page(walk)));
  if (!pages->html.wanted() && !pages->markdown.wanted()) {
    out << "With --html FILE or --markdown FILE there is a page of this to send on.\n";
  }
  return static_cast<int>(code);
}

}  // namespace conformance
