# Small exchanges spend their time in many small functions of several modules: link-time optimisation is worth a tenth.
# Fat objects, so that the static library links without it, too.
include(CheckCCompilerFlag)
check_c_compiler_flag("-flto=auto -ffat-lto-objects" P2T_HAVE_FAT_LTO)
option(P2T_LTO "Link-time optimisation in optimised builds" ON)

set(P2T_USE_LTO OFF)
if(P2T_LTO AND P2T_HAVE_FAT_LTO AND NOT P2T_SANITIZE AND NOT P2T_FUZZ AND CMAKE_BUILD_TYPE MATCHES "^Rel")
  set(P2T_USE_LTO ON)
endif()

# GCC's generic tuning copies and clears structs of a few hundred bytes with `rep movs`, whose start costs more than the
# copy: such structs travel with each fact. And it copies smaller ones in pieces of 16 bytes, which wait where their
# fields were written one by one right before. Worth 6% and 4% on small exchanges. Where functions begin anywhere, a run
# takes up to 5% more or less with each change to the code. All this goes with link-time optimisation, because other
# compilers' tools do not know the options.
set(P2T_TUNING_FLAGS -mmemcpy-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
                     -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
                     -mtune-ctrl=^sse_unaligned_load_optimal,^sse_unaligned_store_optimal -fno-tree-slp-vectorize
                     -falign-functions=64 -fno-plt)
string(REPLACE ";" " " P2T_TUNING_FLAGS_TEXT "${P2T_TUNING_FLAGS}")
check_c_compiler_flag("${P2T_TUNING_FLAGS_TEXT}" P2T_HAVE_TUNING_FLAGS)

# p2t_fast(target): links with link-time optimisation where it is on. Other programs do without: each would repeat it.
function(p2t_fast target)
  if(P2T_USE_LTO)
    target_link_options(${target} PRIVATE -flto=auto)
  endif()
endfunction()

# p2t_options(target): language level, warnings, sanitizers. Used for every target of ours.
function(p2t_options target)
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
                         -Wmissing-prototypes $<$<BOOL:${P2T_WERROR}>:-Werror>)
  if(P2T_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${P2T_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${P2T_SANITIZE})
  endif()
  if(P2T_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# What comes before the output is faster with -O3, by 5% of a run over short connections; timelines and JSON are not.
set(P2T_O3_MODULES base input packet flow proto correlate session)

# p2t_module(name source...): one module of the architecture, compiled once for the static and the shared library.
function(p2t_module name)
  add_library(p2t_${name} OBJECT ${ARGN})
  set_target_properties(p2t_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  p2t_options(p2t_${name})
  if(P2T_USE_LTO)
    target_compile_options(p2t_${name} PRIVATE -flto=auto -ffat-lto-objects
                           $<$<BOOL:${P2T_HAVE_TUNING_FLAGS}>:${P2T_TUNING_FLAGS}>
                           $<$<IN_LIST:${name},${P2T_O3_MODULES}>:-O3>)
  endif()
  target_link_libraries(p2t_${name} PRIVATE ${P2T_LINK_DEPENDENCIES})
  set_property(GLOBAL APPEND PROPERTY P2T_MODULES p2t_${name})
endfunction()
