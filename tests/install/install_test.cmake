# Installs into an empty prefix, builds the sample there in every way that is promised, and runs it on a capture.
# -DBUILD_DIR= -DSOURCE_DIR= -DWORK_DIR= -DCAPTURE= -DCC= -DGENERATOR=
cmake_minimum_required(VERSION 3.20)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect_exchange program)
  run(${program} ${CAPTURE})
  if(NOT output MATCHES "[0-9a-f]+ http1 ok [0-9.]+ ms\n.* 1 exchanges, 0 failed")
    message(FATAL_ERROR "${program} printed:\n${output}")
  endif()
endfunction()

set(prefix ${WORK_DIR}/prefix)
set(sample ${SOURCE_DIR}/samples/embed.c)
file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
file(GLOB_RECURSE pc ${prefix}/pcap2trace.pc)
cmake_path(GET pc PARENT_PATH pc_dir)
cmake_path(GET pc_dir PARENT_PATH lib_dir)

find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
set(ENV{PKG_CONFIG_PATH} ${pc_dir})
foreach(name cflags libs)
  run(${pkg_config} --${name} pcap2trace)
  string(STRIP "${output}" flags)
  separate_arguments(${name} UNIX_COMMAND "${flags}")
endforeach()
run(${CC} -std=c11 -Wall -Wextra -Werror ${cflags} ${sample} -o ${WORK_DIR}/embed_pkg ${libs} -Wl,-rpath,${lib_dir})
expect_exchange(${WORK_DIR}/embed_pkg)

run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/install -B ${WORK_DIR}/build -DCMAKE_PREFIX_PATH=${prefix}
    -DEMBED_SOURCE=${sample} -DCMAKE_C_COMPILER=${CC} -G "${GENERATOR}")
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
expect_exchange(${WORK_DIR}/build/embed_pcap2trace)
expect_exchange(${WORK_DIR}/build/embed_static)

# Each public header compiles alone, also as C++ where there is a compiler.
find_program(cxx NAMES c++ g++ clang++)
file(GLOB headers ${prefix}/include/pcap2trace/*.h)
foreach(header IN LISTS headers)
  run(${CC} -std=c11 -Wall -Wextra -Werror -fsyntax-only -I${prefix}/include -x c ${header})
  if(cxx)
    run(${cxx} -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I${prefix}/include -x c++ ${header})
  endif()
endforeach()

# Nothing but the public interface is exported.
find_program(nm NAMES nm REQUIRED)
run(${nm} -D --defined-only ${lib_dir}/libpcap2trace.so)
string(REGEX MATCHALL "[^\n]+" symbols "${output}")
foreach(symbol IN LISTS symbols)
  if(NOT symbol MATCHES " T p2t_[a-z_]+$")
    message(FATAL_ERROR "exported: ${symbol}")
  endif()
endforeach()

# One version, wherever it is asked for.
run(${pkg_config} --modversion pcap2trace)
string(STRIP "${output}" version)
run(${prefix}/bin/pcap2trace --version)
if(NOT output MATCHES "^pcap2trace ${version}\n" OR NOT EXISTS ${lib_dir}/libpcap2trace.so.${version})
  message(FATAL_ERROR "pkg-config says ${version}, the program\n${output}")
endif()
file(GLOB schemas ${prefix}/share/pcap2trace/schema/exchange-*.schema.json)
if(NOT schemas)
  message(FATAL_ERROR "the JSON Schemas are missing")
endif()

foreach(file man/man1/pcap2trace-summary.1 man/man5/pcap2trace-json.5 bash-completion/completions/pcap2trace
        zsh/site-functions/_pcap2trace fish/vendor_completions.d/pcap2trace.fish)
  if(NOT EXISTS ${prefix}/share/${file})
    message(FATAL_ERROR "not installed: share/${file}")
  endif()
endforeach()
if(NOT EXISTS ${prefix}/bin/pcap2trace OR NOT EXISTS ${prefix}/share/man/man1/pcap2trace.1)
  message(FATAL_ERROR "the program or its manual page is missing")
endif()
