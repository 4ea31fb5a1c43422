/* What both load programs share: time, buffers, sockets to 127.0.0.1, and WebSocket frames (RFC 6455, 5.2). */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, CHUNK = 1 << 16, REQUEST_MAX = 1 << 14, SOCKETS_PER_ADDRESS = 20000 };
enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

struct buffer {
    char *data;
    size_t length, capacity;
};

struct frame {
    int opcode, compressed;
    const char *data;
    size_t size, whole; /* of the payload; with the header */
};

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* A socket on its way to the port. An address has some 28,000 ports of its own to come from, so many use several. */
static int connecting(int port, int number) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)}, from = {.sin_family = AF_INET};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("socket");
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / SOCKETS_PER_ADDRESS);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&from, sizeof from)) fail("bind");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS && errno != ECONNREFUSED) fail("connect");
    return fd;
}

static void watch(int polling, int fd, uint32_t events, void *with, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = with};
    if (epoll_ctl(polling, operation, fd, &event)) fail("epoll_ctl");
}

/* Reads what is there; 0 when the other side is gone. */
static int fill(struct buffer *buffer, int fd) {
    for (;;) {
        if (buffer->capacity - buffer->length <= CHUNK)
            buffer->data = realloc(buffer->data, buffer->capacity = buffer->capacity * 2 + 2 * CHUNK);
        ssize_t got = read(fd, buffer->data + buffer->length, CHUNK);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return 0;
        if (got < 0) return 1;
        buffer->length += got;
        if (got < CHUNK) return 1;
    }
}

static void empty(struct buffer *buffer) {
    free(buffer->data);
    *buffer = (struct buffer){0};
}

static void drop(struct buffer *buffer, size_t used) {
    if (!used) return;
    memmove(buffer->data, buffer->data + used, buffer->length -= used);
    if (!buffer->length) empty(buffer);
}

/* The frame at the start of the data, or one whose `whole` is 0 where not all of it has come. */
static struct frame frame_at(const char *data, size_t length) {
    const unsigned char *byte = (const unsigned char *)data;
    struct frame none = {0}, frame = {0};
    size_t start = 2;
    if (length < 2) return none;
    frame.size = byte[1] & 127;
    if (frame.size == 126) {
        if (length < (start = 4)) return none;
        frame.size = byte[2] << 8 | byte[3];
    } else if (frame.size == 127) {
        if (length < (start = 10)) return none;
        frame.size = 0;
        for (int i = 2; i < 10; i++) frame.size = frame.size << 8 | byte[i];
    }
    if (length < start + frame.size) return none;
    frame.opcode = byte[0] & 15;
    frame.compressed = byte[0] & 0x40;
    frame.data = data + start;
    frame.whole = start + frame.size;
    return frame;
}

/* Writes one frame; a mask of zeros leaves the data as it is. */
static void say(int fd, int opcode, const char *data, size_t length) {
    unsigned char frame[REQUEST_MAX] = {0x80 | opcode};
    size_t start = length > 125 ? 8 : 6;
    if (length > 125) frame[1] = 0x80 | 126, frame[2] = length >> 8, frame[3] = length;
    else frame[1] = 0x80 | length;
    if (start + length > sizeof frame) return;
    memcpy(frame + start, data, length);
    if (write(fd, frame, start + length) < 0 && errno != EAGAIN && errno != EPIPE && errno != ECONNRESET) fail("write");
}

/* Copies `from` with every {name} replaced by its value: `names` and `values` are `count` long. */
static size_t expand(char *to, size_t room, const char *from, const char **names, const char **values, int count) {
    size_t length = 0;
    while (*from && length + 64 < room) {
        int i = 0;
        while (i < count && strncmp(from, names[i], strlen(names[i]))) i++;
        if (i < count) {
            length += snprintf(to + length, room - length, "%s", values[i]);
            from += strlen(names[i]);
        } else to[length++] = *from++;
    }
    to[length] = 0;
    return length;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(const double *sorted, long count, double q) { return count ? sorted[(long)(q * (count - 1) + .5)] : 0; }
#endif
