// SPDX-License-Identifier: Apache-2.0
// What every Catalog does, as one suite: instantiate CatalogContract with an implementation.
#pragma once

// IWYU pragma: begin_exports
#include "contract/catalog_contract_commits.h"
#include "contract/catalog_contract_fixture.h"
#include "contract/catalog_contract_namespaces.h"
#include "contract/catalog_contract_tables.h"
// IWYU pragma: end_exports
