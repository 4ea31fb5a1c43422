/* The load client: many WebSockets in one epoll loop, cheaper than any server it measures.

   client PORT TARGET SOCKETS LAST_SEQ SECONDS MARK PROTOCOL < headers

   Opens SOCKETS WebSockets to 127.0.0.1:PORT, says "ready" when all are open, and reads until each has been brought
   the message numbered LAST_SEQ, or SECONDS have passed. MARK is what stands before a message's number in a frame
   (data-version=" or "seq":); a number that comes twice, out of order or not at all is counted. A message's text holds
   "t=" and the CLOCK_MONOTONIC nanoseconds at which it was sent. PROTOCOL is plain, deflate, or socketio (Engine.IO
   4: open with 40, answer 2 with 3). Prints one line of JSON. LAST_SEQ 0: hold the sockets for SECONDS. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { SOCKETS_AT_ONCE = 64, EVENTS = 256, CHUNK = 1 << 16, TEXT_MAX = 1 << 22 };

struct peer {
    int fd, open, done;
    char *buffer;
    size_t length, capacity;
    long seq;
    z_stream *inflating; /* of its own where the server keeps a context from frame to frame */
};

static struct peer *peers;
static char headers[1 << 14], text[TEXT_MAX], request[1 << 15];
static const char *mark;
static long last_seq, deliveries, wrong, open_count, done_count, closed_count, latency_count, latency_room;
static double *latencies;
static int socketio, polling;
static z_stream inflating;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void connect_one(struct peer *peer, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (write(peer->fd, request, strlen(request)) < 0) fail("request");
    fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    epoll_ctl(polling, EPOLL_CTL_ADD, peer->fd, &event);
}

static void say(struct peer *peer, int opcode, const char *data, size_t length) {
    unsigned char frame[256] = {0x80 | opcode, 0x80 | length}; /* a mask of zeros leaves the data as it is */
    if (length > 125) return;
    memcpy(frame + 6, data, length);
    if (write(peer->fd, frame, length + 6) < 0 && errno != EAGAIN) fail("write");
}

static void take(struct peer *peer, const char *data, uint64_t at) {
    size_t mark_length = strlen(mark);
    if (socketio && data[0] == '0') say(peer, 1, "40", 2);
    if (socketio && data[0] == '2') say(peer, 1, "3", 1);
    for (const char *found = data; (found = strstr(found, mark));) {
        long seq = atol(found += mark_length);
        if (seq != peer->seq + 1 && peer->seq) wrong++;
        peer->seq = seq;
        deliveries++;
        if (seq == last_seq && !peer->done) peer->done = 1, done_count++;
    }
    for (const char *found = data; (found = strstr(found, "t="));) {
        uint64_t sent = strtoull(found += 2, NULL, 10);
        if (sent && latency_count < latency_room) latencies[latency_count++] = (at - sent) / 1e6;
    }
}

static void opened(struct peer *peer) {
    peer->open = 1;
    open_count++;
}

static void pieces(z_stream *stream, const char *data, size_t length) {
    stream->next_in = (unsigned char *)data;
    stream->avail_in = length;
    int done = inflate(stream, Z_SYNC_FLUSH);
    if (done < 0 && done != Z_BUF_ERROR) wrong++;
}

/* Takes one whole frame off the buffer; returns its length, or 0 where it is not whole yet. */
static size_t frame_off(struct peer *peer, const char *data, size_t length, uint64_t at) {
    const unsigned char *byte = (const unsigned char *)data;
    size_t start = 2, size;
    if (length < 2) return 0;
    size = byte[1] & 127;
    if (size == 126) {
        if (length < (start = 4)) return 0;
        size = byte[2] << 8 | byte[3];
    } else if (size == 127) {
        if (length < (start = 10)) return 0;
        size = 0;
        for (int i = 2; i < 10; i++) size = size << 8 | byte[i];
    }
    if (length < start + size) return 0;
    int opcode = byte[0] & 15;
    if (opcode == 9) say(peer, 10, data + start, size);
    if (opcode == 8) closed_count++;
    if (opcode == 1) {
        size_t out = 0;
        if (byte[0] & 0x40) {
            z_stream *stream = peer->inflating ? peer->inflating : &inflating;
            if (!peer->inflating) inflateReset(stream);
            stream->next_out = (unsigned char *)text;
            stream->avail_out = TEXT_MAX - 1;
            pieces(stream, data + start, size);
            pieces(stream, "\0\0\377\377", 4); /* which RFC 7692, 7.2.1 leaves out */
            out = TEXT_MAX - 1 - stream->avail_out;
        } else if (size < TEXT_MAX) memcpy(text, data + start, out = size);
        text[out] = 0;
        take(peer, text, at);
    }
    return start + size;
}

static void readable(struct peer *peer) {
    for (;;) {
        if (peer->capacity - peer->length < CHUNK)
            peer->buffer = realloc(peer->buffer, peer->capacity = peer->capacity * 2 + CHUNK);
        ssize_t got = read(peer->fd, peer->buffer + peer->length, peer->capacity - peer->length);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            closed_count++;
            epoll_ctl(polling, EPOLL_CTL_DEL, peer->fd, NULL);
            close(peer->fd);
            return;
        }
        if (got < 0) break;
        peer->length += got;
        if ((size_t)got < CHUNK) break;
    }
    uint64_t at = now();
    size_t used = 0;
    if (!peer->open) {
        char *end = memmem(peer->buffer, peer->length, "\r\n\r\n", 4);
        if (!end) return;
        if (strncmp(peer->buffer, "HTTP/1.1 101", 12)) {
            fprintf(stderr, "%.*s\n", (int)(end - peer->buffer), peer->buffer);
            exit(1);
        }
        used = end + 4 - peer->buffer;
        opened(peer);
        if (memmem(peer->buffer, used, "permessage-deflate", 18) &&
            !memmem(peer->buffer, used, "server_no_context_takeover", 26)) {
            peer->inflating = calloc(1, sizeof *peer->inflating);
            inflateInit2(peer->inflating, -15);
        }
    }
    for (size_t size; (size = frame_off(peer, peer->buffer + used, peer->length - used, at)); used += size) {}
    memmove(peer->buffer, peer->buffer + used, peer->length -= used);
    if (!peer->length && peer->capacity) free(peer->buffer), peer->buffer = NULL, peer->capacity = 0;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double q) { return latency_count ? latencies[(long)(q * (latency_count - 1))] : 0; }

int main(int count, char **arguments) {
    if (count != 8) return fprintf(stderr, "see the comment in client.c\n"), 2;
    int port = atoi(arguments[1]), sockets = atoi(arguments[3]), started = 0, said = 0;
    last_seq = atol(arguments[4]);
    double seconds = atof(arguments[5]);
    mark = arguments[6];
    socketio = !strcmp(arguments[7], "socketio");
    size_t length = fread(headers, 1, sizeof headers - 1, stdin);
    headers[length] = 0;
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n",
             arguments[2], port, strcmp(arguments[7], "plain") ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "",
             headers);
    inflateInit2(&inflating, -15);
    latency_room = 8000000;
    latencies = malloc(latency_room * sizeof *latencies);
    peers = calloc(sockets, sizeof *peers);
    polling = epoll_create1(0);
    uint64_t end = now() + (uint64_t)(seconds * 1e9), begun = now(), last = 0;
    struct rusage before;
    while (now() < end && (last_seq == 0 || done_count < sockets)) {
        while (started < sockets && started - open_count < SOCKETS_AT_ONCE) connect_one(&peers[started++], port);
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(polling, events, EVENTS, 50);
        for (int i = 0; i < ready; i++) readable(events[i].data.ptr);
        if (ready) last = now();
        if (!said && open_count == sockets) {
            said = 1;
            getrusage(RUSAGE_SELF, &before);
            printf("ready\n");
            fflush(stdout);
        }
    }
    struct rusage after;
    getrusage(RUSAGE_SELF, &after);
    if (!said) before = after;
    qsort(latencies, latency_count, sizeof *latencies, ascending);
    double cpu = after.ru_utime.tv_sec + after.ru_stime.tv_sec + (after.ru_utime.tv_usec + after.ru_stime.tv_usec) / 1e6 -
                 before.ru_utime.tv_sec - before.ru_stime.tv_sec - (before.ru_utime.tv_usec + before.ru_stime.tv_usec) / 1e6;
    printf("{\"open\": %ld, \"closed\": %ld, \"deliveries\": %ld, \"wrong\": %ld, \"level\": %ld, \"p50\": %.3f, "
           "\"p99\": %.3f, \"cpu\": %.4f, \"seconds\": %.3f}\n",
           open_count, closed_count, deliveries, wrong, done_count, quantile(.5), quantile(.99), cpu, (last - begun) / 1e9);
    return 0;
}
