// SPDX-License-Identifier: Apache-2.0
#include "server/service/request_validation.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/base/request_error.h"
#include "tests/server/service/test_models.h"

namespace hexapla {
namespace {

const ServiceLimits kLimits = {.document_bytes_max = 100,
                               .sentence_bytes_max = 20,
                               .sentences_max = 8,
                               .batch_items_max = 4,
                               .text_bytes_max = 50};

v1::AlignDocumentsRequest ValidAlignment() {
  v1::AlignDocumentsRequest request;
  request.add_versions()->set_text("One. Two.");
  request.add_versions()->add_sentences("Un.");
  return request;
}

v1::DetectLanguagesRequest ValidDetection() {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  return request;
}

// A change that spoils a valid request, and what is to be said about it.
template <typename Request>
struct BadCase {
  std::string name;
  std::function<void(Request&)> spoil;
  absl::StatusCode code;
  std::string reason;
  std::string field;
  std::string limit = "";
  std::string value = "";
};

template <typename Request>
void ExpectRefused(const absl::Status& status, const BadCase<Request>& test) {
  const RequestFault fault = FaultOf(status);
  EXPECT_EQ(status.code(), test.code) << test.name << ": " << status;
  EXPECT_EQ(fault.reason, test.reason) << test.name;
  EXPECT_EQ(fault.field, test.field) << test.name;
  EXPECT_EQ(fault.limit, test.limit) << test.name;
  EXPECT_EQ(fault.value, test.value) << test.name;
  EXPECT_NE(status.message().find(test.field), absl::string_view::npos) << status;
}

TEST(RequestValidationTest, ValidAlignmentsPass) {
  const auto models = TestModels();
  v1::AlignDocumentsRequest request = ValidAlignment();
  EXPECT_TRUE(ValidateAlignDocuments(request, kLimits, *models).ok());

  request.mutable_versions(0)->set_text(std::string(100, 'x'));
  request.mutable_versions(0)->set_language("qqq");
  for (int i = 1; i < 8; ++i) request.mutable_versions(1)->add_sentences(i == 3 ? "" : "Deux.");
  for (int i = 2; i < 16; ++i) request.add_versions()->set_text("\xE4\xB8\x80\xE3\x80\x82");
  v1::AlignmentOptions& options = *request.mutable_options();
  options.set_encoding_type(v1::ENCODING_TYPE_UTF16);
  options.set_max_bead_size(8);
  options.set_min_probability(1);
  options.set_model("space");
  options.set_language_model("lid");
  EXPECT_TRUE(ValidateAlignDocuments(request, kLimits, *models).ok());
}

TEST(RequestValidationTest, BadAlignmentsAreRefused) {
  using Request = v1::AlignDocumentsRequest;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  constexpr auto kMissing = absl::StatusCode::kFailedPrecondition;
  const std::vector<BadCase<Request>> cases = {
      {"no version", [](Request& r) { r.clear_versions(); }, kInvalid, "TOO_FEW_VERSIONS",
       "versions", "2", "0"},
      {"one version", [](Request& r) { r.mutable_versions()->RemoveLast(); }, kInvalid,
       "TOO_FEW_VERSIONS", "versions", "2", "1"},
      {"17 versions",
       [](Request& r) {
         while (r.versions_size() < 17) r.add_versions()->set_text("More.");
       },
       kInvalid, "TOO_MANY_VERSIONS", "versions", "16", "17"},
      {"no text", [](Request& r) { r.mutable_versions(1)->clear_sentences(); }, kInvalid,
       "TEXT_MISSING", "versions[1].text"},
      {"blank text", [](Request& r) { r.mutable_versions(0)->set_text(" \n\xE2\x80\x8B\t"); },
       kInvalid, "TEXT_BLANK", "versions[0].text"},
      {"blank sentences",
       [](Request& r) {
         r.mutable_versions(1)->set_sentences(0, " ");
         r.mutable_versions(1)->add_sentences("");
       },
       kInvalid, "TEXT_BLANK", "versions[1].sentences"},
      {"text and sentences", [](Request& r) { r.mutable_versions(1)->set_text("Un."); }, kInvalid,
       "TEXT_AMBIGUOUS", "versions[1].text"},
      {"malformed language", [](Request& r) { r.mutable_versions(1)->set_language("en_US"); },
       kInvalid, "LANGUAGE_MALFORMED", "versions[1].language", "", "en_US"},
      {"long text", [](Request& r) { r.mutable_versions(0)->set_text(std::string(101, 'x')); },
       kExhausted, "TEXT_TOO_LONG", "versions[0].text", "100", "101"},
      {"long sentence",
       [](Request& r) { r.mutable_versions(1)->add_sentences(std::string(21, 'x')); }, kExhausted,
       "SENTENCE_TOO_LONG", "versions[1].sentences[1]", "20", "21"},
      {"long sentences together",
       [](Request& r) {
         for (int i = 0; i < 5; ++i) r.mutable_versions(1)->add_sentences(std::string(20, 'x'));
       },
       kExhausted, "TEXT_TOO_LONG", "versions[1].sentences", "100", "103"},
      {"many sentences",
       [](Request& r) {
         for (int i = 0; i < 8; ++i) r.mutable_versions(1)->add_sentences("");
       },
       kExhausted, "TOO_MANY_SENTENCES", "versions[1].sentences", "8", "9"},
      {"unknown unit",
       [](Request& r) {
         r.mutable_options()->set_encoding_type(static_cast<v1::EncodingType>(99));
       },
       kInvalid, "VALUE_OUT_OF_RANGE", "options.encoding_type", "a known EncodingType", "99"},
      {"negative bead size", [](Request& r) { r.mutable_options()->set_max_bead_size(-1); },
       kInvalid, "VALUE_OUT_OF_RANGE", "options.max_bead_size", "1 to 8", "-1"},
      {"large bead size", [](Request& r) { r.mutable_options()->set_max_bead_size(9); }, kInvalid,
       "VALUE_OUT_OF_RANGE", "options.max_bead_size", "1 to 8", "9"},
      {"negative probability", [](Request& r) { r.mutable_options()->set_min_probability(-0.5f); },
       kInvalid, "VALUE_OUT_OF_RANGE", "options.min_probability", "0 to 1", "-0.5"},
      {"probability over 1", [](Request& r) { r.mutable_options()->set_min_probability(1.5f); },
       kInvalid, "VALUE_OUT_OF_RANGE", "options.min_probability", "0 to 1", "1.5"},
      {"probability that is no number",
       [](Request& r) { r.mutable_options()->set_min_probability(std::nanf("")); }, kInvalid,
       "VALUE_OUT_OF_RANGE", "options.min_probability", "0 to 1", "nan"},
      {"unknown space", [](Request& r) { r.mutable_options()->set_model("labse"); }, kMissing,
       "MODEL_NOT_FOUND", "options.model", "", "labse"},
      {"a model of another kind", [](Request& r) { r.mutable_options()->set_model("lid"); },
       kMissing, "MODEL_NOT_FOUND", "options.model", "", "lid"},
      {"unknown identifier", [](Request& r) { r.mutable_options()->set_language_model("cld9"); },
       kMissing, "MODEL_NOT_FOUND", "options.language_model", "", "cld9"},
  };
  const auto models = TestModels();
  for (const BadCase<Request>& test : cases) {
    Request request = ValidAlignment();
    test.spoil(request);
    ExpectRefused(ValidateAlignDocuments(request, kLimits, *models), test);
  }
}

TEST(RequestValidationTest, ValidDetectionsPass) {
  const auto models = TestModels();
  v1::DetectLanguagesRequest request = ValidDetection();
  EXPECT_TRUE(ValidateDetectLanguages(request, kLimits, *models).ok());
  for (int i = 1; i < 4; ++i) request.add_texts("");
  request.mutable_options()->set_top_k(16);
  request.mutable_options()->add_candidates("fr");
  request.mutable_options()->add_hints("en");
  request.mutable_options()->set_skip_normalization(true);
  request.mutable_options()->set_group_macrolanguages(true);
  request.mutable_options()->set_model("lid");
  EXPECT_TRUE(ValidateDetectLanguages(request, kLimits, *models).ok());
}

TEST(RequestValidationTest, BadDetectionsAreRefused) {
  using Request = v1::DetectLanguagesRequest;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  const std::vector<BadCase<Request>> cases = {
      {"no texts", [](Request& r) { r.clear_texts(); }, kInvalid, "BATCH_EMPTY", "texts"},
      {"many texts",
       [](Request& r) {
         while (r.texts_size() < 5) r.add_texts("");
       },
       kExhausted, "BATCH_TOO_LARGE", "texts", "4", "5"},
      {"negative top_k", [](Request& r) { r.mutable_options()->set_top_k(-1); }, kInvalid,
       "VALUE_OUT_OF_RANGE", "options.top_k", "1 to 16", "-1"},
      {"large top_k", [](Request& r) { r.mutable_options()->set_top_k(17); }, kInvalid,
       "VALUE_OUT_OF_RANGE", "options.top_k", "1 to 16", "17"},
      {"malformed candidate",
       [](Request& r) {
         r.mutable_options()->add_candidates("en");
         r.mutable_options()->add_candidates("not a tag");
       },
       kInvalid, "LANGUAGE_MALFORMED", "options.candidates[1]", "", "not a tag"},
      {"many candidates",
       [](Request& r) {
         for (int i = 0; i < 257; ++i) r.mutable_options()->add_candidates("en");
       },
       kExhausted, "LIST_TOO_LONG", "options.candidates", "256", "257"},
      {"malformed hint", [](Request& r) { r.mutable_options()->add_hints(""); }, kInvalid,
       "LANGUAGE_MALFORMED", "options.hints[0]"},
      {"many hints",
       [](Request& r) {
         for (int i = 0; i < 17; ++i) r.mutable_options()->add_hints("en");
       },
       kExhausted, "LIST_TOO_LONG", "options.hints", "16", "17"},
      {"unknown model", [](Request& r) { r.mutable_options()->set_model("cld9"); },
       absl::StatusCode::kFailedPrecondition, "MODEL_NOT_FOUND", "options.model", "", "cld9"},
  };
  const auto models = TestModels();
  for (const BadCase<Request>& test : cases) {
    Request request = ValidDetection();
    test.spoil(request);
    ExpectRefused(ValidateDetectLanguages(request, kLimits, *models), test);
  }
}

TEST(RequestValidationTest, BadRequestsForSpansAreRefused) {
  using Request = v1::DetectSpansRequest;
  const std::vector<BadCase<Request>> cases = {
      {"no text", [](Request& r) { r.clear_text(); }, absl::StatusCode::kInvalidArgument,
       "TEXT_MISSING", "text"},
      {"a long text", [](Request& r) { r.set_text(std::string(51, 'x')); },
       absl::StatusCode::kResourceExhausted, "TEXT_TOO_LONG", "text", "50", "51"},
      {"unknown unit", [](Request& r) { r.set_encoding_type(static_cast<v1::EncodingType>(9)); },
       absl::StatusCode::kInvalidArgument, "VALUE_OUT_OF_RANGE", "encoding_type",
       "a known EncodingType", "9"},
      {"bad option", [](Request& r) { r.mutable_options()->set_top_k(17); },
       absl::StatusCode::kInvalidArgument, "VALUE_OUT_OF_RANGE", "options.top_k", "1 to 16", "17"},
  };
  const auto models = TestModels();
  Request valid;
  valid.set_text(" ");
  EXPECT_TRUE(ValidateDetectSpans(valid, kLimits, *models).ok());
  for (const BadCase<Request>& test : cases) {
    Request request = valid;
    test.spoil(request);
    ExpectRefused(ValidateDetectSpans(request, kLimits, *models), test);
  }
}

TEST(RequestValidationTest, ATextOfABatchMayFailAlone) {
  EXPECT_TRUE(ValidateDetectionText("", 0, kLimits).ok());
  EXPECT_TRUE(ValidateDetectionText(std::string(50, 'x'), 0, kLimits).ok());
  const absl::Status status = ValidateDetectionText(std::string(51, 'x'), 7, kLimits);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FaultOf(status).reason, "TEXT_TOO_LONG");
  EXPECT_EQ(FaultOf(status).field, "texts[7]");
}

TEST(RequestValidationTest, ErrorsNeverRepeatTextNorRawBytesOfNames) {
  v1::AlignDocumentsRequest request = ValidAlignment();
  request.mutable_versions(0)->set_language("s\xC3\xA9" + std::string(500, 'q') + "\n");
  const absl::Status status = ValidateAlignDocuments(request, kLimits, *TestModels());
  EXPECT_EQ(FaultOf(status).value, "s??" + std::string(61, 'q'));
  EXPECT_LT(status.message().size(), 100u);
}

TEST(RequestValidationTest, ModelsAreFoundByNameOrByKind) {
  const auto models = TestModels();
  EXPECT_EQ((*FindModel(*models, ModelKind::kBeadWeights, "", "model"))->name, "weights");
  EXPECT_EQ((*FindModel(*models, "space"))->version, "3");
  EXPECT_EQ(FaultOf(FindModel(*models, "").status()).reason, "FIELD_MISSING");
  EXPECT_EQ(FaultOf(FindModel(*models, "nope").status()).reason, "MODEL_NOT_FOUND");
}

TEST(RequestValidationTest, ListModelsKnowsItsKinds) {
  v1::ListModelsRequest request;
  EXPECT_TRUE(ValidateListModels(request).ok());
  request.set_kind(static_cast<v1::ModelKind>(99));
  EXPECT_EQ(FaultOf(ValidateListModels(request)).field, "kind");
}

TEST(RequestValidationTest, BlankIsWhatShowsNothing) {
  for (const char* blank : {"", " ", "\t\r\n", "\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(IsBlank(blank)) << blank;
  }
  for (const char* visible : {"a", " .", "\xE4\xB8\x80",
                              "\xEF\xBB\xBF"
                              "1"}) {
    EXPECT_FALSE(IsBlank(visible)) << visible;
  }
}

}  // namespace
}  // namespace hexapla
