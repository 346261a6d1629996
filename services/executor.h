// A bounded executor: as many threads as the pool has connections for calls, so that a handler that blocks on the database blocks
// nobody else's reactions.
#pragma once

#include <functional>
#include <memory>

namespace mes::services {

class Executor {
 public:
  // `queue_limit`: tasks that may wait; past it Submit refuses.
  Executor(int threads, size_t queue_limit);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  // False when the queue is full or the executor is draining; the task is then not run.
  bool Submit(std::function<void()> task);
  // Refuses new tasks, runs the waiting ones, joins.
  void Drain();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mes::services
