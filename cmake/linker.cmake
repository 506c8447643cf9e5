# A hundred programs are linked for the tests: gold, which comes with Debian 12's binutils, takes less than
# half of what ld takes (decision 28). What users run is linked as their system links.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT DEX_SANITIZE)
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=gold DEX_LINKS_WITH_GOLD)
  if(DEX_LINKS_WITH_GOLD)
    add_link_options(-fuse-ld=gold)
  endif()
endif()
