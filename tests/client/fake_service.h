// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_CLIENT_FAKE_SERVICE_H_
#define HEXAPLA_TESTS_CLIENT_FAKE_SERVICE_H_

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "hexapla/v1/alignment_service.grpc.pb.h"
#include "hexapla/v1/language_service.grpc.pb.h"
#include "hexapla/v1/model_service.grpc.pb.h"

#include "client/alignment_client.h"

namespace hexapla {

// A status as our services send it: with ErrorInfo, and BadRequest for a field.
inline google::rpc::Status ErrorWithDetails(grpc::StatusCode code, const std::string& message,
                                            const std::string& reason, const std::string& field) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_domain("hexapla");
  info.set_reason(reason);
  status.add_details()->PackFrom(info);
  if (!field.empty()) {
    google::rpc::BadRequest bad_request;
    bad_request.add_field_violations()->set_field(field);
    status.add_details()->PackFrom(bad_request);
  }
  return status;
}

// As an overloaded server says it, to be asked again at once.
inline google::rpc::Status Overloaded() {
  google::rpc::Status status = ErrorWithDetails(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                                "too much work", "SERVER_OVERLOADED", "");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(1000000);
  status.add_details()->PackFrom(retry);
  return status;
}

inline grpc::Status ToGrpc(const google::rpc::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(),
                      status.SerializeAsString());
}

// All services of the contract, each method a function that a test sets. It
// counts the calls, keeps the last request, and serves on a free loopback port
// as well as in the process.
class FakeService {
 public:
  explicit FakeService(
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(&alignment_);
    builder.RegisterService(&language_);
    builder.RegisterService(&model_);
    builder.RegisterService(&health_);
    builder.SetMaxReceiveMessageSize(64 << 20);
    server_ = builder.BuildAndStart();
  }
  ~FakeService() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string Address() const { return absl::StrCat("127.0.0.1:", port_); }
  std::unique_ptr<AlignmentClient> InProcessClient(absl::Duration timeout = absl::Seconds(100)) {
    return std::make_unique<AlignmentClient>(server_->InProcessChannel({}), timeout);
  }

  std::function<grpc::Status(const v1::AlignDocumentsRequest&, v1::AlignDocumentsResponse&)> align =
      [](const auto&, auto&) { return grpc::Status::OK; };
  std::function<grpc::Status(const v1::DetectLanguagesRequest&, v1::DetectLanguagesResponse&)>
      detect = [](const auto&, auto&) { return grpc::Status::OK; };
  std::function<grpc::Status(const v1::DetectSpansRequest&, v1::DetectSpansResponse&)> spans =
      [](const auto&, auto&) { return grpc::Status::OK; };
  std::function<grpc::Status(const v1::ScorePairsRequest&, v1::ScorePairsResponse&)> score =
      [](const auto&, auto&) { return grpc::Status::OK; };
  using AlignStream = grpc::ServerReaderWriterInterface<v1::StreamAlignDocumentsResponse,
                                                        v1::StreamAlignDocumentsRequest>;
  std::function<grpc::Status(AlignStream&)> align_stream = [](AlignStream&) {
    return grpc::Status::OK;
  };
  using MatchStream =
      grpc::ServerReaderWriterInterface<v1::MatchDocumentsResponse, v1::MatchDocumentsRequest>;
  std::function<grpc::Status(MatchStream&)> match = [](MatchStream&) { return grpc::Status::OK; };
  v1::ListModelsResponse models;
  grpc::health::v1::HealthCheckResponse::ServingStatus health =
      grpc::health::v1::HealthCheckResponse::SERVING;
  grpc::Status health_status;
  std::atomic<int> calls = 0;
  // What the last AlignDocuments said of who asks.
  std::string authorization;

 private:
  void KeepAuthorization(const grpc::ServerContext& context) {
    const auto found = context.client_metadata().find("authorization");
    if (found == context.client_metadata().end()) return;
    authorization.assign(found->second.data(), found->second.size());
  }

  class Alignment final : public v1::AlignmentService::Service {
   public:
    explicit Alignment(FakeService& fake) : fake_(fake) {}
    grpc::Status AlignDocuments(grpc::ServerContext* context,
                                const v1::AlignDocumentsRequest* request,
                                v1::AlignDocumentsResponse* response) override {
      ++fake_.calls;
      fake_.KeepAuthorization(*context);
      return fake_.align(*request, *response);
    }
    grpc::Status ScorePairs(grpc::ServerContext*, const v1::ScorePairsRequest* request,
                            v1::ScorePairsResponse* response) override {
      ++fake_.calls;
      return fake_.score(*request, *response);
    }
    grpc::Status StreamAlignDocuments(
        grpc::ServerContext*,
        grpc::ServerReaderWriter<v1::StreamAlignDocumentsResponse, v1::StreamAlignDocumentsRequest>*
            stream) override {
      ++fake_.calls;
      return fake_.align_stream(*stream);
    }
    grpc::Status MatchDocuments(
        grpc::ServerContext*,
        grpc::ServerReaderWriter<v1::MatchDocumentsResponse, v1::MatchDocumentsRequest>* stream)
        override {
      ++fake_.calls;
      return fake_.match(*stream);
    }

   private:
    FakeService& fake_;
  };
  class Language final : public v1::LanguageService::Service {
   public:
    explicit Language(FakeService& fake) : fake_(fake) {}
    grpc::Status DetectLanguages(grpc::ServerContext*, const v1::DetectLanguagesRequest* request,
                                 v1::DetectLanguagesResponse* response) override {
      ++fake_.calls;
      return fake_.detect(*request, *response);
    }
    grpc::Status DetectSpans(grpc::ServerContext*, const v1::DetectSpansRequest* request,
                             v1::DetectSpansResponse* response) override {
      ++fake_.calls;
      return fake_.spans(*request, *response);
    }

   private:
    FakeService& fake_;
  };
  class Models final : public v1::ModelService::Service {
   public:
    explicit Models(FakeService& fake) : fake_(fake) {}
    grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                            v1::ListModelsResponse* response) override {
      ++fake_.calls;
      *response = fake_.models;
      return grpc::Status::OK;
    }

   private:
    FakeService& fake_;
  };
  class Health final : public grpc::health::v1::Health::Service {
   public:
    explicit Health(FakeService& fake) : fake_(fake) {}
    grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest*,
                       grpc::health::v1::HealthCheckResponse* response) override {
      ++fake_.calls;
      response->set_status(fake_.health);
      return fake_.health_status;
    }

   private:
    FakeService& fake_;
  };

  Alignment alignment_{*this};
  Language language_{*this};
  Models model_{*this};
  Health health_{*this};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A reply with one version per language and beads added as index lists; sentence
// k of version v is "v.k" unless given.
class AlignmentReply {
 public:
  explicit AlignmentReply(const std::vector<std::string>& languages) {
    for (const std::string& language : languages) {
      response_.mutable_summary()->add_versions()->set_language(language);
    }
  }

  AlignmentReply& Bead(float probability, const std::vector<std::vector<int>>& sides) {
    std::vector<std::vector<std::string>> texts;
    for (size_t version = 0; version < sides.size(); ++version) {
      texts.emplace_back();
      for (const int index : sides[version]) {
        texts.back().push_back(absl::StrCat(version, ".", index));
      }
    }
    return Bead(probability, sides, texts);
  }
  AlignmentReply& Bead(float probability, const std::vector<std::vector<int>>& sides,
                       const std::vector<std::vector<std::string>>& texts) {
    v1::Bead& bead = *response_.add_beads();
    bead.set_probability(probability);
    bead.set_score(4 * probability - 2);
    for (size_t version = 0; version < sides.size(); ++version) {
      v1::BeadSide& side = *bead.add_sides();
      for (const int index : sides[version]) side.add_sentence_indices(index);
      for (const std::string& text : texts[version]) side.add_sentences(text);
    }
    return *this;
  }
  AlignmentReply& Pair(int first, int second, float probability) {
    v1::VersionPair& pair = *response_.mutable_summary()->add_pairs();
    pair.set_first(first);
    pair.set_second(second);
    pair.set_probability(probability);
    const float lowest = response_.summary().pairs_size() == 1
                             ? probability
                             : response_.summary().document_probability();
    response_.mutable_summary()->set_document_probability(std::min(lowest, probability));
    return *this;
  }
  AlignmentReply& Warning(v1::Warning::Reason reason, const std::vector<int>& versions,
                          const std::string& message) {
    v1::Warning& warning = *response_.mutable_summary()->add_warnings();
    warning.set_reason(reason);
    for (const int version : versions) warning.add_indices(version);
    warning.set_message(message);
    return *this;
  }

  const v1::AlignDocumentsResponse& Response() const { return response_; }

 private:
  v1::AlignDocumentsResponse response_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_CLIENT_FAKE_SERVICE_H_
