// SPDX-License-Identifier: Apache-2.0
#include "server/ops/server_metrics.h"

#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/ops/log.h"

namespace hexapla {
namespace {

using Families = std::vector<prometheus::MetricFamily>;
using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

constexpr std::array<const char*, 2> kLanes = {"cheap", "heavy"};

// Starts the family to which Add() then adds.
void Begin(Families& families, const char* name, MetricType type, const char* help) {
  families.push_back({.name = name, .help = help, .type = type, .metric = {}});
}

void Add(Families& families, double value, Labels labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (families.back().type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  families.back().metric.push_back(std::move(metric));
}

void AddOne(Families& families, const char* name, MetricType type, const char* help, double value) {
  Begin(families, name, type, help);
  Add(families, value);
}

template <typename T>
void AddLanes(Families& families, const char* name, MetricType type, const char* help,
              const std::array<T, 2>& values) {
  Begin(families, name, type, help);
  for (size_t lane = 0; lane < kLanes.size(); ++lane) {
    Add(families, static_cast<double>(values[lane]), {{"lane", kLanes[lane]}});
  }
}

void AddPool(const WorkerPool& pool, Families& families) {
  const WorkerPoolStats stats = pool.stats();
  AddLanes(families, "hexapla_queue_depth", MetricType::Gauge, "Work that waits for a worker",
           stats.queued);
  AddLanes(families, "hexapla_work_running", MetricType::Gauge, "Work that runs", stats.running);
  AddLanes(families, "hexapla_queue_cost_bytes", MetricType::Gauge,
           "Cost of the work that waits or runs, in bytes of request", stats.costs);
  AddOne(families, "hexapla_queue_cost_limit_bytes", MetricType::Gauge,
         "What hexapla_queue_cost_bytes may come to, --max_queue_cost",
         static_cast<double>(pool.cost_max()));
  AddLanes(families, "hexapla_work_completed_total", MetricType::Counter, "Work done",
           stats.completed);
  AddLanes(families, "hexapla_work_cost_bytes_total", MetricType::Counter, "Cost of the work done",
           stats.completed_cost);
  AddLanes(families, "hexapla_work_rejected_total", MetricType::Counter,
           "Work refused because too much was waiting", stats.rejected);
  AddOne(families, "hexapla_workers", MetricType::Gauge, "Threads that take any work",
         pool.workers());
}

void AddStreams(const StreamMemory& streams, Families& families) {
  AddOne(families, "hexapla_streams_bytes", MetricType::Gauge,
         "What all streams hold, of requests and unread replies",
         static_cast<double>(streams.held()));
  AddOne(families, "hexapla_streams_limit_bytes", MetricType::Gauge,
         "What hexapla_streams_bytes may come to, --max_streams_bytes",
         static_cast<double>(streams.bytes_max()));
  AddOne(families, "hexapla_streams_rejected_total", MetricType::Counter,
         "Sets, batches, heaps and replies of streams refused because all hold too much",
         static_cast<double>(streams.refused()));
  AddOne(families, "hexapla_streams_open", MetricType::Gauge, "Streams that are open",
         static_cast<double>(streams.streams()));
  AddOne(families, "hexapla_streams_open_limit", MetricType::Gauge,
         "What hexapla_streams_open may come to, --max_streams",
         static_cast<double>(streams.streams_max()));
  AddOne(families, "hexapla_streams_refused_total", MetricType::Counter,
         "Streams refused because too many are open",
         static_cast<double>(streams.streams_refused()));
}

void AddConnections(const ConnectionListener& listener, Families& families) {
  const ConnectionStats stats = listener.stats();
  AddOne(families, "hexapla_connections", MetricType::Gauge, "Connections that are open",
         stats.open);
  AddOne(families, "hexapla_connections_limit", MetricType::Gauge,
         "What hexapla_connections may come to", stats.open_max);
  AddOne(families, "hexapla_connections_refused_total", MetricType::Counter,
         "Connections closed at once because there were too many",
         static_cast<double>(stats.refused));
}

void AddModels(const ModelSet& models, Families& families) {
  Begin(families, "hexapla_model_info", MetricType::Gauge, "A model that serves; always 1");
  for (const ModelInfo& info : models.info()) {
    const absl::string_view kind = ModelKindName(info.kind);
    Add(families, 1,
        {{"kind", std::string(kind)},
         {"name", info.name},
         {"version", info.version},
         {"sha256", info.sha256}});
  }
}

// The fields of /proc/self/stat after the name, which may hold blanks; the first
// is the state, field 3 of proc(5).
std::vector<std::string> ReadProcStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t end_of_name = line.rfind(") ");
  if (end_of_name == std::string::npos) return {};
  return absl::StrSplit(line.substr(end_of_name + 2), ' ');
}

double Field(const std::vector<std::string>& stat, size_t number_in_proc5) {
  double value = 0;
  const size_t index = number_in_proc5 - 3;
  if (index >= stat.size() || !absl::SimpleAtod(stat[index], &value)) return 0;
  return value;
}

// When the machine started, in seconds since 1970.
double BootTime() {
  std::ifstream file("/proc/stat");
  std::string name;
  double value = 0;
  while (file >> name) {
    if (name == "btime" && file >> value) return value;
    std::getline(file, name);
  }
  return 0;
}

double OpenFiles() {
  std::error_code error;
  double count = 0;
  for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count;
}

void AddProcess(Families& families) {
  const std::vector<std::string> stat = ReadProcStat();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  AddOne(families, "process_cpu_seconds_total", MetricType::Counter, "Processor time taken",
         (Field(stat, 14) + Field(stat, 15)) / ticks);
  AddOne(families, "process_resident_memory_bytes", MetricType::Gauge, "Memory in use",
         Field(stat, 24) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  AddOne(families, "process_virtual_memory_bytes", MetricType::Gauge, "Address space in use",
         Field(stat, 23));
  AddOne(families, "process_threads", MetricType::Gauge, "Threads", Field(stat, 20));
  AddOne(families, "process_start_time_seconds", MetricType::Gauge,
         "When the process started, since 1970", BootTime() + Field(stat, 22) / ticks);
  AddOne(families, "process_open_fds", MetricType::Gauge, "File descriptors open", OpenFiles());
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  AddOne(families, "process_max_fds", MetricType::Gauge, "File descriptors that may be open",
         static_cast<double>(limit.rlim_cur));
}

}  // namespace

std::vector<prometheus::MetricFamily> ServerMetrics::Collect() const {
  Families families;
  Begin(families, "hexapla_build_info", MetricType::Gauge, "This program; always 1");
  Add(families, 1, {{"version", HEXAPLA_VERSION}, {"grpc", grpc::Version()}});
  AddPool(pool_, families);
  AddStreams(streams_, families);
  AddModels(*models_.Get(), families);
  AddConnections(listener_, families);
  if (tls_ != nullptr) {
    AddOne(families, "hexapla_tls_certificate_expiry_seconds", MetricType::Gauge,
           "When the certificate expires, since 1970",
           static_cast<double>(absl::ToUnixSeconds(tls_->not_after())));
  }
  AddOne(families, "hexapla_log_lines_dropped_total", MetricType::Counter,
         "Lines of the log that nobody took", static_cast<double>(LogLinesDropped()));
  AddOne(families, "hexapla_log_lines_left_out_total", MetricType::Counter,
         "Lines of the log left out because there were too many like them",
         static_cast<double>(LogLinesLeftOut()));
  AddOne(families, "hexapla_grpc_errors_total", MetricType::Counter,
         "Errors that gRPC told of, such as handshakes that failed",
         static_cast<double>(GrpcErrors()));
  AddProcess(families);
  return families;
}

}  // namespace hexapla
