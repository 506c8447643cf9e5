// What an Open Humans client sends.
#pragma once

#include <string>

#include "protocol/http/form.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// POST of `form`, urlencoded as the project's own client has it.
[[nodiscard]] inline transport::LoadRequest openhumans_form(std::string url,
                                                            const http::Form& form) {
  transport::LoadRequest post;
  post.method = "POST";
  post.url = std::move(url);
  post.headers.add("Content-Type", "application/x-www-form-urlencoded");
  post.body = http::format_form(form);
  return post;
}

}  // namespace loadgen
