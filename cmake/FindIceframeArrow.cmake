# Finds the Arrow C++ that iceframe is built on, and with which its users' programs are linked.
#
# Input:   ICEFRAME_ARROW  `wheel` (default): headers and libraries inside the pyarrow wheel of the
#                          interpreter ICEFRAME_PYTHON (default: python3 on the PATH)
#                          `package`: find_package(Arrow), with ArrowCompute and Parquet
# Output:  targets iceframe_arrow::{arrow,compute,parquet}; IceframeArrow_VERSION;
#          IceframeArrow_TARGETS, the targets of the libraries themselves.
if(TARGET iceframe_arrow::arrow)
  set(IceframeArrow_FOUND TRUE)
  return()
endif()

set(ICEFRAME_ARROW "wheel" CACHE STRING "Where Arrow comes from: wheel (pyarrow's) or package")
set_property(
  CACHE
    ICEFRAME_ARROW
  PROPERTY
    STRINGS
      wheel
      package
)
set(IceframeArrow_TARGETS "")

function(_iceframe_arrow_of_wheel)
  if(NOT ICEFRAME_PYTHON)
    if(Python3_EXECUTABLE)
      set(ICEFRAME_PYTHON "${Python3_EXECUTABLE}")
    elseif(Python_EXECUTABLE)
      set(ICEFRAME_PYTHON "${Python_EXECUTABLE}")
    else()
      find_program(
        ICEFRAME_PYTHON
        NAMES
          python3
          python
      )
    endif()
  endif()
  execute_process(
    COMMAND
      "${ICEFRAME_PYTHON}" -c
      "import pyarrow; print(pyarrow.__version__); print(pyarrow.__path__[0]); print(pyarrow.cpp_build_info.so_version)"
    OUTPUT_VARIABLE _output
    ERROR_VARIABLE _error
    RESULT_VARIABLE _result
    OUTPUT_STRIP_TRAILING_WHITESPACE
  )
  if(NOT _result EQUAL 0)
    set(_reason "no pyarrow in '${ICEFRAME_PYTHON}' (set ICEFRAME_PYTHON): ${_error}")
    set(_iceframe_arrow_reason "${_reason}" PARENT_SCOPE)
    return()
  endif()
  string(
    REPLACE "\n"
    ";"
    _output
    "${_output}"
  )
  list(GET _output 0 _version)
  list(GET _output 1 _folder)
  list(GET _output 2 _so_version)
  foreach(_name IN ITEMS arrow arrow_compute parquet arrow_s3)
    add_library(iceframe_arrow_wheel::${_name} SHARED IMPORTED GLOBAL)
    set_target_properties(
      iceframe_arrow_wheel::${_name}
      PROPERTIES
        IMPORTED_LOCATION
          "${_folder}/lib${_name}.so.${_so_version}"
        INTERFACE_INCLUDE_DIRECTORIES
          "${_folder}/include"
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
          "${_folder}/include"
    )
    list(APPEND IceframeArrow_TARGETS iceframe_arrow_wheel::${_name})
  endforeach()
  set(IceframeArrow_TARGETS "${IceframeArrow_TARGETS}" PARENT_SCOPE)
  set(IceframeArrow_VERSION "${_version}" PARENT_SCOPE)
endfunction()

macro(_iceframe_arrow_of_package)
  find_package(Arrow ${IceframeArrow_FIND_VERSION} CONFIG QUIET)
  if(Arrow_FOUND)
    find_package(ArrowCompute CONFIG QUIET)
    find_package(Parquet CONFIG QUIET)
    find_package(ArrowS3 CONFIG QUIET)
  endif()
  set(IceframeArrow_VERSION "${Arrow_VERSION}")
  if(TARGET ArrowCompute::arrow_compute_shared AND TARGET Parquet::parquet_shared)
    set(
      IceframeArrow_TARGETS
      Arrow::arrow_shared
      ArrowCompute::arrow_compute_shared
      Parquet::parquet_shared
    )
    # Else the filesystem of S3 is a part of Arrow's main library, or was not built.
    if(TARGET ArrowS3::arrow_s3_shared)
      list(APPEND IceframeArrow_TARGETS ArrowS3::arrow_s3_shared)
    endif()
  elseif(Arrow_CONSIDERED_VERSIONS AND NOT Arrow_FOUND)
    set(_iceframe_arrow_reason "find_package(Arrow) finds ${Arrow_CONSIDERED_VERSIONS}")
  else()
    set(
      _iceframe_arrow_reason
      "find_package must find the shared libraries of Arrow, ArrowCompute and Parquet"
    )
  endif()
endmacro()

if(ICEFRAME_ARROW STREQUAL "wheel")
  _iceframe_arrow_of_wheel()
elseif(ICEFRAME_ARROW STREQUAL "package")
  _iceframe_arrow_of_package()
else()
  set(_iceframe_arrow_reason "ICEFRAME_ARROW must be 'wheel' or 'package', not '${ICEFRAME_ARROW}'")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  IceframeArrow
  REQUIRED_VARS
    IceframeArrow_TARGETS
  VERSION_VAR IceframeArrow_VERSION
  HANDLE_VERSION_RANGE
  REASON_FAILURE_MESSAGE "${_iceframe_arrow_reason}"
)

if(IceframeArrow_FOUND)
  set(
    _components
    arrow
    compute
    parquet
    s3
  )
  foreach(_component _library IN ZIP_LISTS _components IceframeArrow_TARGETS)
    add_library(iceframe_arrow::${_component} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(iceframe_arrow::${_component} INTERFACE ${_library})
  endforeach()
  target_link_libraries(iceframe_arrow::compute INTERFACE iceframe_arrow::arrow)
  target_link_libraries(iceframe_arrow::parquet INTERFACE iceframe_arrow::arrow)
  target_link_libraries(iceframe_arrow::s3 INTERFACE iceframe_arrow::arrow)
endif()
