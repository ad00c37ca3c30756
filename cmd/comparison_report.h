/* comparison_report.h - a Comparison in words and in JSON. */
#ifndef CMD_COMPARISON_REPORT_H
#define CMD_COMPARISON_REPORT_H

#include "formats/report/json.h"
#include "verify/verify.h"

/* "top-1 85.2% -> 85.1% (-0.1 +-0.4), agreement 97.9%, SQNR 24.3 dB" of a candidate against its reference. */
void comparison_line(const Comparison *reference, const Comparison *candidate, Text *text);
/* "24.3 dB", or "exact". */
void comparison_sqnr(double sqnr, Text *text);
/* The members of an object for one subject. */
void comparison_json(const Comparison *comparison, Json *json);
/* The member "layers": an array, worst first. */
void layer_errors_json(const LayerErrors *layers, Json *json);

#endif
