# Declares the layers of src/iceframe as object libraries that see their own closure only.
#
#   iceframe_read_layers()                  reads cmake/layers.txt
#   iceframe_add_layer(NAME [LIBRARIES …])  src/iceframe/NAME/*.cc -> iceframe_NAME
#   iceframe_add_layer_test(NAME)           tests/unit/NAME/*_test.cc -> iceframe_NAME_test
#   iceframe_add_layer_bench(NAME)          bench/cpp/NAME_bench.cc -> iceframe_NAME_bench
#   iceframe_add_test_support()             tests/support/*.cc: the guard of Arrow's globals for all
#                                           test programs, the rest for the tests of io and above
#
# A test program links the objects of its layer's closure and no more, so a call upwards fails
# to link even where no #include betrays it.

function(iceframe_read_layers)
  file(STRINGS "${PROJECT_SOURCE_DIR}/cmake/layers.txt" _lines REGEX "^[a-z]")
  set(_names "")
  foreach(_line IN LISTS _lines)
    string(
      REGEX MATCH "^([a-z]+)( \\(pure\\))?:(.*)$"
      _matched
      "${_line}"
    )
    set(_name "${CMAKE_MATCH_1}")
    string(STRIP "${CMAKE_MATCH_3}" _deps)
    string(
      REPLACE " "
      ";"
      _deps
      "${_deps}"
    )
    set(_closure "${_deps}")
    foreach(_dep IN LISTS _deps)
      list(APPEND _closure ${ICEFRAME_CLOSURE_${_dep}})
    endforeach()
    list(REMOVE_DUPLICATES _closure)
    set(ICEFRAME_CLOSURE_${_name} "${_closure}")
    set(ICEFRAME_CLOSURE_${_name} "${_closure}" PARENT_SCOPE)
    list(APPEND _names ${_name})
  endforeach()
  set(ICEFRAME_LAYERS "${_names}" PARENT_SCOPE)
endfunction()

# Compiles a target's sources several at a time, so that what they include is read once for all of them.
function(iceframe_compile_together TARGET)
  if(ICEFRAME_UNITY)
    set_target_properties(
      ${TARGET}
      PROPERTIES
        UNITY_BUILD
          ON
        UNITY_BUILD_BATCH_SIZE
          12
    )
    # What a header and its source share looks unshared where the source is included.
    target_compile_options(${TARGET} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

function(iceframe_add_layer NAME)
  cmake_parse_arguments(_arg "" "" "LIBRARIES" ${ARGN})
  file(GLOB _sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/iceframe/${NAME}/*.cc")
  file(GLOB _headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/iceframe/${NAME}/*.h")
  if(NOT _sources)
    return()
  endif()
  add_library(
    iceframe_${NAME}
    OBJECT
    ${_sources}
    ${_headers}
  )
  target_link_libraries(
    iceframe_${NAME}
    PUBLIC
      iceframe_options
      ${_arg_LIBRARIES}
  )
  iceframe_compile_together(iceframe_${NAME})
  set_property(
    GLOBAL
    PROPERTY
      ICEFRAME_LIBRARIES_${NAME}
        "${_arg_LIBRARIES}"
  )
  foreach(_dep IN LISTS ICEFRAME_CLOSURE_${NAME})
    # The libraries of the layers below, but not their objects: those are linked once, by the program.
    get_property(_libraries GLOBAL PROPERTY ICEFRAME_LIBRARIES_${_dep})
    target_link_libraries(iceframe_${NAME} PUBLIC ${_libraries})
  endforeach()
  if(ICEFRAME_PCH AND NOT NAME STREQUAL "base")
    target_precompile_headers(iceframe_${NAME} REUSE_FROM iceframe_base)
  elseif(ICEFRAME_PCH)
    target_precompile_headers(iceframe_base PRIVATE "${PROJECT_SOURCE_DIR}/cmake/pch.h")
  endif()
endfunction()

function(iceframe_add_test_support)
  file(GLOB _sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.cc")
  set(_guard "${PROJECT_SOURCE_DIR}/tests/support/arrow_globals_guard.cc")
  list(REMOVE_ITEM _sources "${_guard}")
  add_library(iceframe_test_guard OBJECT "${_guard}")
  target_link_libraries(iceframe_test_guard PRIVATE $<TARGET_PROPERTY:iceframe_base,LINK_LIBRARIES>)
  add_library(iceframe_test_support OBJECT ${_sources})
  target_include_directories(iceframe_test_support PUBLIC "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(iceframe_test_support PRIVATE $<TARGET_PROPERTY:iceframe_io,LINK_LIBRARIES>)
  if(ICEFRAME_PCH)
    target_precompile_headers(iceframe_test_guard REUSE_FROM iceframe_base)
    target_precompile_headers(iceframe_test_support REUSE_FROM iceframe_base)
  endif()
endfunction()

# Tells sources where tests/ is, only where they ask: other tests are the same in every checkout, and
# ccache knows them.
function(iceframe_tell_tests_folder)
  foreach(_source IN LISTS ARGN)
    file(STRINGS "${_source}" _uses REGEX "ICEFRAME_TESTS_DIR")
    if(_uses)
      set_property(
        SOURCE
          "${_source}"
        APPEND
        PROPERTY
          COMPILE_DEFINITIONS
            ICEFRAME_TESTS_DIR="${PROJECT_SOURCE_DIR}/tests"
      )
    endif()
  endforeach()
endfunction()

function(iceframe_add_layer_test NAME)
  file(GLOB _sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/${NAME}/*.cc")
  if(NOT _sources OR NOT TARGET iceframe_${NAME})
    return()
  endif()
  add_executable(iceframe_${NAME}_test ${_sources})
  target_include_directories(iceframe_${NAME}_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_options(iceframe_${NAME}_test PRIVATE ${ICEFRAME_TEST_OPTIONS})
  iceframe_compile_together(iceframe_${NAME}_test)
  iceframe_tell_tests_folder(${_sources})
  target_link_libraries(
    iceframe_${NAME}_test
    PRIVATE
      iceframe_${NAME}
      iceframe_test_guard
      GTest::gmock
      GTest::gtest_main
  )
  foreach(_dep IN LISTS ICEFRAME_CLOSURE_${NAME})
    if(TARGET iceframe_${_dep})
      target_link_libraries(iceframe_${NAME}_test PRIVATE iceframe_${_dep})
    endif()
  endforeach()
  if(NAME STREQUAL "io" OR "io" IN_LIST ICEFRAME_CLOSURE_${NAME})
    target_link_libraries(iceframe_${NAME}_test PRIVATE iceframe_test_support)
  endif()
  if(ICEFRAME_PCH AND NOT NAME STREQUAL "base")
    target_precompile_headers(iceframe_${NAME}_test REUSE_FROM iceframe_base_test)
  elseif(ICEFRAME_PCH)
    target_precompile_headers(
      iceframe_base_test
      PRIVATE
        "${PROJECT_SOURCE_DIR}/cmake/pch.h"
        <gtest/gtest.h>
        <gmock/gmock.h>
    )
  endif()
  iceframe_use_copies(iceframe_${NAME}_test)
  gtest_discover_tests(
    iceframe_${NAME}_test
    TEST_PREFIX "${NAME}."
    DISCOVERY_TIMEOUT 300
    PROPERTIES
      TIMEOUT
        900
  )
endfunction()

function(iceframe_add_layer_bench NAME)
  set(_source "${PROJECT_SOURCE_DIR}/bench/cpp/${NAME}_bench.cc")
  if(NOT EXISTS "${_source}" OR NOT TARGET iceframe_${NAME})
    return()
  endif()
  add_executable(iceframe_${NAME}_bench "${_source}")
  target_link_libraries(
    iceframe_${NAME}_bench
    PRIVATE
      iceframe_${NAME}
      benchmark::benchmark_main
  )
  foreach(_dep IN LISTS ICEFRAME_CLOSURE_${NAME})
    if(TARGET iceframe_${_dep})
      target_link_libraries(iceframe_${NAME}_bench PRIVATE iceframe_${_dep})
    endif()
  endforeach()
  iceframe_use_copies(iceframe_${NAME}_bench)
endfunction()

# tests/FOLDER/*_test.cc over the whole library -> iceframe_FOLDER_test
function(iceframe_add_program_test FOLDER)
  file(GLOB _sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${FOLDER}/*_test.cc")
  if(NOT _sources)
    return()
  endif()
  add_executable(iceframe_${FOLDER}_test ${_sources})
  target_include_directories(iceframe_${FOLDER}_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  iceframe_tell_tests_folder(${_sources})
  target_compile_options(iceframe_${FOLDER}_test PRIVATE ${ICEFRAME_TEST_OPTIONS})
  iceframe_compile_together(iceframe_${FOLDER}_test)
  target_link_libraries(
    iceframe_${FOLDER}_test
    PRIVATE
      iceframe_options
      iceframe
      iceframe_test_guard
      iceframe_test_support
      GTest::gmock
      GTest::gtest_main
  )
  if(ICEFRAME_PCH)
    target_precompile_headers(iceframe_${FOLDER}_test REUSE_FROM iceframe_base_test)
  endif()
  iceframe_use_copies(iceframe_${FOLDER}_test)
  gtest_discover_tests(
    iceframe_${FOLDER}_test
    TEST_PREFIX "${FOLDER}."
    DISCOVERY_TIMEOUT 300
    PROPERTIES
      TIMEOUT
        900
  )
endfunction()
