// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <utility>

#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/sql_pointer_store_internal.h"
#include "iceframe/catalog/sql_statements_internal.h"

namespace iceframe {

namespace {

constexpr int kRemoteTries = 4;

std::vector<std::string> FirstColumn(const std::vector<SqlRow>& rows) {
  std::vector<std::string> texts;
  for (const SqlRow& row : rows) texts.push_back(row[0].value_or(""));
  return texts;
}

// Levels may be empty, where others wrote such names.
Namespace SplitAtDots(std::string_view name) {
  Namespace levels;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    levels.emplace_back(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  levels.emplace_back(name);
  return levels;
}

class SqlPointers final : public PointerTransaction {
 public:
  // Without a transaction the rows are only read.
  SqlPointers(std::shared_ptr<SqlConnection> connection,
              std::unique_ptr<SqlTransaction> transaction, const SqlStatements* sql,
              std::string catalog_name)
      : connection_(std::move(connection)),
        transaction_(std::move(transaction)),
        sql_(sql),
        catalog_name_(std::move(catalog_name)) {}

  Result<std::optional<std::string>> Find(const TableIdentifier& identifier) override {
    const std::string& find = transaction_ ? sql_->find_and_hold_table : sql_->find_table;
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows, connection_->Query(find, Key(identifier)));
    if (rows.empty()) return std::nullopt;
    return rows[0][0].value_or("");
  }

  Result<std::vector<std::string>> TablesIn(const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows,
                              connection_->Query(sql_->tables_in, Key(name_space)));
    return FirstColumn(rows);
  }

  Result<std::optional<std::string>> OtherTableBelow(const std::string& location,
                                                     const TableIdentifier& identifier) override {
    const SqlParameters key = Key(identifier, {location + "/"});
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows, connection_->Query(sql_->other_table_below, key));
    if (rows.empty()) return std::nullopt;
    return rows[0][0];
  }

  Result<bool> NamespaceExists(const Namespace& name_space) override {
    const SqlParameters key = Key(name_space, {ToString(name_space) + "."});
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows, connection_->Query(sql_->namespace_exists, key));
    return !rows.empty();
  }

  Result<std::vector<Namespace>> NamespacesBelow(const Namespace& parent) override {
    const std::string prefix = parent.empty() ? "" : ToString(parent) + ".";
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows,
                              connection_->Query(sql_->namespaces_below, {catalog_name_, prefix}));
    std::vector<Namespace> found;
    for (const std::string& name : FirstColumn(rows)) found.push_back(SplitAtDots(name));
    return found;
  }

  Result<Properties> NamespaceProperties(const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows,
                              connection_->Query(sql_->properties, Key(name_space)));
    Properties properties;
    for (const SqlRow& row : rows) properties[row[0].value_or("")] = row[1].value_or("");
    properties.erase(std::string(kNamespaceExistsKey));
    return properties;
  }

  Status Insert(const TableIdentifier& identifier, const std::string& location) override {
    return Change(sql_->insert_table, Key(identifier, {location})).status();
  }
  Result<bool> Swap(const TableIdentifier& identifier, const std::string& from,
                    const std::string& to) override {
    return Change(sql_->swap_table, Key(identifier, {to, from}));
  }
  Result<bool> Rename(const TableIdentifier& from, const TableIdentifier& to) override {
    return Change(sql_->rename_table, Key(from, {ToString(to.name_space), to.name}));
  }
  Result<bool> Remove(const TableIdentifier& identifier) override {
    return Change(sql_->delete_table, Key(identifier));
  }

  Status PutNamespace(const Namespace& name_space, const Properties& updates,
                      const std::vector<std::string>& removals) override {
    // Else a namespace that others made without it would go with its last property.
    ICEFRAME_RETURN_NOT_OK(
        Change(sql_->add_property, Key(name_space, {std::string(kNamespaceExistsKey), "true"})));
    for (const std::string& key : removals) {
      ICEFRAME_RETURN_NOT_OK(Change(sql_->remove_property, Key(name_space, {key})));
    }
    for (const auto& [key, value] : updates) {
      ICEFRAME_RETURN_NOT_OK(Change(sql_->set_property, Key(name_space, {key, value})));
    }
    return Status::OK();
  }
  Status RemoveNamespace(const Namespace& name_space) override {
    return Change(sql_->remove_namespace, Key(name_space)).status();
  }

  TransactionEnd Commit() override { return transaction_->Commit(); }

 private:
  // The parameters that the statements begin with, and more.
  SqlParameters Key(const Namespace& name_space, const SqlParameters& more = {}) const {
    SqlParameters key = {catalog_name_, ToString(name_space)};
    key.insert(key.end(), more.begin(), more.end());
    return key;
  }
  SqlParameters Key(const TableIdentifier& identifier, const SqlParameters& more = {}) const {
    SqlParameters key = Key(identifier.name_space, {identifier.name});
    key.insert(key.end(), more.begin(), more.end());
    return key;
  }
  // Returns whether it changed a row.
  Result<bool> Change(const std::string& sql, const SqlParameters& parameters) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t changed, connection_->Execute(sql, parameters));
    return changed > 0;
  }

  std::shared_ptr<SqlConnection> connection_;
  // Ended before the connection is given back.
  std::unique_ptr<SqlTransaction> transaction_;
  const SqlStatements* sql_;
  std::string catalog_name_;
};

class SqlPointerStore final : public PointerStore {
 public:
  SqlPointerStore(std::shared_ptr<SqlDatabase> database, std::string catalog_name)
      : database_(std::move(database)),
        catalog_name_(std::move(catalog_name)),
        with_type_(SqlStatements::Make(database_->dialect(), SqlLayout::kWithType)),
        without_type_(SqlStatements::Make(database_->dialect(), SqlLayout::kWithoutType)) {}

  bool holds_what_it_finds() const override { return true; }
  // A server may go away in the midst of a transaction, and is there again a moment later.
  int num_tries() const override { return database_->dialect().is_remote ? kRemoteTries : 1; }
  Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) override {
    return Open(context, false);
  }
  Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext& context) override {
    return Open(context, true);
  }

 private:
  Result<std::unique_ptr<SqlPointers>> Open(const OperationContext& context, bool to_write) {
    ICEFRAME_ASSIGN_OR_RETURN(auto connection, database_->Acquire(context));
    std::unique_ptr<SqlTransaction> transaction;
    if (to_write) {
      ICEFRAME_ASSIGN_OR_RETURN(transaction, SqlTransaction::Begin(connection.get()));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const SqlLayout layout, LayoutOf(*connection));
    const SqlStatements* sql = layout == SqlLayout::kWithType ? &with_type_ : &without_type_;
    return std::make_unique<SqlPointers>(std::move(connection), std::move(transaction), sql,
                                         catalog_name_);
  }

  // Looked at each time, as others may change it; but a column that is there stays.
  Result<SqlLayout> LayoutOf(SqlConnection& connection) {
    if (has_type_) return SqlLayout::kWithType;
    ICEFRAME_ASSIGN_OR_RETURN(const SqlLayout layout,
                              SqlLayoutOf(connection, database_->dialect()));
    if (layout == SqlLayout::kAbsent) {
      return Error(ErrorKind::kNotFound, "catalog database has lost its catalog tables");
    }
    has_type_ = layout == SqlLayout::kWithType && database_->dialect().is_remote;
    return layout;
  }

  std::shared_ptr<SqlDatabase> database_;
  std::string catalog_name_;
  std::atomic<bool> has_type_{false};
  SqlStatements with_type_;
  SqlStatements without_type_;
};

}  // namespace

std::unique_ptr<PointerStore> MakeSqlPointerStore(std::shared_ptr<SqlDatabase> database,
                                                  std::string catalog_name) {
  return std::make_unique<SqlPointerStore>(std::move(database), std::move(catalog_name));
}

}  // namespace iceframe
