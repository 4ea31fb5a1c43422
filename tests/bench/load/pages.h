/* The open pages of a load client, and the account of what each has been brought. */
#ifndef PAGES_H
#define PAGES_H
#include "websocket.h"
#include <zlib.h>

enum { SEQ_MAX = 1 << 20, AHEAD_MAX = 4096 };
enum { AWAY, CONNECTING, ASKED, OPEN };

struct page;
struct end { /* of a connection: the socket's, or the poll's */
    struct page *page;
    int fd, state;
    struct buffer in;
};

struct page {
    struct end socket, poll;
    long seq, version, excused; /* has all up to seq; may be brought up to `excused` once more, as an upsert allows */
    uint64_t beyond[AHEAD_MAX / 64]; /* a ring of bits by seq: has this one, which came before those between */
    uint64_t lost_at, retry_at, poll_at;
    int attempt, number, joined; /* joined: has been brought something since it was opened */
    z_stream *context;
};

static struct page *pages;
static int sockets, keeps_order; /* keeps_order: a server that promises to */
static long goal, done_count, open_count, lost_count, deliveries, wrong, disordered, afresh, newest, reported;
static uint64_t *sent_at, *last_at; /* by seq */
static int *had_by;

static void reached(struct page *page, long seq) {
    if (page->seq < goal && seq >= goal) done_count++;
    page->seq = seq;
}

static uint64_t bit(long seq) { return (uint64_t)1 << seq % 64; }

static uint64_t *word(struct page *page, long seq) { return &page->beyond[seq % AHEAD_MAX / 64]; }

/* A message was brought: new to the page, or the account is wrong. */
static void bring(struct page *page, long seq, uint64_t sent, uint64_t at) {
    long ahead = seq - page->seq - 1;
    if (seq <= page->excused) return;
    if (ahead < 0 || ahead >= AHEAD_MAX || *word(page, seq) & bit(seq) || seq >= SEQ_MAX) {
        wrong++;
        return;
    }
    if (ahead) disordered++, wrong += keeps_order;
    *word(page, seq) |= bit(seq);
    long level = page->seq;
    for (; *word(page, level + 1) & bit(level + 1); level++) *word(page, level + 1) &= ~bit(level + 1);
    reached(page, level);
    deliveries++;
    had_by[seq]++;
    last_at[seq] = at;
    if (sent) sent_at[seq] = sent;
    if (seq > newest) newest = seq;
}

static void report(void) {
    static double *waits;
    long count = 0;
    waits = realloc(waits, (goal > reported ? goal - reported + 1 : 1) * sizeof *waits);
    for (long seq = reported + 1; seq <= goal; seq++)
        if (sent_at[seq] && had_by[seq] == sockets) waits[count++] = (last_at[seq] - sent_at[seq]) / 1e6;
    qsort(waits, count, sizeof *waits, ascending);
    printf("{\"open\": %ld, \"lost\": %ld, \"level\": %ld, \"deliveries\": %ld, \"wrong\": %ld, \"disordered\": %ld, "
           "\"afresh\": %ld, \"newest\": %ld, \"p50\": %.3f, \"p99\": %.3f, \"at\": %.4f}\n",
           open_count, lost_count, done_count, deliveries, wrong, disordered, afresh, newest, quantile(waits, count, .5),
           quantile(waits, count, .99), now() / 1e9);
    fflush(stdout);
    if (goal > reported) reported = goal;
}

static void aim(long seq) {
    goal = seq < SEQ_MAX ? seq : SEQ_MAX - 1;
    done_count = 0;
    for (int i = 0; i < sockets; i++) done_count += pages[i].seq >= goal;
}
#endif
