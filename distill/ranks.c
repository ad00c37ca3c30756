#include "distill/ranks.h"

#ifdef EDGEC_MPI

#include <mpi.h>
#include <string.h>

#define PIECE ((size_t)1 << 30) /* counts of MPI are ints */
#define TAG 1

Status ranks_begin(Error *err) {
  int level;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS)
    return fail(err, SYSTEM, "MPI does not start");
  if (level >= MPI_THREAD_SERIALIZED) return OK;
  MPI_Finalize();
  return fail(err, SYSTEM, "this MPI cannot be called from threads");
}

void ranks_end(void) {
  int is_begun = 0, is_ended = 0;
  MPI_Initialized(&is_begun);
  MPI_Finalized(&is_ended);
  if (is_begun && !is_ended) MPI_Finalize();
}

/* Also asked by what trains without ranks_begin(). */
static bool is_on(void) {
  int is_begun = 0;
  MPI_Initialized(&is_begun);
  return is_begun != 0;
}

int ranks_count(void) {
  int count = 1;
  if (is_on()) MPI_Comm_size(MPI_COMM_WORLD, &count);
  return count;
}

int ranks_own(void) {
  int own = 0;
  if (is_on()) MPI_Comm_rank(MPI_COMM_WORLD, &own);
  return own;
}

static int piece_of(size_t left) {
  return (int)(left < PIECE ? left : PIECE);
}

void ranks_send(const void *bytes, size_t size) {
  const char *next = bytes;
  for (size_t at = 0; at < size; at += PIECE)
    MPI_Send(next + at, piece_of(size - at), MPI_BYTE, 0, TAG, MPI_COMM_WORLD);
}

void ranks_receive(int from, void *bytes, size_t size) {
  char *next = bytes;
  for (size_t at = 0; at < size; at += PIECE)
    MPI_Recv(next + at, piece_of(size - at), MPI_BYTE, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

void ranks_broadcast(int from, void *bytes, size_t size) {
  char *next = bytes;
  if (ranks_count() == 1) return;
  for (size_t at = 0; at < size; at += PIECE)
    MPI_Bcast(next + at, piece_of(size - at), MPI_BYTE, from, MPI_COMM_WORLD);
}

static int least_of(int value) {
  int least = value;
  if (ranks_count() > 1) MPI_Allreduce(&value, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return least;
}

#else /* one process */

Status ranks_begin(Error *err) {
  (void)err;
  return OK;
}

void ranks_end(void) {}

int ranks_count(void) {
  return 1;
}

int ranks_own(void) {
  return 0;
}

void ranks_send(const void *bytes, size_t size) {
  (void)bytes;
  (void)size;
}

void ranks_receive(int from, void *bytes, size_t size) {
  (void)from;
  (void)bytes;
  (void)size;
}

void ranks_broadcast(int from, void *bytes, size_t size) {
  (void)from;
  (void)bytes;
  (void)size;
}

static int least_of(int value) {
  return value;
}

#endif

bool ranks_is_first(void) {
  return ranks_own() == 0;
}

bool ranks_any(bool flag) {
  return least_of(flag ? 0 : 1) == 0;
}

Status ranks_agree(Status status, Error *err) {
  int count = ranks_count();
  if (count == 1) return status;
  int first = least_of(status != OK ? ranks_own() : count);
  if (first == count) return OK;
  Error said = {0};
  if (first == ranks_own()) said = *err;
  said.status = first == ranks_own() ? status : OK;
  ranks_broadcast(first, &said, sizeof said);
  if (first == 0) {
    *err = said;
    return said.status;
  }
  return fail(err, said.status, "rank %d: %s", first, said.text);
}
