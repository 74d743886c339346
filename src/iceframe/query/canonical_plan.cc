// SPDX-License-Identifier: Apache-2.0
// Plans as keys. Every number ends with a blank, every text is preceded by its length and every
// list by its size, so that the bytes can be read back in one way only: no two plans share them.
#include <functional>
#include <string>
#include <string_view>

#include "iceframe/expression/binder.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

namespace {

using NameOf = std::function<std::string(const Relation&)>;

class PlanWriter {
 public:
  explicit PlanWriter(const NameOf& name_of) : name_of_(name_of) {}

  void Write(const PlanNode& plan) {
    Number(static_cast<int64_t>(plan.operation.index()));
    std::visit([this](const auto& operation) { Write(operation); }, plan.operation);
    List(plan.schema->fields(), [this](const NestedField& field) { Write(field); });
    List(plan.inputs, [this](const PlanPtr& input) { Write(*input); });
  }
  std::string Take() && { return std::move(text_); }

 private:
  void Number(int64_t number) {
    text_ += std::to_string(number);
    text_ += ' ';
  }
  void Text(std::string_view text) {
    text_ += std::to_string(text.size());
    text_ += ':';
    text_ += text;
  }
  // -1 is no limit that there could be.
  void Limit(std::optional<int64_t> limit) { Number(limit.value_or(-1)); }
  template <typename Items, typename WriteItem>
  void List(const Items& items, const WriteItem& write_item) {
    Number(static_cast<int64_t>(items.size()));
    for (const auto& item : items) write_item(item);
  }

  void Write(const Type& type) {
    Number(static_cast<int64_t>(type.id()));
    if (type.is_primitive()) {
      Text(type.ToString());
    } else {
      List(type.fields(), [this](const NestedField& field) { Write(field); });
    }
  }
  void Write(const NestedField& field) {
    Number(field.id);
    Text(field.name);
    Number(field.required ? 1 : 0);
    Write(field.type);
  }
  void Write(const Expression& expression) { Text(CanonicalForm(expression)); }
  void Write(const NamedExpression& column) {
    Write(column.field);
    Write(column.expression);
  }
  void Write(const AggregateCall& call) {
    Write(call.field);
    Write(call.call);
  }
  template <typename Item>
  void Write(const std::vector<Item>& items) {
    List(items, [this](const Item& item) { Write(item); });
  }

  void Write(const ScanNode& scan) {
    Text(name_of_(*scan.relation));
    Number(scan.id_offset);
    List(scan.metadata_ids, [this](const auto& ids) {
      Number(ids.first);
      Number(ids.second);
    });
    Write(scan.filter);
    Limit(scan.limit);
    Number(scan.delivery.ordered ? 1 : 0);
  }
  void Write(const FilterNode& filter) { Write(filter.predicate); }
  void Write(const ProjectNode& project) { Write(project.columns); }
  void Write(const JoinNode& join) {
    Number(static_cast<int64_t>(join.kind));
    Write(join.left_keys);
    Write(join.right_keys);
  }
  void Write(const UnionNode& node) {
    Write(node.columns);
    List(node.sources, [this](const auto& columns) {
      List(columns, [this](const auto& ids) {
        Number(ids.first);
        Number(ids.second);
      });
    });
  }
  void Write(const AggregateNode& aggregate) {
    Write(aggregate.keys);
    Write(aggregate.calls);
  }
  void Write(const WindowPlanNode& window) { Write(window.windows); }
  void Write(const SortNode& sort) {
    Limit(sort.fetch);
    List(sort.keys, [this](const SortKey& key) {
      Write(key.expression);
      Number((key.descending ? 2 : 0) + (key.nulls_last ? 1 : 0));
    });
  }
  void Write(const LimitNode& limit) {
    Limit(limit.limit);
    Number(limit.offset);
  }

  const NameOf& name_of_;
  std::string text_;
};

}  // namespace

std::string CanonicalForm(const PlanPtr& plan) {
  return CanonicalForm(plan, [](const Relation& relation) { return relation.canonical_name; });
}

std::string CanonicalForm(const PlanPtr& plan, const NameOf& name_of) {
  PlanWriter writer(name_of);
  writer.Write(*plan);
  return std::move(writer).Take();
}

}  // namespace iceframe
