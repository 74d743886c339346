// SPDX-License-Identifier: Apache-2.0
// A schema with every type of format version 2, and rows with its extremes.
package interop;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;

final class EveryType {
  private EveryType() {}

  static final Schema SCHEMA =
      new Schema(
          Types.NestedField.optional(1, "b", Types.BooleanType.get()),
          Types.NestedField.optional(2, "i", Types.IntegerType.get()),
          Types.NestedField.optional(3, "l", Types.LongType.get()),
          Types.NestedField.optional(4, "f", Types.FloatType.get()),
          Types.NestedField.optional(5, "d", Types.DoubleType.get()),
          Types.NestedField.optional(6, "dec9", Types.DecimalType.of(9, 2)),
          Types.NestedField.optional(7, "dec18", Types.DecimalType.of(18, 4)),
          Types.NestedField.optional(8, "dec38", Types.DecimalType.of(38, 10)),
          Types.NestedField.optional(9, "day", Types.DateType.get()),
          Types.NestedField.optional(10, "tod", Types.TimeType.get()),
          Types.NestedField.optional(11, "ts", Types.TimestampType.withoutZone()),
          Types.NestedField.optional(12, "tz", Types.TimestampType.withZone()),
          Types.NestedField.optional(13, "s", Types.StringType.get()),
          Types.NestedField.optional(14, "u", Types.UUIDType.get()),
          Types.NestedField.optional(15, "fx", Types.FixedType.ofLength(4)),
          Types.NestedField.optional(16, "bin", Types.BinaryType.get()),
          Types.NestedField.optional(
              17,
              "st",
              Types.StructType.of(
                  Types.NestedField.optional(18, "x", Types.LongType.get()),
                  Types.NestedField.optional(19, "y", Types.StringType.get()))),
          Types.NestedField.optional(
              20, "li", Types.ListType.ofOptional(21, Types.IntegerType.get())),
          Types.NestedField.optional(
              22,
              "ma",
              Types.MapType.ofOptional(
                  23, 24, Types.StringType.get(), Types.DoubleType.get())));

  static PartitionSpec.Builder[] partitionings() {
    List<PartitionSpec.Builder> specs = new ArrayList<>();
    // In manifests Java puts a length before values of fx, where Avro has none.
    for (String column : List.of("b", "i", "l", "dec9", "dec38", "day", "tod", "ts", "tz", "s",
        "u", "fx", "bin")) {
      specs.add(PartitionSpec.builderFor(SCHEMA).identity(column));
    }
    for (String column : List.of("i", "l", "dec9", "dec38", "day", "tod", "ts", "tz", "s", "u",
        "fx", "bin")) {
      specs.add(PartitionSpec.builderFor(SCHEMA).bucket(column, 5));
    }
    for (String column : List.of("dec9", "s", "bin")) {
      specs.add(PartitionSpec.builderFor(SCHEMA).truncate(column, 3));
    }
    specs.add(PartitionSpec.builderFor(SCHEMA).year("day").month("ts").hour("tz"));
    specs.add(PartitionSpec.builderFor(SCHEMA).day("ts").day("tz").month("day"));
    specs.add(PartitionSpec.builderFor(SCHEMA).hour("ts").alwaysNull("s").year("tz"));
    specs.add(PartitionSpec.builderFor(SCHEMA).alwaysNull("b").identity("fx").identity("bin"));
    return specs.toArray(new PartitionSpec.Builder[0]);
  }

  static List<Record> nulls(int count) {
    List<Record> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(GenericRecord.create(SCHEMA));
    }
    return rows;
  }

  private static Record row(Object... values) {
    GenericRecord record = GenericRecord.create(SCHEMA);
    for (int i = 0; i < values.length; i++) {
      record.set(i, values[i]);
    }
    return record;
  }

  private static Record struct(Object x, Object y) {
    GenericRecord record = GenericRecord.create(SCHEMA.findType("st").asStructType());
    record.setField("x", x);
    record.setField("y", y);
    return record;
  }

  private static byte[] repeated(int value, int count) {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  static List<Record> rows() {
    Map<String, Double> map = new java.util.LinkedHashMap<>();
    map.put("a", 1.0);
    map.put("b", null);
    List<Record> rows = nulls(1);
    rows.add(
        row(true, Integer.MAX_VALUE, Long.MIN_VALUE, 1.5f, -0.0, new BigDecimal("-1234567.89"),
            new BigDecimal("99999999999999.9999"),
            new BigDecimal("-1234567890123456789012345678.0123456789"),
            LocalDate.of(1969, 12, 31), LocalTime.of(23, 59, 59, 999_999_000),
            LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000),
            OffsetDateTime.of(2024, 2, 29, 12, 0, 0, 0, ZoneOffset.UTC), "Ærøskøbing 😀",
            UUID.fromString("f79c3e09-677c-4bbd-a479-3f349cb785e7"), new byte[] {0, -1, 1, 2},
            ByteBuffer.wrap(new byte[0]), struct(1L, null), Arrays.asList(1, null, 3), map));
    rows.add(
        row(false, Integer.MIN_VALUE, Long.MAX_VALUE, Float.NaN, Double.POSITIVE_INFINITY,
            new BigDecimal("0.00"), new BigDecimal("-0.0001"), new BigDecimal("1.0000000000"),
            LocalDate.of(2024, 2, 29), LocalTime.MIDNIGHT,
            LocalDateTime.of(9999, 12, 31, 23, 59, 59), OffsetDateTime.of(1, 1, 1, 0, 0, 0, 1000,
                ZoneOffset.UTC), "", UUID.fromString("00000000-0000-0000-0000-000000000000"),
            repeated(0xff, 4), ByteBuffer.wrap(repeated(0xff, 40)), null, List.of(), Map.of()));
    rows.add(
        row(false, 0, -1L, -0.0f, Double.NaN, new BigDecimal("-0.01"), new BigDecimal("1.0000"),
            new BigDecimal("-9999999999999999999999999999.9999999999"), LocalDate.of(1, 1, 1),
            LocalTime.of(0, 0, 0, 1000), LocalDateTime.of(1, 1, 1, 0, 0),
            OffsetDateTime.of(1969, 12, 31, 23, 0, 0, 0, ZoneOffset.UTC), "a/b=c %?#\"\\".repeat(5),
            UUID.fromString("ffffffff-ffff-ffff-ffff-ffffffffffff"), repeated(0, 4),
            ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}), struct(null, "😀".repeat(30)), null, null));
    return rows;
  }
}
