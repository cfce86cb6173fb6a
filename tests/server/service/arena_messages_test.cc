// SPDX-License-Identifier: Apache-2.0
#include "server/service/arena_messages.h"

#include <gtest/gtest.h>

#include <string>

#include "hexapla/v1/language_service.pb.h"

namespace hexapla {
namespace {

using Messages = ArenaMessages<v1::DetectLanguagesRequest, v1::DetectLanguagesResponse>;

TEST(ArenaMessagesTest, BothMessagesLieInOneArena) {
  Messages messages;
  Messages::Holder* const holder = messages.AllocateMessages();
  ASSERT_NE(holder->request()->GetArena(), nullptr);
  EXPECT_EQ(holder->request()->GetArena(), holder->response()->GetArena());
  EXPECT_EQ(holder->response()->add_results()->GetArena(), holder->request()->GetArena());
  holder->Release();
}

TEST(ArenaMessagesTest, CallsHaveArenasOfTheirOwn) {
  Messages messages;
  Messages::Holder* const one = messages.AllocateMessages();
  Messages::Holder* const other = messages.AllocateMessages();
  EXPECT_NE(one->request()->GetArena(), other->request()->GetArena());
  one->request()->add_texts("one");
  one->Release();
  other->request()->add_texts("other");
  EXPECT_EQ(other->request()->texts(0), "other");
  other->Release();
}

// Far beyond the first block; a sanitizer would see what is not given back.
TEST(ArenaMessagesTest, LargeMessagesFit) {
  Messages messages;
  Messages::Holder* const holder = messages.AllocateMessages();
  const std::string text(1000, 'x');
  for (int i = 0; i < 4096; ++i) {
    holder->request()->add_texts(text);
    holder->response()->add_results()->mutable_detection()->set_model(text);
  }
  EXPECT_GT(holder->response()->ByteSizeLong(), 4096u * 1000u);
  v1::DetectLanguagesRequest copy;
  ASSERT_TRUE(copy.ParseFromString(holder->request()->SerializeAsString()));
  EXPECT_EQ(copy.texts(4095), text);
  holder->Release();
}

}  // namespace
}  // namespace hexapla
