# cpack: .deb packages (program, library, -dev), a source tarball, and, with P2T_STATIC, a tarball with the program alone.
#   cmake -S . -B build-deb -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_TESTING=OFF && cmake --build build-deb
#   cd build-deb && cpack -G DEB && cpack --config CPackSourceConfig.cmake
set(P2T_MAINTAINER "pcap2trace contributors <pcap2trace@invalid>" CACHE STRING "Who answers for packages: Name <address>")

set(CPACK_PACKAGE_NAME pcap2trace)
set(CPACK_PACKAGE_VENDOR pcap2trace)
set(CPACK_PACKAGE_CONTACT ${P2T_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "rebuilds the timelines of HTTP calls from packet captures")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)

if(P2T_STATIC)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_PACKAGE_FILE_NAME pcap2trace-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}-static)
else()
  set(CPACK_GENERATOR DEB)
endif()

set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME pcap2trace-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES "/\\.git/" "/\\.git$" "/build[^/]*/" "/\\.cache/" "__pycache__" "\\.o$" "compile_commands\\.json")

# Debian's own rules: a copyright file and a compressed change log for each package, compressed manual pages.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program library dev)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_DEV_DEPENDS library)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME pcap2trace)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libpcap2trace0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libpcap2trace-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
# What the static library and pkg-config --static want.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libpcap-dev, libcjson-dev, zlib1g-dev, libdeflate-dev, libzstd-dev, liblz4-dev, liblzma-dev, libnghttp2-dev, libssl-dev")
set(P2T_DESCRIPTION "It reads captures of tcpdump and its like, and tells of each HTTP call when
its name was looked up, its connection dialled, TLS agreed, its request
written and its answer read, as net/http/httptrace does inside a program.
Summaries say who was slow or failed, and why.")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "${P2T_DESCRIPTION}")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "${P2T_DESCRIPTION}
.
This is the library, which hands each finished call to a callback.")
set(CPACK_COMPONENT_DEV_DESCRIPTION "${P2T_DESCRIPTION}
.
These are the library's headers and its static form.")

set(P2T_PACKAGE_FILES ${PROJECT_BINARY_DIR}/package)
string(TIMESTAMP P2T_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${P2T_PACKAGE_FILES}/copyright @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${P2T_PACKAGE_FILES}/changelog @ONLY)
# In place of those that cpack would make, which call ldconfig where Debian wants a trigger.
file(WRITE ${P2T_PACKAGE_FILES}/shlibs "libpcap2trace 0 libpcap2trace0\n")
file(WRITE ${P2T_PACKAGE_FILES}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${P2T_PACKAGE_FILES}/shlibs ${P2T_PACKAGE_FILES}/triggers)
find_program(P2T_GZIP gzip)
if(P2T_GZIP AND NOT P2T_STATIC)
  foreach(part IN ITEMS program:pcap2trace library:libpcap2trace0 dev:libpcap2trace-dev)
    string(REPLACE ":" ";" part ${part})
    list(GET part 0 component)
    list(GET part 1 package)
    install(FILES ${P2T_PACKAGE_FILES}/copyright ${P2T_PACKAGE_FILES}/changelog DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
            COMPONENT ${component} EXCLUDE_FROM_ALL)
  endforeach()
  configure_file(${CMAKE_CURRENT_LIST_DIR}/compress.cmake.in ${P2T_PACKAGE_FILES}/compress.cmake @ONLY)
  set(CPACK_PRE_BUILD_SCRIPTS ${P2T_PACKAGE_FILES}/compress.cmake)
endif()

include(CPack)
