// SPDX-License-Identifier: Apache-2.0
// KafkaStream: a topic that flows into a table, for Python.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/util/future.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "iceframe/session.h"
#include "iceframe/streaming/dead_letters.h"
#include "iceframe/streaming/http_schema_registry.h"
#include "iceframe/streaming/kafka_source.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"
#include "option_reader.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using std::chrono::milliseconds;
using TablePtr = std::shared_ptr<const Table>;

template <typename Enum>
struct Named {
  const char* name;
  Enum value;
};

constexpr Named<OnPoison> kOnPoison[] = {
    {"fail", OnPoison::kFail}, {"skip", OnPoison::kSkip}, {"dead_letter", OnPoison::kDeadLetter}};
constexpr Named<SchemaEvolution> kEvolutions[] = {{"off", SchemaEvolution::kOff},
                                                  {"add_columns", SchemaEvolution::kAddColumns},
                                                  {"widen", SchemaEvolution::kWiden}};
constexpr Named<OnRollback> kOnRollback[] = {
    {"fail", OnRollback::kFail}, {"replay", OnRollback::kReplay}, {"skip", OnRollback::kSkip}};
constexpr Named<OnLostMessages> kOnLost[] = {{"fail", OnLostMessages::kFail},
                                             {"earliest", OnLostMessages::kEarliest},
                                             {"latest", OnLostMessages::kLatest}};
constexpr Named<PayloadFormat> kFormats[] = {{"json", PayloadFormat::kJson},
                                             {"raw", PayloadFormat::kRaw},
                                             {"registry", PayloadFormat::kRegistry}};
constexpr Named<MessagePart> kParts[] = {
    {"payload", MessagePart::kPayload},     {"key", MessagePart::kKey},
    {"headers", MessagePart::kHeaders},     {"topic", MessagePart::kTopic},
    {"partition", MessagePart::kPartition}, {"offset", MessagePart::kOffset},
    {"timestamp", MessagePart::kTimestamp}};

template <typename Enum, size_t kSize>
Result<Enum> Choose(const char* what, const Named<Enum> (&named)[kSize], const std::string& name) {
  std::string names;
  for (const auto& one : named) {
    if (name == one.name) return one.value;
    names += std::string(names.empty() ? "'" : ", '") + one.name + "'";
  }
  return Error(ErrorKind::kInvalidArgument, what, " must be one of ", names, ", got '", name, "'");
}

template <typename Enum, size_t kSize>
Status TakeChoice(OptionReader* reader, const char* what, const Named<Enum> (&named)[kSize],
                  Enum* out) {
  std::string name;
  reader->Take(what, name);
  if (name.empty()) return Status::OK();
  return Choose(what, named, name).Value(out);
}

// `request`: the names of KafkaSourceOptions, times in milliseconds. `context`: the stream's.
Result<KafkaSourceOptions> ToOptions(const OperationContext& context, const OptionMap& request) {
  KafkaSourceOptions options;
  HttpSchemaRegistryOptions registry;
  OptionReader reader(request);
  int64_t max_latency_ms = options.max_latency.count();
  std::optional<int64_t> idle_timeout_ms;
  std::vector<std::pair<std::string, std::string>> columns;
  reader.Take("topic", options.topic);
  reader.Take("config", options.config);
  reader.Take("fallback_ca_file", options.fallback_ca_file);
  reader.Take("stream_id", options.stream_id);
  reader.Take("registry_url", registry.url);
  reader.Take("registry_basic_auth", registry.basic_auth);
  reader.Take("registry_token", registry.bearer_token);
  reader.Take("registry_ca_file", registry.ca_file);
  reader.Take("batch_size", options.batch_size);
  reader.Take("max_batch_bytes", options.max_batch_bytes);
  reader.Take("max_latency_ms", max_latency_ms);
  reader.Take("max_messages", options.max_messages);
  reader.Take("compact_every_n_commits", options.compact_every_n_commits);
  reader.Take("idle_timeout_ms", idle_timeout_ms);
  reader.Take("message_columns", columns);
  reader.Take("max_poison_ratio", options.poison.max_ratio);
  ICEFRAME_RETURN_NOT_OK(TakeChoice(&reader, "format", kFormats, &options.decoder.format));
  ICEFRAME_RETURN_NOT_OK(TakeChoice(&reader, "on_error", kOnPoison, &options.poison.action));
  ICEFRAME_RETURN_NOT_OK(
      TakeChoice(&reader, "schema_evolution", kEvolutions, &options.decoder.evolution));
  ICEFRAME_RETURN_NOT_OK(TakeChoice(&reader, "on_rollback", kOnRollback, &options.on_rollback));
  ICEFRAME_RETURN_NOT_OK(
      TakeChoice(&reader, "on_lost_messages", kOnLost, &options.on_lost_messages));
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  if (!registry.url.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(options.decoder.registry,
                              MakeHttpSchemaRegistry(context, std::move(registry)));
  }
  options.max_latency = milliseconds(max_latency_ms);
  if (idle_timeout_ms) options.idle_timeout = milliseconds(*idle_timeout_ms);
  for (auto& [part, column] : columns) {
    ICEFRAME_ASSIGN_OR_RETURN(const MessagePart meant, Choose("message_columns", kParts, part));
    options.decoder.message_columns.push_back({meant, std::move(column)});
  }
  return options;
}

// A source that runs on a thread of the engine's.
class PyKafkaStream {
 public:
  static Result<std::shared_ptr<PyKafkaStream>> Start(const std::shared_ptr<Session>& session,
                                                      const std::string& table,
                                                      const OptionMap& request,
                                                      std::optional<std::string> letters) {
    const Operation call = MakeOperation(session->NewOperation());
    // The stream outlives the call that starts it, with a token of its own.
    OperationContext context = session->NewOperation();
    ICEFRAME_ASSIGN_OR_RETURN(KafkaSourceOptions options, ToOptions(context, request));
    return RunCall<std::shared_ptr<PyKafkaStream>>(
        call, [&](CallerThread&) -> Result<std::shared_ptr<PyKafkaStream>> {
          ICEFRAME_ASSIGN_OR_RETURN(const TablePtr loaded, session->LoadTable(call.context, table));
          if (letters) {
            CreateTableOptions create;
            create.exist_ok = true;
            ICEFRAME_ASSIGN_OR_RETURN(
                options.dead_letter_table,
                session->CreateTable(call.context, *letters, DeadLetterSchema(), create));
          }
          ICEFRAME_ASSIGN_OR_RETURN(auto source,
                                    KafkaSource::Make(context, loaded, std::move(options)));
          ICEFRAME_ASSIGN_OR_RETURN(auto ended, context.executor->operations()->Submit(
                                                    [source] { return source->Run(); }));
          return std::shared_ptr<PyKafkaStream>(
              new PyKafkaStream(std::move(context), std::move(source), std::move(ended)));
        });
  }

  ~PyKafkaStream() { context_.cancel.Cancel(); }
  PyKafkaStream(const PyKafkaStream&) = delete;
  PyKafkaStream& operator=(const PyKafkaStream&) = delete;

  // Returns whether it has ended, which is waited for at most so long.
  bool Wait(int64_t timeout_ms) const {
    const nb::gil_scoped_release released;
    return ended_.Wait(static_cast<double>(timeout_ms) / 1000);
  }
  bool is_running() const { return !ended_.is_finished(); }
  void Stop() { source_->Stop(); }
  Status EnableAutoCompaction(int64_t every) { return source_->EnableAutoCompaction(every); }
  void Cancel() { context_.cancel.Cancel(); }
  // Raises what it ended with.
  Status Check() const { return ended_.is_finished() ? ended_.result().status() : Status::OK(); }
  KafkaStreamReport report() const { return source_->report(); }

 private:
  PyKafkaStream(OperationContext context, std::shared_ptr<KafkaSource> source,
                arrow::Future<KafkaStreamReport> ended)
      : context_(std::move(context)), source_(std::move(source)), ended_(std::move(ended)) {}

  OperationContext context_;
  const std::shared_ptr<KafkaSource> source_;
  const arrow::Future<KafkaStreamReport> ended_;
};

void BindReport(nb::module_& module) {
  using Report = KafkaStreamReport;
  nb::class_<Report>(module, "KafkaStreamReport", "What a stream did.")
      .def_ro("num_messages", &Report::num_messages)
      .def_ro("num_rows", &Report::num_rows)
      .def_ro("num_rejected", &Report::num_rejected)
      .def_ro("num_commits", &Report::num_commits)
      .def_ro("num_bytes", &Report::num_bytes)
      .def_ro("num_compactions", &Report::num_compactions)
      .def_ro("num_pending", &Report::num_pending)
      .def_ro("num_rewinds", &Report::num_rewinds)
      .def_ro("offsets", &Report::offsets)
      .def_ro("lag", &Report::lag)
      .def_prop_ro("freshness_ms",
                   [](const Report& self) -> std::optional<int64_t> {
                     if (!self.freshness) return std::nullopt;
                     return self.freshness->count();
                   })
      .def_ro("ended_by", &Report::ended_by)
      .def_ro("trouble", &Report::trouble)
      .def_prop_ro("elapsed_ms", [](const Report& self) { return self.elapsed.count(); });
}

}  // namespace

void BindKafka(nb::module_& module) {
  BindReport(module);
  module.def("kafka_library", &DescribeKafkaLibrary, "The librdkafka in use, which is loaded.");
  nb::class_<PyKafkaStream>(module, "KafkaStream", "A topic that flows into a table.")
      .def_static("start", &PyKafkaStream::Start, nb::arg("session"), nb::arg("table"),
                  nb::arg("request"), nb::arg("dead_letter_table").none())
      .def("wait", &PyKafkaStream::Wait, nb::arg("timeout_ms"),
           "Whether it has ended, which is waited for at most so long.")
      .def("is_running", &PyKafkaStream::is_running)
      .def("stop", &PyKafkaStream::Stop, "Has it commit what it read, and end.")
      .def("cancel", &PyKafkaStream::Cancel, "Has it end at once.")
      .def("enable_auto_compaction", &PyKafkaStream::EnableAutoCompaction,
           nb::arg("every_n_commits"), "Joins small files after every so many commits.")
      .def("check", &PyKafkaStream::Check, "Raises what it ended with.")
      .def("report", &PyKafkaStream::report);
}

}  // namespace iceframe::python
