// SPDX-License-Identifier: Apache-2.0
// A compaction as Iceberg's RewriteFiles commits it, in a SQL catalog that others write to.
package interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.jdbc.UncheckedSQLException;

final class Rewrite {
  private Rewrite() {}

  /** Puts one file in the place of all, and returns how many those were. */
  static int rewrite(JsonNode command) throws Exception {
    while (true) {
      try {
        return rewriteOnce(command);
      } catch (UncheckedSQLException error) {
        // Its transaction read before another connection wrote: nothing is committed, and the
        // connection is of no more use.
        if (!String.valueOf(error.getCause()).contains("SQLITE_BUSY")) {
          throw error;
        }
      }
    }
  }

  private static int rewriteOnce(JsonNode command) throws Exception {
    try (JdbcCatalog catalog = new JdbcCatalog()) {
      catalog.setConf(new Configuration());
      catalog.initialize(
          command.get("catalog").asText(),
          Map.of(
              "uri", "jdbc:sqlite:" + command.get("database").asText() + "?busy_timeout=120000",
              "warehouse", command.get("warehouse").asText(),
              "io-impl", "org.apache.iceberg.hadoop.HadoopFileIO"));
      return rewrite(catalog.loadTable(TableIdentifier.parse(command.get("table").asText())));
    }
  }

  private static int rewrite(Table table) throws Exception {
    Snapshot snapshot = table.currentSnapshot();
    RewriteFiles rewrite = table.newRewrite().validateFromSnapshot(snapshot.snapshotId());
    int count = 0;
    try (CloseableIterable<FileScanTask> tasks =
        table.newScan().useSnapshot(snapshot.snapshotId()).planFiles()) {
      for (FileScanTask task : tasks) {
        rewrite.deleteFile(task.file());
        count++;
      }
    }
    List<Record> rows = new ArrayList<>();
    try (CloseableIterable<Record> records =
        IcebergGenerics.read(table).useSnapshot(snapshot.snapshotId()).build()) {
      records.forEach(rows::add);
    }
    rewrite.addFile(Files.data(table, rows));
    rewrite.commit();
    return count;
  }
}
