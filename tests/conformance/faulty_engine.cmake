# faulty_engine(FAULT) builds the engine of faulty_index.cc with one fault, for the checker and for
# tests of the host. A second call with the same fault does nothing.
function(faulty_engine fault)
  set(name faulty_index_${fault})
  if(TARGET ${name})
    return()
  endif()
  add_library(${name} MODULE ${PROJECT_SOURCE_DIR}/tests/conformance/faulty_index.cc)
  set_target_properties(${name} PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/faulty CXX_VISIBILITY_PRESET hidden)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE RHUMB_FAULT=${fault})
  target_link_libraries(${name} PRIVATE RhumbSDK::headers RhumbSDK::kernels rhumb_warnings)
endfunction()
