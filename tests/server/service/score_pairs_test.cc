// SPDX-License-Identifier: Apache-2.0
#include "server/service/score_pairs.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "server/service/request_validation.h"
#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"

namespace hexapla {
namespace {

class BatchTest : public ::testing::Test {
 protected:
  void Start(InProcessServerOptions options = {}) {
    options.models = TestModels(/*with_pair_weights=*/true);
    server_ = std::make_unique<InProcessServer>(std::move(options));
  }

  grpc::Status Score(const v1::ScorePairsRequest& request) {
    grpc::ClientContext context;
    scores_.Clear();
    return v1::AlignmentService::NewStub(server_->channel())
        ->ScorePairs(&context, request, &scores_);
  }
  grpc::Status Embed(const v1::EmbedSentencesRequest& request) {
    grpc::ClientContext context;
    vectors_.Clear();
    return v1::EmbeddingService::NewStub(server_->channel())
        ->EmbedSentences(&context, request, &vectors_);
  }

  static v1::ScorePairsRequest Pairs(
      const std::vector<std::pair<std::string, std::string>>& pairs) {
    v1::ScorePairsRequest request;
    for (const auto& [source, target] : pairs) {
      request.add_pairs()->set_source(source);
      request.mutable_pairs()->rbegin()->set_target(target);
    }
    return request;
  }
  static v1::EmbedSentencesRequest Sentences(const std::vector<std::string>& sentences) {
    v1::EmbedSentencesRequest request;
    *request.mutable_sentences() = {sentences.begin(), sentences.end()};
    return request;
  }

  std::unique_ptr<InProcessServer> server_;
  v1::ScorePairsResponse scores_;
  v1::EmbedSentencesResponse vectors_;
};

TEST_F(BatchTest, PairsAreScoredEachByItself) {
  Start();
  // The fake space knows a word by its first letter.
  ASSERT_TRUE(Score(Pairs({{"alpha beta", "autre besoin é"}, {"alpha", "zebra"}})).ok());
  ASSERT_EQ(scores_.results_size(), 2);
  EXPECT_GT(scores_.results(0).score().probability(), 0.6);
  EXPECT_LT(scores_.results(1).score().probability(), 0.2);
  const float log_odds = scores_.results(0).score().score();
  EXPECT_NEAR(scores_.results(0).score().probability(), 1 / (1 + std::exp(-log_odds)), 1e-5);
  EXPECT_EQ(scores_.source_language(), "en");
  EXPECT_EQ(scores_.target_language(), "fr");
  EXPECT_EQ(scores_.metadata().models(0).name(), "lid");
  const v1::PairResult alone = scores_.results(1);
  ASSERT_TRUE(Score(Pairs({{"alpha", "zebra"}})).ok());
  EXPECT_EQ(scores_.results(0).score().score(), alone.score().score());
}

TEST_F(BatchTest, BadPairsFailAlone) {
  Start({.limits = {.sentence_bytes_max = 10}});
  ASSERT_TRUE(
      Score(Pairs({{"", "a"}, {"a", " \n"}, {"a", std::string(11, 'x')}, {"a", "a"}})).ok());
  const std::vector<std::pair<std::string, std::string>> faults = {
      {"TEXT_MISSING", "pairs[0].source"},
      {"TEXT_BLANK", "pairs[1].target"},
      {"SENTENCE_TOO_LONG", "pairs[2].target"}};
  ASSERT_EQ(scores_.results_size(), 4);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ReasonOf(scores_.results(i).error()), faults[i].first);
    EXPECT_EQ(FieldOf(scores_.results(i).error()), faults[i].second);
  }
  EXPECT_TRUE(scores_.results(3).has_score());
}

TEST_F(BatchTest, GivenLanguagesAreTakenAndUncoveredOnesWarnedOf) {
  Start();
  v1::ScorePairsRequest request = Pairs({{"alpha", "alpha"}});
  request.set_source_language("EN");
  request.set_target_language("sw");
  ASSERT_TRUE(Score(request).ok());
  EXPECT_EQ(scores_.source_language(), "en");
  EXPECT_EQ(scores_.target_language(), "sw");
  EXPECT_EQ(scores_.results(0).score().probability(), 0.5);
  ASSERT_EQ(scores_.warnings_size(), 1);
  EXPECT_EQ(scores_.warnings(0).reason(), v1::Warning::REASON_LANGUAGE_NOT_COVERED);
  EXPECT_EQ(scores_.metadata().models_size(), 2);
}

TEST_F(BatchTest, BadBatchesAreRefused) {
  Start({.limits = {.batch_items_max = 2}});
  struct Case {
    std::string reason;
    std::function<void(v1::ScorePairsRequest&)> spoil;
  };
  const std::vector<Case> cases = {
      {"BATCH_EMPTY", [](auto& r) { r.clear_pairs(); }},
      {"BATCH_TOO_LARGE",
       [](auto& r) {
         r = Pairs({{"a", "b"}, {"a", "b"}, {"a", "b"}});
       }},
      {"LANGUAGE_MALFORMED", [](auto& r) { r.set_source_language("e"); }},
      {"LANGUAGE_MALFORMED", [](auto& r) { r.set_target_language("e"); }},
      {"MODEL_NOT_FOUND", [](auto& r) { r.set_model("labse"); }},
  };
  for (const Case& test : cases) {
    v1::ScorePairsRequest request = Pairs({{"a", "b"}});
    test.spoil(request);
    EXPECT_EQ(ReasonOf(RpcStatusOf(Score(request))), test.reason);
  }
  EXPECT_TRUE(Score(Pairs({{"a", "b"}})).ok());
}

TEST(ValidateScorePairsTest, SetWithoutPairWeightsCannotScore) {
  v1::ScorePairsRequest request;
  request.add_pairs();
  const absl::Status status = ValidateScorePairs(request, {}, *TestModels());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(ValidateScorePairs(request, {}, *TestModels(true)).ok());
}

TEST_F(BatchTest, VectorsHaveLengthOneAndMeetWhereMeaningsDo) {
  Start();
  ASSERT_TRUE(Embed(Sentences({"alpha beta", "autre besoin", "zebra", "!"})).ok());
  EXPECT_EQ(vectors_.dimension(), 8);
  ASSERT_EQ(vectors_.results_size(), 4);
  const auto product = [this](int i, int j) {
    double sum = 0;
    for (int k = 0; k < 8; ++k) {
      sum += vectors_.results(i).embedding().values(k) * vectors_.results(j).embedding().values(k);
    }
    return sum;
  };
  EXPECT_EQ(vectors_.results(0).embedding().values_size(), 8);
  EXPECT_NEAR(product(0, 0), 1, 1e-6);
  EXPECT_NEAR(product(0, 1), 1, 1e-6);
  EXPECT_LT(product(0, 2), 0.9);
  EXPECT_EQ(product(3, 3), 0);
  EXPECT_EQ(vectors_.metadata().models_size(), 2);
}

TEST_F(BatchTest, BadSentencesFailAloneAndBadBatchesAsAWhole) {
  Start({.limits = {.sentence_bytes_max = 10, .batch_items_max = 4}});
  ASSERT_TRUE(Embed(Sentences({"", " ", std::string(11, 'x'), "alpha"})).ok());
  EXPECT_EQ(ReasonOf(vectors_.results(0).error()), "TEXT_MISSING");
  EXPECT_EQ(ReasonOf(vectors_.results(1).error()), "TEXT_BLANK");
  EXPECT_EQ(FieldOf(vectors_.results(2).error()), "sentences[2]");
  EXPECT_TRUE(vectors_.results(3).has_embedding());
  EXPECT_EQ(ReasonOf(RpcStatusOf(Embed(Sentences({})))), "BATCH_EMPTY");
  EXPECT_EQ(ReasonOf(RpcStatusOf(Embed(Sentences({"a", "a", "a", "a", "a"})))), "BATCH_TOO_LARGE");
  v1::EmbedSentencesRequest request = Sentences({"alpha"});
  request.set_language("e");
  EXPECT_EQ(ReasonOf(RpcStatusOf(Embed(request))), "LANGUAGE_MALFORMED");
  request.set_language("sw");
  ASSERT_TRUE(Embed(request).ok());
  EXPECT_EQ(vectors_.warnings(0).reason(), v1::Warning::REASON_LANGUAGE_NOT_COVERED);
  request.set_composition(static_cast<v1::Composition>(9));
  EXPECT_EQ(ReasonOf(RpcStatusOf(Embed(request))), "VALUE_OUT_OF_RANGE");
  request.clear_composition();
  request.set_model("labse");
  EXPECT_EQ(ReasonOf(RpcStatusOf(Embed(request))), "MODEL_NOT_FOUND");
}

}  // namespace
}  // namespace hexapla
