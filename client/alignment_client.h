// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_ALIGNMENT_CLIENT_H_
#define HEXAPLA_CLIENT_ALIGNMENT_CLIENT_H_

#include <google/rpc/status.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "hexapla/v1/alignment_service.grpc.pb.h"
#include "hexapla/v1/language_service.grpc.pb.h"
#include "hexapla/v1/model_service.grpc.pb.h"

namespace hexapla {

// The calls of the service as plain functions. Every call waits at most for the
// timeout, and is repeated within it while the server says that it is overloaded
// and when to ask again. An error keeps the call's code and says in one line what a
// person needs, the reason in brackets: "versions[1].text is blank [TEXT_BLANK]".
//
// Threads: const methods may run concurrently.
class AlignmentClient {
 public:
  AlignmentClient(std::shared_ptr<grpc::Channel> channel, absl::Duration timeout);

  absl::StatusOr<v1::AlignDocumentsResponse> AlignDocuments(
      const v1::AlignDocumentsRequest& request) const;
  absl::StatusOr<v1::DetectLanguagesResponse> DetectLanguages(
      const v1::DetectLanguagesRequest& request) const;
  absl::StatusOr<v1::DetectSpansResponse> DetectSpans(const v1::DetectSpansRequest& request) const;
  absl::StatusOr<v1::ScorePairsResponse> ScorePairs(const v1::ScorePairsRequest& request) const;
  absl::StatusOr<v1::ListModelsResponse> ListModels(const v1::ListModelsRequest& request) const;

  // A stream of sets, which is not bound by the timeout. `context` must outlive
  // it; its end is a status for FromGrpcStatus.
  std::unique_ptr<grpc::ClientReaderWriterInterface<v1::StreamAlignDocumentsRequest,
                                                    v1::StreamAlignDocumentsResponse>>
  StreamAlignDocuments(grpc::ClientContext* context) const {
    return alignment_->StreamAlignDocuments(context);
  }

  // A stream of a heap's documents, likewise; set the deadline on `context`.
  std::unique_ptr<
      grpc::ClientReaderWriterInterface<v1::MatchDocumentsRequest, v1::MatchDocumentsResponse>>
  MatchDocuments(grpc::ClientContext* context) const {
    return alignment_->MatchDocuments(context);
  }

  // The word of the standard health service for the server as a whole: "SERVING",
  // "NOT_SERVING" or another of its names.
  absl::StatusOr<std::string> Health() const;

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const absl::Duration timeout_;
  const std::unique_ptr<v1::AlignmentService::StubInterface> alignment_;
  const std::unique_ptr<v1::LanguageService::StubInterface> language_;
  const std::unique_ptr<v1::ModelService::StubInterface> model_;
};

// The error of a call, or of an item of a batch, as one line for people.
absl::Status FromGrpcStatus(const grpc::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

// How long an overloaded server asks to be left alone; zero if the error is not that.
absl::Duration DelayAsked(const google::rpc::Status& status);
absl::Duration DelayAsked(const grpc::Status& status);

// Internal unless all that an alignment names by index lies within so many versions,
// as what writes it requires.
absl::Status CheckFits(const v1::AlignDocumentsResponse& response, int versions);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_ALIGNMENT_CLIENT_H_
