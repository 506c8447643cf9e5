#include "client/secret.hpp"

#include <cstdlib>

#include "redact/command_line.hpp"

namespace client {

Result<std::string> secret_in(const std::string& flag, const std::string& variable) {
  const char* const value = std::getenv(variable.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  if (!redact::is_variable_name(variable)) {
    return failure(flag, "no environment variable has that name",
                   "it takes the name of a variable, as in DEX_TOKEN, not the secret itself");
  }
  return failure(flag, "the environment variable " + quote(variable) + " is not set");
}

}  // namespace client
