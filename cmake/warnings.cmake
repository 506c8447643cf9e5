# The warnings every target of ours is compiled with; system headers are not affected.
# -Wnull-dereference is left out: it fires inside Asio at -O2 with g++ 12.
add_library(dex_warnings INTERFACE)
target_compile_options(dex_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough
  $<$<BOOL:${DEX_WERROR}>:-Werror>)
target_compile_definitions(dex_warnings INTERFACE DEX_VERSION="${PROJECT_VERSION}")
