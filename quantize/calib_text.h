/* calib_text.h - what the writer and the parser of .calib files agree on. Inside quantize/. */
#ifndef QUANTIZE_CALIB_TEXT_H
#define QUANTIZE_CALIB_TEXT_H

#define CALIB_FIRST_LINE "edgec calibration 1"
/* A line of counts begins with one of these and the number of a bin. */
#define CALIB_COUNTED '@'
#define CALIB_WEIGHTED '*'

#endif
