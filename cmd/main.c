/* main.c - runs a command and tells how it ended: one line on stderr, the status as the exit code. */
#include "cmd/command.h"
#include "cmd/print.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Half-written files go, the unfinished progress line is left. */
static void interrupted(int signal_number) {
  (void)signal_number;
  output_abandon_all();
  _exit(INTERRUPTED);
}

static void handle_signals(void) {
  struct sigaction action = {.sa_handler = interrupted};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction hangup;
  if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) /* nohup wants it ignored */
    sigaction(SIGHUP, &action, NULL);
  action.sa_handler = SIG_IGN; /* a closed pipe is an error of writing, and said so */
  sigaction(SIGPIPE, &action, NULL);
}

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
  handle_signals();
  Status status = command_dispatch(argc, (const char *const *)argv, &err);
  if (status == OK || status == GATE_MISSED) {
    Status closed = close_output(&err);
    if (closed != OK) status = closed;
  }
  if (status != OK && err.text[0] != '\0') print_message(err.text);
  return (int)status;
}
