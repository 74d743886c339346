// The Apache Iceberg project's own REST catalog fixture (RESTCatalogServlet over any Java catalog), bound to loopback.
// Same package as the fixture, because RESTServerCatalogAdapter (which hands out storage credentials) is package-private.
// args: PORT (0: one that is free) key=value... ; keys are the backing catalog's properties, and:
//   server.async-planning=true  server.tasks-per-plan=N  (server-side scan planning)  server.latency-ms=N
//   server.token=T (requests must carry "Authorization: Bearer T"; POST /v1/oauth/tokens gives out the adapter's own tokens and is refused)
//   server.default.K=V / server.override.K=V : properties answered by GET /v1/config
package org.apache.iceberg.rest;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Scan;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.responses.ConfigResponse;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.NetworkConnector;
import org.eclipse.jetty.server.Server;

public class RestServer {
  public static void main(String[] args) throws Exception {
    Map<String, String> props = new HashMap<>(), server = new HashMap<>(), defaults = new HashMap<>(), overrides = new HashMap<>();
    for (int i = 1; i < args.length; i++) {
      int eq = args[i].indexOf('=');
      String k = args[i].substring(0, eq), v = args[i].substring(eq + 1);
      if (k.startsWith("server.default.")) defaults.put(k.substring(15), v);
      else if (k.startsWith("server.override.")) overrides.put(k.substring(16), v);
      else if (k.startsWith("server.")) server.put(k.substring(7), v);
      else props.put(k, v);
    }
    props.putIfAbsent("catalog-impl", "org.apache.iceberg.jdbc.JdbcCatalog");
    props.putIfAbsent("jdbc.schema-version", "V1");
    Catalog catalog = CatalogUtil.buildIcebergCatalog("backend", props, new Configuration());
    boolean async = Boolean.parseBoolean(server.get("async-planning"));
    int perTask = Integer.parseInt(server.getOrDefault("tasks-per-plan", "100"));
    RESTServerCatalogAdapter adapter = new RESTServerCatalogAdapter(new RESTCatalogServer.CatalogContext(catalog, props)) {
      @Override
      protected PlanningBehavior planningBehavior() {
        return new PlanningBehavior() {
          @Override public int numberFileScanTasksPerPlanTask() { return perTask; }
          @Override public boolean shouldPlanTableScanAsync(Scan<?, FileScanTask, ?> scan) { return async; }
        };
      }

      @Override
      public <T extends RESTResponse> T handleRequest(Route route, Map<String, String> vars, HTTPRequest request, Class<T> type, Consumer<Map<String, String>> headers) {
        T answer = super.handleRequest(route, vars, request, type, headers);
        if (route != Route.CONFIG || (defaults.isEmpty() && overrides.isEmpty())) return answer;
        ConfigResponse c = (ConfigResponse) answer;
        return type.cast(ConfigResponse.builder().withEndpoints(c.endpoints()).withDefaults(c.defaults()).withOverrides(c.overrides())
            .withDefaults(defaults).withOverrides(overrides).build());
      }
    };
    long latency = Long.parseLong(server.getOrDefault("latency-ms", "0"));
    String token = server.get("token");
    RESTCatalogServlet servlet = new RESTCatalogServlet(adapter) {
      @Override
      protected void service(HttpServletRequest req, HttpServletResponse resp) throws IOException, jakarta.servlet.ServletException {
        if (token != null && !("Bearer " + token).equals(req.getHeader("Authorization"))) {
          resp.setStatus(401);
          resp.setContentType("application/json");
          resp.getWriter().write("{\"error\":{\"message\":\"Not authorized\",\"type\":\"NotAuthorizedException\",\"code\":401}}");
          return;
        }
        if (latency > 0) try { Thread.sleep(latency); } catch (InterruptedException e) { Thread.currentThread().interrupt(); }
        super.service(req, resp);
      }
    };
    ServletContextHandler context = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
    context.addServlet(new ServletHolder(servlet), "/*");
    Server http = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    http.setHandler(context);
    http.start();
    System.out.println("READY http://127.0.0.1:" + ((NetworkConnector) http.getConnectors()[0]).getLocalPort());
    http.join();
  }
}
