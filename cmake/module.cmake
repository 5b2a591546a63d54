# userd_module(NAME [THREADED] SOURCES … [DEPENDS …] [LIBRARIES …] [TESTS …] [TEST_LIBRARIES …])
#
# Declares the library userd_NAME of src/NAME, and userd_NAME_tests from tests/NAME.
# DEPENDS names modules of ours (the arrows of docs/architecture.md), LIBRARIES outside libraries.
# THREADED tests run under ThreadSanitizer as well. Every module shares one precompiled header.
function(userd_module name)
  cmake_parse_arguments(ARG "THREADED" "" "SOURCES;DEPENDS;LIBRARIES;TESTS;TEST_LIBRARIES" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND userd_)
  add_library(userd_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(userd_${name} PUBLIC userd_flags ${ARG_DEPENDS} ${ARG_LIBRARIES} userd_pch)
  target_precompile_headers(userd_${name} REUSE_FROM userd_pch)

  if(ARG_TESTS)
    list(TRANSFORM ARG_TESTS PREPEND "${PROJECT_SOURCE_DIR}/tests/${name}/")
    add_executable(userd_${name}_tests ${ARG_TESTS} "${PROJECT_SOURCE_DIR}/tests/support/test_main.cpp")
    target_include_directories(userd_${name}_tests PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(userd_${name}_tests PRIVATE userd_${name} ${ARG_TEST_LIBRARIES} GTest::gmock)
    target_precompile_headers(userd_${name}_tests REUSE_FROM userd_pch)
    add_dependencies(userd_tests userd_${name}_tests)
    if(ARG_THREADED)
      add_dependencies(userd_threaded_tests userd_${name}_tests)
    endif()
  endif()
endfunction()
