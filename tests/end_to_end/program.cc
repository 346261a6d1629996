#include "tests/end_to_end/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace mes::tests {

namespace {

// A file without a name: outputs of any size without a pipe that somebody has to empty.
class Scratch {
 public:
  Scratch() : file_(tmpfile()) {
    if (file_ == nullptr) throw std::runtime_error("no temporary file");
    fcntl(Descriptor(), F_SETFD, FD_CLOEXEC);
  }
  ~Scratch() {
    fclose(file_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  int Descriptor() const {
    return fileno(file_);
  }
  void Fill(const std::string& content) {
    if (fwrite(content.data(), 1, content.size(), file_) != content.size()) throw std::runtime_error("temporary file is full");
    rewind(file_);
  }
  std::string Content() {
    std::string content;
    char buffer[65536];
    rewind(file_);
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file_)) > 0;) content.append(buffer, got);
    return content;
  }

 private:
  FILE* file_;
};

std::vector<char*> Argv(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

}  // namespace

Outcome RunProgram(const std::string& path, const std::vector<std::string>& arguments, const std::string& input) {
  Scratch in, out, err;
  in.Fill(input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.Descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.Descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.Descriptor(), STDERR_FILENO);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, path.c_str(), &actions, nullptr, Argv(path, arguments).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + path);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return Outcome{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out.Content(), err.Content()};
}

RunningProgram::RunningProgram(const std::string& path, const std::vector<std::string>& arguments) {
  // Servers of tests listen at loopback; those that are to use TLS take this back.
  setenv("MES_INSECURE", "1", 0);
  const std::vector<char*> argv = Argv(path, arguments);
  const pid_t test = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot start " + path);
  if (pid_ > 0) return;
  // A test that crashes takes its server along; one that is gone already cannot, so nothing is started.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == test) execv(path.c_str(), argv.data());
  _exit(127);
}

RunningProgram::~RunningProgram() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int FreePort() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(descriptor);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace mes::tests
