// SPDX-License-Identifier: Apache-2.0
#include "support/http_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace iceframe {

namespace {

// Of a header in text such as "Content-Length: 5\r\n…"; nullopt: it is not there.
std::optional<std::string> HeaderIn(const std::string& headers, std::string name) {
  std::string lower = headers;
  const auto to_lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  name = "\r\n" + name + ": ";
  const size_t at = ("\r\n" + lower).find(name);
  if (at == std::string::npos) return std::nullopt;
  const size_t start = at + name.size() - 2;
  return headers.substr(start, headers.find("\r\n", start) - start);
}

// Reads until `text` has `size` bytes or an empty line; false at the end of the connection.
bool ReadMore(int socket, std::string* text) {
  char buffer[4096];
  const ssize_t length = recv(socket, buffer, sizeof(buffer), 0);
  if (length <= 0) return false;
  text->append(buffer, static_cast<size_t>(length));
  return true;
}

bool ReadRequest(int socket, std::string* rest, PeerRequest* out) {
  size_t end = 0;
  while ((end = rest->find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore(socket, rest)) return false;
  }
  const size_t line_end = rest->find("\r\n");
  const std::string line = rest->substr(0, line_end);
  out->method = line.substr(0, line.find(' '));
  out->target = line.substr(out->method.size() + 1);
  out->target = out->target.substr(0, out->target.find(' '));
  out->headers = rest->substr(line_end + 2, end + 2 - line_end - 2);
  rest->erase(0, end + 4);
  const auto length = HeaderIn(out->headers, "content-length");
  const size_t size = length ? std::stoul(*length) : 0;
  while (rest->size() < size) {
    if (!ReadMore(socket, rest)) return false;
  }
  out->body = rest->substr(0, size);
  rest->erase(0, size);
  return true;
}

}  // namespace

PeerReply PeerReply::With(int status, const std::string& body, const std::string& headers) {
  return {"HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body,
          false};
}

HttpPeer::HttpPeer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                        listen(listener_, 64) == 0 &&
                        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (is_bound) port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpPeer::~HttpPeer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int socket : sockets_) close(socket);
}

std::string HttpPeer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<PeerRequest> HttpPeer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpPeer::Accept() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    const int number = static_cast<int>(sockets_.size());
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket, number] { Serve(socket, number); });
  }
}

void HttpPeer::Serve(int socket, int number) {
  std::string rest;
  PeerRequest request;
  while (ReadRequest(socket, &rest, &request)) {
    request.connection = number;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const PeerReply reply = handler_(request);
    (void)send(socket, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
    if (reply.closes) break;
  }
  // Closed for good with the peer: its number must not be another one's meanwhile.
  shutdown(socket, SHUT_RDWR);
}

}  // namespace iceframe
