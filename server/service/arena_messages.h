// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_ARENA_MESSAGES_H_
#define HEXAPLA_SERVER_SERVICE_ARENA_MESSAGES_H_

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <array>
#include <cstddef>

namespace hexapla {

// Gives the request and the reply of a unary call one arena: what they are made of
// is then allocated in a row, and freed in a piece when the call is over. A reply
// of 256 languages would otherwise be some two thousand allocations.
//
// A message built elsewhere is copied when it is assigned to a part of one in an
// arena, even where it is moved; so replies are filled in place.
//
// Lifetime: outlives the server.
// Threads: AllocateMessages may be called concurrently.
template <typename Request, typename Response>
class ArenaMessages final : public grpc::MessageAllocator<Request, Response> {
 public:
  using Holder = grpc::MessageHolder<Request, Response>;

  Holder* AllocateMessages() override { return new ArenaHolder; }

 private:
  // Enough for the messages of a small call.
  static constexpr size_t kFirstBlockBytes = 1536;
  // Blocks double up to this.
  static constexpr size_t kLastBlockBytes = 64 << 10;

  class ArenaHolder final : public Holder {
   public:
    ArenaHolder() : arena_(Options(block_)) {
      this->set_request(google::protobuf::Arena::CreateMessage<Request>(&arena_));
      this->set_response(google::protobuf::Arena::CreateMessage<Response>(&arena_));
    }

    void Release() override { delete this; }

   private:
    using Block = std::array<char, kFirstBlockBytes>;

    static google::protobuf::ArenaOptions Options(Block& block) {
      google::protobuf::ArenaOptions options;
      options.initial_block = block.data();
      options.initial_block_size = block.size();
      options.max_block_size = kLastBlockBytes;
      return options;
    }

    alignas(std::max_align_t) Block block_;
    google::protobuf::Arena arena_;
  };
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_ARENA_MESSAGES_H_
