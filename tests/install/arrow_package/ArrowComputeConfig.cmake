include("${CMAKE_CURRENT_LIST_DIR}/ArrowConfig.cmake")
