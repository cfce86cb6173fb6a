// SPDX-License-Identifier: Apache-2.0
#include "server/service/stream_memory.h"

#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"

namespace hexapla {

bool StreamMemory::Take(size_t bytes) {
  size_t held = held_.load(std::memory_order_relaxed);
  do {
    // Written as subtractions because the sums could overflow.
    if (held > bytes_max_ || bytes > bytes_max_ - held) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  return true;
}

bool StreamMemory::OpenStream() {
  size_t streams = streams_.load(std::memory_order_relaxed);
  do {
    if (streams >= streams_max_) {
      streams_refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!streams_.compare_exchange_weak(streams, streams + 1, std::memory_order_relaxed));
  return true;
}

absl::Status StreamHold::Open() {
  open_ = memory_->OpenStream();
  if (open_) return absl::OkStatus();
  const size_t limit = memory_->streams_max();
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = "SERVER_OVERLOADED",
                       .limit = absl::StrCat(limit),
                       .value = absl::StrCat(limit + 1)},
                      absl::StrCat("the server would have ", limit + 1,
                                   " open streams; its limit is ", limit, "; retry later"));
}

absl::Status StreamHold::Change(size_t from, size_t to) {
  if (to <= from) {
    Give(from - to);
    return absl::OkStatus();
  }
  if (memory_->Take(to - from)) {
    bytes_ += to - from;
    return absl::OkStatus();
  }
  const size_t limit = memory_->bytes_max();
  const bool never = to > limit;
  const size_t value = never ? to : memory_->held() + (to - from);
  return RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = never ? "LIMIT_EXCEEDED" : "SERVER_OVERLOADED",
       .limit = absl::StrCat(limit),
       .value = absl::StrCat(value)},
      absl::StrCat(never ? "this alone would take " : "all streams together would hold ", value,
                   " bytes; the limit of the server is ", limit, never ? "" : "; retry later"));
}

void StreamHold::TakeAnyway(size_t bytes) {
  memory_->TakeAnyway(bytes);
  bytes_ += bytes;
}

void StreamHold::Give(size_t bytes) {
  memory_->Give(bytes);
  bytes_ -= bytes;
}

}  // namespace hexapla
