# userd_embed(TARGET NAMESPACE NAME=FILE …): adds a generated source to TARGET that holds the files' bytes.
# NAMESPACE::files() lists them (base/embedded.hpp).
function(userd_embed target namespace)
  string(MAKE_C_IDENTIFIER "${namespace}" identifier)
  set(output "${PROJECT_BINARY_DIR}/generated/embedded_${identifier}.cpp")
  set(inputs "")
  foreach(pair IN LISTS ARGN)
    string(REGEX REPLACE "^[^=]*=" "" file "${pair}")
    list(APPEND inputs "${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${output}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/embed.py" "${namespace}" "${output}" ${ARGN}
    DEPENDS "${PROJECT_SOURCE_DIR}/cmake/embed.py" ${inputs}
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
