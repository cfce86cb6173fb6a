// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_CALLS_H_
#define HEXAPLA_TESTS_LOAD_CALLS_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "hexapla/v1/language_service.pb.h"

namespace hexapla::load {

// The size of an echo's messages, gRPC's frame not counted.
struct EchoSizes {
  size_t request_bytes = 128;
  size_t reply_bytes = 128;
};

// One call on its way. Lives until its tag has come out of the queue.
class PendingCall {
 public:
  virtual ~PendingCall() = default;

  const grpc::Status& status() const { return status_; }

  // Once it has ended OK: whether the reply is the right one, and if not, why.
  virtual absl::Status CheckReply() const = 0;
  virtual size_t reply_bytes() const = 0;

 protected:
  grpc::ClientContext context_;
  grpc::Status status_;
};

// Makes one kind of call over one channel, by the stub that any client has; the
// request is the same each time.
// Threads: const methods may be called concurrently.
class Caller {
 public:
  virtual ~Caller() = default;

  virtual size_t request_bytes() const = 0;
  // The request as it is sent, without gRPC's frame.
  virtual std::string SerializedRequest() const = 0;

  // Sends the request, and puts `make_tag(call)` into `queue` when the call is over.
  using TagOf = absl::FunctionRef<void*(std::unique_ptr<PendingCall>)>;
  virtual void Start(std::chrono::system_clock::time_point deadline, grpc::CompletionQueue& queue,
                     TagOf make_tag) const = 0;
};

// The calls by name:
//   detect        the language of one sentence of 120 bytes
//   detect_batch  of 256 such sentences, in six languages
//   align         8 sentences in two languages, given as sentences
//   align_text    the same as text
//   align_long    480 sentences in two languages
//   echo          of the echo server
std::vector<std::string> CallNames();

// Errors: InvalidArgument for an unknown name.
absl::StatusOr<std::unique_ptr<Caller>> MakeCaller(absl::string_view call,
                                                   std::shared_ptr<grpc::Channel> channel,
                                                   const EchoSizes& echo);

// The requests, and what their replies have to be.
v1::DetectLanguagesRequest MakeDetectRequest(int texts);
absl::Status CheckDetectReply(const v1::DetectLanguagesRequest& request,
                              const v1::DetectLanguagesResponse& reply);
v1::AlignDocumentsRequest MakeAlignRequest(int repetitions, bool as_text);
// Whether each sentence stands in exactly one bead, and the versions belong together.
absl::Status CheckAlignReply(int sentences, const v1::AlignDocumentsResponse& reply);

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_CALLS_H_
