/* cli_files.h - the small models and arrays that command-line tests take, right ones and broken ones. */
#ifndef TESTS_SUPPORT_CLI_FILES_H
#define TESTS_SUPPORT_CLI_FILES_H

/* Writes them all into `folder`. */
void make_cli_files(const char *folder);

#endif
