#include "transport/load_pool.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace transport {

LoadPool::LoadPool(LoadLoop& loop, Limits limits, Owners& owners)
    : loop_(loop), limits_(limits), owners_(owners), multi_(curl_multi_init()) {
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &LoadPool::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &LoadPool::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(limits.kept));
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(limits.sockets));
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

LoadPool::~LoadPool() { curl_multi_cleanup(multi_); }

CURLMcode LoadPool::add(Handle& handle) {
  curl_easy_setopt(handle.easy, CURLOPT_CLOSESOCKETFUNCTION, &LoadPool::on_close);
  curl_easy_setopt(handle.easy, CURLOPT_CLOSESOCKETDATA, this);
  ++transfers_;
  return curl_multi_add_handle(multi_, handle.easy);
}

void LoadPool::remove(Handle& handle) {
  curl_multi_remove_handle(multi_, handle.easy);
  --transfers_;
}

void LoadPool::opened(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= owners_.size()) owners_.resize(std::max(index + 1, owners_.size() * 2));
  LoadPool* const former = std::exchange(owners_[index], this);
  // libcurl tells nobody of a socket that it closes before it was connected.
  if (former != nullptr) --former->sockets_;
  ++sockets_;
}

/// Called for a connection, which may outlive the transfer that opened it.
int LoadPool::on_close(void* self, curl_socket_t fd) {
  auto& pool = *static_cast<LoadPool*>(self);
  LoadPool*& owner = pool.owners_.at(static_cast<std::size_t>(fd));
  if (owner == &pool) {
    owner = nullptr;
    --pool.sockets_;
  }
  return ::close(fd);
}

int LoadPool::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) {
  auto& pool = *static_cast<LoadPool*>(self);
  if (what == CURL_POLL_REMOVE) {
    pool.loop_.forget(fd);
    return 0;
  }
  Handle::of(easy).socket = fd;
  std::uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  pool.loop_.watch(fd, events, pool);
  return 0;
}

int LoadPool::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& pool = *static_cast<LoadPool*>(self);
  if (timeout_ms < 0) {
    pool.due_.reset();
    return 0;
  }
  pool.due_ = LoadClock::now() + std::chrono::milliseconds(timeout_ms);
  auto& due = pool.loop_.due;
  if (!due || *pool.due_ < *due) due = pool.due_;
  return 0;
}

void LoadPool::act(int fd, int events) {
  call();
  acted_ = true;
  int still = 0;
  curl_multi_socket_action(multi_, fd, events, &still);
}

void LoadPool::ready(int fd, std::uint32_t events) {
  int flags = 0;
  if ((events & EPOLLIN) != 0) flags |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) flags |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) flags |= CURL_CSELECT_ERR;
  act(fd, flags);
}

void LoadPool::turned(LoadTime now) {
  if (!kicked_ && !(due_ && *due_ <= now)) return;
  kicked_ = false;
  due_.reset();
  act(CURL_SOCKET_TIMEOUT, 0);
}

std::vector<std::pair<std::uint64_t, CURLcode>> LoadPool::ended() {
  std::vector<std::pair<std::uint64_t, CURLcode>> all;
  if (!std::exchange(acted_, false)) return all;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    all.emplace_back(Handle::of(message->easy_handle).transfer, message->data.result);
  }
  return all;
}

}  // namespace transport
