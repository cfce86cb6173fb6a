// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_RAW_STREAM_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_RAW_STREAM_H_

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hexapla {

// Bytes that are no message of any type, and one with a string that is not UTF-8.
inline const std::string kNoMessages[] = {std::string("\x0A\x05zz"), std::string("\x0A\x01\xFF")};

// A call of a streaming method ("/hexapla.v1.LanguageService/StreamDetectLanguages")
// by a caller who sends what bytes it likes.
class RawStream {
 public:
  RawStream(grpc::Channel& channel, const char* method) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(200)));
    const grpc::internal::RpcMethod rpc(method, grpc::internal::RpcMethod::BIDI_STREAMING);
    stream_.reset(
        grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
            &channel, rpc, &context_));
  }

  RawStream& Send(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    stream_->Write(grpc::ByteBuffer(&slice, 1));
    return *this;
  }
  // Closes this side and reads all replies.
  grpc::Status Close() {
    stream_->WritesDone();
    grpc::ByteBuffer bytes;
    while (stream_->Read(&bytes)) {
      grpc::Slice slice;
      bytes.DumpToSingleSlice(&slice);
      replies_.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    return stream_->Finish();
  }
  const std::vector<std::string>& replies() const { return replies_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream_;
  std::vector<std::string> replies_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_SERVICE_RAW_STREAM_H_
