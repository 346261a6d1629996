#include "services/executor.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace mes::services {

using Task = std::function<void()>;

struct Executor::State {
  State(int threads, size_t limit) : queue_limit(limit), most_long(std::max(1, threads - 1)) {
    for (int i = 0; i < std::max(1, threads); ++i) workers.emplace_back([this] { Work(); });
  }

  bool Submit(std::deque<Task>& lane, Task task) {
    {
      const std::lock_guard lock(mutex);
      if (draining || lane.size() >= queue_limit) return false;
      lane.push_back(std::move(task));
    }
    wake.notify_one();
    return true;
  }

  bool MayRunLong() const { return !long_tasks.empty() && running_long < most_long; }

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return !tasks.empty() || MayRunLong() || (draining && long_tasks.empty()); });
      if (!tasks.empty()) {
        Run(lock, tasks);
      } else if (MayRunLong()) {
        ++running_long;
        Run(lock, long_tasks);
        --running_long;
        // Somebody may wait for this lane's place, or for the end.
        wake.notify_all();
      } else {
        return;
      }
    }
  }

  static void Run(std::unique_lock<std::mutex>& lock, std::deque<Task>& lane) {
    Task task = std::move(lane.front());
    lane.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }

  const size_t queue_limit;
  const int most_long;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Task> tasks;
  std::deque<Task> long_tasks;
  int running_long = 0;
  bool draining = false;
  std::vector<std::thread> workers;
};

Executor::Executor(int threads, size_t queue_limit) : state_(std::make_unique<State>(threads, queue_limit)) {}
Executor::~Executor() { Drain(); }

bool Executor::Submit(Task task) { return state_->Submit(state_->tasks, std::move(task)); }
bool Executor::SubmitLong(Task task) { return state_->Submit(state_->long_tasks, std::move(task)); }

void Executor::Drain() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->draining = true;
  }
  state_->wake.notify_all();
  for (std::thread& worker : state_->workers) {
    if (worker.joinable()) worker.join();
  }
}

bool Executor::draining() const {
  const std::lock_guard lock(state_->mutex);
  return state_->draining;
}

}  // namespace mes::services
