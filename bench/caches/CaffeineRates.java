// SPDX-License-Identifier: Apache-2.0
// Runs traces through Caffeine and prints a line for each: hits and requests.
//
//     java -cp caffeine.jar CaffeineRates.java entries|bytes LIMIT TRACE...
//
// A trace is pairs of little-endian 32-bit numbers: key and weight in bytes.
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

public final class CaffeineRates {
  public static void main(String[] arguments) throws IOException {
    boolean byEntries = arguments[0].equals("entries");
    long limit = Long.parseLong(arguments[1]);
    for (int i = 2; i < arguments.length; i++) {
      Cache<Integer, Integer> cache = makeCache(byEntries, limit);
      ByteBuffer trace =
          ByteBuffer.wrap(Files.readAllBytes(Path.of(arguments[i]))).order(ByteOrder.LITTLE_ENDIAN);
      long hits = 0;
      long requests = 0;
      while (trace.hasRemaining()) {
        int key = trace.getInt();
        int weight = trace.getInt();
        requests++;
        if (cache.getIfPresent(key) != null) {
          hits++;
        } else {
          cache.put(key, weight);
        }
      }
      System.out.println(hits + " " + requests);
    }
  }

  /** Evicts on the calling thread, so that runs are alike. */
  private static Cache<Integer, Integer> makeCache(boolean byEntries, long limit) {
    Caffeine<Object, Object> builder = Caffeine.newBuilder().executor(Runnable::run);
    if (byEntries) {
      return builder.maximumSize(limit).build();
    }
    return builder.maximumWeight(limit).weigher((Integer key, Integer weight) -> weight).build();
  }
}
