// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_MATCH_HEAP_H_
#define HEXAPLA_SERVER_SERVICE_MATCH_HEAP_H_

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "server/matching/document_matcher.h"
#include "server/models/model_set.h"
#include "server/service/service_limits.h"

namespace hexapla {

// Bytes of all the heaps that a server holds.
using MatchMemory = std::atomic<size_t>;

// The documents of a call of MatchDocuments as they come in.
//
// Threads: compatible.
class MatchHeap {
 public:
  // Borrows both.
  MatchHeap(const ServiceLimits& limits, MatchMemory& memory) : limits_(limits), memory_(memory) {}
  ~MatchHeap() { memory_ -= bytes_; }

  MatchHeap(const MatchHeap&) = delete;
  MatchHeap& operator=(const MatchHeap&) = delete;

  // Takes the next message. Errors are those of the call; a document that fails
  // keeps its error, and its further parts are dropped.
  absl::Status Add(v1::MatchDocumentsRequest&& request, const ModelSet& models);

  // Bytes held: texts, names and what keeps them.
  size_t bytes() const { return bytes_; }

  // What the engine needs. Borrows the documents; those that failed are left out.
  std::vector<MatchInput> Inputs() const;
  MatchOptions Options() const;

  // All messages of the answer in their order: the documents that failed, the
  // groups and the summary, without its metadata. `matched` is what the engine
  // made of Inputs().
  std::vector<v1::MatchDocumentsResponse> Replies(const MatchedHeap& matched) const;

 private:
  struct Document {
    std::string id;        // cut at its limit
    size_t id_bytes = 0;   // before that
    std::string language;  // canonical
    std::string text;
    std::vector<std::string> sentences;
    size_t text_bytes = 0;
    absl::Status status;
  };

  absl::Status TakeOptions(const v1::MatchOptions& options, const ModelSet& models);
  absl::Status Open(const v1::MatchDocument& part);
  static absl::Status CheckLanguage(const std::string& language);
  absl::Status Append(v1::DocumentVersion&& content, Document& document);
  absl::Status CheckSentences(const v1::DocumentVersion& content, const Document& document) const;
  // Accounts for so many more bytes. An error of the call.
  absl::Status Hold(size_t bytes);
  void Drop(Document& document);

  const ServiceLimits& limits_;
  MatchMemory& memory_;
  v1::MatchOptions options_;
  bool begun_ = false;
  std::vector<Document> documents_;
  absl::flat_hash_set<std::string> ids_;
  size_t bytes_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_MATCH_HEAP_H_
