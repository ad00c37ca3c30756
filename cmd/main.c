/* main.c - runs a command and tells how it ended: one line on stderr, the status as the exit code. */
#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "cmd/print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A standard stream that the caller closed would be taken by the first file that is opened, which would then
   get the messages: it is filled with something that refuses them. */
static void fill_streams(void) {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
    if (fcntl(descriptor, F_GETFD) == -1)
      (void)!open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What was printed may only now meet a full disk or a closed pipe. */
static Status close_output(Error *err) {
  bool failed = ferror(stdout) != 0;
  if (fclose(stdout) != 0 || failed)
    return fail(err, SYSTEM, "cannot write the results: %s", errno != 0 ? strerror(errno) : "output error");
  return OK;
}

int main(int argc, char **argv) {
  Error err = {0};
  fill_streams();
  interrupt_handle();
  Status status = command_dispatch(argc, (const char *const *)argv, &err);
  if (status == OK || status == GATE_MISSED) {
    Status closed = close_output(&err);
    if (closed != OK) status = closed;
  }
  if (status != OK && err.text[0] != '\0') print_message(err.text);
  return (int)status;
}
