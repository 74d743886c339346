// SPDX-License-Identifier: Apache-2.0
// The tables that Iceberg's Java library writes for the others to read.
package interop;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.UpdatePartitionSpec;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.DVFileWriter;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.expressions.Term;
import org.apache.iceberg.hadoop.HadoopTables;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.mapping.MappingUtil;
import org.apache.iceberg.mapping.NameMappingParser;
import org.apache.iceberg.types.Types;

final class SampleTables {
  private final String folder;
  private final HadoopTables tables = new HadoopTables(new Configuration());
  private final ArrayNode written = Interop.JSON.createArrayNode();

  private SampleTables(String folder) {
    this.folder = folder;
  }

  /** Returns for each table its name, metadata file, and the rows as Java reads them. */
  static ArrayNode write(String folder) throws Exception {
    SampleTables samples = new SampleTables(folder);
    for (int version = 1; version <= 2; version++) {
      samples.everyType("every_v" + version, PartitionSpec.unpartitioned(), version);
      samples.evolved("evolved_v" + version, version);
      samples.everyTransform(version);
    }
    samples.renamedPartition();
    samples.specEvolution();
    samples.copyOnWrite();
    samples.nameMapping();
    samples.refs();
    samples.positionDeletes();
    samples.equalityDeletes();
    samples.everyType("every_v3", PartitionSpec.unpartitioned(), 3);
    samples.deletionVectors();
    samples.defaults();
    samples.nanoseconds();
    return samples.written;
  }

  private Table create(String name, Schema schema, PartitionSpec spec, int version) {
    Map<String, String> properties = new HashMap<>();
    properties.put(TableProperties.FORMAT_VERSION, Integer.toString(version));
    return tables.create(
        schema, spec, SortOrder.unsorted(), properties, folder + "/" + name);
  }

  private void done(String name, Table table, String deletes) throws Exception {
    done(name, table, table, deletes);
  }

  /** `deletes`: the kind of delete that the table holds, for readers that refuse it. */
  private void done(String name, Table table, Table equal, String deletes) throws Exception {
    ObjectNode node = written.addObject();
    node.put("name", name);
    node.put("metadata", ((BaseTable) table).operations().current().metadataFileLocation());
    node.put("deletes", deletes);
    node.set("rows", Interop.rows(equal, Interop.JSON.createObjectNode()));
  }

  private void everyType(String name, PartitionSpec spec, int version) throws Exception {
    Table table = create(name, EveryType.SCHEMA, spec, version);
    table.newAppend().appendFile(Files.data(table, EveryType.rows())).commit();
    table.newAppend().appendFile(Files.data(table, EveryType.nulls(3))).commit();
    done(name, table, "");
  }

  private void everyTransform(int version) throws Exception {
    PartitionSpec.Builder[] specs = EveryType.partitionings();
    for (int i = 0; i < specs.length; i++) {
      PartitionSpec spec = specs[i].build();
      String name = "by_" + spec.fields().get(0).name() + "_v" + version;
      Table table = create(name, EveryType.SCHEMA, spec, version);
      var append = table.newAppend();
      Files.partitioned(table, EveryType.rows()).forEach(append::appendFile);
      append.commit();
      done(name, table, "");
    }
  }

  private static final Schema SMALL =
      new Schema(
          Types.NestedField.required(1, "id", Types.IntegerType.get()),
          Types.NestedField.optional(2, "name", Types.StringType.get()),
          Types.NestedField.optional(3, "score", Types.FloatType.get()),
          Types.NestedField.optional(4, "price", Types.DecimalType.of(9, 2)),
          Types.NestedField.optional(
              5,
              "place",
              Types.StructType.of(
                  Types.NestedField.required(6, "lat", Types.FloatType.get()),
                  Types.NestedField.optional(7, "tag", Types.StringType.get()))),
          Types.NestedField.optional(
              8,
              "points",
              Types.ListType.ofOptional(
                  9,
                  Types.StructType.of(
                      Types.NestedField.optional(10, "x", Types.IntegerType.get())))),
          Types.NestedField.optional(
              11,
              "props",
              Types.MapType.ofOptional(
                  12, 13, Types.StringType.get(), Types.IntegerType.get())),
          Types.NestedField.optional(14, "gone", Types.LongType.get()));

  private static List<org.apache.iceberg.data.Record> small(Schema schema, int from, int count) {
    return Files.generate(schema, from, count);
  }

  private void evolved(String name, int version) throws Exception {
    Table table = create(name, SMALL, PartitionSpec.unpartitioned(), version);
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 0, 20))).commit();
    table
        .updateSchema()
        .renameColumn("name", "title")
        .renameColumn("place.tag", "label")
        .updateColumn("id", Types.LongType.get())
        .updateColumn("score", Types.DoubleType.get())
        .updateColumn("price", Types.DecimalType.of(20, 2))
        .updateColumn("place.lat", Types.DoubleType.get())
        .updateColumn("props.value", Types.LongType.get())
        .updateColumn("points.element.x", Types.LongType.get())
        .addColumn("points", "y", Types.StringType.get())
        .addColumn("place", "alt", Types.DoubleType.get())
        .deleteColumn("gone")
        .makeColumnOptional("id")
        .moveFirst("name")
        .moveAfter("place", "name")
        .moveFirst("place.tag")
        .commit();
    table.updateSchema().addColumn("gone", Types.StringType.get()).commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 20, 20))).commit();
    done(name, table, "");
  }

  private void renamedPartition() throws Exception {
    PartitionSpec spec = PartitionSpec.builderFor(SMALL).identity("id").bucket("name", 3).build();
    Table table = create("renamed_partition", SMALL, spec, 2);
    appendPartitioned(table, small(table.schema(), 0, 6));
    table
        .updateSchema()
        .updateColumn("id", Types.LongType.get())
        .renameColumn("id", "a.b c")
        .renameColumn("name", "näme")
        .commit();
    appendPartitioned(table, small(table.schema(), 6, 6));
    done("renamed_partition", table, "");
  }

  private static void appendPartitioned(
      Table table, List<org.apache.iceberg.data.Record> rows) throws Exception {
    var append = table.newAppend();
    Files.partitioned(table, rows).forEach(append::appendFile);
    append.commit();
  }

  private void specEvolution() throws Exception {
    for (int version = 1; version <= 2; version++) {
      PartitionSpec spec = PartitionSpec.builderFor(SMALL).truncate("name", 3).build();
      Table table = create("specs_v" + version, SMALL, spec, version);
      appendPartitioned(table, small(table.schema(), 0, 8));
      for (Term term : List.<Term>of(Expressions.bucket("id", 4), Expressions.ref("gone"))) {
        UpdatePartitionSpec update = table.updateSpec().addField(term);
        update.commit();
        appendPartitioned(table, small(table.schema(), 8, 8));
      }
      table.updateSpec().removeField("name_trunc").commit();
      appendPartitioned(table, small(table.schema(), 16, 8));
      table.updateSpec().removeField("gone").commit();
      if (version > 1) { // Java can't write to a version 1 table whose spec lost its column
        table.updateSchema().deleteColumn("gone").commit();
      }
      appendPartitioned(table, small(table.schema(), 24, 8));
      done("specs_v" + version, table, "");
    }
  }

  private void copyOnWrite() throws Exception {
    Table table = create("copy_on_write", SMALL, PartitionSpec.unpartitioned(), 2);
    DataFile first = Files.data(table, small(table.schema(), 0, 10));
    DataFile second = Files.data(table, small(table.schema(), 10, 10));
    table.newAppend().appendFile(first).appendFile(second).commit();
    DataFile rewritten = Files.data(table, small(table.schema(), 0, 5));
    table.newOverwrite().deleteFile(first).addFile(rewritten).commit();
    table.newDelete().deleteFile(second).commit();
    table.rewriteManifests().clusterBy(file -> "x").commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 30, 3))).commit();
    done("copy_on_write", table, "");
  }

  /** IcebergGenerics takes no name mapping, so the rows are those of a table with field ids. */
  private void nameMapping() throws Exception {
    Table twin = nameMapping("name_mapping_twin", false);
    Table table = nameMapping("name_mapping", true);
    done("name_mapping", table, twin, "");
  }

  private Table nameMapping(String name, boolean bare) throws Exception {
    Table table = create(name, SMALL, PartitionSpec.unpartitioned(), 2);
    String mapping = NameMappingParser.toJson(MappingUtil.create(table.schema()));
    table.updateProperties().set(TableProperties.DEFAULT_NAME_MAPPING, mapping).commit();
    List<org.apache.iceberg.data.Record> rows = small(table.schema(), 0, 10);
    DataFile file = bare ? Files.withoutIds(table, rows) : Files.data(table, rows);
    table.newAppend().appendFile(file).commit();
    table.updateSchema().renameColumn("name", "title").renameColumn("place.tag", "t").commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 10, 4))).commit();
    return table;
  }

  private void refs() throws Exception {
    Table table = create("refs", SMALL, PartitionSpec.unpartitioned(), 2);
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 0, 3))).commit();
    long first = table.currentSnapshot().snapshotId();
    table.manageSnapshots().createTag("t1", first).createBranch("b1", first).commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 3, 3))).commit();
    DataFile staged = Files.data(table, small(table.schema(), 50, 2));
    table.newAppend().appendFile(staged).toBranch("b1").commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 90, 2))).stageOnly()
        .commit();
    table.manageSnapshots().rollbackTo(first).commit();
    done("refs", table, "");
  }

  private void positionDeletes() throws Exception {
    Table table = create("position_deletes", SMALL, PartitionSpec.unpartitioned(), 2);
    DataFile file = Files.data(table, small(table.schema(), 0, 20));
    table.newAppend().appendFile(file).commit();
    DeleteFile deletes = Files.positionDeletes(table, file.location(), List.of(0L, 7L, 19L));
    table.newRowDelta().addDeletes(deletes).commit();
    done("position_deletes", table, "position delete");
  }

  private void equalityDeletes() throws Exception {
    Table table = create("equality_deletes", SMALL, PartitionSpec.unpartitioned(), 2);
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 0, 20))).commit();
    DeleteFile deletes = Files.equalityDeletes(table, "id", small(table.schema(), 3, 4));
    table.newRowDelta().addDeletes(deletes).commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 4, 2))).commit();
    done("equality_deletes", table, "equality delete");
  }

  private void deletionVectors() throws Exception {
    Table table = create("deletion_vectors", SMALL, PartitionSpec.unpartitioned(), 3);
    DataFile file = Files.data(table, small(table.schema(), 0, 20));
    table.newAppend().appendFile(file).commit();
    OutputFileFactory factory =
        OutputFileFactory.builderFor(table, 1, 7)
            .format(org.apache.iceberg.FileFormat.PUFFIN)
            .build();
    DVFileWriter writer = new BaseDVFileWriter(factory, path -> null);
    for (long position : new long[] {0, 7, 19}) {
      writer.delete(file.location(), position, table.spec(), null);
    }
    writer.close();
    var delta = table.newRowDelta();
    writer.result().deleteFiles().forEach(delta::addDeletes);
    delta.commit();
    done("deletion_vectors", table, "deletion vector");
  }

  private void defaults() throws Exception {
    Table table = create("defaults", SMALL, PartitionSpec.unpartitioned(), 3);
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 0, 4))).commit();
    table
        .updateSchema()
        .addColumn("country", Types.StringType.get(), Literal.of("NO"))
        .addRequiredColumn("level", Types.IntegerType.get(), null, Literal.of(7))
        .addColumn("place", "floor", Types.LongType.get(), null, Literal.of(3L))
        .addColumn("day", Types.DateType.get(), null, Literal.of("2024-02-29").to(
            Types.DateType.get()))
        .commit();
    table.updateSchema().updateColumnDefault("country", Literal.of("SE")).commit();
    table.newAppend().appendFile(Files.data(table, small(table.schema(), 4, 4))).commit();
    done("defaults", table, "");
  }

  private void nanoseconds() throws Exception {
    Schema schema =
        new Schema(
            Types.NestedField.optional(1, "ts", Types.TimestampNanoType.withoutZone()),
            Types.NestedField.optional(2, "tz", Types.TimestampNanoType.withZone()));
    Table table = create("nanoseconds", schema, PartitionSpec.unpartitioned(), 3);
    table.newAppend().appendFile(Files.data(table, Files.generate(schema, 0, 9))).commit();
    done("nanoseconds", table, "");
  }
}
