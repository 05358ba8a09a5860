cmake_minimum_required(VERSION 3.20)
# What may include what, held against the code: cmake -DSOURCE_DIR=... -P include_rules.cmake
#
# 1. Modules. A file of src/MODULE includes headers of the modules and the single headers that allow_MODULE names: the
#    'may include' column of the architecture.
set(allow_base "base")
set(allow_input "base;input")
set(allow_packet "base;packet;input/frame.h")
set(allow_flow "base;flow;packet/packet.h")
set(allow_proto "base;proto;flow/chunk.h;flow/table.h;packet/packet.h")
set(allow_correlate "base;correlate;proto/fact.h;packet/packet.h;flow/chunk.h")
set(allow_judge "base;judge;correlate/exchange.h;correlate/times.h")
set(allow_trace "base;trace;correlate/exchange.h;correlate/record.h;judge/judge.h")
set(allow_survey "base;survey;proto/fact.h")
set(allow_write "base;write")
# Shares its row of the table with write, and writes its bytes with it.
set(allow_analyze "base;analyze;reread;write;trace/redact.h")
set(allow_summary "base;summary;write")
set(allow_report "base;report;write")
set(allow_session "base;input;packet;flow;proto;correlate;judge;trace;survey;write;session")
set(allow_reread "base;reread")
set(allow_batch "base;batch;input;reread;write;session;summary/saved.h")
# Reads captures twice: what a session says of them, and then the frames themselves.
set(allow_extract "base;extract;input;packet;write;session/feed.h;trace/redact.h")
set(allow_explain "base;explain;extract;input;packet;write;trace/redact.h")
set(allow_cli "base;batch;input/source.h;write;analyze;report;summary;session;extract;explain;cli;trace/redact.h")

# 2. Wings. A folder of a module, src/MODULE/WING, is a wing of the folder it lies in (a wing may have wings). Its
#    headers are for its own files, those of its wings among them, and for the files that lie directly in its parent
#    folder. A header that others need is a face: "HEADER FOLDER...", with the folders whose files may include it.
set(faces
    "analyze/compare/compare.h cli"
    "analyze/compare/errors.h analyze/live"
    "analyze/live/live.h analyze/compare"
    "correlate/conn_tls.h correlate/image correlate/pool correlate/tls"
    "correlate/dial/dial.h correlate/image correlate/pool"
    "correlate/lookup/lookup.h correlate/dial correlate/image correlate/pool"
    "correlate/pool/pool.h correlate/image correlate/tls"
    "proto/conn/conn.h session"
    "proto/dns/stream.h proto/conn"
    "proto/http1/http1.h proto/conn"
    "proto/http2/http2.h proto/conn"
    "proto/tls/tls.h proto/conn"
    "write/csv/cell.h analyze/compare"
    "write/json/json.h analyze/compare batch cli cli/mcp explain report summary"
    "write/text/text.h cli explain summary")

# 3. Layers. layers_MODULE lists the module's files (names without .c or .h) and wings from the top down, those of one
#    layer separated by spaces. A file includes headers of its own layer and of those below it; a header in no layer is
#    for all, and a file in no layer may see all.
#    fact.h is in none: it shows what decoders read as they read it.
set(layers_correlate "image waiting" "facts" "http tls" "settle" "join messages" "open" "pool" "dial" "lookup"
    "record notes" "transport" "conn conn_tls links" "outbox timers" "exchange state times")
set(layers_proto "conn decoders" "http1 http2 tls dns socks" "websocket grpc" "message")

# Index of the layer that a path below src/ lies in, "" when in none.
function(layer_of path out)
  set(${out} "" PARENT_SCOPE)
  string(REGEX REPLACE "/.*" "" module "${path}")
  string(REGEX REPLACE "\\.[ch]$" "" path "${path}")
  set(index 0)
  foreach(layer IN LISTS layers_${module})
    string(REPLACE " " ";" names "${layer}")
    foreach(name IN LISTS names)
      string(FIND "${path}/" "${module}/${name}/" at)
      if(at EQUAL 0)
        set(${out} ${index} PARENT_SCOPE)
      endif()
    endforeach()
    math(EXPR index "${index} + 1")
  endforeach()
endfunction()

function(module_allows file header out)
  string(REGEX REPLACE "/.*" "" module "${file}")
  string(REGEX REPLACE "/.*" "" folder "${header}")
  if(folder STREQUAL "pcap2trace" OR folder IN_LIST allow_${module} OR header IN_LIST allow_${module})
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

function(wing_allows file header out)
  get_filename_component(from "${file}" DIRECTORY)
  get_filename_component(wing "${header}" DIRECTORY)
  get_filename_component(parent "${wing}" DIRECTORY)
  string(FIND "${from}/" "${wing}/" inside)
  if(parent STREQUAL "" OR inside EQUAL 0 OR from STREQUAL parent)
    set(${out} TRUE PARENT_SCOPE)
    return()
  endif()
  set(${out} FALSE PARENT_SCOPE)
  foreach(face IN LISTS faces)
    string(REPLACE " " ";" words "${face}")
    list(POP_FRONT words name)
    if(name STREQUAL header AND from IN_LIST words)
      set(${out} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

function(layer_allows file header out)
  layer_of("${file}" from)
  layer_of("${header}" to)
  string(REGEX REPLACE "/.*" "" module "${file}")
  string(FIND "${header}" "${module}/" own)
  if(own EQUAL 0 AND NOT from STREQUAL "" AND NOT to STREQUAL "" AND to LESS from)
    set(${out} FALSE PARENT_SCOPE)
  else()
    set(${out} TRUE PARENT_SCOPE)
  endif()
endfunction()

set(wrong "")
set(checked 0)
set(in_wings 0)
file(GLOB_RECURSE files RELATIVE ${SOURCE_DIR}/src ${SOURCE_DIR}/src/*.c ${SOURCE_DIR}/src/*.h)
foreach(file IN LISTS files)
  string(REGEX REPLACE "/.*" "" module "${file}")
  if(NOT DEFINED allow_${module})
    list(APPEND wrong "src/${module}: no rule for this module")
    continue()
  endif()
  file(STRINGS ${SOURCE_DIR}/src/${file} lines REGEX "^#include \"")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^#include \"([^\"]+)\".*" "\\1" header "${line}")
    math(EXPR checked "${checked} + 1")
    if(header MATCHES "/.*/")
      math(EXPR in_wings "${in_wings} + 1")
    endif()
    foreach(rule module wing layer)
      cmake_language(CALL ${rule}_allows "${file}" "${header}" allowed)
      if(NOT allowed)
        list(APPEND wrong "src/${file}: ${header} (rule: ${rule}s)")
      endif()
    endforeach()
  endforeach()
endforeach()
foreach(face IN LISTS faces)
  string(REGEX REPLACE " .*" "" header "${face}")
  if(NOT EXISTS ${SOURCE_DIR}/src/${header})
    list(APPEND wrong "src/${header}: a face that does not exist")
  endif()
endforeach()
if(checked LESS 500 OR in_wings LESS 100)
  message(FATAL_ERROR "only ${checked} includes found, ${in_wings} of them of wings: the rules were not checked")
endif()
if(wrong)
  list(REMOVE_DUPLICATES wrong)
  list(JOIN wrong "\n  " text)
  message(FATAL_ERROR "includes that the architecture does not allow:\n  ${text}")
endif()
message("${checked} includes follow the architecture, ${in_wings} of them those of wings")
