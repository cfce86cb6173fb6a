// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_STREAM_DRAIN_H_
#define HEXAPLA_SERVER_SERVICE_STREAM_DRAIN_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "server/base/mutex.h"
#include "server/base/request_error.h"

namespace hexapla {

// What ends a stream when the server shuts down.
inline absl::Status ShuttingDown() {
  return RequestError(absl::StatusCode::kUnavailable, {.reason = "SERVER_NOT_READY"},
                      "the server is shutting down");
}

// A stream that can be asked to come to its end.
class DrainableStream {
 public:
  virtual ~DrainableStream() = default;

  // Asks for no more work, lets what runs finish, then ends with UNAVAILABLE.
  // Returns at once.
  virtual void Drain() = 0;
};

// The streams that a shutdown must end, for their callers would not: a unary
// call ends by itself, a stream may be open for hours.
//
// Threads: every method may be called concurrently.
class StreamDrain {
 public:
  // False once Drain() has begun: the stream must end by itself.
  bool Add(std::weak_ptr<DrainableStream> stream) {
    MutexLock lock(mutex_);
    if (draining_) return false;
    if (streams_.size() >= forget_at_) {
      streams_.erase(std::remove_if(streams_.begin(), streams_.end(),
                                    [](const auto& other) { return other.expired(); }),
                     streams_.end());
      forget_at_ = std::max<size_t>(16, 2 * streams_.size());
    }
    streams_.push_back(std::move(stream));
    return true;
  }

  void Drain() {
    std::vector<std::weak_ptr<DrainableStream>> streams;
    {
      MutexLock lock(mutex_);
      draining_ = true;
      streams.swap(streams_);
    }
    for (const auto& stream : streams) {
      if (const auto alive = stream.lock()) alive->Drain();
    }
  }

 private:
  Mutex mutex_;
  std::vector<std::weak_ptr<DrainableStream>> streams_ ABSL_GUARDED_BY(mutex_);
  // The number of streams at which those that are over are forgotten.
  size_t forget_at_ ABSL_GUARDED_BY(mutex_) = 16;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_STREAM_DRAIN_H_
