// SPDX-License-Identifier: Apache-2.0
//
// The lines of `hexapla corpus`.
//
//   in   {"id": "a", "versions": [{"language": "en", "text": "..."},
//                                 {"sentences": ["...", "..."]}]}
//   out  {"id":"a","beads":[...],"document_probability":0.98}
//        {"id":"a","error":{"code":"INVALID_ARGUMENT","message":"..."}}
//        {"id":null,"line":7,"error":{...}}
//
// An error that belongs to a line more than to an id (there is none, or it was
// used before) says which line, counted from 1.
#ifndef HEXAPLA_CLIENT_CORPUS_ITEM_H_
#define HEXAPLA_CLIENT_CORPUS_ITEM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hexapla/v1/alignment_service.pb.h"

namespace hexapla {

// A line of the input, as far as it could be read.
struct CorpusItem {
  int64_t line = 0;
  // Empty if the line has no usable id.
  std::string id = {};
  // Why the set cannot be sent; its message begins with the line.
  absl::Status status = {};
  v1::AlignDocumentsRequest request = {};
};

// Reads line number `line`. Unknown names are ignored. `languages` are those of
// the versions in order where these name none; further ones are detected.
CorpusItem ParseCorpusItem(int64_t line, absl::string_view json,
                           const std::vector<std::string>& languages);

// A line of the output, without its end. `beads` holds JSON objects separated by
// commas.
std::string CorpusResultLine(const std::string& id, const std::string& beads,
                             float document_probability);
// The error of a set. With `by_line`, of a line that does not own its id.
std::string CorpusErrorLine(const CorpusItem& item, const absl::Status& status, bool by_line);

// What a line of an earlier output says is done.
struct CorpusDone {
  // One of the two.
  std::string id = {};
  std::optional<int64_t> line = std::nullopt;
  bool failed = false;
};

// Errors: InvalidArgument if it is no line of an output.
absl::StatusOr<CorpusDone> ParseCorpusDone(absl::string_view json);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CORPUS_ITEM_H_
