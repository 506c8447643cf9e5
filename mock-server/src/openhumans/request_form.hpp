// The body of a POST, whichever form it has: multipart, urlencoded or JSON.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/handler.hpp"
#include "objects/objects.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "store/store.hpp"

namespace mock {

/// What a request brought.
struct SentForm {
  ::http::Form fields;  ///< in UTF-8
  struct File {
    std::string name;                     ///< of one path component, in UTF-8; not empty
    std::string key;                      ///< of the object
    std::unique_ptr<ObjectWriter> bytes;  ///< all of them are written; null: there are none
  };
  std::optional<File> file;
};

struct FormCall {
  /// Says where the bytes of a named file go. Empty: files are skipped.
  std::function<StoreResult<void>(SentForm::File& file, const ::http::PartHead& head)> begin_file;
  std::function<Reply(const Request& request, SentForm form)> answer;
  UnreadBody early_error = UnreadBody::drain;  ///< of refusals before the body's end
};

/// Reads a POST and answers; other methods, types and bodies are refused. A file is written while
/// it comes, wherever in the form it is. Unless `answer` publishes it, nothing is left of it.
[[nodiscard]] std::unique_ptr<Handler> form_handler(FormCall call);

/// `text` with U+FFFD for what is no UTF-8, as Django has it.
[[nodiscard]] std::string as_utf8(std::string text);

}  // namespace mock
