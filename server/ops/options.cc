// SPDX-License-Identifier: Apache-2.0
#include "server/ops/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "server/ops/listen_address.h"

namespace hexapla {
namespace {

constexpr int kExitUsage = 2;
constexpr size_t kWorkersMax = 1024;
// Beyond what any of the limits can sensibly be; leaves room for sums.
constexpr int64_t kBytesMax = int64_t{1} << 40;

constexpr absl::Duration kDurationMin = absl::Milliseconds(1);
constexpr absl::Duration kDurationMax = absl::Hours(24);

// In the order of LogLevel.
const std::vector<std::string>& LevelNames() {
  static const auto& names =
      *new std::vector<std::string>{"debug", "info", "warning", "error", "off"};
  return names;
}

// The flags of hexaplad over the Options they fill. CLI11 reads command line and
// environment; it would let its configuration file win over the environment, so
// the file is read here.
class CommandLine {
 public:
  explicit CommandLine(Options& options) : options_(options) {
    app_.name("hexaplad");
    app_.set_version_flag("--version", "hexaplad " HEXAPLA_VERSION);
    app_.footer(
        "Each flag --name has an environment twin HEXAPLA_NAME (a repeatable one's is\n"
        "comma-separated) and a line name=value in the file of --config. The flag wins over\n"
        "the environment, and that over the file.\n"
        "Exit codes: 0 clean, 1 failure, 2 usage.");
    AddOption("config", config_, "Read further flags from FILE")->type_name("FILE");
    AddOption("listen", options_.listen,
              "Serve on HOST:PORT, [IPv6]:PORT or unix:PATH; port 0: any")
        ->type_name("ADDR")
        ->delimiter(',')
        ->allow_extra_args(false);
    AddSwitch("allow_insecure", options_.allow_insecure,
              "Serve unencrypted beyond this machine, too");
    AddOption("tls_cert", options_.tls.certificate,
              "Speak TLS with the certificates of FILE (PEM, leaf first)")
        ->type_name("FILE");
    AddOption("tls_key", options_.tls.key, "The private key of --tls_cert (PEM, no passphrase)")
        ->type_name("FILE");
    AddOption("tls_client_ca", options_.tls.client_ca,
              "Ask clients for a certificate signed by one of FILE (PEM)")
        ->type_name("FILE");
    AddOption("auth_tokens", options_.auth_tokens,
              "Ask calls for a bearer token of FILE, one a line; with TLS only")
        ->type_name("FILE");
    AddOption("metrics", options_.metrics,
              "Answer Prometheus on HOST:PORT, path /metrics; port 0: any")
        ->type_name("ADDR");
    AddOption("log_level", log_level_,
              "The least that is logged: debug (each call), info, warning, error, off")
        ->check(CLI::IsMember(LevelNames()).description(""))
        ->type_name("LEVEL");
    AddSwitch("channelz", options_.channelz, "Serve gRPC's view of its connections, for debugging");
    AddOption("models", options_.models, "The model directory; default: found beside the program")
        ->type_name("DIR");
    AddServiceLimits(options_.limits);
    AddConnectionLimits(options_.connection);
    AddNumber("max_message_bytes", options_.message_bytes_max, 1, std::numeric_limits<int>::max(),
              "Bytes of one request message, whatever the limits above: all versions of a\n"
              "document together");
    AddNumber("max_transport_bytes", options_.transport_bytes_max, int64_t{16} << 20, kBytesMax,
              "Bytes of messages that are not complete yet; beyond, calls are ended");
    AddNumber("max_queue_cost", options_.queue_cost_max, 1, kBytesMax,
              "Bytes of requests admitted and not yet answered");
    AddNumber("workers", options_.workers, 0, kWorkersMax, "Threads that compute; 0: one per core");
    AddDuration("drain_grace", options_.drain_grace, absl::ZeroDuration(),
                "How long calls may go on after SIGTERM: 500ms, 10s, 1m");
  }

  // Throws what CLI11 throws; a ParseError with exit code 0 asks for help.
  void Parse(std::vector<std::string> arguments) {
    ParseArguments(arguments);
    if (config_.empty()) return Finish();
    const std::vector<std::string> more = ReadConfig();
    // Those of the file last: what it leaves open keeps what came first.
    arguments.insert(arguments.end(), more.begin(), more.end());
    ParseArguments(arguments);
    Finish();
  }

  std::vector<FlagDescription> Describe() const {
    std::vector<FlagDescription> flags;
    for (const CLI::Option* option : app_.get_options()) {
      const std::string name = option->get_single_name();
      if (name == "help" || name == "version") continue;
      const bool is_switch = option->get_items_expected_max() == 0;
      flags.push_back(
          {.name = name, .default_value = is_switch ? "off" : option->get_default_str()});
    }
    return flags;
  }

  // What CLI11 would print about an error that Parse threw.
  CommandLineExit Exit(const CLI::Error& error) {
    std::ostringstream out;
    std::ostringstream err;
    if (app_.exit(error, out, err) == 0) return {.code = 0, .out = out.str(), .err = ""};
    std::string message = absl::StrReplaceAll(error.what(), {{"\n", " "}, {"\r", " "}});
    absl::StripAsciiWhitespace(&message);
    return {.code = kExitUsage,
            .out = "",
            .err = absl::StrCat("hexaplad: ", message, " (--help lists the flags)\n")};
  }

 private:
  template <typename T>
  CLI::Option* AddOption(const std::string& name, T& value, const std::string& description) {
    return app_.add_option("--" + name, value, description)
        ->envname("HEXAPLA_" + absl::AsciiStrToUpper(name))
        ->capture_default_str();
  }

  template <typename T>
  void AddNumber(const std::string& name, T& value, int64_t min, int64_t max,
                 const std::string& description) {
    AddOption(name, value, description)
        ->type_name("N")
        ->check(CLI::Range(min, max).description(""));
  }

  void AddSwitch(const std::string& name, bool& value, const std::string& description) {
    app_.add_flag("--" + name, value, description)
        ->envname("HEXAPLA_" + absl::AsciiStrToUpper(name));
  }

  // From `min` to a day, written as 500ms, 10s, 1m30s or 2h.
  void AddDuration(const std::string& name, absl::Duration& value, absl::Duration min,
                   const std::string& description) {
    const auto set = [&value, min, flag = "--" + name](const std::string& text) {
      absl::Duration parsed;
      if (!absl::ParseDuration(text, &parsed) || parsed < min || parsed > kDurationMax) {
        throw CLI::ValidationError(
            flag, absl::StrCat("must be a duration from ", absl::FormatDuration(min),
                               " to 24h, as 500ms, 10s or 1m30s is"));
      }
      value = parsed;
    };
    app_.add_option_function<std::string>("--" + name, set, description)
        ->envname("HEXAPLA_" + absl::AsciiStrToUpper(name))
        ->type_name("DURATION")
        ->default_str(absl::FormatDuration(value));
  }

  void AddServiceLimits(ServiceLimits& limits) {
    constexpr int64_t kCountMax = std::numeric_limits<int>::max();
    AddNumber("max_document_bytes", limits.document_bytes_max, 1, kBytesMax,
              "Bytes of one version of a document");
    AddNumber("max_sentence_bytes", limits.sentence_bytes_max, 1, kBytesMax,
              "Bytes of one sentence");
    AddNumber("max_sentences", limits.sentences_max, 1, kCountMax,
              "Sentences of one version of a document");
    AddNumber("max_batch_items", limits.batch_items_max, 1, kCountMax, "Items of a batch");
    AddNumber("max_text_bytes", limits.text_bytes_max, 1, kBytesMax,
              "Bytes of one text of a batch");
    AddNumber("max_match_documents", limits.match_documents_max, 1, kCountMax,
              "Documents of one heap to match");
    AddNumber("max_match_bytes", limits.match_bytes_max, 1, kBytesMax,
              "Bytes of the documents to match, of one call and of all together");
    AddNumber("max_stream_sets", limits.stream_sets_max, 1, kCountMax,
              "Document sets of one stream that are open, and as many that wait or run");
    AddNumber("max_stream_bytes", limits.stream_bytes_max, 1, kBytesMax,
              "Bytes of text of each of these two groups; one set always fits");
    AddNumber("max_stream_replies_bytes", limits.stream_replies_bytes_max, 1, kBytesMax,
              "Bytes of unread replies before a stream begins no more work");
    AddNumber("max_stream_batches", limits.stream_batches_max, 1, kCountMax,
              "Batches of one stream without a reply before it reads no more");
    AddNumber("max_stream_batches_bytes", limits.stream_batches_bytes_max, 1, kBytesMax,
              "Bytes of these");
    AddNumber("max_streams", limits.streams_max, 1, kCountMax,
              "Streams that are open at a time, on all connections together");
    AddNumber("max_streams_bytes", limits.streams_bytes_max, 1, kBytesMax,
              "Bytes that all streams together hold, requests and unread replies");
    AddDuration("max_stream_stall", limits.stream_stall_max, kDurationMin,
                "How long a stream that holds something may wait for its caller");
    AddDuration("max_call_time", limits.call_time_max, kDurationMin,
                "How long a unary call, or a set or batch of a stream, may take");
    AddDuration("max_queue_time", limits.queue_time_max, kDurationMin,
                "How long a unary call may wait for a worker");
  }

  void AddConnectionLimits(ConnectionLimits& limits) {
    AddNumber("max_connections", limits.connections_max, 1, 1 << 20,
              "Connections at a time; further ones are closed at once");
    AddNumber("max_connection_streams", limits.streams_max, 1, std::numeric_limits<int>::max(),
              "Calls at a time on one connection; more wait on the client's side");
    AddNumber("max_metadata_bytes", limits.metadata_bytes_max, 1024, 1 << 20,
              "Bytes of the headers of a call");
    AddDuration("max_handshake_time", limits.handshake_max, kDurationMin,
                "How long a connection may take until it speaks HTTP/2");
    AddDuration("max_connection_idle", limits.idle_max, kDurationMin,
                "How long a connection may be without a call");
    AddDuration("max_connection_age", limits.age_max, kDurationMin,
                "When a connection is asked to make place for a new one");
    AddDuration("max_connection_grace", limits.grace_max, kDurationMin,
                "How long its calls may go on after that");
    AddDuration("keepalive_time", limits.keepalive_time, kDurationMin,
                "After how much silence a connection is asked for a sign of life");
    AddDuration("keepalive_timeout", limits.keepalive_timeout, kDurationMin,
                "How long that may take");
    AddDuration("min_ping_interval", limits.ping_interval_min, kDurationMin,
                "How often clients may ask for one; more often, and they are sent away");
  }

  // CLI11 takes the arguments from the back.
  void ParseArguments(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());
    app_.parse(std::move(arguments));
  }

  // The lines of the file as arguments, without those that something wins over.
  std::vector<std::string> ReadConfig() const {
    std::ifstream file(config_);
    if (!file || std::filesystem::is_directory(config_)) throw CLI::FileError::Missing(config_);
    std::vector<std::string> arguments;
    for (const CLI::ConfigItem& item : CLI::ConfigINI().from_config(file)) {
      const CLI::Option* option = app_.get_option_no_throw("--" + item.name);
      if (!item.parents.empty() || item.name == "config" || option == nullptr ||
          !option->get_configurable()) {
        throw CLI::ConfigError(
            absl::StrCat(config_,
                         option == nullptr ? ": unknown flag: " : ": not a flag for a file: ",
                         item.fullname()),
            CLI::ExitCodes::ConfigError);
      }
      if (option->count() > 0) continue;
      for (const std::string& value : item.inputs) {
        arguments.push_back(absl::StrCat("--", item.name, "=", value));
      }
    }
    return arguments;
  }

  // What is not a matter of one flag's syntax.
  void Finish() {
    options_.log_level = static_cast<LogLevel>(
        std::find(LevelNames().begin(), LevelNames().end(), log_level_) - LevelNames().begin());
    for (const CLI::Option* option : app_.get_options()) {
      if (option->count() > 0) {
        options_.given[option->get_single_name()] = absl::StrJoin(option->results(), ",");
      }
    }
    CheckTls();
    if (options_.listen.empty()) throw CLI::ValidationError("--listen", "is empty");
    for (const std::string& text : options_.listen) {
      const absl::StatusOr<ListenAddress> address = ListenAddress::Parse(text);
      if (!address.ok()) {
        throw CLI::ValidationError("--listen", std::string(address.status().message()));
      }
      if (options_.tls.certificate.empty()) CheckReach("--listen", *address);
    }
    if (options_.metrics.empty()) return;
    const absl::StatusOr<ListenAddress> address = ListenAddress::Parse(options_.metrics);
    if (!address.ok()) {
      throw CLI::ValidationError("--metrics", std::string(address.status().message()));
    }
    if (address->is_unix()) throw CLI::ValidationError("--metrics", "must be HOST:PORT");
    CheckReach("--metrics", *address);
  }

  // Of an address that serves without encryption.
  void CheckReach(const char* flag, const ListenAddress& address) const {
    if (address.is_local() || options_.allow_insecure) return;
    throw CLI::ValidationError(
        flag, absl::StrCat(address.ToString(),
                           " is not a loopback address: other machines may reach it, without"
                           " encryption; --allow_insecure permits that"));
  }

  void CheckTls() const {
    const TlsFiles& tls = options_.tls;
    if (tls.certificate.empty() != tls.key.empty()) {
      throw CLI::ValidationError(tls.key.empty() ? "--tls_cert" : "--tls_key",
                                 "needs the other one of --tls_cert and --tls_key");
    }
    if (!tls.certificate.empty()) return;
    if (!tls.client_ca.empty()) {
      throw CLI::ValidationError("--tls_client_ca", "needs --tls_cert and --tls_key");
    }
    if (!options_.auth_tokens.empty()) {
      throw CLI::ValidationError(
          "--auth_tokens",
          "needs --tls_cert and --tls_key: without encryption anybody could read the tokens");
    }
  }

  Options& options_;
  CLI::App app_{"Aligns the sentences of a document across its language versions, over gRPC."};
  std::string config_;
  std::string log_level_ = "info";
};

}  // namespace

std::variant<Options, CommandLineExit> ParseOptions(int argc, const char* const* argv) {
  Options options;
  CommandLine command_line(options);
  try {
    command_line.Parse(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const CLI::Error& error) {
    return command_line.Exit(error);
  }
  return options;
}

std::vector<FlagDescription> DescribeFlags() {
  Options options;
  return CommandLine(options).Describe();
}

}  // namespace hexapla
