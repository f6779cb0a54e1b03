# rhumb_draft_hash(<variable> <header>...): the SHA-256 of the declarations in these headers.
#
# A draft plugin loads only where this hash equals the host's. The hash covers what binds the two
# sides: names, types, fields, values and their order. A comment or a line break binds nobody, so
# both are taken out first. Spaces stay only where they separate two words.
#
# cmake -DHEADERS_DIR=<folder> -P DraftHash.cmake prints the hash of the headers of a folder.

# The headers of the plugin ABI in a folder, sorted. kernels.h belongs to a static library, so it
# does not cross between host and plugin.
function(rhumb_draft_headers variable folder)
  if(CMAKE_SCRIPT_MODE_FILE)
    file(GLOB headers ${folder}/*.h)
  else()
    file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.h)
  endif()
  list(FILTER headers EXCLUDE REGEX "/kernels\\.h$")
  list(SORT headers)
  set(${variable} ${headers} PARENT_SCOPE)
endfunction()

function(rhumb_draft_hash variable)
  set(declarations "")
  foreach(header ${ARGN})
    file(READ ${header} text)
    # A backslash at the end of a line joins it with the next one.
    string(REGEX REPLACE "\\\\\r?\n" " " text "${text}")
    string(REGEX REPLACE "/\\*[^*]*\\*+([^/*][^*]*\\*+)*/" " " text "${text}")
    string(REGEX REPLACE "//[^\n]*" " " text "${text}")
    string(REGEX REPLACE "[ \t\r\n]+" " " text "${text}")
    string(REGEX REPLACE " ?([^A-Za-z0-9_ ]) ?" "\\1" text "${text}")
    string(STRIP "${text}" text)
    get_filename_component(name ${header} NAME)
    string(APPEND declarations "${name}:${text}\n")
  endforeach()
  string(SHA256 hash "${declarations}")
  set(${variable} ${hash} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE AND DEFINED HEADERS_DIR)
  rhumb_draft_headers(headers ${HEADERS_DIR})
  rhumb_draft_hash(hash ${headers})
  message("${hash}")
endif()
