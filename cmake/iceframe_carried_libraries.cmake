# librdkafka with the libraries it needs, as copies in _kafka/ beside the programs and the Python
# module: loaded when they are first used, and linked with nothing (docs/decisions/0015).
#
#   iceframe_carry_kafka()    makes the copies, and has them in the Python package
function(iceframe_carry_kafka)
  find_library(RDKAFKA_LIBRARY rdkafka REQUIRED)
  set(_script "${PROJECT_SOURCE_DIR}/cmake/carried_libraries.py")
  set(_folder "${PROJECT_BINARY_DIR}/_kafka")
  set(_made "${_folder}/libiceframe_kafka_rdkafka.so.1")
  add_custom_command(
    OUTPUT
      "${_made}"
    COMMAND
      "${ICEFRAME_PYTHON}" "${_script}" "--strip=${CMAKE_STRIP}" "--patchelf=${PATCHELF_PROGRAM}"
      "--folder=${_folder}" "${RDKAFKA_LIBRARY}"
    DEPENDS
      "${_script}"
      "${RDKAFKA_LIBRARY}"
    COMMENT "Copying librdkafka and what it needs"
    VERBATIM
  )
  add_custom_target(iceframe_kafka_copies ALL DEPENDS "${_made}")
  install(DIRECTORY "${_folder}" DESTINATION iceframe USE_SOURCE_PERMISSIONS COMPONENT python)
endfunction()
