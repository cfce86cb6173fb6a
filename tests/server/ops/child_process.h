// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_OPS_CHILD_PROCESS_H_
#define HEXAPLA_TESTS_SERVER_OPS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace hexapla {

// A program that a test runs, with its output. It is killed with the object.
class ChildProcess {
 public:
  // Starts argv[0], with no standard input and without HEXAPLA_ variables.
  explicit ChildProcess(const std::vector<std::string>& argv);
  ~ChildProcess();

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int number) const;

  // Waits up to 20 seconds for `text` in standard output or standard error.
  bool AwaitOutput(const std::string& text);
  bool AwaitLog(const std::string& text);

  // Waits up to 20 seconds for the end: its exit code, or minus the signal, or
  // -1000 when it goes on.
  int Wait();

  // All that came so far.
  std::string output() const;
  std::string log() const;

 private:
  bool Await(const std::string& path, const std::string& text);
  // Whether it has ended; takes its status if so.
  bool Ended();

  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
  // Files rather than pipes: nobody has to read for the program to go on.
  std::string output_path_;
  std::string log_path_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_OPS_CHILD_PROCESS_H_
