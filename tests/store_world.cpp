#include "store_world.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>

bool all_of_it() {
  const char* text = std::getenv("DEX_STORE_FAILURES");
  return text != nullptr && std::string_view(text) == "all";
}

World::World(std::vector<std::string> arguments, bool fsync) : arguments_(std::move(arguments)) {
  if (fsync) arguments_.emplace_back("--fsync");
  const auto file = (folder_.path() / "faults").string();
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(::ftruncate(fd, sizeof(StoreFaults)), 0);
  void* memory = ::mmap(nullptr, sizeof(StoreFaults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED) throw std::runtime_error("mmap failed");
  faults_ = static_cast<StoreFaults*>(memory);
  start();
}

World::~World() { ::munmap(faults_, sizeof(StoreFaults)); }

void World::restart() {
  server_->kill();
  start();
}

void World::arm(StoreFaults::Kind kind, long at, long times, long kill_after) {
  faults_->calls = faults_->failed = 0;
  faults_->kind = kind;
  faults_->at = at;
  faults_->times = times;
  faults_->kill_after = kill_after;
  faults_->armed = true;
}

void World::start() {
  faults_->armed = false;
  std::vector<std::string> command{DEX_MOCK_SERVER,  "--listen",    "127.0.0.1:0", "--store",
                                   store().string(), "--log-level", "error"};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  testkit::ChildProcess::Options options;
  options.environment = {{"LD_PRELOAD", DEX_STORE_FAULTS_LIBRARY},
                         {"DEX_FAULTS", (folder_.path() / "faults").string()},
                         {"DEX_FAULTS_FOLDER", store().string()},
                         {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
  server_.emplace(command, options);
  url_ = server_->wait_ready();
}
