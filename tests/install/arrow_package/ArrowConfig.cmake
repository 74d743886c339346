# Stands for an installed Arrow: the libraries of the pyarrow in ARROW_FOLDER, found as Arrow's own
# package would be.
include_guard()
foreach(_name IN ITEMS arrow arrow_compute parquet arrow_s3)
  if(_name STREQUAL "arrow")
    set(_target Arrow::arrow_shared)
  elseif(_name STREQUAL "parquet")
    set(_target Parquet::parquet_shared)
  elseif(_name STREQUAL "arrow_s3")
    set(_target ArrowS3::arrow_s3_shared)
  else()
    set(_target ArrowCompute::arrow_compute_shared)
  endif()
  add_library(${_target} SHARED IMPORTED)
  set_target_properties(
    ${_target}
    PROPERTIES
      IMPORTED_LOCATION
        "${ARROW_FOLDER}/lib${_name}.so.2600"
      INTERFACE_INCLUDE_DIRECTORIES
        "${ARROW_FOLDER}/include"
  )
endforeach()
