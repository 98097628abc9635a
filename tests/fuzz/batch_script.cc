// A script that is taken becomes a template that is, too. Input: what follows
// the first line.
#include "pack/manifest/batch_script.h"

#include "absl/strings/str_cat.h"
#include "pack/manifest/file_pattern.h"
#include "pack/manifest/script.h"
#include "pack/manifest/template.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text = absl::StrCat("#!/bin/sh\n", cram::TextOf(data, size));
  if (!cram::CheckScript(text).ok()) return 0;
  absl::StatusOr<cram::BatchScript> script =
      cram::BatchScript::Parse(text, "job.sh");
  if (!script.ok()) {
    REQUIRE(script.status().message().substr(0, 6) == "job.sh");
    return 0;
  }
  REQUIRE(script->memory_bytes == 0 || script->memory_per_cpu == 0);
  for (const std::string& pattern :
       {script->output, script->error, script->input}) {
    std::string name = cram::FilePatternText(pattern, script->job_name, "task");
    absl::StatusOr<cram::Template> made = cram::Template::Parse(name);
    REQUIRE(made.ok() && made->Bind({"task"}).ok());
    std::string out;
    REQUIRE(made->Expand(0, {"7"}, &out).ok());
  }
  return 0;
}
