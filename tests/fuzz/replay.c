/* replay.c - main() for fuzz targets where no fuzzer is linked in: runs the files that it is given once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int replay(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return perror(path), EXIT_FAILURE;
  long size = ftell(file);
  uint8_t *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
  rewind(file);
  if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) return perror(path), EXIT_FAILURE;
  fclose(file);
  LLVMFuzzerTestOneInput(bytes, (size_t)size);
  free(bytes);
  return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (replay(argv[i]) != EXIT_SUCCESS) return EXIT_FAILURE;
  printf("%d files replayed\n", argc - 1);
  return EXIT_SUCCESS;
}
