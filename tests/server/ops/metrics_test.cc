// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/ops/call_metrics.h"
#include "server/ops/metrics_endpoint.h"
#include "server/ops/server_metrics.h"
#include "tests/server/service/test_models.h"
#include "tests/testing/temporary_directory.h"

namespace hexapla {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kDetect[] = "hexapla.v1.LanguageService/DetectLanguages";

std::string Scrape(const prometheus::Collectable& source) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, source.Collect());
  return out.str();
}

TEST(CallMetricsTest, CountsCallsByMethodAndStatus) {
  CallMetrics metrics;
  for (int i = 0; i < 3; ++i) metrics.CallStarted(kDetect);
  CallSummary call = {.method = kDetect,
                      .duration = absl::Milliseconds(2),
                      .queued = absl::Milliseconds(1),
                      .computed = absl::Milliseconds(1),
                      .received_bytes = 100,
                      .sent_bytes = 5000};
  metrics.CallEnded(call);
  metrics.CallEnded(call);
  call.code = grpc::StatusCode::INVALID_ARGUMENT;
  metrics.CallEnded(call);

  const std::string text = Scrape(*metrics.collectable());
  const std::string labels = absl::StrCat("{grpc_method=\"", kDetect, "\"");
  for (const std::string& line : std::vector<std::string>{
           absl::StrCat("grpc_server_call_started_total", labels, "} 3"),
           absl::StrCat("grpc_server_call_duration_seconds_count", labels,
                        ",grpc_status=\"OK\"} 2"),
           absl::StrCat("grpc_server_call_duration_seconds_count", labels,
                        ",grpc_status=\"INVALID_ARGUMENT\"} 1"),
           absl::StrCat("grpc_server_call_sent_total_compressed_message_size_bytes_sum", labels,
                        ",grpc_status=\"OK\"} 10000"),
           absl::StrCat("grpc_server_call_rcvd_total_compressed_message_size_bytes_sum", labels,
                        ",grpc_status=\"OK\"} 200"),
           absl::StrCat("hexapla_call_queue_seconds_count", labels, "} 3"),
           absl::StrCat("hexapla_call_compute_seconds_count", labels, "} 3")}) {
    EXPECT_THAT(text, HasSubstr(line + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("DEADLINE_EXCEEDED")));
}

TEST(CallMetricsTest, EveryMethodIsThereFromTheStartAndNoOtherEver) {
  CallMetrics metrics;
  metrics.CallStarted("made.up.Service/Method");
  metrics.CallEnded({.method = "made.up.Service/Method"});
  const std::string text = Scrape(*metrics.collectable());
  for (const char* method : {"AlignmentService/AlignDocuments", "AlignmentService/MatchDocuments",
                             "EmbeddingService/EmbedSentences", "ModelService/GetModel"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("started_total{grpc_method=\"hexapla.v1.", method,
                                             "\"} 0\n")));
  }
  EXPECT_THAT(text, Not(HasSubstr("made.up")));
}

TEST(CallMetricsTest, TimesTheStagesThatWorkEntered) {
  CallMetrics metrics;
  StageTimes stages = {};
  stages[static_cast<size_t>(Stage::kEmbed)] = absl::Milliseconds(20);
  stages[static_cast<size_t>(Stage::kAlign)] = absl::Milliseconds(2);
  metrics.WorkDone(kDetect, stages);
  metrics.WorkDone(kDetect, stages);
  metrics.WorkDone("made.up.Service/Method", stages);
  const std::string text = Scrape(*metrics.collectable());
  const std::string labels = absl::StrCat("{grpc_method=\"", kDetect, "\",stage=");
  for (const char* line : {"hexapla_stage_seconds_count", "hexapla_stage_seconds_sum",
                           "hexapla_stage_seconds_bucket"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, labels)));
  }
  EXPECT_THAT(text,
              HasSubstr(absl::StrCat("hexapla_stage_seconds_count", labels, "\"embed\"} 2\n")));
  EXPECT_THAT(text,
              HasSubstr(absl::StrCat("hexapla_stage_seconds_sum", labels, "\"embed\"} 0.04")));
  EXPECT_THAT(text,
              HasSubstr(absl::StrCat("hexapla_stage_seconds_count", labels, "\"align\"} 2\n")));
  EXPECT_THAT(text, Not(HasSubstr("stage=\"join\"")));
  EXPECT_THAT(text, Not(HasSubstr("made.up")));
}

TEST(CallMetricsTest, ManyThreadsLoseNoCall) {
  CallMetrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int code = 0; code < 17; ++code) {
        metrics.CallEnded({.method = kDetect, .code = static_cast<grpc::StatusCode>(code)});
        metrics.WorkDone(kDetect, {absl::Milliseconds(1)});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = Scrape(*metrics.collectable());
  int counts = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, "grpc_server_call_duration_seconds_count")) {
      EXPECT_TRUE(absl::EndsWith(line, " 4")) << line;
      ++counts;
    }
  }
  EXPECT_EQ(counts, 17);
  EXPECT_THAT(text, HasSubstr(absl::StrCat("hexapla_stage_seconds_count{grpc_method=\"", kDetect,
                                           "\",stage=\"identify\"} 68\n")));
}

std::unique_ptr<ConnectionListener> NoListener() {
  return ConnectionListener::Create({}, {.connections_max = 7}).value();
}

const StreamMemory kStreams(5000, 40);

TEST(ServerMetricsTest, ShowsPoolModelsAndProcess) {
  WorkerPool pool({.workers = 2, .cost_max = 1000});
  ASSERT_TRUE(pool.Submit(WorkLane::kCheap, 30, [] {}).ok());
  pool.Shutdown();
  const CurrentModels models(TestModels());
  const std::string text = Scrape(ServerMetrics(pool, kStreams, models, *NoListener(), nullptr));
  for (const char* line : {"hexapla_queue_depth{lane=\"cheap\"} 0\n",
                           "hexapla_queue_depth{lane=\"heavy\"} 0\n",
                           "hexapla_work_running{lane=\"heavy\"} 0\n",
                           "hexapla_queue_cost_bytes{lane=\"cheap\"} 0\n",
                           "hexapla_queue_cost_limit_bytes 1000\n",
                           "hexapla_work_completed_total{lane=\"cheap\"} 1\n",
                           "hexapla_work_cost_bytes_total{lane=\"cheap\"} 30\n",
                           "hexapla_work_rejected_total{lane=\"heavy\"} 0\n",
                           "hexapla_workers 2\n",
                           "hexapla_streams_bytes 0\n",
                           "hexapla_streams_limit_bytes 5000\n",
                           "hexapla_streams_rejected_total 0\n",
                           "hexapla_streams_open 0\n",
                           "hexapla_streams_open_limit 40\n",
                           "hexapla_streams_refused_total 0\n",
                           "hexapla_connections 0\n",
                           "hexapla_connections_limit 7\n",
                           "hexapla_connections_refused_total 0\n",
                           "hexapla_build_info{version=",
                           "hexapla_model_info{kind=\"embedding\",name=\"space\""}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("hexapla_tls")));
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_start_time_seconds", "process_open_fds", "process_threads"}) {
    const size_t at = text.find(absl::StrCat("\n", name, " "));
    ASSERT_NE(at, std::string::npos) << name;
    double value = -1;
    const size_t begin = at + std::string(name).size() + 2;
    EXPECT_TRUE(absl::SimpleAtod(text.substr(begin, text.find('\n', begin) - begin), &value));
    EXPECT_GE(value, 0) << name;
  }
}

TEST(ServerMetricsTest, ShowsWhenTheCertificateExpires) {
  WorkerPool pool({.workers = 1});
  const CurrentModels models(TestModels());
  const auto tls =
      std::make_shared<CurrentTls>(TlsMaterial{.not_after = absl::FromUnixSeconds(12345)});
  EXPECT_THAT(Scrape(ServerMetrics(pool, kStreams, models, *NoListener(), tls)),
              HasSubstr("hexapla_tls_certificate_expiry_seconds 12345\n"));
}

// docs/operations.md promises that it names every metric.
TEST(ServerMetricsTest, TheManualNamesEveryMetric) {
  const std::string manual = testing::FileBytes("docs/operations.md");
  WorkerPool pool({.workers = 1});
  const CurrentModels models(TestModels());
  const auto tls = std::make_shared<CurrentTls>(TlsMaterial{});
  std::vector<prometheus::MetricFamily> families =
      ServerMetrics(pool, kStreams, models, *NoListener(), tls).Collect();
  for (const auto& family : CallMetrics().collectable()->Collect()) families.push_back(family);
  EXPECT_GT(families.size(), 20u);
  for (const prometheus::MetricFamily& family : families) {
    EXPECT_THAT(manual, HasSubstr("`" + family.name + "`"));
  }
  for (size_t stage = 0; stage < kStageCount; ++stage) {
    EXPECT_THAT(manual, HasSubstr(absl::StrCat("`", StageName(static_cast<Stage>(stage)), "`")));
  }
}

// What the endpoint answers to a raw request.
std::string Get(const std::string& address, const std::string& request) {
  const size_t colon = address.rfind(':');
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(colon + 1), &port));
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)), 0);
  EXPECT_EQ(write(connection, request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  std::string part(4096, '\0');
  ssize_t size = 0;
  while ((size = read(connection, part.data(), part.size())) > 0) {
    answer.append(part, 0, static_cast<size_t>(size));
  }
  close(connection);
  return answer;
}

TEST(MetricsEndpointTest, AnswersOnTheLoopbackPortThatItGot) {
  CallMetrics metrics;
  const auto endpoint = MetricsEndpoint::Create("localhost:0", {metrics.collectable()});
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string& address = (*endpoint)->address();
  EXPECT_THAT(address, MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
  EXPECT_THAT(Get(address, "GET /metrics HTTP/1.0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("grpc_server_call_started_total{")));
  EXPECT_THAT(Get(address, "GET /other HTTP/1.0\r\n\r\n"), HasSubstr(" 404 "));
  Get(address, "nonsense\r\n\r\n");
  EXPECT_THAT(Get(address, "GET /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST(MetricsEndpointTest, ATakenOrMalformedAddressIsAnError) {
  const auto first = MetricsEndpoint::Create("127.0.0.1:0", {});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = MetricsEndpoint::Create((*first)->address(), {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MetricsEndpoint::Create("nowhere", {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace hexapla
