# The tests are a hundred programs: with mold they link in a tenth of the time that ld takes. Where it
# is not installed, or LDFLAGS names another linker, the compiler's own choice stays.
find_program(DEX_MOLD mold)
mark_as_advanced(DEX_MOLD)
if(DEX_MOLD AND NOT CMAKE_EXE_LINKER_FLAGS MATCHES "-fuse-ld=")
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LINK_OPTIONS -fuse-ld=mold)
  check_cxx_source_compiles("int main() {}" DEX_LINKS_WITH_MOLD)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(DEX_LINKS_WITH_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()
