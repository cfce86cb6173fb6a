// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_JSON_TEXT_H_
#define HEXAPLA_CLIENT_JSON_TEXT_H_

#include <google/protobuf/message.h>

#include <string>

namespace hexapla {

// A message as proto3 JSON on one line, with the names of the proto file. Zeros
// and empty lists are written too, so that a reader finds every field.
std::string ToJson(const google::protobuf::Message& message);

// A JSON string; bytes that are not UTF-8, as file names may have, become U+FFFD.
std::string JsonString(const std::string& text);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_JSON_TEXT_H_
