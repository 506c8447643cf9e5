#include "dex/manifest_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "protocol/nearest.hpp"

namespace conformance::onboard {
namespace {

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

/// The rule of the config for a field; without one, a rule that has only its name.
dex::FieldRule rule_of(const std::string& name, const dex::UploadConfig* config) {
  if (config != nullptr) {
    const auto found = std::find_if(config->fields.begin(), config->fields.end(),
                                    [&](const auto& rule) { return rule.name == name; });
    if (found != config->fields.end()) return *found;
  }
  dex::FieldRule bare;
  bare.name = name;
  return bare;
}

/// The key of the manifest that looks like a slip for `name`, among those unknown to the config.
std::optional<std::string> slip_for(const std::string& name, const dex::Manifest& manifest,
                                    const dex::UploadConfig* config) {
  std::vector<std::string_view> strangers;
  for (const auto& [key, value] : manifest) {
    if (lower(key) == lower(name)) return key;
    const bool known = config != nullptr && !rule_of(key, config).description.empty();
    if (!known) strangers.push_back(key);
  }
  const auto slip = slip_of(name, strangers);
  return slip ? std::optional(std::string(*slip)) : std::nullopt;
}

Finding missing(const dex::FieldRule& rule, const dex::Manifest& manifest,
                const dex::UploadConfig* config, const std::string& people) {
  std::string what = fmt::format("The manifest has no field \"{}\"", rule.name);
  if (!rule.description.empty()) {
    std::string_view description = rule.description;
    while (description.ends_with('.')) description.remove_suffix(1);
    what += fmt::format(" ({})", description);
  }
  what += '.';
  if (const auto slip = slip_for(rule.name, manifest, config)) {
    return {
        Whose::partner, what,
        fmt::format("Rename the field {} of the manifest to \"{}\".", in_quotes(*slip), rule.name)};
  }
  if (!rule.allowed_values.empty()) {
    return {Whose::partner, what,
            fmt::format("Add \"{}\" to the manifest, with the value {}.", rule.name,
                        either(rule.allowed_values))};
  }
  // By the guide, senders that have no such value write "null".
  const bool may_be_none =
      rule.name == dex::field::jurisdiction || rule.name == dex::field::data_producer_id;
  return {Whose::partner, what,
          fmt::format("Add \"{}\" to the manifest, with the value that you agreed on with {}{}.",
                      rule.name, people, may_be_none ? "; where there is none, \"null\"" : "")};
}

Finding disallowed(const dex::FieldRule& rule, const std::string& value,
                   const std::string& people) {
  const std::string what = fmt::format(
      "The field \"{}\" of the manifest is {}, which is not allowed.", rule.name, in_quotes(value));
  if (rule.allowed_values.empty()) {
    return {Whose::partner, what,
            fmt::format("Ask {} which values are allowed, or for the upload config of your data "
                        "stream: with --upload-config this page lists them.",
                        people)};
  }
  const auto meant = std::find_if(rule.allowed_values.begin(), rule.allowed_values.end(),
                                  [&](const auto& one) { return lower(one) == lower(value); });
  if (meant != rule.allowed_values.end()) {
    return {Whose::partner, what,
            fmt::format("Write it as {}: capital letters and blanks count.", in_quotes(*meant))};
  }
  return {Whose::partner, what,
          fmt::format("Set \"{}\" to {}.", rule.name, either(rule.allowed_values))};
}

Finding with_slash(const std::string& name) {
  return {Whose::partner, fmt::format("The field \"{}\" of the manifest has a \"/\" in it.", name),
          "Write only the file's name there, without folders."};
}

/// The text between `before` and `after`; nullopt where the line does not have both.
std::optional<std::string> between(std::string_view line, std::string_view before,
                                   std::string_view after) {
  const auto at = line.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + before.size());
  const auto end = line.find(after);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(line.substr(0, end));
}

std::vector<std::string> complaints_in(const std::string& body) {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  };
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return lines;
  if (const auto all = json.find("validation_errors"); all != json.end() && all->is_array()) {
    for (const auto& one : *all) {
      if (one.is_string()) add(one.get<std::string>());
    }
  } else if (const auto error = json.find("error"); error != json.end() && error->is_string()) {
    add(error->get<std::string>());
  }
  return lines;
}

/// Lines that tell nothing by themselves.
bool is_noise(const std::string& line) {
  return line.empty() || line == "validation failure" || line.starts_with("Using schema_version") ||
         line.starts_with("Provided metadata") || line.find("hook failed") != std::string::npos;
}

struct Reader {
  const dex::Manifest& manifest;
  const dex::UploadConfig* config;
  const std::string& people;

  [[nodiscard]] std::string value_of(const std::string& name) const {
    const auto found = manifest.find(name);
    return found == manifest.end() ? std::string() : found->second;
  }

  /// nullopt: a complaint that this program does not know.
  [[nodiscard]] std::optional<Finding> finding(const std::string& line) const {
    auto name = between(line, "field ", " was missing");
    if (!name) name = between(line, "Missing required metadata '", "'");
    if (name) return missing(rule_of(*name, config), manifest, config, people);
    name = between(line, "", " had disallowed value ");
    if (!name && line.find(" is not one of the allowed values") != std::string::npos) {
      name = between(line, "", " = ");
    }
    if (name) {
      // The service compares a field that was left out as an empty one.
      if (!manifest.contains(*name)) {
        return missing(rule_of(*name, config), manifest, config, people);
      }
      return disallowed(rule_of(*name, config), value_of(*name), people);
    }
    if (line.starts_with("invalid character found in ")) return with_slash(of_slash(line));
    if (line.find("config file not found") != std::string::npos) return unknown_stream();
    return std::nullopt;
  }

  [[nodiscard]] std::string of_slash(const std::string& line) const {
    for (const auto& [key, value] : manifest) {
      if (value.find('/') != std::string::npos && line.find(value) != std::string::npos) return key;
    }
    return std::string(dex::field::received_filename);
  }

  [[nodiscard]] Finding unknown_stream() const {
    return {Whose::partner,
            fmt::format("The service knows no data stream {} with the route {}.",
                        in_quotes(value_of(std::string(dex::field::data_stream_id))),
                        in_quotes(value_of(std::string(dex::field::data_stream_route)))),
            fmt::format("Check \"data_stream_id\" and \"data_stream_route\" in the manifest. If "
                        "they are as agreed, ask {} whether your data stream is set up at this "
                        "address.",
                        people)};
  }
};

}  // namespace

std::vector<Finding> by_config(const dex::Manifest& manifest, const dex::UploadConfig& config,
                               const std::string& people) {
  std::vector<Finding> findings;
  for (const dex::FieldRule& rule : config.fields) {
    const auto field = manifest.find(rule.name);
    // The service's own validation, of one rule alone.
    const auto wrong = dex::validate(manifest, dex::UploadConfig{{rule}});
    if (wrong.empty()) continue;
    if (field == manifest.end()) {
      findings.push_back(missing(rule, manifest, &config, people));
    } else if (!rule.allowed_values.empty()) {
      findings.push_back(disallowed(rule, field->second, people));
    } else {
      findings.push_back(with_slash(rule.name));
    }
  }
  return findings;
}

std::vector<Finding> by_refusal(const std::string& body, const dex::Manifest& manifest,
                                const std::optional<dex::UploadConfig>& config,
                                const std::string& people) {
  const Reader reader{manifest, config ? &*config : nullptr, people};
  std::vector<Finding> findings;
  std::string unknown;
  for (const std::string& line : complaints_in(body)) {
    if (is_noise(line)) continue;
    // "open FILE.json: ..." is the cause of the complaint that the config was not found.
    if (line.starts_with("open ") && line.find(".json: ") != std::string::npos) continue;
    const auto finding = reader.finding(line);
    if (!finding) {
      if (unknown.empty()) unknown = line;
    } else if (std::find(findings.begin(), findings.end(), *finding) == findings.end()) {
      findings.push_back(*finding);
    }
  }
  if (!findings.empty()) return findings;
  findings.push_back(
      {Whose::partner,
       unknown.empty() ? "The service refuses the manifest, and does not say why."
                       : "The service refuses the manifest; it says: " + in_quotes(unknown) + ".",
       fmt::format("Send this page to {}, and ask what has to be changed.", people)});
  return findings;
}

}  // namespace conformance::onboard
