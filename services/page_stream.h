// Pages from a thread that reads the database to a client that may be slower: at most two wait, then the reading thread does. A
// client that goes away, or takes no page for ten seconds, ends it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <grpcpp/support/server_callback.h>

namespace mes::services {

// Where a producer puts its pages.
template <typename Page>
class PageSink {
 public:
  // Blocks while two pages wait. False: nobody takes pages any more; stop.
  virtual bool operator()(Page page) = 0;

 protected:
  ~PageSink() = default;
};

template <typename Page>
class PageStream final : public grpc::ServerWriteReactor<Page>, public PageSink<Page> {
 public:
  static constexpr size_t kWaitingPages = 2;
  static constexpr auto kLongestStall = std::chrono::seconds(10);

  explicit PageStream(grpc::CallbackServerContext* context) : context_(context) {}
  // gRPC holds a bare pointer until OnDone; the producer may hold on longer. Both own it.
  void KeepUntilDone(std::shared_ptr<PageStream> self) { self_ = std::move(self); }

  bool operator()(Page page) override {
    std::unique_lock lock(mutex_);
    if (!taken_.wait_for(lock, kLongestStall, [&] { return gone_ || waiting_.size() < kWaitingPages; })) {
      GiveUp();
      // The write in flight would otherwise wait for the client for ever, and the finish for it.
      context_->TryCancel();
    }
    if (gone_) return false;
    has_pages_ = true;
    waiting_.push_back(std::move(page));
    WriteNext();
    return true;
  }

  // True once a page was taken.
  bool HasPages() {
    const std::lock_guard lock(mutex_);
    return has_pages_;
  }

  // No more pages; the status leaves after those that wait.
  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_.reset();
    if (!ok) GiveUp();
    taken_.notify_all();
    WriteNext();
  }
  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    GiveUp();
    taken_.notify_all();
  }
  void OnDone() override { const std::shared_ptr<PageStream> last = std::move(self_); }

 private:
  void GiveUp() {
    gone_ = true;
    waiting_.clear();
  }
  // One write in flight at a time; the finish comes when all is written. Called with the mutex held: gRPC's reactions to these
  // calls come from other threads.
  void WriteNext() {
    if (writing_ || finished_) return;
    if (!waiting_.empty()) {
      writing_ = std::move(waiting_.front());
      waiting_.pop_front();
      this->StartWrite(&*writing_);
    } else if (status_) {
      finished_ = true;
      this->Finish(*status_);
    }
  }

  grpc::CallbackServerContext* const context_;
  std::mutex mutex_;
  std::condition_variable taken_;
  std::deque<Page> waiting_;
  std::optional<Page> writing_;
  std::optional<grpc::Status> status_;
  bool has_pages_ = false;
  bool gone_ = false;
  bool finished_ = false;
  std::shared_ptr<PageStream> self_;
};

}  // namespace mes::services
