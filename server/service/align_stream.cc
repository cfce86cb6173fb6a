// SPDX-License-Identifier: Apache-2.0
//
// A set's way: open (its parts come in), waiting (for its turn in the pool),
// running, and then its replies wait in the outbox to be written one at a time.
// It may fail on every step of it.
//
// One mutex guards the stream. gRPC never calls back from inside the calls made
// under it (StartRead, StartWrite, Finish), because the reactor is not inlined.
// After Finish nothing of the call or the service may be touched, so whatever
// may come late (a task, an alarm) holds the stream itself and looks at
// finished_ first.
#include "server/service/align_stream.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "server/base/mutex.h"
#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/base/steady_clock.h"
#include "server/service/document_parts.h"
#include "server/service/grpc_status.h"
#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/service/stream_alarm.h"
#include "server/service/unary_call.h"

namespace hexapla {
namespace {

using Request = v1::StreamAlignDocumentsRequest;
using Response = v1::StreamAlignDocumentsResponse;

constexpr size_t kRequestIdBytesMax = 128;
// Replies stay far under the 4 MiB that a gRPC client takes by default.
constexpr size_t kBeadChunkBytes = 256 << 10;
constexpr int kSentenceChunkSize = 4096;
// Smaller sets are done before a message about their progress is read.
constexpr size_t kProgressBytesMin = 256 << 10;
// Sets that failed while parts of them were still to come.
constexpr size_t kFailedIdsMax = 256;
// What a set costs the stream beside its text.
constexpr size_t kSetOverhead = 1024;
// Replies that a stream may keep although all streams together hold what they may:
// a few dozen errors.
constexpr size_t kOwnRepliesBytes = 16 << 10;
// Beyond one set per worker, so that none waits for the next.
constexpr int kSetsAhead = 2;

absl::Status OutOfOrder(absl::string_view complaint) {
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = "STEP_OUT_OF_ORDER", .field = "step"}, complaint);
}

absl::Status RequestIdTooLong(const std::string& id) {
  return RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = "TEXT_TOO_LONG",
       .field = "request_id",
       .limit = absl::StrCat(kRequestIdBytesMax),
       .value = absl::StrCat(id.size())},
      absl::StrCat("request_id has ", id.size(), " bytes; the limit is ", kRequestIdBytesMax));
}

absl::Status FieldMissing(absl::string_view field) {
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = "FIELD_MISSING", .field = std::string(field)},
                      absl::StrCat(field, " is required"));
}

Response ReplyTo(const std::string& id) {
  Response reply;
  reply.set_request_id(id);
  return reply;
}

grpc::ByteBuffer ErrorReply(const std::string& id, const absl::Status& status) {
  Response reply = ReplyTo(id);
  *reply.mutable_error() = ToRpcStatus(status);
  return ToBytes(reply);
}

void AddSentenceReplies(const std::string& id, int version,
                        google::protobuf::RepeatedPtrField<v1::Sentence>& sentences,
                        std::vector<Response>& replies) {
  v1::SentenceChunk* chunk = nullptr;
  for (int s = 0; s < sentences.size(); ++s) {
    if (s % kSentenceChunkSize == 0) {
      chunk = replies.emplace_back(ReplyTo(id)).mutable_sentences();
      chunk->set_version_index(version);
      chunk->set_first_sentence_index(s);
    }
    *chunk->add_sentences() = std::move(sentences[s]);
  }
  sentences.Clear();
}

void AddBeadReplies(const std::string& id, google::protobuf::RepeatedPtrField<v1::Bead>& beads,
                    std::vector<Response>& replies) {
  v1::BeadChunk* chunk = nullptr;
  size_t bytes = 0;
  for (v1::Bead& bead : beads) {
    if (chunk == nullptr || bytes >= kBeadChunkBytes) {
      chunk = replies.emplace_back(ReplyTo(id)).mutable_beads();
      bytes = 0;
    }
    bytes += bead.ByteSizeLong();
    *chunk->add_beads() = std::move(bead);
  }
}

// A finished set as the messages of the stream.
std::vector<grpc::ByteBuffer> ToReplies(const std::string& id,
                                        v1::AlignDocumentsResponse&& response) {
  std::vector<Response> replies;
  v1::AlignmentSummary& summary = *response.mutable_summary();
  for (int v = 0; v < summary.versions_size(); ++v) {
    AddSentenceReplies(id, v, *summary.mutable_versions(v)->mutable_sentences(), replies);
  }
  AddBeadReplies(id, *response.mutable_beads(), replies);
  *replies.emplace_back(ReplyTo(id)).mutable_summary() = std::move(summary);
  std::vector<grpc::ByteBuffer> bytes;
  for (const Response& reply : replies) bytes.push_back(ToBytes(reply));
  return bytes;
}

// A set that has no last reply yet.
struct Set {
  enum class Stage { kOpen, kWaiting, kRunning };

  explicit Set(std::string set_id) : id(std::move(set_id)) {}

  const std::string id;
  Stage stage = Stage::kOpen;
  // While it is open, and of a set that came in parts until it runs.
  std::optional<DocumentParts> parts;
  v1::AlignDocumentsRequest request;
  std::shared_ptr<const ModelSet> models;
  size_t bytes = 0;
  // Of StreamHold.
  size_t held = 0;
  absl::Time received;
  // Nobody waits for it any more.
  std::atomic<bool> cancelled = false;
};

class AlignStream final : public StreamReactor,
                          public DrainableStream,
                          public std::enable_shared_from_this<AlignStream> {
 public:
  AlignStream(MonitoredCall call, grpc::CallbackServerContext& context, const CurrentModels& models,
              WorkerPool& pool, const ServiceLimits& limits, const AlignFunction& align,
              std::shared_ptr<StreamMemory> memory)
      : call_(std::move(call)),
        context_(context),
        models_(models),
        pool_(pool),
        limits_(limits),
        align_(align),
        deadline_(DeadlineOf(context)),
        running_max_(pool.workers() + kSetsAhead),
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
      End(ShuttingDown());
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
    if (!ok) {
      HalfClose(OutOfOrder("the caller closed the stream before the set's end"));
    } else if (!ending_) {
      heard_ = SteadyNow();
      call_.AddReceived(incoming_.Length());
      if (parsed.ok()) {
        Receive(message);
      } else {
        end_status_ = parsed;
        HalfClose(parsed);
      }
    }
    incoming_.Clear();
    Pump();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mutex_);
    writing_ = false;
    outbox_bytes_ -= outgoing_bytes_;
    hold_.Give(outgoing_bytes_);
    outgoing_.Clear();
    if (ok) {
      heard_ = SteadyNow();
    } else {
      Abort(absl::CancelledError("the caller has gone"));
    }
    Pump();
  }

  void OnCancel() override {
    MutexLock lock(mutex_);
    Abort(absl::CancelledError("the caller has gone"));
    Pump();
  }

  void OnDone() override {
    std::shared_ptr<AlignStream> self;
    MutexLock lock(mutex_);
    stall_alarm_.reset();
    self = std::move(self_);
  }

  void Drain() override {
    MutexLock lock(mutex_);
    if (ending_) return;
    const bool nothing_lost = half_closed_ && waiting_.empty();
    End(nothing_lost ? absl::OkStatus() : ShuttingDown());
    Pump();
  }

 private:
  // --- What comes in.

  void Receive(Request& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::string& id = message.request_id();
    if (id.empty()) {
      Abort(FieldMissing("request_id"));
      return;
    }
    // Neither kept nor echoed whole.
    if (id.size() > kRequestIdBytesMax) {
      Send(ErrorReply(std::string(TruncateUtf8(id, kRequestIdBytesMax)), RequestIdTooLong(id)));
      return;
    }
    const auto found = sets_.find(id);
    const std::shared_ptr<Set> known = found == sets_.end() ? nullptr : found->second;
    const absl::Status status = Take(id, known, message);
    if (!status.ok()) Fail(id, known, status);
  }

  // Performs one step; on an error the set it belongs to fails.
  absl::Status Take(const std::string& id, const std::shared_ptr<Set>& known, Request& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    switch (message.step_case()) {
      case Request::kDocuments:
        return TakeDocuments(id, known, std::move(*message.mutable_documents()));
      case Request::kOpen:
        return TakeOpen(id, known, std::move(*message.mutable_open()));
      case Request::kChunk:
        return TakeChunk(id, known, std::move(*message.mutable_chunk()));
      case Request::kEnd:
        return TakeEnd(id, known);
      case Request::kCancel:
        failed_ids_.erase(id);
        return known == nullptr ? absl::OkStatus()
                                : absl::CancelledError("the caller cancelled the set");
      case Request::STEP_NOT_SET:
        break;
    }
    return FieldMissing("step");
  }

  absl::Status CheckNew(const std::string& id, const std::shared_ptr<Set>& known)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (known != nullptr) return OutOfOrder("request_id belongs to a set that is not finished");
    failed_ids_.erase(id);
    return absl::OkStatus();
  }

  absl::Status TakeDocuments(const std::string& id, const std::shared_ptr<Set>& known,
                             v1::AlignDocumentsRequest&& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    HEXAPLA_RETURN_IF_ERROR(CheckNew(id, known));
    auto set = std::make_shared<Set>(id);
    set->models = models_.Get();
    HEXAPLA_RETURN_IF_ERROR(ValidateAlignDocuments(request, limits_, *set->models));
    set->request = std::move(request);
    set->bytes = static_cast<size_t>(TextBytes(set->request));
    HEXAPLA_RETURN_IF_ERROR(Hold(*set));
    sets_.emplace(id, set);
    Queue(set);
    return absl::OkStatus();
  }

  absl::Status TakeOpen(const std::string& id, const std::shared_ptr<Set>& known,
                        v1::OpenDocuments&& open) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::Status status = CheckNew(id, known);
    auto set = std::make_shared<Set>(id);
    if (status.ok() && open_sets_ >= limits_.stream_sets_max) {
      status = TooMuchOpen("sets", open_sets_ + 1, limits_.stream_sets_max);
    }
    if (status.ok()) {
      set->models = models_.Get();
      set->parts.emplace(limits_);
      status = set->parts->Open(std::move(open), *set->models);
    }
    if (status.ok()) status = Hold(*set);
    if (!status.ok()) {
      RememberFailed(id);  // its parts are on their way
      return status;
    }
    ++open_sets_;
    sets_.emplace(id, set);
    return CountOpen(*set);
  }

  absl::Status TakeChunk(const std::string& id, const std::shared_ptr<Set>& known,
                         v1::DocumentChunk&& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failed_ids_.contains(id)) return absl::OkStatus();
    if (known == nullptr) return OutOfOrder("a chunk came for a set that is not open");
    if (known->stage != Set::Stage::kOpen) return OutOfOrder("a chunk came after the set's end");
    HEXAPLA_RETURN_IF_ERROR(known->parts->Add(std::move(chunk)));
    return CountOpen(*known);
  }

  absl::Status TakeEnd(const std::string& id, const std::shared_ptr<Set>& known)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failed_ids_.erase(id) > 0) return absl::OkStatus();
    if (known == nullptr) return OutOfOrder("an end came for a set that is not open");
    if (known->stage != Set::Stage::kOpen) return OutOfOrder("a second end came for the set");
    --open_sets_;
    open_bytes_ -= known->bytes;
    Queue(known);
    return absl::OkStatus();
  }

  // Brings the count of bytes up to date. One set alone is bounded by the limits
  // of a document.
  absl::Status CountOpen(Set& set) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    open_bytes_ += set.parts->bytes() - set.bytes;
    set.bytes = set.parts->bytes();
    HEXAPLA_RETURN_IF_ERROR(Hold(set));
    if (open_bytes_ <= limits_.stream_bytes_max || open_bytes_ == set.bytes) {
      return absl::OkStatus();
    }
    return TooMuchOpen("bytes", open_bytes_, limits_.stream_bytes_max);
  }

  // The same for all streams together. What is held stays as it was on an error.
  absl::Status Hold(Set& set) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t needed = kSetOverhead + set.bytes;
    HEXAPLA_RETURN_IF_ERROR(hold_.Change(set.held, needed));
    set.held = needed;
    return absl::OkStatus();
  }

  // Of a set that is to be forgotten.
  void LetGo(Set& set) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    hold_.Give(std::exchange(set.held, 0));
  }

  static absl::Status TooMuchOpen(absl::string_view unit, size_t value, size_t limit) {
    return RequestError(
        absl::StatusCode::kResourceExhausted,
        {.reason = "LIMIT_EXCEEDED",
         .field = "open",
         .limit = absl::StrCat(limit),
         .value = absl::StrCat(value)},
        absl::StrCat("the open sets of the stream are ", value, " ", unit, "; the limit is ", limit,
                     ": end some before you open others"));
  }

  // The last reply of a set is an error. `known` is null if there was no such set.
  void Fail(const std::string& id, const std::shared_ptr<Set>& known, const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // A set may fail in the step that made it known.
    const auto found = sets_.find(id);
    const std::shared_ptr<Set> set = found == sets_.end() ? known : found->second;
    Send(ErrorReply(id, status));
    if (set == nullptr) return;
    set->cancelled = true;
    sets_.erase(id);
    if (set->stage == Set::Stage::kOpen) {
      --open_sets_;
      open_bytes_ -= set->bytes;
      LetGo(*set);
      RememberFailed(id);
    } else if (set->stage == Set::Stage::kWaiting) {
      waiting_.erase(std::find(waiting_.begin(), waiting_.end(), set));
      Release(*set);
    }
  }

  void RememberFailed(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failed_ids_.size() >= kFailedIdsMax) {
      const auto oldest =
          std::min_element(failed_ids_.begin(), failed_ids_.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      failed_ids_.erase(oldest);
    }
    failed_ids_[id] = ++failures_;
  }

  // Fails the sets that have not ended with `why`.
  void HalfClose(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    half_closed_ = true;
    std::vector<std::shared_ptr<Set>> open;
    for (const auto& [id, set] : sets_) {
      if (set->stage == Set::Stage::kOpen) open.push_back(set);
    }
    for (const auto& set : open) Fail(set->id, set, why);
  }

  // --- Work.

  void Queue(const std::shared_ptr<Set>& set) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    set->stage = Set::Stage::kWaiting;
    set->received = SteadyNow();
    ++started_sets_;
    started_bytes_ += set->bytes;
    waiting_.push_back(set);
    SendProgress(*set, v1::AlignmentProgress::STAGE_QUEUED);
  }

  // Frees what a set that waited or ran took of the limits.
  void Release(Set& set) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    --started_sets_;
    started_bytes_ -= set.bytes;
    LetGo(set);
  }

  void SubmitWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (!waiting_.empty() && running_ < running_max_ &&
           outbox_bytes_ < limits_.stream_replies_bytes_max) {
      const std::shared_ptr<Set> set = waiting_.front();
      const absl::Status admitted = pool_.Submit(
          WorkLane::kHeavy, static_cast<int64_t>(set->bytes),
          [self = shared_from_this(), set] { self->Run(*set); },
          [self = shared_from_this()] { self->LeavePool(); });
      if (absl::IsResourceExhausted(admitted)) {
        if (running_ > 0) return;  // the end of a set of our own is the time to ask again
        Fail(set->id, set, AdmissionError(admitted));
        continue;
      }
      if (!admitted.ok()) {
        Abort(AdmissionError(admitted));
        return;
      }
      waiting_.pop_front();
      set->stage = Set::Stage::kRunning;
      ++running_;
    }
  }

  // A task of the pool.
  void Run(Set& set) {
    {
      MutexLock lock(mutex_);
      if (!set.cancelled) SendProgress(set, v1::AlignmentProgress::STAGE_READING);
      Pump();
    }
    v1::AlignDocumentsResponse response;
    const absl::Time started = SteadyNow();
    StageTimes stages = {};
    const absl::Status status = Align(set, started, stages, response);
    const absl::Duration computed = SteadyNow() - started;
    std::vector<grpc::ByteBuffer> replies;
    if (status.ok()) {
      replies = ToReplies(set.id, std::move(response));
    } else {
      replies.push_back(ErrorReply(set.id, status));
    }
    set.request.Clear();
    set.models = nullptr;

    MutexLock lock(mutex_);
    call_.AddWork(started - set.received, computed, stages);
    Release(set);
    if (!set.cancelled) {
      sets_.erase(set.id);
      SendAll(set.id, replies);
    }
    Pump();
  }

  // When the pool has room for as much again.
  void LeavePool() {
    MutexLock lock(mutex_);
    --running_;
    Pump();
  }

  absl::Status Align(Set& set, absl::Time started, StageTimes& stages,
                     v1::AlignDocumentsResponse& response) const {
    const absl::Time deadline = std::min(deadline_, set.received + limits_.call_time_max);
    const CallContext call = {.stop = StopCondition(&set.cancelled, deadline),
                              .received = set.received,
                              .started = started,
                              .stages = &stages,
                              .parallel = &pool_};
    HEXAPLA_RETURN_IF_ERROR(call.stop.Check());
    if (set.parts.has_value()) {
      absl::StatusOr<v1::AlignDocumentsRequest> request = (*std::move(set.parts)).End();
      set.parts.reset();
      HEXAPLA_RETURN_IF_ERROR(request.status());
      set.request = *std::move(request);
      HEXAPLA_RETURN_IF_ERROR(ValidateAlignDocuments(set.request, limits_, *set.models));
    }
    return RunAlignDocuments(set.request, *set.models, limits_, align_, call, response);
  }

  // --- What goes out.

  // Small replies, of which HasRoom() bounds the number.
  void Send(const grpc::ByteBuffer& reply) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    hold_.TakeAnyway(reply.Length());
    outbox_bytes_ += reply.Length();
    outbox_.push_back(reply);
  }

  // The last replies of a set, or the error that they do not fit.
  void SendAll(const std::string& id, const std::vector<grpc::ByteBuffer>& replies)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t length = LengthOf(replies);
    const absl::Status held = hold_.Take(length);
    if (!held.ok()) {
      Send(ErrorReply(id, held));
      return;
    }
    outbox_bytes_ += length;
    outbox_.insert(outbox_.end(), replies.begin(), replies.end());
  }

  void SendProgress(const Set& set, v1::AlignmentProgress::Stage stage)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (set.bytes < kProgressBytesMin || ending_) return;
    Response reply = ReplyTo(set.id);
    reply.mutable_progress()->set_stage(stage);
    Send(ToBytes(reply));
  }

  // --- The end.

  // No more sets: those that run are finished, the others get no reply. The first
  // reason stands.
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!ending_ && end_status_.ok()) end_status_ = status;
    ending_ = true;
    for (auto set = sets_.begin(); set != sets_.end();) {
      const auto here = set++;
      if (here->second->stage == Set::Stage::kRunning) continue;
      here->second->cancelled = true;
      LetGo(*here->second);
      sets_.erase(here);
    }
    waiting_.clear();
  }

  // No more of anything.
  void Abort(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    End(status);
    for (const auto& [id, set] : sets_) set->cancelled = true;
    sets_.clear();
    outbox_.clear();
    const size_t written = writing_ ? outgoing_bytes_ : 0;
    hold_.Give(outbox_bytes_ - written);
    outbox_bytes_ = written;
  }

  void WatchForStall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Idle for longer: looks now and then whether its place is wanted.
    const absl::Duration wait =
        std::max(heard_ + limits_.stream_stall_max - SteadyNow(), limits_.stream_stall_max / 4);
    stall_alarm_ = AlarmIn<AlignStream>(wait, weak_from_this(), [](AlignStream& s) {
      MutexLock lock(s.mutex_);
      s.CheckForStall();
      s.Pump();
    });
  }

  void CheckForStall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    // An idle stream may stay as long as it takes nobody's place.
    const bool idle = sets_.empty() && outbox_.empty() && !writing_;
    const bool waits_for_caller =
        writing_ || (open_sets_ > 0 && started_sets_ == 0) || (idle && hold_.places_are_taken());
    if (!waits_for_caller) {
      if (!idle) heard_ = SteadyNow();
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
    if (!ending_) SubmitWaiting();
    if (!writing_ && !outbox_.empty()) {
      outgoing_ = outbox_.front();
      outbox_.pop_front();
      outgoing_bytes_ = outgoing_.Length();
      call_.AddSent(outgoing_bytes_);
      writing_ = true;
      heard_ = SteadyNow();  // from now on it is the caller's turn
      StartWrite(&outgoing_);
    }
    if (!reading_ && !half_closed_ && !ending_ && HasRoom()) {
      reading_ = true;
      StartRead(&incoming_);
    }
    if ((half_closed_ || ending_) && sets_.empty() && !writing_) {
      finished_ = true;
      const grpc::Status status = ToGrpcStatus(end_status_);
      call_.End(status.error_code());
      Finish(status);
    }
  }

  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t replies_max =
        hold_.memory_is_full() ? kOwnRepliesBytes : limits_.stream_replies_bytes_max;
    return started_sets_ < limits_.stream_sets_max && started_bytes_ < limits_.stream_bytes_max &&
           outbox_bytes_ < replies_max;
  }

  MonitoredCall call_ ABSL_GUARDED_BY(mutex_);
  // Valid until Finish.
  grpc::CallbackServerContext& context_;
  const CurrentModels& models_;
  WorkerPool& pool_;

  const ServiceLimits limits_;
  const AlignFunction align_;
  const absl::Time deadline_;
  const int running_max_;

  Mutex mutex_;
  std::shared_ptr<AlignStream> self_ ABSL_GUARDED_BY(mutex_);
  // Given to gRPC while reading_ and writing_.
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  size_t outgoing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;

  // All sets without a last reply, by id; those that wait, in order.
  absl::flat_hash_map<std::string, std::shared_ptr<Set>> sets_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Set>> waiting_ ABSL_GUARDED_BY(mutex_);
  // Whose further parts are dropped, with the number of the failure.
  absl::flat_hash_map<std::string, uint64_t> failed_ids_ ABSL_GUARDED_BY(mutex_);
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t open_sets_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t open_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Waiting or in the pool.
  size_t started_sets_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t started_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // In the pool.
  int running_ ABSL_GUARDED_BY(mutex_) = 0;

  // Replies to write, and their bytes with those of the one being written.
  std::deque<grpc::ByteBuffer> outbox_ ABSL_GUARDED_BY(mutex_);
  size_t outbox_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of all streams' memory: what the sets and the outbox take.
  StreamHold hold_ ABSL_GUARDED_BY(mutex_);

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

StreamReactor* StartAlignStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                const CurrentModels& models, WorkerPool& pool,
                                const ServiceLimits& limits, const AlignFunction& align,
                                std::shared_ptr<StreamMemory> memory, StreamDrain& drain) {
  const auto stream = std::make_shared<AlignStream>(std::move(call), context, models, pool, limits,
                                                    align, std::move(memory));
  stream->Start(drain);
  return stream.get();
}

}  // namespace hexapla
