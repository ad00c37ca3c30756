#define _GNU_SOURCE /* sched_getaffinity */
#include "base/threads.h"

#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct Job {
  PoolBody body;
  void *context;
  size_t count;
  atomic_size_t next;
  atomic_bool stopped;
  pthread_mutex_t lock; /* of the two below */
  size_t failed_index;
  Error *err;
  Status status;
} Job;

typedef struct Worker {
  Pool *pool;
  pthread_t thread;
  int number;
} Worker;

struct Pool {
  int threads;
  Worker *workers; /* threads - 1: the caller is worker 0 */
  pthread_mutex_t lock;
  pthread_cond_t start, finish;
  Job *job;
  unsigned generation; /* counts jobs, so that a worker sees a new one */
  int running;
  bool closing;
};

int threads_available(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : count;
}

static void record_failure(Job *job, size_t index, Status status, const Error *err) {
  atomic_store(&job->stopped, true);
  pthread_mutex_lock(&job->lock);
  if (job->status == OK || index < job->failed_index) {
    job->status = status;
    job->failed_index = index;
    if (job->err != NULL) *job->err = *err;
  }
  pthread_mutex_unlock(&job->lock);
}

static void work_on(Job *job, int worker) {
  Error err = {0};
  while (!atomic_load(&job->stopped)) {
    size_t index = atomic_fetch_add(&job->next, 1);
    if (index >= job->count) return;
    Status status = job->body(job->context, index, worker, &err);
    if (status != OK) record_failure(job, index, status, &err);
  }
}

static void *worker_main(void *context) {
  Worker *worker = context;
  Pool *pool = worker->pool;
  unsigned seen = 0;
  pthread_mutex_lock(&pool->lock);
  while (true) {
    while (!pool->closing && pool->generation == seen) pthread_cond_wait(&pool->start, &pool->lock);
    if (pool->closing) break;
    seen = pool->generation;
    Job *job = pool->job;
    pthread_mutex_unlock(&pool->lock);
    work_on(job, worker->number);
    pthread_mutex_lock(&pool->lock);
    if (--pool->running == 0) pthread_cond_signal(&pool->finish);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

/* Workers that could not be started are done without: the results are the same. */
static void start_workers(Pool *pool, int threads) {
  pool->threads = 1;
  for (int i = 1; i < threads; i++) {
    Worker *worker = &pool->workers[i - 1];
    *worker = (Worker){.pool = pool, .number = i};
    if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) return;
    pool->threads++;
  }
}

Pool *pool_new(int threads, Error *err) {
  if (threads < 1) threads = 1;
  if (threads > THREADS_MAX) threads = THREADS_MAX;
  Pool *pool = calloc(1, sizeof *pool);
  Worker *workers = calloc((size_t)threads, sizeof *workers);
  if (pool == NULL || workers == NULL) {
    free(pool);
    free(workers);
    fail_memory(err);
    return NULL;
  }
  pool->workers = workers;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->start, NULL);
  pthread_cond_init(&pool->finish, NULL);
  start_workers(pool, threads);
  return pool;
}

void pool_free(Pool *pool) {
  if (pool == NULL) return;
  pthread_mutex_lock(&pool->lock);
  pool->closing = true;
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->lock);
  for (int i = 1; i < pool->threads; i++) pthread_join(pool->workers[i - 1].thread, NULL);
  pthread_cond_destroy(&pool->finish);
  pthread_cond_destroy(&pool->start);
  pthread_mutex_destroy(&pool->lock);
  free(pool->workers);
  free(pool);
}

int pool_workers(const Pool *pool) {
  return pool == NULL ? 1 : pool->threads;
}

static void run_together(Pool *pool, Job *job) {
  pthread_mutex_lock(&pool->lock);
  pool->job = job;
  pool->running = pool->threads - 1;
  pool->generation++;
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->lock);
  work_on(job, 0);
  pthread_mutex_lock(&pool->lock);
  while (pool->running > 0) pthread_cond_wait(&pool->finish, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

Status pool_for(Pool *pool, size_t count, PoolBody body, void *context, Error *err) {
  Job job = {.body = body, .context = context, .count = count, .err = err};
  pthread_mutex_init(&job.lock, NULL);
  if (pool == NULL || pool->threads == 1 || count < 2)
    work_on(&job, 0);
  else
    run_together(pool, &job);
  pthread_mutex_destroy(&job.lock);
  return job.status;
}
