// SPDX-License-Identifier: Apache-2.0
#include "iceframe/net/ca_certificates.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace iceframe {
namespace {

TEST(CaCertificates, TheVariableNamesTheCertificates) {
  const TempFolder folder;
  const std::string file = folder.path() + "/ca.pem";
  std::ofstream(file) << "certificates";
  setenv("SSL_CERT_FILE", file.c_str(), 1);
  EXPECT_EQ(FindCaCertificates("/nowhere.pem"), file);
  unsetenv("SSL_CERT_FILE");
  EXPECT_NE(FindCaCertificates("/nowhere.pem"), "");
}

}  // namespace
}  // namespace iceframe
