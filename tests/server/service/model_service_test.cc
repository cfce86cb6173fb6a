// SPDX-License-Identifier: Apache-2.0
#include "server/service/model_service.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"

namespace hexapla {
namespace {

class ModelServiceTest : public ::testing::Test {
 protected:
  grpc::Status List(v1::ModelKind kind) {
    grpc::ClientContext context;
    v1::ListModelsRequest request;
    request.set_kind(kind);
    return stub_->ListModels(&context, request, &list_);
  }
  grpc::Status Get(const std::string& name) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    return stub_->GetModel(&context, request, &model_);
  }

  InProcessServer server_;
  std::unique_ptr<v1::ModelService::Stub> stub_ = v1::ModelService::NewStub(server_.channel());
  v1::ListModelsResponse list_;
  v1::GetModelResponse model_;
};

TEST_F(ModelServiceTest, ListsAllModelsInTheOrderOfTheManifest) {
  ASSERT_TRUE(List(v1::MODEL_KIND_UNSPECIFIED).ok());
  ASSERT_EQ(list_.models_size(), 4);
  EXPECT_EQ(list_.models(0).name(), "space");
  EXPECT_EQ(list_.models(0).dimension(), 160);
  EXPECT_EQ(list_.models(1).name(), "lid");
  EXPECT_EQ(list_.models(2).name(), "weights");
}

TEST_F(ModelServiceTest, ListsModelsOfOneKind) {
  ASSERT_TRUE(List(v1::MODEL_KIND_LANGUAGE_IDENTIFIER).ok());
  ASSERT_EQ(list_.models_size(), 2);
  EXPECT_EQ(list_.models(0).licence(), "CC-BY-SA-3.0");
  EXPECT_TRUE(list_.models(0).is_default());
  EXPECT_FALSE(list_.models(1).is_default());
}

TEST_F(ModelServiceTest, RefusesAnUnknownKind) {
  const grpc::Status status = List(static_cast<v1::ModelKind>(99));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "VALUE_OUT_OF_RANGE");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "kind");
}

TEST_F(ModelServiceTest, GetsAModelByName) {
  ASSERT_TRUE(Get("space").ok());
  EXPECT_EQ(model_.model().sha256(), std::string(64, 'a'));
}

TEST_F(ModelServiceTest, MissingModelIsAFailedPreconditionAboutAResource) {
  const grpc::Status status = Get("labse");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const google::rpc::Status rpc = RpcStatusOf(status);
  EXPECT_EQ(ReasonOf(rpc), "MODEL_NOT_FOUND");
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(rpc)->resource_name(), "labse");
}

TEST_F(ModelServiceTest, NameIsRequired) {
  const grpc::Status status = Get("");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "FIELD_MISSING");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "name");
}

}  // namespace
}  // namespace hexapla
