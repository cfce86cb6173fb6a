// SPDX-License-Identifier: Apache-2.0
#include "server/ops/reload_thread.h"

#include <algorithm>
#include <utility>

namespace hexapla {

ReloadThread::ReloadThread(std::function<void()> reload_all, std::function<void()> reload_changed)
    : reload_all_(std::move(reload_all)),
      reload_changed_(std::move(reload_changed)),
      thread_([this] { Run(); }) {}

ReloadThread::~ReloadThread() {
  Ask(Wish::kEnd);
  thread_.join();
}

bool ReloadThread::is_busy() const {
  MutexLock lock(mutex_);
  return busy_;
}

void ReloadThread::Ask(Wish wish) {
  MutexLock lock(mutex_);
  wish_ = std::max(wish_, wish);
  asked_.NotifyOne();
}

ReloadThread::Wish ReloadThread::NextWish() {
  MutexLock lock(mutex_);
  busy_ = false;
  while (wish_ == Wish::kNone) asked_.Wait(mutex_);
  busy_ = wish_ != Wish::kEnd;
  return std::exchange(wish_, Wish::kNone);
}

void ReloadThread::Run() {
  while (true) {
    switch (NextWish()) {
      case Wish::kAll:
        reload_all_();
        break;
      case Wish::kEnd:
        return;
      default:
        reload_changed_();
    }
  }
}

}  // namespace hexapla
