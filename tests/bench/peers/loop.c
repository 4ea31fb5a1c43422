/* The limit: a plain loop that writes the same bytes to every socket, paced like the servers it stands beside.

   loop PORT SOCKETS ROUNDS ROUNDS_PER_SECOND FRAME_BYTES

   Accepts SOCKETS WebSockets, waits for a line on standard input, then writes ROUNDS frames to each. A frame is text
   that holds its number and time as `client` reads them, filled up to FRAME_BYTES. Prints the CPU seconds it took. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* The answer to the key that `client` sends (RFC 6455, 1.3). */
static const char accepted[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments) {
    if (count != 6) return fprintf(stderr, "see the comment in loop.c\n"), 2;
    int port = atoi(arguments[1]), sockets = atoi(arguments[2]), rounds = atoi(arguments[3]), one = 1;
    int per_second = atoi(arguments[4]), bytes = atoi(arguments[5]), listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 1024)) return perror("bind"), 1;
    printf("listening\n");
    fflush(stdout);
    int *peers = calloc(sockets, sizeof *peers);
    char request[1 << 14], *frame = malloc(bytes + 4);
    for (int i = 0; i < sockets; i++) {
        peers[i] = accept(listening, NULL, NULL);
        setsockopt(peers[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (read(peers[i], request, sizeof request) <= 0 || write(peers[i], accepted, sizeof accepted - 1) < 0) return 1;
    }
    if (!fgets(request, sizeof request, stdin)) return 1;
    double before = cpu();
    for (int round = 1; round <= rounds; round++) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        memset(frame, ' ', bytes + 4);
        frame[0] = (char)0x81, frame[1] = 126, frame[2] = (char)(bytes >> 8), frame[3] = (char)bytes;
        int length = snprintf(frame + 4, bytes, "data-version=\"%d\" t=%llu", round,
                              (unsigned long long)t.tv_sec * 1000000000u + t.tv_nsec);
        frame[4 + length] = ' ';
        for (int i = 0; i < sockets; i++)
            if (write(peers[i], frame, bytes + 4) != bytes + 4) return perror("write"), 1;
        t.tv_nsec += 1000000000 / per_second;
        if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    }
    printf("%.4f\n", cpu() - before);
    fflush(stdout);
    if (!fgets(request, sizeof request, stdin)) return 0; /* stay until told, so that nobody is cut off */
    return 0;
}
