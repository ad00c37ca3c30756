#include "cmd/interrupt.h"

#include "base/base.h"

#include <signal.h>
#include <unistd.h>

/* A handler has no other way to tell anything. */
static volatile sig_atomic_t is_deferred, is_asked;

/* Half-written files go, the unfinished progress line is left. */
static void interrupted(int signal_number) {
  (void)signal_number;
  if (is_deferred && !is_asked) {
    is_asked = 1;
    return;
  }
  output_abandon_all();
  _exit(INTERRUPTED);
}

void interrupt_handle(void) {
  struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction hangup;
  if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
}

void interrupt_defer(bool deferred) {
  is_asked = 0;
  is_deferred = deferred;
}

bool interrupt_asked(void) {
  return is_asked != 0;
}
