/* The load client: many open pages in one epoll loop, cheaper than any server it measures.

   client PORT TARGET FIRST SOCKETS SINCE MARK PROTOCOL POLL

   Opens SOCKETS WebSockets to 127.0.0.1:PORT. Standard input brings the headers, an empty line, and then commands. TARGET
   and headers may hold {n}, the number of the socket from FIRST on, and {since}, the version its page has, first SINCE.
   MARK is what stands before a message's number in a frame (data-version=" or "seq":). PROTOCOL is plain, deflate, or
   socketio (Engine.IO 4: open with 40, answer 2 with 3). POLL is "-", or the address of the changes: then a page that
   loses its socket does what static/js/connection.js does, comes again with growing patience and asks there meanwhile.

   Says "ready" when all are open and have been brought something; OPENING_AT_ONCE are on their way at most. `level SEQ
   SECONDS` waits until every page has all messages up to SEQ; `back LOST SECONDS` until all are open again after LOST were
   not, and have what was newest then. Each answers with one line of JSON. */
#define _GNU_SOURCE
#include "pages.h"
#include "said.h"

enum { OPENING_AT_ONCE = 128, POLL_MS = 3000, PATIENCE_MS = 5000, RETRY_MS = 500, RETRY_MS_MAX = 8000 };

static const char *target, *mark, *poll_target;
static char headers[REQUEST_MAX];
static int port, socketio, returning, offers_deflate, polling, started, opening, commanded;
static long lost_wanted;
static uint64_t deadline;

static void ask(struct end *end) {
    char request[2 * REQUEST_MAX], number[16], since[24];
    const char *names[] = {"{n}", "{since}"}, *values[] = {number, since};
    int is_poll = end == &end->page->poll;
    char form[2 * REQUEST_MAX];
    snprintf(number, sizeof number, "%d", end->page->number);
    snprintf(since, sizeof since, "%ld", end->page->version);
    snprintf(form, sizeof form, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n", is_poll ? poll_target : target, port,
             is_poll ? "HX-Request: true\r\nConnection: close\r\n"
                     : "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Version: 13\r\n",
             offers_deflate && !is_poll ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "", headers);
    size_t length = expand(request, sizeof request, form, names, values, 2);
    if (write(end->fd, request, length) < 0 && errno != EPIPE && errno != ECONNRESET && errno != ECONNREFUSED) fail("request");
    end->state = ASKED;
    watch(polling, end->fd, EPOLLIN, end, EPOLL_CTL_MOD);
}

static void start(struct end *end) {
    end->fd = connecting(port, end->page->number);
    end->state = CONNECTING;
    if (end == &end->page->socket) opening++;
    watch(polling, end->fd, EPOLLIN | EPOLLOUT, end, EPOLL_CTL_ADD);
}

static void put_down(struct end *end) {
    close(end->fd);
    empty(&end->in);
    end->state = AWAY;
}

/* The socket is lost: htmx comes again after 0.5 s, 1 s, 2 s … 8 s, each with a jitter of 30 %. */
static void lost(struct page *page) {
    if (page->socket.state == OPEN) open_count--, lost_count++, page->lost_at = now();
    if (!page->joined) opening--;
    page->joined = 0;
    if (!returning) fprintf(stderr, "socket %d was closed\n", page->number);
    put_down(&page->socket);
    double wait = RETRY_MS << (page->attempt < 5 ? page->attempt : 5);
    if (wait > RETRY_MS_MAX) wait = RETRY_MS_MAX;
    page->attempt++;
    page->retry_at = now() + (uint64_t)(wait * (.7 + .6 * drand48()) * 1e6);
    if (page->context) inflateEnd(page->context), free(page->context), page->context = NULL;
}

static void take(struct page *page, uint64_t at, int from_poll) {
    if (socketio && said.first == '0') say(page->socket.fd, TEXT, "40", 2);
    if (socketio && said.first == '2') say(page->socket.fd, TEXT, "3", 1);
    if (said.afresh && said.version >= page->seq) {
        afresh++;
        deliveries += said.version - page->seq;
        memset(page->beyond, 0, sizeof page->beyond);
        reached(page, said.version);
        if (said.version > newest) newest = said.version;
    } else
        for (int i = 0; i < said.count; i++) bring(page, said.brought[i].seq, said.brought[i].sent, at);
    if (said.version) page->version = said.version;
    if (from_poll && page->socket.state == ASKED) page->excused = page->seq; /* it asked from an older version */
}

static void join(struct page *page) {
    if (!page->joined) opening--;
    page->joined = 1;
}

static int shake_hands(struct page *page) {
    struct buffer *in = &page->socket.in;
    char *end = memmem(in->data, in->length, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t used = end + 4 - in->data;
    if (strncmp(in->data, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "%.*s\n", (int)used, in->data);
        lost(page);
        return 0;
    }
    page->socket.state = OPEN;
    page->attempt = 0;
    open_count++;
    if (!offers_deflate) join(page); /* the plain loop has nothing to say yet */
    if (memmem(in->data, used, "permessage-deflate", 18) && !memmem(in->data, used, "server_no_context_takeover", 26)) {
        page->context = calloc(1, sizeof *page->context);
        inflateInit2(page->context, -15);
    }
    drop(in, used);
    return 1;
}

static void hear(struct page *page, uint64_t at) {
    struct buffer *in = &page->socket.in;
    size_t used = 0;
    if (page->socket.state != OPEN && !shake_hands(page)) return;
    for (struct frame frame; (frame = frame_at(in->data + used, in->length - used)).whole; used += frame.whole) {
        if (frame.opcode == PING) say(page->socket.fd, PONG, frame.data, frame.size);
        if (frame.opcode == TEXT) {
            if (!read_frame(frame, page->context, mark)) wrong++;
            take(page, at, 0);
            join(page);
        }
    }
    drop(in, used);
}

/* The page leaves out an answer that the socket has overtaken. */
static void polled(struct page *page) {
    struct buffer *in = &page->poll.in;
    char *body = in->length ? memmem(in->data, in->length, "\r\n\r\n", 4) : NULL;
    if (page->socket.state != OPEN && body && !strncmp(in->data, "HTTP/1.1 200", 12)) {
        size_t length = in->data + in->length - body;
        memcpy(text, body, length < TEXT_MAX ? length : TEXT_MAX - 1);
        text[length < TEXT_MAX ? length : TEXT_MAX - 1] = 0;
        kept.size = 0;
        understand(mark);
        take(page, now(), 1);
    }
    put_down(&page->poll);
}

static void happens(struct end *end, uint32_t events) {
    struct page *page = end->page;
    if (end->state == AWAY) return;
    if (end->state == CONNECTING && !(events & (EPOLLERR | EPOLLHUP))) {
        ask(end);
        return;
    }
    int there = !(events & EPOLLERR) && fill(&end->in, end->fd);
    if (end == &page->poll) {
        if (!there) polled(page);
        return;
    }
    if (end->in.length) hear(page, now());
    if (!there && end->state != AWAY) lost(page);
}

/* What is due: the first opening, coming again, asking meanwhile. */
static void move(void) {
    uint64_t at = now();
    while (started < sockets && opening < OPENING_AT_ONCE) start(&pages[started++].socket);
    if (!returning || open_count == sockets) return;
    for (int i = 0; i < started; i++) {
        struct page *page = &pages[i];
        if (page->socket.state == OPEN) continue;
        if (page->socket.state == AWAY && at >= page->retry_at) start(&page->socket);
        if (at >= page->poll_at) {
            page->poll_at += ((at - page->poll_at) / (POLL_MS * 1000000ull) + 1) * POLL_MS * 1000000ull;
            if (page->poll.state == AWAY && page->retry_at && at >= page->lost_at + PATIENCE_MS * 1000000ull) start(&page->poll);
        }
    }
}

static void command(void) {
    char line[256];
    double seconds;
    ssize_t length = read(0, line, sizeof line - 1); /* one at a time: each waits for its answer */
    if (length <= 0) exit(0);
    line[length] = 0;
    if (sscanf(line, "level %ld %lf", &goal, &seconds) == 2) commanded = 'l', aim(goal);
    else if (sscanf(line, "back %ld %lf", &lost_wanted, &seconds) == 2) commanded = 'b';
    else exit(2);
    deadline = now() + (uint64_t)(seconds * 1e9);
}

static void see_to_command(void) {
    if (commanded == 'b' && open_count == sockets && lost_count >= lost_wanted) commanded = 'l', aim(newest);
    if ((commanded == 'l' && done_count == sockets && open_count == sockets) || (commanded && now() > deadline)) report(), commanded = 0;
}

int main(int count, char **arguments) {
    if (count != 9) return fprintf(stderr, "see the comment in client.c\n"), 2;
    port = atoi(arguments[1]), target = arguments[2], sockets = atoi(arguments[4]), mark = arguments[6];
    socketio = !strcmp(arguments[7], "socketio"), keeps_order = !socketio, offers_deflate = strcmp(arguments[7], "plain");
    poll_target = arguments[8], returning = strcmp(poll_target, "-");
    for (size_t length = 0; length < sizeof headers - 1; length++) {
        if (read(0, headers + length, 1) != 1) return 1;
        if (headers[length] == '\n' && (!length || headers[length - 1] == '\n')) {
            headers[length] = 0;
            break;
        }
    }
    inflateInit2(&inflating, -15);
    sent_at = calloc(SEQ_MAX, sizeof *sent_at), last_at = calloc(SEQ_MAX, sizeof *last_at), had_by = calloc(SEQ_MAX, sizeof *had_by);
    pages = calloc(sockets, sizeof *pages);
    reported = atol(arguments[5]);
    for (int i = 0; i < sockets; i++) {
        pages[i].number = atoi(arguments[3]) + i, pages[i].seq = pages[i].version = reported;
        pages[i].socket.page = pages[i].poll.page = &pages[i];
        pages[i].poll_at = now() + (uint64_t)(drand48() * POLL_MS * 1e6);
    }
    polling = epoll_create1(0);
    watch(polling, 0, EPOLLIN, NULL, EPOLL_CTL_ADD);
    for (int is_ready = 0;;) {
        struct epoll_event events[EVENTS];
        move();
        int ready = epoll_wait(polling, events, EVENTS, 10);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) happens(events[i].data.ptr, events[i].events);
            else command();
        }
        if (!is_ready && open_count == sockets && !opening) {
            is_ready = 1;
            printf("ready\n");
            fflush(stdout);
        }
        see_to_command();
    }
}
