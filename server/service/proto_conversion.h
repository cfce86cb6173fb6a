// SPDX-License-Identifier: Apache-2.0
//
// Where generated protobuf stops: requests become the engine's values, and what
// the engine returns becomes responses. Requests are valid here; see
// request_validation.h.
#ifndef HEXAPLA_SERVER_SERVICE_PROTO_CONVERSION_H_
#define HEXAPLA_SERVER_SERVICE_PROTO_CONVERSION_H_

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "hexapla/v1/common.pb.h"
#include "hexapla/v1/language_service.pb.h"
#include "hexapla/v1/model_service.pb.h"
#include "server/langid/adjusted_identifier.h"
#include "server/langid/language_identifier.h"
#include "server/langid/span_detector.h"
#include "server/models/manifest.h"
#include "server/pipeline/document_aligner.h"
#include "server/service/service_limits.h"
#include "server/text/utf8.h"

namespace hexapla {

// What a given sentence takes beside its bytes, so that empty ones are not free.
inline constexpr size_t kSentenceOverhead = 48;

// Bytes of text in a request, those of sentences with their overhead: the cost of
// its admission.
int64_t TextBytes(const v1::AlignDocumentsRequest& request);
int64_t TextBytes(const v1::DetectLanguagesRequest& request);

// The versions of a request, languages in canonical form. Borrows its text.
std::vector<VersionInput> ToVersionInputs(const v1::AlignDocumentsRequest& request);

AlignOptions ToAlignOptions(const v1::AlignmentOptions& options, const ServiceLimits& limits);

// `guesses_max` is at least 2, because a margin needs the second.
IdentifyOptions ToIdentifyOptions(const v1::DetectionOptions& options);
Adjustments ToAdjustments(const v1::DetectionOptions& options);

// The languages of the sentences of each version.
using SentenceLanguages = std::vector<std::vector<LanguageGuess>>;

// Fills in the whole response, empty before, but its metadata. `languages` is
// empty, or has an entry per sentence. Offsets are in the unit of the request.
// Cost: linear; one pass over the text for units other than bytes.
void SetAlignDocumentsResponse(const v1::AlignDocumentsRequest& request,
                               const AlignedDocuments& aligned, const SentenceLanguages& languages,
                               v1::AlignDocumentsResponse& response);

// Fills in at most `top_k` guesses (1 if it is 0), the first in the fields of its
// own. `model` is "name@version".
void SetLanguageDetection(const Identification& identification, int top_k, const std::string& model,
                          v1::LanguageDetection& detection);

// Fills in the spans, offsets in the unit of the request, and the shares.
void SetSpans(const v1::DetectSpansRequest& request, const DetectedSpans& spans,
              const std::string& model, v1::DetectSpansResponse& response);

// `is_default`: whether it serves where a request names none of its kind.
v1::Model ToModel(const ModelInfo& info, bool is_default);
v1::ModelKind ToModelKind(ModelKind kind);

// Fills `metadata`; `models` must not hold null.
void SetMetadata(absl::Span<const ModelInfo* const> models, absl::Duration queued,
                 absl::Duration computed, v1::ResponseMetadata& metadata);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_PROTO_CONVERSION_H_
