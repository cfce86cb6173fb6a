// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_DOCUMENT_PARTS_H_
#define HEXAPLA_SERVER_SERVICE_DOCUMENT_PARTS_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "server/models/model_set.h"
#include "server/service/service_limits.h"

namespace hexapla {

// Puts together a set of versions that comes in parts.
//
// Raw text may be cut anywhere, inside a character too, so it is looked at as
// UTF-8 only when it is whole. The limits of a document hold from the first
// part on: a set that passes one is refused at once, not when it has all come.
//
// Errors are those that the whole set would have in AlignDocuments, fields
// included, and TEXT_NOT_UTF8; a set with an error is of no further use.
// Threads: compatible.
class DocumentParts {
 public:
  // `limits` must outlive the object.
  explicit DocumentParts(const ServiceLimits& limits) : limits_(limits) {}

  // Once, before anything else.
  absl::Status Open(v1::OpenDocuments&& open, const ModelSet& models);
  absl::Status Add(v1::DocumentChunk&& chunk);
  // The whole set, not validated yet. Nothing may come after it.
  absl::StatusOr<v1::AlignDocumentsRequest> End() &&;

  // Bytes held: of text, and the overhead of sentences.
  size_t bytes() const { return bytes_; }

 private:
  absl::Status AddText(int version, const std::string& text);
  absl::Status AddSentences(int version,
                            google::protobuf::RepeatedPtrField<std::string>&& sentences);
  absl::Status Count(int version, size_t bytes, const std::string& field);

  const ServiceLimits& limits_;
  v1::AlignDocumentsRequest request_;
  std::vector<size_t> version_bytes_;
  size_t bytes_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_DOCUMENT_PARTS_H_
