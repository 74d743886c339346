// SPDX-License-Identifier: Apache-2.0
// The other side of HTTP connections, which does as a test says.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace iceframe {

struct PeerRequest {
  std::string method;
  /// Path and query.
  std::string target;
  /// All of them, as they came.
  std::string headers;
  std::string body;
  /// The number of its connection, from 0.
  int connection = 0;
};

/// What is written back, byte for byte, and whether the connection ends with it.
struct PeerReply {
  std::string bytes;
  bool closes = false;

  /// An answer of that status.
  static PeerReply With(int status, const std::string& body, const std::string& headers = "");
  /// Closes without a word.
  static PeerReply Hangup() { return {"", true}; }
};

/// Listens on a port of the loopback interface that the system chooses.
class HttpPeer {
 public:
  using Handler = std::function<PeerReply(const PeerRequest& request)>;

  explicit HttpPeer(Handler handler);
  ~HttpPeer();
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;

  /// "http://127.0.0.1:PORT"
  std::string url() const;
  /// What has come so far.
  std::vector<PeerRequest> requests() const;

 private:
  void Accept();
  void Serve(int socket, int number);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<PeerRequest> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace iceframe
