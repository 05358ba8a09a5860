# The program, both libraries, headers, manual page, JSON Schemas, and what pkg-config and find_package(pcap2trace) read.
include(CMakePackageConfigHelpers)

if(P2T_STATIC)
  install(TARGETS pcap2trace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  return()
endif()

set(P2T_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/pcap2trace)
# What the static library needs, by the names that the linker knows.
set(P2T_PRIVATE_LIBS "")
foreach(dependency IN LISTS P2T_LINK_DEPENDENCIES)
  if(TARGET ${dependency} AND dependency MATCHES "^p2t_dep_")
    get_target_property(library ${dependency} INTERFACE_LINK_LIBRARIES)
    if(library MATCHES "/lib([^/]+)\\.(so|a)$")
      list(APPEND P2T_PRIVATE_LIBS ${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()
list(JOIN P2T_PRIVATE_LIBS " -l" P2T_PRIVATE_FLAGS)
# Relative to its own place, so that the tree may be moved, unless the folders are absolute.
set(P2T_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH P2T_PC_UP "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  string(REGEX REPLACE "/$" "" P2T_PC_PREFIX "\${pcfiledir}/${P2T_PC_UP}")
endif()
set(P2T_PC_LIBDIR "\${prefix}")
set(P2T_PC_INCLUDEDIR "\${prefix}")
cmake_path(APPEND P2T_PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
cmake_path(APPEND P2T_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")

configure_file(${CMAKE_CURRENT_LIST_DIR}/pcap2trace.pc.in ${PROJECT_BINARY_DIR}/pcap2trace.pc @ONLY)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/pcap2traceConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/pcap2traceConfig.cmake INSTALL_DESTINATION ${P2T_CMAKE_DIR}
                              PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pcap2traceConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS pcap2trace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS pcap2trace_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(TARGETS pcap2trace_shared EXPORT pcap2trace LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
        NAMELINK_COMPONENT dev)
install(EXPORT pcap2trace NAMESPACE pcap2trace:: FILE pcap2traceTargets.cmake DESTINATION ${P2T_CMAKE_DIR}
        COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pcap2trace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(FILES ${PROJECT_BINARY_DIR}/pcap2trace.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
install(FILES ${PROJECT_BINARY_DIR}/pcap2traceConfig.cmake ${PROJECT_BINARY_DIR}/pcap2traceConfigVersion.cmake
        DESTINATION ${P2T_CMAKE_DIR} COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/src/cli/pcap2trace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/doc/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/pcap2trace)
