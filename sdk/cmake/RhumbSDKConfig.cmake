# find_package(RhumbSDK) gives RhumbSDK::headers, RhumbSDK::kernels and rhumb_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/RhumbSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/RhumbPlugin.cmake)
