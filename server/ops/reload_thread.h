// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_RELOAD_THREAD_H_
#define HEXAPLA_SERVER_OPS_RELOAD_THREAD_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"

#include "server/base/mutex.h"

namespace hexapla {

// Reloads on a thread of its own: models take a while and disks may hang, and the
// signal that asks for the end must be heard meanwhile.
//
// Example: ReloadThread reloads([&] { reloader.ReloadAll(*server); },
//                               [&] { reloader.ReloadChanged(*server); });
//          reloads.ReloadAll();
//
// Threads: every method may be called concurrently.
class ReloadThread {
 public:
  // Both are called on the thread only, never at a time.
  ReloadThread(std::function<void()> reload_all, std::function<void()> reload_changed);
  // Waits for the reload under way; what else was asked for is dropped.
  ~ReloadThread();

  ReloadThread(const ReloadThread&) = delete;
  ReloadThread& operator=(const ReloadThread&) = delete;

  // Both return at once. What is asked for while a reload is under way is done after
  // it, once, and reloading all includes what has changed.
  void ReloadAll() { Ask(Wish::kAll); }
  void ReloadChanged() { Ask(Wish::kChanged); }

  // Whether a reload is under way.
  bool is_busy() const;

 private:
  // The greater includes the lesser.
  enum class Wish { kNone, kChanged, kAll, kEnd };

  void Ask(Wish wish);
  Wish NextWish();
  void Run();

  const std::function<void()> reload_all_;
  const std::function<void()> reload_changed_;
  mutable Mutex mutex_;
  CondVar asked_;
  Wish wish_ ABSL_GUARDED_BY(mutex_) = Wish::kNone;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_RELOAD_THREAD_H_
