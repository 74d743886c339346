# Finds the Arrow C++ headers and libraries that ship inside the pyarrow wheel.
#
# Input:   Python3_EXECUTABLE or ICEFRAME_PYTHON names the interpreter whose pyarrow is used.
# Output:  targets iceframe_arrow::{arrow,compute,parquet,acero}; PyArrowCpp_VERSION, _LIBRARY_DIR.
#
# One Arrow lives in a process: the Python package depends on the pyarrow it was built with.
if(TARGET iceframe_arrow::arrow)
  set(PyArrowCpp_FOUND TRUE)
  return()
endif()

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
  OUTPUT_VARIABLE _pyarrow_output
  ERROR_VARIABLE _pyarrow_error
  RESULT_VARIABLE _pyarrow_result
  OUTPUT_STRIP_TRAILING_WHITESPACE
)
if(_pyarrow_result EQUAL 0)
  string(
    REPLACE "\n"
    ";"
    _pyarrow_lines
    "${_pyarrow_output}"
  )
  list(GET _pyarrow_lines 0 PyArrowCpp_VERSION)
  list(GET _pyarrow_lines 1 PyArrowCpp_LIBRARY_DIR)
  list(GET _pyarrow_lines 2 _pyarrow_so_version)
  set(PyArrowCpp_INCLUDE_DIR "${PyArrowCpp_LIBRARY_DIR}/include")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  PyArrowCpp
  REQUIRED_VARS
    PyArrowCpp_LIBRARY_DIR
    PyArrowCpp_INCLUDE_DIR
  VERSION_VAR PyArrowCpp_VERSION
  REASON_FAILURE_MESSAGE "no pyarrow in ${ICEFRAME_PYTHON}: ${_pyarrow_error}"
)

if(PyArrowCpp_FOUND)
  foreach(_component IN ITEMS arrow compute parquet acero)
    if(_component STREQUAL "arrow")
      set(_stem "libarrow")
    elseif(_component STREQUAL "parquet")
      set(_stem "libparquet")
    else()
      set(_stem "libarrow_${_component}")
    endif()
    add_library(iceframe_arrow::${_component} SHARED IMPORTED GLOBAL)
    set_target_properties(
      iceframe_arrow::${_component}
      PROPERTIES
        IMPORTED_LOCATION
          "${PyArrowCpp_LIBRARY_DIR}/${_stem}.so.${_pyarrow_so_version}"
        INTERFACE_INCLUDE_DIRECTORIES
          "${PyArrowCpp_INCLUDE_DIR}"
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
          "${PyArrowCpp_INCLUDE_DIR}"
    )
  endforeach()
  target_link_libraries(iceframe_arrow::compute INTERFACE iceframe_arrow::arrow)
  target_link_libraries(iceframe_arrow::parquet INTERFACE iceframe_arrow::arrow)
  target_link_libraries(iceframe_arrow::acero INTERFACE iceframe_arrow::compute)
endif()
