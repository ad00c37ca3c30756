/*
 * embed.c - the runtime by itself, as a device would use it: a file in memory, one arena, no allocation by
 * the runtime. Draws a vertical stroke and prints the ten scores and the digit that it is taken for.
 *
 *     edgec quantize examples/digits.onnx --data examples/digits.npz --uncompressed -o build/digits-raw.edge
 *     embed build/digits-raw.edge
 */
#include "runtime/edge.h"

#include <stdio.h>
#include <string.h>

#define FILE_ROOM (64 << 10)
#define ARENA_ROOM (32 << 10)
#define SIDE 28
#define DIGITS 10

/* On a device the file lies in flash and the arena is a static buffer. */
static _Alignas(EDGE_ALIGNMENT) unsigned char file[FILE_ROOM];
static _Alignas(EDGE_ALIGNMENT) unsigned char arena[ARENA_ROOM];

static void draw_stroke(float picture[SIDE * SIDE]) {
  memset(picture, 0, SIDE * SIDE * sizeof *picture);
  for (int row = 5; row < 23; row++)
    for (int column = 13; column < 16; column++) picture[row * SIDE + column] = 255.0f;
}

static int print_scores(const float scores[DIGITS]) {
  int best = 0;
  for (int digit = 0; digit < DIGITS; digit++) {
    printf("%d: %7.2f\n", digit, (double)scores[digit]);
    if (scores[digit] > scores[best]) best = digit;
  }
  printf("a vertical stroke is taken for a %d\n", best);
  return 0;
}

int main(int argc, char **argv) {
  FILE *input = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (input == NULL) return fprintf(stderr, "usage: embed FILE.edge\n"), 2;
  size_t bytes = fread(file, 1, sizeof file, input);
  fclose(input);

  EdgeModel model;
  EdgeStatus status = edge_load(&model, file, bytes);
  if (status == EDGE_OK && edge_arena_bytes(&model) > sizeof arena) status = EDGE_ARGUMENT;
  if (status == EDGE_OK) status = edge_self_test(&model, arena);
  if (status != EDGE_OK) return fprintf(stderr, "embed: %s\n", edge_status_text(status)), 3;

  float picture[SIDE * SIDE], scores[DIGITS];
  draw_stroke(picture);
  edge_set_input_f32(&model, 0, picture, arena);
  status = edge_run(&model, arena, NULL);
  if (status != EDGE_OK) return fprintf(stderr, "embed: %s\n", edge_status_text(status)), 3;
  edge_get_output_f32(&model, 0, arena, scores);
  return print_scores(scores);
}
