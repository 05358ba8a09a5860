/* What an exchange was about: the members of either form, in their order. */
#ifndef P2T_WRITE_JSON_SUBJECT_H
#define P2T_WRITE_JSON_SUBJECT_H

#define JSON_SUBJECT_LIST(TEXT, COUNT, MESSAGE, x)                                                                   \
    TEXT(error)                                                                                                      \
    TEXT(method)                                                                                                     \
    TEXT(url)                                                                                                        \
    TEXT(host)                                                                                                       \
    COUNT(status, (x)->status > 0 ? (x)->status : -1)                                                                \
    TEXT(request_proto)                                                                                              \
    TEXT(response_proto)                                                                                             \
    MESSAGE(request)                                                                                                 \
    MESSAGE(response)

#endif
