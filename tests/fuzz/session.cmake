p2t_fuzz(session session_fuzz.c ${PROJECT_SOURCE_DIR}/tests/support/session_check.c)
