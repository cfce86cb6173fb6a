// SPDX-License-Identifier: Apache-2.0
#include "server/ops/call_watch.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

#include "server/base/request_error.h"
#include "server/ops/log.h"
#include "server/ops/status_name.h"

namespace hexapla {
namespace {

// The value of the only entry of that name, else "".
absl::string_view MetadataValue(const grpc::CallbackServerContext& context, const char* name) {
  const auto [first, last] = context.client_metadata().equal_range(name);
  if (first == last || std::next(first) != last) return "";
  return {first->second.data(), first->second.size()};
}

LogLevel LevelOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::DATA_LOSS:
      return LogLevel::kError;
    case grpc::StatusCode::UNAUTHENTICATED:
      return LogLevel::kInfo;
    default:
      return LogLevel::kDebug;
  }
}

// To the microsecond: more digits say nothing.
double Milliseconds(absl::Duration duration) {
  return static_cast<double>(absl::ToInt64Microseconds(duration)) / 1000;
}

// "ipv4", "ipv6", "unix" or "inproc": addresses of people stay out of the log.
std::string PeerKind(const grpc::CallbackServerContext& context) {
  const std::string peer = context.peer();
  return peer.substr(0, peer.find(':'));
}

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
}

bool IsId(absl::string_view text) {
  return IsLowerHex(text) && text.find_first_not_of('0') != absl::string_view::npos;
}

}  // namespace

absl::Status CallWatch::Admit(const grpc::CallbackServerContext& context) {
  if (tokens_ == nullptr || tokens_->Get()->Admit(MetadataValue(context, "authorization"))) {
    return absl::OkStatus();
  }
  return RequestError(absl::StatusCode::kUnauthenticated, {.reason = "TOKEN_INVALID"},
                      "the call carries no valid token; it needs the metadata"
                      " \"authorization: Bearer TOKEN\"");
}

void CallWatch::OnStart(const char* method) {
  if (metrics_ != nullptr) metrics_->CallStarted(method);
}

void CallWatch::OnWork(const char* method, const StageTimes& stages) {
  if (metrics_ != nullptr) metrics_->WorkDone(method, stages);
}

void CallWatch::OnEnd(const CallSummary& call) {
  if (metrics_ != nullptr) metrics_->CallEnded(call);
  const LogLevel level = LevelOf(call.code);
  if (!IsLogged(level)) return;
  nlohmann::ordered_json fields = {{"method", call.method},
                                   {"code", StatusName(call.code)},
                                   {"ms", Milliseconds(call.duration)},
                                   {"queue_ms", Milliseconds(call.queued)},
                                   {"compute_ms", Milliseconds(call.computed)},
                                   {"received_bytes", call.received_bytes},
                                   {"sent_bytes", call.sent_bytes},
                                   {"peer", PeerKind(*call.context)}};
  const TraceParent trace = ParseTraceParent(MetadataValue(*call.context, "traceparent"));
  if (!trace.trace_id.empty()) {
    fields["trace_id"] = std::string(trace.trace_id);
    fields["parent_id"] = std::string(trace.parent_id);
  }
  if (level == LogLevel::kDebug) {
    Log(level, "call", fields);
  } else {
    LogLimited(level == LogLevel::kError ? errors_ : strangers_, level, "call", std::move(fields));
  }
}

TraceParent ParseTraceParent(absl::string_view header) {
  // VERSION-TRACE-PARENT-FLAGS, and from later versions perhaps more.
  constexpr size_t kSize = 2 + 1 + 32 + 1 + 16 + 1 + 2;
  if (header.size() < kSize || header[2] != '-' || header[35] != '-' || header[52] != '-')
    return {};
  const absl::string_view version = header.substr(0, 2);
  if (!IsLowerHex(version) || version == "ff" || !IsLowerHex(header.substr(53, 2))) return {};
  if (header.size() > kSize && (version == "00" || header[kSize] != '-')) return {};
  const TraceParent trace = {.trace_id = header.substr(3, 32), .parent_id = header.substr(36, 16)};
  return IsId(trace.trace_id) && IsId(trace.parent_id) ? trace : TraceParent{};
}

}  // namespace hexapla
