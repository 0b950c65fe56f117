/* Sends back whatever comes over a Unix socket: what a round trip costs where nothing is done. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (count != 2 || strlen(words[1]) >= sizeof at.sun_path) return 2;
  strcpy(at.sun_path, words[1]);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 8) != 0) return 3;
  puts("ready");
  fflush(stdout);
  for (;;) {
    int client = accept(listener, NULL, NULL);
    char bytes[65536];
    ssize_t got;
    while ((got = read(client, bytes, sizeof bytes)) > 0)
      if (write(client, bytes, got) != got) break;
    close(client);
  }
}
