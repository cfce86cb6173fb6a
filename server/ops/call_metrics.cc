// SPDX-License-Identifier: Apache-2.0
#include "server/ops/call_metrics.h"

#include <tuple>

#include "absl/strings/str_cat.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "hexapla/v1/embedding_service.pb.h"
#include "hexapla/v1/language_service.pb.h"
#include "hexapla/v1/model_service.pb.h"
#include "server/ops/status_name.h"

namespace hexapla {
namespace {

using prometheus::Histogram;

// The buckets that A66 names, of seconds and of bytes.
const Histogram::BucketBoundaries& Seconds() {
  static const auto& buckets = *new Histogram::BucketBoundaries{
      0,     0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004,
      0.005, 0.006,   0.008,   0.01,   0.013,  0.016,  0.02,   0.025, 0.03,  0.04,  0.05,
      0.065, 0.08,    0.1,     0.13,   0.16,   0.2,    0.25,   0.3,   0.4,   0.5,   0.65,
      0.8,   1,       2,       5,      10,     20,     50,     100};
  return buckets;
}

const Histogram::BucketBoundaries& Bytes() {
  static const auto& buckets = *new Histogram::BucketBoundaries{
      0,       1024,    2048,     4096,     16384,     65536,      262144,
      1048576, 4194304, 16777216, 67108864, 268435456, 1073741824, 4294967296};
  return buckets;
}

// A stage differs from its like by its order of magnitude or not at all.
const Histogram::BucketBoundaries& StageSeconds() {
  static const auto& buckets = *new Histogram::BucketBoundaries{
      0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300};
  return buckets;
}

prometheus::Family<Histogram>& AddHistogram(prometheus::Registry& registry, const char* name,
                                            const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

CallMetrics::CallMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      duration_(AddHistogram(*registry_, "grpc_server_call_duration_seconds",
                             "Time from a call's arrival to its end")),
      sent_(AddHistogram(*registry_, "grpc_server_call_sent_total_compressed_message_size_bytes",
                         "Bytes of the messages sent in a call")),
      received_(AddHistogram(*registry_,
                             "grpc_server_call_rcvd_total_compressed_message_size_bytes",
                             "Bytes of the messages received in a call")),
      stages_(AddHistogram(*registry_, "hexapla_stage_seconds",
                           "Time that a stage of a piece of work took")) {
  auto& started = prometheus::BuildCounter()
                      .Name("grpc_server_call_started_total")
                      .Help("Calls that arrived")
                      .Register(*registry_);
  auto& queued = AddHistogram(*registry_, "hexapla_call_queue_seconds",
                              "Time that the work of a call waited for a worker");
  auto& computed = AddHistogram(*registry_, "hexapla_call_compute_seconds",
                                "Time that a call's work took a worker");
  for (const google::protobuf::FileDescriptor* file :
       {v1::AlignDocumentsRequest::descriptor()->file(),
        v1::DetectLanguagesRequest::descriptor()->file(),
        v1::EmbedSentencesRequest::descriptor()->file(),
        v1::ListModelsRequest::descriptor()->file()}) {
    const google::protobuf::ServiceDescriptor& service = *file->service(0);
    for (int m = 0; m < service.method_count(); ++m) {
      const std::string name = absl::StrCat(service.full_name(), "/", service.method(m)->name());
      const prometheus::Labels labels = {{"grpc_method", name}};
      methods_.emplace(std::piecewise_construct, std::forward_as_tuple(name),
                       std::forward_as_tuple(started.Add(labels), queued.Add(labels, Seconds()),
                                             computed.Add(labels, Seconds())));
    }
  }
}

CallMetrics::~CallMetrics() {
  for (auto& [name, method] : methods_) {
    for (const auto& slot : method.ended) delete slot.load();
  }
}

void CallMetrics::CallStarted(absl::string_view method) {
  const auto found = methods_.find(std::string_view(method.data(), method.size()));
  if (found != methods_.end()) found->second.started.Increment();
}

void CallMetrics::WorkDone(absl::string_view method, const StageTimes& stages) {
  const auto found = methods_.find(std::string_view(method.data(), method.size()));
  if (found == methods_.end()) return;
  for (size_t s = 0; s < kStageCount; ++s) {
    if (stages[s] <= absl::ZeroDuration()) continue;
    std::atomic<Histogram*>& slot = found->second.stages[s];
    Histogram* histogram = slot.load(std::memory_order_acquire);
    if (histogram == nullptr) {
      // Adding the same labels twice gives the same histogram.
      histogram =
          &stages_.Add({{"grpc_method", found->first}, {"stage", StageName(static_cast<Stage>(s))}},
                       StageSeconds());
      slot.store(histogram, std::memory_order_release);
    }
    histogram->Observe(absl::ToDoubleSeconds(stages[s]));
  }
}

void CallMetrics::CallEnded(const CallSummary& call) {
  const auto found = methods_.find(std::string_view(call.method));
  if (found == methods_.end()) return;
  auto& [name, method] = *found;
  const Ended& ended = EndedOf(name, method, call.code);
  ended.duration.Observe(absl::ToDoubleSeconds(call.duration));
  ended.sent.Observe(static_cast<double>(call.sent_bytes));
  ended.received.Observe(static_cast<double>(call.received_bytes));
  method.queued.Observe(absl::ToDoubleSeconds(call.queued));
  method.computed.Observe(absl::ToDoubleSeconds(call.computed));
}

const CallMetrics::Ended& CallMetrics::EndedOf(const std::string& name, Method& method,
                                               grpc::StatusCode code) {
  std::atomic<const Ended*>& slot = method.ended[static_cast<size_t>(code) % method.ended.size()];
  if (const Ended* known = slot.load(std::memory_order_acquire)) return *known;
  // Adding the same labels twice gives the same histogram, so whoever loses the
  // race below has done no harm.
  const prometheus::Labels labels = {{"grpc_method", name}, {"grpc_status", StatusName(code)}};
  auto added = std::make_unique<const Ended>(Ended{.duration = duration_.Add(labels, Seconds()),
                                                   .sent = sent_.Add(labels, Bytes()),
                                                   .received = received_.Add(labels, Bytes())});
  const Ended* expected = nullptr;
  if (slot.compare_exchange_strong(expected, added.get())) return *added.release();
  return *expected;
}

}  // namespace hexapla
