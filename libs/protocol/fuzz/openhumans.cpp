#include "fuzz.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/openhumans/answers.hpp"
#include "protocol/openhumans/date.hpp"
#include "protocol/openhumans/files.hpp"
#include "protocol/openhumans/form.hpp"
#include "protocol/openhumans/metadata.hpp"

namespace {

using openhumans::Contract;

void require_metadata(std::string_view text) {
  const auto guide = openhumans::parse_metadata(text, Contract::guide);
  const auto server = openhumans::parse_metadata(text, Contract::server);
  if (guide) fuzz::require(server == guide, "the server takes what the guide takes");
  if (!server) return fuzz::require(!server.error().text.empty(), "a refusal says why");
  const auto again = openhumans::parse_metadata(server->json, Contract::server);
  fuzz::require(again.has_value() && again->json == server->json, "what is listed can be read");
}

void require_date(std::string_view text) {
  using openhumans::DateVerdict;
  if (openhumans::judge_date(text, Contract::guide) == DateVerdict::good) {
    fuzz::require(openhumans::judge_date(text, Contract::server) == DateVerdict::good,
                  "the server takes what the guide takes");
  }
}

template <class Parse>
void require_answer(std::string_view text, Parse parse) {
  fuzz::require_round_trip(text, parse,
                           [](const auto& answer) { return openhumans::to_json(answer); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  require_date(text);
  require_metadata(text);
  require_metadata(R"({"tags": [], "description": "", )" + std::string(text) + "}");
  require_metadata(R"({"tags": [], "description": "", "start_date": )" + json::dump_string(text) +
                   "}");
  if (const auto types = openhumans::parse_datatypes(text)) {
    fuzz::require(openhumans::unknown_datatypes(*types).text.ends_with(']'), "a list is told");
  }
  require_answer(text, openhumans::parse_created);
  require_answer(text, openhumans::parse_completed);
  require_answer(text, openhumans::parse_deleted);
  require_answer(text, openhumans::parse_member_files);
  require_answer(text, openhumans::parse_member_list);
  if (const auto problems = openhumans::parse_problems(text)) {
    const auto again = openhumans::parse_problems(openhumans::problems_body(*problems));
    fuzz::require(again.has_value() && *again == *problems, "parse(write(problems)) == problems");
  }
  if (const auto form = openhumans::form_of_json(text)) {
    for (const auto& [name, value] : *form) {
      static_cast<void>(openhumans::boolean_field(*form, name));
      const auto number = openhumans::integer_field(*form, name);
      fuzz::require(number.has_value() || !number.error().text.empty(), "a refusal says why");
      const auto required = openhumans::required_field(*form, name);
      fuzz::require(!required || !required->empty(), "what is required is not empty");
    }
  }
  return 0;
}
