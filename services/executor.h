// A bounded executor: as many threads as the pool has connections for calls, so that a handler that blocks on the database blocks
// nobody else's reactions. Streams of pages may take long; they run on all threads but one, so that short calls always get
// through.
#pragma once

#include <functional>
#include <memory>

namespace mes::services {

class Executor {
 public:
  // `queue_limit`: tasks of each lane that may wait; past it Submit refuses.
  Executor(int threads, size_t queue_limit);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  // False when the queue is full or the executor is draining; the task is then not run. A task must not throw.
  bool Submit(std::function<void()> task);
  // As Submit, for tasks that may run for seconds.
  bool SubmitLong(std::function<void()> task);
  // Refuses new tasks, runs the waiting ones, joins. May be called more than once, from one thread.
  void Drain();
  bool draining() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mes::services
