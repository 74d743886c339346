// SPDX-License-Identifier: Apache-2.0
// One exact JSON form for each value, whichever of Iceberg's in-memory forms it comes in.
package interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.DateTimeUtil;

final class Canonical {
  private Canonical() {}

  /** Structs and lists are arrays, maps arrays of pairs, bytes hex, floats their bits. */
  static JsonNode of(Type type, Object value) {
    if (value == null) {
      return NullNode.instance;
    }
    return switch (type.typeId()) {
      case BOOLEAN -> BooleanNode.valueOf((Boolean) value);
      case INTEGER, LONG -> LongNode.valueOf(((Number) value).longValue());
      case FLOAT -> text(String.format("f:%08x", Float.floatToIntBits((Float) value)));
      case DOUBLE -> text(String.format("d:%016x", Double.doubleToLongBits((Double) value)));
      case DECIMAL -> text(((BigDecimal) value).toPlainString());
      case DATE -> LongNode.valueOf(days(value));
      case TIME -> LongNode.valueOf(microsOfDay(value));
      case TIMESTAMP -> LongNode.valueOf(timestamp(value, false));
      case TIMESTAMP_NANO -> LongNode.valueOf(timestamp(value, true));
      case STRING, UUID -> text(value.toString());
      case FIXED, BINARY -> text(hex(value));
      case STRUCT -> struct((Types.StructType) type, value);
      case LIST -> list((Types.ListType) type, (List<?>) value);
      case MAP -> map((Types.MapType) type, (Map<?, ?>) value);
      default -> text(value.toString());
    };
  }

  private static JsonNode text(String value) {
    return TextNode.valueOf(value);
  }

  private static JsonNode struct(Types.StructType type, Object value) {
    ArrayNode node = Interop.JSON.createArrayNode();
    StructLike struct = (StructLike) value;
    for (int i = 0; i < type.fields().size(); i++) {
      node.add(of(type.fields().get(i).type(), struct.get(i, Object.class)));
    }
    return node;
  }

  private static JsonNode list(Types.ListType type, List<?> values) {
    ArrayNode node = Interop.JSON.createArrayNode();
    values.forEach(value -> node.add(of(type.elementType(), value)));
    return node;
  }

  private static JsonNode map(Types.MapType type, Map<?, ?> values) {
    ArrayNode node = Interop.JSON.createArrayNode();
    values.forEach(
        (key, value) ->
            node.addArray().add(of(type.keyType(), key)).add(of(type.valueType(), value)));
    return node;
  }

  private static long days(Object value) {
    return value instanceof LocalDate date ? date.toEpochDay() : ((Number) value).longValue();
  }

  private static long microsOfDay(Object value) {
    return value instanceof LocalTime time
        ? DateTimeUtil.microsFromTime(time)
        : ((Number) value).longValue();
  }

  private static long timestamp(Object value, boolean nanos) {
    if (value instanceof OffsetDateTime zoned) {
      return nanos
          ? DateTimeUtil.nanosFromTimestamptz(zoned)
          : DateTimeUtil.microsFromTimestamptz(zoned);
    }
    if (value instanceof LocalDateTime local) {
      return nanos
          ? DateTimeUtil.nanosFromTimestamp(local)
          : DateTimeUtil.microsFromTimestamp(local);
    }
    return ((Number) value).longValue();
  }

  private static String hex(Object value) {
    byte[] bytes;
    if (value instanceof ByteBuffer buffer) {
      bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
    } else {
      bytes = (byte[]) value;
    }
    StringBuilder text = new StringBuilder();
    for (byte one : bytes) {
      text.append(String.format("%02x", one));
    }
    return text.toString();
  }
}
