// SPDX-License-Identifier: Apache-2.0
// What every Catalog does with namespaces and names.
#pragma once

#include "contract/catalog_contract_fixture.h"

namespace iceframe {

TEST_P(CatalogContract, CreatesListsAndDropsNamespaces) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"b"}, {{"owner", "me"}}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x", "deep"}, {}).ok());
  EXPECT_EQ(Namespaces({}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Namespaces({"a"}), (std::vector<std::string>{"a.x"}));
  EXPECT_EQ(Namespaces({"a", "x"}), (std::vector<std::string>{"a.x.deep"}));
  EXPECT_TRUE(catalog_->NamespaceExists(context_, {"a", "x"}).ValueOrDie());
  EXPECT_FALSE(catalog_->NamespaceExists(context_, {"x"}).ValueOrDie());

  EXPECT_KIND(catalog_->CreateNamespace(context_, {"a"}, {}), kAlreadyExists);
  EXPECT_KIND(catalog_->DropNamespace(context_, {"a"}), kInvalidArgument);
  EXPECT_KIND(catalog_->DropNamespace(context_, {"c"}), kNotFound);
  EXPECT_KIND(catalog_->ListNamespaces(context_, {"c"}).status(), kNotFound);
  EXPECT_TRUE(catalog_->DropNamespace(context_, {"b"}).ok());
  EXPECT_EQ(Namespaces({}), (std::vector<std::string>{"a"}));
}

TEST_P(CatalogContract, ANamespaceIsImpliedByWhatLiesInIt) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x"}, {}).ok());
  EXPECT_TRUE(catalog_->NamespaceExists(context_, {"a"}).ValueOrDie());
  EXPECT_EQ(Namespaces({}), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie().empty());
}

TEST_P(CatalogContract, NamesThatLookLikePatternsAreNames) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a_b"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"axb", "inner"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"AXB", "other"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"%"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"it's; DROP TABLE iceberg_tables"}, {}).ok());
  EXPECT_TRUE(Namespaces({"a_b"}).empty());
  EXPECT_TRUE(Namespaces({"%"}).empty());
  EXPECT_EQ(Namespaces({"axb"}), (std::vector<std::string>{"axb.inner"}));
  EXPECT_FALSE(catalog_->NamespaceExists(context_, {"a%"}).ValueOrDie());
  EXPECT_FALSE(catalog_->NamespaceExists(context_, {"Axb"}).ValueOrDie());
  EXPECT_EQ(Namespaces({}).size(), 5u);
}

TEST_P(CatalogContract, KeepsNamespaceProperties) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {{"k", "1"}, {"l", "2"}}).ok());
  ASSERT_TRUE(
      catalog_->UpdateNamespaceProperties(context_, {"a"}, {{"k", "3"}, {"m", "4"}}, {"l", "no"})
          .ok());
  EXPECT_EQ(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie(),
            (Properties{{"k", "3"}, {"m", "4"}}));
  ASSERT_TRUE(catalog_->UpdateNamespaceProperties(context_, {"a"}, {}, {"k", "m"}).ok());
  EXPECT_TRUE(catalog_->NamespaceExists(context_, {"a"}).ValueOrDie());
  EXPECT_TRUE(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie().empty());
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"a"}, {{"k", "1"}}, {"k"}),
              kInvalidArgument);
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"a"}, {{"exists", "no"}}, {}),
              kInvalidArgument);
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"a"}, {}, {"exists"}),
              kInvalidArgument);
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"z"}, {}, {}), kNotFound);
  EXPECT_KIND(catalog_->LoadNamespaceProperties(context_, {"z"}).status(), kNotFound);
}

TEST_P(CatalogContract, RefusesNamesThatAreUnsafeAsPaths) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const std::vector<std::string> unsafe = {"",     ".",
                                           "..",   "a/b",
                                           "../x", "a\\b",
                                           "a.b",  "a\nb",
                                           "\x7f", std::string("a\0b", 3),
                                           "\xff", std::string(256, 'x')};
  for (const std::string& name : unsafe) {
    EXPECT_KIND(catalog_->CreateNamespace(context_, {name}, {}), kInvalidArgument) << name;
    EXPECT_KIND(catalog_->CreateNamespace(context_, {"a", name}, {}), kInvalidArgument) << name;
    CreateTableRequest request = NewTableRequest("a.t");
    request.identifier.name = name;
    EXPECT_KIND(catalog_->CreateTable(context_, request).status(), kInvalidArgument) << name;
    request = NewTableRequest("a.t");
    request.identifier.name_space = {name};
    EXPECT_KIND(catalog_->CreateTable(context_, request).status(), kInvalidArgument) << name;
  }
  EXPECT_KIND(catalog_->CreateNamespace(context_, {}, {}), kInvalidArgument);
  EXPECT_KIND(catalog_->CreateTable(context_, NewTableRequest("t")).status(), kInvalidArgument);
}

}  // namespace iceframe
