// SPDX-License-Identifier: Apache-2.0
//
// One mutex guards the stream. gRPC never calls back from inside the calls made
// under it (StartRead, StartWrite, Finish), because the reactor is not inlined.
// A task of the pool holds the stream and its batch; the stream finishes only
// when no task is left, and lives until OnDone.
#include "server/service/detect_stream.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "hexapla/v1/language_service.pb.h"
#include "server/base/mutex.h"
#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/base/steady_clock.h"
#include "server/base/stop_condition.h"
#include "server/service/detect_languages.h"
#include "server/service/grpc_status.h"
#include "server/service/request_validation.h"
#include "server/service/stream_alarm.h"
#include "server/service/unary_call.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

using Request = v1::StreamDetectLanguagesRequest;
using Response = v1::StreamDetectLanguagesResponse;

constexpr size_t kRequestIdBytesMax = 128;
// What a batch costs the stream beside its texts.
constexpr size_t kBatchOverhead = 512;

absl::Status ValidateId(const std::string& id, bool is_known) {
  if (id.empty()) {
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "FIELD_MISSING", .field = "request_id"},
                        "request_id is required");
  }
  if (id.size() > kRequestIdBytesMax) {
    return RequestError(
        absl::StatusCode::kResourceExhausted,
        {.reason = "TEXT_TOO_LONG",
         .field = "request_id",
         .limit = absl::StrCat(kRequestIdBytesMax),
         .value = absl::StrCat(id.size())},
        absl::StrCat("request_id has ", id.size(), " bytes; the limit is ", kRequestIdBytesMax));
  }
  if (!is_known) return absl::OkStatus();
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = "STEP_OUT_OF_ORDER", .field = "request_id"},
                      "request_id is that of a batch without a reply");
}

absl::Status Validate(const Request& request, bool is_known, const ServiceLimits& limits,
                      const ModelSet& models) {
  const absl::Status id = ValidateId(request.request_id(), is_known);
  if (!id.ok()) return id;
  if (!request.has_batch()) {
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "FIELD_MISSING", .field = "batch"}, "batch is required");
  }
  return ValidateDetectLanguages(request.batch(), limits, models);
}

// A batch on its way through the pool.
struct Batch {
  Request request;
  std::shared_ptr<const ModelSet> models;
  int64_t cost = 0;
  absl::Time received;
};

class DetectStream final : public StreamReactor,
                           public DrainableStream,
                           public std::enable_shared_from_this<DetectStream> {
 public:
  DetectStream(MonitoredCall call, grpc::CallbackServerContext& context,
               const CurrentModels& models, WorkerPool& pool, const ServiceLimits& limits,
               std::shared_ptr<StreamMemory> memory)
      : call_(std::move(call)),
        context_(context),
        models_(models),
        pool_(pool),
        limits_(limits),
        deadline_(DeadlineOf(context)),
        hold_(std::move(memory)) {}

  // Lives from here to OnDone.
  void Start(StreamDrain& drain) {
    MutexLock lock(mutex_);
    self_ = shared_from_this();
    heard_ = SteadyNow();
    if (!call_.admitted().ok()) {
      End(call_.admitted());
    } else if (const absl::Status opened = hold_.Open(); !opened.ok()) {
      End(opened);
    } else if (!drain.Add(weak_from_this())) {
      draining_ = true;
    } else {
      WatchForStall();
    }
    Pump();
  }

  void OnReadDone(bool ok) override {
    Request request;
    const absl::Status parsed = ok ? ParseMessage(incoming_, request) : absl::OkStatus();
    std::shared_ptr<Batch> batch;
    {
      MutexLock lock(mutex_);
      reading_ = false;
      if (!ok || !parsed.ok()) half_closed_ = true;
      if (end_status_.ok()) end_status_ = parsed;
      heard_ = SteadyNow();
      if (!half_closed_ && !finished_) batch = Receive(std::move(request));
      incoming_.Clear();
      Pump();
    }
    if (batch != nullptr) Dispatch(std::move(batch));
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mutex_);
    writing_ = false;
    --unanswered_;
    unanswered_cost_ -= outbox_.front().cost;
    hold_.Give(outbox_.front().held);
    outbox_.pop_front();
    heard_ = SteadyNow();
    if (!ok) End(absl::CancelledError("the caller has gone"));
    Pump();
  }

  void OnCancel() override {
    MutexLock lock(mutex_);
    End(absl::CancelledError("the caller has gone"));
    Pump();
  }

  void OnDone() override {
    std::shared_ptr<DetectStream> self;
    MutexLock lock(mutex_);
    stall_alarm_.reset();
    self = std::move(self_);
  }

  void Drain() override {
    MutexLock lock(mutex_);
    draining_ = true;
    Pump();
  }

 private:
  struct Reply {
    grpc::ByteBuffer message;
    int64_t cost = 0;
    // Of StreamHold: the bytes of the message.
    size_t held = 0;
  };

  // What becomes of the message just read: a batch to be worked on, or null and
  // an error in the outbox.
  std::shared_ptr<Batch> Receive(Request request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    call_.AddReceived(incoming_.Length());
    ++unanswered_;
    auto batch = std::make_shared<Batch>();
    batch->request = std::move(request);
    batch->received = SteadyNow();
    batch->models = models_.Get();
    const absl::Status taken = Take(*batch);
    if (!taken.ok()) {
      AddReply(ErrorReply(IdOf(*batch), taken), /*cost=*/0);
      return nullptr;
    }
    unanswered_cost_ += batch->cost;
    running_ids_.insert(IdOf(*batch));
    return batch;
  }

  // Whether the batch can be worked on: it is then held.
  absl::Status Take(Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool is_known = running_ids_.contains(IdOf(batch));
    HEXAPLA_RETURN_IF_ERROR(Validate(batch.request, is_known, limits_, *batch.models));
    batch.cost = CostOf(batch.request.batch()).bytes;
    return hold_.Take(HeldBy(batch));
  }

  static size_t HeldBy(const Batch& batch) {
    return kBatchOverhead + static_cast<size_t>(batch.cost);
  }

  // Not under the mutex: small batches are answered here.
  void Dispatch(std::shared_ptr<Batch> batch) {
    const std::optional<WorkLane> lane = CostOf(batch->request.batch()).lane;
    if (!lane.has_value()) {
      Run(*batch);
      return;
    }
    const absl::Status admitted =
        pool_.Submit(*lane, batch->cost, [self = shared_from_this(), batch] { self->Run(*batch); });
    if (!admitted.ok()) Answer(*batch, ErrorReply(IdOf(*batch), AdmissionError(admitted)));
  }

  void Run(const Batch& batch) {
    const absl::Time started = SteadyNow();
    StageTimes stages = {};
    const absl::Time deadline = std::min(deadline_, batch.received + limits_.call_time_max);
    const CallContext call = {.stop = StopCondition(&cancelled_, deadline),
                              .received = batch.received,
                              .started = started,
                              .stages = &stages};
    absl::Status status = call.stop.Check();
    Response response;
    if (status.ok()) {
      response.set_request_id(IdOf(batch));
      status = RunDetectLanguages(batch.request.batch(), *batch.models, limits_, call,
                                  *response.mutable_batch());
    }
    {
      MutexLock lock(mutex_);
      call_.AddWork(started - batch.received, SteadyNow() - started, stages);
    }
    Answer(batch, status.ok() ? response : ErrorReply(IdOf(batch), status));
  }

  void Answer(const Batch& batch, const Response& response) {
    MutexLock lock(mutex_);
    running_ids_.erase(IdOf(batch));
    hold_.Give(HeldBy(batch));
    AddReply(response, batch.cost);
    Pump();
  }

  static const std::string& IdOf(const Batch& batch) { return batch.request.request_id(); }

  static Response ErrorReply(const std::string& id, const absl::Status& status) {
    Response response;
    response.set_request_id(std::string(TruncateUtf8(id, kRequestIdBytesMax)));
    *response.mutable_error() = ToRpcStatus(status);
    return response;
  }

  // To nobody, once the call is cancelled: the outbox then stays empty. A reply
  // that does not fit into the memory of all streams becomes the error that says so.
  void AddReply(const Response& response, int64_t cost) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (cancelled_.load(std::memory_order_relaxed)) return;
    Reply& reply = outbox_.emplace_back();
    reply.cost = cost;
    reply.message = ToBytes(response);
    reply.held = reply.message.Length();
    if (!response.has_error()) {
      const absl::Status held = hold_.Take(reply.held);
      if (held.ok()) return;
      reply.message = ToBytes(ErrorReply(response.request_id(), held));
      reply.held = reply.message.Length();
    }
    // The limits of the stream allow but a few errors.
    hold_.TakeAnyway(reply.held);
  }

  // No more of anything. The first reason stands.
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (end_status_.ok()) end_status_ = status;
    cancelled_.store(true, std::memory_order_relaxed);
    while (outbox_.size() > (writing_ ? 1 : 0)) {
      hold_.Give(outbox_.back().held);
      outbox_.pop_back();
    }
  }

  void WatchForStall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Idle for longer: looks now and then whether its place is wanted.
    const absl::Duration wait =
        std::max(heard_ + limits_.stream_stall_max - SteadyNow(), limits_.stream_stall_max / 4);
    stall_alarm_ = AlarmIn<DetectStream>(wait, weak_from_this(), [](DetectStream& stream) {
      MutexLock lock(stream.mutex_);
      stream.CheckForStall();
      stream.Pump();
    });
  }

  // A reply that nobody reads waits for the caller; so does an idle stream that takes
  // another's place.
  void CheckForStall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    const bool idle = running_ids_.empty() && outbox_.empty() && !writing_;
    if (!writing_ && !(idle && hold_.places_are_taken())) {
      if (!idle) heard_ = SteadyNow();
    } else if (SteadyNow() - heard_ >= limits_.stream_stall_max) {
      End(StreamStalled(limits_.stream_stall_max));
      if (writing_) CutOff(context_, end_status_);
      return;
    }
    WatchForStall();
  }

  // Does whatever can be done next.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    const bool cancelled = cancelled_.load(std::memory_order_relaxed);
    if (!writing_ && !outbox_.empty() && !cancelled) {
      writing_ = true;
      heard_ = SteadyNow();  // from now on it is the caller's turn
      call_.AddSent(outbox_.front().held);
      StartWrite(&outbox_.front().message);
    }
    const bool idle = running_ids_.empty() && outbox_.empty();
    if (idle && !writing_ && (half_closed_ || draining_ || cancelled)) {
      finished_ = true;
      const grpc::Status status =
          ToGrpcStatus(draining_ && !half_closed_ && !cancelled ? ShuttingDown() : end_status_);
      call_.End(status.error_code());
      Finish(status);
      return;
    }
    const bool has_room = unanswered_ < limits_.stream_batches_max &&
                          unanswered_cost_ < static_cast<int64_t>(limits_.stream_batches_bytes_max);
    if (!reading_ && has_room && !half_closed_ && !draining_ && !cancelled) {
      reading_ = true;
      StartRead(&incoming_);
    }
  }

  MonitoredCall call_ ABSL_GUARDED_BY(mutex_);
  // Valid until Finish.
  grpc::CallbackServerContext& context_;
  const CurrentModels& models_;
  WorkerPool& pool_;
  const ServiceLimits limits_;
  const absl::Time deadline_;
  std::atomic<bool> cancelled_ = false;

  Mutex mutex_;
  std::shared_ptr<DetectStream> self_ ABSL_GUARDED_BY(mutex_);
  // Read into by gRPC while reading_.
  grpc::ByteBuffer incoming_;
  // The first is being written while writing_.
  std::deque<Reply> outbox_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> running_ids_ ABSL_GUARDED_BY(mutex_);
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t unanswered_cost_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of all streams' memory: what the batches and the outbox take.
  StreamHold hold_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_status_ ABSL_GUARDED_BY(mutex_);

  // When the caller last sent or read something.
  absl::Time heard_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Alarm> stall_alarm_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

StreamReactor* StartDetectStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                 const CurrentModels& models, WorkerPool& pool,
                                 const ServiceLimits& limits, std::shared_ptr<StreamMemory> memory,
                                 StreamDrain& drain) {
  const auto stream = std::make_shared<DetectStream>(std::move(call), context, models, pool, limits,
                                                     std::move(memory));
  stream->Start(drain);
  return stream.get();
}

}  // namespace hexapla
