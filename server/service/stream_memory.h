// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_STREAM_MEMORY_H_
#define HEXAPLA_SERVER_SERVICE_STREAM_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"

namespace hexapla {

// What all streams of a server hold together, of every method: sets, batches and
// heaps that came, and replies that wait to be read; and how many streams there
// are, each of which costs gRPC and us about 20 KiB although it sends nothing. The
// limits of one stream say nothing about a thousand of them.
//
// Threads: every method may be called concurrently.
class StreamMemory {
 public:
  // Those of ServiceLimits: streams_bytes_max, streams_max.
  StreamMemory(size_t bytes_max, size_t streams_max)
      : bytes_max_(bytes_max), streams_max_(streams_max) {}

  // Whether so many more bytes fit; they are then held.
  bool Take(size_t bytes);
  void TakeAnyway(size_t bytes) { held_ += bytes; }
  void Give(size_t bytes) { held_ -= bytes; }

  size_t held() const { return held_.load(std::memory_order_relaxed); }
  size_t bytes_max() const { return bytes_max_; }
  bool is_full() const { return held() >= bytes_max_; }
  // How often Take said no.
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

  // Whether there is a place for one more stream; it is then taken.
  bool OpenStream();
  void CloseStream() { --streams_; }

  size_t streams() const { return streams_.load(std::memory_order_relaxed); }
  size_t streams_max() const { return streams_max_; }
  // How often OpenStream said no.
  uint64_t streams_refused() const { return streams_refused_.load(std::memory_order_relaxed); }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> held_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  const size_t streams_max_;
  std::atomic<size_t> streams_ = 0;
  std::atomic<uint64_t> streams_refused_ = 0;
};

// One stream's share of it, given back at its end.
// Threads: compatible.
class StreamHold {
 public:
  explicit StreamHold(std::shared_ptr<StreamMemory> memory) : memory_(std::move(memory)) {}
  ~StreamHold() {
    memory_->Give(bytes_);
    if (open_) memory_->CloseStream();
  }

  StreamHold(const StreamHold&) = delete;
  StreamHold& operator=(const StreamHold&) = delete;

  // Takes the stream's place among all, once, before anything is held. Errors:
  // ResourceExhausted with SERVER_OVERLOADED when there is none.
  absl::Status Open();

  // Holds so many bytes more. Errors: ResourceExhausted, and nothing is held, with
  // SERVER_OVERLOADED when there is no room for now, with LIMIT_EXCEEDED when there
  // never is.
  absl::Status Take(size_t bytes) { return Change(0, bytes); }
  // For the little that a stream needs in order to say so.
  void TakeAnyway(size_t bytes);
  // The same for a thing that took `from` and is to take `to`.
  absl::Status Change(size_t from, size_t to);
  // Requires: at most what is held.
  void Give(size_t bytes);

  size_t bytes() const { return bytes_; }
  // Whether there is no room for anything.
  bool memory_is_full() const { return memory_->is_full(); }
  // Whether all places are taken, so that others are refused.
  bool places_are_taken() const { return memory_->streams() >= memory_->streams_max(); }

 private:
  const std::shared_ptr<StreamMemory> memory_;
  size_t bytes_ = 0;
  bool open_ = false;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_STREAM_MEMORY_H_
