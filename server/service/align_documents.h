// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_ALIGN_DOCUMENTS_H_
#define HEXAPLA_SERVER_SERVICE_ALIGN_DOCUMENTS_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "server/models/model_set.h"
#include "server/pipeline/document_aligner.h"
#include "server/service/service_limits.h"
#include "server/service/unary_call.h"

namespace hexapla {

// What aligns the versions of a request with a set of models: the engine, or a
// test's stand-in for it.
using AlignFunction = std::function<absl::StatusOr<AlignedDocuments>(
    const ModelSet&, const std::vector<VersionInput>&, const AlignOptions&, const StopCondition&)>;

// DocumentAligner::Align with the models of the set.
absl::StatusOr<AlignedDocuments> AlignWithModels(const ModelSet& models,
                                                 const std::vector<VersionInput>& versions,
                                                 const AlignOptions& options,
                                                 const StopCondition& stop);

// From a valid request to the whole response: the work of AlignDocuments, and of
// every set in a stream. Errors: as DocumentAligner::Align.
absl::Status RunAlignDocuments(const v1::AlignDocumentsRequest& request, const ModelSet& models,
                               const ServiceLimits& limits, const AlignFunction& align,
                               const CallContext& call, v1::AlignDocumentsResponse& response);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_ALIGN_DOCUMENTS_H_
