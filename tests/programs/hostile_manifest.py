"""hostile_manifest.py KIND FILE: manifests of many megabytes, all checksums
right, that would be many times larger in memory if a reader made an object of
all that they name."""

import struct
import sys
import zlib


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def data(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def count(field, number):
    return varint(field << 3) + varint(number)


def fixed(field, number):
    return varint(field << 3 | 5) + struct.pack("<I", number)


class Manifest:
    def __init__(self):
        self.file = bytearray(data(1, data(1, b"cram manifest") + count(2, 1)))
        self.templates, self.blocks, self.subjobs = [], [], 0

    def place(self, field, content):
        self.file += varint(field << 3 | 2) + varint(len(content))
        offset = len(self.file)
        self.file += content
        return (count(1, offset) + count(2, len(content)) +
                fixed(3, zlib.crc32(content)))

    def template(self, content):
        self.templates.append(data(3, self.place(2, content)))

    def block(self, subjobs, body, template=0):
        place = self.place(3, count(1, template) + count(2, subjobs) + body)
        self.blocks.append(data(2, count(1, self.subjobs) + count(2, subjobs) +
                                data(3, place)))
        self.subjobs += subjobs

    def write(self, path):
        index = (count(1, self.subjobs) + b"".join(self.blocks) +
                 b"".join(self.templates) + fixed(4, zlib.crc32(self.file)))
        offset = len(self.file)
        with open(path, "wb") as file:
            file.write(self.file + data(4, index) +
                       fixed(5, zlib.crc32(index)) + b"\x31" +
                       struct.pack("<Q", offset))


def zstd(content):
    """A frame of stored blocks: nothing is packed."""
    frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content))
    for start in range(0, len(content), 1 << 17):
        piece = content[start:start + (1 << 17)]
        last = start + len(piece) == len(content)
        frame += struct.pack("<I", len(piece) << 3 | last)[:3] + piece
    return frame


def rows(number, columns, content, own=False):
    packed = zstd(content)
    group = (count(1, number) + count(2, len(content)) +
             count(3, len(packed)) + fixed(4, zlib.crc32(packed)))
    names = b"".join(data(1, b"c%d" % i) for i in range(columns))
    return data(6, names + count(3, own) + data(4, group) + data(5, packed))


COMMAND = data(1, b"true")
EMPTY = b"\x0a\x00"  # field 1, no bytes


def main(kind, path):
    manifest = Manifest()
    if kind == "list":  # an axis of four million values
        manifest.template(COMMAND)
        manifest.block(4 << 20, data(3, data(1, data(1, b"x") +
                                             data(4, EMPTY * (4 << 20)))))
    elif kind == "lists":  # eight of half a million, zipped
        manifest.template(COMMAND)
        axes = b"".join(data(1, data(1, b"x%d" % i) + count(2, 1) +
                                data(4, EMPTY * (1 << 19))) for i in range(8))
        manifest.block(1 << 19, data(3, axes))
    elif kind == "templates":
        for i in range(60000):
            manifest.template(COMMAND)
            manifest.block(1, data(3, b""), i)
    elif kind == "large-templates":  # of as many words as there may be
        for i in range(32):
            manifest.template(COMMAND + EMPTY * 131071)
            manifest.block(1, data(3, b""), i)
    elif kind == "variables":
        manifest.template(COMMAND + data(3, b"\x0a\x01a") * 131071)
        manifest.block(1, data(3, b""))
    elif kind == "placeholders":
        manifest.template(COMMAND + data(1, b"{index}" * 131072))
        manifest.block(1, data(3, b""))
    elif kind in ("blocks", "too-many-blocks"):
        manifest.template(COMMAND)
        for i in range(1000000 if kind == "blocks" else (1 << 20) + 1):
            manifest.block(1, data(3, b""))
    elif kind == "index":  # most of it a field of a later version
        manifest.template(COMMAND)
        manifest.block(1, data(3, b""))
        manifest.blocks.append(data(1000, bytes(100 << 20)))
    elif kind == "megabytes":  # in blocks of a row each
        manifest.template(COMMAND)
        for i in range(16):
            value = data(1, data(1, bytes([i]) * 6000000))
            manifest.block(1, rows(1, 1, value))
    elif kind == "values":  # a column of four million rows
        manifest.template(COMMAND)
        number = (8 << 20) // 2 - 8
        manifest.block(number, rows(number, 1, data(1, EMPTY * number)))
    elif kind == "columns":  # ten thousand of four hundred rows each
        manifest.template(COMMAND)
        manifest.block(400, rows(400, 10000, data(1, EMPTY * 400) * 10000))
    elif kind == "own":  # of as many variables as there may be
        manifest.template(COMMAND)
        own = data(3, data(3, b"\x0a\x01a") * 131072)
        manifest.block(8, rows(8, 0, own * 8, own=True))
    manifest.write(path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
