// SPDX-License-Identifier: Apache-2.0
// Copies a Parquet file without the field ids of its columns.
package interop;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

final class NoIds {
  private NoIds() {}

  static void copy(String from, String to) throws Exception {
    Configuration conf = new Configuration();
    MessageType schema;
    try (ParquetFileReader file =
        ParquetFileReader.open(HadoopInputFile.fromPath(new Path(from), conf))) {
      schema = file.getFileMetaData().getSchema();
    }
    String text = schema.toString().replaceAll(" = \\d+;", ";").replaceAll(" = \\d+ \\{", " {");
    MessageType bare = MessageTypeParser.parseMessageType(text);
    try (ParquetReader<Group> reader =
            ParquetReader.builder(new GroupReadSupport(), new Path(from)).build();
        ParquetWriter<Group> writer =
            ExampleParquetWriter.builder(new Path(to)).withType(bare).withConf(conf).build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        writer.write(row);
      }
    }
  }
}
