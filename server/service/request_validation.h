// SPDX-License-Identifier: Apache-2.0
//
// Refuses a request before any work is done for it. Every check is cheap: none
// looks at more of a text than it takes to see that it is not blank.
//
// Errors carry a RequestFault (reason, field, limit, value) and never text of a
// document. When several fields are at fault, the first in the order of the
// message is named.
#ifndef HEXAPLA_SERVER_SERVICE_REQUEST_VALIDATION_H_
#define HEXAPLA_SERVER_SERVICE_REQUEST_VALIDATION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "hexapla/v1/embedding_service.pb.h"
#include "hexapla/v1/language_service.pb.h"
#include "hexapla/v1/model_service.pb.h"
#include "server/models/manifest.h"
#include "server/models/model_set.h"
#include "server/service/service_limits.h"

namespace hexapla {

// The most sentences of a version in a bead, and the most guesses, candidates
// and hints of a detection: fixed by the contract.
inline constexpr int kBeadSizeMax = 8;
inline constexpr int kTopKMax = 16;
inline constexpr int kCandidatesMax = 256;
inline constexpr int kHintsMax = 16;

// Whether a text holds nothing but what server/text takes for white space. Cost:
// up to the first character that is none.
bool IsBlank(absl::string_view text);

// Each checks a whole request; `models` is the set that will serve it.
absl::Status ValidateAlignDocuments(const v1::AlignDocumentsRequest& request,
                                    const ServiceLimits& limits, const ModelSet& models);
// What an `open` can be refused for before its texts are complete.
absl::Status ValidateOpenDocuments(const v1::OpenDocuments& open, const ModelSet& models);
absl::Status ValidateDetectLanguages(const v1::DetectLanguagesRequest& request,
                                     const ServiceLimits& limits, const ModelSet& models);
absl::Status ValidateDetectSpans(const v1::DetectSpansRequest& request, const ServiceLimits& limits,
                                 const ModelSet& models);
// Errors: FailedPrecondition with MODEL_NOT_FOUND where `models` cannot score.
absl::Status ValidateScorePairs(const v1::ScorePairsRequest& request, const ServiceLimits& limits,
                                const ModelSet& models);
absl::Status ValidateEmbedSentences(const v1::EmbedSentencesRequest& request,
                                    const ServiceLimits& limits, const ModelSet& models);
absl::Status ValidateListModels(const v1::ListModelsRequest& request);

// Checks text `index` of a batch, which may fail alone.
absl::Status ValidateDetectionText(absl::string_view text, int index, const ServiceLimits& limits);

// Checks a sentence of a batch, `field` of the request, which may fail alone.
absl::Status ValidateBatchSentence(absl::string_view sentence, absl::string_view field,
                                   const ServiceLimits& limits);

// The model that a request means by `name`, which stands in `field`, among those
// of a kind: the set's own if the name is empty. Borrows from `models`.
// FailedPrecondition with MODEL_NOT_FOUND if there is none.
absl::StatusOr<const ModelInfo*> FindModel(const ModelSet& models, ModelKind kind,
                                           absl::string_view name, absl::string_view field);
// The same among all kinds; the name is required.
absl::StatusOr<const ModelInfo*> FindModel(const ModelSet& models, absl::string_view name);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_REQUEST_VALIDATION_H_
