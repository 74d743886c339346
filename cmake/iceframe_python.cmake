# The Python module: python/bindings/*.cc over all layers -> iceframe/_native.*.so.
find_package(
  Python
  3.11
  REQUIRED
  COMPONENTS
    Interpreter
    Development.Module
)
execute_process(
  COMMAND
    "${Python_EXECUTABLE}" -m nanobind --cmake_dir
  OUTPUT_VARIABLE nanobind_ROOT
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY
)
find_package(nanobind CONFIG REQUIRED PATHS "${nanobind_ROOT}" NO_DEFAULT_PATH)

file(
  GLOB _sources
  CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/python/bindings/*.cc"
  "${PROJECT_SOURCE_DIR}/python/bindings/casters/*.cc"
)
nanobind_add_module(_native NB_STATIC NOMINSIZE ${_sources})
iceframe_compile_together(_native)
target_include_directories(_native PRIVATE "${PROJECT_SOURCE_DIR}/python/bindings")
target_compile_definitions(_native PRIVATE ICEFRAME_VERSION="${PROJECT_VERSION}")
target_link_libraries(_native PRIVATE iceframe)
# Nothing but the module's entry is seen from outside, Arrow's inline functions included.
target_link_options(
  _native
  PRIVATE
    "-Wl,--version-script=${PROJECT_SOURCE_DIR}/python/bindings/exported_symbols.txt"
    # python/bindings/condition_wait.cc stands in for it.
    "-Wl,--wrap=_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"
)
set_property(
  TARGET
    _native
  APPEND
  PROPERTY
    LINK_DEPENDS
      "${PROJECT_SOURCE_DIR}/python/bindings/exported_symbols.txt"
)
set_target_properties(
  _native
  PROPERTIES
    BUILD_WITH_INSTALL_RPATH
      ON
    INSTALL_RPATH
      "$ORIGIN/_libraries"
)
iceframe_use_copies(_native)
add_dependencies(_native iceframe_carried_copies)
install(
  TARGETS
    _native
  LIBRARY
    DESTINATION iceframe
    COMPONENT python
)
install(
  DIRECTORY
    "${ICEFRAME_COPIES}"
  DESTINATION iceframe
  USE_SOURCE_PERMISSIONS
  COMPONENT python
  PATTERN "names.json"
    EXCLUDE
)
