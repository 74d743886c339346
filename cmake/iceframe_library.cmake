# The whole library: the layers' objects and the front door in one archive, and its install.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

file(GLOB _front_door CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/iceframe/*.cc")
add_library(iceframe STATIC ${_front_door})
add_library(iceframe::iceframe ALIAS iceframe)
target_compile_features(iceframe PUBLIC cxx_std_20)
target_include_directories(
  iceframe
  PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
)
target_link_libraries(iceframe PRIVATE $<BUILD_INTERFACE:iceframe_options>)
iceframe_compile_together(iceframe)
foreach(_layer IN LISTS ICEFRAME_LAYERS)
  if(TARGET iceframe_${_layer})
    target_sources(iceframe PRIVATE $<TARGET_OBJECTS:iceframe_${_layer}>)
  endif()
endforeach()
target_link_libraries(
  iceframe
  PUBLIC
    iceframe_arrow::arrow
  PRIVATE
    iceframe_arrow::compute
    iceframe_arrow::parquet
    iceframe_arrow::s3
    PkgConfig::libdeflate
    PkgConfig::yaml
    PkgConfig::zstd
    SQLite::SQLite3
    Threads::Threads
    snappy
)
if(ICEFRAME_PCH)
  target_precompile_headers(iceframe REUSE_FROM iceframe_base)
endif()

install(
  TARGETS
    iceframe
  EXPORT iceframeTargets
  ARCHIVE
    DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT cpp
)
install(
  DIRECTORY
    "${PROJECT_SOURCE_DIR}/src/iceframe"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT cpp
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*_internal.h"
    EXCLUDE
)
install(
  EXPORT iceframeTargets
  NAMESPACE iceframe::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/iceframe
  COMPONENT cpp
)
# Minor versions of Arrow have binary interfaces of their own.
string(
  REGEX MATCH "^([0-9]+)\\.([0-9]+)"
  ICEFRAME_ARROW_VERSION
  "${IceframeArrow_VERSION}"
)
math(EXPR _next_minor "${CMAKE_MATCH_2} + 1")
set(ICEFRAME_ARROW_VERSIONS "${ICEFRAME_ARROW_VERSION}...<${CMAKE_MATCH_1}.${_next_minor}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/iceframeConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/iceframeConfig.cmake"
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/iceframe
)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/iceframeConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion
)
install(
  FILES
    "${PROJECT_BINARY_DIR}/iceframeConfig.cmake"
    "${PROJECT_BINARY_DIR}/iceframeConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindIceframeArrow.cmake"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/iceframe
  COMPONENT cpp
)
