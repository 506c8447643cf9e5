#include "fuzz.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/file_name.hpp"
#include "protocol/onecodex/requests.hpp"

namespace {

using onecodex::Call;
using onecodex::Contract;
using onecodex::Kind;

constexpr Contract contracts[]{Contract::server, Contract::guide};

template <class T>
void require_breach(const onecodex::Expected<T>& parsed) {
  if (parsed) return;
  fuzz::require(!parsed.error().text.empty(), "a refusal says why");
  fuzz::require(onecodex::parse_problem(onecodex::to_json(parsed.error())).has_value(),
                "a refusal can be told");
}

void require_draft(std::string_view text, Call call) {
  for (const auto contract : contracts) {
    const auto draft = onecodex::parse_sample_draft(text, call, contract);
    require_breach(draft);
    if (!draft) continue;
    const auto again = onecodex::parse_sample_draft(onecodex::to_json(*draft), call, contract);
    fuzz::require(again.has_value() && *again == *draft, "parse(write(draft)) == draft");
  }
}

template <class Parse>
void require_answer(std::string_view text, Parse parse) {
  fuzz::require_round_trip(text, parse,
                           [](const auto& answer) { return onecodex::to_json(answer); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (onecodex::is_file_name(text, Contract::guide)) {
    fuzz::require(onecodex::is_file_name(text, Contract::server),
                  "the server takes what the guide takes");
  }
  require_draft(text, Call::preupload);
  require_draft(R"({"size": 1, "filename": )" + json::dump_string(text) + "}", Call::init_sample);
  require_draft(R"({"metadata": )" + std::string(text) + "}", Call::init_sample_multipart);
  for (const auto contract : contracts) {
    require_breach(onecodex::parse_document_draft(text, contract));
    for (const auto call : {Call::confirm_sample, Call::confirm_document, Call::cancel_sample}) {
      require_breach(onecodex::parse_confirmation(text, call, contract));
    }
  }
  const auto callback = onecodex::parse_callback(text);
  require_breach(callback);
  if (callback) {
    fuzz::require(onecodex::parse_callback(onecodex::to_json(*callback)) == callback,
                  "parse(write(callback)) == callback");
  }
  for (const auto kind : {Kind::sample, Kind::document}) {
    require_answer(text, [&](std::string_view t) { return onecodex::parse_initiated(t, kind); });
    require_answer(
        text, [&](std::string_view t) { return onecodex::parse_multipart_initiated(t, kind); });
    require_answer(text, [&](std::string_view t) { return onecodex::parse_confirmed(t, kind); });
  }
  require_answer(text, onecodex::parse_problem);
  require_answer(text, onecodex::parse_download);
  const auto sample = onecodex::parse_sample(text);
  if (sample) {
    fuzz::require(onecodex::parse_sample(onecodex::to_json(*sample, true)).has_value(),
                  "what is told of a sample can be read");
  }
  return 0;
}
