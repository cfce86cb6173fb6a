// SPDX-License-Identifier: Apache-2.0
//
// Every request of the contract, from its bytes: parsed, validated and, if it is
// valid, answered by the functions behind the methods. Streams take messages that
// follow one another, each with a byte for its length before it. The first byte
// chooses the method.
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/time/clock.h"

#include "server/base/status_macros.h"
#include "server/matching/document_matcher.h"
#include "server/service/align_documents.h"
#include "server/service/detect_languages.h"
#include "server/service/document_parts.h"
#include "server/service/grpc_status.h"
#include "server/service/match_heap.h"
#include "server/service/request_validation.h"
#include "server/service/score_pairs.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/server/service/test_models.h"

namespace hexapla {
namespace {

const ModelSet& Models() {
  static const std::shared_ptr<const ModelSet> models = TestModels(/*with_pair_weights=*/true);
  return *models;
}

const ServiceLimits kLimits;

CallContext AnyCall() { return {.stop = {}, .received = absl::Now(), .started = absl::Now()}; }

// What a refusal must be: of the caller's making, and fit for the wire.
void CheckRefusal(const absl::Status& status) {
  HEXAPLA_EXPECT(!absl::IsInternal(status) && !absl::IsUnknown(status));
  HEXAPLA_EXPECT(ToRpcStatus(status).details_size() > 0);
}

template <typename Request, typename Validate, typename Run>
void Call(absl::string_view bytes, const Validate& validate, const Run& run) {
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const absl::Status valid = validate(request);
  const absl::Status status = valid.ok() ? run(request) : valid;
  if (!status.ok()) CheckRefusal(status);
}

absl::Status RunAlign(const v1::AlignDocumentsRequest& request) {
  v1::AlignDocumentsResponse response;
  HEXAPLA_RETURN_IF_ERROR(
      RunAlignDocuments(request, Models(), kLimits, AlignWithModels, AnyCall(), response));
  HEXAPLA_EXPECT(response.summary().versions_size() == request.versions_size());
  for (const v1::Bead& bead : response.beads()) {
    HEXAPLA_EXPECT(bead.sides_size() == request.versions_size());
  }
  return absl::OkStatus();
}

absl::Status ValidateAlign(const v1::AlignDocumentsRequest& request) {
  return ValidateAlignDocuments(request, kLimits, Models());
}

// Calls take(message) for each message until one fails to parse or is refused.
template <typename Message, typename Take>
void ForEachMessage(FuzzInput input, const Take& take) {
  while (!input.rest().empty()) {
    const size_t length = static_cast<size_t>(input.Choose(256));
    const absl::string_view bytes = input.rest().substr(0, length);
    Message message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    if (!take(message)) return;
    for (size_t i = 0; i < bytes.size(); ++i) input.Choose(1);
  }
}

void AlignStream(const FuzzInput& input) {
  DocumentParts parts(kLimits);
  bool open = false;
  ForEachMessage<v1::StreamAlignDocumentsRequest>(
      input, [&](v1::StreamAlignDocumentsRequest& message) {
        absl::Status status;
        if (message.has_open()) {
          // Once, before anything else.
          if (std::exchange(open, true)) return false;
          status = parts.Open(std::move(*message.mutable_open()), Models());
        } else if (!open) {
          return false;
        } else if (message.has_chunk()) {
          status = parts.Add(std::move(*message.mutable_chunk()));
        } else if (message.has_end()) {
          absl::StatusOr<v1::AlignDocumentsRequest> whole = std::move(parts).End();
          status = whole.status();
          if (whole.ok()) status = ValidateAlign(*whole);
          if (status.ok()) status = RunAlign(*whole);
          if (!status.ok()) CheckRefusal(status);
          return false;
        }
        if (!status.ok()) CheckRefusal(status);
        return status.ok();
      });
}

void MatchStream(const FuzzInput& input) {
  MatchMemory memory = 0;
  {
    MatchHeap heap(kLimits, memory);
    bool good = true;
    ForEachMessage<v1::MatchDocumentsRequest>(input, [&](v1::MatchDocumentsRequest& message) {
      const absl::Status status = heap.Add(std::move(message), Models());
      if (!status.ok()) CheckRefusal(status);
      return good = status.ok();
    });
    if (good) {
      const DocumentMatcher matcher(Models().identifier(), Models().embedder(), Models().weights());
      const auto matched = matcher.Match(heap.Inputs(), heap.Options(), StopCondition());
      if (matched.ok()) {
        HEXAPLA_EXPECT(!heap.Replies(*matched).empty());
      } else {
        CheckRefusal(matched.status());
      }
    }
  }
  HEXAPLA_EXPECT(memory == 0);
}

}  // namespace
}  // namespace hexapla

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  FuzzInput input(data, size);
  const int method = input.Choose(9);
  const absl::string_view bytes = input.rest();
  switch (method) {
    case 0:
      Call<v1::AlignDocumentsRequest>(bytes, ValidateAlign, RunAlign);
      break;
    case 1:
      AlignStream(input);
      break;
    case 2:
      Call<v1::ScorePairsRequest>(
          bytes, [](const auto& request) { return ValidateScorePairs(request, kLimits, Models()); },
          [](const auto& request) {
            v1::ScorePairsResponse response;
            return RunScorePairs(request, Models(), kLimits, AnyCall(), response);
          });
      break;
    case 3:
      MatchStream(input);
      break;
    case 4:
      Call<v1::DetectLanguagesRequest>(
          bytes,
          [](const auto& request) { return ValidateDetectLanguages(request, kLimits, Models()); },
          [](const auto& request) {
            v1::DetectLanguagesResponse response;
            return RunDetectLanguages(request, Models(), kLimits, AnyCall(), response);
          });
      break;
    case 5:
      Call<v1::DetectSpansRequest>(
          bytes,
          [](const auto& request) { return ValidateDetectSpans(request, kLimits, Models()); },
          [](const auto& request) {
            v1::DetectSpansResponse response;
            return RunDetectSpans(request, Models(), AnyCall(), response);
          });
      break;
    case 6:
      Call<v1::EmbedSentencesRequest>(
          bytes,
          [](const auto& request) { return ValidateEmbedSentences(request, kLimits, Models()); },
          [](const auto& request) {
            v1::EmbedSentencesResponse response;
            return RunEmbedSentences(request, Models(), kLimits, AnyCall(), response);
          });
      break;
    case 7:
      Call<v1::ListModelsRequest>(bytes, ValidateListModels,
                                  [](const auto&) { return absl::OkStatus(); });
      break;
    default:
      Call<v1::GetModelRequest>(
          bytes, [](const auto&) { return absl::OkStatus(); },
          [](const auto& request) { return FindModel(Models(), request.name()).status(); });
      break;
  }
  return 0;
}
