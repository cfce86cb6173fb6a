// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_SERVICE_LIMITS_H_
#define HEXAPLA_SERVER_SERVICE_SERVICE_LIMITS_H_

#include <cstddef>

namespace hexapla {

// What the services accept. The defaults are those that the contract names; the
// transport's limit on a message is apart (server/ops).
struct ServiceLimits {
  // Bytes of UTF-8 of one version of a document, or of its sentences together.
  size_t document_bytes_max = size_t{4} << 20;
  // Bytes of one sentence, given or found.
  size_t sentence_bytes_max = size_t{16} << 10;
  // Sentences of one version, given or found.
  size_t sentences_max = 10000;
  // Items of a batch: texts, pairs, sentences to embed.
  size_t batch_items_max = 4096;
  // Bytes of one text of a batch whose language is asked.
  size_t text_bytes_max = size_t{1} << 20;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_SERVICE_LIMITS_H_
