#include "report/head.h"

#include <openssl/evp.h>

#include "report/assets.h"
#include "write/escape.h"

void head_text(struct buf *out, const char *text)
{
    struct buf shown = {0};

    escape_text(&shown, (struct p2t_text){text, strlen(text)});
    for (size_t i = 0; i < shown.n; i++) {
        char c = (char)shown.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            buf_printf(out, "&#%d;", c);
        else
            buf_putc(out, c);
    }
    out->failed |= shown.failed;
    buf_fini(&shown);
}

/* 'sha256-...': Content Security Policy 3, 2.3.1. */
static void put_hash(struct buf *out, const unsigned char *bytes, size_t n)
{
    unsigned char digest[EVP_MAX_MD_SIZE], text[EVP_MAX_MD_SIZE * 2];
    unsigned length = 0;

    if (EVP_Digest(bytes, n, digest, &length, EVP_sha256(), NULL) != 1) {
        out->failed = true;
        return;
    }
    EVP_EncodeBlock(text, digest, (int)length);
    buf_printf(out, "'sha256-%s'", (const char *)text);
}

void head_write(struct buf *out, const char *title)
{
    buf_lit(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src ");
    put_hash(out, report_script, report_script_bytes);
    buf_lit(out, "; style-src ");
    put_hash(out, report_style, report_style_bytes);
    buf_lit(out, "; img-src data:; base-uri 'none'; form-action 'none'\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    head_text(out, title);
    buf_lit(out, "</title>\n<style>");
    buf_put(out, report_style, report_style_bytes);
    buf_lit(out, "</style>\n</head>\n");
}
