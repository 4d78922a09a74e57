#!/usr/bin/env python3
"""The least that a scan which checks digests can take: every layer's bytes read and hashed, on all processors.

usage: limit.py hash ARCHIVE      the layers of a docker-archive, hashed with OpenSSL
       limit.py inflate LAYOUT    the gzip layers of an OCI layout, hashed, decompressed and hashed again

Decompression is by ISA-L where its Python package is installed, else by zlib; stderr says by which.
"""

import hashlib
import json
import os
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from isal import isal_zlib as zlib
except ImportError:
    import zlib

PIECE = 1 << 20


def pieces(path, offset, length):
    with open(path, "rb", buffering=0) as file:
        while length > 0:
            piece = os.pread(file.fileno(), min(PIECE, length), offset)
            if not piece:
                raise SystemExit(f"{path} is truncated")
            yield piece
            offset += len(piece)
            length -= len(piece)


def hash_layer(layer):
    digest = hashlib.sha256()
    for piece in pieces(*layer):
        digest.update(piece)
    return digest.hexdigest()


def inflate_layer(layer):
    compressed, plain = hashlib.sha256(), hashlib.sha256()
    decoder = zlib.decompressobj(31)
    for piece in pieces(*layer):
        compressed.update(piece)
        plain.update(decoder.decompress(piece))
    return plain.hexdigest()


def docker_layers(path):
    with tarfile.open(path) as archive:
        [image] = json.load(archive.extractfile("manifest.json"))[:1]
        for name in image["Layers"]:
            member = archive.getmember(name)
            yield path, member.offset_data, member.size


def oci_layers(directory):
    def blob(descriptor):
        return Path(directory, "blobs", *descriptor["digest"].split(":"))

    index = json.loads(Path(directory, "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]).read_text())
    for layer in manifest["layers"]:
        yield blob(layer), 0, layer["size"]


def main():
    what, path = sys.argv[1:]
    layers = list(docker_layers(path) if what == "hash" else oci_layers(path))
    layers.sort(key=lambda layer: -layer[2])
    if what == "inflate":
        print(f"decompressed by {zlib.__name__}", file=sys.stderr)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(hash_layer if what == "hash" else inflate_layer, layers))


main()
