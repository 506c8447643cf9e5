# cmake -DFOLDER=fixtures/profiles -DOUT=profile_texts.cpp -P embed.cmake
# Puts the profiles into the program, so that an installed one needs no fixtures.
set(code "#include \"profile/profile.hpp\"\n\nnamespace mock {\n\n")
string(APPEND code "const std::vector<ProfileText>& profile_texts() {\n")
string(APPEND code "  static const std::vector<ProfileText> texts{\n")
file(GLOB files ${FOLDER}/*.json)
list(FILTER files EXCLUDE REGEX "\\.schema\\.json$")
list(SORT files)
foreach(file ${files})
  # NAME_WLE: "tusd-2.10" has a dot of its own.
  get_filename_component(name ${file} NAME_WLE)
  file(READ ${file} json)
  string(APPEND code "      {\"${name}\", R\"dex-json(${json})dex-json\"},\n")
endforeach()
string(APPEND code "  };\n  return texts;\n}\n\n}  // namespace mock\n")
file(WRITE ${OUT} "${code}")
