// SPDX-License-Identifier: Apache-2.0
//
// Three threads: this one reads the input and sends; a second, one for each
// connection, receives and writes the output; a third shows the progress, puts
// the output on the disk now and then, and cuts a connection that is silent for
// too long. They meet under one mutex, which none holds while it sends or reads.
#include "client/corpus.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "client/corpus_format.h"
#include "client/corpus_item.h"
#include "client/corpus_output.h"
#include "client/corpus_pages.h"
#include "client/line_reader.h"
#include "client/message_line.h"
#include "client/progress.h"
#include "server/base/mutex.h"
#include "server/base/status_macros.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

using Request = v1::StreamAlignDocumentsRequest;
using Response = v1::StreamAlignDocumentsResponse;
using Stream = grpc::ClientReaderWriterInterface<Request, Response>;

// Longer lines are errors: a set of the server's default limits, 64 MiB, is half
// that even if JSON doubles it.
constexpr size_t kLineBytesMax = size_t{256} << 20;
// Sets in flight hold at most so much text, or are one.
constexpr size_t kFlightBytesMax = size_t{64} << 20;
// A larger set goes in parts of half this: the server takes 16 MiB by default.
constexpr size_t kMessageBytesMax = 1 << 20;
constexpr size_t kPartBytes = kMessageBytesMax / 2;

constexpr absl::Duration kTick = absl::Milliseconds(250);
constexpr int kTickParts = 10;
constexpr absl::Duration kTicksLost = absl::Seconds(5);
constexpr absl::Duration kSyncInterval = absl::Seconds(5);
constexpr absl::Duration kBackoffMin = absl::Milliseconds(100);
constexpr absl::Duration kBackoffMax = absl::Seconds(5);

// Sends a set, in parts if it is large. False when the stream is broken.
bool Send(const CorpusItem& item, Stream& stream) {
  Request message;
  message.set_request_id(absl::StrCat(item.line));
  if (item.request.ByteSizeLong() <= kMessageBytesMax) {
    *message.mutable_documents() = item.request;
    return stream.Write(message);
  }
  *message.mutable_open()->mutable_options() = item.request.options();
  for (const v1::DocumentVersion& version : item.request.versions()) {
    message.mutable_open()->add_versions()->set_language(version.language());
  }
  if (!stream.Write(message)) return false;
  for (int v = 0; v < item.request.versions_size(); ++v) {
    const v1::DocumentVersion& version = item.request.versions(v);
    for (size_t begin = 0; begin < version.text().size(); begin += kPartBytes) {
      message.mutable_chunk()->set_version_index(v);
      message.mutable_chunk()->set_text(version.text().substr(begin, kPartBytes));
      if (!stream.Write(message)) return false;
    }
    message.clear_step();
    size_t bytes = 0;
    for (const std::string& sentence : version.sentences()) {
      message.mutable_chunk()->set_version_index(v);
      message.mutable_chunk()->add_sentences(sentence);
      bytes += sentence.size();
      if (bytes < kPartBytes) continue;
      if (!stream.Write(message)) return false;
      message.clear_step();
      bytes = 0;
    }
    if (message.has_chunk() && !stream.Write(message)) return false;
    message.clear_step();
  }
  message.mutable_end();
  return stream.Write(message);
}

class CorpusRun {
 public:
  CorpusRun(const CorpusCommand& command, absl::Duration timeout, const CommandStreams& streams,
            LineReader& input, int64_t input_bytes, CorpusOutput& output)
      : command_(command),
        streams_(streams),
        timeout_(timeout),
        begin_(absl::Now()),
        input_bytes_(input_bytes),
        input_(input),
        output_(output),
        progress_(command.progress, streams.errors_terminal, streams.errors) {}

  // Does all sets.
  absl::Status Run(const AlignmentClient& client) {
    // A tied stream flushes the output, which another thread may be writing: what it
    // wrote would come out twice.
    streams_.input.tie(nullptr);
    streams_.errors.tie(nullptr);
    std::thread ticker([this] { Tick(); });
    const absl::Status status = RunConnections(client);
    over_ = true;
    ticker.join();
    MutexLock lock(mutex_);
    if (status.ok()) {
      HEXAPLA_RETURN_IF_ERROR(output_.End(State().done > State().failed));
      HEXAPLA_RETURN_IF_ERROR(output_.Sync());
    }
    if (status.ok()) {
      progress_.Finish(State());
    } else {
      progress_.Clear();
    }
    return status;
  }

  // Sets that are done, those of earlier runs included, and those that failed.
  int64_t done() const {
    MutexLock lock(mutex_);
    return output_.done() + done_;
  }
  int64_t failed() const {
    MutexLock lock(mutex_);
    return output_.failed() + failed_;
  }
  // Sets of earlier runs that should have a page but have none. Call after Run().
  int64_t without_page() const { return without_page_; }

 private:
  // A set that was sent, or waits to be sent again.
  struct Flight {
    std::shared_ptr<const CorpusItem> item;
    size_t bytes = 0;                        // of its text, about
    int64_t input_bytes = 0;                 // of its line
    v1::AlignDocumentsResponse result = {};  // as it comes
    // Since when an overloaded server has refused it again and again.
    std::optional<absl::Time> refused_since = std::nullopt;
  };

  absl::Status RunConnections(const AlignmentClient& client) {
    absl::Duration backoff = kBackoffMin;
    std::optional<absl::Time> failing_since;
    while (true) {
      const int64_t done_before = done();
      const absl::Status status = RunConnection(client);
      if (!absl::IsUnavailable(status)) return status;
      if (const int64_t line = silent_line(); line > 0 && IsThere(client)) {
        HEXAPLA_RETURN_IF_ERROR(GiveUp(line));
        failing_since.reset();
        continue;
      }
      if (done() != done_before || !failing_since.has_value()) {
        failing_since = absl::Now();
        backoff = kBackoffMin;
        if (command_.retry_for > absl::ZeroDuration()) {
          Warn(absl::StrCat(status.message(), "; trying again for ",
                            absl::FormatDuration(command_.retry_for)));
        }
      }
      // A server that refuses is there; each set that it refuses has a time of its own.
      const absl::Duration asked = delay_asked();
      const absl::Duration left = asked > absl::ZeroDuration()
                                      ? command_.retry_for
                                      : *failing_since + command_.retry_for - absl::Now();
      if (left <= absl::ZeroDuration()) return status;
      absl::SleepFor(std::min(std::max({backoff, asked, stream_delay()}), left));
      backoff = std::min(2 * backoff, kBackoffMax);
    }
  }

  // One stream, to the end of all sets. Unavailable if it should be tried again.
  absl::Status RunConnection(const AlignmentClient& client) {
    grpc::ClientContext context;
    const std::unique_ptr<Stream> stream = client.StreamAlignDocuments(&context);
    {
      MutexLock lock(mutex_);
      context_ = &context;
      failure_ = absl::OkStatus();
      stream_is_over_ = false;
      delay_asked_ = absl::ZeroDuration();
      silent_line_ = 0;
      heard_ = absl::Now();
    }
    absl::Status ended;
    std::thread receiver([&] { ended = Receive(*stream); });
    const absl::Status sent = SendAll(*stream);
    if (!sent.ok()) context.TryCancel();
    receiver.join();
    MutexLock lock(mutex_);
    context_ = nullptr;
    // What was sent in vain is sent first by the next connection.
    for (auto& [id, flight] : flying_) {
      flight.result.Clear();
      flight.refused_since.reset();
      unsent_.emplace(flight.item->line, std::move(flight));
    }
    flying_.clear();
    flying_bytes_ = 0;
    HEXAPLA_RETURN_IF_ERROR(failure_);
    HEXAPLA_RETURN_IF_ERROR(sent);
    // Of a stream, not of a set: the server took us for stalled, as after a sleep.
    if (absl::IsDeadlineExceeded(ended)) return absl::UnavailableError(ended.message());
    HEXAPLA_RETURN_IF_ERROR(ended);
    if (unsent_.empty() && input_is_over_) return absl::OkStatus();
    if (is_overloaded()) {
      return absl::UnavailableError("the server has more work than it admits");
    }
    return absl::UnavailableError("the server ended the stream before its last answer");
  }

  // --- Sending.

  // Sends while there is something to send and somebody to receive it. Errors
  // are those of the input and the output.
  absl::Status SendAll(Stream& stream) {
    while (true) {
      HEXAPLA_ASSIGN_OR_RETURN(std::optional<Flight> flight, Next());
      if (!flight.has_value()) break;
      const std::shared_ptr<const CorpusItem> item = flight->item;
      if (!Register(*std::move(flight))) break;
      if (!Send(*item, stream)) return absl::OkStatus();
    }
    stream.WritesDone();
    return absl::OkStatus();
  }

  // The next set to send; none if all are sent.
  absl::StatusOr<std::optional<Flight>> Next() {
    {
      MutexLock lock(mutex_);
      if (!unsent_.empty()) {
        Flight flight = std::move(unsent_.begin()->second);
        unsent_.erase(unsent_.begin());
        return flight;
      }
    }
    return ReadNext();
  }

  // Waits for room in flight. False when the stream is over or the server is
  // overloaded; then the set waits for the next stream.
  bool Register(Flight flight) {
    MutexLock lock(mutex_);
    while (!stream_is_over_ && !is_overloaded() && !flying_.empty() &&
           (flying_.size() >= static_cast<size_t>(command_.workers) ||
            flying_bytes_ + flight.bytes > kFlightBytesMax)) {
      changed_.Wait(mutex_);
    }
    if (stream_is_over_ || is_overloaded()) {
      unsent_.emplace(flight.item->line, std::move(flight));
      return false;
    }
    // Silence counts from here on.
    if (flying_.empty()) heard_ = absl::Now();
    flying_bytes_ += flight.bytes;
    flying_.emplace(absl::StrCat(flight.item->line), std::move(flight));
    return true;
  }

  // The next set of the input that is not done and can be sent.
  absl::StatusOr<std::optional<Flight>> ReadNext() {
    std::string line;
    while (!input_is_over_) {
      const int64_t bytes_before = input_.bytes();
      const LineReader::Result result = input_.Next(line);
      if (result == LineReader::Result::kEnd) {
        input_is_over_ = true;
        if (input_.failed()) return absl::UnknownError("the input cannot be read to its end");
        break;
      }
      ++line_number_;
      const int64_t bytes = input_.bytes() - bytes_before;
      CorpusItem item = {.line = line_number_};
      if (result == LineReader::Result::kTooLong) {
        item.status = absl::ResourceExhaustedError(
            absl::StrCat("the line is longer than the limit of ", kLineBytesMax, " bytes"));
      } else if (SkipSpaces(line, 0, line.size()) < line.size()) {
        item = ParseCorpusItem(line_number_, line, command_.languages);
      } else {
        Skip(bytes);
        continue;
      }
      HEXAPLA_ASSIGN_OR_RETURN(const bool send, MustBeSent(item, bytes));
      if (send) return ToFlight(std::move(item), bytes);
    }
    return std::optional<Flight>();
  }

  // Sorts out what is done already or not ours, and finishes what cannot be sent.
  absl::StatusOr<bool> MustBeSent(const CorpusItem& item, int64_t bytes) {
    absl::Status status = item.status;
    bool by_line = item.id.empty();
    if (!by_line) {
      const auto [first, is_new] = lines_of_ids_.emplace(item.id, item.line);
      if (!is_new) {
        by_line = true;
        status = absl::AlreadyExistsError(
            absl::StrCat("the id is that of line ", first->second, " too"));
      }
    }
    // The ids of other shards' sets count as well, so that all shards together say
    // what one run would.
    if ((item.line - 1) % command_.shards != command_.shard) {
      Skip(bytes);
      return false;
    }
    if (by_line ? output_.HasLine(item.line) : output_.HasId(item.id)) {
      if (!by_line && LacksPage(item.id)) ++without_page_;
      Skip(bytes);
      return false;
    }
    if (status.ok()) status = output_.format().Check(item.request);
    if (status.ok()) return true;
    MutexLock lock(mutex_);
    HEXAPLA_RETURN_IF_ERROR(output_.Append(output_.format().ErrorLine(item, status, by_line)));
    Count(/*failed=*/true, bytes);
    return false;
  }

  // Whether an earlier run, of other flags or before a power failure, aligned this set
  // but left no page.
  bool LacksPage(const std::string& id) const {
    return !command_.pages.empty() && output_.HasResult(id) && !HasCorpusPage(command_.pages, id);
  }

  std::optional<Flight> ToFlight(CorpusItem item, int64_t bytes) const {
    v1::AlignmentOptions& options = *item.request.mutable_options();
    options.set_max_bead_size(command_.max_bead_size.value_or(0));
    options.set_no_merges(command_.no_merges);
    options.set_min_probability(static_cast<float>(command_.min_probability));
    // The caller knows the sentences it gave, but not those that the server finds.
    const auto& versions = item.request.versions();
    options.set_return_text(NeedsText() || std::any_of(versions.begin(), versions.end(),
                                                       [](const v1::DocumentVersion& version) {
                                                         return !version.text().empty();
                                                       }));
    const size_t size = item.request.ByteSizeLong();
    return Flight{.item = std::make_shared<const CorpusItem>(std::move(item)),
                  .bytes = size,
                  .input_bytes = bytes};
  }

  void Skip(int64_t bytes) {
    MutexLock lock(mutex_);
    skipped_bytes_ += bytes;
  }

  // --- Receiving.

  absl::Status Receive(Stream& stream) {
    Response response;
    while (stream.Read(&response)) Take(response);
    const grpc::Status end = stream.Finish();
    const absl::Status status = FromGrpcStatus(end);
    MutexLock lock(mutex_);
    stream_is_over_ = true;
    stream_delay_ = DelayAsked(end);
    changed_.NotifyAll();
    // A server that takes no further stream is as good as away.
    if (stream_delay_ > absl::ZeroDuration()) return absl::UnavailableError(status.message());
    return status;
  }

  // Only this thread takes sets out of flight, so one that was found stays.
  void Take(Response& response) {
    std::shared_ptr<const CorpusItem> item;
    v1::AlignDocumentsResponse result;
    {
      MutexLock lock(mutex_);
      heard_ = absl::Now();
      const auto found = flying_.find(response.request_id());
      if (found == flying_.end()) return;
      if (response.has_beads()) {
        for (v1::Bead& bead : *response.mutable_beads()->mutable_beads()) {
          *found->second.result.add_beads() = std::move(bead);
        }
      }
      if (!response.has_summary() && !response.has_error()) return;
      item = found->second.item;
      result = std::move(found->second.result);
    }
    const absl::Duration delay = DelayAsked(response.error());
    if (delay > absl::ZeroDuration() && SendLater(response.request_id(), delay)) return;
    // What is long is done without the mutex.
    const CorpusFormat& format = output_.format();
    absl::Status failure;
    if (response.has_error()) {
      failure = FromRpcStatus(response.error());
    } else {
      *result.mutable_summary() = std::move(*response.mutable_summary());
      if (NeedsText()) failure = CheckFits(result, item->request.versions_size());
    }
    absl::Status paged;
    if (failure.ok() && !command_.pages.empty()) {
      paged = WriteCorpusPage(command_.pages, item->id, result);
    }
    const std::string line = failure.ok() ? format.ResultLine(*item, result)
                                          : format.ErrorLine(*item, failure, /*by_line=*/false);
    MutexLock lock(mutex_);
    if (absl::IsUnavailable(failure)) {
      Fail(failure);
    } else if (!paged.ok()) {
      Fail(paged);
    } else {
      Finish(flying_.at(response.request_id()), line, !failure.ok());
    }
  }

  // Puts a set that an overloaded server refused back to what is not sent. Those that
  // it took are waited for; then a new stream sends the rest. False, and it stays, if
  // that has gone on for long enough.
  bool SendLater(const std::string& id, absl::Duration delay) {
    MutexLock lock(mutex_);
    const auto found = flying_.find(id);
    const absl::Time now = absl::Now();
    if (now - found->second.refused_since.value_or(now) >= command_.retry_for) return false;
    delay_asked_ = std::max(delay_asked_, delay);
    Flight flight = std::move(found->second);
    if (!flight.refused_since.has_value()) flight.refused_since = now;
    flying_.erase(found);
    flying_bytes_ -= flight.bytes;
    flight.result.Clear();
    unsent_.emplace(flight.item->line, std::move(flight));
    changed_.NotifyAll();
    return true;
  }

  bool is_overloaded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return delay_asked_ > absl::ZeroDuration();
  }
  absl::Duration delay_asked() const {
    MutexLock lock(mutex_);
    return delay_asked_;
  }
  absl::Duration stream_delay() const {
    MutexLock lock(mutex_);
    return stream_delay_;
  }

  // The line of the set for which a connection was silent for too long; else 0.
  int64_t silent_line() const {
    MutexLock lock(mutex_);
    return silent_line_;
  }

  // Whether somebody answers at all: then it is a set that takes too long.
  static bool IsThere(const AlignmentClient& client) {
    const absl::Status status = client.Health().status();
    return !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
  }

  // A set that was sent and took too long has failed, unless it was answered just now.
  absl::Status GiveUp(int64_t line) {
    MutexLock lock(mutex_);
    const auto found = unsent_.find(line);
    if (found == unsent_.end()) return absl::OkStatus();
    const Flight flight = std::move(found->second);
    unsent_.erase(found);
    const absl::Status status = absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(timeout_), " (--timeout)"));
    HEXAPLA_RETURN_IF_ERROR(
        output_.Append(output_.format().ErrorLine(*flight.item, status, /*by_line=*/false)));
    Count(/*failed=*/true, flight.input_bytes);
    return absl::OkStatus();
  }

  bool NeedsText() const { return output_.format().needs_text() || !command_.pages.empty(); }

  // Writes the line of a set, which is done then.
  void Finish(const Flight& flight, const std::string& line, bool failed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Status written = output_.Append(line);
    if (!written.ok()) {
      Fail(written);
      return;
    }
    Count(failed, flight.input_bytes);
    flying_bytes_ -= flight.bytes;
    flying_.erase(absl::StrCat(flight.item->line));
    changed_.NotifyAll();
  }

  // Ends the connection for a reason of our own.
  void Fail(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failure_.ok()) failure_ = status;
    if (context_ != nullptr) context_->TryCancel();
  }

  // --- The rest.

  void Count(bool failed, int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++done_;
    failed_ += failed ? 1 : 0;
    finished_bytes_ += bytes;
  }

  void Tick() {
    absl::Time synced = absl::Now();
    absl::Time ticked = synced;
    while (!over_) {
      {
        MutexLock lock(mutex_);
        progress_.Show(State());
        const absl::Time now = absl::Now();
        // While this program was stopped nobody could be heard.
        if (now - ticked > kTicksLost) heard_ += now - ticked;
        ticked = now;
        if (!flying_.empty() && failure_.ok() && now - heard_ > timeout_) EndSilence();
      }
      if (absl::Now() - synced >= kSyncInterval) {
        const absl::Status status = output_.Sync();
        synced = absl::Now();
        MutexLock lock(mutex_);
        if (!status.ok()) Fail(status);
      }
      for (int i = 0; i < kTickParts && !over_; ++i) absl::SleepFor(kTick / kTickParts);
    }
  }

  // The set that was sent first is the likeliest to be the one that takes so long.
  void EndSilence() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const auto& [id, flight] : flying_) {
      const int64_t line = flight.item->line;
      if (silent_line_ == 0 || line < silent_line_) silent_line_ = line;
    }
    Fail(absl::UnavailableError(absl::StrCat("no answer within ", absl::FormatDuration(timeout_))));
  }

  void Warn(const std::string& message) {
    MutexLock lock(mutex_);
    progress_.Clear();
    WriteMessage("warning", message, streams_.errors);
    streams_.errors.flush();
  }

  ProgressState State() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ProgressState state = {.done = output_.done() + done_,
                           .failed = output_.failed() + failed_,
                           .done_now = done_,
                           .elapsed = absl::Now() - begin_};
    if (input_bytes_ <= 0) return state;
    const auto total = static_cast<double>(input_bytes_);
    state.share = std::min(1.0, static_cast<double>(skipped_bytes_ + finished_bytes_) / total);
    state.share_now = static_cast<double>(finished_bytes_) / total;
    return state;
  }

  const CorpusCommand& command_;
  const CommandStreams& streams_;
  const absl::Duration timeout_;
  const absl::Time begin_;
  // 0: not known.
  const int64_t input_bytes_;

  // Of the thread that sends.
  LineReader& input_;
  int64_t line_number_ = 0;
  bool input_is_over_ = false;
  absl::flat_hash_map<std::string, int64_t> lines_of_ids_;
  int64_t without_page_ = 0;

  std::atomic<bool> over_ = false;

  mutable Mutex mutex_;
  CondVar changed_;
  // What an earlier run left is read without the mutex.
  CorpusOutput& output_;
  Progress progress_ ABSL_GUARDED_BY(mutex_);
  // By request_id: the number of the line. The id of the set may be of any size.
  absl::flat_hash_map<std::string, Flight> flying_ ABSL_GUARDED_BY(mutex_);
  size_t flying_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // How long the server, when it was overloaded, asked to be left alone. Zero: it was
  // not, on this stream.
  absl::Duration delay_asked_ ABSL_GUARDED_BY(mutex_);
  // The same of the last stream as a whole.
  absl::Duration stream_delay_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, Flight> unsent_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stream_is_over_ ABSL_GUARDED_BY(mutex_) = false;
  // Of a connection that we ended because it was silent; else 0.
  int64_t silent_line_ ABSL_GUARDED_BY(mutex_) = 0;
  // Why we ended the connection; OK if we did not.
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  // The last sign of the server.
  absl::Time heard_ ABSL_GUARDED_BY(mutex_);
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t finished_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t skipped_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The bytes of a regular file; 0 for anything else.
int64_t SizeOf(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return 0;
  const uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

// Gives what is done and failed, of all runs.
absl::StatusOr<std::pair<int64_t, int64_t>> Run(const CorpusCommand& command,
                                                const std::vector<std::string>& servers,
                                                absl::Duration timeout, const Connector& connect,
                                                const CommandStreams& streams) {
  std::ifstream file;
  if (command.input != "-") {
    errno = 0;
    file.open(command.input, std::ios::binary);
    if (!file || file.peek() == std::ifstream::traits_type::eof()) {
      const int error = std::filesystem::is_directory(command.input) ? EISDIR : errno;
      if (!file.is_open() || error == EISDIR) {
        return absl::UnknownError(absl::StrCat(
            command.input,
            ": cannot be read: ", std::error_code(error, std::generic_category()).message()));
      }
      file.clear();
    }
  }
  // Before the output is opened, which cuts a last line that is not whole.
  std::error_code ignored;
  if (std::filesystem::equivalent(command.input, command.output, ignored)) {
    return absl::InvalidArgumentError(
        absl::StrCat(command.output, ": input and output are the same file"));
  }
  HEXAPLA_ASSIGN_OR_RETURN(
      const std::unique_ptr<CorpusOutput> output,
      CorpusOutput::Open(command.output, CorpusFormat(command.format, command.languages),
                         streams.output));
  if (!command.pages.empty()) {
    std::error_code error;
    std::filesystem::create_directories(command.pages, error);
    if (error) {
      return absl::UnknownError(
          absl::StrCat(command.pages, ": no folder for the pages: ", error.message()));
    }
  }
  if (output->dropped_bytes() > 0) {
    WriteMessage("warning", absl::StrCat(command.output, ": dropped a last line that was cut"),
                 streams.errors);
  }
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<AlignmentClient> client, connect(servers));
  LineReader reader(command.input == "-" ? streams.input : file, kLineBytesMax);
  CorpusRun run(command, timeout, streams, reader, SizeOf(command.input), *output);
  HEXAPLA_RETURN_IF_ERROR(run.Run(*client));
  if (run.without_page() > 0) {
    WriteMessage("warning",
                 absl::StrCat("sets done before that have no page in ", command.pages, ": ",
                              run.without_page(), "; to have them, delete their lines in ",
                              command.output, " and run this again"),
                 streams.errors);
  }
  return std::make_pair(run.done(), run.failed());
}

}  // namespace

absl::Status RunCorpus(const CorpusCommand& command, const std::vector<std::string>& servers,
                       absl::Duration timeout, const Connector& connect,
                       const CommandStreams& streams) {
  HEXAPLA_ASSIGN_OR_RETURN(const auto counts, Run(command, servers, timeout, connect, streams));
  const auto [done, failed] = counts;
  if (failed == 0) return absl::OkStatus();
  const std::string message =
      absl::StrCat(failed, " of ", done, " sets failed; ",
                   command.output == "-" ? "the output" : command.output, " says why");
  if (!command.allow_failed_sets) return absl::InvalidArgumentError(message);
  WriteMessage("warning", message, streams.errors);
  return absl::OkStatus();
}

}  // namespace hexapla
