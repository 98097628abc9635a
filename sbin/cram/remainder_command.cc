#include "sbin/cram/remainder_command.h"

#include <stdio.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/resume/what_is_left.h"
#include "sbin/cram/print.h"

namespace cram {

void DefineRemainderCommand(CLI::App* command, RemainderRequest* request) {
  command
      ->add_option("RUN", request->run,
                   "run directory, or id of the job or of the run")
      ->required();
  command->add_option("-o,--output", request->output, "the manifest to write")
      ->type_name("FILE")
      ->required();
}

absl::Status WriteRemainder(const RemainderRequest& request) {
  absl::StatusOr<std::unique_ptr<EarlierRun>> run =
      EarlierRun::Open(request.run);
  if (!run.ok()) return run.status();
  absl::Status status = (*run)->CheckEnded();
  if (!status.ok()) return status;
  absl::StatusOr<WhatIsLeft> left = WriteWhatIsLeft(run->get(), request.output);
  for (const std::string& warning : (*run)->warnings()) {
    fprintf(stderr, "cram: %s\n", warning.c_str());
  }
  if (!left.ok()) return left.status();
  if (left->subjobs == 0) {
    return absl::NotFoundError(absl::StrCat(
        (*run)->directory().path(), ": all sub-jobs completed; none is left"));
  }
  return Print(absl::StrCat(
      request.output, ": ", left->subjobs, " of ", (*run)->manifest()->size(),
      " sub-jobs, from index 0 on; ", left->bytes, " bytes\n"));
}

}  // namespace cram
