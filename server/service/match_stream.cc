// SPDX-License-Identifier: Apache-2.0
//
// A call's way: the heap comes in, waits for its turn in the pool, is matched,
// and the replies are written one at a time. It may end on every step of it.
//
// One mutex guards the stream. gRPC never calls back from inside the calls made
// under it (StartRead, StartWrite, Finish), because the reactor is not inlined.
// After Finish nothing of the call or the service may be touched, so whatever
// may come late (a task, an alarm) holds the stream itself and looks at
// finished_ first.
#include "server/service/match_stream.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "server/base/mutex.h"
#include "server/base/status_macros.h"
#include "server/base/steady_clock.h"
#include "server/service/grpc_status.h"
#include "server/service/proto_conversion.h"
#include "server/service/stream_alarm.h"
#include "server/service/unary_call.h"

namespace hexapla {
namespace {

using Request = v1::MatchDocumentsRequest;
using Response = v1::MatchDocumentsResponse;

absl::StatusOr<std::vector<grpc::ByteBuffer>> RunMatch(const MatchHeap& heap,
                                                       const ModelSet& models, WorkerPool& pool,
                                                       const CallContext& call) {
  HEXAPLA_RETURN_IF_ERROR(call.stop.Check());
  const DocumentMatcher matcher(models.identifier(), models.embedder(), models.weights());
  MatchOptions options = heap.Options();
  options.stages = call.stages;
  HEXAPLA_ASSIGN_OR_RETURN(const MatchedHeap matched,
                           matcher.Match(heap.Inputs(), options, call.stop, pool));
  std::vector<Response> replies = heap.Replies(matched);
  SetMetadata(models.DefaultsOf(
                  {ModelKind::kLanguageIdentifier, ModelKind::kEmbedding, ModelKind::kBeadWeights}),
              call.queued_for(), call.computed_for(),
              *replies.back().mutable_summary()->mutable_metadata());
  std::vector<grpc::ByteBuffer> bytes;
  for (const Response& reply : replies) bytes.push_back(ToBytes(reply));
  return bytes;
}

class MatchStream final : public StreamReactor,
                          public DrainableStream,
                          public std::enable_shared_from_this<MatchStream> {
 public:
  MatchStream(MonitoredCall call, grpc::CallbackServerContext& context, const CurrentModels& models,
              WorkerPool& pool, const ServiceLimits& limits, MatchMemory& memory,
              std::shared_ptr<StreamMemory> streams_memory)
      : call_(std::move(call)),
        context_(context),
        models_(models.Get()),
        pool_(pool),
        limits_(limits),
        deadline_(DeadlineOf(context)),
        heap_(std::in_place, limits, memory),
        hold_(std::move(streams_memory)) {}

  // Lives from here to OnDone.
  void Start(StreamDrain& drain) {
    MutexLock lock(mutex_);
    self_ = shared_from_this();
    heard_ = SteadyNow();
    if (!call_.admitted().ok()) {
      Abort(call_.admitted());
    } else if (const absl::Status opened = hold_.Open(); !opened.ok()) {
      Abort(opened);
    } else if (!drain.Add(weak_from_this())) {
      Abort(ShuttingDown());
    } else {
      WatchForStall();
    }
    Pump();
  }

  void OnReadDone(bool ok) override {
    Request message;
    const absl::Status parsed = ok ? ParseMessage(incoming_, message) : absl::OkStatus();
    MutexLock lock(mutex_);
    reading_ = false;
    heard_ = SteadyNow();
    if (!ok) {
      half_closed_ = true;
      received_ = SteadyNow();
    } else if (!ending_) {
      call_.AddReceived(incoming_.Length());
      absl::Status status = parsed;
      if (status.ok()) status = heap_->Add(std::move(message), *models_);
      if (status.ok()) status = hold_.Change(hold_.bytes(), heap_->bytes());
      if (!status.ok()) Abort(status);
    }
    incoming_.Clear();
    Pump();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mutex_);
    writing_ = false;
    outgoing_.Clear();
    heard_ = SteadyNow();
    if (!ok) Abort(absl::CancelledError("the caller has gone"));
    Pump();
  }

  void OnCancel() override {
    MutexLock lock(mutex_);
    Abort(absl::CancelledError("the caller has gone"));
    Pump();
  }

  void OnDone() override {
    std::shared_ptr<MatchStream> self;
    MutexLock lock(mutex_);
    stall_alarm_.reset();
    self = std::move(self_);
  }

  // A match under way is finished, within the grace of the shutdown.
  void Drain() override {
    MutexLock lock(mutex_);
    if (work_ == Work::kNone) Abort(ShuttingDown());
    Pump();
  }

 private:
  enum class Work { kNone, kSubmitted, kDone };

  void Submit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Status admitted =
        pool_.Submit(WorkLane::kHeavy, static_cast<int64_t>(heap_->bytes()),
                     [self = shared_from_this()] { self->Run(); });
    if (admitted.ok()) {
      work_ = Work::kSubmitted;
    } else {
      Abort(AdmissionError(admitted));
    }
  }

  // A task of the pool.
  void Run() {
    const absl::Time received = ReceivedAt();
    const absl::Time started = SteadyNow();
    StageTimes stages = {};
    const absl::Time deadline = std::min(deadline_, received + limits_.call_time_max);
    const CallContext call = {.stop = StopCondition(&cancelled_, deadline),
                              .received = received,
                              .started = started,
                              .stages = &stages};
    // Only this task uses the heap from here on.
    const absl::StatusOr<std::vector<grpc::ByteBuffer>> replies =
        RunMatch(HeapToRun(), *models_, pool_, call);

    MutexLock lock(mutex_);
    call_.AddWork(started - received, SteadyNow() - started, stages);
    work_ = Work::kDone;
    ForgetHeap();
    heard_ = SteadyNow();
    if (!replies.ok()) {
      Abort(replies.status());
    } else if (const absl::Status held = hold_.Take(LengthOf(*replies)); !held.ok()) {
      Abort(held);
    } else if (!ending_) {
      outbox_.assign(replies->begin(), replies->end());
    }
    Pump();
  }

  absl::Time ReceivedAt() {
    MutexLock lock(mutex_);
    return received_;
  }
  const MatchHeap& HeapToRun() {
    MutexLock lock(mutex_);
    return *heap_;
  }

  // No more of anything. The first reason stands.
  void Abort(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!ending_) end_status_ = status;
    ending_ = true;
    cancelled_ = true;
    outbox_.clear();
    if (work_ != Work::kSubmitted) ForgetHeap();
  }

  // And whatever else was held; only replies are from here on.
  void ForgetHeap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    heap_.reset();
    hold_.Give(hold_.bytes());
  }

  void WatchForStall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    stall_alarm_ = AlarmIn<MatchStream>(heard_ + limits_.stream_stall_max - SteadyNow(),
                                        weak_from_this(), [](MatchStream& stream) {
                                          MutexLock lock(stream.mutex_);
                                          stream.CheckForStall();
                                          stream.Pump();
                                        });
  }

  void CheckForStall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    if (!reading_ && !writing_) {
      heard_ = SteadyNow();  // it is our turn
    } else if (SteadyNow() - heard_ >= limits_.stream_stall_max) {
      Abort(StreamStalled(limits_.stream_stall_max));
      if (writing_) CutOff(context_, end_status_);
      return;
    }
    WatchForStall();
  }

  // Does whatever can be done now; called after every change.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    if (half_closed_ && !ending_ && work_ == Work::kNone) Submit();
    if (!writing_ && !outbox_.empty()) {
      outgoing_ = outbox_.front();
      outbox_.pop_front();
      call_.AddSent(outgoing_.Length());
      writing_ = true;
      StartWrite(&outgoing_);
    }
    if (!reading_ && !half_closed_ && !ending_) {
      reading_ = true;
      StartRead(&incoming_);
    }
    const bool answered = work_ == Work::kDone && outbox_.empty();
    if ((answered || ending_) && work_ != Work::kSubmitted && !writing_) {
      finished_ = true;
      const grpc::Status status = ToGrpcStatus(end_status_);
      call_.End(status.error_code());
      Finish(status);
    }
  }

  MonitoredCall call_ ABSL_GUARDED_BY(mutex_);
  // Valid until Finish.
  grpc::CallbackServerContext& context_;
  const std::shared_ptr<const ModelSet> models_;
  WorkerPool& pool_;
  const ServiceLimits& limits_;
  const absl::Time deadline_;
  std::atomic<bool> cancelled_ = false;

  Mutex mutex_;
  std::shared_ptr<MatchStream> self_ ABSL_GUARDED_BY(mutex_);
  // Until it is matched; while it is submitted only the task touches it.
  std::optional<MatchHeap> heap_ ABSL_GUARDED_BY(mutex_);
  Work work_ ABSL_GUARDED_BY(mutex_) = Work::kNone;
  absl::Time received_ ABSL_GUARDED_BY(mutex_);
  std::deque<grpc::ByteBuffer> outbox_ ABSL_GUARDED_BY(mutex_);
  // Of all streams' memory: the heap, and then the replies until the last has left.
  StreamHold hold_ ABSL_GUARDED_BY(mutex_);

  // Given to gRPC while reading_ and writing_.
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_status_ ABSL_GUARDED_BY(mutex_);

  // When the caller last sent or read something.
  absl::Time heard_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Alarm> stall_alarm_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

StreamReactor* StartMatchStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                const CurrentModels& models, WorkerPool& pool,
                                const ServiceLimits& limits, MatchMemory& memory,
                                std::shared_ptr<StreamMemory> streams_memory, StreamDrain& drain) {
  const auto stream = std::make_shared<MatchStream>(std::move(call), context, models, pool, limits,
                                                    memory, std::move(streams_memory));
  stream->Start(drain);
  return stream.get();
}

}  // namespace hexapla
