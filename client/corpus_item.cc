// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_item.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

#include "client/json_text.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

using Json = nlohmann::json;

absl::Status NotOfType(absl::string_view field, absl::string_view type) {
  return absl::InvalidArgumentError(absl::StrCat(field, " must be ", type));
}

absl::StatusOr<Json> ParseObject(absl::string_view text) {
  try {
    Json json = Json::parse(text.begin(), text.end());
    if (!json.is_object()) return NotOfType("the line", "a JSON object");
    return json;
  } catch (const Json::parse_error& error) {
    // Its own message quotes the text.
    return absl::InvalidArgumentError(absl::StrCat("not JSON at byte ", error.byte));
  } catch (const Json::out_of_range&) {
    return absl::InvalidArgumentError("not JSON: a number is too large");
  }
}

// Sets `out` to the string `name` of `object` if there is one.
absl::Status ReadString(const Json& object, const char* name, const std::string& path,
                        std::string& out) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return absl::OkStatus();
  if (!found->is_string()) return NotOfType(absl::StrCat(path, name), "a string");
  out = found->get_ref<const std::string&>();
  return absl::OkStatus();
}

absl::Status ReadVersion(const Json& json, const std::string& path, v1::DocumentVersion& version) {
  if (!json.is_object()) return NotOfType(path, "an object");
  const std::string prefix = absl::StrCat(path, ".");
  HEXAPLA_RETURN_IF_ERROR(ReadString(json, "language", prefix, *version.mutable_language()));
  HEXAPLA_RETURN_IF_ERROR(ReadString(json, "text", prefix, *version.mutable_text()));
  const auto sentences = json.find("sentences");
  if (sentences == json.end() || sentences->is_null()) return absl::OkStatus();
  if (!sentences->is_array()) return NotOfType(absl::StrCat(prefix, "sentences"), "an array");
  for (const Json& sentence : *sentences) {
    if (!sentence.is_string()) {
      return NotOfType(absl::StrCat(prefix, "sentences"), "an array of strings");
    }
    version.add_sentences(sentence.get_ref<const std::string&>());
  }
  return absl::OkStatus();
}

absl::Status ReadItem(absl::string_view text, const std::vector<std::string>& languages,
                      CorpusItem& item) {
  HEXAPLA_ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  HEXAPLA_RETURN_IF_ERROR(ReadString(json, "id", "", item.id));
  if (item.id.empty()) return absl::InvalidArgumentError("id is missing or empty");
  const auto versions = json.find("versions");
  if (versions == json.end() || !versions->is_array()) return NotOfType("versions", "an array");
  for (size_t v = 0; v < versions->size(); ++v) {
    v1::DocumentVersion& version = *item.request.add_versions();
    HEXAPLA_RETURN_IF_ERROR(
        ReadVersion((*versions)[v], absl::StrCat("versions[", v, "]"), version));
    if (version.language().empty() && v < languages.size()) version.set_language(languages[v]);
  }
  return absl::OkStatus();
}

std::string ErrorJson(int64_t line, const absl::Status& status) {
  // With the code's own name as gRPC writes it.
  return absl::StrCat(
      "{\"code\":", JsonString(absl::StatusCodeToString(status.code())),
      ",\"message\":", JsonString(absl::StrCat("line ", line, ": ", status.message())), "}");
}

}  // namespace

CorpusItem ParseCorpusItem(int64_t line, absl::string_view json,
                           const std::vector<std::string>& languages) {
  CorpusItem item = {.line = line};
  item.status = ReadItem(json, languages, item);
  return item;
}

std::string CorpusResultLine(const std::string& id, const std::string& beads,
                             float document_probability) {
  return absl::StrCat("{\"id\":", JsonString(id), ",\"beads\":[", beads,
                      "],\"document_probability\":", document_probability, "}");
}

std::string CorpusErrorLine(const CorpusItem& item, const absl::Status& status, bool by_line) {
  return absl::StrCat("{\"id\":", item.id.empty() ? "null" : JsonString(item.id),
                      by_line ? absl::StrCat(",\"line\":", item.line) : "",
                      ",\"error\":", ErrorJson(item.line, status), "}");
}

absl::StatusOr<CorpusDone> ParseCorpusDone(absl::string_view text) {
  HEXAPLA_ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  CorpusDone done = {.failed = json.contains("error")};
  if (!done.failed && !json.contains("beads")) {
    return absl::InvalidArgumentError("neither beads nor error");
  }
  const auto line = json.find("line");
  if (line != json.end() && line->is_number_integer()) {
    done.line = line->get<int64_t>();
    return done;
  }
  HEXAPLA_RETURN_IF_ERROR(ReadString(json, "id", "", done.id));
  if (done.id.empty()) return absl::InvalidArgumentError("neither id nor line");
  return done;
}

}  // namespace hexapla
