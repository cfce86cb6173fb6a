// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_STAND_IN_ENGINES_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_STAND_IN_ENGINES_H_

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"

#include "server/service/align_documents.h"

namespace hexapla {

// A stand-in for the engine: a version of raw text is one sentence, detected as
// English, and every version's first sentence goes into the one bead.
inline absl::StatusOr<AlignedDocuments> AlignFirstSentences(
    const ModelSet&, const std::vector<VersionInput>& versions, const AlignOptions&,
    const StopCondition&) {
  AlignedDocuments aligned;
  MultiBead bead{.sides = {}, .score = 1, .probability = 0.75};
  for (const VersionInput& version : versions) {
    AlignedVersion& added = aligned.versions.emplace_back();
    added.language = version.language.empty() ? "en" : version.language;
    added.language_detected = version.language.empty();
    if (version.sentences.empty()) added.sentences = {{0, version.text.size()}};
    bead.sides.push_back({0, 1});
  }
  aligned.beads.push_back(bead);
  return aligned;
}

inline v1::AlignDocumentsRequest TwoVersions() {
  v1::AlignDocumentsRequest request;
  request.add_versions()->set_text("One.");
  request.add_versions()->set_text("Deux é.");
  request.mutable_versions(1)->set_language("fr");
  return request;
}

// An engine that works until it is told to stop, and remembers why it first did. The
// test may also let it go.
class EndlessEngine {
 public:
  AlignFunction function() {
    return [this](const ModelSet& models, const std::vector<VersionInput>& versions,
                  const AlignOptions& options,
                  const StopCondition& stop) { return Run(models, versions, options, stop); };
  }
  void WaitUntilRunning() const { running_.WaitForNotification(); }
  bool WaitUntilStopped() const {
    return stopped_.WaitForNotificationWithTimeout(absl::Seconds(100));
  }
  void LetGo() { let_go_ = true; }
  int runs() const { return runs_; }
  // Requires: WaitUntilStopped() is true.
  const absl::Status& why() const { return why_; }

 private:
  absl::StatusOr<AlignedDocuments> Run(const ModelSet& models,
                                       const std::vector<VersionInput>& versions,
                                       const AlignOptions& options, const StopCondition& stop) {
    if (runs_++ == 0) running_.Notify();
    while (!let_go_) {
      const absl::Status status = stop.Check();
      if (!status.ok()) {
        // Work that waited may begin before its own cancellation comes.
        if (stops_++ == 0) {
          why_ = status;
          stopped_.Notify();
        }
        return status;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return AlignFirstSentences(models, versions, options, stop);
  }

  absl::Notification running_;
  absl::Notification stopped_;
  std::atomic<bool> let_go_ = false;
  std::atomic<int> runs_ = 0;
  std::atomic<int> stops_ = 0;
  absl::Status why_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_SERVICE_STAND_IN_ENGINES_H_
