# Every dependency is a Debian package; a missing one stops the configure step with the command that installs it.

set(P2T_DEPENDENCY_TARGETS "")

function(p2t_require name header library package)
  find_path(P2T_${name}_INCLUDE ${header})
  find_library(P2T_${name}_LIBRARY ${library})
  if(NOT P2T_${name}_INCLUDE OR NOT P2T_${name}_LIBRARY)
    message(FATAL_ERROR "${name} was not found.\nInstall it with: apt-get install ${package}")
  endif()
  add_library(p2t_dep_${name} INTERFACE)
  target_include_directories(p2t_dep_${name} SYSTEM INTERFACE ${P2T_${name}_INCLUDE})
  target_link_libraries(p2t_dep_${name} INTERFACE ${P2T_${name}_LIBRARY})
endfunction()

p2t_require(pcap pcap/pcap.h pcap libpcap-dev)
p2t_require(cjson cjson/cJSON.h cjson libcjson-dev)
p2t_require(zlib zlib.h z zlib1g-dev)
p2t_require(zstd zstd.h zstd libzstd-dev)
p2t_require(lz4 lz4frame.h lz4 liblz4-dev)
p2t_require(lzma lzma.h lzma liblzma-dev)
if(BUILD_TESTING)
  p2t_require(cmocka cmocka.h cmocka libcmocka-dev)
endif()
find_package(Threads REQUIRED)

# llhttp: the system's library where there is one, else the C sources that Debian 12's node-llhttp installs.
find_path(P2T_llhttp_INCLUDE llhttp.h PATH_SUFFIXES llhttp)
find_library(P2T_llhttp_LIBRARY llhttp)
add_library(p2t_dep_llhttp INTERFACE)
if(P2T_llhttp_INCLUDE AND P2T_llhttp_LIBRARY)
  target_link_libraries(p2t_dep_llhttp INTERFACE ${P2T_llhttp_LIBRARY})
else()
  find_path(P2T_llhttp_SOURCE llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
  find_path(P2T_llhttp_INCLUDE llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
  if(NOT P2T_llhttp_SOURCE OR NOT P2T_llhttp_INCLUDE)
    message(FATAL_ERROR "llhttp was not found.\nInstall it with: apt-get install libllhttp-dev"
                        "   (on Debian 12: apt-get install node-llhttp)")
  endif()
  add_library(p2t_llhttp OBJECT ${P2T_llhttp_SOURCE}/llhttp.c ${P2T_llhttp_SOURCE}/api.c ${P2T_llhttp_SOURCE}/http.c)
  set_target_properties(p2t_llhttp PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_include_directories(p2t_llhttp SYSTEM PUBLIC ${P2T_llhttp_INCLUDE})
  target_compile_options(p2t_llhttp PRIVATE -O2 -w)
  set(P2T_LLHTTP_OBJECTS $<TARGET_OBJECTS:p2t_llhttp>)
endif()
target_include_directories(p2t_dep_llhttp SYSTEM INTERFACE ${P2T_llhttp_INCLUDE})

set(P2T_LINK_DEPENDENCIES p2t_dep_pcap p2t_dep_cjson p2t_dep_llhttp p2t_dep_zlib p2t_dep_zstd p2t_dep_lz4
    p2t_dep_lzma Threads::Threads m)
