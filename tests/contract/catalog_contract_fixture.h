// SPDX-License-Identifier: Apache-2.0
// The fixture of the contract: an implementation of Catalog, and where it may differ from others.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/identifier.h"

#include "support/catalog_samples.h"
#include "support/temp_folder.h"

namespace iceframe {

/// Where implementations may differ.
struct CatalogQuirks {
  /// Can tell whether another writer came between (all ours can).
  bool supports_locked_commit = true;
  /// Opening it again gives the same content.
  bool is_persistent = false;
};

struct CatalogCase {
  std::string name;
  /// `folder` is there for one test.
  std::function<Result<std::shared_ptr<Catalog>>(const std::string& folder)> open;
  CatalogQuirks quirks;

  friend void PrintTo(const CatalogCase& value, std::ostream* out) { *out << value.name; }
};

class CatalogContract : public ::testing::TestWithParam<CatalogCase> {
 protected:
  void SetUp() override {
    auto opened = GetParam().open(folder_.path());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    catalog_ = *opened;
  }

  TableIdentifier Id(const std::string& text) { return TableIdentifier::Parse(text).ValueOrDie(); }
  LoadedTable Create(const std::string& identifier) {
    auto table = catalog_->CreateTable(context_, NewTableRequest(identifier));
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    return table.ok() ? *table : LoadedTable{};
  }
  std::vector<std::string> Tables(const Namespace& name_space) {
    std::vector<std::string> names;
    for (const auto& id : catalog_->ListTables(context_, name_space).ValueOrDie()) {
      names.push_back(id.ToString());
    }
    return names;
  }
  std::vector<std::string> Namespaces(const Namespace& parent) {
    std::vector<std::string> names;
    for (const auto& ns : catalog_->ListNamespaces(context_, parent).ValueOrDie()) {
      names.push_back(ToString(ns));
    }
    return names;
  }
  bool Exists(const LoadedTable& table, const std::string& location) {
    return catalog_->FileIOFor(table).ValueOrDie()->Exists(context_, location).ValueOrDie();
  }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<Catalog> catalog_;
};

#define EXPECT_KIND(expression, kind) EXPECT_EQ(KindOf(expression), ErrorKind::kind)

}  // namespace iceframe
