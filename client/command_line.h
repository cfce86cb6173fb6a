// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_COMMAND_LINE_H_
#define HEXAPLA_CLIENT_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

#include "client/connection_flags.h"
#include "client/connection_options.h"
#include "client/exit_code.h"
#include "client/formats/input_options.h"
#include "client/progress.h"

namespace hexapla {

// How a result is written. Not every command has every format.
enum class OutputFormat { kTable, kTsv, kJsonl, kBeads, kTmx, kXliff, kHtml };

struct AlignCommand {
  // 2 to 16 names; "-" is standard input, at most once.
  std::vector<std::string> files = {};
  InputOptions input = {};
  // Empty: the default, a table at a terminal and TSV elsewhere.
  std::optional<OutputFormat> format = std::nullopt;
  // BCP-47, one for each file, or none at all; an empty one is detected.
  std::vector<std::string> languages = {};
  // Beads under this probability are left out; in [0, 1].
  double min_probability = 0;
  // The command fails if a pair of versions is under this; in [0, 1].
  std::optional<double> min_document_probability = std::nullopt;
  // Most sentences of one version in a bead; empty: the server's default.
  std::optional<int> max_bead_size = std::nullopt;
  bool no_merges = false;
};

struct DetectCommand {
  // Names; "-" is standard input, at most once. At least one.
  std::vector<std::string> files = {};
  // In a format that has sentences each of them is a text of its own; with kAuto and
  // the others each file is.
  InputOptions input = {};
  std::optional<OutputFormat> format = std::nullopt;
  // Guesses to return; at least 1.
  int top = 1;
  // BCP-47; when not empty, only these are considered.
  std::vector<std::string> candidates = {};
  // BCP-47; likelier than others.
  std::vector<std::string> hints = {};
  // The spans of each text instead of its language.
  bool spans = false;
  // The identifier by name; empty: the server's default.
  std::string model = "";
  bool group_macrolanguages = false;
  bool skip_normalization = false;
};

struct CorpusCommand {
  // Names; "-" is standard input and output.
  std::string input = "";
  std::string output = "";
  // kJsonl, kTmx or kXliff.
  OutputFormat format = OutputFormat::kJsonl;
  // A folder that gets a page of HTML for each set; empty: none.
  std::string pages = "";
  // BCP-47, of the versions in order where a set does not say; one may be empty.
  // With kXliff two, none of them empty.
  std::vector<std::string> languages = {};
  double min_probability = 0;
  std::optional<int> max_bead_size = std::nullopt;
  bool no_merges = false;
  // Sets in flight; at least 1.
  int workers = 16;
  // How long to go on trying while the server is unavailable or overloaded.
  absl::Duration retry_for = absl::Minutes(1);
  // Of `shards` runs over the same input this does the lines k with
  // (k - 1) % shards == shard; they are counted from 1.
  int64_t shard = 0;
  int64_t shards = 1;
  // Sets that failed are told, but are no failure of the run.
  bool allow_failed_sets = false;
  ProgressStyle progress = ProgressStyle::kAuto;
};

struct MatchCommand {
  // Names; "-" is standard input, at most once.
  std::vector<std::string> files = {};
  // A file with further names, one a line; "-" is standard input. Empty: none.
  std::string files_from = "";
  InputOptions input = {};
  // kTsv or kJsonl.
  OutputFormat format = OutputFormat::kTsv;
  // BCP-47, one for each file, those of files_from last, or none at all; an empty
  // one is detected.
  std::vector<std::string> languages = {};
  // Documents share a group from this probability on; 0: the server's default.
  double min_probability = 0;
  bool allow_same_language = false;
  // As of CorpusCommand, within the time for one call.
  absl::Duration retry_for = absl::Minutes(1);
};

struct ScoreCommand {
  // A name; "-" is standard input.
  std::string file = "-";
  // BCP-47, of the first and the second column, or none; an empty one is detected.
  std::vector<std::string> languages = {};
};

struct ModelsCommand {
  std::optional<OutputFormat> format = std::nullopt;
};

struct HealthCommand {};

struct CommandLine {
  ConnectionOptions connection = {};
  std::variant<AlignCommand, DetectCommand, CorpusCommand, MatchCommand, ScoreCommand,
               ModelsCommand, HealthCommand>
      command;
};

// The program's answer when there is nothing to run: help, version, or a usage
// error with its one line for standard error.
struct EarlyExit {
  ExitCode exit_code = kExitDone;
  std::string standard_output = "";
  std::string standard_error = "";
};

// Parses the arguments after the program's name. Global flags may stand before
// and after the command.
std::variant<CommandLine, EarlyExit> ParseCommandLine(const std::vector<std::string>& arguments,
                                                      const Environment& environment);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_COMMAND_LINE_H_
