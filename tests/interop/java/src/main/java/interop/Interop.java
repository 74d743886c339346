// SPDX-License-Identifier: Apache-2.0
// Answers one JSON command per line of stdin with one JSON line: what Iceberg's Java library makes
// of a table that someone else wrote, or the tables that it writes itself.
package interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.IcebergBuild;
import org.apache.iceberg.MetadataTableType;
import org.apache.iceberg.MetadataTableUtils;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.ExpressionParser;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types;

public final class Interop {
  static final ObjectMapper JSON = new ObjectMapper();

  private Interop() {}

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        answer(JSON.readTree(line), answer);
      } catch (Throwable error) {
        answer.removeAll();
        StringBuilder text = new StringBuilder(error.toString());
        for (int i = 0; i < Math.min(6, error.getStackTrace().length); i++) {
          text.append("\n  at ").append(error.getStackTrace()[i]);
        }
        if (error.getCause() != null) {
          text.append("\n  from ").append(error.getCause());
        }
        answer.put("error", text.toString());
      }
      out.println(JSON.writeValueAsString(answer));
    }
  }

  private static void answer(JsonNode command, ObjectNode answer) throws Exception {
    switch (command.get("do").asText()) {
      case "version" -> answer.put("version", IcebergBuild.version());
      case "read" -> answer.set("rows", rows(open(command), command));
      case "manifests" -> answer.set("manifests", manifests(open(command)));
      case "plan" -> answer.set("files", plan(open(command), command));
      case "metrics" -> answer.set("files", metrics(open(command)));
      case "write" -> answer.set("tables", SampleTables.write(command.get("folder").asText()));
      case "rewrite" -> answer.put("files", Rewrite.rewrite(command));
      default -> throw new IllegalArgumentException("unknown command: " + command);
    }
  }

  private static Table open(JsonNode command) {
    String location = command.get("metadata").asText();
    HadoopFileIO io = new HadoopFileIO(new Configuration());
    return new BaseTable(new StaticTableOperations(location, io), location);
  }

  private static Expression filter(Table table, JsonNode command) {
    JsonNode filter = command.get("filter");
    return filter == null || filter.isNull()
        ? Expressions.alwaysTrue()
        : ExpressionParser.fromJson(filter.toString(), table.schema());
  }

  /** Every row of the table, or those that match the filter, in canonical form. */
  static ArrayNode rows(Table table, JsonNode command) throws Exception {
    ArrayNode rows = JSON.createArrayNode();
    IcebergGenerics.ScanBuilder scan =
        IcebergGenerics.read(table).where(filter(table, command));
    try (CloseableIterable<Record> records = scan.build()) {
      for (Record record : records) {
        rows.add(Canonical.of(table.schema().asStruct(), record));
      }
    }
    return rows;
  }

  /** The files of a scan or, with "since", of those that appends have added after a snapshot. */
  private static ArrayNode plan(Table table, JsonNode command) throws Exception {
    ArrayNode files = JSON.createArrayNode();
    Expression filter = filter(table, command);
    JsonNode since = command.get("since");
    try (CloseableIterable<FileScanTask> tasks =
        since == null
            ? table.newScan().filter(filter).planFiles()
            : table
                .newIncrementalAppendScan()
                .fromSnapshotExclusive(since.asLong())
                .filter(filter)
                .planFiles()) {
      for (FileScanTask task : tasks) {
        files.add(task.file().location());
      }
    }
    return files;
  }

  /** How many partition summaries each row of the manifests table has. */
  private static ArrayNode manifests(Table table) throws Exception {
    ArrayNode counts = JSON.createArrayNode();
    Table manifests =
        MetadataTableUtils.createMetadataTableInstance(table, MetadataTableType.MANIFESTS);
    List<Types.NestedField> columns = manifests.schema().columns();
    int position = columns.indexOf(manifests.schema().findField("partition_summaries"));
    try (CloseableIterable<FileScanTask> tasks = manifests.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        try (CloseableIterable<StructLike> rows = task.asDataTask().rows()) {
          for (StructLike row : rows) {
            counts.add(row.get(position, List.class).size());
          }
        }
      }
    }
    return counts;
  }

  private static ArrayNode metrics(Table table) throws Exception {
    ArrayNode files = JSON.createArrayNode();
    try (CloseableIterable<FileScanTask> tasks =
        table.newScan().includeColumnStats().planFiles()) {
      for (FileScanTask task : tasks) {
        files.add(metrics(table, task.file()));
      }
    }
    return files;
  }

  private static ObjectNode metrics(Table table, DataFile file) {
    ObjectNode node = JSON.createObjectNode();
    node.put("path", file.location());
    node.put("record_count", file.recordCount());
    node.put("file_size_in_bytes", file.fileSizeInBytes());
    node.put("sort_order_id", file.sortOrderId());
    node.put("splits", file.splitOffsets() == null ? 0 : file.splitOffsets().size());
    node.set(
        "partition",
        Canonical.of(table.specs().get(file.specId()).partitionType(), file.partition()));
    ObjectNode columns = node.putObject("columns");
    for (int id : file.valueCounts() == null ? List.<Integer>of() : ids(file)) {
      Types.NestedField field = table.schema().findField(id);
      ObjectNode column = columns.putObject(table.schema().findColumnName(id));
      put(column, "values", file.valueCounts(), id);
      put(column, "nulls", file.nullValueCounts(), id);
      put(column, "nans", file.nanValueCounts(), id);
      put(column, "size", file.columnSizes(), id);
      bound(column, "lower", file.lowerBounds(), field);
      bound(column, "upper", file.upperBounds(), field);
    }
    return node;
  }

  private static List<Integer> ids(DataFile file) {
    return new ArrayList<>(new java.util.TreeSet<>(file.valueCounts().keySet()));
  }

  private static void put(ObjectNode node, String name, Map<Integer, Long> counts, int id) {
    if (counts != null && counts.get(id) != null) {
      node.put(name, counts.get(id));
    }
  }

  private static void bound(
      ObjectNode node, String name, Map<Integer, ByteBuffer> bounds, Types.NestedField field) {
    if (bounds != null && bounds.get(field.fieldId()) != null) {
      Object value = Conversions.fromByteBuffer(field.type(), bounds.get(field.fieldId()));
      node.set(name, Canonical.of(field.type(), value));
    }
  }
}
