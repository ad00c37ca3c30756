/* gates.h - limits that a result must keep: a missed one is exit code 1. */
#ifndef CMD_GATES_H
#define CMD_GATES_H

#include "cmd/options.h"
#include "verify/verify.h"

/* --max-drop, --min-agreement, --min-sqnr, --max-size */
extern const OptionRow gates_rows[];

/* What gates look at. */
typedef struct Measured {
  const Comparison *reference, *candidate;
  int64_t bytes;
  int64_t weight_bytes,
      weight_bytes_in8; /* of linear operators, and what they would be in 8 bits; 0: not known */
  bool is_synthetic;    /* measured on made-up samples: accuracy gates then fail, whatever was measured */
} Measured;

#define GATES_MAX 8
#define GATE_TEXT_ROOM 640

typedef struct GateResult {
  const char *option;
  bool held;
  char text[GATE_TEXT_ROOM]; /* "top-1 drop 0.40 points, limit 0.30" */
} GateResult;

typedef struct GateResults {
  GateResult gates[GATES_MAX];
  int count;
  bool held; /* all of them */
} GateResults;

void gates_check(const Options *options, const Measured *measured, GateResults *results);
/* That of the option, where it was missed; NULL. */
GateResult *gates_missed(GateResults *results, const char *option);
/* A limit that is not of Measured. Text that is too long ends in "...". */
void gates_add(GateResults *results, const char *option, bool held, const char *text);
/* GATE_MISSED with a line that lists what was missed; OK where all held. */
Status gates_status(const GateResults *results, const char *what, Error *err);
void gates_json(const GateResults *results, Json *json);

#endif
