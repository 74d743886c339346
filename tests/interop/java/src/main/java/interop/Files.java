// SPDX-License-Identifier: Apache-2.0
// Rows into data and delete files through Iceberg's generic writers.
package interop;

import java.io.File;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericAppenderFactory;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

final class Files {
  private static int counter = 0;

  private Files() {}

  private static EncryptedOutputFile output(Table table, StructLike partition) {
    OutputFileFactory factory =
        OutputFileFactory.builderFor(table, 1, ++counter).format(FileFormat.PARQUET).build();
    return partition == null
        ? factory.newOutputFile()
        : factory.newOutputFile(table.spec(), partition);
  }

  static DataFile data(Table table, List<Record> rows) throws Exception {
    return data(table, null, rows);
  }

  private static DataFile data(Table table, StructLike partition, List<Record> rows)
      throws Exception {
    GenericAppenderFactory factory =
        new GenericAppenderFactory(table, table.schema(), table.spec(), Map.of(), null, null, null);
    DataWriter<Record> writer =
        factory.newDataWriter(output(table, partition), FileFormat.PARQUET, partition);
    try (writer) {
      rows.forEach(writer::write);
    }
    return writer.toDataFile();
  }

  /** One file for each partition that the rows fall into. */
  static List<DataFile> partitioned(Table table, List<Record> rows) throws Exception {
    if (table.spec().isUnpartitioned()) {
      return List.of(data(table, rows));
    }
    Map<PartitionKey, List<Record>> groups = new LinkedHashMap<>();
    InternalRecordWrapper wrapper = new InternalRecordWrapper(table.schema().asStruct());
    PartitionKey key = new PartitionKey(table.spec(), table.schema());
    for (Record row : rows) {
      key.partition(wrapper.wrap(row));
      groups.computeIfAbsent(key.copy(), ignored -> new ArrayList<>()).add(row);
    }
    List<DataFile> files = new ArrayList<>();
    for (Map.Entry<PartitionKey, List<Record>> group : groups.entrySet()) {
      files.add(data(table, group.getKey(), group.getValue()));
    }
    return files;
  }

  /** A file as tools outside of Iceberg write it: Parquet without field ids. */
  static DataFile withoutIds(Table table, List<Record> rows) throws Exception {
    DataFile file = data(table, rows);
    String path = file.location();
    String bare = path.replace(".parquet", "-bare.parquet");
    NoIds.copy(path, bare);
    long size = new File(java.net.URI.create(bare.startsWith("/") ? "file:" + bare : bare)).length();
    return DataFiles.builder(table.spec())
        .withPath(bare)
        .withFileSizeInBytes(size)
        .withFormat(FileFormat.PARQUET)
        .withMetrics(new Metrics(file.recordCount()))
        .build();
  }

  static DeleteFile positionDeletes(Table table, String path, List<Long> positions)
      throws Exception {
    GenericAppenderFactory factory = new GenericAppenderFactory(table.schema(), table.spec());
    PositionDeleteWriter<Record> writer =
        factory.newPosDeleteWriter(output(table, null), FileFormat.PARQUET, null);
    try (writer) {
      for (long position : positions) {
        writer.write(PositionDelete.<Record>create().set(path, position, null));
      }
    }
    return writer.toDeleteFile();
  }

  static DeleteFile equalityDeletes(Table table, String column, List<Record> rows)
      throws Exception {
    Schema keys = table.schema().select(column);
    int[] ids = {table.schema().findField(column).fieldId()};
    GenericAppenderFactory factory =
        new GenericAppenderFactory(table.schema(), table.spec(), ids, keys, null);
    EqualityDeleteWriter<Record> writer =
        factory.newEqDeleteWriter(output(table, null), FileFormat.PARQUET, null);
    try (writer) {
      for (Record row : rows) {
        GenericRecord key = GenericRecord.create(keys);
        key.setField(column, row.getField(column));
        writer.write(key);
      }
    }
    return writer.toDeleteFile();
  }

  /** Rows whose values follow from their number; every fifth optional value is null. */
  static List<Record> generate(Schema schema, int from, int count) {
    List<Record> rows = new ArrayList<>();
    for (int i = from; i < from + count; i++) {
      rows.add((Record) value(schema.asStruct(), i));
    }
    return rows;
  }

  private static Object value(Type type, int i) {
    return switch (type.typeId()) {
      case INTEGER -> i;
      case LONG -> i * 10_000_000_000L;
      case FLOAT -> i * 0.5f;
      case DOUBLE -> i * 0.1;
      case DATE -> LocalDate.ofEpochDay(i * 400L - 3);
      case STRING -> "vælue " + i;
      case BINARY -> ByteBuffer.wrap(new byte[] {(byte) i, -1});
      case DECIMAL -> new BigDecimal(java.math.BigInteger.valueOf(i * 101L - 500),
          ((Types.DecimalType) type).scale());
      case TIMESTAMP_NANO -> {
        LocalDateTime time = LocalDateTime.ofEpochSecond(i * 3333L - 7000, 123456789, ZoneOffset.UTC);
        yield ((Types.TimestampNanoType) type).shouldAdjustToUTC()
            ? time.atOffset(ZoneOffset.UTC)
            : time;
      }
      case STRUCT -> {
        Types.StructType struct = (Types.StructType) type;
        GenericRecord record = GenericRecord.create(struct);
        for (Types.NestedField field : struct.fields()) {
          boolean isNull = field.isOptional() && (i + field.fieldId()) % 5 == 0;
          record.setField(field.name(), isNull ? null : value(field.type(), i));
        }
        yield record;
      }
      case LIST -> {
        List<Object> list = new ArrayList<>();
        for (int j = 0; j < i % 4; j++) {
          list.add(j == 2 ? null : value(((Types.ListType) type).elementType(), i + j));
        }
        yield list;
      }
      case MAP -> {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int j = 0; j < i % 3; j++) {
          map.put("k" + j, j == 1 ? null : value(((Types.MapType) type).valueType(), i + j));
        }
        yield map;
      }
      default -> throw new IllegalArgumentException(type.toString());
    };
  }
}
