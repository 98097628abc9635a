#include "pack/manifest/content_to_copy.h"

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {

absl::StatusOr<absl::string_view> ContentToCopy(const MappedFile& file,
                                                const ManifestIndex& index) {
  WireReader reader(file.bytes());
  ManifestHeader header;
  if (!reader.Next() || !ParseMessage(reader.bytes(), &header) ||
      file.Checksum(index.content_bytes) != index.content_crc32) {
    return absl::DataLossError("damaged: checksum of the whole");
  }
  if (header.minor() > kManifestMinor) {
    return absl::InvalidArgumentError(
        absl::StrCat("version ", header.major(), ".", header.minor(),
                     " is newer than this program, which writes ",
                     kManifestMajor, ".", kManifestMinor));
  }
  size_t header_end =
      static_cast<size_t>(reader.bytes().end() - file.bytes().begin());
  return file.bytes().substr(header_end, index.content_bytes - header_end);
}

}  // namespace cram
