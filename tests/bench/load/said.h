/* What a frame says, worked out once however many sockets are brought the same bytes. */
#ifndef SAID_H
#define SAID_H
#include "websocket.h"
#include <zlib.h>

enum { TEXT_MAX = 1 << 22, BROUGHT_MAX = 4096, KEPT_MAX = 1 << 16 };

/* A message's number, and the CLOCK_MONOTONIC nanoseconds at which it was sent: its text says " t=". */
struct brought {
    long seq;
    uint64_t sent;
};

struct said {
    char first;
    int count, afresh; /* afresh: the whole timeline, in place of what the page had */
    long version;
    struct brought brought[BROUGHT_MAX];
};

static const char version_mark[] = "id=\"room-version\" value=\"";
static const char afresh_mark[] = "hx-target=\"#messages\" hx-swap=\"outerHTML\"";
static char text[TEXT_MAX];
static struct said said;
static z_stream inflating;
static struct {
    char bytes[KEPT_MAX];
    size_t size;
    int compressed;
} kept;

/* Works out the text of a page or frame: `mark` is what stands before a message's number. */
static void understand(const char *mark) {
    const char *found = text;
    said.first = text[0];
    said.count = 0;
    said.version = 0;
    said.afresh = strstr(text, afresh_mark) != NULL;
    for (const char *at = text; (at = strstr(at, version_mark));) said.version = atol(at += sizeof version_mark - 1);
    while ((found = strstr(found, mark)) && said.count < BROUGHT_MAX) {
        struct brought *brought = &said.brought[said.count++];
        brought->seq = atol(found += strlen(mark));
        const char *sent = strstr(found, " t="), *next = strstr(found, mark);
        brought->sent = sent && (!next || sent < next) ? strtoull(sent + 3, NULL, 10) : 0;
    }
}

static int inflated(z_stream *stream, const char *data, size_t length) {
    stream->next_in = (unsigned char *)data;
    stream->avail_in = length;
    int done = inflate(stream, Z_SYNC_FLUSH);
    return done >= 0 || done == Z_BUF_ERROR;
}

/* Leaves what a text frame says in `said`; 0 if it is broken. `context` is the stream of a socket whose server keeps one
   from frame to frame; without one the same bytes mean the same, and are read once. */
static int read_frame(struct frame frame, z_stream *context, const char *mark) {
    size_t out = 0;
    int whole = 1;
    if (!context && frame.size == kept.size && frame.compressed == kept.compressed && !memcmp(frame.data, kept.bytes, kept.size))
        return 1;
    if (frame.compressed) {
        z_stream *stream = context ? context : &inflating;
        if (!context) inflateReset(stream);
        stream->next_out = (unsigned char *)text;
        stream->avail_out = TEXT_MAX - 1;
        whole = inflated(stream, frame.data, frame.size) && inflated(stream, "\0\0\377\377", 4); /* RFC 7692, 7.2.1 */
        out = TEXT_MAX - 1 - stream->avail_out;
    } else if (frame.size < TEXT_MAX) memcpy(text, frame.data, out = frame.size);
    text[out] = 0;
    understand(mark);
    kept.size = 0;
    if (!context && whole && frame.size <= KEPT_MAX && frame.size) {
        memcpy(kept.bytes, frame.data, kept.size = frame.size);
        kept.compressed = frame.compressed;
    }
    return whole;
}
#endif
