# Abseil is some twenty shared libraries, which each program that is started
# looks for and relocates: most of the time that a small one takes, and one is
# started for each sub-job of several ranks. Where the archives are installed as
# well, as by Debian, executables are linked with those; a shared library cannot
# be, for they are not position-independent enough.
#
# absl_archive::X for each absl::X.
get_property(libraries DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER libraries INCLUDE REGEX "^absl::")
foreach(library IN LISTS libraries)
  string(REPLACE "absl::" "absl_archive::" archive ${library})
  get_target_property(type ${library} TYPE)
  get_target_property(needed ${library} INTERFACE_LINK_LIBRARIES)
  get_target_property(configurations ${library} IMPORTED_CONFIGURATIONS)
  list(GET configurations 0 configuration)
  get_target_property(file ${library} IMPORTED_LOCATION_${configuration})
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" file "${file}")
  if(type STREQUAL SHARED_LIBRARY AND EXISTS "${file}")
    add_library(${archive} STATIC IMPORTED)
    set_target_properties(${archive} PROPERTIES IMPORTED_LOCATION "${file}")
  else()
    add_library(${archive} INTERFACE IMPORTED)
    if(NOT type STREQUAL INTERFACE_LIBRARY)
      target_link_libraries(${archive} INTERFACE ${library})
    endif()
  endif()
  if(needed)
    string(REPLACE "absl::" "absl_archive::" needed "${needed}")
    target_link_libraries(${archive} INTERFACE ${needed})
  endif()
endforeach()

# absl_by_type(LIBRARIES): those of abseil's among them become what the program
# or shared library at the end takes.
function(absl_by_type list)
  set(executable "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>")
  set(chosen)
  foreach(library IN LISTS ${list})
    if(library MATCHES "^absl::(.*)$")
      list(APPEND chosen
           "$<IF:${executable},absl_archive::${CMAKE_MATCH_1},${library}>")
    else()
      list(APPEND chosen ${library})
    endif()
  endforeach()
  set(${list} "${chosen}" PARENT_SCOPE)
endfunction()
