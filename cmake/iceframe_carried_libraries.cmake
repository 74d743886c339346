# librdkafka, libcurl and libpq with the libraries they need, as copies in _carried/ beside the
# programs and the Python module: loaded when they are first used, and linked with nothing
# (docs/decisions/0015). Of libcurl and libpq no header is needed; where one is not installed, a
# program takes the one of the system it runs on.
#
#   iceframe_carry_libraries()    makes the copies, and has them in the Python package
function(iceframe_carry_libraries)
  find_library(RDKAFKA_LIBRARY rdkafka REQUIRED)
  find_library(CURL_RUNTIME libcurl.so.4)
  find_library(POSTGRES_RUNTIME libpq.so.5)
  set(_libraries "${RDKAFKA_LIBRARY}")
  foreach(_library IN ITEMS CURL_RUNTIME POSTGRES_RUNTIME)
    if(${_library})
      list(APPEND _libraries "${${_library}}")
    else()
      message(STATUS "${_library} is not here and will not be carried")
    endif()
  endforeach()
  set(_script "${PROJECT_SOURCE_DIR}/cmake/carried_libraries.py")
  set(_folder "${PROJECT_BINARY_DIR}/_carried")
  set(_made "${_folder}/libiceframe_carried_rdkafka.so.1")
  add_custom_command(
    OUTPUT
      "${_made}"
    COMMAND
      "${ICEFRAME_PYTHON}" "${_script}" "--strip=${CMAKE_STRIP}" "--patchelf=${PATCHELF_PROGRAM}"
      "--folder=${_folder}" ${_libraries}
    DEPENDS
      "${_script}"
      ${_libraries}
    COMMENT "Copying librdkafka, libcurl and libpq, and what they need"
    VERBATIM
  )
  add_custom_target(iceframe_carried_copies ALL DEPENDS "${_made}")
  install(DIRECTORY "${_folder}" DESTINATION iceframe USE_SOURCE_PERMISSIONS COMPONENT python)
endfunction()
