// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_SERVICE_LIMITS_H_
#define HEXAPLA_SERVER_SERVICE_SERVICE_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

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
  // Documents of one heap to match.
  size_t match_documents_max = 10000;
  // Bytes of the documents of one heap, and of all heaps that the server holds at
  // a time.
  size_t match_bytes_max = size_t{256} << 20;
  // Sets in one stream of sets that are open, and as many that wait or run.
  size_t stream_sets_max = 64;
  // Bytes of text of each of these two groups: one largest set, by the limits
  // above, always fits.
  size_t stream_bytes_max = size_t{64} << 20;
  // Bytes of replies that wait to be read before a stream begins no more work.
  size_t stream_replies_bytes_max = size_t{4} << 20;
  // Batches of one stream of batches without a reply that has left, and what they
  // cost together, before it reads no more.
  size_t stream_batches_max = 32;
  size_t stream_batches_bytes_max = size_t{8} << 20;
  // Streams of a server that are open, of every method: 80 MiB at about 20 KiB each.
  size_t streams_max = 4096;
  // Bytes that all streams of a server hold together, of every method: what came
  // and is not answered, and replies that wait to be read.
  size_t streams_bytes_max = size_t{256} << 20;
  // How long a stream may wait for its caller while it holds something.
  absl::Duration stream_stall_max = absl::Minutes(5);
  // How long a unary call, a set or a batch of a stream, or a match may take in
  // all, its waiting included and whatever deadline the caller set.
  absl::Duration call_time_max = absl::Minutes(30);
  // How long a unary call may wait for its turn; it then fails as overload does.
  absl::Duration queue_time_max = absl::Minutes(5);
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_SERVICE_LIMITS_H_
