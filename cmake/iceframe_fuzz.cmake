# Programs over the pure layers: fuzz targets, and the tools that interop tests drive.
#
#   tests/fuzz/fuzz_X.cc      one decoder each: LLVMFuzzerTestOneInput
#   ICEFRAME_FUZZ (clang)     -> fuzz_X with libFuzzer and AddressSanitizer; target: fuzzers
#   ICEFRAME_TESTS            -> fuzz_X_corpus, which runs tests/fuzz/corpus/fuzz_X once; a test
#   tests/interop/avro_tool.cc -> avro_tool

function(iceframe_add_pure_program NAME)
  add_executable(${NAME} ${ARGN})
  target_include_directories(${NAME} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  foreach(
    _layer
    IN
    ITEMS
      base
      types
      expression
      format
      skipping
  )
    if(TARGET iceframe_${_layer})
      target_link_libraries(${NAME} PRIVATE iceframe_${_layer})
    endif()
  endforeach()
endfunction()

file(GLOB _targets CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.cc")

if(ICEFRAME_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "fuzz targets need clang: cmake --preset fuzz")
  endif()
  add_custom_target(fuzzers)
  foreach(_source IN LISTS _targets)
    get_filename_component(_name "${_source}" NAME_WE)
    iceframe_add_pure_program(${_name} "${_source}")
    target_link_options(${_name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${_name})
  endforeach()
endif()

if(ICEFRAME_TESTS)
  iceframe_add_pure_program(avro_tool "${PROJECT_SOURCE_DIR}/tests/interop/avro_tool.cc")
  foreach(_source IN LISTS _targets)
    get_filename_component(_name "${_source}" NAME_WE)
    iceframe_add_pure_program(
      ${_name}_corpus
      "${_source}"
      "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus_main.cc"
    )
    add_test(
      NAME fuzz.${_name}
      COMMAND
        ${_name}_corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${_name}"
    )
    set_tests_properties(
      fuzz.${_name}
      PROPERTIES
        TIMEOUT
          300
    )
  endforeach()
endif()
