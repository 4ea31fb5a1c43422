/* The asking client: one request, many times, on a few connections; cheaper than any server it measures.

   asker PORT CONNECTIONS PER_SECOND COUNT SECONDS PROTOCOL < request

   Sends the request from standard input, COUNT times or for SECONDS, and waits for every answer. PER_SECOND 0: each
   connection asks again as soon as it is answered; else requests are due at that pace, whether earlier ones were answered or
   not. In the request {uuid} becomes a new UUID, {n} the request's number, {c} that of its connection, {t} the CLOCK_MONOTONIC nanoseconds at which it
   was due, and {length} the length of its body. PROTOCOL is http (kept alive), or socketio: the request is then an event
   with an acknowledgement, 42{n}[…], on a WebSocket. Prints one line of JSON; an answer other than 200, or much
   shorter than the first, is a failure. */
#define _GNU_SOURCE
#include "websocket.h"
#include <poll.h>
#include <sys/random.h>

enum { ANSWERS_MAX = 4000000 };

struct asking {
    int fd, number, busy, open; /* number: of the request under way */
    uint64_t due;
    struct buffer in;
};

static char form[REQUEST_MAX];
static const char *form_body;
static struct asking *all;
static int port, connections, per_second, socketio, polling, ready;
static long count, sent, answered, failed, bytes, usual;
static double *waits;
static uint64_t begun, ended, deadline;

static void uuid(char *to) {
    unsigned char byte[16];
    if (getrandom(byte, sizeof byte, 0) != sizeof byte) fail("getrandom");
    byte[6] = (byte[6] & 15) | 64, byte[8] = (byte[8] & 63) | 128;
    for (int i = 0; i < 16; i++) to += sprintf(to, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", byte[i]);
}

static void open_one(struct asking *one) {
    one->fd = connecting(port, 0);
    struct pollfd writable = {.fd = one->fd, .events = POLLOUT};
    if (poll(&writable, 1, 60000) != 1 || writable.revents & (POLLERR | POLLHUP)) fail("connect");
    watch(polling, one->fd, EPOLLIN, one, EPOLL_CTL_ADD);
}

static void ask(struct asking *one, uint64_t due) {
    char request[2 * REQUEST_MAX], body[REQUEST_MAX], id[40], number[24], connection[24], time[24], length[24];
    const char *names[] = {"{uuid}", "{n}", "{c}", "{t}", "{length}"}, *values[] = {id, number, connection, time, length};
    uuid(id);
    snprintf(number, sizeof number, "%ld", ++sent);
    snprintf(connection, sizeof connection, "%ld", one - all + 1);
    snprintf(time, sizeof time, "%llu", (unsigned long long)due);
    size_t body_length = expand(body, sizeof body, form_body, names, values, 4);
    snprintf(length, sizeof length, "%zu", body_length);
    one->busy = 1, one->due = due, one->number = sent;
    if (socketio) {
        say(one->fd, TEXT, body, body_length);
        return;
    }
    if (one->fd < 0) open_one(one);
    size_t head = expand(request, sizeof request, form, names, values, 5);
    memcpy(request + head, body, body_length);
    if (write(one->fd, request, head + body_length) < 0) fail("request");
}

static void answer(struct asking *one, int good) {
    one->busy = 0;
    ended = now();
    failed += !good;
    if (answered < ANSWERS_MAX) waits[answered] = (ended - one->due) / 1e6;
    answered++;
}

/* What follows this name of a header, or NULL. */
static char *header(struct buffer *in, size_t head, const char *name) {
    size_t length = strlen(name);
    for (char *at = in->data; (at = memchr(at, '\n', in->data + head - at)) && ++at < in->data + head;)
        if (!strncasecmp(at, name, length)) return at + length;
    return NULL;
}

/* The length of the whole answer at the start of the buffer, 0 where it is not whole yet. */
static size_t http_answer(struct buffer *in, int *good) {
    char *end = memmem(in->data, in->length, "\r\n\r\n", 4), *at;
    if (!end) return 0;
    size_t head = end + 4 - in->data;
    *good = !strncmp(in->data, "HTTP/1.1 200", 12);
    if ((at = header(in, head, "content-length:"))) {
        size_t whole = head + atol(at);
        return in->length >= whole ? whole : 0;
    }
    if (!header(in, head, "transfer-encoding:")) return head;
    if (!(at = memmem(end, in->data + in->length - end, "\r\n0\r\n\r\n", 7))) return 0;
    return at + 7 - in->data;
}

static void hear_http(struct asking *one) {
    int good = 0;
    for (size_t whole; one->in.length && (whole = http_answer(&one->in, &good));) {
        bytes += whole;
        if (!usual) usual = whole;
        if (whole < (size_t)usual / 2) good = 0;
        if (!good && !failed) fprintf(stderr, "%.*s\n", (int)(whole < 2000 ? whole : 2000), one->in.data);
        drop(&one->in, whole);
        answer(one, good);
    }
}

static void hear_socketio(struct asking *one) {
    struct buffer *in = &one->in;
    size_t used = 0;
    if (!one->open) {
        char *end = memmem(in->data, in->length, "\r\n\r\n", 4);
        if (!end) return;
        if (strncmp(in->data, "HTTP/1.1 101", 12)) fail("handshake");
        used = end + 4 - in->data;
        one->open = 1;
    }
    for (struct frame frame; (frame = frame_at(in->data + used, in->length - used)).whole; used += frame.whole) {
        if (frame.opcode != TEXT) continue;
        if (frame.data[0] == '0') say(one->fd, TEXT, "40", 2);
        if (frame.data[0] == '2') say(one->fd, TEXT, "3", 1);
        if (frame.size > 1 && frame.data[1] == '0') ready++;
        if (frame.size > 1 && frame.data[1] == '3') answer(one, atol(frame.data + 2) == one->number);
    }
    drop(in, used);
}

/* A server may close a connection that was quiet for some seconds: it is opened again when it is needed. */
static void hung_up(struct asking *one) {
    if (one->busy || socketio) errno = ECONNRESET, fail("a request was not answered");
    close(one->fd);
    one->fd = -1;
}

static void open_all(void) {
    char request[256];
    int length = snprintf(request, sizeof request,
                          "GET /socket.io/?EIO=4&transport=websocket&listen=no HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          port);
    for (int i = 0; i < connections; i++) {
        open_one(&all[i]);
        if (socketio && write(all[i].fd, request, length) < 0) fail("request");
    }
    if (!socketio) ready = connections;
}

/* Ask with whoever is free, as long as something is due. */
static void move(void) {
    for (int i = 0; i < connections && sent < count; i++) {
        uint64_t at = now(), due = per_second ? begun + sent * 1000000000ull / per_second : at;
        if (at >= deadline || due > at) return;
        if (!all[i].busy) ask(&all[i], due);
    }
}

static struct timespec until_next(void) {
    struct timespec wait = {.tv_nsec = 100000000};
    if (!per_second || sent >= count) return wait;
    int64_t left = begun + sent * 1000000000ull / per_second - now();
    if (left < 1000000000) wait.tv_nsec = left > 0 ? left : 1000000; /* all are busy, or the next is not due yet */
    return wait;
}

int main(int argument_count, char **arguments) {
    if (argument_count != 7) return fprintf(stderr, "see the comment in asker.c\n"), 2;
    port = atoi(arguments[1]), connections = atoi(arguments[2]), per_second = atoi(arguments[3]), count = atol(arguments[4]);
    socketio = !strcmp(arguments[6], "socketio");
    size_t length = fread(form, 1, sizeof form - 1, stdin);
    form[length] = 0;
    char *end = strstr(form, "\r\n\r\n");
    form_body = end ? strdup(end + 4) : strdup(form);
    if (end) end[4] = 0;
    waits = malloc(ANSWERS_MAX * sizeof *waits);
    all = calloc(connections, sizeof *all);
    polling = epoll_create1(0);
    open_all();
    begun = now();
    for (;;) {
        struct epoll_event events[EVENTS];
        if (ready == connections) {
            if (!deadline) begun = now(), deadline = begun + (uint64_t)(atof(arguments[5]) * 1e9);
            move();
            if ((sent >= count || now() >= deadline) && answered == sent) break;
        }
        struct timespec wait = until_next();
        int found = epoll_pwait2(polling, events, EVENTS, &wait, NULL);
        if (found < 0) found = epoll_wait(polling, events, EVENTS, wait.tv_nsec / 1000000); /* an older kernel */
        for (int i = 0; i < found; i++) {
            struct asking *one = events[i].data.ptr;
            int there = fill(&one->in, one->fd);
            if (socketio) hear_socketio(one);
            else hear_http(one);
            if (!there) hung_up(one);
        }
    }
    long kept = answered < ANSWERS_MAX ? answered : ANSWERS_MAX;
    qsort(waits, kept, sizeof *waits, ascending);
    printf("{\"answered\": %ld, \"failed\": %ld, \"seconds\": %.4f, \"p50\": %.3f, \"p99\": %.3f, \"bytes\": %ld}\n", answered,
           failed, (ended - begun) / 1e9, quantile(waits, kept, .5), quantile(waits, kept, .99), bytes);
    return 0;
}
