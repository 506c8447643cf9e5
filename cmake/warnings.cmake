# The warnings every target of ours is compiled with; system headers are not affected. -Wnull-dereference is
# left out: it fires inside Asio at -O2 with g++ 12. -Wrestrict is off: g++ 12 misreads "literal" + temporary
# std::string at -O2 and above (GCC bug 105651). What an optimiser takes for uninitialised depends on its
# version: in release that stays a warning, so that no build of a user fails for it.
add_library(dex_warnings INTERFACE)
target_compile_options(dex_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${DEX_WERROR}>:-Werror>
  $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-error=maybe-uninitialized>)
