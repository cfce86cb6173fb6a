// SPDX-License-Identifier: Apache-2.0
//
// alignment_growth: how time and memory grow with the length of two documents, and
// with the number of versions. Each case runs in a process of its own, whose peak
// of memory is told less what the models and the text take.
//
//   alignment_growth [MOST_SENTENCES]     (default 32000; 1000000 takes minutes)
//
// Run it in the repository's root. Tab-separated lines: what, source sentences of
// a version, versions, threads, seconds, sentences a second, KiB, bytes a sentence.
// tests/benchmark/growth makes the table and the pictures of docs/performance.md of
// them.
// Exit codes: 0 done, 1 no text or no models, 2 usage.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"

#include "server/base/worker_pool.h"
#include "server/pipeline/document_aligner.h"
#include "tests/benchmark/benchmark_text.h"

namespace hexapla::benchmarks {
namespace {

constexpr int kVersionSentences = 500;

int64_t PeakKib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Aligns versions of the text, the odd ones in one language and the even ones in
// the other, and prints a line.
int Measure(const char* what, size_t sentences, int count, int threads) {
  const Sentences text = SentencesOf(sentences);
  const Models& models = *TheModels();
  const DocumentAligner aligner(*models.identifier, *models.embedder, models.weights);
  std::vector<VersionInput> versions;
  for (int v = 0; v < count; ++v) {
    versions.push_back({.language = v % 2 == 0 ? "hu" : "en",
                        .sentences = v % 2 == 0 ? text.source : text.target});
  }
  // This thread is one of them.
  WorkerPool pool({.workers = 1, .cheap_workers = 0});
  const AlignOptions options = {.parallel = threads > 1 ? &pool : nullptr};
  const int64_t before = PeakKib();
  const absl::Time begin = absl::Now();
  if (!aligner.Align(versions, options, StopCondition()).ok()) return 1;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  const auto kib = static_cast<double>(PeakKib() - before);
  std::printf("%s\t%zu\t%d\t%d\t%.3f\t%.0f\t%.0f\t%.0f\n", what, sentences, count, threads, seconds,
              static_cast<double>(sentences) / seconds, kib,
              kib * 1024 / static_cast<double>(sentences));
  std::fflush(stdout);
  return 0;
}

// On one thread and on two, each in a process.
bool InProcesses(const char* what, size_t sentences, int count) {
  for (const int threads : {1, 2}) {
    const pid_t child = fork();
    if (child == 0) _exit(Measure(what, sentences, count, threads));
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return false;
  }
  return true;
}

int Main(int argc, char** argv) {
  size_t most = 32000;
  if (argc > 2 || (argc == 2 && !absl::SimpleAtoi(argv[1], &most))) {
    std::fprintf(stderr, "usage: alignment_growth [MOST_SENTENCES]\n");
    return 2;
  }
  if (TheModels() == nullptr || SentencesOf(1).source.empty()) {
    std::fprintf(stderr, "alignment_growth: no text or no models\n");
    return 1;
  }
  std::printf("what\tsentences\tversions\tthreads\tseconds\tsentences/s\tKiB\tbytes/sentence\n");
  std::fflush(stdout);
  for (const size_t size : {1000, 4000, 16000, 32000, 128000, 500000, 1000000}) {
    if (size <= most && !InProcesses("length", size, 2)) return 1;
  }
  for (const int versions : {2, 4, 8, 16}) {
    if (!InProcesses("versions", kVersionSentences, versions)) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace hexapla::benchmarks

int main(int argc, char** argv) { return hexapla::benchmarks::Main(argc, argv); }
