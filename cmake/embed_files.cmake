# cmake -DOUT=x.cpp -DNAMESPACE=a::b -DFUNCTION=f -DBELOW=folder "-DFILES=a.json|b.json" -P embed_files.cmake
string(REPLACE "|" ";" FILES "${FILES}")
set(entries "")
foreach(file IN LISTS FILES)
  file(RELATIVE_PATH path ${BELOW} ${file})
  file(READ ${file} text)
  string(APPEND entries "    {\"${path}\", R\"EMBED(${text})EMBED\"},\n")
endforeach()
file(WRITE ${OUT} "// Written by CMake from fixtures/.
#include <span>

#include \"embedded/embedded.hpp\"

namespace ${NAMESPACE} {

std::span<const EmbeddedFile> ${FUNCTION}();

std::span<const EmbeddedFile> ${FUNCTION}() {
  static constexpr EmbeddedFile files[] = {
${entries}  };
  return files;
}

}  // namespace ${NAMESPACE}
")
