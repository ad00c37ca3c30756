/* cmd_version.c - edgec version */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/version.h"

#include <stdio.h>

static Status version_json(Error *err) {
  Text text = {0};
  Json json;
  json_begin(&json, &text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  json_object_end(&json);
  json_end(&json);
  Status status = text_status(&text, err);
  if (status == OK) fputs(text.bytes, stdout);
  text_free(&text);
  return status;
}

static Status version_run(const Options *options, Error *err) {
  if (options_flag(options, "json")) return version_json(err);
  puts("edgec " EDGEC_VERSION);
  return OK;
}

const Command command_version = {
    .name = "version",
    .brief = "prints the version",
    .usage = "[--json]",
    .options = {common_json_rows},
    .examples = {"edgec version"},
    .place = 91,
    .run = version_run,
};
