// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "iceframe/catalog/postgres_uri_internal.h"

namespace iceframe {

namespace {

constexpr std::string_view kJdbc = "jdbc:";
constexpr std::string_view kExample = "postgresql://user:password@host:5432/database";

Status NoUri(std::string_view why) {
  return Error(ErrorKind::kInvalidArgument, "not the URI of a PostgreSQL database (", kExample,
               "): ", why);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A '%' that begins no escape is itself: passwords are pasted into URIs as they are.
std::string Decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size();
    const int high = has_digits ? HexDigit(text[i + 1]) : -1;
    const int low = has_digits ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// Cuts off what stands before `end` (all of it, where there is none).
std::string_view CutAt(std::string_view* text, std::string_view end) {
  const size_t at = text->find(end);
  const std::string_view before = text->substr(0, at);
  text->remove_prefix(at == std::string_view::npos ? text->size() : at + end.size());
  return before;
}

// The end of the scheme, "postgresql+psycopg2://" or "jdbc:postgresql:", with what stands behind
// it without "//"; nullopt: not one of ours.
std::optional<std::string_view> AfterScheme(std::string_view uri) {
  const bool is_jdbc = uri.starts_with(kJdbc);
  if (is_jdbc) uri.remove_prefix(kJdbc.size());
  const size_t colon = uri.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view scheme = uri.substr(0, colon);
  const std::string_view dialect = scheme.substr(0, scheme.find('+'));
  if (dialect != "postgresql" && dialect != "postgres") return std::nullopt;
  uri.remove_prefix(colon + 1);
  if (uri.starts_with("//")) return uri.substr(2);
  // "jdbc:postgresql:database", "jdbc:postgresql:/"
  if (!is_jdbc) return std::nullopt;
  return uri.starts_with('/') ? uri.substr(1) : uri;
}

// "a:1,[::1]:2,c" as the two lists that libpq takes.
Status AddHosts(std::string_view hosts, std::map<std::string, std::string>* parameters) {
  std::string names;
  std::string ports;
  bool has_port = false;
  for (bool is_first = true; is_first || !hosts.empty(); is_first = false) {
    std::string_view one = CutAt(&hosts, ",");
    std::string_view name = one;
    std::string_view port;
    if (one.starts_with('[')) {
      one.remove_prefix(1);
      name = CutAt(&one, "]");
      port = one.starts_with(':') ? one.substr(1) : std::string_view();
    } else if (const size_t colon = one.rfind(':'); colon != std::string_view::npos) {
      name = one.substr(0, colon);
      port = one.substr(colon + 1);
    }
    if (port.find_first_not_of("0123456789") != std::string_view::npos) {
      return NoUri("the port must be a number");
    }
    names += (is_first ? "" : ",") + Decoded(name);
    ports += (is_first ? "" : ",") + std::string(port);
    has_port = has_port || !port.empty();
  }
  if (names.find_first_not_of(',') != std::string::npos) (*parameters)["host"] = names;
  if (has_port) (*parameters)["port"] = ports;
  return Status::OK();
}

// pgjdbc's names for what libpq has too; empty: it means nothing here.
std::optional<std::string_view> OfJdbc(std::string_view name) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"ApplicationName", "application_name"},
      {"adaptiveFetch", ""},
      {"binaryTransfer", ""},
      {"connectTimeout", "connect_timeout"},
      {"defaultRowFetchSize", ""},
      {"loginTimeout", "connect_timeout"},
      {"logUnclosedConnections", ""},
      {"loggerLevel", ""},
      {"preferQueryMode", ""},
      {"prepareThreshold", ""},
      {"reWriteBatchedInserts", ""},
      {"schema-version", ""},
      {"socketTimeout", ""},
      {"stringtype", ""},
      {"tcpKeepAlive", ""},
  });
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& n) { return n.first == name; });
  return found == kNames.end() ? std::optional<std::string_view>() : found->second;
}

void AddJdbc(const std::string& name, const std::string& value,
             std::map<std::string, std::string>* parameters) {
  if (name == "ssl") {
    if (value != "false" && !parameters->contains("sslmode")) {
      (*parameters)["sslmode"] = "verify-full";
    }
  } else if (name == "currentSchema") {
    (*parameters)["options"] += " -csearch_path=" + value;
  } else if (const auto ours = OfJdbc(name); !ours) {
    (*parameters)[name] = value;
  } else if (!ours->empty()) {
    (*parameters)[std::string(*ours)] = value;
  }
}

void AddQuery(std::string_view query, bool is_jdbc,
              std::map<std::string, std::string>* parameters) {
  while (!query.empty()) {
    std::string_view value = CutAt(&query, "&");
    const std::string name = Decoded(CutAt(&value, "="));
    if (name.empty()) continue;
    if (is_jdbc) {
      AddJdbc(name, Decoded(value), parameters);
    } else {
      (*parameters)[name] = Decoded(value);
    }
  }
}

// The user info ends at the last '@' before the path; a password may hold '/', '?' and '#', though.
void AddUser(std::string_view* rest, std::map<std::string, std::string>* parameters) {
  size_t end = rest->substr(0, rest->find_first_of("/?#")).rfind('@');
  const std::string_view before_query = rest->substr(0, rest->find('?'));
  if (end == std::string_view::npos) end = before_query.rfind('@');
  if (end == std::string_view::npos) return;
  std::string_view password = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  const std::string user = Decoded(CutAt(&password, ":"));
  if (!user.empty()) (*parameters)["user"] = user;
  if (!password.empty()) (*parameters)["password"] = Decoded(password);
}

Status TakeConnectTimeout(PostgresAddress* address) {
  const auto found = address->parameters.find("connect_timeout");
  if (found == address->parameters.end()) return Status::OK();
  int64_t seconds = 0;
  const std::string& text = found->second;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr int64_t kLongest = 24 * 3600;
  if (code != std::errc() || end != text.data() + text.size() || seconds < 0) {
    return NoUri("connect_timeout must be a number of seconds");
  }
  // 0 is libpq's "for ever"; nothing waits that long here.
  if (seconds > 0) address->connect_timeout = std::chrono::seconds(std::min(seconds, kLongest));
  address->parameters.erase(found);
  return Status::OK();
}

std::string Shown(const std::map<std::string, std::string>& parameters) {
  const auto get = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  };
  std::string shown = "postgresql://";
  if (const std::string user = get("user"); !user.empty()) shown += user + "@";
  shown += get("host");
  if (const std::string port = get("port"); !port.empty()) shown += ":" + port;
  shown += "/" + get("dbname");
  // Another search path is another set of tables.
  if (const std::string options = get("options"); !options.empty()) shown += " (" + options + ")";
  return shown;
}

}  // namespace

bool IsPostgresUri(std::string_view uri) { return AfterScheme(uri).has_value(); }

Result<PostgresAddress> ParsePostgresUri(std::string_view uri, const Properties& properties) {
  const bool is_jdbc = uri.starts_with(kJdbc);
  const auto after = AfterScheme(uri);
  if (!after) return NoUri("the scheme is another one");
  const bool has_hosts = !is_jdbc || uri.find("://") != std::string_view::npos;
  std::string_view rest = *after;
  PostgresAddress address;
  auto* parameters = &address.parameters;
  if (!is_jdbc) AddUser(&rest, parameters);
  std::string_view place = CutAt(&rest, "?");
  if (has_hosts) ICEFRAME_RETURN_NOT_OK(AddHosts(CutAt(&place, "/"), parameters));
  if (!place.empty()) (*parameters)["dbname"] = Decoded(place);
  AddQuery(rest, is_jdbc, parameters);
  for (const auto& [key, value] : properties) {
    constexpr std::string_view kPrefix = "jdbc.";
    if (key.starts_with(kPrefix)) AddJdbc(key.substr(kPrefix.size()), value, parameters);
  }
  ICEFRAME_RETURN_NOT_OK(TakeConnectTimeout(&address));
  for (const auto& [name, value] : *parameters) {
    if (value.find('\0') != std::string::npos) return NoUri("it holds a NUL character");
  }
  address.shown = Shown(*parameters);
  return address;
}

}  // namespace iceframe
