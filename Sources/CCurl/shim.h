#pragma once
#include <curl/curl.h>
#include <stddef.h>

/* curl_easy_setopt() and curl_easy_getinfo() are variadic, and Swift imports no variadic C function. One typed
   wrapper per kind of value; each returns libcurl's code unchanged. */
static inline CURLcode ccurl_set_long(CURL *_Nonnull handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_string(CURL *_Nonnull handle, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *_Nonnull handle, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
typedef size_t (*ccurl_data_function)(char *_Nullable data, size_t size, size_t count, void *_Nullable context);
static inline CURLcode ccurl_set_function(CURL *_Nonnull handle, CURLoption option, ccurl_data_function _Nonnull value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_get_pointer(CURL *_Nonnull handle, CURLINFO info, void *_Nullable *_Nonnull value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_long(CURL *_Nonnull handle, CURLINFO info, long *_Nonnull value) {
    return curl_easy_getinfo(handle, info, value);
}
/* A member of a union, which Swift shows as a tuple of bytes. */
static inline CURLcode ccurl_result(const CURLMsg *_Nonnull message) { return message->data.result; }
/* A macro with a cast in it. */
static inline size_t ccurl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }
/* Bytes of bodies that have gone either way, and of the answer's head. */
static inline curl_off_t ccurl_moved_bytes(CURL *_Nonnull handle) {
    curl_off_t sent = 0, received = 0;
    long head = 0;
    curl_easy_getinfo(handle, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(handle, CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(handle, CURLINFO_HEADER_SIZE, &head);
    return sent + received + head;
}
