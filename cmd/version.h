/* version.h - the one place of the version number. */
#ifndef CMD_VERSION_H
#define CMD_VERSION_H

#define EDGEC_VERSION "0.1.0"

#endif
