// SPDX-License-Identifier: Apache-2.0
#include "tests/server/ops/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace hexapla {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr auto kInterval = std::chrono::milliseconds(5);

std::string NewFile() {
  std::string path = (std::filesystem::temp_directory_path() / "hexapla_child_XXXXXX").string();
  const int descriptor = mkstemp(path.data());
  if (descriptor < 0) throw std::runtime_error("mkstemp failed");
  close(descriptor);
  return path;
}

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<char*> Environment() {
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, "HEXAPLA_", 8) != 0) environment.push_back(*variable);
  }
  environment.push_back(nullptr);
  return environment;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv)
    : output_path_(NewFile()), log_path_(NewFile()) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_path_.c_str(),
                                   O_WRONLY | O_APPEND, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path_.c_str(), O_WRONLY | O_APPEND,
                                   0);
  const int error = posix_spawn(&pid_, argv[0].c_str(), &actions, nullptr, Pointers(argv).data(),
                                Environment().data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error(argv[0] + ": " + std::strerror(error));
}

ChildProcess::~ChildProcess() {
  if (!Ended()) {
    Signal(SIGKILL);
    Wait();
  }
  std::filesystem::remove(output_path_);
  std::filesystem::remove(log_path_);
}

void ChildProcess::Signal(int number) const { kill(pid_, number); }

bool ChildProcess::AwaitOutput(const std::string& text) { return Await(output_path_, text); }
bool ChildProcess::AwaitLog(const std::string& text) { return Await(log_path_, text); }

int ChildProcess::Wait() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!Ended()) {
    if (std::chrono::steady_clock::now() >= deadline) return -1000;
    std::this_thread::sleep_for(kInterval);
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

std::string ChildProcess::output() const { return Content(output_path_); }
std::string ChildProcess::log() const { return Content(log_path_); }

bool ChildProcess::Await(const std::string& path, const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    // In this order: what came just before the end is seen.
    const bool ended = Ended();
    if (Content(path).find(text) != std::string::npos) return true;
    if (ended) return false;
    std::this_thread::sleep_for(kInterval);
  }
  return false;
}

bool ChildProcess::Ended() {
  if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

}  // namespace hexapla
