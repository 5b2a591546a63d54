# Flags every target of the project is compiled with.
add_library(userd_flags INTERFACE)
target_compile_features(userd_flags INTERFACE cxx_std_20)
target_compile_options(userd_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Werror -Werror=switch
  # g++ 12 reports these inside the standard library's and Asio's inlined code.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-restrict -Wno-stringop-overread -Wno-stringop-overflow -Wno-array-bounds -Wno-tsan>
  -fstack-protector-strong -fno-omit-frame-pointer -fno-plt)
target_compile_definitions(userd_flags INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_include_directories(userd_flags INTERFACE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_BINARY_DIR}/generated")
target_link_options(userd_flags INTERFACE -Wl,-z,relro,-z,now)
