# SPDX-License-Identifier: Apache-2.0
# Small programs over the lower layers, for tests that are not written in C++.
#
#   iceframe_add_interop_tools()   tests/interop/X_tool.cc -> X_tool, and tests/interop/test_*.py
#                                  as ctest's interop.*, which find the tools by ICEFRAME_TOOLS
#   iceframe_add_documentation_programs()   the C++ blocks of README.md and docs/X.md -> docs_README,
#                                  docs_X over the whole library, without precompiled headers, as
#                                  a user would compile them
#   iceframe_add_fuzz_targets()    tests/fuzz/fuzz_X.cc -> fuzz_X (clang with libFuzzer); all of
#                                  them: the target fuzzers
#   iceframe_add_fuzz_corpus_tests()  the same -> fuzz_X_corpus, which runs over what lies in
#                                  tests/fuzz/corpus/fuzz_X: ctest's fuzz.X

# An archive of a layer and all below it: a program is linked with what it calls, and no more.
function(iceframe_add_archive LAYER)
  if(TARGET iceframe_${LAYER}_archive)
    return()
  endif()
  add_library(iceframe_${LAYER}_archive STATIC EXCLUDE_FROM_ALL)
  target_link_libraries(iceframe_${LAYER}_archive PUBLIC iceframe_options)
  foreach(_layer IN ITEMS ${LAYER} ${ICEFRAME_CLOSURE_${LAYER}})
    if(TARGET iceframe_${_layer})
      target_sources(iceframe_${LAYER}_archive PRIVATE $<TARGET_OBJECTS:iceframe_${_layer}>)
      get_property(_libraries GLOBAL PROPERTY ICEFRAME_LIBRARIES_${_layer})
      target_link_libraries(iceframe_${LAYER}_archive PUBLIC ${_libraries})
    endif()
  endforeach()
endfunction()

function(iceframe_add_program NAME LAYER)
  iceframe_add_archive(${LAYER})
  add_executable(${NAME} ${ARGN})
  target_include_directories(${NAME} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${NAME} PRIVATE iceframe_${LAYER}_archive)
  iceframe_use_copies(${NAME})
endfunction()

# skipping has all pure layers below it.
function(iceframe_add_pure_program NAME)
  iceframe_add_program(${NAME} skipping ${ARGN})
endfunction()

# Decoders of messages stand high and need little: the layers between are left out.
function(iceframe_add_decoding_program NAME)
  iceframe_add_pure_program(${NAME} ${ARGN})
  if(NOT TARGET iceframe_decoders_archive)
    set(_streaming "${PROJECT_SOURCE_DIR}/src/iceframe/streaming")
    file(
      GLOB _decoders
      CONFIGURE_DEPENDS
      "${_streaming}/*decoder.cc"
      "${_streaming}/avro_*.cc"
      "${_streaming}/json_*.cc"
    )
    add_library(
      iceframe_decoders_archive
      STATIC
      EXCLUDE_FROM_ALL
      ${_decoders}
      "${_streaming}/growing_column.cc"
      "${_streaming}/message_columns.cc"
    )
    target_link_libraries(iceframe_decoders_archive PUBLIC iceframe_skipping_archive)
    iceframe_compile_together(iceframe_decoders_archive)
    if(ICEFRAME_PCH)
      target_precompile_headers(iceframe_decoders_archive REUSE_FROM iceframe_base)
    endif()
  endif()
  target_link_libraries(${NAME} PRIVATE iceframe_decoders_archive)
endfunction()

function(iceframe_add_interop_tools)
  file(GLOB _tools CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/interop/*_tool.cc")
  foreach(_source IN LISTS _tools)
    cmake_path(GET _source STEM _name)
    if(_name STREQUAL "decode_tool")
      iceframe_add_decoding_program(${_name} "${_source}")
    elseif(_name STREQUAL "catalog_tool")
      iceframe_add_program(${_name} catalog "${_source}")
    elseif(_name STREQUAL "evolve_tool")
      iceframe_add_program(${_name} table "${_source}")
    elseif(_name MATCHES "^(memory|tls)_tool$")
      add_executable(${_name} "${_source}")
      target_link_libraries(
        ${_name}
        PRIVATE
          iceframe_options
          iceframe
      )
      iceframe_use_copies(${_name})
    else()
      iceframe_add_pure_program(${_name} "${_source}")
    endif()
  endforeach()
  file(GLOB _tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/interop/test_*.py")
  foreach(_test IN LISTS _tests)
    cmake_path(GET _test STEM _name)
    string(
      REGEX REPLACE "^test_"
      ""
      _name
      "${_name}"
    )
    add_test(
      NAME interop.${_name}
      COMMAND
        ${ICEFRAME_PYTHON} -m pytest -q "${_test}"
    )
    set_tests_properties(
      interop.${_name}
      PROPERTIES
        ENVIRONMENT
          "ICEFRAME_TOOLS=${CMAKE_CURRENT_BINARY_DIR}"
        TIMEOUT
          900
    )
  endforeach()
endfunction()

function(iceframe_add_documentation_programs)
  set(_script "${PROJECT_SOURCE_DIR}/tests/docs/extract_cpp.py")
  file(GLOB _pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/*.md")
  foreach(_page IN ITEMS "${PROJECT_SOURCE_DIR}/README.md" ${_pages})
    # A page that gets its first block is seen at once.
    set_property(
      DIRECTORY
      APPEND
      PROPERTY
        CMAKE_CONFIGURE_DEPENDS
          "${_page}"
    )
    file(STRINGS "${_page}" _blocks REGEX "^```cpp$")
    if(NOT _blocks)
      continue()
    endif()
    cmake_path(GET _page STEM _name)
    set(_source "${CMAKE_CURRENT_BINARY_DIR}/docs/${_name}.cc")
    file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/docs")
    add_custom_command(
      OUTPUT
        "${_source}"
      COMMAND
        ${ICEFRAME_PYTHON} "${_script}" "${_page}" "${_source}"
      DEPENDS
        "${_page}"
        "${_script}"
    )
    add_executable(docs_${_name} "${_source}")
    target_link_libraries(
      docs_${_name}
      PRIVATE
        iceframe_options
        iceframe
    )
    iceframe_use_copies(docs_${_name})
  endforeach()
endfunction()

# Most targets take bytes that the pure layers decode.
function(iceframe_add_fuzz_program PROGRAM TARGET_NAME)
  if(TARGET_NAME STREQUAL "fuzz_pages")
    iceframe_add_program(${PROGRAM} datafile ${ARGN})
  elseif(TARGET_NAME MATCHES "messages$")
    iceframe_add_decoding_program(${PROGRAM} ${ARGN})
  elseif(TARGET_NAME STREQUAL "fuzz_log")
    file(GLOB _log CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/iceframe/streaming/log_*.cc")
    iceframe_add_program(${PROGRAM} io ${ARGN} ${_log})
  else()
    iceframe_add_pure_program(${PROGRAM} ${ARGN})
  endif()
endfunction()

function(iceframe_add_fuzz_targets)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "fuzz targets need clang: cmake --preset fuzz")
  endif()
  add_custom_target(fuzzers)
  file(GLOB _targets CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.cc")
  foreach(_source IN LISTS _targets)
    cmake_path(GET _source STEM _name)
    iceframe_add_fuzz_program(${_name} "${_name}" "${_source}")
    target_link_options(${_name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${_name})
  endforeach()
endfunction()

function(iceframe_add_fuzz_corpus_tests)
  file(GLOB _targets CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.cc")
  foreach(_source IN LISTS _targets)
    cmake_path(GET _source STEM _name)
    set(_corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${_name}")
    if(NOT EXISTS "${_corpus}")
      continue()
    endif()
    iceframe_add_fuzz_program(
      ${_name}_corpus
      "${_name}"
      "${_source}"
      "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus_main.cc"
    )
    string(
      REGEX REPLACE "^fuzz_"
      ""
      _short
      "${_name}"
    )
    add_test(
      NAME fuzz.${_short}
      COMMAND
        ${_name}_corpus "${_corpus}"
    )
    set_tests_properties(
      fuzz.${_short}
      PROPERTIES
        TIMEOUT
          900
    )
  endforeach()
endfunction()
