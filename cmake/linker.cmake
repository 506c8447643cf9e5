# Sixty test programs are linked: mold, where it is installed, takes a tenth of ld's time.
find_program(DEX_MOLD mold)
if(DEX_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
