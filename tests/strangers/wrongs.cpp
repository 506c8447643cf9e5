#include "wrongs.hpp"

namespace strangers {

Answer tus_answer(int status, std::string_view reason, http::Fields fields) {
  fields.add("Tus-Resumable", "1.0.0");
  fields.add("Cache-Control", "no-store");
  return {status, std::string(reason), std::move(fields), {}};
}

bool is_told_head(const Exchange& exchange, const ReplyHead& reply) {
  return exchange.verb() == "HEAD" && reply.status < 300 && reply.fields.has("Upload-Offset");
}

std::string repeated(std::string_view pattern, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) bytes += pattern.substr(0, size - bytes.size());
  return bytes;
}

std::unique_ptr<Wrong> make_wrong(std::string_view name) {
  for (const auto* makers :
       {&wrongs_of_bytes(), &wrongs_of_acknowledgement(), &wrongs_of_many(),
        &wrongs_of_connections(), &wrongs_of_fields(), &wrongs_of_extensions(), &wrongs_of_dex()}) {
    if (const auto found = makers->find(name); found != makers->end()) return found->second();
  }
  return nullptr;
}

}  // namespace strangers
