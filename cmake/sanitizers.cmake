# USERD_SANITIZE: "", "address,undefined" or "thread".
set(USERD_SANITIZE "" CACHE STRING "sanitizers to build with")
if(USERD_SANITIZE)
  target_compile_options(userd_flags INTERFACE -fsanitize=${USERD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(userd_flags INTERFACE -fsanitize=${USERD_SANITIZE})
endif()
